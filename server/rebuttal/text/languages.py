"""What a file is, by its name alone: the language it is written in, and whether it holds tests."""

from __future__ import annotations

from pathlib import PurePosixPath
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


_FAMILIES: dict[Language, tuple[Language, ...]] = {
    "python": ("python",),
    "javascript": ("javascript", "typescript", "tsx"),
    "go": ("go",),
}

GLOBS: dict[Language, tuple[str, ...]] = {
    family: tuple(f"*.{suffix}" for suffix, language in _BY_SUFFIX.items() if language in members)
    for family, members in _FAMILIES.items()
}
"""By family: which files may hold its code."""

_TEST_FOLDERS = frozenset(
    {
        "test",
        "tests",
        "testing",
        "testdata",
        "__tests__",
        "__mocks__",
        "spec",
        "specs",
        "e2e",
        "fixtures",
        "examples",
        "docs",
    }
)


def language_of(path: str) -> Language | None:
    """The language of the file at `path`; None for one that Rebuttal does not parse."""
    stem, dot, suffix = path.replace("\\", "/").rpartition("/")[2].rpartition(".")
    return _BY_SUFFIX.get(suffix.lower()) if dot and stem else None


def family_of(language: Language) -> Language:
    """Languages that call each other are one family, named after its first: JavaScript and TypeScript."""
    return "javascript" if language in _FAMILIES["javascript"] else language


def is_test(path: str) -> bool:
    """Whether a file holds tests or examples, by the customs of Python, JavaScript and Go."""
    parts = PurePosixPath(path.lower()).parts
    if any(part in _TEST_FOLDERS for part in parts[:-1]):
        return True
    name = parts[-1] if parts else ""
    stem = name.rpartition(".")[0]
    return (
        name == "conftest.py"
        or stem.startswith("test_")
        or stem.endswith(("_test", "_tests", ".test", ".spec", ".stories"))
    )
