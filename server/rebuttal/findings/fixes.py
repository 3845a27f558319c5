"""Fixes: from quoted code and its replacement to text edits, and from text edits to the mended text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Protocol

from rebuttal.findings.anchor import Located, Searched, locate
from rebuttal.findings.model import Fix, TextEdit
from rebuttal.text.positions import LineIndex, Range, git_lines
from rebuttal.text.redaction import has_placeholder


class FixError(ValueError):
    """The fix cannot be made or applied; the message is one sentence that says why."""


class OverlappingEdits(FixError):
    """Two edits of one fix change the same text."""


class QuotedFix(Protocol):
    """Replace the quoted text, which stands once in `file`, by `replacement` (debate.model.ClaimFix)."""

    @property
    def file(self) -> str: ...

    @property
    def quote(self) -> str: ...

    @property
    def replacement(self) -> str: ...


class Shown(Protocol):
    """A text as the panel saw it and as it is; line N of one is line N of the other (context.model.Exhibit)."""

    @property
    def redacted(self) -> str: ...

    @property
    def original(self) -> str: ...


class Page:
    """A shown text with what it takes to edit it, which is made once, when it is first needed."""

    def __init__(self, shown: Shown, searched: Searched | None = None) -> None:
        self.redacted = shown.redacted
        self.original = shown.original
        self.searched = searched or Searched(shown.redacted)

    @cached_property
    def index(self) -> LineIndex:
        return LineIndex(self.original)

    @cached_property
    def redacted_index(self) -> LineIndex:
        return LineIndex(self.redacted)


def edits_from_quotes(
    fixes: Iterable[QuotedFix],
    shown: Callable[[str], Shown | None],
    *,
    is_redacted: Callable[[str], bool] = has_placeholder,
) -> Fix | None:
    """The edits that carry out quoted fixes on the original texts; None where there are none, or they change nothing.

    `shown(file)` gives the new side of a file that may be edited (a Page, where it is edited often), None for any
    other. `is_redacted(text)` says whether a text holds a placeholder that stands for a secret.

    Raises FixError where a file may not be edited, a quote is not there or not unique, a placeholder is
    touched, or two edits overlap.
    """
    pages: dict[str, Page | None] = {}
    edits = []
    for fix in fixes:
        if fix.file not in pages:
            text = shown(fix.file)
            pages[fix.file] = text if text is None or isinstance(text, Page) else Page(text)
        if (edit := _edit(fix, pages[fix.file], is_redacted)) is not None:
            edits.append(edit)
    for file in {edit.file for edit in edits}:
        page = pages[file]
        assert page is not None
        apply_edits(page.index, [edit for edit in edits if edit.file == file])
    return Fix(tuple(edits)) if edits else None


def apply_edits(text: str | LineIndex, edits: Iterable[TextEdit]) -> str:
    """`text` with all edits made; their ranges are of `text`, as LSP has it. Positions past an end mean that end.

    Whoever has the text's index gives that. Several insertions at one place keep the order given. Raises
    OverlappingEdits where two edits change the same text, FixError where an edit ends before it starts.
    """
    index = LineIndex(text) if isinstance(text, str) else text
    text = index.text
    spans = [(*_offsets(index, edit.range), edit.new_text) for edit in edits]
    # An insertion comes before a replacement that starts at the same place (LSP 3.17, TextEdit[]).
    spans.sort(key=lambda span: (span[0], span[1] > span[0]))
    for (_, end, _), (start, _, _) in pairwise(spans):
        if start < end:
            raise OverlappingEdits("two edits of the fix change the same text: apply them one at a time")
    parts: list[str] = []
    done = 0
    for start, end, new_text in spans:
        parts += (text[done:start], new_text)
        done = end
    return "".join((*parts, text[done:]))


def _offsets(index: LineIndex, where: Range) -> tuple[int, int]:
    if where.end < where.start:
        raise FixError("an edit of the fix ends before it starts: ask for the fix again")
    return index.offset(where.start), index.offset(where.end)


def _edit(fix: QuotedFix, shown: Page | None, is_redacted: Callable[[str], bool]) -> TextEdit | None:
    if shown is None:
        raise FixError(f"the fix would edit {fix.file}, which is not part of the change")
    if is_redacted(fix.replacement) or is_redacted(fix.quote):
        raise FixError(f"the fix touches a secret in {fix.file} that was hidden from the panel: mend it by hand")
    text, index = shown.original, shown.index
    start, end, new_text = _part_of_line(fix, shown) or _whole_lines(fix, shown)
    first, last = index.git_line_of(start), index.git_line_of(max(start, end - 1))
    seen = "".join(git_lines(shown.redacted)[first : last + 1])
    if seen != "".join(git_lines(text)[first : last + 1]):
        what = "a secret" if is_redacted(seen) else "something"
        raise FixError(f"the fix touches {what} in {fix.file} that was hidden from the panel: mend it by hand")
    if "\r\n" in text:
        new_text = re.sub(r"\r?\n", "\r\n", new_text)
    if text[start:end] == new_text:
        return None
    return TextEdit(fix.file, index.range(start, end), new_text)


def _lines(index: LineIndex, first: int, last: int) -> str:
    return index.text[index.git_line_span(first)[0] : index.git_line_span(last + 1)[0]]


def _part_of_line(fix: QuotedFix, shown: Page) -> tuple[int, int, str] | None:
    """A quote that is a part of one line, verbatim and unique: only that part is replaced."""
    quote, text = fix.quote, shown.redacted
    if "\n" in quote.strip("\r\n") or not quote.strip() or text.count(quote) != 1 or _place(fix, shown).exact:
        return None
    at = text.index(quote)
    index = shown.redacted_index
    line = index.git_line_of(at)
    start = shown.index.git_line_span(line)[0] + at - index.git_line_span(line)[0]
    return start, start + len(quote), fix.replacement


def _whole_lines(fix: QuotedFix, shown: Page) -> tuple[int, int, str]:
    """Whole lines are replaced; a replacement of nothing takes their line ends along."""
    place, index = _place(fix, shown), shown.index
    start, end = index.git_line_span(place.first_line)[0], index.git_line_span(place.last_line)[1]
    replacement = fix.replacement.removesuffix("\n").removesuffix("\r")
    if not fix.replacement:
        after = index.git_line_span(place.last_line + 1)[0]
        return start, after, ""
    if place.exact:
        return start, end, replacement
    there = _split(_lines(shown.redacted_index, place.first_line, place.last_line))
    return start, end, _as_indented(fix, there, replacement)


def _place(fix: QuotedFix, shown: Page) -> Located:
    place = locate(fix.quote, shown.searched)
    if place is None:
        raise FixError(f"the code that the fix replaces is not there once in {fix.file}: ask for the fix again")
    return place


def _as_indented(fix: QuotedFix, there: Sequence[str], replacement: str) -> str:
    """The replacement with the indent that the lines have but their quote lacks, and without a diff's marks.

    A quote that differs in anything else shows that the speaker did not see the code as it is; its
    replacement would carry the same slip into the file.
    """
    quoted = _split(fix.quote.strip("\r\n"))
    for old, new in ((quoted, _split(replacement)), (_unmarked(quoted), _unmarked(_split(replacement)))):
        indent = _common_indent(old, there)
        if indent is not None:
            return "\n".join(indent + line if line.strip() else line for line in new)
    raise FixError(f"the fix misquotes the code that it replaces in {fix.file}: ask for the fix again")


def _split(text: str) -> list[str]:
    return [line.rstrip("\r\n") for line in git_lines(text)]


def _unmarked(lines: Sequence[str]) -> list[str]:
    """The lines without a diff's marks in front, if they are of a diff."""
    marks = {line[0] for line in lines if line.strip()}
    return [line[1:] for line in lines] if "+" in marks and marks <= {"+", " "} else list(lines)


def _common_indent(quoted: Sequence[str], there: Sequence[str]) -> str | None:
    """The white space that all lines have in front of what is quoted; None where that is not the only difference."""
    if len(quoted) != len(there):
        return None
    pairs = [(one.rstrip(), line.rstrip()) for one, line in zip(quoted, there, strict=True) if one.strip()]
    indents = {line.removesuffix(one) for one, line in pairs}
    indent = indents.pop() if len(indents) == 1 else None
    return indent if indent is not None and not indent.strip() else None
