"""Where JavaScript and TypeScript find what they import: beside the file, by the aliases of tsconfig, in a workspace.

An import that is none of the repository's gives nothing.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Mapping

from rebuttal.context.code import Code

_ENDINGS = (".ts", ".tsx", ".d.ts", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts")
_CONFIGS = ("tsconfig.json", "jsconfig.json", "tsconfig.base.json", "tsconfig.app.json")
_LOOSE = re.compile(r'("(?:[^"\\\n]|\\.)*")|//[^\n]*|/\*.*?\*/|,(?=\s*[}\]])', re.DOTALL)
_BUILT = re.compile(r"^(?:dist|lib|build|out)/")
_FEW_PACKAGES = 40
"""A repository with more packages is looked into by the name of their folders only."""


def script_files(module: str, path: str, code: Code) -> tuple[str, ...]:
    """The file that an import of `module` in `path` means."""
    if module.startswith("."):
        stem = posixpath.normpath(posixpath.join(posixpath.dirname(path), module))
        return _file(stem, code) or _of_folder("" if stem == "." else stem, code)
    return _by_alias(module, path, code) or _by_custom(module, path, code) or _in_workspace(module, code)


def _file(stem: str, code: Code) -> tuple[str, ...]:
    return tuple(one for one in _names(posixpath.normpath(stem)) if one in code.paths)[:1]


def _of_folder(folder: str, code: Code) -> tuple[str, ...]:
    """What the package.json of a folder names as its entry: `require('..')` in a test."""
    config = posixpath.join(folder, "package.json")
    stems = _entries(_json(config, code)) if config in code.paths else ()
    found = (_file(posixpath.join(folder, stem), code) for stem in stems)
    return next((one for one in found if one), ())


def _names(stem: str) -> list[str]:
    bare = re.sub(r"\.[mc]?jsx?$", "", stem)
    return [
        stem,
        *(bare + ending for ending in _ENDINGS),
        *(stem + ending for ending in _ENDINGS),
        *(f"{stem}/index{ending}" for ending in _ENDINGS),
    ]


def _by_alias(module: str, path: str, code: Code) -> tuple[str, ...]:
    """By `paths` and `baseUrl` of the nearest tsconfig that tells of the module."""
    folder = posixpath.dirname(path)
    while True:
        for name in _CONFIGS:
            config = posixpath.join(folder, name)
            if config in code.paths:
                for stem in _aliased(module, folder, _object(_json(config, code).get("compilerOptions"))):
                    if found := _file(stem, code):
                        return found
        if not folder:
            return ()
        folder = posixpath.dirname(folder)


def _aliased(module: str, folder: str, options: Mapping[str, object]) -> Iterator[str]:
    base = options.get("baseUrl")
    root = posixpath.join(folder, base) if isinstance(base, str) else folder
    for pattern, targets in _object(options.get("paths")).items():
        before, star, after = pattern.partition("*")
        if not (module == pattern if not star else module.startswith(before) and module.endswith(after)):
            continue
        middle = module[len(before) : len(module) - len(after)] if star else ""
        for target in targets if isinstance(targets, list) else ():
            if isinstance(target, str):
                yield posixpath.normpath(posixpath.join(root, target.replace("*", middle, 1)))
    if isinstance(base, str):
        yield posixpath.normpath(posixpath.join(root, module))


def _by_custom(module: str, path: str, code: Code) -> tuple[str, ...]:
    """`@/a`, `~/a` and the like, where no tsconfig says what they stand for."""
    if not module.startswith(("@/", "~/", "#/", "src/", "/")):
        return ()
    stem = module.lstrip("@~#/").removeprefix("src/")
    last = posixpath.basename(stem)
    names = [one for ending in _ENDINGS for one in code.named(f"{last}{ending}")]
    names += [one for ending in _ENDINGS for one in code.named(f"index{ending}")]
    endings = tuple(f"/{name}" for name in _names(stem))
    found = [one for one in names if f"/{one}".endswith(endings)]
    return tuple(sorted(found, key=lambda one: (-_shared(one, path), len(one), one))[:1])


def _in_workspace(module: str, code: Code) -> tuple[str, ...]:
    """A package of the same repository, by the name in its package.json; its source rather than what is built of it."""
    parts = module.split("/")
    taken = 2 if module.startswith("@") else 1
    name, rest = "/".join(parts[:taken]), "/".join(parts[taken:])
    for config in _packages(parts[taken - 1] if len(parts) >= taken else "", code):
        package = _json(config, code)
        if package.get("name") != name:
            continue
        folder = posixpath.dirname(config)
        stems = [rest, f"src/{rest}"] if rest else [*_entries(package), "src/index", "index", "lib/index", "src/main"]
        for stem in stems:
            if found := _file(posixpath.join(folder, stem), code):
                return found
    return ()


def _packages(last: str, code: Code) -> list[str]:
    every = [one for one in code.named("package.json") if "node_modules/" not in one]
    if len(every) <= _FEW_PACKAGES:
        return every
    return [one for one in every if posixpath.basename(posixpath.dirname(one)) == last]


def _entries(package: Mapping[str, object]) -> Iterator[str]:
    for key in ("source", "types", "module", "main"):
        told = package.get(key)
        if isinstance(told, str):
            plain = posixpath.normpath(told)
            yield plain
            yield _BUILT.sub("src/", re.sub(r"(?:\.d)?\.[mc]?[jt]sx?$", "", plain))


def _json(path: str, code: Code) -> Mapping[str, object]:
    """An object with the comments and commas that tsconfig allows; empty where it is none."""
    source = code.source(path)
    if source is None:
        return {}
    try:
        found = json.loads(_LOOSE.sub(lambda match: match.group(1) or "", source.text))
    except (ValueError, RecursionError):
        return {}
    return _object(found)


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _shared(one: str, other: str) -> int:
    return len(posixpath.commonprefix([one.split("/")[:-1], other.split("/")[:-1]]))
