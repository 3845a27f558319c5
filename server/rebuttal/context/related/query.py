"""From a change to what is asked of the signals: words, and how much each matters."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from math import log

from attrs import frozen

from rebuttal.change.model import Change, FileDiff
from rebuttal.context.related.model import Query
from rebuttal.context.related.paths import GENERIC, name_of, split_words
from rebuttal.text.facts import Facts
from rebuttal.text.positions import git_lines

TERMS, AROUND = 60, 24
"""How many words of changed lines, and of the definitions around them, are searched for."""
STEMS = 60
"""How many names of changed files are searched for, of a change of many the first."""
_LONGEST_LINE = 400
_MOST_LINES = 3000
_PACKED = 16
_IMPORTED = "!"
"""No word begins with it."""
_WORD = re.compile(r"[A-Za-z_$][\w$]{2,}")
_NAME = re.compile(r"[\w-]+(?:\.[\w-]+)+|[\w-]{3,}")
_COMPOUND = re.compile(r"[A-Za-z0-9]_[A-Za-z0-9]|[a-z0-9][A-Z]")
_DEFINES = re.compile(
    r"\b(?:def|class|func|fn|function|struct|enum|trait|interface|impl|type|module|macro_rules!|const|let|var|val|fun"
    r"|object|protocol|namespace|typedef|define)\b\s*\*?(?:\([^)]*\)\s*)?([A-Za-z_]\w{2,})"
)
_IMPORTS = re.compile(r"^\s*(?:import\b|from\b|use\b|require|#\s*include|package\b|export .* from\b|.*\brequire\()")
# Keywords and words of every code base: what they share says nothing.
_COMMON = frozenset(
    re.split(
        r"\s+",
        """abstract and are array assert async await bool boolean break byte case catch char class const
        continue def default del delete describe div double each echo elif else elsif end endif enum
        expect export extends extern false final finally float fmt fn for foreach from func function
        get has if impl implements import include instanceof int integer interface into isset its
        lambda let long loop map match mod module mut namespace new nil none not null number object
        out override package pass print private protected public pub raise ref require return self
        set short should static str string struct super switch template test that the then this
        throw throws trait true try type typedef typeof uint undefined unless unsafe unsigned use
        using val value var virtual void when where while will with without yield you todo note used
        uses only also other some any all which can may must one two cls args kwargs self_ none_ len
        list dict tuple size_t bool_ item items name names data key keys values index err error
        errors http https www com org""",
    )
)


def query_of(change: Change, facts: Facts | None = None) -> Query:
    """What `change` asks for; the same change gives the same query. `facts`: what was found in its texts before."""
    return _Reduction(change.files, facts or Facts()).query()


class _Reduction:
    def __init__(self, files: Sequence[FileDiff], facts: Facts) -> None:
        self._files = files
        self._facts = facts
        self._terms: Counter[str] = Counter()
        self._spread: Counter[str] = Counter()
        self._around: Counter[str] = Counter()
        self._mentioned: dict[str, float] = {}
        self._imported: set[str] = set()
        self._gone: set[str] = set()
        self._joined: Counter[str] = Counter()
        self._parts: Counter[str] = Counter()

    def query(self) -> Query:
        for diff in self._files:
            self._read(diff)
        paths = {path for diff in self._files for path in (diff.path, diff.old_path) if path is not None}
        terms = _best(self._terms, self._spread, TERMS)
        around = {word: count for word, count in self._around.items() if word not in terms}
        return Query(
            paths=tuple(sorted(paths)),
            terms=terms,
            around=_best(Counter(around), Counter(), AROUND),
            mentioned=self._mentioned,
            imported=frozenset(self._imported),
            gone={word: weight for word, weight in terms.items() if word in self._gone},
            repeated={word: weight for word, weight in terms.items() if self._spread[word] > 1},
            joined={word: min(1.0, 0.5 + count / 6) for word, count in sorted(self._joined.items())},
            parts={word: count / (count + 2) for word, count in sorted(self._parts.items())},
        )

    def _read(self, diff: FileDiff) -> None:
        both = f"{diff.old_text}\0{diff.new_text}"  # which decide what lines differ
        (told,) = self._facts.remember("told", both, lambda: (_told(diff),))
        self._terms.update(told.words)
        self._spread.update(told.words.keys())
        self._joined.update(told.joined)
        self._parts.update(told.parts)
        self._around.update(told.around)
        self._gone.update(told.gone)
        if diff.new_text is not None:
            lines = (cut(line) for line in git_lines(diff.new_text)[:_MOST_LINES])
            found = self._facts.remember("mentions", diff.new_text, lambda: _packed(_mentions(lines)))
            self._mention(_unpacked(found), 0.5)
        self._mention(told.mentions, 1.0)

    def _mention(self, found: Iterable[str], weight: float) -> None:
        for word in found:
            if word.startswith(_IMPORTED):
                self._imported.add(word[len(_IMPORTED) :])
            elif self._mentioned.get(word, 0.0) < weight:
                self._mentioned[word] = weight


@frozen
class _Told:
    """What the changed lines of one file say."""

    words: Counter[str]
    joined: Counter[str]
    parts: Counter[str]
    around: Counter[str]
    gone: frozenset[str]
    """Words that stand nowhere in the file any more."""
    mentions: frozenset[str]


def _told(diff: FileDiff) -> _Told:
    lines = [cut(line) for line in git_lines(diff.new_text or "")]
    old = [cut(line) for line in git_lines(diff.old_text or "")]
    added = [lines[line] for line in sorted(diff.added_lines)[:_MOST_LINES] if line < len(lines)]
    removed = [old[line] for line in sorted(diff.removed_lines)[:_MOST_LINES] if line < len(old)]
    changed = [*added, *removed]
    words = Counter(word for line in changed for word in _WORD.findall(line) if is_telling(word))
    joined, parts = Counter[str](), Counter[str]()
    for word, count in words.items():
        split = split_words(word)
        joined["".join(split)] += count
        for part in split:
            parts[part] += count
    around = Counter(word for line in changed for word in _DEFINES.findall(line) for _ in range(3))
    for hunk in diff.hunks[:200]:
        for header in headers(lines, hunk.new_start):
            around.update(word for word in _WORD.findall(header) if is_telling(word))
    gone: set[str] = set()
    if diff.new_text is not None and diff.old_text is not None:
        left = _words(lines)
        gone = {word for line in removed for word in _WORD.findall(line) if word not in left}
    return _Told(words, joined, parts, around, frozenset(gone), frozenset(_mentions(changed)))


def _words(lines: Iterable[str]) -> set[str]:
    return {word for line in lines for word in _WORD.findall(line)}


def _mentions(lines: Iterable[str]) -> set[str]:
    """Words of the lines in lower case; once more, marked, and in parts, those of import lines."""
    found: set[str] = set()
    for line in lines:
        words = [word.lower() for word in _NAME.findall(line)]
        found.update(words)
        if _IMPORTS.match(line):
            found.update(_IMPORTED + part for word in words for part in (word, *word.split(".")))
    return found


def _packed(words: set[str]) -> tuple[str, ...]:
    """Several words in each fact, so that many changed files do not drive all other facts out of their room."""
    order = sorted(words)
    return tuple(" ".join(order[at : at + _PACKED]) for at in range(0, len(order), _PACKED))


def _unpacked(facts: Iterable[str]) -> Iterator[str]:
    for one in facts:
        yield from one.split(" ")


def cut(line: str) -> str:
    return line[:_LONGEST_LINE]


def is_telling(word: str) -> bool:
    """Whether a word may tell one file from another."""
    return word.lower() not in _COMMON


def _best(counts: Counter[str], spread: Counter[str], most: int) -> dict[str, float]:
    """The likeliest to be rare: compound and long words, and what the change repeats."""

    def value(word: str) -> float:
        shape = 2.0 if _COMPOUND.search(word) else 1.0
        return shape * (1 + log(counts[word])) * min(len(word), 14) * (1 + 0.3 * (spread[word] > 1))

    chosen = sorted(counts, key=lambda word: (-value(word), word))[:most]
    return {word: 1 + log(counts[word]) for word in chosen}


def headers(lines: Sequence[str], start: int, most: int = 3) -> list[str]:
    """The lines above `start` that hold it, by indentation: the nearest first, in any language."""
    found: list[str] = []
    start = min(start, len(lines) - 1)
    if start < 0:
        return found
    depth = _depth(lines[start]) if lines[start].strip() else 999
    for line in range(start - 1, max(-1, start - 600), -1):
        text = lines[line]
        if not text.strip() or text.lstrip()[0] in "#/*})]\"'":
            continue
        here = _depth(text)
        if here < depth:
            depth = here
            found.append(text)
            if here == 0 or len(found) >= most:
                break
    return found


def _depth(line: str) -> int:
    return len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip())


def stems_of(query: Query) -> dict[str, float]:
    """The changed files' own names as words that other files may hold."""
    found: dict[str, float] = {}
    for path in query.paths:
        stem = name_of(path).base.partition(".")[0]
        if len(found) < STEMS and _WORD.fullmatch(stem) and stem.lower() not in GENERIC:
            found[stem] = 1.0
    return found
