"""A notebook that is open in an editor, as the buffer of its file."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rebuttal.change.notebook import MAX_NOTEBOOK_BYTES, Cell, NotANotebook, notebook_json, review_text


def notebook_buffers(notebooks: Mapping[str, Sequence[Cell]]) -> dict[str, str]:
    """The buffers of open notebooks by path; none for one whose cells are as on disk."""
    buffers = {path: _buffer(_on_disk(path), cells) for path, cells in notebooks.items()}
    return {path: text for path, text in buffers.items() if text is not None}


def _on_disk(path: str) -> str | None:
    file = Path(path)
    try:
        # A link is left to the review itself, which does not follow it.
        if file.is_symlink() or file.stat().st_size > MAX_NOTEBOOK_BYTES:
            return None
        return file.read_bytes().decode("utf-8")
    except (OSError, ValueError):
        return None


def _buffer(on_disk: str | None, cells: Sequence[Cell]) -> str | None:
    spoken = Counter(cell.language for cell in cells if cell.kind == "code" and cell.language)
    # Most common first; equal ones in the order of the cells.
    main = spoken.most_common(1)[0][0] if spoken else "python"
    made = notebook_json([Cell(cell.kind, cell.source, _own(cell, main)) for cell in cells], main or "python")
    if on_disk is None:
        return made
    try:
        before, content = json.loads(on_disk), json.loads(made)
        # The editor's name of a language may not be the kernel's: the headings must not differ by that.
        if isinstance(before.get("metadata"), dict) and before["metadata"]:
            content["metadata"] = before["metadata"]
        made = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
        return None if review_text(on_disk)[0] == review_text(made)[0] else made
    except (ValueError, RecursionError, AttributeError, NotANotebook):
        return made


def _own(cell: Cell, main: str | None) -> str | None:
    return cell.language if cell.kind == "code" and cell.language and cell.language != main else None


def read_cells(given: Any) -> dict[str, list[Cell]]:
    """Open notebooks as an editor's server tells of them; what cannot be read is left out."""
    found: dict[str, list[Cell]] = {}
    for path, cells in given.items() if isinstance(given, Mapping) else ():
        texts = [_cell(one) for one in cells] if isinstance(cells, list) else [None]
        if all(one is not None for one in texts):
            found[path] = [one for one in texts if one is not None]
    return found


def _cell(given: Any) -> Cell | None:
    if not isinstance(given, Mapping) or not isinstance(given.get("text"), str):
        return None
    kind = given.get("kind")
    language = given.get("language")
    return Cell(
        kind if kind in ("code", "markdown") else "raw",
        given["text"],
        language if isinstance(language, str) and language else None,
    )
