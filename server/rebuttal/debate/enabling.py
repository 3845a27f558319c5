"""Why a claim about lines that the change leaves alone may still be about the change: the line that enables it.

What stood there before is no finding, yet a change breaks code elsewhere: a caller, a reader of what it renamed, a
page that now tells a lie. Such a claim is heard if it names a changed line, verbatim in backticks, or shares a symbol
with one: a name that the changed lines define, set, call, bring in or take away, or whose definition they lie in. A
wrongly heard claim still meets its examiner, a wrongly rejected one is lost; so the names are read generously, and
only words that any code shares tell nothing.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate

from attrs import frozen

from rebuttal.change.model import Change, FileDiff, Hunk, Side
from rebuttal.debate.exhibits import Exhibits
from rebuttal.debate.model import Claim, Place
from rebuttal.text.model import Symbol

NEIGHBOURHOOD = 10
"""Unchanged lines around a hunk that count as its surroundings."""
LARGEST_SYMBOL = 120
"""Lines of a function that is taken as a whole: what is wrong in it, a change to any of its lines may have brought."""
SHORTEST_FRAGMENT = 8
"""Characters of a part of a changed line that names it; a whole line may be shorter."""
LEAST_NAMED = 4
"""Letters and digits of a line that names itself: a bracket stands everywhere."""
MOST_NAMES = 400
"""Names of one claim that are looked up."""
LEAST_WORD = 5
"""Letters of a name that is known without backticks."""
LONGEST_LINE = 1_000
"""Characters of a changed line in which names are looked for: a longer one is data."""
MOST_TICKED = 40
"""Pieces of code in backticks that are looked up."""

_TICKED = re.compile(r"`+([^`]+)`+")
_NAME = re.compile(r"[A-Za-z_$][\w$]*(?:-[A-Za-z_$][\w$]*)*", re.ASCII)
_CODE_LIKE = re.compile(r"[a-z0-9][A-Z]|_|\$")
_CALLED = re.compile(r"(?<![\w$])([A-Za-z_$][\w$]*)\s*!?\(", re.ASCII)
_BOUND = re.compile(r"""(?<![\w$-])([A-Za-z_$][\w$-]*)["']?\]?\s*(?::=|[-+*/|&]?=(?![=>])|:(?!:)|=>)""", re.ASCII)
_DEFINED = re.compile(
    r"\b(?:(def|class|func|fn|fun|function|struct|enum|interface|type|trait|record|protocol)|impl|module|mod|const|let"
    r"|var|val|static|namespace|extension|macro_rules!|#define|table|column|index|view|add|drop|rename)\s+"
    r"(?:if\s+(?:not\s+)?exists\s+)?(?:\([^)]*\)\s*)?[`\"\[]?([A-Za-z_$][\w$-]*)",
    re.ASCII | re.IGNORECASE,
)
_IMPORTS = re.compile(r"\s*(?:import|from|export|use|using|require|#include|package)\b|.*\brequire\(")
_PREFIX = re.compile(r"[+-]\s?")

_COMMON = """
abstract add all and any append args array assert async await base bool boolean break byte bytes call case catch
char class close code config const constructor context continue copy count ctx current data date def default del
delete dict double dst elif else elseif end enum err error errors except exception exports extends false file
files filter final finally find first float for foreach format from func function get global group handle
handler has hash head id if impl implements import index info init input insert instanceof int integer interface
into is isinstance item items iter join key keys kwargs lambda last len length let limit line lines list log
logger long loop main make map match max message min mod module msg name names namespace new next nil none not
null num number obj object of open option options order out output package param params parse pass path pop post
prev print private process protected public push put query raise range read ref remove render req request res
resp response rest result results ret return row rows run select self send set short size sizeof sort source
split src start state static status std step str string struct sub sum super switch table tail template test
text the this throw throws time tmp token total trait true try tuple type typeof undefined union unsigned update
use user using val value values var vec view void where while with write yield
"""
WEAK = frozenset(_COMMON.split())
"""Words of many languages, and names that any code shares: alone they connect nothing, unless the change defines them
as a function or class of its own."""


@frozen
class _Line:
    """A changed line; its text has each run of white space made one space."""

    place: Place
    text: str

    @property
    def code(self) -> str:
        return self.text[:LONGEST_LINE]


class Enabling:
    """Looks for enabling lines in one debate's change. Made lazily: most debates never ask."""

    def __init__(self, change: Change, exhibits: Exhibits) -> None:
        self._exhibits = exhibits
        self._only_lines = change.only_lines
        self._diffs = change.files
        self._by_path = {diff.old_path: diff for diff in change.files if diff.old_path}
        self._by_path |= {diff.path: diff for diff in change.files}

    def is_near(self, place: Place) -> bool:
        """Whether a place is on the lines that the change touches, or beside them."""
        diff = self._by_path.get(place.file)
        if diff is None:
            return False
        asked = place.side == "new" and place.file in self._only_lines
        if asked or place.side == "file" or not diff.hunks:
            return True
        return any(_reaches(_lines(hunk, place), place, NEIGHBOURHOOD) for hunk in diff.hunks)

    def is_off(self, claim: Claim, place: Place) -> bool:
        """Whether the change touches neither a place, nor its surroundings, nor the function around it.

        What is written about a file may be made false by any of its lines, so there the whole file counts.
        """
        if claim.category == "documentation" and place.file in self._by_path:
            return False
        return not self.is_near(place) and not self._shares_function(place)

    def line_for(self, claim: Claim, place: Place) -> Place | None:
        """The changed line that makes the claim one about the change; None where it names none.

        Of side `file` where a file as a whole comes, goes or moves.
        """
        told = f"{claim.title}\n{claim.argument}"
        ticked = [piece for piece in _TICKED.findall(told)[:MOST_TICKED] if piece.strip()]
        names = _names(claim.quote, told, ticked)
        # Names that the change defines are known by themselves, be they written as any other word.
        names |= {name for name in _NAME.findall(told) if len(name) >= LEAST_WORD and name in self._defined}
        return self._named(ticked) or self._shared(names, claim.quote)

    # --- a line that is named ---

    def _named(self, ticked: Iterable[str]) -> Place | None:
        for piece in ticked:
            for line in piece.split("\n"):
                wanted = _plain(line)
                if sum(char.isalnum() for char in wanted) < LEAST_NAMED:
                    continue
                found = self._whole.get(wanted) or self._whole.get(_PREFIX.sub("", wanted, count=1))
                if (found := found or self._holding(wanted)) is not None:
                    return found
        return None

    def _holding(self, fragment: str) -> Place | None:
        """The first changed line that holds a fragment of more than one word."""
        if len(fragment) < SHORTEST_FRAGMENT or _NAME.fullmatch(fragment):
            return None
        haystack, starts = self._haystack
        at = haystack.find(fragment)
        return self._lines[bisect_right(starts, at) - 1].place if at >= 0 else None

    # --- a symbol that is shared ---

    def _shared(self, names: set[str], quote: str) -> Place | None:
        """The line of the most telling shared name: one that few changed lines hold."""
        defined = {name for _, name in _DEFINED.findall(quote[:4000])}
        found: list[tuple[tuple[int, int, str], Place]] = []
        for name in sorted(names):
            place = self._strong.get(name) or self._used(name, known=name in defined) or self._moved.get(name)
            if place is not None:
                found.append(((len(self._by_name.get(name, ())), -len(name), name), place))
        return min(found)[1] if found else self._around(names)

    def _used(self, name: str, *, known: bool) -> Place | None:
        """Where a changed line sets or calls a name that tells something, brings it into its file or takes it out.

        `known`: the claim quotes the name's definition; then any use will do.
        """
        lines = self._by_name.get(name, ())
        if not lines or (name.lower() in WEAK and not known):
            return None
        if known or name in self._touched:
            return self._touched.get(name, lines[0].place)
        return next((line.place for line in lines if self._came_or_went(name, line.place)), None)

    def _came_or_went(self, name: str, place: Place) -> bool:
        diff = self._by_path[place.file]
        other = diff.text("old" if place.side == "new" else "new")
        if other is None:  # all that an added file uses is new to it
            return False
        return re.search(rf"(?<![\w$]){re.escape(name)}(?![\w$])", other) is None

    def _around(self, names: set[str]) -> Place | None:
        """The first changed line inside the definition of one of the names, in a file that still is there."""
        for diff in self._diffs:
            text = diff.new_text
            if text is None or not diff.hunks or not any(name in text for name in names):
                continue
            for symbol in self._exhibits.symbols(diff.path, "new"):
                if symbol.name in names and (place := self._first_in(diff, symbol)) is not None:
                    return place
        return None

    def _first_in(self, diff: FileDiff, symbol: Symbol) -> Place | None:
        """The first changed line inside a symbol; where only lines are taken out there, the first of those."""
        whole = Place(diff.path, "new", symbol.start_line, symbol.end_line)
        hunk = next((hunk for hunk in diff.hunks if _reaches(hunk.new_lines, whole, 0)), None)
        if hunk is None:
            return None
        if hunk.new_count:
            line = max(hunk.new_start, symbol.start_line)
            return Place(diff.path, "new", line, line)
        return Place(self._side(diff, "old")[0], "old", hunk.old_start, hunk.old_start)

    def _shares_function(self, place: Place) -> bool:
        diff = self._by_path.get(place.file)
        if diff is None:
            return False
        side: Side = "old" if place.side == "old" else "new"
        symbol = self._exhibits.enclosing(place.file, side, place.first_line)
        if symbol is None or symbol.kind not in ("function", "method"):
            return False
        if symbol.end_line - symbol.start_line >= LARGEST_SYMBOL:
            return False
        whole = Place(place.file, side, symbol.start_line, symbol.end_line)
        return any(_reaches(_lines(hunk, whole), whole, 0) for hunk in diff.hunks)

    # --- what the change is made of ---

    @cached_property
    def _lines(self) -> tuple[_Line, ...]:
        """Every changed line that was asked about, new ones of a file first."""
        return tuple(line for diff in self._diffs for side in ("new", "old") for line in self._of(diff, side))

    def _of(self, diff: FileDiff, side: Side) -> Iterator[_Line]:
        file, texts = self._side(diff, side)
        wanted = self._only_lines.get(diff.path)
        for hunk in diff.hunks:
            if wanted is not None and not _reaches(hunk.new_lines, Place("", "new", wanted.start, wanted.stop - 1), 0):
                continue
            for number in hunk.old_lines if side == "old" else hunk.new_lines:
                if number < len(texts) and (text := _plain(texts[number])):
                    yield _Line(Place(file, side, number, number), text)

    @cached_property
    def _haystack(self) -> tuple[str, list[int]]:
        """All changed lines, and where each begins."""
        texts = [line.text for line in self._lines]
        return "\n".join(texts), [0, *accumulate(len(text) + 1 for text in texts)]

    @cached_property
    def _whole(self) -> dict[str, Place]:
        return {line.text: line.place for line in reversed(self._lines)}

    @cached_property
    def _by_name(self) -> dict[str, list[_Line]]:
        found: dict[str, list[_Line]] = defaultdict(list)
        for line in self._lines:
            for name in _words(line.code):
                found[name].append(line)
        return found

    @cached_property
    def _strong(self) -> dict[str, Place]:
        """Names whose definition stands on a changed line."""
        found: dict[str, Place] = {}
        for line in self._lines:
            for kind, name in _DEFINED.findall(line.code):
                if len(name) > 2 and (kind or name.lower() not in WEAK):
                    found.setdefault(name, line.place)
        return found

    @cached_property
    def _defined(self) -> frozenset[str]:
        """Names that a changed line defines or sets, without those that any code shares."""
        bound = {name for line in self._lines for name in _BOUND.findall(line.code)}
        return frozenset(name for name in bound | set(self._strong) if name.lower() not in WEAK)

    @cached_property
    def _touched(self) -> dict[str, Place]:
        """Names that a changed line sets, calls or imports."""
        found: dict[str, Place] = {}
        for line in self._lines:
            names = _NAME.findall(line.code) if _IMPORTS.match(line.code) else ()
            for name in (*_BOUND.findall(line.code), *_CALLED.findall(line.code), *names):
                found.setdefault(name, line.place)
        return found

    @cached_property
    def _moved(self) -> dict[str, Place]:
        """Names of files that come, go or move, as other code names them."""
        found: dict[str, Place] = {}
        for diff in self._diffs:
            if diff.status not in ("added", "deleted", "renamed"):
                continue
            for path in (diff.path, diff.old_path or diff.path):
                stem = path.rpartition("/")[2].partition(".")[0]
                if len(stem) > 2 and stem.lower() not in WEAK:
                    found.setdefault(stem, Place(diff.path, "file"))
        return found

    def _side(self, diff: FileDiff, side: Side) -> tuple[str, Sequence[str]]:
        """The path that a side's exhibit goes by, and its lines."""
        names = (diff.path, diff.old_path or diff.path) if side == "old" else (diff.path,)
        for name in names:
            if lines := self._exhibits.lines(name, side):
                return name, lines
        return diff.path, []


def _lines(hunk: Hunk, place: Place) -> range:
    return hunk.old_lines if place.side == "old" else hunk.new_lines


def _reaches(lines: range, place: Place, slack: int) -> bool:
    """Whether a place lies at most `slack` lines from these; of none, from the two between which they would stand."""
    first, last = (lines.start, lines.stop - 1) if lines else (lines.start - 1, lines.start)
    return place.first_line <= last + slack and place.last_line >= first - slack


def _plain(line: str) -> str:
    return " ".join(line.split())


def _words(text: str) -> set[str]:
    """The names in a line of code; of `max-cost` also its parts."""
    whole = set(_NAME.findall(text))
    return whole | {part for name in whole if "-" in name for part in name.split("-")}


def _names(quote: str, told: str, ticked: Iterable[str]) -> set[str]:
    """What a claim names: in its quote, in backticks, and words of its prose that only code is written like."""
    names = _words(quote[:4000]).union(*(_words(piece) for piece in ticked), _CALLED.findall(told))
    names |= {word for word in _NAME.findall(told) if _CODE_LIKE.search(word)}
    telling = sorted((name for name in names if len(name) > 2), key=lambda name: (name.lower() in WEAK, name))
    return set(telling[:MOST_NAMES])
