"""The files of one side by their names and folders, made once for all reviews that see the same files."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

_FOLDER, _NAME = 0, 2
"""Which part of `path.rpartition("/")`."""


class Listing:
    """Paths by what they end with and by where they are. May be shared by threads."""

    def __init__(self, paths: frozenset[str]) -> None:
        self.paths = paths

    def named(self, name: str) -> list[str]:
        """The paths whose last part is `name`, sorted."""
        return sorted(self._by_name.get(name, ()))

    def in_folder(self, folder: str) -> list[str]:
        """The paths of the files right in `folder` ("" for the root), sorted."""
        return sorted(self._by_folder.get(folder, ()))

    def folders_named(self, name: str) -> list[str]:
        """The folders with files whose last part is `name`, sorted."""
        return sorted(self._folders.get(name, ()))

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        return _grouped(self.paths, _NAME)

    @cached_property
    def _by_folder(self) -> dict[str, list[str]]:
        return _grouped(self.paths, _FOLDER)

    @cached_property
    def _folders(self) -> dict[str, list[str]]:
        return _grouped(self._by_folder, _NAME)


def _grouped(paths: Iterable[str], part: int) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in paths:
        found.setdefault(path.rpartition("/")[part], []).append(path)
    return found
