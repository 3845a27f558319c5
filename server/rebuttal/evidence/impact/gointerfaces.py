"""Go types that do not follow an interface which the change altered.

Types implement interfaces without saying so. Those are believed to that the code asserts (`var _ I = (*T)(nil)`), and
those that had every method of the interface, of which no other interface asks for the method as it was.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator

from attrs import frozen

from rebuttal.change.model import FileDiff
from rebuttal.evidence.impact.code import Source
from rebuttal.evidence.impact.gopackages import EMBEDS
from rebuttal.evidence.impact.ground import RELATED, Ground, places, timely
from rebuttal.evidence.impact.overrides import OVERRIDE
from rebuttal.evidence.model import Fact, Material
from rebuttal.findings.model import Related
from rebuttal.findings.severity import Severity
from rebuttal.text.languages import is_test, language_of
from rebuttal.text.model import Symbol
from rebuttal.text.parsing import Unparsed
from rebuttal.text.positions import LineIndex
from rebuttal.text.symbols import symbols_of

_TELLING = 2
"""Methods of an interface by which a type of another package is known to be made for it."""
MANY_IN_PACKAGE = 150
"""Files of a package that are looked through for the methods of one type."""
_ASSERTS = r"^[ \t]*(?:var[ \t]+)?_[ \t]+(?:(\w+)\.)?{}[ \t]*=[ \t]*(?:\(\*(\w+)\)\(nil\)|&?(\w+)\{{|new\((\w+)\))"


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
    return (word for one in demanded(material) for word in (one.owner, *([one.new.name] if one.old else ())))


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
            yield _fact(one, found, "asserted to implement", "high")
        elif one.old is not None and (left := list(_left_behind(ground, one, look))):
            yield _fact(one, left, "made to implement", "medium")


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


def _left_behind(ground: Ground, one: Demanded, look: Callable[[], None]) -> Iterator[Related]:
    """Types that had all methods of the interface, and still have the altered one as it was."""
    assert one.old is not None
    methods = _methods(one, ground)
    sources = list(ground.sources(one.new.name, "go"))
    same = [(source, each) for source in sources for each in source.symbols if each.name == one.new.name]
    same = [(source, each) for source, each in same if each.kind == "method" and _types(each) == _types(one.old)]
    if methods is None or any(each.parent == "interface" for _, each in same):
        return
    home = posixpath.dirname(one.diff.path)
    for source, each in same:
        look()
        folder, name = posixpath.dirname(source.path), each.qualified.rpartition(".")[0]
        if is_test(source.path) or (len(methods) < _TELLING and folder != home):
            continue
        have = {it.name: _types(it) for file in _package(ground, folder) for it in _methods_of(file, name)}
        if all(have.get(method) == types for method, types in methods.items()):
            place = source.index.range(each.name_offset, each.name_offset + len(each.name))
            yield Related(source.path, place, f"`{each.qualified}` still takes what it took")


def _methods(one: Demanded, ground: Ground) -> dict[str, list[str]] | None:
    """What the interface asked for before; None where it takes methods from another."""
    try:
        every = symbols_of(one.diff.old_text or "", "go", ground.material.parser)
    except Unparsed:
        return None
    owner = next((it for it in every if it.qualified == one.owner), None)
    body = (one.diff.old_text or "")[owner.start_offset : owner.end_offset].partition("{")[2] if owner else ""
    if owner is None or EMBEDS.search(body.rpartition("}")[0]):
        return None
    return {
        it.name: _types(it) for it in every if it.parent == "interface" and it.qualified == f"{one.owner}.{it.name}"
    }


def _methods_of(source: Source, name: str) -> Iterator[Symbol]:
    return (it for it in source.symbols if it.kind == "method" and it.qualified == f"{name}.{it.name}")


def _package(ground: Ground, folder: str) -> Iterator[Source]:
    paths = [path for path in ground.code.paths if path.endswith(".go") and posixpath.dirname(path) == folder]
    for path in sorted(paths) if len(paths) <= MANY_IN_PACKAGE else ():
        source = ground.code.source(path)
        if source is not None:
            yield source


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
                if EMBEDS.search(body.rpartition("}")[0]):
                    return None
    return f"has no `{one.new.name}`" if defined else None


def _fact(one: Demanded, found: list[Related], how: str, severity: Severity) -> Fact:
    label = f"`{one.new.qualified}`"
    what = "is new" if one.old is None else "has other parameters now"
    number = "one type that is" if len(found) == 1 else f"{len(found)} types that are"
    do = "does" if len(found) == 1 else "do"
    text = one.diff.new_text or ""
    return OVERRIDE.fact(
        one.diff,
        one.new.name_line,
        one.new.name_line,
        f"{label} {what}, but {number} {how} `{one.owner}` {do} not follow: {places(found)}.",
        title=f"{label} is not implemented everywhere",
        severity=severity,
        where=LineIndex(text).range(one.new.name_offset, one.new.name_offset + len(one.new.name)),
        related=tuple(found[:RELATED]),
    )
