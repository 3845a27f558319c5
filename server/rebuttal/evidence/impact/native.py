"""C and C++: functions whose callers break, and who calls them.

A name is believed to be the altered function's only where one definition of it stands in the repository, no macro has
the name, no overload takes anything else, and the calling file includes a header that declares it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from attrs import frozen

from rebuttal.change.model import FileDiff
from rebuttal.evidence.impact.code import Source
from rebuttal.evidence.impact.model import Altered, Usage
from rebuttal.evidence.impact.modules import Modules
from rebuttal.evidence.impact.signatures import only_widens
from rebuttal.findings.model import Certainty
from rebuttal.text.languages import Language
from rebuttal.text.model import Reference, Symbol

_INCLUDE = re.compile(r"^[ \t]*#[ \t]*(?:include|import)[ \t]*[<\"]([^>\"\n]+)[>\"]", re.MULTILINE)
_HEADERS = (".h", ".hh", ".hpp", ".hxx", ".h++", ".ipp", ".tpp", ".inl")
_CAPITALS = re.compile(r"\b[A-Z][A-Z0-9_]{2,}\b(?!\s*[:<])")
_PORTS = re.compile(r"compat|port|missing|polyfill|shim", re.IGNORECASE)
_MANY_INCLUDES = 400
_COMMON = frozenset(
    (
        "push_back", "emplace_back", "pop_back", "push_front", "pop_front", "lower_bound", "upper_bound",
        "equal_range", "shrink_to_fit", "max_size", "find_first_of", "find_last_of", "load_factor", "max_load_factor",
        "get_allocator", "try_lock", "try_lock_for", "notify_one", "notify_all", "wait_for", "wait_until", "get_future",
        "set_value", "set_exception", "use_count", "time_since_epoch", "to_string", "is_open", "has_value", "value_or",
        "make_pair", "make_unique", "make_shared", "static_pointer_cast", "file_size", "last_write_time",
    )
)  # fmt: skip
"""Methods of the standard library, which other objects have too."""


def alterations(
    diff: FileDiff, language: Language, old: tuple[Symbol, ...], new: tuple[Symbol, ...]
) -> Iterator[Altered]:
    """Functions that are defined once on either side and take something else now, or are gone."""
    before, after = _written(old, diff.old_text or ""), _written(new, diff.new_text or "")
    for qualified, group in before.items():
        bodies, now = [one for one in group if not one.without_body], after.get(qualified, [])
        if len(bodies) != 1 or not _is_one_shape(group) or not _is_one_shape(now):
            continue
        was, owner = bodies[0], _owner(bodies[0], old)
        defined = [one for one in now if not one.without_body]
        if len(defined) == 1:
            if _is_altered(diff, was, defined[0]):
                yield Altered(diff, language, "signature", was, defined[0], owner)
        elif not now and not _is_left(was.name, diff.new_text or ""):
            yield Altered(diff, language, "removed", was, None, owner)


def _is_left(name: str, text: str) -> bool:
    """Whether a definition still stands there that the parser may have lost among macros."""
    pattern = rf"^[\w*&:\s]*\b{re.escape(name)}\s*\([^;{{}}]*\)\s*\{{"
    return name in text and re.search(pattern, text, re.MULTILINE) is not None


def _written(symbols: tuple[Symbol, ...], text: str) -> dict[str, list[Symbol]]:
    found: dict[str, list[Symbol]] = {}
    for one in symbols:
        plain = one.kind in ("function", "method") and re.fullmatch(r"\w+", one.name) and one.name != "main"
        if plain and text[one.start_offset : one.start_offset + 1] != "#":
            found.setdefault(one.qualified, []).append(one)
    return found


def _is_one_shape(group: list[Symbol]) -> bool:
    return len({shape(one) for one in group}) <= 1


def shape(symbol: Symbol) -> tuple[tuple[str, ...], bool]:
    """The types that a function takes, without blanks, and whether more may follow."""
    given = symbol.parameters or ()
    types = tuple("".join((one.type or "").split()) for one in given if one.kind != "variadic")
    return types, any(one.kind == "variadic" for one in given)


def count(symbol: Symbol) -> tuple[int, bool]:
    types, variadic = shape(symbol)
    return len(types), variadic


def _owner(symbol: Symbol, every: tuple[Symbol, ...]) -> str | None:
    """The class of a member function; None for a free one, in a namespace or not."""
    owner = symbol.qualified.rpartition(".")[0]
    spaces = {one.qualified for one in every if one.kind == "namespace"}
    return None if not owner or owner in spaces else owner


def _is_altered(diff: FileDiff, was: Symbol, now: Symbol) -> bool:
    old, new = was.parameters or (), now.parameters or ()
    unsaid = diff.path.endswith(".c")
    if not is_plain(was, diff.old_text, unsaid) or not is_plain(now, diff.new_text, unsaid):
        return False
    names = [[one.name for one in some] for some in (old, new)]
    swapped = names[0] != names[1] and sorted(names[0]) == sorted(names[1]) and shape(was) != shape(now)
    needed = [sum(one.required for one in some) for some in (old, new)]
    return (count(was) != count(now) or needed[0] < needed[1] or swapped) and not only_widens(old, new)


def is_plain(symbol: Symbol, text: str | None, unsaid: bool) -> bool:
    """Whether its parameters are what they seem: no macro among them, none of the oldest style.

    `unsaid`: `()` does not say that there are none, as in C.
    """
    header = (text or "")[symbol.name_offset : symbol.end_offset].partition("{")[0]
    if symbol.parameters is None or "#" in header or (unsaid and re.match(r"\w+\s*\(\s*\)", header)):
        return False
    return all(
        one.kind == "variadic" or (one.type and (one.name or not _CAPITALS.search(one.type)))
        for one in symbol.parameters
    )


@frozen
class _World:
    """What all files that hold the name say of it."""

    altered: Altered
    known: tuple[tuple[Source, Symbol], ...]
    is_static: bool

    @property
    def bodies(self) -> list[tuple[Source, Symbol]]:
        return [(source, one) for source, one in self.known if not one.without_body]

    @property
    def declaring(self) -> frozenset[str]:
        return frozenset(source.path for source, _ in self.known)


def usages(altered: Altered, sources: list[Source], modules: Modules) -> Iterator[Usage]:
    """Calls of the function, in all files that hold its name."""
    name = altered.old.name
    macro = re.compile(rf"^[ \t]*#[ \t]*(?:define|undef)[ \t]+{re.escape(name)}\b", re.MULTILINE)
    if any(macro.search(source.text) for source in sources):
        return
    static = altered.owner is None and "static" in _before(altered.old, altered.diff.old_text)
    inside = static and not altered.diff.path.endswith(_HEADERS)
    if inside:
        sources = [source for source in sources if source.path == altered.diff.path]
    world = _World(altered, tuple(_known(name, sources)), inside)
    if not _is_alone(world):
        return
    includes = modules.once("includes", lambda: Includes(modules))
    for source in sources:
        for one in source.references({name}):
            if one.kind == "call" and (sure := _sure(world, source, one, includes)):
                yield Usage(source, one, sure)


def _known(name: str, sources: list[Source]) -> Iterator[tuple[Source, Symbol]]:
    """What defines or declares the name. Of a file where it only follows what no type ends with, nothing is read."""
    typed = rf"(?:^|::|[*&~]|[\w>\])][ \t]+){re.escape(name)}\s*\("
    maybe = re.compile(typed, re.MULTILINE)
    for source in sources:
        if maybe.search(source.text):
            yield from ((source, one) for one in source.symbols if one.name == name and _calls(one, source.text))


def _calls(symbol: Symbol, text: str) -> bool:
    return symbol.kind in ("function", "method") and text[symbol.start_offset : symbol.start_offset + 1] != "#"


def _before(symbol: Symbol, text: str | None) -> str:
    return (text or "")[symbol.start_offset : symbol.name_offset]


def _is_alone(world: _World) -> bool:
    """Whether the name is that of one function: no other definition, no declaration that takes anything else."""
    altered, home = world.altered, world.altered.diff.path
    ours = [one for source, one in world.bodies if source.path == home or not world.is_static]
    if len(ours) != (0 if altered.new is None else 1):
        return False
    if altered.new is None:
        return "_" in altered.name.strip("_") and not _PORTS.search(home)
    if world.is_static:
        return True
    allowed = {count(altered.old), count(altered.new)}
    return all(count(one) in allowed and same_owner(one.qualified, altered.old.qualified) for _, one in world.known)


def same_owner(one: str, other: str) -> bool:
    """Declared and defined names may have a namespace more or less."""
    short, long = sorted((one, other), key=len)
    return long == short or long.endswith("." + short)


def _sure(world: _World, source: Source, reference: Reference, includes: Includes) -> Certainty | None:
    altered, receiver = world.altered, reference.receiver
    text = source.text[reference.start_offset : reference.call_end_offset or reference.end_offset]
    if "..." in text or "#" in text or _is_local(source, reference):
        return None
    if altered.owner is not None:
        return _sure_of_member(world, source, reference)
    if receiver is not None and not _is_space(altered, source, reference, receiver):
        return None
    declared = bool(world.known) or altered.new is not None
    if declared and not world.is_static and not _sees(world, source, includes):
        return None
    return "likely" if _CAPITALS.search(text) or source.language == "cpp" else "certain"


def _is_space(altered: Altered, source: Source, reference: Reference, receiver: str) -> bool:
    """Whether `a::f()` names the namespace of the function."""
    if not source.text[: reference.start_offset].endswith("::"):
        return False
    outer = altered.old.qualified.rpartition(".")[0]
    return bool(outer) and f".{outer}".endswith("." + receiver.strip(":").replace("::", "."))


def _sees(world: _World, source: Source, includes: Includes) -> bool:
    return source.path in world.declaring or not world.declaring.isdisjoint(includes.of(source))


def _sure_of_member(world: _World, source: Source, reference: Reference) -> Certainty | None:
    owner, receiver = (world.altered.owner or "").rpartition(".")[2], reference.receiver
    around = next((one for one in reversed(source.around(reference.start_offset)) if one.kind == "method"), None)
    inside = around is not None and around.qualified.rpartition(".")[0].rpartition(".")[2] == owner
    if receiver is None or receiver == "this":
        return "likely" if inside else None
    if source.text[: reference.start_offset].endswith("::"):
        return "likely" if receiver.rpartition("::")[2] == owner else None
    name = world.altered.old.name
    telling = ("_" in name.strip("_") or re.search(r"[a-z][A-Z]", name)) and name not in _COMMON
    return "likely" if telling and re.search(rf"\b{re.escape(owner)}\b", source.text) else None


def _is_local(source: Source, reference: Reference) -> bool:
    """Whether a variable of the function around may have the name."""
    around = next((one for one in reversed(source.around(reference.start_offset)) if one.kind != "namespace"), None)
    if around is None or around.name == reference.name:
        return False
    if any(one.name == reference.name for one in around.parameters or ()):
        return True
    name = re.escape(reference.name)
    text = source.text[around.start_offset : reference.start_offset]
    return re.search(rf"\(\s*\*\s*{name}\s*\)|\b(?!return\b|else\b)\w+[\s*&]+{name}\s*[=;]", text) is not None


class Includes:
    """Which files of the repository a file includes, directly and by others."""

    def __init__(self, modules: Modules) -> None:
        self._modules = modules
        self._of: dict[str, frozenset[str]] = {}
        self._named: dict[str, list[str]] | None = None

    def of(self, source: Source) -> frozenset[str]:
        if source.path not in self._of:
            self._of[source.path] = self._reach(source)
        return self._of[source.path]

    def _reach(self, source: Source) -> frozenset[str]:
        found: set[str] = set()
        pending = [source]
        while pending and len(found) < _MANY_INCLUDES:
            current = pending.pop()
            for path in self._direct(current):
                if path not in found and (inner := self._modules.source(path)) is not None:
                    found.add(path)
                    pending.append(inner)
        return frozenset(found)

    def _direct(self, source: Source) -> Iterator[str]:
        folder = posixpath.dirname(source.path)
        for written in _INCLUDE.findall(source.text):
            beside = posixpath.normpath(posixpath.join(folder, written))
            if beside in self._modules.known:
                yield beside
                continue
            tail = written.lstrip("./")
            yield from (path for path in self._by_name(tail) if f"/{path}".endswith("/" + tail))

    def _by_name(self, written: str) -> list[str]:
        if self._named is None:
            self._named = {}
            for path in self._modules.known:
                self._named.setdefault(path.rpartition("/")[2], []).append(path)
        return self._named.get(written.rpartition("/")[2], [])
