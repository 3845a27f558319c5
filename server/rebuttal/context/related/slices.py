"""Pieces of the files that rank high: what of them has most to do with the change."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from rebuttal.change.attributes import Attributes
from rebuttal.change.model import Change, Repository
from rebuttal.change.skipping import skip_by_name
from rebuttal.context.code import Code
from rebuttal.context.packing import Candidate
from rebuttal.context.places import functions
from rebuttal.context.related.fusion import Material, rank
from rebuttal.context.related.lexical import words_of
from rebuttal.context.related.model import Query, RankedFile
from rebuttal.context.related.paths import kind_of
from rebuttal.context.related.query import query_of
from rebuttal.context.related.texts import texts_of
from rebuttal.text.facts import Facts
from rebuttal.text.languages import language_of
from rebuttal.text.model import Symbol
from rebuttal.text.secrets import is_never_shown

HISTORY = 1_000
"""How many past commits are looked at: more bring nothing (bench/retrieval/RESULTS.md)."""
FILES = 8
"""How many related files give pieces: most of what is missing stands among the first."""
LEAST_SCORE, LEAST_WITHOUT_CODE = 0.05, 0.2
"""How likely a file must be meant to give pieces; words of prose and settings say less about code than code does."""
HIGHEST, LOWEST = 0.44, 0.3
"""Scores of the pieces: below what imports and calls prove or let guess, in the order of the files."""
_PIECES = 2
_OUTLINE_LINES = 24
_BELOW = 0.01


def related_files(change: Change, repository: Repository) -> tuple[RankedFile, ...]:
    """The other files of the repository that a reviewer of the change needs most, best first."""
    return _Related(change, query_of(change), repository, Facts()).files


def related_slices(
    change: Change, query: Query, repository: Repository, code: Code, known: Collection[str]
) -> Iterator[Candidate]:
    """Pieces of related files; `query` is what the change asks for, `known` are files that have pieces already."""
    related = _Related(change, query, repository, code.facts)
    least = LEAST_SCORE if any(language_of(diff.path) for diff in change.files) else LEAST_WITHOUT_CODE
    place = 0
    for one in related.files:
        if one.score < least or place == FILES:
            return
        if one.path in known or not one.reasons or kind_of(one.path) == "changes" or code.source(one.path) is None:
            continue
        score = round(LOWEST + (HIGHEST - LOWEST) * (FILES - place) / FILES, 4)
        place += 1
        yield from _pieces(one, score, related.lines.get(one.path, {}), code)


class _Related:
    def __init__(self, change: Change, query: Query, repository: Repository, facts: Facts) -> None:
        shown = set(query.paths) | {one.file for one in change.skipped}
        paths = (repository.new.paths() - shown) if query.paths else frozenset[str]()
        places = repository.new.find(words_of(query))
        rules = Attributes(repository.old.read)
        self.files = rank(
            query,
            Material(
                places,
                repository.history(HISTORY) if query.paths else (),
                paths,
                texts_of(change, repository.new.read, paths),
                facts,
            ),
            excluded=lambda path: is_never_shown(path) or skip_by_name(path, rules) is not None,
        )
        self.lines: dict[str, dict[int, set[str]]] = {}
        for word in query.terms:
            by_path = places.get(word, {})
            for one in self.files:
                for line in by_path.get(one.path, ()):
                    self.lines.setdefault(one.path, {}).setdefault(line, set()).add(word)


def _pieces(one: RankedFile, score: float, lines: dict[int, set[str]], code: Code) -> Iterator[Candidate]:
    """The definitions that hold most of the change's words; else lines that hold one, else the file's signatures."""
    reason = "; ".join(one.reasons)
    symbols = code.symbols(one.path)
    names = frozenset(word for words in lines.values() for word in words)
    found = list(_holding(symbols, lines))[:_PIECES]
    for number, symbol in enumerate(found):
        header = frozenset(range(symbol.start_line, max(symbol.header_end_line, symbol.name_line) + 1))
        yield Candidate(
            one.path,
            "new",
            symbol.start_line,
            symbol.end_line,
            reason,
            round(score - _BELOW * number, 4),
            names,
            header,
        )
    if found:
        return
    last = max(len(code.lines(one.path)) - 1, 0)
    only = _near(lines) or frozenset(_signatures(symbols)) or frozenset(range(min(last, 20) + 1))
    kept = frozenset(sorted(only)[:_OUTLINE_LINES])
    yield Candidate(one.path, "new", min(kept), max(kept), reason, score, names, only=kept)


def _holding(symbols: Sequence[Symbol], lines: dict[int, set[str]]) -> Iterable[Symbol]:
    holders = functions(symbols)
    held: dict[tuple[int, int], set[str]] = {}
    known: dict[tuple[int, int], Symbol] = {}
    for line, words in sorted(lines.items()):
        holder = holders.at(line)
        if holder is not None:
            key = (holder.start_line, holder.end_line)
            held.setdefault(key, set()).update(words)
            known[key] = holder
    # Many words in few lines: a long function holds some of everything.
    best = sorted(held, key=lambda key: (-len(held[key]) / (20 + key[1] - key[0]), key))
    return [known[key] for key in best if len(held[key]) > 1 or len(lines) == 1]


def _signatures(symbols: Iterable[Symbol]) -> Iterator[int]:
    for symbol in symbols:
        if symbol.kind != "field" and symbol.parent not in ("function", "method"):
            yield symbol.start_line
            yield symbol.name_line


def _near(lines: dict[int, set[str]]) -> frozenset[int]:
    best = sorted(lines, key=lambda line: (-len(lines[line]), line))[:12]
    return frozenset(near for line in best for near in range(max(0, line - 1), line + 2))
