"""What the repository's own ruff configuration, as the base has it, wants not to hear."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from attrs import frozen

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
        """Whether rule `code` is ignored in the file at `path` (root-relative)."""
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

    @property
    def words(self) -> str:
        return f"{self.key} {self.value}" + (f" in {self.pattern}" if self.pattern else "")


def config_of(tree: Tree) -> tuple[str, Mapping[str, Any]]:
    """The file in `tree`'s root that ruff would take (`.ruff.toml`, `ruff.toml`, `pyproject.toml`) and its settings.

    ("", {}) where there is none.
    """
    for name in CONFIG_FILES:
        text = tree.read(name)
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
        return name, data
    return "", {}


def suppressed(tree: Tree) -> Suppressed:
    """What the configuration in `tree` wants not to hear."""
    return _suppressed(config_of(tree)[1])


def loosened(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Loosened, ...]:
    """What ruff is told not to say, or no longer to look for, that it was not told before."""
    before, after = set(_entries(old)), dict.fromkeys(_entries(new))
    more = [one for one in after if one not in before and not _everywhere(one, old)]
    still = tuple(_selected(new))
    fewer = [one for one in dict.fromkeys(_selected(old)) if still and one not in still and "ALL" not in still]
    return (*more, *(Loosened("select", one) for one in fewer if not any(one.startswith(wider) for wider in still)))


def _entries(data: Mapping[str, Any]) -> Iterator[Loosened]:
    quiet = _suppressed(data)
    yield from (Loosened("ignore", selector) for selector in quiet.everywhere)
    yield from (Loosened("ignore", selector, pattern) for pattern, codes in quiet.by_pattern for selector in codes)
    yield from (
        Loosened("exclude", one) for table in _tables(data) for key in _EXCLUDES for one in _words(table.get(key))
    )


def _everywhere(one: Loosened, data: Mapping[str, Any]) -> bool:
    return one.key == "ignore" and one.value in _suppressed(data).everywhere


def _selected(data: Mapping[str, Any]) -> Iterator[str]:
    for table in _tables(data):
        for key in ("select", "extend-select"):
            yield from _words(table.get(key))


def _tables(data: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    return data, _table(data, "lint")


def _suppressed(data: Mapping[str, Any]) -> Suppressed:
    everywhere: list[str] = []
    by_pattern: list[tuple[str, tuple[str, ...]]] = []
    for table in _tables(data):
        for key in _LISTS:
            everywhere += _words(table.get(key))
        for key in _TABLES:
            by_pattern += [(pattern, _words(codes)) for pattern, codes in _table(table, key).items()]
    return Suppressed(tuple(everywhere), tuple(by_pattern))


def _table(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def _words(value: Any) -> tuple[str, ...]:
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
