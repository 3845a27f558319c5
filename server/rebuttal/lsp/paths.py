"""Paths and URIs, and which repository a file belongs to, without asking git."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import lru_cache
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


def files_of(root: Path, paths: Iterable[Path]) -> list[Path]:
    """Those of the paths that belong to the repository at `root`, each once, not to one that lies inside of it."""
    nearest: dict[Path, Path | None] = {}
    kept: list[Path] = []
    for path in dict.fromkeys(paths):
        folder = path.parent
        if not is_inside(path, root):
            continue
        if folder not in nearest:
            nearest[folder] = repository_of(folder)
        # A folder that is no repository has no nearer one either.
        if nearest[folder] in (root, None) or not is_inside(nearest[folder] or root, root):
            kept.append(path)
    return kept


def same_folder(one: Path, other: Path) -> bool:
    """Whether both name one folder; links are followed."""
    return one == other or os.path.realpath(one) == os.path.realpath(other)


def is_inside(path: Path, folder: Path) -> bool:
    return path == folder or folder in path.parents


@lru_cache(1024)  # asked of each finding; the files are few
def is_below(root: Path, file: str) -> bool:
    """Whether a root-relative name is of a file in the folder."""
    return bool(file) and ".." not in Path(file).parts and is_inside(root / file, root)


def read_text(path: Path) -> str | None:
    """A small UTF-8 file, its line ends kept; None if it is missing, large or something else."""
    try:
        if path.stat().st_size > _LARGEST_FILE:
            return None
        return path.read_bytes().decode("utf-8").removeprefix("\ufeff")
    except (OSError, UnicodeDecodeError):
        return None


def same_text(on_disk: str, opened: str) -> bool:
    """Whether an editor shows what is on disk: many make all line ends alike when they open a file."""
    opened = opened.removeprefix("\ufeff")
    return on_disk == opened or _ends_alike(on_disk) == _ends_alike(opened)


def _ends_alike(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
