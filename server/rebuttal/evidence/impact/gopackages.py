"""Go: which files are one package, under which names others know it, and which variables are of one of its types."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from rebuttal.evidence.impact.code import Source
from rebuttal.evidence.impact.model import Altered
from rebuttal.evidence.impact.modules import Modules
from rebuttal.text.model import Reference, Symbol

_PACKAGE = re.compile(r"^package\s+(\w+)", re.MULTILINE)
_PATH = re.compile(r"(\w+)((?:\.\w+)*)")
EMBEDS = re.compile(r"^[ \t]*\*?(?:\w+\.)?\w+[ \t]*(?:`[^`]*`)?[ \t]*(?://.*)?$", re.MULTILINE)
_RECEIVER = re.compile(r"func\s*\(\s*(\w+)\s")
_MANY_IN_PACKAGE = 150
_LONGEST_HEADER = 400


def package_of(text: str) -> str | None:
    """What the text's `package` clause says."""
    found = _PACKAGE.search(text)
    return found[1] if found else None


def is_home(altered: Altered, source: Source) -> bool:
    """Whether a file is of the package whose symbol was altered."""
    same = posixpath.dirname(source.path) == posixpath.dirname(altered.diff.path)
    return same and package_of(source.text) == package_of(altered.diff.old_text or "")


def still_there(altered: Altered, sources: list[Source]) -> bool:
    """Whether another file of the package defines now what a file lost: within a package nobody notices."""
    return any(
        one.qualified == altered.old.qualified
        for source in sources
        if is_home(altered, source)
        for one in source.symbols
    )


def local_names(altered: Altered, source: Source, modules: Modules) -> set[str]:
    """Under which names a file of another package knows the package of the altered symbol."""
    folder = posixpath.dirname(altered.diff.path)
    return {
        one.local
        for one in source.imports
        if one.name is None and one.local and modules.package_folder(source, one.module) == folder
    }


def is_of_type(altered: Altered, source: Source, reference: Reference, modules: Modules) -> bool:
    """Whether what a method is asked of is declared, in the function around, as the type of the altered method.

    A variable, a parameter, or a field of such a one. Every declaration of the name in the function must agree.
    """
    path = _PATH.fullmatch(reference.receiver or "")
    around = [one for one in source.around(reference.start_offset) if one.kind in ("function", "method")]
    if path is None or not around:
        return False
    text = source.text[around[0].start_offset : reference.start_offset]
    declared = list(_field(source, around[0], path) if path[2] else _declared(text, path[1]))
    if not declared:
        return False
    prefixes = [f"{local}." for local in local_names(altered, source, modules)]
    if is_home(altered, source):
        prefixes.append("")
    if not prefixes or _may_be_promoted(altered, modules):
        return False
    wanted = _type_pattern(altered, prefixes, modules)
    return all(wanted.match(one) for one in declared)


def _field(source: Source, method: Symbol, path: re.Match[str]) -> Iterator[str]:
    """The type of a field of the method's own receiver, where its struct stands in the same file."""
    header = _RECEIVER.match(source.text, method.start_offset)
    owner = method.qualified.rpartition(".")[0]
    struct = [one for one in source.symbols if one.qualified == owner]
    if header is None or header[1] != path[1] or path[2].count(".") != 1 or len(struct) != 1:
        return
    body = source.text[struct[0].start_offset : struct[0].end_offset]
    for found in re.finditer(rf"^[ \t]*{re.escape(path[2][1:])}[ \t]+", body, re.MULTILINE):
        yield body[found.end() : found.end() + 200]


def _declared(text: str, name: str) -> Iterator[str]:
    """What follows each declaration of a variable: its type, or the expression that it is given."""
    word = re.escape(name)
    before = r"(?<![\w.])"
    for found in re.finditer(
        rf"{before}{word}\s*(?:,\s*\w+\s*)*:=\s*|\bvar\s+{word}\s*=\s*|{before}{word}\s+(?=[*\w\[(])", text
    ):
        if found[0].rstrip().endswith("=") or _declares(text, found.start(), found.end()):
            yield text[found.end() : found.end() + 200]
    # Given with others, and not as the first: which value is its own is not told.
    yield from ("" for _ in re.finditer(rf",\s*{word}\s*(?:,\s*\w+\s*)*:=|\brange\b.*\b{word}\b.*\{{", text))


def _declares(text: str, start: int, end: int) -> bool:
    """Whether `name type` stands among parameters or after `var`."""
    before = text[:start].rstrip()
    if before.endswith("var") or before.endswith(("(", ",")):
        return not re.match(r"(?:range|in|and|or)\b", text[end:])
    return False


def _type_pattern(altered: Altered, prefixes: list[str], modules: Modules) -> re.Pattern[str]:
    """The type, a literal of it, or a call of a function of its package that gives one."""
    spaces = "|".join(re.escape(one) for one in prefixes)
    owner = re.escape(altered.owner or "")
    makers = "|".join(map(re.escape, sorted(_makers(altered, modules)))) or r"(?!)"
    return re.compile(
        rf"[*&]?(?:{spaces}){owner}(?:\[[^\]]*\])?(?:\s*\{{|(?![\w.(]))|(?:{spaces})(?:{makers})\("
        rf"|new\((?:{spaces}){owner}\)"
    )


def _makers(altered: Altered, modules: Modules) -> frozenset[str]:
    """Functions of the package that give one of the type first."""
    folder, owner = posixpath.dirname(altered.diff.path), altered.owner or ""

    def find() -> frozenset[str]:
        gives = re.compile(
            rf"^func\s+(\w+)\([^\n]{{0,{_LONGEST_HEADER}}}\)\s*\(?(?:\w+\s+)?\*?{re.escape(owner)}\b(?!\.)",
            re.MULTILINE,
        )
        return frozenset(name for text in _texts(folder, modules) for name in gives.findall(text))

    return modules.once(f"go makers {folder} {owner}", find)


def _may_be_promoted(altered: Altered, modules: Modules) -> bool:
    """Whether a type inside the type may give the method that is gone."""
    if altered.new is not None:
        return False
    folder, owner = posixpath.dirname(altered.diff.path), altered.owner or ""

    def find() -> bool:
        opens = re.compile(
            rf"^(?:type)?[ \t]*{re.escape(owner)}(?:\[[^\]]*\])?\s+struct\s*\{{(.*?)^[ \t]*\}}", re.M | re.S
        )
        bodies = [body for text in _texts(folder, modules) for body in opens.findall(text)]
        return any(EMBEDS.search(body) for body in bodies)

    return modules.once(f"go embeds {folder} {owner}", find)


def _texts(folder: str, modules: Modules) -> list[str]:
    def read() -> list[str]:
        paths = [path for path in modules.known if path.endswith(".go") and posixpath.dirname(path) == folder]
        found = (modules.source(path) for path in sorted(paths)) if len(paths) <= _MANY_IN_PACKAGE else ()
        return [source.text for source in found if source is not None]

    return modules.once(f"go texts {folder}", read)
