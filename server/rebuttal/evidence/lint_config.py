"""What the repository's own ruff configuration, as the base has it, wants not to hear."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from attrs import frozen

from rebuttal.change.model import Tree

_PARTS = re.compile(r"([A-Z]+)(\d*)\Z")
_LISTS = ("ignore", "extend-ignore")
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


def suppressed(tree: Tree) -> Suppressed:
    """Read from `tree`'s root: `ruff.toml`, `.ruff.toml` or `pyproject.toml`, whichever ruff would take first."""
    for name in (".ruff.toml", "ruff.toml", "pyproject.toml"):
        text = tree.read(name)
        if text is None:
            continue
        try:
            data: Any = tomllib.loads(text)
        except tomllib.TOMLDecodeError:
            continue
        if name == "pyproject.toml":
            data = _table(_table(data, "tool"), "ruff")
            if not data:
                continue
        return _suppressed(data)
    return Suppressed()


def _suppressed(data: Mapping[str, Any]) -> Suppressed:
    everywhere: list[str] = []
    by_pattern: list[tuple[str, tuple[str, ...]]] = []
    for table in (data, _table(data, "lint")):
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
    return any(_selects(selector, code) for selector in selectors)


def _selects(selector: str, code: str) -> bool:
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
