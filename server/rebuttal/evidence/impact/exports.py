"""What offers, runs or links something that the change took away: `__all__`, entry points, names in strings, paths."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from attrs import frozen

from rebuttal.change.model import FileDiff
from rebuttal.evidence.impact.code import Source
from rebuttal.evidence.impact.documents import is_history
from rebuttal.evidence.impact.gone import Gone, gone, words_in
from rebuttal.evidence.impact.ground import MANY_FILES, RELATED, Ground, how_many, places
from rebuttal.evidence.model import Fact, Material, one_line
from rebuttal.evidence.rules import Rule
from rebuttal.evidence.seats import ARCHITECT
from rebuttal.findings.model import Related
from rebuttal.text.languages import language_of
from rebuttal.text.positions import LineIndex

EXPORT = Rule(
    "impact:export",
    "Something that is gone is still offered",
    "What is offered, run or linked by a name that is gone fails where it is used.",
    "medium",
    "correctness",
    ARCHITECT,
)
RULES = (EXPORT,)

MANY_MOVED = 100
"""Files that a change may take away or move and have looked for."""
_CONFIG = (
    *(".yml", ".yaml", ".toml", ".json", ".json5", ".cfg", ".ini", ".sh", ".bash", ".mk", ".cmake", ".gradle", ".kts"),
    *(".ps1", ".bat", ".in", ".csproj", ".sln", ".props", ".xml", ".gemspec", ".bazel", ".bzl", ".nix"),
)
_CONFIG_NAMES = re.compile(
    r"(?:^|/)(?:(?:GNU)?[Mm]akefile(?:\.\w+)?|Dockerfile[\w.-]*|Procfile|Jenkinsfile|[Jj]ustfile|CMakeLists\.txt|"
    r"MANIFEST\.in|Rakefile|BUILD|meson\.build|\.pre-commit-config\.yaml|CODEOWNERS)$"
)
_LOCKS = re.compile(
    r"(?:^|/)(?:package-lock\.json|[\w.-]*\.lock|pnpm-lock\.yaml|go\.sum|[\w.-]*\.min\.\w+|[\w.-]*\.map)$"
)
_DOCS = (".md", ".mdx", ".rst", ".adoc", ".html")
_ASSETS = re.compile(r"\.(?!py$|[cm]?[jt]sx?$|go$|rs$|java$|rb$|php$|cs$|kts?$|scala$|swift$)\w+$")
"""What code names by its path, not by importing a module of its language."""
_COMMENT = re.compile(r"^\s*(?:#(?!include)|//|/\*|\*|;|<!--|--\s|rem\b)")
_TOKEN = re.compile(r"[\w@./+-]+")
_ALL = re.compile(r"^__all__\s*(?::[^=\n]*)?\+?=\s*[\[(]([^\])]*)[\])]", re.MULTILINE)
_OPEN = re.compile(r"\b__getattr__\b|\bimport \*|\bglobals\(\)|__all__ \+= |__all__\.extend|lazy")
_PLAIN = frozenset({"__init__.py", "index.js", "index.ts", "README.md", "mod.rs", "LICENSE", ".gitignore"})


@frozen
class Moved:
    """A file that no longer stands where it stood."""

    diff: FileDiff
    path: str

    @property
    def name(self) -> str:
        return posixpath.basename(self.path)

    @property
    def dotted(self) -> str | None:
        """As Python names it from its topmost folder; None where that is one word."""
        if not self.path.endswith(".py") or "/" not in self.path:
            return None
        return self.path.removesuffix(".py").replace("/", ".")


def moved(material: Material) -> tuple[Moved, ...]:
    def make() -> tuple[Moved, ...]:
        found = []
        for diff in material.files:
            if diff.status == "deleted" or (diff.status == "renamed" and diff.old_path):
                path = diff.old_path or diff.path
                if posixpath.basename(path) not in _PLAIN:
                    found.append(Moved(diff, path))
        return tuple(found) if len(found) <= MANY_MOVED else ()

    return material.once("impact moved", make)


def words(material: Material) -> Iterator[str]:
    for one in moved(material):
        yield one.name
        if one.dotted is not None:
            yield one.dotted.rpartition(".")[2]
    for name in _python_names(material):
        yield name.name


def _python_names(material: Material) -> Iterator[Gone]:
    """Names at the top of Python modules that stay."""
    for one in gone(material):
        if one.symbol is not None and one.symbol.parent is None and one.diff.path.endswith(".py"):
            yield one


def check(ground: Ground) -> Iterator[Fact]:
    """Facts about `__all__`, names in strings and settings, and paths."""
    look = ground.deadline("exports and paths")
    for diff in ground.material.files:
        yield from _all(ground, diff)
    for one in _python_names(ground.material):
        look()
        found = list(_dotted(ground, one))
        if found:
            yield _name_fact(one, found)
    for file in moved(ground.material):
        look()
        found = [*_by_path(ground, file), *_by_module(ground, file)]
        if found:
            yield _path_fact(file, found)


# --- __all__ of a package, which ruff leaves alone


def _all(ground: Ground, diff: FileDiff) -> Iterator[Fact]:
    text, old = diff.new_text, diff.old_text
    if not diff.path.endswith("__init__.py") or text is None or old is None or _OPEN.search(text):
        return
    listed = _ALL.search(text)
    if listed is None:
        return
    rest = words_in(text[: listed.start()] + text[listed.end() :])
    was = _ALL.search(old)
    before = words_in(old[: was.start()] + old[was.end() :]) if was else words_in(old)
    folder = posixpath.dirname(diff.path)
    for found in re.finditer(r"['\"](\w+)['\"]", listed[1]):
        name = found[1]
        submodule = {posixpath.join(folder, f"{name}{end}") for end in (".py", "/__init__.py", ".pyi", ".so", ".pyx")}
        if name in rest or name not in before or submodule & ground.code.paths:
            continue
        start = listed.start(1) + found.start(1)
        line = text.count("\n", 0, start)
        yield EXPORT.fact(
            diff,
            line,
            line,
            f"`__all__` lists `{name}`, which this change took out of the module: `from … import *` fails with it.",
            title=f"`__all__` lists `{name}`, which is gone",
            severity="high",
            where=LineIndex(text).range(start, start + len(name)),
        )


# --- names of modules' members in strings and settings


def _dotted(ground: Ground, one: Gone) -> Iterator[Related]:
    """`package.module.name` and `package.module:name` in strings, settings and scripts."""
    hits = ground.places.get(one.name, {})
    if not hits or len(hits) > MANY_FILES:
        return
    stem = (one.diff.old_path or one.diff.path).removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    tail = stem.rpartition(".")[2]
    wanted = re.compile(rf"(?<![\w.])((?:\w+\.)*{re.escape(tail)})([.:]){re.escape(one.name)}(?!\w)")
    for path, lines in sorted(hits.items()):
        source = ground.code.source(path)
        if source is None or is_history(path) or not (_is_config(path) or path.endswith((".py", ".rst"))):
            continue
        text = source.text.split("\n")
        for line in lines:
            found = wanted.search(text[line]) if line < len(text) else None
            if found is None or not _is_module(ground, one, stem, found[1], found[2]) or _lets_go(text, line):
                continue
            if _is_named_there(path, text[line], found) and not _is_new(ground, path, line):
                yield _related(source, text, line, found.start(), found.end(), f"names `{found[0]}`")


def _is_module(ground: Ground, one: Gone, stem: str, written: str, sign: str) -> bool:
    if stem != written and not stem.endswith("." + written):
        return False
    return sign == ":" or "." in written or stem == written


def _is_named_there(path: str, line: str, found: re.Match[str]) -> bool:
    """Whether a line uses the name where no import would be refused: in a string, in settings, in a directive."""
    if _COMMENT.match(line):
        return False
    if path.endswith(".rst"):
        return re.match(r"\s*\.\. auto\w+::", line) is not None
    if path.endswith(".py"):
        before, after = line[: found.start()], line[found.end() :]
        return before[-1:] in ("'", '"') and after[:1] in ("'", '"', ".", "(", ":")
    return True


# --- paths

_REMOVES = re.compile(r"(?:^|[\s;&|])(?:rm|rmdir|del|unlink|git clean|Remove-Item)\s", re.IGNORECASE)
_LEAVES_OUT = re.compile(r"(?:exclu|ignor|\bomit|\bskip|\bexcept|prune)\w*['\"]?\s*(?:[:=\[]|$)", re.IGNORECASE)
_LIST = 80
"""Lines of a list that are looked through for what it is a list of."""


def _by_path(ground: Ground, one: Moved) -> Iterator[Related]:
    hits = ground.places.get(one.name, {})
    if not hits or len(hits) > 3 * MANY_FILES:
        return
    for path, lines in sorted(hits.items()):
        kind = _kind_of(path, one)
        if kind is None:
            continue
        source = ground.code.source(path)
        text = source.text.split("\n") if source is not None else []
        for line in lines:
            if source is None or line >= len(text) or _COMMENT.match(text[line]) or _is_new(ground, path, line):
                continue
            if kind == "config" and _lets_go(text, line):
                continue
            for found in _TOKEN.finditer(text[line]):
                if found[0].endswith(one.name) and _means(ground, one, path, kind, text[line], found):
                    yield _related(source, text, line, found.start(), found.end(), f"names {one_line(found[0], 80)}")
                    break


def _by_module(ground: Ground, one: Moved) -> Iterator[Related]:
    """`package.module` in settings and scripts: entry points, `python -m`, lists of plug-ins."""
    if one.dotted is None:
        return
    stem = one.dotted.rpartition(".")[2]
    hits = ground.places.get(stem, {})
    if len(hits) > 3 * MANY_FILES:
        return
    wanted = re.compile(rf"(?<![\w./])(?<!(?<!mypy)-)((?:\w+\.)+{re.escape(stem)})(?![\w/-])")
    for path, lines in sorted(hits.items()):
        source = ground.code.source(path) if _is_config(path) and not _LOCKS.search(path) else None
        if source is None or is_history(path):
            continue
        text = source.text.split("\n")
        for line in lines:
            found = wanted.search(text[line]) if line < len(text) else None
            if found is None or _COMMENT.match(text[line]) or _is_new(ground, path, line):
                continue
            if f".{one.dotted}".endswith("." + found[1]) and not _is_still_module(ground, found[1]):
                yield _related(source, text, line, found.start(), found.end(), f"names {found[1]}")


def _is_still_module(ground: Ground, dotted: str) -> bool:
    tail = dotted.replace(".", "/")
    return any(
        path in (f"{tail}.py", f"{tail}/__init__.py") or path.endswith((f"/{tail}.py", f"/{tail}/__init__.py"))
        for path in ground.code.paths
    )


def _kind_of(path: str, one: Moved) -> str | None:
    if _LOCKS.search(path) or is_history(path) or path == one.diff.path:
        return None
    if _is_config(path):
        return "config"
    if path.endswith(_DOCS):
        return "document"
    return "code" if language_of(path) is not None and _ASSETS.search(one.path) else None


def _is_config(path: str) -> bool:
    return path.endswith(_CONFIG) or _CONFIG_NAMES.search(path) is not None


def _means(ground: Ground, one: Moved, path: str, kind: str, line: str, found: re.Match[str]) -> bool:
    """Whether what is written there is the path of the file that is gone, and of no other."""
    written, before = found[0], line[: found.start()]
    if before.endswith(("$", "{", "}", "*", "%", "~", ")", ">")) or "://" in line[: found.end()].rpartition(" ")[2]:
        return False
    folder = posixpath.dirname(path)
    beside = posixpath.normpath(posixpath.join(folder, written))
    root = posixpath.normpath(written.lstrip("/"))
    if ground.code.paths & {beside, root} or one.path not in (beside, root):
        return False
    bare = "/" not in written
    if kind == "document":
        return beside == one.path and before.endswith("](")
    if kind == "code":
        include = re.match(r"\s*#\s*include\s*\"", line) is not None
        dotted = written.startswith(("./", "../"))
        return beside == one.path and (include or (dotted and before[-1:] in ("'", '"', "`")))
    if _WRITES.search(before) and not line[found.end() :].strip("\"' \t\r\n"):
        return False
    return not bare or folder == posixpath.dirname(one.path)


_WRITES = re.compile(r"(?:^|[\s;&|@])(?:cp|mv|install|ln|ditto)\s+\S.*\s[\"']?$|>\s*[\"']?$|\s-o\s*[\"']?$")
"""What stands last in such a command is made by it."""


def _lets_go(text: list[str], line: int) -> bool:
    """Whether a line removes, ignores or leaves out what it names: then it may well not be there."""
    if _REMOVES.search(text[line]) or _LEAVES_OUT.search(text[line]):
        return True
    width = len(text[line]) - len(text[line].lstrip())
    for above in reversed(text[max(0, line - _LIST) : line]):
        indent, opens = len(above) - len(above.lstrip()), above.rstrip().endswith(":")
        if above.strip() and not _COMMENT.match(above) and (indent < width or (indent == width and opens)):
            return _LEAVES_OUT.search(above) is not None
    return False


def _is_new(ground: Ground, path: str, line: int) -> bool:
    diff = ground.material.change.file(path)
    return diff is not None and line in diff.added_lines


def _related(source: Source, text: list[str], line: int, start: int, end: int, message: str) -> Related:
    before = sum(len(above) + 1 for above in text[:line])
    return Related(source.path, source.index.range(before + start, before + end), message)


def _name_fact(one: Gone, found: list[Related]) -> Fact:
    verb = "names" if len(found) == 1 else "name"
    entry = any(_is_config(place.file) for place in found)
    return EXPORT.fact(
        one.diff,
        one.line,
        one.line,
        f"`{one.name}` is gone from {one.diff.path}, but {how_many(found, 'place')} still {verb} it by its module, "
        f"where no import would be missed: {places(found)}.",
        title=f"`{one.name}` is gone but is still named by its module",
        severity="high" if entry else "medium",
        side="old",
        where=LineIndex(one.diff.old_text or "").range(one.start_offset, one.start_offset + len(one.name)),
        related=tuple(found[:RELATED]),
    )


def _path_fact(one: Moved, found: list[Related]) -> Fact:
    verb = "names" if len(found) == 1 else "name"
    was = f"was moved to {one.diff.path}" if one.diff.status == "renamed" else "was deleted"
    documents = all(place.file.endswith(_DOCS) for place in found)
    return EXPORT.fact(
        one.diff,
        0,
        0,
        f"{one.path} {was}, but {how_many(found, 'place')} still {verb} its path: {places(found)}.",
        title="A path that is gone is still used",
        severity="low" if documents else "medium",
        side="new" if one.diff.status == "renamed" and one.diff.new_text else "old",
        related=tuple(found[:RELATED]),
    )
