"""Planted changes as data: small projects, and pairs of a faulty change and a sound one of the same shape.

A project is one TOML file in `data/`: `[files]` is its base, each `[[pair]]` two changes of it. A change names files,
and for each what happens, written like a diff: lines begin with a blank, `-` or `+`; `@@` parts one place from the
next; the lines that stand before must be found exactly once. A file that the base lacks is made of its `+` lines;
`deleted` and `moved from PATH` say the rest. `‹›` is taken out: so nothing here looks like a secret or a conflict.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from attrs import field, frozen

HERE = Path(__file__).resolve().parent
DATA = HERE / "data"
BREAK = "‹›"
Files = Mapping[str, str]


class BadPlant(Exception):
    """The data of a plant does not fit together; the message says where."""


@frozen
class Kind:
    """One kind of fault, as the issue names them, and the rules that speak of it."""

    name: str
    group: str
    rules: tuple[str, ...]
    """Patterns of rule ids."""

    def speaks(self, rule: str) -> bool:
        return any(fnmatch(rule, pattern) for pattern in self.rules)


@frozen
class Place:
    """A line of the change or of what it forgot: the file, and a piece of the line."""

    file: str
    quote: str


@frozen
class Pair:
    """The same base twice, a change with a fault, and its near miss without."""

    name: str
    language: str
    kind: Kind
    at: tuple[Place, ...]
    """Any of them is the right place for the finding, or for one of its related places."""
    base: Files
    fault: Files
    sound_base: Files
    sound: Files
    why_sound: str = ""


@frozen
class Project:
    name: str
    language: str
    files: Files
    pairs: tuple[Pair, ...] = field(factory=tuple)


def kinds() -> dict[str, Kind]:
    """By name, in the order of kinds.toml."""
    found = tomllib.loads((HERE / "kinds.toml").read_text("utf-8"))
    return {
        name: Kind(name, group, tuple(rules)) for group, members in found.items() for name, rules in members.items()
    }


def projects(folder: Path = DATA) -> list[Project]:
    """All projects with their pairs; BadPlant where one does not fit together."""
    known = kinds()
    return [_project(path, known) for path in sorted(folder.glob("*.toml"))]


def pairs() -> list[Pair]:
    return [pair for project in projects() for pair in project.pairs]


def _project(path: Path, known: Mapping[str, Kind]) -> Project:
    try:
        found = tomllib.loads(path.read_text("utf-8").replace(BREAK, ""))
    except tomllib.TOMLDecodeError as error:
        raise BadPlant(f"{path.name}: {error}") from None
    made = tuple(_pair(path.stem, found, one, known) for one in found.get("pair", ()))
    return Project(path.stem, found["language"], found["files"], made)


def _pair(project: str, found: dict[str, Any], one: dict[str, Any], known: Mapping[str, Kind]) -> Pair:
    where = f"{project}/{one['name']}"
    if one["kind"] not in known:
        raise BadPlant(f"{where}: there is no kind {one['kind']}")
    places = one["at"] if isinstance(one["at"][0], list) else [one["at"]]
    base = changed(found["files"], one.get("before", {}), where)
    sound_base = changed(base, one.get("sound_before", {}), where)
    return Pair(
        where,
        found["language"],
        known[one["kind"]],
        tuple(Place(*place) for place in places),
        base,
        changed(base, one["fault"], where),
        sound_base,
        changed(sound_base, one["sound"], where),
        one.get("why", ""),
    )


def changed(files: Files, edits: Mapping[str, str], where: str) -> dict[str, str]:
    """`files` after the edits; BadPlant where one does not apply."""
    result = dict(files)
    for path, edit in edits.items():
        word = edit.strip()
        if word == "deleted":
            if path not in result:
                raise BadPlant(f"{where}: {path} is not there to be deleted")
            del result[path]
        elif moved := re.match(r"moved from (\S+)\n?", edit):
            text = result.pop(moved[1])
            rest = edit[moved.end() :]
            result[path] = _edited(text, rest, f"{where}: {path}") if rest.strip() else text
        elif path in result:
            result[path] = _edited(result[path], edit, f"{where}: {path}")
        else:
            result[path] = "".join(f"{line[1:]}\n" for line in edit.splitlines())
            if any(line[:1] != "+" for line in edit.splitlines()):
                raise BadPlant(f"{where}: {path} is not in the base")
    return result


def _edited(text: str, edit: str, where: str) -> str:
    for hunk in re.split(r"(?m)^@@.*\n", edit):
        lines = hunk.splitlines()
        if bad := [line for line in lines if line[:1] not in {"", " ", "-", "+"}]:
            raise BadPlant(f"{where}: the line {bad[0]!r} begins with neither blank, + nor -")
        old = "".join(f"{line[1:]}\n" for line in lines if line[:1] != "+")
        new = "".join(f"{line[1:]}\n" for line in lines if line[:1] != "-")
        found = [match.start() for match in re.finditer(rf"(?m)^{re.escape(old)}", text)]
        if len(found) != 1:
            raise BadPlant(f"{where}: {old.splitlines()[:1]} and what follows stands {len(found)} times, not once")
        text = text[: found[0]] + new + text[found[0] + len(old) :]
    return text
