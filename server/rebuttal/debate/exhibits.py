"""The code that the panel may quote: looked up, searched and cut out. Everything shown here is redacted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from attrs import evolve, frozen

from rebuttal.change.model import Side
from rebuttal.context.model import Context, Exhibit
from rebuttal.context.render import as_shown
from rebuttal.debate.model import Need, Place
from rebuttal.findings.anchor import Located, Searched, locate_all
from rebuttal.text.languages import language_of
from rebuttal.text.model import Symbol
from rebuttal.text.parsing import Parser, Unparsed
from rebuttal.text.positions import git_lines
from rebuttal.text.symbols import symbols_of

SIDES: tuple[Side, ...] = ("new", "old")

LARGEST_EXCERPT = 80
"""Lines of a symbol that are shown whole; a larger one is shown around the place."""
MARGIN = 20
"""Lines shown on both sides of a place without a symbol of a fitting size."""
LARGEST_NEED = 160
"""Lines of a symbol that are shown because an examiner asked for it."""
_ODD = re.compile(r"[^\w./-]+")


@frozen
class Excerpt:
    """A piece of one side of a file; lines from 0, inclusive."""

    file: str
    side: Side
    first_line: int
    last_line: int
    text: str


class Exhibits:
    """All exhibits of one debate. Remembers what it has searched, so one is made for each debate.

    `parser`: one that remembers what was found in these texts before spares the debate the work.
    """

    def __init__(self, context: Context, parser: Parser | None = None) -> None:
        self._given = {(one.file, one.side): one for one in context.exhibits}
        self._by_key: dict[tuple[str, Side], Exhibit] = {}
        self._files = {one.file for one in context.exhibits}
        self._by_form = _by_form(self._files)
        self.parser = parser or Parser()
        self._searched: dict[tuple[str, Side], Searched] = {}
        self._lines: dict[tuple[str, Side], list[str]] = {}
        self._symbols: dict[tuple[str, Side], tuple[Symbol, ...]] = {}
        self._innermost: dict[tuple[str, Side], dict[int, Symbol]] = {}
        """By line; looked up for every claim, so that it must not be searched for each time."""
        self._found: dict[tuple[str, Side, str], tuple[Located, ...]] = {}

    def get(self, file: str, side: Side) -> Exhibit | None:
        """One side of a file, its redacted text as prompts show it; None where it does not exist or is not shown."""
        key = (file, side)
        if key not in self._by_key:
            if (given := self._given.get(key)) is None:
                return None
            self._by_key[key] = evolve(given, redacted=as_shown(given.redacted))
        return self._by_key[key]

    def lines(self, file: str, side: Side) -> Sequence[str]:
        """The git lines of that side as prompts show them, ends kept; none where it does not exist or is not shown."""
        key = (file, side)
        if key not in self._lines:
            exhibit = self.get(file, side)
            self._lines[key] = git_lines(exhibit.redacted) if exhibit is not None else []
        return self._lines[key]

    def resolve(self, path: str) -> str | None:
        """The file that is meant by a path as a model writes it; None if none is shown under it."""
        plain = path.strip().strip("`'\"").replace("\\", "/").removeprefix("./").lstrip("/")
        for candidate in (path, plain, plain.removeprefix("a/"), plain.removeprefix("b/")):
            if candidate in self._files:
                return candidate
        return self._by_form.get(_form(plain))

    def places(self, file: str, side: Side, quote: str) -> tuple[Place, ...]:
        """Every place on that side where the quote stands."""
        searched = self.searched(file, side)
        if searched is None:
            return ()
        key = (file, side, quote)
        if key not in self._found:
            self._found[key] = locate_all(as_shown(quote), searched)
        return tuple(Place(file, side, one.first_line, one.last_line, one.exact) for one in self._found[key])

    def searched(self, file: str, side: Side) -> Searched | None:
        """That side, ready to be searched; None where it does not exist or is not shown."""
        key = (file, side)
        if key not in self._searched:
            if (exhibit := self.get(file, side)) is None:
                return None
            self._searched[key] = Searched(exhibit.redacted)
        return self._searched[key]

    def supports(self, quote: str, files: Iterable[str]) -> Place | None:
        """Where a ruling's quote stands in one of the files, either side; None if it stands in none."""
        for file in dict.fromkeys(files):
            for side in SIDES:
                if places := self.places(file, side, quote):
                    return places[0]
        return None

    def symbols(self, file: str, side: Side) -> tuple[Symbol, ...]:
        """The symbols of that side; none where the language is not known or the text is not parsed in time."""
        key = (file, side)
        if key not in self._symbols:
            self._symbols[key] = self._parse(file, side)
        return self._symbols[key]

    def enclosing(self, file: str, side: Side, line: int) -> Symbol | None:
        """The innermost symbol of that side whose definition holds the line."""
        key = (file, side)
        if key not in self._innermost:
            outermost_last = sorted(
                self.symbols(file, side), key=lambda one: (one.end_line - one.start_line, -one.start_offset)
            )
            self._innermost[key] = {
                number: one for one in reversed(outermost_last) for number in range(one.start_line, one.end_line + 1)
            }
        return self._innermost[key].get(line)

    def around(self, place: Place) -> Excerpt | None:
        """The symbol around a place, or some lines where there is none of a fitting size."""
        side: Side = "old" if place.side == "old" else "new"
        if place.side == "file":
            return None
        symbol = self.enclosing(place.file, side, place.first_line)
        if symbol is not None and symbol.end_line - symbol.start_line < LARGEST_EXCERPT:
            first, last = symbol.start_line, max(symbol.end_line, place.last_line)
        else:
            first, last = place.first_line - MARGIN, place.last_line + MARGIN
        return self._cut(place.file, side, first, last)

    def serve(self, need: Need) -> Excerpt | None:
        """The code that an examiner asked for: the symbol by its name or qualified name, new side first."""
        file, wanted = self.resolve(need.file), need.symbol.strip().removesuffix("()")
        if file is None or not wanted:
            return None
        for side in SIDES:
            for symbol in self.symbols(file, side):
                if wanted in (symbol.name, symbol.qualified):
                    last = min(symbol.end_line, symbol.start_line + LARGEST_NEED - 1)
                    return self._cut(file, side, symbol.start_line, last)
        return self._defined(file, wanted.rpartition(".")[2])

    def _defined(self, file: str, name: str) -> Excerpt | None:
        """Where no parser knows the language: the lines from the first that looks like the definition."""
        looks = re.compile(rf"^\s*[\w\s.<>:*&@]*\b{re.escape(name[:200])}\b\s*[(=:{{<]")
        for number, line in enumerate(self.lines(file, "new")):
            if looks.match(line[:300]):
                return self._cut(file, "new", number, number + 2 * MARGIN)
        return None

    def _parse(self, file: str, side: Side) -> tuple[Symbol, ...]:
        exhibit, language = self.get(file, side), language_of(file)
        if exhibit is None or language is None:
            return ()
        try:
            return symbols_of(exhibit.redacted, language, self.parser)
        except Unparsed:
            return ()

    def _cut(self, file: str, side: Side, first: int, last: int) -> Excerpt | None:
        lines = self.lines(file, side)
        first, last = max(first, 0), min(last, len(lines) - 1)
        return Excerpt(file, side, first, last, "".join(lines[first : last + 1])) if first <= last else None


def _by_form(files: Iterable[str]) -> dict[str, str]:
    """Files by the form of their path, where no other has the same."""
    found: dict[str, list[str]] = {}
    for file in files:
        found.setdefault(_form(file), []).append(file)
    return {form: paths[0] for form, paths in found.items() if len(paths) == 1}


def _form(path: str) -> str:
    """A path without the characters that prompts show otherwise than they are: nobody could name the file by them."""
    return _ODD.sub("?", as_shown(path))
