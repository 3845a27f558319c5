"""Go types that do not follow an interface which the change altered.

Types implement interfaces without saying so; only those that the code asserts (`var _ I = (*T)(nil)`) are believed to.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from attrs import frozen

from rebuttal.change.model import FileDiff
from rebuttal.evidence.impact.code import Source
from rebuttal.evidence.impact.ground import RELATED, Ground, places, timely
from rebuttal.evidence.impact.overrides import OVERRIDE
from rebuttal.evidence.model import Fact, Material
from rebuttal.findings.model import Related
from rebuttal.text.languages import language_of
from rebuttal.text.model import Symbol
from rebuttal.text.parsing import Unparsed
from rebuttal.text.positions import LineIndex
from rebuttal.text.symbols import symbols_of

MANY_IN_PACKAGE = 150
"""Files of a package that are looked through for the methods of one type."""
_ASSERTS = r"^[ \t]*(?:var[ \t]+)?_[ \t]+(?:(\w+)\.)?{}[ \t]*=[ \t]*(?:\(\*(\w+)\)\(nil\)|&?(\w+)\{{|new\((\w+)\))"
_EMBEDS = re.compile(r"^[ \t]*\*?(?:\w+\.)?\w+[ \t]*(?:`[^`]*`)?[ \t]*(?://.*)?$", re.MULTILINE)


@frozen
class Demanded:
    """A method that an interface newly has, or has with other parameters."""

    diff: FileDiff
    owner: str
    old: Symbol | None
    new: Symbol


def demanded(material: Material) -> tuple[Demanded, ...]:
    return material.once(
        "impact demanded", lambda: tuple(one for diff in timely(material) for one in _demanded(material, diff))
    )


def words(material: Material) -> Iterator[str]:
    return (one.owner for one in demanded(material))


def _demanded(material: Material, diff: FileDiff) -> Iterator[Demanded]:
    if language_of(diff.path) != "go" or not diff.old_text or not diff.new_text or "interface" not in diff.new_text:
        return
    try:
        now = symbols_of(diff.new_text, "go", material.parser)
        was = {one.qualified: one for one in symbols_of(diff.old_text, "go", material.parser)}
    except Unparsed:
        return
    added = diff.added_lines
    for one in now:
        owner = one.qualified.rpartition(".")[0]
        if one.parent != "interface" or one.kind != "method" or "." in owner or one.name_line not in added:
            continue
        if owner not in was or was[owner].kind != "interface" or not material.in_scope(diff, (one.name_line,)):
            continue
        old = was.get(one.qualified)
        if old is None or _types(old) != _types(one):
            yield Demanded(diff, owner, old, one)


def _types(method: Symbol) -> list[str]:
    return ["".join((one.type or one.name).split()) for one in method.parameters or ()]


def check(ground: Ground) -> Iterator[Fact]:
    """One fact for each method that asserted implementers lack."""
    look = ground.deadline("implementers")
    for one in demanded(ground.material):
        found = []
        for source in ground.sources(one.owner, "go"):
            look()
            found += list(_failing(ground, one, source))
        if found:
            yield _fact(one, found)


def _failing(ground: Ground, one: Demanded, source: Source) -> Iterator[Related]:
    home = posixpath.dirname(one.diff.path)
    folder = posixpath.dirname(source.path)
    for asserted in re.finditer(_ASSERTS.format(re.escape(one.owner)), source.text, re.MULTILINE):
        package, name = asserted[1], asserted[2] or asserted[3] or asserted[4]
        meant = folder if package is None else _folder_of(ground, source, package)
        if meant != home:
            continue
        reason = _lacks(ground, one, folder, name)
        if reason:
            place = source.index.range(asserted.start(), asserted.end())
            yield Related(source.path, place, f"`{name}` {reason}")


def _folder_of(ground: Ground, source: Source, package: str) -> str | None:
    given = next((one for one in source.imports if one.name is None and one.local == package), None)
    return ground.modules.package_folder(source, given.module) if given is not None else None


def _lacks(ground: Ground, one: Demanded, folder: str, name: str) -> str | None:
    """What a type of a package lacks; None where it has it, or may have it from a type inside it."""
    paths = [path for path in ground.code.paths if path.endswith(".go") and posixpath.dirname(path) == folder]
    if len(paths) > MANY_IN_PACKAGE:
        return None
    defined = False
    for path in sorted(paths):
        source = ground.code.source(path)
        if source is None or not re.search(rf"\b{re.escape(name)}\b", source.text):
            continue
        for symbol in source.symbols:
            if symbol.qualified == f"{name}.{one.new.name}":
                same = one.old is not None and _types(symbol) == _types(one.old)
                return f"still has `{one.new.name}` with the old parameters" if same else None
            if symbol.qualified == name:
                defined = True
                body = source.text[symbol.start_offset : symbol.end_offset].partition("{")[2]
                if _EMBEDS.search(body.rpartition("}")[0]):
                    return None
    return f"has no `{one.new.name}`" if defined else None


def _fact(one: Demanded, found: list[Related]) -> Fact:
    label = f"`{one.new.qualified}`"
    what = "is new" if one.old is None else "has other parameters now"
    number = "one type that is" if len(found) == 1 else f"{len(found)} types that are"
    do = "does" if len(found) == 1 else "do"
    text = one.diff.new_text or ""
    return OVERRIDE.fact(
        one.diff,
        one.new.name_line,
        one.new.name_line,
        f"{label} {what}, but {number} asserted to implement `{one.owner}` {do} not follow: {places(found)}.",
        title=f"{label} is not implemented everywhere",
        severity="high",
        where=LineIndex(text).range(one.new.name_offset, one.new.name_offset + len(one.new.name)),
        related=tuple(found[:RELATED]),
    )
