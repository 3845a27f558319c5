"""Both sides of one changed file, from bytes to the text that is reviewed."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import evolve, field, frozen

from rebuttal.change.cells import CellMap
from rebuttal.change.decode import AS_THE_EDITOR, ASSUMED, MAX_BYTES, NotText, decode
from rebuttal.change.notebook import MAX_NOTEBOOK_BYTES, UNREADABLE, NotANotebook, is_notebook, review_text

LFS = "version https://git-lfs.github.com/spec/v1\n"
_NAMED = 3
"""Files that a note names; it counts the others."""
_REPLACED = "\ufffd"


@frozen
class Side:
    """One side's text as it is reviewed. A notebook's is that of its cells (`cells` leads back to the file)."""

    text: str
    encoding: str = "utf-8"
    why: str = ""
    """Why that encoding; "" where nothing was assumed or named."""
    cells: CellMap | None = None
    file: str = field(default="", repr=False)
    """A notebook's text as it is on disk; "" for other files."""

    @property
    def size(self) -> int:
        return len(self.text) + len(self.file)


@frozen
class Sides:
    """None where a side does not exist."""

    old: Side | None
    new: Side | None

    @property
    def unchanged(self) -> bool:
        return self.old is not None and self.new is not None and self.old.text == self.new.text

    def note(self) -> tuple[str, str] | None:
        """What was assumed of the encodings and why, in words for the user; None where nothing was."""
        told = [side for side in (self.old, self.new) if side is not None and side.why in (ASSUMED, AS_THE_EDITOR)]
        if not told:
            return None
        # What is only ASCII reads the same in all of them.
        read = [one for one in (self.old, self.new) if one is not None and one not in told and not one.text.isascii()]
        if read or len({one.encoding for one in told}) > 1:
            assert self.old is not None
            assert self.new is not None
            return f"{self.old.encoding} before and {self.new.encoding} after", told[0].why
        return told[0].encoding, told[0].why


def limit_of(path: str) -> int:
    """How many bytes a file may have to be read."""
    return MAX_NOTEBOOK_BYTES if is_notebook(path) else MAX_BYTES


def load(path: str, old: bytes | None, new: bytes | str | None, named: str | None = None) -> Sides:
    """Both sides as they are reviewed: `decoded`, and a notebook as the text of its cells. Raises NotText."""
    sides = decoded(path, old, new, named)
    return Sides(_cells(sides.old), _cells(sides.new)) if is_notebook(path) else sides


def decoded(path: str, old: bytes | None, new: bytes | str | None, named: str | None = None) -> Sides:
    """Decode both sides alike. Raises NotText.

    `new` is a text where an editor gave it; `named` is what the base says of the encoding in the work tree.
    """
    evidence = (old or b"") + (new if isinstance(new, bytes) else b"")
    limit = limit_of(path)
    if isinstance(new, str):
        return Sides(_beside_buffer(old, new, limit), Side(new))
    return Sides(_decoded(old, None, evidence, limit), _decoded(new, named, evidence, limit))


def shown(path: str, text: str) -> str:
    """A buffer's text as it is reviewed; itself where that cannot be made of it."""
    try:
        side = _cells(Side(text)) if is_notebook(path) else None
    except NotText:
        return text
    return text if side is None else side.text


def _decoded(data: bytes | None, named: str | None, evidence: bytes, limit: int) -> Side | None:
    if data is None:
        return None
    found = decode(data, named, evidence, limit)
    return Side(found.text, found.encoding, found.why)


def _beside_buffer(old: bytes | None, new: str, limit: int) -> Side | None:
    """The base as the editor that holds the other side would show it: one that takes all for UTF-8 loses letters."""
    side = _decoded(old, None, b"", limit)
    if old is not None and side is not None and side.why == ASSUMED and _REPLACED in new:
        return Side(old.decode("utf-8", "replace"), "utf-8", AS_THE_EDITOR)
    return side


def _cells(side: Side | None) -> Side | None:
    if side is None or side.text.startswith(LFS):
        return side
    if not side.text.strip():
        return side  # an empty file is what a notebook is before its first save
    try:
        text, cells = review_text(side.text)
    except NotANotebook:
        raise NotText(UNREADABLE) from None
    if len(text) > MAX_BYTES:
        raise NotText("its cells hold more than 1 MB")
    return evolve(side, text=text, cells=cells, file=side.text)


def notes(read: Iterable[tuple[str, Sides]]) -> list[str]:
    """One sentence for each encoding that was assumed, with the files."""
    assumed: dict[tuple[str, str], list[str]] = {}
    for path, sides in read:
        if (note := sides.note()) is not None:
            assumed.setdefault(note, []).append(path)
    return [f"{_listed(paths)} read as {encoding} ({why})." for (encoding, why), paths in sorted(assumed.items())]


def _listed(paths: list[str]) -> str:
    named, more = ", ".join(paths[:_NAMED]), len(paths) - _NAMED
    return f"{named} was" if len(paths) == 1 else f"{named} and {more} more were" if more > 0 else f"{named} were"
