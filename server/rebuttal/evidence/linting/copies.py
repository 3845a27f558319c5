"""A small tree of copies in which a linter sees the changed files beside the base's configuration, and nothing else."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

MODULES = "node_modules"


def write_tree(folder: Path, texts: Mapping[str, str]) -> None:
    """Texts by root-relative path. A path that this system cannot have is left out."""
    for path, text in texts.items():
        target = folder / path
        with contextlib.suppress(OSError, ValueError):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text.encode("utf-8", "replace"))


def link_modules(folder: Path, root: Path, above: Iterable[str]) -> list[Path]:
    """Link the installed packages of the work tree's folders into the copy; the links, to be taken away first."""
    links = []
    for one in above:
        installed, link = root / one / MODULES, folder / one / MODULES
        if installed.is_dir() and not link.exists():
            link.parent.mkdir(parents=True, exist_ok=True)
            _link(installed, link)
            links.append(link)
    return links


def unlink(links: Iterable[Path]) -> None:
    """What is deleted is the link, never what it leads to."""
    for link in links:
        with contextlib.suppress(OSError):
            link.unlink()


def _link(target: Path, link: Path) -> None:
    if os.name == "nt":
        import _winapi

        # A junction needs no privilege, which a symbolic link does on Windows.
        _winapi.CreateJunction(str(target), str(link))  # type: ignore[attr-defined,unused-ignore]  # on Windows only
    else:
        link.symlink_to(target, target_is_directory=True)
