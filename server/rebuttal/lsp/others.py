"""What other tools show, kept so that a later review can tell whether it still speaks of the same text.

The lines are taken down when the diagnostics arrive, while they stand where the tools say; typing costs nothing. Of a
file that is not open, the disk's stamp is taken instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from attrs import evolve, frozen
from lsprotocol import types

from rebuttal.lsp.workspace import LspTextDocument

PER_FILE = 100
IN_ALL = 400
"""Diagnostics that a review is told of: of one file, and of all; the gravest count."""
LONGEST = 2000
"""Characters of a message or line that are passed on; the review cuts further, once secrets are out."""

Stamp = tuple[int, int]
"""Time of the last change in nanoseconds, and size."""


@frozen
class OtherTools:
    """What others show in one file."""

    items: tuple[types.Diagnostic, ...]
    quotes: tuple[str | None, ...] = ()
    """The lines that the items start in; none where the file is not open, or the tools speak of an older text."""
    stamp: Stamp | None = None
    """The file's when it was not open."""
    first_line: int = 0
    """Where the document begins in the text that is reviewed: a cell is a part of its notebook."""

    @classmethod
    def of(
        cls, items: Iterable[types.Diagnostic], path: Path, document: LspTextDocument | None, version: int | None
    ) -> OtherTools:
        """As they arrive."""
        gravest = tuple(sorted(items, key=_gravity)[:PER_FILE])
        if document is None:
            return cls(gravest, stamp=_stamp(path))
        if version is not None and version != document.version:
            return cls(gravest)
        return cls(gravest, tuple(document.line(item.range.start.line)[:LONGEST] for item in gravest))

    def moved(self, by_lines: int) -> OtherTools:
        """As seen from the text that this one's is a part of."""
        return evolve(self, first_line=self.first_line + by_lines)

    def told(self, path: Path, file: str) -> Iterator[dict[str, Any]]:
        """As the worker is told of them; nothing where the text is known to be another one by now."""
        if self.quotes:
            yield from (
                _told(file, item, quote, self.first_line) for item, quote in zip(self.items, self.quotes, strict=True)
            )
        elif self.stamp is not None and self.stamp == _stamp(path):
            yield from (_told(file, item, None, self.first_line) for item in self.items)


def told(root: Path, others: Iterable[tuple[Path, OtherTools]]) -> tuple[dict[str, Any], ...]:
    """What the worker is told of all files, the gravest first, at most IN_ALL."""
    every = [one for path, other in others for one in other.told(path, path.relative_to(root).as_posix())]
    return tuple(sorted(every, key=lambda one: (one["severity"], one["file"], one["line"]))[:IN_ALL])


def _told(file: str, item: types.Diagnostic, quote: str | None, first_line: int) -> dict[str, Any]:
    return {
        "file": file,
        "line": first_line + item.range.start.line,
        "quote": quote,
        "severity": int(item.severity or types.DiagnosticSeverity.Information),
        "tool": (item.source or "")[:LONGEST],
        "rule": str(item.code if item.code is not None else "")[:LONGEST],
        "message": str(item.message)[:LONGEST],
    }


def _gravity(item: types.Diagnostic) -> tuple[int, int]:
    return int(item.severity or types.DiagnosticSeverity.Information), item.range.start.line


def _stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
