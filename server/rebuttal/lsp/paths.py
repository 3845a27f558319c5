"""Paths and URIs, and which repository a file belongs to, without asking git."""

from __future__ import annotations

import os
from pathlib import Path

from pygls.uris import from_fs_path, to_fs_path

_LARGEST_FILE = 4 * 1024 * 1024
"""Bytes of a file that is read on the event loop; a larger one is treated as unreadable."""


def path_of(uri: str) -> Path | None:
    """The path of a `file:` URI, normalised; None for another scheme."""
    try:
        path = to_fs_path(uri)
    except ValueError:
        return None
    return Path(os.path.normpath(path)) if path else None


def uri_of(path: Path) -> str:
    return str(from_fs_path(str(path)))


def repository_of(path: Path) -> Path | None:
    """The nearest folder above that holds `.git` (a folder, or a worktree's or submodule's file)."""
    for folder in (path, *path.parents):
        if (folder / ".git").exists():
            return folder
    return None


def same_folder(one: Path, other: Path) -> bool:
    """Whether both name one folder; links are followed."""
    return one == other or os.path.realpath(one) == os.path.realpath(other)


def is_inside(path: Path, folder: Path) -> bool:
    return path == folder or folder in path.parents


def read_text(path: Path) -> str | None:
    """A small UTF-8 file, its line ends kept; None if it is missing, large or something else."""
    try:
        if path.stat().st_size > _LARGEST_FILE:
            return None
        return path.read_bytes().decode("utf-8").removeprefix("\ufeff")
    except (OSError, UnicodeDecodeError):
        return None
