"""What else a reviewer may need to see, with the reason and how much it matters (0 to 1).

Names are resolved by imports first; where none tells, only a definition that is unique in the repository counts.
A guess that is often wrong is worse than nothing: studies find that more context makes a review worse.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from attrs import frozen

from rebuttal.change.model import FileDiff, Match, Tree
from rebuttal.context.code import Code
from rebuttal.context.diff import HEADER_LINES
from rebuttal.context.imports import files_of, leads_to, package_of
from rebuttal.context.packing import Candidate
from rebuttal.text.languages import Language
from rebuttal.text.model import Import, Reference, Symbol
from rebuttal.text.positions import git_lines
from rebuttal.text.symbols import enclosing

ENCLOSING, OUTLINE = 0.9, 0.65
DEFINITION_HERE, DEFINITION_CALLED, DEFINITION_USED, DEFINITION_GUESSED = 0.85, 0.85, 0.75, 0.5
CALLER_BROKEN, CALLER, CALLER_GUESSED = 0.95, 0.7, 0.45
TEST_BROKEN, TEST = 0.6, 0.55
GUIDELINE_REVIEW, GUIDELINE = 0.8, 0.6

GUIDELINES = ("REVIEW.md", "AGENTS.md", "CLAUDE.md", ".cursorrules", ".github/copilot-instructions.md")
CALLERS_OF_ONE = 8
"""How many callers of one symbol are shown: more add little, and their number is in the reason."""
MAX_WANTED = 60
"""How many names are searched for in the whole repository."""
_DISTINCTIVE = 5
_GLOBS: Mapping[str, tuple[str, ...]] = {
    "python": ("*.py", "*.pyi"),
    "go": ("*.go",),
    "script": ("*.ts", "*.tsx", "*.js", "*.jsx", "*.mjs", "*.cjs", "*.mts", "*.cts"),
}
_DEFINES = re.compile(
    r"\b(?:def|class|func|function|const|let|var|type|interface|enum)\b|^\s*(?:[\w<>\[\]]+\s+)*\w+\s*\("
)
_TEST = re.compile(
    r"(?:^|/)(?:tests?|__tests__|specs?)/|(?:^|/)(?:test_[^/]*|conftest)\.py$|_test\.(?:py|go)$|\.(?:test|spec)\.\w+$"
)
_TOP: tuple[str | None, ...] = (None, "namespace")


@frozen
class Changed:
    """A definition that the change touches."""

    file: str
    symbol: Symbol
    old: Symbol | None
    """As it was before; None for a new one."""
    broken: bool
    """Its signature changed, or it is gone: whoever uses it may break."""
    gone: bool = False
    old_file: str | None = None
    """Where the file was moved from: others may still import it from there."""


def is_test(path: str) -> bool:
    """Whether a file of this name holds tests."""
    return bool(_TEST.search(path))


def family(language: Language | None) -> str | None:
    """Languages that call each other: JavaScript and TypeScript are one."""
    return "script" if language in ("javascript", "typescript", "tsx") else language


def around(diff: FileDiff, code: Code) -> Iterator[Candidate]:
    """The definitions that hold the changed lines: the function whole, its class as an outline."""
    symbols = code.symbols(diff.path)
    for line in sorted(touched_lines(diff)):
        inner = enclosing([one for one in symbols if one.kind in ("function", "method")], line)
        if inner is not None:
            yield _whole(diff.path, inner, f"{inner.qualified} holds changed lines", ENCLOSING, _added_names(diff))
        outer = enclosing([one for one in symbols if one.kind in ("class", "interface")], line)
        if outer is not None:
            only = frozenset(_outline(outer, symbols))
            reason = f"outline of {outer.qualified}, which holds changed lines"
            yield Candidate(diff.path, "new", outer.start_line, outer.end_line, reason, OUTLINE, only=only)


def touched_lines(diff: FileDiff) -> set[int]:
    """Lines of the new side that were added, or before which lines were taken out."""
    return {line for hunk in diff.hunks for line in (*hunk.new_lines, hunk.new_start)}


def _outline(outer: Symbol, symbols: Iterable[Symbol]) -> Iterator[int]:
    yield from range(outer.start_line, outer.start_line + 1)
    yield from _header(outer)
    for one in symbols:
        if outer.start_line < one.start_line and one.end_line <= outer.end_line:
            direct = one.qualified.rpartition(".")[0] == outer.qualified
            if direct and one.kind in ("field", "variable", "constant"):
                yield from range(one.start_line, min(one.end_line, one.start_line + 2) + 1)
            elif direct:
                yield from _header(one)


def _header(symbol: Symbol) -> range:
    last = min(max(symbol.header_end_line, symbol.name_line), symbol.start_line + HEADER_LINES - 1)
    return range(symbol.start_line, last + 1)


def _whole(file: str, symbol: Symbol, reason: str, score: float, names: Iterable[str] = ()) -> Candidate:
    signature = frozenset(_header(symbol))
    return Candidate(file, "new", symbol.start_line, symbol.end_line, reason, score, frozenset(names), signature)


def _added_names(diff: FileDiff) -> frozenset[str]:
    lines = git_lines(diff.new_text or "")
    words = (re.findall(r"[^\W\d]\w{3,}", lines[line]) for line in diff.added_lines if line < len(lines))
    return frozenset(word for found in words for word in found)


def changed_symbols(diff: FileDiff, old: Code, new: Code) -> list[Changed]:
    """The definitions that the change touches: altered, new, or gone."""
    before = {one.qualified: one for one in old.symbols(diff.old_path or diff.path)}
    after = {one.qualified: one for one in new.symbols(diff.path)}
    found: dict[str, Changed] = {}
    touched = touched_lines(diff)
    for one in after.values():
        if one.kind == "field" or not any(one.start_line <= line <= one.end_line for line in touched):
            continue
        was = before.get(one.qualified)
        broken = was is not None and _signature_of(was) != _signature_of(one)
        inner = enclosing(after.values(), one.name_line)
        if inner is one and (broken or was is None or _body_changed(one, diff, after.values())):
            found[one.qualified] = Changed(diff.path, one, was, broken, old_file=diff.old_path)
    for one in before.values():
        if one.qualified not in after and one.kind != "field" and _is_outermost(one, before):
            found[one.qualified] = Changed(diff.path, one, one, broken=True, gone=True, old_file=diff.old_path)
    return list(found.values())


def _signature_of(symbol: Symbol) -> tuple[object, ...]:
    return (symbol.kind, symbol.parameters, symbol.is_async, symbol.bases)


def _is_outermost(symbol: Symbol, before: Mapping[str, Symbol]) -> bool:
    """What stood inside a function cannot be named elsewhere."""
    return symbol.parent not in ("function", "method") and symbol.qualified in before


def _body_changed(symbol: Symbol, diff: FileDiff, symbols: Iterable[Symbol]) -> bool:
    """Whether a touched line belongs to this definition and to none inside it."""
    touched = [line for line in touched_lines(diff) if symbol.start_line <= line <= symbol.end_line]
    inside = [one for one in symbols if one.qualified.startswith(symbol.qualified + ".")]
    return any(not any(one.start_line <= line <= one.end_line for one in inside) for line in touched)


@frozen
class Wanted:
    """A name that an added line uses and no import explains."""

    name: str
    file: str
    family: str


class Definitions:
    """Finds the definitions of what added lines use."""

    def __init__(self, code: Code) -> None:
        self._code = code
        self.unresolved: dict[Wanted, None] = {}

    def of(self, diff: FileDiff) -> Iterator[Candidate]:
        """Definitions that imports, the same file or the same package tell; what is left is `unresolved`."""
        source = self._code.source(diff.path)
        if source is None or source.language is None:
            return
        added = diff.added_lines
        imports = {one.local: one for one in self._code.imports(diff.path) if one.local}
        local = {one.qualified: one for one in self._code.symbols(diff.path)}
        seen: set[tuple[str, str | None]] = set()
        for use in self._code.references(diff.path):
            key = (use.name, use.receiver)
            if use.line not in added or use.kind == "import" or key in seen:
                continue
            seen.add(key)
            yield from self._use(diff.path, use, imports, local, source.language)

    def guessed(self, matches: Mapping[str, Sequence[Match]]) -> Iterator[Candidate]:
        """Definitions that are unique in the repository, by the lines that name them."""
        for wanted in self.unresolved:
            defining = [one for one in matches.get(wanted.name, ()) if self._may_define(one, wanted)]
            files = list(dict.fromkeys(one.path for one in defining))
            if not 1 <= len(files) <= 4:
                continue
            found = [(file, one) for file in files for one in self._named(file, wanted.name)]
            if len(found) == 1 and found[0][0] != wanted.file:
                file, symbol = found[0]
                reason = f"the only definition of {wanted.name}, which {wanted.file} uses"
                yield _whole(file, symbol, reason, DEFINITION_GUESSED)

    def _may_define(self, match: Match, wanted: Wanted) -> bool:
        if is_test(match.path) and not is_test(wanted.file):
            return False
        lines = self._code.lines(match.path)
        return match.line < len(lines) and bool(_DEFINES.search(lines[match.line]))

    def _use(
        self, file: str, use: Reference, imports: Mapping[str, Import], local: Mapping[str, Symbol], language: Language
    ) -> Iterator[Candidate]:
        root = (use.receiver or use.name).split(".")[0].split("(")[0].split("[")[0]
        imported = imports.get(root)
        if imported is not None:
            yield from self._imported(file, use, imported, language)
        elif use.receiver in ("self", "cls", "this"):
            yield from self._here(file, use, local, self._holder(file, use.line))
        elif use.receiver is None and use.name in local:
            yield from self._here(file, use, local, None)
        elif language == "go" and use.receiver is None:
            yield from self._in_package(file, use)
        elif use.kind == "call" and use.receiver is not None and len(use.name) >= _DISTINCTIVE:
            self.unresolved[Wanted(use.name, file, family(language) or "")] = None

    def _holder(self, file: str, line: int) -> str | None:
        classes = [one for one in self._code.symbols(file) if one.kind == "class"]
        found = enclosing(classes, line)
        return found.qualified if found is not None else None

    def _here(self, file: str, use: Reference, local: Mapping[str, Symbol], holder: str | None) -> Iterator[Candidate]:
        symbol = local.get(f"{holder}.{use.name}" if holder else use.name)
        if symbol is not None and not symbol.start_line <= use.line <= symbol.end_line:
            yield _whole(file, symbol, f"definition of {symbol.qualified}, which added lines use", DEFINITION_HERE)

    def _in_package(self, file: str, use: Reference) -> Iterator[Candidate]:
        for other in package_of(file, self._code):
            for symbol in self._named(other, use.name, top=True):
                yield _whole(other, symbol, f"definition of {symbol.qualified}, which {file} uses", _weight(use))

    def _imported(self, file: str, use: Reference, imported: Import, language: Language) -> Iterator[Candidate]:
        name = use.name if use.receiver is not None else (imported.name or use.name)
        direct = imported.name if use.receiver is not None and imported.name not in (None, "*", "default") else None
        for target in files_of(imported, file, language, self._code):
            symbols = self._exported(target, name, imported, use, direct)
            for where, symbol in symbols:
                yield _whole(where, symbol, f"definition of {symbol.qualified}, which {file} uses", _weight(use))
            if symbols:
                return

    def _exported(
        self, target: str, name: str, imported: Import, use: Reference, direct: str | None
    ) -> list[tuple[str, Symbol]]:
        found = self._named(target, name, top=True)
        if not found and direct is not None:
            # `Class.method()` on an imported class, or an attribute of an imported object.
            found = [one for one in self._code.symbols(target) if one.qualified == f"{direct}.{use.name}"]
            found = found or self._named(target, direct, top=True)
        if not found and imported.name == "default":
            found = self._named(target, imported.local, top=True)
        if found:
            return [(target, found[0])]
        return self._passed_on(target, name)

    def _passed_on(self, target: str, name: str) -> list[tuple[str, Symbol]]:
        """One step behind a package that only passes a name on."""
        source = self._code.source(target)
        if source is None or source.language is None:
            return []
        for one in self._code.imports(target):
            if name in (one.local, one.name) or one.name == "*":
                for behind in files_of(one, target, source.language, self._code):
                    found = self._named(behind, one.name if one.name not in (None, "*") else name, top=True)
                    if found:
                        return [(behind, found[0])]
        return []

    def _named(self, file: str, name: str | None, top: bool = False) -> list[Symbol]:
        symbols = self._code.symbols(file)
        return [one for one in symbols if one.name == name and (not top or one.parent in _TOP)]


def _weight(use: Reference) -> float:
    return DEFINITION_CALLED if use.kind == "call" else DEFINITION_USED


_Use = tuple[str, Symbol | None, int, float]
"""File, the function that uses the name (if any), line, score."""


class Callers:
    """Finds who uses what was changed."""

    def __init__(self, code: Code, changed: Sequence[Changed]) -> None:
        self._code = code
        self._changed = changed

    def names(self) -> dict[str, str]:
        """The names to search for, with their family of languages; those that may break first."""
        ordered = sorted(self._changed, key=lambda one: (not one.broken, one.old is None))
        names: dict[str, str] = {}
        for one in ordered:
            kind = self._family(one)
            if kind is not None and not one.symbol.name.startswith("__"):
                names.setdefault(one.symbol.name, kind)
        return dict(list(names.items())[:MAX_WANTED])

    def of(self, matches: Mapping[str, Sequence[Match]]) -> Iterator[Candidate]:
        for one in self._changed:
            if one.symbol.name in matches:
                yield from self._users(one, matches[one.symbol.name])

    def _users(self, one: Changed, matches: Sequence[Match]) -> Iterator[Candidate]:
        kind = self._family(one)
        lines: dict[str, list[int]] = {}
        for match in matches:
            lines.setdefault(match.path, []).append(match.line)
        near = sorted(lines, key=lambda path: (is_test(path), -_nearness(path, one.file), path))
        found: list[_Use] = []
        tests = 0
        for path in near[: 5 * CALLERS_OF_ONE]:
            if path == one.file or (is_test(path) and tests >= 3):
                continue
            score = self._score(one, path, kind, len(lines))
            if score is None:
                continue
            users = self._uses(one, path, lines[path], score)
            tests += bool(users) and is_test(path)
            found += users
            if len(found) >= 2 * CALLERS_OF_ONE:
                break
        yield from self._candidates(one, found)
        yield from self._candidates(one, self._uses(one, one.file, lines.get(one.file, []), CALLER))

    def _uses(self, one: Changed, path: str, lines: Sequence[int], score: float) -> list[_Use]:
        """Where the name is used in a file, once for each function that uses it."""
        wanted = set(lines)
        users: dict[tuple[int, int], _Use] = {}
        for use in self._code.references(path):
            if use.name != one.symbol.name or use.line not in wanted or use.kind == "import":
                continue
            symbols = self._code.symbols(path)
            holder = enclosing([each for each in symbols if each.kind in ("function", "method")], use.line)
            if holder is not None and path == one.file and holder.qualified == one.symbol.qualified:
                continue
            key = (holder.start_line, holder.end_line) if holder else (use.line, use.line)
            users.setdefault(key, (path, holder, use.line, score))
        return list(users.values())

    def _candidates(self, one: Changed, found: Sequence[_Use]) -> Iterator[Candidate]:
        how = "which is gone" if one.gone else "whose signature changed" if one.broken else "which changed"
        count = f" (one of {len(found)} places or more)" if len(found) > CALLERS_OF_ONE else ""
        for path, holder, line, score in found[:CALLERS_OF_ONE]:
            verb = "tests" if is_test(path) else "uses"
            who = holder.qualified if holder is not None else path
            reason = f"{who} {verb} {one.symbol.qualified}, {how}{count}"
            names = frozenset({one.symbol.name})
            if holder is not None:
                yield _whole(path, holder, reason, score, names)
            else:
                yield Candidate(path, "new", max(line - 3, 0), line + 3, reason, score, names)

    def _score(self, one: Changed, path: str, kind: str | None, spread: int) -> float | None:
        """How sure it is that `path` means this symbol; None when it most likely does not."""
        source = self._code.source(path)
        if source is None or source.language is None or family(source.language) != kind:
            return None
        test = is_test(path)
        if any(self._imports(path, source.language, target) for target in (one.file, one.old_file) if target):
            return (TEST_BROKEN if one.broken else TEST) if test else (CALLER_BROKEN if one.broken else CALLER)
        distinctive = len(one.symbol.name) >= _DISTINCTIVE and spread <= 2 * CALLERS_OF_ONE
        # A method is used through objects whose class is imported elsewhere.
        return CALLER_GUESSED if one.symbol.parent == "class" and distinctive and not test else None

    def _imports(self, path: str, language: Language, target: str) -> bool:
        if language == "go" and posixpath.dirname(path) == posixpath.dirname(target):
            return True
        return any(leads_to(target, files_of(one, path, language, self._code)) for one in self._code.imports(path))

    def _family(self, one: Changed) -> str | None:
        source = self._code.source(one.file)
        return family(source.language) if source is not None else family(_language(one.file))


def _language(path: str) -> Language | None:
    from rebuttal.text.languages import language_of

    return language_of(path)


def _nearness(path: str, other: str) -> int:
    return len(posixpath.commonprefix([path.split("/")[:-1], other.split("/")[:-1]]))


def search(tree: Tree, names: Mapping[str, str], code: Code) -> dict[str, list[Match]]:
    """Lines of the new side that hold each name, by name; one search for all."""
    if not names:
        return {}
    globs = [glob for kind in sorted(set(names.values())) for glob in _GLOBS.get(kind, ())]
    pattern = re.compile(r"(?<!\w)(?:" + "|".join(re.escape(name) for name in sorted(names)) + r")(?!\w)")
    found: dict[str, list[Match]] = {}
    for match in sorted(tree.grep(sorted(names), globs), key=lambda one: (one.path, one.line)):
        lines = code.lines(match.path)
        for name in set(pattern.findall(lines[match.line])) if match.line < len(lines) else ():
            found.setdefault(name, []).append(match)
    return found


def guidelines(old: Tree, changed: Iterable[str]) -> Iterator[Candidate]:
    """Rules of the repository for reviewers, from the base: a change must not rewrite the rules of its own review."""
    folders = sorted({folder for path in changed for folder in _folders(path)})
    paths = old.paths()
    for folder in folders:
        for name in GUIDELINES:
            path = f"{folder}/{name}" if folder else name
            text = old.read(path) if path in paths else None
            if text:
                score = GUIDELINE_REVIEW if name == "REVIEW.md" else GUIDELINE
                last = max(len(git_lines(text)) - 1, 0)
                yield Candidate(path, "old", 0, last, "guidelines of the repository, as of the base", score)


def _folders(path: str) -> Iterator[str]:
    while path:
        path = posixpath.dirname(path)
        yield path
