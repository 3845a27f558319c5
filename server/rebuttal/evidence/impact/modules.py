"""Which file an import means: Python modules, relative JavaScript paths, Go packages."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

from rebuttal.evidence.impact.code import Code, Source
from rebuttal.evidence.model import kept
from rebuttal.text.model import Import

T = TypeVar("T")
_JS_SUFFIXES = (".ts", ".tsx", ".d.ts", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs")
_JS_WRITTEN = re.compile(r"\.[mc]?jsx?\Z")
_DEPTH = 6
"""How many re-exports are followed."""
_GO_MODULE = re.compile(r"^module[ \t]+\"?([^\s\"]+)", re.MULTILINE)


class Modules:
    """Resolves imports to files of the repository; what it cannot tell for sure is None."""

    def __init__(self, code: Code, gone: frozenset[str]) -> None:
        self._code = code
        self._gone = gone  # files that the change removed: imports may still mean them
        self._python_cache: dict[tuple[str, str], str | None] = {}
        self._leads: dict[tuple[str, str, str, str], bool] = {}
        self._shared: dict[str, Any] = {}

    def resolve(self, source: Source, module: str) -> str | None:
        """The file that `module`, as imported by `source`, means. Go packages have no one file: always None."""
        if source.language == "python":
            key = (posixpath.dirname(source.path), module)
            if key not in self._python_cache:
                self._python_cache[key] = self._python(*key)
            return self._python_cache[key]
        if source.language in ("javascript", "typescript", "tsx"):
            return self._javascript(source.path, module)
        return None

    @cached_property
    def known(self) -> frozenset[str]:
        """Every file that an import may mean, those that the change removed too."""
        return self._code.paths | self._gone

    def once(self, name: str, make: Callable[[], T]) -> T:
        """What a language's own rules need once for the whole search."""
        return kept(self._shared, name, make)

    def source(self, path: str) -> Source | None:
        return self._code.source(path)

    def leads_to(self, path: str | None, name: str, target: str, wanted: str, depth: int = _DEPTH) -> bool:
        """Whether `name`, taken from the file at `path`, is what `target` defines as `wanted`."""
        if path is None or depth == 0:
            return False
        if path == target:
            return name == wanted
        key = (path, name, target, wanted)
        if key not in self._leads:
            self._leads[key] = False  # for imports that go in a circle
            self._leads[key] = self._follows(path, name, target, wanted, depth)
        return self._leads[key]

    def _follows(self, path: str, name: str, target: str, wanted: str, depth: int) -> bool:
        source = self._code.source(path)
        given = source.imports_as(name) if source is not None else []
        if source is None or not given or source.defines_at_top(name):
            return False
        for one in given:
            inner = name if one.name == "*" else one.name
            if inner and self.leads_to(self.resolve(source, one.module), inner, target, wanted, depth - 1):
                return True
        return False

    def submodule(self, source: Source, one: Import) -> str | None:
        """The file of a Python module that is imported as a name: `from package import module`."""
        joint = "" if one.module.endswith(".") else "."
        return self.resolve(source, f"{one.module}{joint}{one.name}") if source.language == "python" else None

    def package_folder(self, source: Source, module: str) -> str | None:
        """The folder of a Go package of this repository."""
        parts = posixpath.dirname(source.path).split("/")
        for length in range(len(parts), -1, -1):
            root = "/".join(parts[:length])
            text = self._code.source(posixpath.join(root, "go.mod"))
            if text is None:
                continue
            declared = _GO_MODULE.search(text.text)
            own = declared[1] if declared else None
            if own is None or not (module == own or module.startswith(own + "/")):
                return None
            return posixpath.normpath(posixpath.join(root, module[len(own) + 1 :])).removeprefix("./")
        return None

    @cached_property
    def _python_stems(self) -> dict[str, list[tuple[str, str]]]:
        """Files with what imports call them, from the root on and with slashes, by the last word of that."""
        known = self._code.facts.latest("python stems", self._code.paths, lambda: _stems(self._code.paths))
        if gone := _stems(self._gone - self._code.paths):
            return {last: [*known.get(last, ()), *gone.get(last, ())] for last in (*known, *gone)}
        return known

    def _python_modules(self, name: str) -> list[str]:
        """The files with this dotted name, as seen from any folder that may be on the path."""
        found = []
        for stem, path in self._python_stems.get(name.rpartition(".")[2], ()):
            start = len(stem) - len(name)
            if start < 0 or (start and stem[start - 1] != "/") or stem[start:].replace("/", ".") != name:
                continue
            # A folder with an __init__.py is part of the name, never where names begin.
            package = f"{stem[:start]}__init__.py"
            if not start or not (package in self._code.paths or package in self._gone):
                found.append(path)
        return found

    def _python(self, folder: str, module: str) -> str | None:
        name = module.lstrip(".")
        level = len(module) - len(name)
        if level:
            parts = [part for part in folder.split("/") if part]
            if level - 1 > len(parts):
                return None
            base = parts[: len(parts) - (level - 1)]
            return self._python_file("/".join([*base, *(name.split(".") if name else [])]))
        candidates = self._python_modules(name)
        present = [path for path in candidates if path in self._code.paths] or candidates
        modules = [path for path in present if path.endswith(".py")] or present
        if len(modules) == 1:
            return modules[0]
        beside = [path for path in modules if posixpath.dirname(path) == folder]
        return beside[0] if len(beside) == 1 else None

    def _python_file(self, stem: str) -> str | None:
        for known in (self._code.paths, self._gone):
            for path in (f"{stem}/__init__.py", f"{stem}.py", f"{stem}.pyi"):
                if path.lstrip("/") in known:
                    return path.lstrip("/")
        return None

    def _javascript(self, importer: str, module: str) -> str | None:
        if module.startswith("."):
            stem = posixpath.normpath(posixpath.join(posixpath.dirname(importer), module))
        elif module.startswith("@/"):
            stem = "src/" + module[2:]  # the custom of most bundlers
        else:
            return None
        if stem.startswith(".."):
            return None
        bare = _JS_WRITTEN.sub("", stem)  # TypeScript imports "./a.js" and means a.ts
        for known in (self._code.paths, self._gone):
            options = [stem, *(base + suffix for base in (stem, bare) for suffix in _JS_SUFFIXES)]
            options += [f"{stem}/index{suffix}" for suffix in _JS_SUFFIXES]
            found = next((path for path in options if path in known), None)
            if found is not None:
                return found
        return None


def _stems(paths: frozenset[str]) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for path in paths:
        if path.endswith((".py", ".pyi")):
            stem = path.rpartition(".")[0].removesuffix("/__init__")
            found.setdefault(stem[max(stem.rfind("/"), stem.rfind(".")) + 1 :], []).append((stem, path))
    return found
