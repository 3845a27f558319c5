"""What the repository's own ruff configuration, as the base has it, wants not to hear."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from attrs import define, field, frozen

from rebuttal.change.model import Tree

_PARTS = re.compile(r"([A-Z]+)(\d*)\Z")
_LISTS = ("ignore", "extend-ignore")
_EXCLUDES = ("exclude", "extend-exclude")
CONFIG_FILES = (".ruff.toml", "ruff.toml", "pyproject.toml")
_TABLES = ("per-file-ignores", "extend-per-file-ignores")


@frozen
class Suppressed:
    """Rules that are ignored: everywhere, and by path pattern."""

    everywhere: tuple[str, ...] = ()
    by_pattern: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def holds(self, code: str, path: str) -> bool:
        """Whether rule `code` is ignored in the file at `path` (relative to the configuration)."""
        if _listed(code, self.everywhere):
            return True
        return any(_matches(path, pattern) and _listed(code, codes) for pattern, codes in self.by_pattern)


@frozen
class Loosened:
    """A setting that makes ruff say less."""

    key: str
    """As in the configuration: `ignore`, `select`, `exclude`."""
    value: str
    """A selector, or a path pattern."""
    pattern: str = ""
    """The files that it is about, where it is not about all."""

    still: tuple[str, ...] = ()
    """Of `select`: what is selected all the same."""

    @property
    def words(self) -> str:
        what = f"{self.key} {self.value}" + (f" in {self.pattern}" if self.pattern else "")
        return f"no longer {what}" if self.key == "select" else what

    def hides(self, code: str, path: str) -> bool:
        """Whether ruff would no longer say rule `code` of the file at `path`, which counts from the configuration."""
        if self.key == "exclude":
            folders = path.split("/")
            return any(_matches("/".join(folders[: depth + 1]), self.value) for depth in range(len(folders)))
        if self.pattern and not _matches(path, self.pattern):
            return False
        return selects(self.value, code) and not _listed(code, self.still)


@frozen
class Configuration:
    """One of ruff's configuration files; it holds for its folder and below, as far as no other one is nearer."""

    path: str = ""
    """"" where there is none."""
    settings: Mapping[str, Any] = field(factory=dict)

    @property
    def folder(self) -> str:
        return self.path.rpartition("/")[0]

    def within(self, path: str) -> str:
        """The path of a file of the repository as the configuration's patterns see it."""
        return path.removeprefix(f"{self.folder}/") if self.folder else path


@define
class Configurations:
    """ruff's configurations of one side of a change. `extend` is not followed."""

    tree: Tree
    _nearest: dict[str, Configuration] = field(factory=dict)

    def nearest(self, folder: str) -> Configuration:
        """The one that ruff takes for the files of a folder ("" is the root): of the folder itself, or of one above."""
        if folder not in self._nearest:
            found = self._own(folder)
            if found is None:
                found = self.nearest(folder.rpartition("/")[0]) if folder else Configuration()
            self._nearest[folder] = found
        return self._nearest[folder]

    def ignores(self, code: str, path: str) -> bool:
        """Whether rule `code` is ignored in the file at `path` (root-relative)."""
        config = self.nearest(path.rpartition("/")[0])
        return _suppressed(config.settings).holds(code, config.within(path))

    def _own(self, folder: str) -> Configuration | None:
        for name in CONFIG_FILES:
            path = f"{folder}/{name}" if folder else name
            text = self.tree.read(path)
            if text is None:
                continue
            try:
                data: Any = tomllib.loads(text)
            except (ValueError, RecursionError):
                continue
            if name == "pyproject.toml":
                data = _table(_table(data, "tool"), "ruff")
                if not data:
                    continue
            return Configuration(path, data)
        return None


def loosened(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Loosened, ...]:
    """What ruff is told not to say, or no longer to look for, that it was not told before."""
    before, after = set(_entries(old)), dict.fromkeys(_entries(new))
    more = [one for one in after if one not in before and not _everywhere(one, old)]
    still = tuple(_selected(new))
    fewer = [one for one in dict.fromkeys(_selected(old)) if still and one not in still and "ALL" not in still]
    return (
        *more,
        *(Loosened("select", one, still=still) for one in fewer if not any(one.startswith(wider) for wider in still)),
    )


def _entries(data: Mapping[str, Any]) -> Iterator[Loosened]:
    quiet = _suppressed(data)
    yield from (Loosened("ignore", selector) for selector in quiet.everywhere)
    yield from (Loosened("ignore", selector, pattern) for pattern, codes in quiet.by_pattern for selector in codes)
    yield from (
        Loosened("exclude", one) for table in _tables(data) for key in _EXCLUDES for one in strings(table.get(key))
    )


def _everywhere(one: Loosened, data: Mapping[str, Any]) -> bool:
    return one.key == "ignore" and one.value in _suppressed(data).everywhere


def _selected(data: Mapping[str, Any]) -> Iterator[str]:
    for table in _tables(data):
        for key in ("select", "extend-select"):
            yield from strings(table.get(key))


def _tables(data: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    return data, _table(data, "lint")


def _suppressed(data: Mapping[str, Any]) -> Suppressed:
    everywhere: list[str] = []
    by_pattern: list[tuple[str, tuple[str, ...]]] = []
    for table in _tables(data):
        for key in _LISTS:
            everywhere += strings(table.get(key))
        for key in _TABLES:
            by_pattern += [(pattern, strings(codes)) for pattern, codes in _table(table, key).items()]
    return Suppressed(tuple(everywhere), tuple(by_pattern))


def _table(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def strings(value: object) -> tuple[str, ...]:
    """Those in a list that came from a configuration; none where it is no list."""
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def _listed(code: str, selectors: tuple[str, ...]) -> bool:
    return any(selects(selector, code) for selector in selectors)


def selects(selector: str, code: str) -> bool:
    """ruff's selectors: ALL, a linter (`S`, `PL`), or the beginning of a code (`S1`)."""
    if selector == "ALL":
        return True
    parts, own = _PARTS.match(selector), _PARTS.match(code)
    if parts is None or own is None:
        return False
    if parts[2]:
        return code.startswith(selector)
    return parts[1] == own[1] or (parts[1] == "PL" and own[1].startswith("PL"))


def _matches(path: str, pattern: str) -> bool:
    if pattern.startswith("!"):
        return not _matches(path, pattern[1:])
    name = path.rpartition("/")[2]
    return fnmatchcase(path, pattern) or fnmatchcase(name, pattern) or fnmatchcase("/" + path, pattern)
