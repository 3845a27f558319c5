"""Where the languages whose imports name packages, crates, headers or files keep them, by the customs of each.

An import that is none of the repository's gives nothing. Where a custom leaves several files, the nearest come first.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Sequence

from rebuttal.context.code import Code
from rebuttal.text.languages import Language
from rebuttal.text.model import Import

_MOST = 40
"""Files of one package that are looked into: one with more is searched by name."""
_JVM = (".java", ".kt", ".scala")
_HEADERS = (".h", ".hpp", ".hh", ".hxx", ".h++")
_SOURCES = (".c", ".cc", ".cpp", ".cxx")
_VARIABLE = re.compile(r"^\$[\w{}()]*/")


def paths_of(one: Import, path: str, language: Language, code: Code) -> tuple[str, ...]:
    """The files that an import in `path` can mean, likeliest first."""
    finder = _FINDERS.get(language)
    return finder(one, path, code) if finder is not None else ()


def beside(path: str, name: str, language: Language, code: Code) -> tuple[str, ...]:
    """The files that share `path`'s package and may define `name` for it without an import."""
    folder = posixpath.dirname(path)
    ending = posixpath.splitext(path)[1]
    if language in ("java", "kotlin", "scala", "csharp", "php"):
        endings = _JVM if language in ("java", "kotlin", "scala") else (ending,)
        named = [posixpath.join(folder, name + each) for each in endings]
        found = [one for one in named if one in code.paths and one != path]
        if found or language in ("java", "php"):
            return tuple(found)
        return tuple(one for one in _in_folder(folder, endings, code) if one != path)[:_MOST]
    if language in ("c", "cpp"):
        stem = posixpath.splitext(path)[0]
        return tuple(each for end in (*_HEADERS, *_SOURCES) if (each := stem + end) in code.paths and each != path)
    return ()


def _jvm(one: Import, path: str, code: Code) -> tuple[str, ...]:
    parts = [*one.module.split("."), *([one.name] if one.name not in (None, "*") else [])]
    names = [str(part) for part in parts if part]
    for taken in range(len(names), max(0, len(names) - 3), -1):
        found = _ending([f"{names[taken - 1]}{end}" for end in _JVM], "/".join(names[:taken]), path, code)
        if found:
            return found
    folder = "/".join(names if one.name in (None, "*") else names[:-1])
    return tuple(file for file in _folders(folder, _JVM, path, code))[:_MOST] if folder else ()


def _rust(one: Import, path: str, code: Code) -> tuple[str, ...]:
    parts = [part for part in one.module.split("::") if part]
    if one.name not in (None, "*", ""):
        parts.append(str(one.name))
    if not parts:
        return ()
    at = _rust_module(path)
    match parts[0]:
        case "self":
            base, rest = at, parts[1:]
        case "super":
            ups = next((n for n, part in enumerate(parts) if part != "super"), len(parts))
            base, rest = at, parts[ups:]
            for _ in range(ups):
                base = posixpath.dirname(base)
        case "crate":
            base, rest = _crate_of(path, code), parts[1:]
        case other:
            base, rest = _crate_named(other, code) or at, parts[1:] if _crate_named(other, code) else parts
    for taken in range(len(rest), -1, -1):
        stem = posixpath.join(base, *rest[:taken])
        files = (f"{stem}.rs", f"{stem}/mod.rs", f"{stem}/lib.rs", f"{stem}/main.rs")
        found = [each for each in (one.lstrip("/") for one in files) if each in code.paths and each != path]
        if found:
            return tuple(found[:1])
    return ()


def _rust_module(path: str) -> str:
    """The folder in which the modules inside a file stand."""
    folder, name = posixpath.split(path)
    return folder if name in ("mod.rs", "lib.rs", "main.rs") else posixpath.join(folder, name.removesuffix(".rs"))


def _crate_of(path: str, code: Code) -> str:
    folder = posixpath.dirname(path)
    while folder:
        if any(f"{folder}/{name}" in code.paths for name in ("lib.rs", "main.rs")):
            return folder
        if posixpath.basename(folder) in ("tests", "benches", "examples"):
            return folder  # each file right there is the root of a crate
        folder = posixpath.dirname(folder)
    return "src"


def _crate_named(name: str, code: Code) -> str | None:
    for spelled in dict.fromkeys((name, name.replace("_", "-"), re.sub(r"^[a-z]+_", "", name))):
        for file in code.named("lib.rs"):
            if f"/{file}".endswith(f"/{spelled}/src/lib.rs"):
                return posixpath.dirname(file)
    return None


def _include(one: Import, path: str, code: Code) -> tuple[str, ...]:
    module = posixpath.normpath(one.module.strip('<>"'))
    near = posixpath.normpath(posixpath.join(posixpath.dirname(path), module))
    found = (
        (near,)
        if near in code.paths
        else _ending([posixpath.basename(module)], posixpath.splitext(module)[0], path, code)
    )
    stems = [posixpath.splitext(file)[0] for file in found if file.endswith(_HEADERS)]
    names = [posixpath.basename(stem) + end for stem in stems for end in _SOURCES]
    # A header announces, another file defines.
    return (*found, *(file for name in names for file in _nearest(code.named(name), path)[:1]))


def _ruby(one: Import, path: str, code: Code) -> tuple[str, ...]:
    return _script_file(one.module, ".rb", path, code)


def _bash(one: Import, path: str, code: Code) -> tuple[str, ...]:
    return _script_file(_VARIABLE.sub("", one.module), "", path, code)


def _script_file(module: str, ending: str, path: str, code: Code) -> tuple[str, ...]:
    name = module if not ending or module.endswith(ending) else module + ending
    near = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
    if near in code.paths:
        return (near,)
    plain = re.sub(r"^(?:\.\.?/)+", "", name)
    return _ending([posixpath.basename(plain)], posixpath.splitext(plain)[0], path, code)[:1]


def _php(one: Import, path: str, code: Code) -> tuple[str, ...]:
    if one.name == "*" or "/" in one.module:
        return _script_file(one.module, ".php", path, code)
    parts = [part for part in one.module.split("\\") if part]
    if one.name is not None:
        parts.append(one.name)
    if not parts:
        return ()
    # PSR-4 maps some leading part of the namespace to some folder: the longest common end wins.
    wanted = [*parts[:-1], f"{parts[-1]}.php"]
    return tuple(sorted(code.named(wanted[-1]), key=lambda file: (-_common_end(file.split("/"), wanted), file))[:1])


def _csharp(one: Import, path: str, code: Code) -> tuple[str, ...]:
    parts = [part for part in one.module.split(".") if part]
    for skipped in range(len(parts)):
        found = _folders("/".join(parts[skipped:]), (".cs",), path, code)
        if found:
            return tuple(found[:_MOST])
    return ()


def _ending(names: Iterable[str], stem: str, path: str, code: Code) -> tuple[str, ...]:
    """The files of these names whose path ends with `stem`, nearest first."""
    found = [
        file for name in names for file in code.named(name) if posixpath.splitext(f"/{file}")[0].endswith(f"/{stem}")
    ]
    return tuple(_nearest(found, path)[:2])


def _folders(end: str, endings: tuple[str, ...], path: str, code: Code) -> list[str]:
    """The files of the folders whose path ends with `end`, nearest first."""
    folders = [one for one in code.folders_named(end.rpartition("/")[2]) if f"/{one}".endswith(f"/{end}")]
    return _nearest((file for one in folders for file in _in_folder(one, endings, code)), path)


def _in_folder(folder: str, endings: tuple[str, ...], code: Code) -> list[str]:
    return [one for one in code.in_folder(folder) if one.endswith(endings)]


def _nearest(files: Iterable[str], path: str) -> list[str]:
    def shared(file: str) -> int:
        return len(posixpath.commonprefix([file.split("/")[:-1], path.split("/")[:-1]]))

    return sorted(files, key=lambda file: (-shared(file), len(file), file))


def _common_end(one: Sequence[str], other: Sequence[str]) -> int:
    count = 0
    for mine, theirs in zip(reversed(one), reversed(other), strict=False):
        if mine.lower() != theirs.lower():
            break
        count += 1
    return count


_FINDERS: dict[Language, Callable[[Import, str, Code], tuple[str, ...]]] = {
    "java": _jvm,
    "kotlin": _jvm,
    "scala": _jvm,
    "rust": _rust,
    "c": _include,
    "cpp": _include,
    "ruby": _ruby,
    "php": _php,
    "csharp": _csharp,
    "bash": _bash,
}
