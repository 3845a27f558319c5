"""A Jupyter notebook as text to review: the sources of its cells under headings, outputs and metadata left out.

The form is the percent format that editors know (`# %%` before each cell), always as Python would see it: Markdown, raw
cells, cells of other languages and IPython's own commands are comments. So a notebook is parsed, checked and shown
as one Python file, line for line, and `CellMap` leads back.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from json.decoder import scanstring  # type: ignore[attr-defined]  # undocumented, but what JSONDecoder itself uses
from typing import Any

from attrs import frozen

from rebuttal.change.cells import CellLine, CellMap
from rebuttal.change.magics import Line, as_python, commented

MAX_NOTEBOOK_BYTES = 10_000_000
"""Of the file; outputs make notebooks large, and they are not reviewed."""
ONLY_OUTPUTS = "only outputs or metadata of the notebook changed"
UNREADABLE = "a notebook that cannot be read (no valid JSON with cells)"

_SPACE = re.compile(r"[ \t\r\n]*")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))")


class NotANotebook(Exception):
    """The text is no notebook of format 4."""


@frozen
class Cell:
    """One cell as an editor has it: `kind` is code, markdown or raw; `language` its own, where it has one."""

    kind: str
    source: str
    language: str | None = None


def is_notebook(path: str) -> bool:
    return path.lower().endswith(".ipynb")


def review_text(text: str) -> tuple[str, CellMap]:
    """The review text of a notebook's file, and the way back; raises NotANotebook."""
    try:
        cells, language = _read(text)
    except (ValueError, LookupError, RecursionError, TypeError, AttributeError):
        raise NotANotebook(UNREADABLE) from None
    shown: list[str] = []
    lines: list[CellLine] = []
    for number, cell in enumerate(cells):
        spoken = (cell.language or language) if cell.kind == "code" else cell.kind
        shown.append("# %%" if spoken == "python" else f"# %% [{spoken}]")
        lines.append(CellLine(number, -1, cell.offset))
        for place, line in enumerate(_shown(cell.source, spoken)):
            shown.append(line.text)
            lines.append(CellLine(number, place, cell.starts[place], line.at, line.inserted))
    return "".join(line + "\n" for line in shown), CellMap(text, tuple(lines))


def notebook_json(cells: Sequence[Cell], language: str = "python") -> str:
    """Cells that are open in an editor as a notebook's file, to be given as the buffer of its path."""
    content = {
        "cells": [
            {
                "cell_type": cell.kind,
                "metadata": {"vscode": {"languageId": cell.language}} if cell.language else {},
                "source": _kept(cell.source.replace("\r\n", "\n")),
            }
            for cell in cells
        ],
        "metadata": {"language_info": {"name": language}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _kept(source: str) -> list[str]:
    lines = source.split("\n")
    return [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _shown(source: str, spoken: str) -> Iterator[Line]:
    lines = source.split("\n") if source else []
    return as_python(lines) if spoken == "python" else map(commented, lines)


@frozen
class _Cell:
    kind: str
    source: str
    language: str | None
    offset: int
    starts: tuple[int, ...]
    """Offset of the first character of each line."""


def _read(text: str) -> tuple[list[_Cell], str]:
    top = dict(_members(text, 0))
    metadata = _value(text, top["metadata"]) if "metadata" in top else {}
    cells = [_cell(text, start) for start in _elements(text, top["cells"])] if "cells" in top else None
    if cells is None or not isinstance(metadata, dict):
        raise ValueError
    return cells, _language(metadata)


def _language(metadata: dict[str, Any]) -> str:
    for section, name in (("kernelspec", "language"), ("language_info", "name")):
        found = metadata.get(section)
        if isinstance(found, dict) and isinstance(found.get(name), str) and found[name]:
            return _plain(found[name])
    return "python"


def _plain(language: str) -> str:
    """One word: it stands in a heading."""
    word = re.sub(r"[^\w+#.-]", "", language.lower(), flags=re.ASCII)[:30]
    return "python" if word in ("ipython", "python3", "") else word


def _cell(text: str, offset: int) -> _Cell:
    members = dict(_members(text, offset))
    kind = _value(text, members["cell_type"])
    metadata = _value(text, members["metadata"]) if "metadata" in members else {}
    editor = metadata.get("vscode") if isinstance(metadata, dict) else None
    language = editor.get("languageId") if isinstance(editor, dict) else None
    source, starts = _source(text, members["source"])
    return _Cell(
        kind if kind in ("code", "markdown") else "raw",
        source,
        _plain(language) if isinstance(language, str) else None,
        offset,
        starts,
    )


def _source(text: str, at: int) -> tuple[str, tuple[int, ...]]:
    """The source, and where each of its lines begins; it is one string, or a list of strings that are joined."""
    parts = [at] if text[at] == '"' else list(_elements(text, at))
    source: list[str] = []
    starts: list[int] = []
    begins, end = True, at
    for part in parts:
        if text[part] != '"':
            raise ValueError
        value, end = scanstring(text, part + 1)
        if not value:
            continue
        if begins:
            starts.append(part + 1)
        breaks = [match.end() for match in _ESCAPE.finditer(text, part + 1, end - 1) if _is_line_end(match)]
        begins = value.endswith("\n")
        starts += breaks[:-1] if begins else breaks
        source.append(value)
    if begins and source:
        starts.append(end - 1)
    return "".join(source), tuple(starts)


def _is_line_end(escape: re.Match[str]) -> bool:
    return escape[2] == "n" or (escape[1] is not None and int(escape[1], 16) == 10)


def _value(text: str, at: int) -> Any:
    return json.JSONDecoder().raw_decode(text, at)[0]


def _members(text: str, at: int) -> Iterator[tuple[str, int]]:
    """Name and offset of the value of each member of the object at `at`."""
    at = _expect(text, at, "{")
    while text[at] != "}":
        name, at = scanstring(text, _expect(text, at, '"', skip=False))
        at = _expect(text, _skip(text, at), ":")
        yield name, at
        at = _next(text, json.JSONDecoder().raw_decode(text, at)[1], "}")


def _elements(text: str, at: int) -> Iterator[int]:
    """The offset of each element of the array at `at`."""
    at = _expect(text, at, "[")
    while text[at] != "]":
        yield at
        at = _next(text, json.JSONDecoder().raw_decode(text, at)[1], "]")


def _next(text: str, at: int, end: str) -> int:
    """Past the comma, or at the closing bracket."""
    at = _skip(text, at)
    return at if text[at] == end else _expect(text, at, ",")


def _expect(text: str, at: int, char: str, skip: bool = True) -> int:
    at = _skip(text, at)
    if text[at] != char:
        raise ValueError(char)
    return _skip(text, at + 1) if skip else at + 1


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at
