"""Which of the languages that Rebuttal understands a file is written in: by its name alone."""

from __future__ import annotations

from typing import Literal

Language = Literal["python", "javascript", "typescript", "tsx", "go"]

_BY_SUFFIX: dict[str, Language] = {
    "py": "python",
    "pyi": "python",
    "js": "javascript",
    "jsx": "javascript",
    "mjs": "javascript",
    "cjs": "javascript",
    "ts": "typescript",
    "mts": "typescript",
    "cts": "typescript",
    "tsx": "tsx",
    "go": "go",
}


def language_of(path: str) -> Language | None:
    """The language of the file at `path`; None for one that Rebuttal does not parse."""
    stem, dot, suffix = path.replace("\\", "/").rpartition("/")[2].rpartition(".")
    return _BY_SUFFIX.get(suffix.lower()) if dot and stem else None
