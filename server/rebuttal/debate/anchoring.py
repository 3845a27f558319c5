"""From what a seat says to a place in the code: by the quote alone, never by what the model says about it.

A claim whose quote is not found once stays, as a claim about the file: it is marked and only `possible`. A
claim about a file that nobody was shown cannot be checked at all, so it is set aside, and so is one about lines
that the change leaves alone and does not break (enabling.py). A fix is offered only if it applies, parses and
stays inside the change; otherwise it is withheld and the claim stays.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import evolve, frozen

from rebuttal.change.model import Change, FileDiff, Side
from rebuttal.debate.deceit import in_fix, is_said_only
from rebuttal.debate.enabling import Enabling
from rebuttal.debate.exhibits import SIDES, Exhibits
from rebuttal.debate.model import Claim, Place, Raised, Ruling, SetAside
from rebuttal.debate.statement import one_line
from rebuttal.findings.fixes import FixError, Page, apply_edits, edits_from_quotes
from rebuttal.findings.model import Fix
from rebuttal.text.languages import TRUSTED, Language, language_of
from rebuttal.text.parsing import Unparsed, syntax_errors
from rebuttal.text.redaction import has_placeholder

LONGEST_QUOTE = 8000
"""Characters; a longer quote points at nothing in particular."""
LONGEST_NOTE = 300
"""Characters of what is told of a withheld fix, the path that it names included."""
UNTITLED = 80
"""Characters of the argument that stand for a title that is missing."""
MOST_EDITS = 30
"""Edits in one fix; the same holds for these."""
LONGEST_FIX = 20_000
"""Characters of replacements in one fix: more is a rewrite, not a fix."""
MOST_PLACES = 50
"""Places of one quote among which the one beside the change is looked for."""
LEAST_QUOTED = 4
"""Letters and digits that a ruling's quote must hold: a bracket is found everywhere and settles nothing."""

COMMON_QUOTE = 12
"""Letters and digits of a quote up to which it may be a line of any code, such as `return None`."""
COMMON_WITHIN = 40
"""Lines around a claim within which such a line counts, where it stands at several places."""

NOT_ENABLED = "it is about lines that the change leaves alone, and no changed line that it names brings it about"


@frozen
class _Anchor:
    place: Place
    anchored: bool
    note: str | None = None


class Anchoring:
    """Anchors claims and rulings in one debate's exhibits."""

    def __init__(self, change: Change, exhibits: Exhibits) -> None:
        self._diffs = {diff.path: diff for diff in change.files}
        self._only_lines = change.only_lines
        self._exhibits = exhibits
        self._enabling = Enabling(change, exhibits)
        self._pages: dict[str, Page] = {}
        self._faults: dict[str, int] = {}

    def claim(self, claim: Claim, seat: str, turn: int) -> Raised | SetAside:
        """Where the claim stands, with what code found wrong with it."""
        if not claim.title and not claim.argument:
            return SetAside(seat, claim, "it asserts nothing")
        claim = claim if claim.title else evolve(claim, title=one_line(claim.argument, UNTITLED))
        file = self._exhibits.resolve(claim.file) or self._old_path(claim.file)
        if file is None:
            return SetAside(seat, claim, f"it is about {claim.file[:200]!r}, which is not among the files shown")
        anchor = self._anchor(claim, file)
        if not anchor.anchored and file not in self._diffs:
            return SetAside(seat, claim, f"its quote is not found in {file}, which is not part of the change")
        if self._is_outside(anchor.place):
            return SetAside(seat, claim, "it is outside the lines that were asked about")
        enabled_by = None
        if self._enabling.is_off(claim, anchor.place):
            enabled_by = self._enabling.line_for(claim, anchor.place)
            if enabled_by is None:
                return SetAside(seat, claim, NOT_ENABLED)
        fix, fix_note = self._fix(claim)
        notes = tuple(note for note in (anchor.note, fix_note) if note is not None)
        return Raised(seat, claim, anchor.place, turn, anchor.anchored, fix, notes, enabled_by)

    def ruling(self, ruling: Ruling, about: Place) -> Place | None:
        """Where the ruling's quote stands; None if it stands nowhere, or settles nothing: then the ruling is void.

        What a common line settles is settled near the claim, and no comment or prose of the change's own refutes one:
        that would be the author's word against the code.
        """
        letters = sum(char.isalnum() for char in ruling.quote)
        if letters < LEAST_QUOTED or len(ruling.quote) > LONGEST_QUOTE:
            return None
        named = self._exhibits.resolve(ruling.file)
        files = tuple(dict.fromkeys(file for file in (named, about.file) if file is not None))
        place = self._exhibits.supports(ruling.quote, files)
        if place is None:
            return None
        if letters < COMMON_QUOTE:
            everywhere = [
                one for file in files for side in SIDES for one in self._exhibits.places(file, side, ruling.quote)
            ]
            beside = [one for one in everywhere if overlap(one, evolve(about, side=one.side), COMMON_WITHIN)]
            elsewhere = about.side != "file" and len(everywhere) > 2
            place = beside[0] if beside else None if elsewhere else place
        if place is not None and ruling.verdict == "refuted" and self._is_authors_word(ruling.quote, place, about):
            return None
        return place

    def _is_authors_word(self, quote: str, place: Place, about: Place) -> bool:
        diff = self._diffs.get(place.file)
        if diff is None or place.side != "new" or overlap(place, about) or not is_said_only(quote, place.file):
            return False
        return any(line in diff.added_lines for line in range(place.first_line, place.last_line + 1))

    def _is_outside(self, place: Place) -> bool:
        """Whether lines of the file were asked about and these are others."""
        wanted = self._only_lines.get(place.file)
        if wanted is None or place.side != "new":
            return False
        return place.last_line < wanted.start or place.first_line >= wanted.stop

    def _old_path(self, path: str) -> str | None:
        return next((diff.path for diff in self._diffs.values() if diff.old_path == path), None)

    def _anchor(self, claim: Claim, file: str) -> _Anchor:
        whole = Place(file, "file")
        if not claim.quote.strip():
            missing = None if claim.side == "file" else "it quotes nothing"
            return _Anchor(whole, claim.side == "file", missing)
        if len(claim.quote) > LONGEST_QUOTE:
            return _Anchor(whole, anchored=False, note="its quote is too long to point at anything")
        for side in _sides(claim):
            places = self._exhibits.places(self._file_on(file, side), side, claim.quote)
            place = places[0] if len(places) == 1 else self._one_of(places, claim, side)
            if place is not None:
                return _Anchor(place, anchored=True)
            if places:
                return _Anchor(whole, False, f"its quote stands at {len(places)} places")
        return _Anchor(whole, anchored=False, note="its quote is not found in the code")

    def _file_on(self, file: str, side: Side) -> str:
        """The file's path on that side: the exhibit of a renamed file's old side may go by its old path."""
        diff = self._diffs.get(file)
        if side == "old" and diff is not None and diff.old_path and self._exhibits.get(file, "old") is None:
            return diff.old_path
        return file

    def _one_of(self, places: tuple[Place, ...], claim: Claim, side: Side) -> Place | None:
        """The one of several places that the change touches, or lies beside, or that the claim's own fix covers."""
        if not places:
            return None
        diff = self._diffs.get(places[0].file)
        touched = [one for one in places if diff is not None and touches(diff, one)]
        if len(touched) == 1:
            return touched[0]
        near = [one for one in places[:MOST_PLACES] if self._enabling.is_near(one)] if not touched else []
        if len(near) == 1 and len(places) <= MOST_PLACES:
            return near[0]
        covers = [
            cover
            for fix in claim.fixes
            if self._exhibits.resolve(fix.file) == places[0].file and side == "new"
            for cover in self._exhibits.places(places[0].file, side, fix.quote)
        ]
        if len(covers) != 1:
            return None
        inside = [one for one in places if overlap(one, covers[0])]
        return inside[0] if len(inside) == 1 else None

    def _fix(self, claim: Claim) -> tuple[Fix | None, str | None]:
        if not claim.fixes:
            return None, None
        replaced = "".join(fix.replacement for fix in claim.fixes)
        if len(replaced) > LONGEST_FIX or len(claim.fixes) > MOST_EDITS:
            return None, "its fix is withheld: it rewrites too much"
        if (deceit := in_fix(claim.fixes)) is not None:
            return None, f"its fix is withheld: {deceit}"
        try:
            fix = edits_from_quotes(claim.fixes, self._editable, is_redacted=has_placeholder)
            return fix, None if fix is None else self._breaks(fix)
        except FixError as error:
            return None, f"its fix is withheld: {one_line(str(error), LONGEST_NOTE)}"

    def _editable(self, file: str) -> Page | None:
        if file not in self._pages:
            exhibit = self._exhibits.get(file, "new") if file in self._diffs else None
            if exhibit is None:
                return None
            self._pages[file] = Page(exhibit, self._exhibits.searched(file, "new"))
        return self._pages[file]

    def _breaks(self, fix: Fix) -> str | None:
        """Raises FixError where a file that could be parsed before no longer can."""
        for file in sorted({edit.file for edit in fix.edits}):
            page, language = self._editable(file), language_of(file)
            if page is None or language is None or language not in TRUSTED:
                continue
            mended = apply_edits(page.index, [edit for edit in fix.edits if edit.file == file])
            try:
                # Most mended files are whole: then what there was before need not be known.
                after = len(syntax_errors(mended, language))
                if after and after > self._faults_before(file, page.original, language):
                    raise FixError(f"{file} would no longer parse")
            except Unparsed:
                continue
        return None

    def _faults_before(self, file: str, text: str, language: Language) -> int:
        if file not in self._faults:
            self._faults[file] = len(syntax_errors(text, language, self._exhibits.parser))
        return self._faults[file]


def touches(diff: FileDiff, place: Place) -> bool:
    """Whether a place holds a line that the change added, altered or removed."""
    lines = diff.removed_lines if place.side == "old" else diff.added_lines
    return any(line in lines for line in range(place.first_line, place.last_line + 1))


def overlap(one: Place, other: Place, slack: int = 0) -> bool:
    """Whether two places of the same side of a file share a line, or lie at most `slack` lines apart."""
    return (
        (one.file, one.side) == (other.file, other.side)
        and one.first_line <= other.last_line + slack
        and other.first_line <= one.last_line + slack
    )


def _sides(claim: Claim) -> Iterable[Side]:
    """The side that the claim names first, then the other: the words for sides are mixed up more easily than quotes."""
    return ("old", "new") if claim.side == "old" else ("new", "old")
