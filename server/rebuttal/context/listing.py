"""The files of one side by their names and folders, made once for all reviews that see the same files."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

_FOLDER, _NAME = 0, 2
"""Which part of `path.rpartition("/")`."""
_Groups = dict[str, str | list[str]]
"""Most names stand alone: a list for each would cost more than all else here."""


class Listing:
    """Paths by what they end with and by where they are. May be shared by threads."""

    def __init__(self, paths: frozenset[str]) -> None:
        self.paths = paths

    def named(self, name: str) -> list[str]:
        """The paths whose last part is `name`, sorted."""
        return _of(self._by_name.get(name))

    def in_folder(self, folder: str) -> list[str]:
        """The paths of the files right in `folder` ("" for the root), sorted."""
        return _of(self._by_folder.get(folder))

    def folders_named(self, name: str) -> list[str]:
        """The folders with files whose last part is `name`, sorted."""
        return _of(self._folders.get(name))

    @cached_property
    def _by_name(self) -> _Groups:
        return _grouped(self.paths, _NAME)

    @cached_property
    def _by_folder(self) -> _Groups:
        return _grouped(self.paths, _FOLDER)

    @cached_property
    def _folders(self) -> _Groups:
        return _grouped(self._by_folder, _NAME)


def _grouped(paths: Iterable[str], part: int) -> _Groups:
    found: _Groups = {}
    for path in paths:
        key = path.rpartition("/")[part]
        if key not in found:
            found[key] = path
            continue
        group = found[key]
        if isinstance(group, list):
            group.append(path)
        else:
            found[key] = [group, path]
    return found


def _of(group: str | list[str] | None) -> list[str]:
    if group is None:
        return []
    return sorted(group) if isinstance(group, list) else [group]
