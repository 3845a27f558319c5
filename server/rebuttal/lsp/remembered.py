"""What was typed while a review runs, kept for its findings: they are of the text before, and follow it when they come.

A debate may take minutes and somebody may type all the while, so what is kept is bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from rebuttal.lsp.workspace import Edit, differences

MOST = 1000
"""Edits of one document that are kept as they were made."""


def remember(
    kept: dict[Path, list[Edit]],
    path: Path,
    edits: Iterable[Edit],
    texts: Callable[[], tuple[Sequence[str], Sequence[str]]],
) -> None:
    """Add edits of a document to those that are kept. `texts`: its lines before all of them, and after.

    Where they become too many, typing becomes runs of text; where those are too many too, all of it becomes what
    differs by now, line by line. The list is another one then.
    """
    mine = kept.setdefault(path, [])
    mine.extend(edits)
    if len(mine) > MOST:
        shorter = joined(mine)
        kept[path] = shorter if len(shorter) <= MOST // 2 else differences(*texts())


def joined(edits: Iterable[Edit]) -> list[Edit]:
    """The same edits, what was typed in one go as one: each letter at the end of the last, or taken back there."""
    made: list[Edit] = []
    for edit in edits:
        last = made[-1] if made else None
        if last is not None and last.start == last.old_end and edit.old_end == last.new_end:
            if edit.start == edit.old_end:
                made[-1] = Edit(last.start, last.start, edit.new_end)
                continue
            if edit.new_end == edit.start >= last.start:
                made[-1:] = [Edit(last.start, last.start, edit.start)] if edit.start > last.start else []
                continue
        made.append(edit)
    return made
