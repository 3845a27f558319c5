"""Which linters the base of a change configures, for which of its files, and whether they are installed."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Any

from attrs import define, field, frozen

from rebuttal.change.model import Change, FileDiff, Tree
from rebuttal.evidence.linting.tool import Tool

_HOOKS = ".pre-commit-config.yaml"
_VENVS = (".venv", "venv", "env")
_RELATIVE = re.compile(r"""(?<![\w.])\.{1,2}/[\w@./+-]+""")
_SUFFIXES = ("", ".js", ".mjs", ".cjs", ".ts", ".json", ".yml", ".yaml", "/index.js", "/index.mjs", "/index.ts")
MAX_INPUTS = 60
MAX_FILES = 300
MAX_CHARACTERS = 1_000_000


@frozen
class Task:
    """A linter, the folder that its configuration is in, and the changed files that it is to look at."""

    tool: Tool
    folder: str
    """Root-relative; "" is the root."""
    config: str
    """Root-relative path of the configuration: a file, or a folder of rules."""
    files: tuple[FileDiff, ...]


@frozen
class Installed:
    """A linter that is there."""

    command: tuple[str, ...]
    path: Path
    """What its kind and version are told by."""
    within: str
    """The folder of the repository that it stands in (`node_modules`, `.venv`), root-relative; "" for none."""

    @property
    def identity(self) -> str:
        """Another text for another version."""
        manifest = next((one for one in (up / "package.json" for up in self.path.parents[:3]) if one.is_file()), None)
        stat = (manifest if manifest is not None and self.within.endswith("node_modules") else self.path).stat()
        return f"{self.path}:{stat.st_mtime_ns}:{stat.st_size}"


@define
class Configured:
    """The configurations of linters in one tree: the base's."""

    tree: Tree
    _texts: dict[str, str | None] = field(factory=dict)
    _found: dict[tuple[str, str], str | None] = field(factory=dict)

    def tasks(self, tools: Iterable[Tool], files: Iterable[FileDiff]) -> list[Task]:
        """What is to be run: at most one task for a linter and a folder."""
        groups: dict[tuple[str, str], tuple[Tool, str, list[FileDiff]]] = {}
        given = [diff for diff in files if diff.new_text is not None and diff.new_cells is None]
        for tool in tools:
            for diff in given:
                if not tool.takes(diff.path):
                    continue
                found = self.nearest(tool, folder_of(diff.path))
                if found is not None and found[1] != diff.path:
                    groups.setdefault((tool.name, found[0]), (tool, found[1], []))[2].append(diff)
        return [Task(tool, key[1], config, tuple(diffs)) for key, (tool, config, diffs) in groups.items()]

    def nearest(self, tool: Tool, folder: str) -> tuple[str, str] | None:
        """The folder and the path of the configuration that holds for the files of a folder."""
        for above in upwards(folder):
            config = self._in(tool, above)
            if config is not None:
                return above, config
        return None

    def inputs(self, task: Task) -> dict[str, str]:
        """The base's texts that the linter reads besides the files, by path: its configuration and what that names."""
        wanted = (*task.tool.configs, *task.tool.beside, *(name for name, _ in task.tool.sections))
        above = set(upwards(task.folder))
        folders = above | {one for diff in task.files for one in upwards(folder_of(diff.path))}
        found: dict[str, str] = {}
        for path in sorted(self.tree.paths()):
            folder, _, name = path.rpartition("/")
            named = folder in folders and any(fnmatchcase(name, pattern) for pattern in wanted)
            if named or path == task.config or path.startswith(f"{task.config}/"):
                self._add(path, found)
        return found

    def _add(self, path: str, found: dict[str, str]) -> None:
        """A file, and the files of the repository that it names by a relative path."""
        if path in found or len(found) >= MAX_INPUTS or (text := self._text(path)) is None:
            return
        found[path] = text
        for match in _RELATIVE.finditer(text):
            named = os.path.normpath(f"{folder_of(path) or '.'}/{match[0]}").replace(os.sep, "/")
            for suffix in _SUFFIXES:
                if named + suffix in self.tree.paths():
                    self._add(named + suffix, found)
                    break

    def _in(self, tool: Tool, folder: str) -> str | None:
        key = (tool.name, folder)
        if key not in self._found:
            self._found[key] = self._look(tool, folder)
        return self._found[key]

    def _look(self, tool: Tool, folder: str) -> str | None:
        paths = self.tree.paths()
        for name in tool.configs:
            if join(folder, name) in paths:
                return join(folder, name)
        if tool.config_folder:
            start = join(folder, tool.config_folder)
            if start in self._folders:
                return start
        for name, section in tool.sections:
            path = join(folder, name)
            if path in paths and section_of(name, self._text(path), section) is not None:
                return path
        hooks = join(folder, _HOOKS)
        if tool.hook and hooks in paths and _has_hook(self._text(hooks) or "", tool.hook):
            return hooks
        return None

    @cached_property
    def _folders(self) -> frozenset[str]:
        """Every folder that holds a file, however deep."""
        direct = {folder_of(path) for path in self.tree.paths()}
        return frozenset(above for folder in direct for above in upwards(folder))

    def _text(self, path: str) -> str | None:
        if path not in self._texts:
            self._texts[path] = self.tree.read(path)
        return self._texts[path]


def altered(task: Task, inputs: Mapping[str, str], change: Change) -> str | None:
    """The path of a configuration of the linter that the change alters, adds or removes; None where it does not."""
    sections = dict(task.tool.sections)
    for diff in change.files:
        name = diff.path.rpartition("/")[2]
        if name in sections and diff.path != task.config and diff.path not in inputs:
            continue
        if name in sections:
            before = section_of(name, diff.old_text, sections[name])
            if before != section_of(name, diff.new_text, sections[name]):
                return diff.path
        elif diff.path in inputs or name in task.tool.configs or (diff.old_path or "") in inputs:
            return diff.path
    return None


def find_installed(tool: Tool, root: Path, folder: str, environment: Mapping[str, str]) -> Installed | None:
    """The linter that the project has of its own, else the one on the PATH."""
    path = environment.get("PATH") or environment.get("Path") or ""
    for above in upwards(folder):
        here = root / above
        if tool.node and (script := here / "node_modules" / tool.node).is_file():
            node = _on_path("node", path, root)
            return Installed((str(node), str(script)), script, join(above, "node_modules")) if node else None
        for venv in _VENVS:
            program = here / venv / ("Scripts" if os.name == "nt" else "bin") / _file(tool.program)
            if program.is_file():
                return Installed((str(program),), program, join(above, venv))
    found = _on_path(tool.program, path, root)
    return None if found is None else Installed((str(found),), found, "")


def meddled(installed: Installed, change: Change) -> bool:
    """Whether the change itself brings the program, or what it would load."""
    if not installed.within:
        return False
    start = f"{installed.within}/"
    paths = [diff.path for diff in change.files] + [one.file for one in change.skipped]
    return any(path.startswith(start) for path in paths) or _links_to(installed, change, paths)


def _links_to(installed: Installed, change: Change, paths: list[str]) -> bool:
    """Whether a package of the repository itself, linked among the installed ones, is altered by the change."""
    if not installed.within.endswith("node_modules"):
        return False
    modules = change.root / installed.within
    for entry in (*modules.glob("*"), *modules.glob("@*/*")):
        if entry.is_symlink():
            target = os.path.relpath(os.path.realpath(entry), os.path.realpath(change.root)).replace(os.sep, "/")
            if any(path.startswith(f"{target}/") for path in paths):
                return True
    return False


def small(files: Iterable[FileDiff]) -> list[FileDiff]:
    """Those of the files that linters are given: neither too many nor too large."""
    return [
        diff
        for diff in files
        if len(diff.new_text or "") <= MAX_CHARACTERS and len(diff.old_text or "") <= MAX_CHARACTERS
    ][:MAX_FILES]


def upwards(folder: str) -> Iterator[str]:
    """A folder and those above it, to the root."""
    yield folder
    while folder:
        folder = folder.rpartition("/")[0]
        yield folder


def folder_of(path: str) -> str:
    return path.rpartition("/")[0]


def join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def section_of(name: str, text: str | None, section: str) -> Any:
    """What a shared file says of one linter; None where it says nothing, or cannot be read."""
    if text is None:
        return None
    if name.endswith(".toml"):
        return _table(_toml(text), section.split("."))
    if name.endswith(".json"):
        import json

        try:
            return _table(json.loads(text), [section])
        except (ValueError, RecursionError):
            return None
    parts = re.split(r"^(?=\[)", text, flags=re.MULTILINE)
    own = [part for part in parts if part.startswith(section) or part.startswith(section[:-1] + "-")]
    return own if any(part.startswith(section) for part in own) else None


def _toml(text: str) -> Any:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        return None


def _table(data: Any, keys: list[str]) -> Any:
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def _has_hook(text: str, hook: str) -> bool:
    return (
        re.search(rf"^\s*-?\s*id:\s*['\"]?{re.escape(hook)}(?:-py|-docker)?['\"]?\s*(?:#.*)?$", text, re.M) is not None
    )


def _file(program: str) -> str:
    return f"{program}.exe" if os.name == "nt" else program


def _on_path(program: str, path: str, root: Path) -> Path | None:
    """A program in an absolute folder of the PATH, outside the repository."""
    for entry in path.split(os.pathsep):
        folder = Path(entry)
        if not entry or not folder.is_absolute() or folder.is_relative_to(root):
            continue
        file = folder / _file(program)
        if file.is_file() and os.access(file, os.X_OK):
            return file
    return None
