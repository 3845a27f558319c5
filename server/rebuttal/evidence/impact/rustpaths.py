"""What a path of Rust means: crates, modules (files and inline ones), `use`, aliases and re-exports.

A place is a crate's folder and the names from its root. What a macro, a `#[path]` or another crate brings is unknown.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from rebuttal.evidence.impact.code import Source
from rebuttal.evidence.impact.modules import Modules
from rebuttal.text.model import Import, Symbol

Place = tuple[str, ...]
"""The crate (its root file's folder, or the file of a test, example or binary), then the names."""
_ROOTS = ("lib.rs", "main.rs")
_ALONE = ("tests", "examples", "benches", "bin")
_NAME = re.compile(r"^\[(?:package|lib)\](?:(?!^\[).)*?^\s*name\s*=\s*\"([\w-]+)\"", re.MULTILINE | re.DOTALL)
_DEPTH = 6
_SEGMENT = re.compile(r"[\w#]+")


def module_of(path: str, modules: Modules) -> Place | None:
    """Where the file's own module stands; None for a file that no crate of this repository holds by custom."""
    folder, name = posixpath.split(path)
    parts = folder.split("/") if folder else []
    if parts and parts[-1] in _ALONE and name != "mod.rs":
        return (path,)
    for length in range(len(parts), -1, -1):
        root = "/".join(parts[:length])
        if any(posixpath.join(root, one) in modules.known for one in _ROOTS):
            inner = [*parts[length:], name.removesuffix(".rs")]
            if inner[-1] == "mod" or (len(inner) == 1 and name in _ROOTS):
                inner.pop()
            return (root, *inner)
        if length and parts[length - 1] in _ALONE:
            return None  # A module beside tests: shared by `mod common;`.
    return None


def inline(source: Source, offset: int) -> tuple[str, ...]:
    """The inline modules around a place."""
    return tuple(one.name for one in source.around(offset) if one.kind == "namespace")


def function_around(source: Source, offset: int) -> Symbol | None:
    return next((one for one in reversed(source.around(offset)) if one.kind in ("function", "method")), None)


def visible(source: Source, offset: int) -> Iterator[Import]:
    """The imports that hold at a place: of the same module, or of a function around it."""
    here = inline(source, offset)
    functions = [one for one in source.around(offset) if one.kind in ("function", "method")]
    for one in source.imports:
        holder = function_around(source, one.start_offset)
        if (holder is None or holder in functions) and inline(source, one.start_offset) == here:
            yield one


class Paths:
    """Follows paths to the places that they mean."""

    def __init__(self, modules: Modules) -> None:
        self._modules = modules
        self._crates: dict[str, str] | None = None

    def place(self, source: Source, offset: int) -> Place | None:
        """The module around a place."""
        own = module_of(source.path, self._modules)
        return (*own, *inline(source, offset)) if own is not None else None

    def meant(self, source: Source, offset: int, path: str) -> Place | None:
        """What a path written there means, re-exports not yet followed; None if syntax does not tell."""
        here = self.place(source, offset)
        segments = _SEGMENT.findall(path)
        if here is None or not segments or "<" in path or not re.fullmatch(r"[\w#:\s]+", path):
            return None
        return self._follow(source, offset, here, segments, path.startswith("::"), _DEPTH)

    def _follow(
        self, source: Source, offset: int, here: Place, segments: list[str], outer: bool, depth: int
    ) -> Place | None:
        first, rest = segments[0], tuple(segments[1:])
        if first in ("crate", "self", "super") and not outer:
            return _relative(here, segments)
        given = [one for one in visible(source, offset) if one.local == first and one.name != "*"] if depth else []
        if given and not outer:
            one = given[0]
            names = [*_SEGMENT.findall(one.module), *([one.name] if one.name else [])]
            if names[0] == first:
                return self._outside(here, first, (*names[1:], *rest))
            inner = self._follow(source, one.start_offset, here, names, one.module.startswith("::"), depth - 1)
            return (*inner, *rest) if inner is not None else None
        if first in self.crates and first not in source.top:
            return self._outside(here, first, rest)
        return (*here, first, *rest) if not outer else None

    def _outside(self, here: Place, first: str, rest: tuple[str, ...]) -> Place | None:
        if first in self.crates:
            return (self.crates[first], *rest)
        return (*here, first, *rest)

    @property
    def crates(self) -> dict[str, str]:
        """The libraries of this repository, by the name under which others use them: to the folder of their root."""
        if self._crates is None:
            self._crates = dict(self._libraries())
        return self._crates

    def _libraries(self) -> Iterator[tuple[str, str]]:
        for path in self._modules.known:
            if path.rpartition("/")[2] == "Cargo.toml" and (text := self._modules.source(path)) is not None:
                root = posixpath.join(posixpath.dirname(path), "src")
                names = _NAME.findall(text.text) if posixpath.join(root, "lib.rs") in self._modules.known else []
                yield from ((name.replace("-", "_"), root) for name in names)

    def leads_to(self, place: Place | None, target: Place, depth: int = _DEPTH) -> bool:
        """Whether what stands at `place` is the target itself, or passes it on (`pub use`)."""
        if place is None or depth == 0:
            return False
        if place == target:
            return True
        if place[0] != target[0] and not self._is_crate(place[0]):
            return False
        found = self._file(place[:-1])
        if found is None:
            return False
        source, names = found
        if _defines(source, names, place[-1]):
            return False
        return any(self.leads_to(one, target, depth - 1) for one in self._passed_on(source, names, place))

    def is_defined(self, place: Place) -> bool:
        """Whether the module of this place, in whatever file it is, defines the name."""
        found = self._file(place[:-1])
        return found is not None and _defines(found[0], found[1], place[-1])

    def is_declared(self, source: Source) -> bool:
        """Whether the module above declares the file, as far as can be told: a file that none does is not compiled."""
        place = module_of(source.path, self._modules)
        if place is None or len(place) < 2 or place[0].endswith(".rs"):
            return True
        stem, name = posixpath.join(*place[:-1]), place[-1]
        above = [posixpath.join(stem, one) for one in _ROOTS] if len(place) == 2 else [f"{stem}.rs", f"{stem}/mod.rs"]
        found = [it for path in above if path in self._modules.known and (it := self._modules.source(path)) is not None]
        tells = re.compile(rf"\bmod\s+(?:r#)?{re.escape(name)}\b|#\[path\b|\binclude!|^\w+(?:::\w+)*!", re.MULTILINE)
        return not found or any(tells.search(it.text) for it in found)

    def _is_crate(self, root: str) -> bool:
        return root in self.crates.values()

    def _passed_on(self, source: Source, names: tuple[str, ...], place: Place) -> Iterator[Place | None]:
        for one in source.imports:
            if inline(source, one.start_offset) != names or function_around(source, one.start_offset) is not None:
                continue
            if one.name == "*":
                inner = self._target(source, one, one.module)
                yield (*inner, place[-1]) if inner is not None else None
            elif one.local == place[-1] and one.name is not None:
                yield self._target(source, one, f"{one.module}::{one.name}")

    def _target(self, source: Source, one: Import, whole: str) -> Place | None:
        here = self.place(source, one.start_offset)
        segments = _SEGMENT.findall(whole)
        if here is None:
            return None
        if segments[0] in ("crate", "self", "super"):
            return _relative(here, segments)
        if segments[0] in self.crates and segments[0] not in source.top:
            return (self.crates[segments[0]], *segments[1:])
        return (*here, *segments)

    def _file(self, module: Place) -> tuple[Source, tuple[str, ...]] | None:
        """The file that holds a module, and which of its inline modules it is."""
        root, names = module[0], module[1:]
        if root.endswith(".rs"):
            source = self._modules.source(root)
            return (source, names) if source is not None else None
        for length in range(len(names), -1, -1):
            stem = posixpath.join(root, *names[:length])
            options = [f"{stem}.rs", f"{stem}/mod.rs"] if length else [posixpath.join(root, one) for one in _ROOTS]
            for path in options:
                if path in self._modules.known and (source := self._modules.source(path)) is not None:
                    return source, names[length:]
        return None


def _relative(here: Place, segments: list[str]) -> Place | None:
    place: Place = here
    for number, one in enumerate(segments):
        if one == "crate":
            place = here[:1]
        elif one == "super":
            if len(place) < 2:
                return None
            place = place[:-1]
        elif one != "self":
            return (*place, *segments[number:])
    return place


def _defines(source: Source, names: tuple[str, ...], name: str) -> bool:
    return any(one.qualified == ".".join((*names, name)) for one in source.symbols)
