"""From an import as written to the files of the repository that it can mean."""

from __future__ import annotations

import posixpath
import re

from rebuttal.context.code import Code
from rebuttal.context.import_paths import beside, paths_of
from rebuttal.context.script_paths import script_files
from rebuttal.text.languages import Language, language_of
from rebuttal.text.model import Import

_MODULE = re.compile(r"^module\s+\"?([^\s\"]+)", re.MULTILINE)


def files_of(one: Import, path: str, language: Language, code: Code) -> tuple[str, ...]:
    """The files that an import in `path` can mean, likeliest first; none where it leaves the repository."""
    if language == "python":
        return _python(one, path, code)
    if language == "go":
        return _go(one.module, code)
    if language in ("javascript", "typescript", "tsx"):
        return script_files(one.module, path, code)
    return paths_of(one, path, language, code)


def package_of(path: str, code: Code, name: str = "") -> tuple[str, ...]:
    """The other files that share their names with `path` without an import, and may define `name`.

    Go: all files of the package, tests included."""
    language = language_of(path)
    if language == "go":
        return tuple(other for other in _go_files(posixpath.dirname(path), code) if other != path)
    return beside(path, name, language, code) if language is not None else ()


def leads_to(target: str, files: tuple[str, ...]) -> bool:
    """Whether an import of `files` can bring names of `target`: itself, or a package around it that passes them on."""
    if target in files:
        return True
    for file in files:
        folder, name = posixpath.split(file)
        if name.startswith(("__init__.", "index.")) and target.startswith(f"{folder}/" if folder else ""):
            return True
    return False


def _python(one: Import, path: str, code: Code) -> tuple[str, ...]:
    module = one.module.lstrip(".")
    dots = len(one.module) - len(module)
    parts = module.split(".") if module else []
    # `from a import b`: b may be a module of the package a.
    longer = [*parts, one.name] if one.name not in (None, "*", "") else None
    tried = [longer, parts] if longer is not None else [parts]
    for names in tried:
        found = _python_files([str(name) for name in names or ()], path, dots, code)
        if found:
            return found
    return ()


def _python_files(parts: list[str], path: str, dots: int, code: Code) -> tuple[str, ...]:
    if dots:
        folder = posixpath.dirname(path)
        for _ in range(dots - 1):
            folder = posixpath.dirname(folder)
        stem = "/".join([*([folder] if folder else []), *parts])
        names = (f"{stem}.py", f"{stem}.pyi", f"{stem}/__init__.py" if stem else "__init__.py")
        return tuple(name for name in names if name in code.paths)
    if not parts:
        return ()
    tail = "/".join(parts)
    candidates = [*code.named(f"{parts[-1]}.py"), *code.named("__init__.py")]
    endings = (f"/{tail}.py", f"/{tail}/__init__.py")
    found = [one for one in candidates if f"/{one}".endswith(endings)]
    # `import json` must not mean tools/json.py: a module of one part stands at the top or beside the importer.
    if len(parts) == 1:
        found = [one for one in found if _is_at_top(one, path, code)]
    return tuple(sorted(found, key=lambda one: (-_shared(one, path), len(one), one))[:3])


def _is_at_top(file: str, importer: str, code: Code) -> bool:
    folder = posixpath.dirname(file.removesuffix("/__init__.py"))
    if folder in ("", "src", "lib", "python", "server"):
        return True
    return folder == posixpath.dirname(importer) and f"{folder}/__init__.py" not in code.paths


def _shared(one: str, other: str) -> int:
    return len(posixpath.commonprefix([one.split("/")[:-1], other.split("/")[:-1]]))


def _go(module: str, code: Code) -> tuple[str, ...]:
    for mod in code.named("go.mod"):
        source = code.source(mod)
        name = _MODULE.search(source.text) if source is not None else None
        if name is None or not (module == name.group(1) or module.startswith(name.group(1) + "/")):
            continue
        folder = posixpath.join(posixpath.dirname(mod), module[len(name.group(1)) + 1 :]).rstrip("/")
        return tuple(one for one in _go_files(folder, code) if not one.endswith("_test.go"))
    return ()


def _go_files(folder: str, code: Code) -> list[str]:
    return [one for one in code.in_folder(folder) if one.endswith(".go")]
