"""How many of the definitions that added lines use are in the slices, at 2,000, 4,000 and 8,000 tokens.

What is used is told by others than us: for Python by jedi, which follows imports, attributes and inheritance; for
other languages by universal-ctags: a word of an added line that names exactly one definition of the repository.
A definition counts where it stands in the repository and the diff does not show it already; it is found where
a slice shows the line of its name. The change is one commit of a clone (`--history DIR`), or one changed file of the
step between two releases of a package (bench/packages.py). Slices are compared with simpler ways to fill the budget.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from unittest import mock

from attrs import frozen

from bench.packages import RELEASES, WORK, NotDownloaded, repository
from bench.table import table
from rebuttal.change.read import Reading, read_change
from rebuttal.change.scope import parse_scope
from rebuttal.context.build import build
from rebuttal.context.model import Context
from rebuttal.text.languages import language_of
from rebuttal.text.parsing import Parser, Unparsed
from rebuttal.text.positions import git_lines
from rebuttal.text.symbols import symbols_of
from rebuttal.text.tokens import quick_tokens

BUDGETS = (2000, 4000, 8000)
CASES = 25
"""Of each repository."""
RELEASED, RELEASED_CASES = ("flask", "httpx", "click", "rich"), 4
"""Of bench/packages.py, for the table of RESULTS.md: what jedi says of one change takes seconds."""
_MOST_FILES = 12
_WORD = re.compile(r"[A-Za-z_]\w{3,}")
_STRING = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'")
_REMARK = re.compile(r"//.*|^\s*\*.*|/\*.*?\*/")
_BUILT_IN = frozenset(
    ("string", "error", "print", "println", "bool", "number", "object", "equals", "hashCode", "toString", "length")
)
_KINDS = frozenset(
    (
        "function",
        "method",
        "singletonMethod",
        "func",
        "class",
        "interface",
        "struct",
        "trait",
        "type",
        "typedef",
        "enum",
    )
)
_LANGUAGES = "Python,JavaScript,TypeScript,Go,Rust,Java,C,C++,C#,Ruby,PHP,Kotlin,Scala,Sh"
_SUFFIXES = re.compile(r"\.(?:py|[mc]?[jt]sx?|go|rs|java|[ch](?:pp|xx|c|h)?|cs|rb|php|kts?|scala|sh|swift)$")

Shown = set[tuple[str, int]]
"""File and line from 0."""


@frozen
class Definition:
    """Where something that an added line uses is defined; `line` from 0."""

    file: str
    line: int
    name: str


@frozen
class Case:
    """One change and what its added lines use."""

    where: Path
    scope: str
    used: tuple[Definition, ...]


# --- the changes -------------------------------------------------------------------------------------------------


def history_scopes(where: Path, wanted: int) -> Iterator[str]:
    """Commits of a clone that change some code, newest first, thinned so that they cover some years."""
    rows = _git(where, "log", "--no-merges", "--diff-filter=M", "--format=%x00%H", "--name-only", "-n", "1500")
    found = []
    for row in rows.split("\0")[1:]:
        commit, *paths = row.split()
        if any(_SUFFIXES.search(path) for path in paths) and len(paths) <= _MOST_FILES:
            found.append(f"commit:{commit}")
    step = max(1, len(found) // (wanted * 4))
    yield from found[::step]


def release_scopes(where: Path, wanted: int) -> Iterator[str]:
    """For each changed file of a release: a range whose only change is that file."""
    rows = _git(where, "diff", "--diff-filter=M", "--name-only", "HEAD~1", "HEAD").split("\n")
    paths = [path for path in rows if _SUFFIXES.search(path) and "test" not in path]
    step = max(1, len(paths) // (wanted * 2))
    for path in paths[::step]:
        with tempfile.TemporaryDirectory() as folder:
            index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            _git(where, "read-tree", "HEAD", more=index)
            blob = _git(where, "rev-parse", f"HEAD~1:{path}").strip()
            _git(where, "update-index", "--cacheinfo", f"100644,{blob},{path}", more=index)
            tree = _git(where, "write-tree", more=index).strip()
        base = _git(where, "commit-tree", tree, "-m", "base").strip()
        yield f"range:{base}..HEAD"


def cases(where: Path, scopes: Iterator[str], wanted: int, name: str) -> list[Case]:
    """Changes that use something; what jedi and ctags say is kept, because it takes long."""
    WORK.mkdir(parents=True, exist_ok=True)
    kept = WORK / f"slices-{name}.json"
    if kept.is_file():
        rows = json.loads(kept.read_text("utf-8"))
        given = [
            Case(where, row["scope"], tuple(Definition(*one) for one in row["used"] if one[2] not in _BUILT_IN))
            for row in rows
        ]
        return [one for one in given if one.used]
    found: list[Case] = []
    for scope in scopes:
        used = uses(where, scope)
        if used:
            found.append(Case(where, scope, used))
            print(name, len(found), scope[:20], len(used), file=sys.stderr)
        if len(found) >= wanted:
            break
    rows = [{"scope": one.scope, "used": [[use.file, use.line, use.name] for use in one.used]} for one in found]
    kept.write_text(json.dumps(rows), "utf-8")
    return found


def _git(where: Path, *arguments: str, more: dict[str, str] | None = None) -> str:
    isolated = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    person = {"NAME": "Bench", "EMAIL": "bench@example.com", "DATE": "2026-01-01T12:00:00+00:00"}
    who = {f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER") for part, value in person.items()}
    environment = {**os.environ, **isolated, **who, **(more or {})}
    done = subprocess.run(["git", *arguments], cwd=where, env=environment, capture_output=True, check=True)
    return done.stdout.decode("utf-8", "surrogateescape")


# --- what added lines use ----------------------------------------------------------------------------------------


def uses(where: Path, scope: str) -> tuple[Definition, ...]:
    """The definitions that added lines of the change use and its diff does not show."""
    with read_change(where, parse_scope(scope)) as reading:
        change = reading.change
        if not any(diff.added_lines and _SUFFIXES.search(diff.path) for diff in change.files):
            return ()
        context = build(change, reading.repository, budget_tokens=0)
        head = change.head
        added = {one.path: (one.new_text or "", one.added_lines) for one in change.files if one.new_text}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        data = subprocess.run(["git", "archive", head], cwd=where, capture_output=True, check=True).stdout
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            tar.extractall(root, filter="data")
        found: dict[Definition, None] = {}
        python = {path: text for path, text in added.items() if path.endswith(".py")}
        other = {path: text for path, text in added.items() if path not in python and _SUFFIXES.search(path)}
        found.update(dict.fromkeys(_by_jedi(root, python)))
        found.update(dict.fromkeys(_by_ctags(root, other)))
        in_diff = _diff_lines(context)
        return tuple(
            one
            for one in found
            if not (one.file in added and one.line in added[one.file][1])
            and _line(root, one) not in in_diff.get(one.file, ())
        )


def _line(root: Path, one: Definition) -> str:
    lines = (root / one.file).read_text("utf-8", "replace").split("\n")
    return lines[one.line].rstrip("\r") if one.line < len(lines) else ""


def _diff_lines(context: Context) -> dict[str, set[str]]:
    lines: dict[str, set[str]] = {}
    path = ""
    for line in context.diff.split("\n"):
        if line.startswith("=== "):
            path = line[4:].rpartition(" (")[0]
        elif line[:1] in (" ", "+"):
            lines.setdefault(path, set()).add(line[1:])
    return lines


def _by_jedi(root: Path, added: dict[str, tuple[str, frozenset[int]]]) -> Iterator[Definition]:
    if not added:
        return
    import jedi  # type: ignore[import-untyped] # jedi has no types

    project = jedi.Project(str(root), added_sys_path=[str(root / "src")], smart_sys_path=True)
    for path, (text, lines) in sorted(added.items()):
        script = jedi.Script(text, path=str(root / path), project=project)
        for name in script.get_names(all_scopes=True, definitions=False, references=True):
            if name.line - 1 not in lines:
                continue
            try:
                targets = script.goto(name.line, name.column, follow_imports=True)
            except Exception:  # a resolver that fails on one name says nothing about it
                continue
            for target in targets:
                found = _from_jedi(root, target)
                if found is not None:
                    yield found


def _from_jedi(root: Path, target: object) -> Definition | None:
    where, line, kind = (getattr(target, name) for name in ("module_path", "line", "type"))
    if where is None or line is None or not Path(where).is_relative_to(root):
        return None
    if kind not in ("function", "class", "property"):
        parent = target.parent()  # type: ignore[attr-defined] # jedi has no types
        if kind != "statement" or parent is None or parent.type != "module":
            return None
    name = target.name  # type: ignore[attr-defined] # jedi has no types
    return Definition(Path(where).relative_to(root).as_posix(), line - 1, name)


def _by_ctags(root: Path, added: dict[str, tuple[str, frozenset[int]]]) -> Iterator[Definition]:
    if not added or shutil.which("ctags") is None:
        return
    command = ["ctags", "-R", "-f", "-", "--output-format=json", "--fields=+n", f"--languages={_LANGUAGES}", "."]
    out = subprocess.run(command, cwd=root, capture_output=True, check=True).stdout.decode("utf-8", "replace")
    tags: dict[str, list[tuple[Definition, str]]] = {}
    for row in out.splitlines():
        tag = json.loads(row)
        path = tag["path"].removeprefix("./")
        found = Definition(path, tag["line"] - 1, tag["name"])
        tags.setdefault(tag["name"], []).append((found, tag.get("kind", "")))
    for path, (text, lines) in sorted(added.items()):
        file_lines = git_lines(text)
        words: set[str] = set()
        for line in sorted(lines):
            if line < len(file_lines):
                words.update(_WORD.findall(_REMARK.sub("", _STRING.sub('""', file_lines[line][:400]))))
        for word in sorted(words):
            known = tags.get(word, [])
            if (
                word not in _BUILT_IN
                and len(known) == 1
                and known[0][1] in _KINDS
                and _same_kind(known[0][0].file, path)
            ):
                yield known[0][0]


def _same_kind(one: str, other: str) -> bool:
    def family(path: str) -> str:
        suffix = path.rpartition(".")[2].lower()
        if re.fullmatch(r"[mc]?[jt]sx?", suffix):
            return "js"
        return "c" if re.fullmatch(r"[ch](?:pp|xx|c|h)?", suffix) else suffix

    return family(one) == family(other)


# --- ways to fill the budget -------------------------------------------------------------------------------------


def of_slices(context: Context, reading: Reading) -> Shown:
    """The lines that the slices show."""
    shown: Shown = set()
    for one in context.slices:
        source = reading.repository.new.read(one.file)
        if source is None:
            continue
        lines = [line.rstrip("\r\n") for line in git_lines(source)]
        at = one.start_line - 1
        for text in one.text.split("\n")[:-1]:
            place = next((n for n in range(at, min(one.end_line, len(lines))) if lines[n] == text), None)
            if place is not None:
                shown.add((one.file, place))
                at = place + 1
    return shown


def slices(reading: Reading, budget: int, parser: Parser) -> Shown:
    return of_slices(build(reading.change, reading.repository, budget_tokens=budget, parser=parser), reading)


def without_related(reading: Reading, budget: int, parser: Parser) -> Shown:
    """The slices without files that only rank high: by history, words or names."""
    with mock.patch("rebuttal.context.build.related_slices", return_value=()):
        return slices(reading, budget, parser)


def whole_files(reading: Reading, budget: int, _parser: Parser) -> Shown:
    """Whole files: those of the change, then those beside them, by path."""
    changed = [one.path for one in reading.change.files]
    folders = {path.rpartition("/")[0] for path in changed}
    others = sorted(reading.repository.new.paths() - set(changed))
    near = [path for path in others if path.rpartition("/")[0] in folders and language_of(path)]
    far = [path for path in others if path not in near and language_of(path)]
    return _filled(reading, ((path, None) for path in (*changed, *near, *far)), budget)


def by_name(reading: Reading, budget: int, parser: Parser) -> Shown:
    """Every definition whose name an added line holds, by path, each whole."""
    words: set[str] = set()
    for diff in reading.change.files:
        lines = git_lines(diff.new_text or "")
        words.update(word for line in diff.added_lines for word in re.findall(r"\w{3,}", lines[line][:400]))

    def pieces() -> Iterator[tuple[str, range | None]]:
        for path in sorted(reading.repository.new.paths()):
            language, text = language_of(path), None
            if language is not None:
                text = reading.repository.new.read(path)
            if language is None or text is None:
                continue
            try:
                symbols = symbols_of(text, language, parser)
            except Unparsed:
                continue
            for symbol in symbols:
                if symbol.name in words:
                    yield path, range(symbol.start_line, symbol.end_line + 1)

    return _filled(reading, pieces(), budget)


def _filled(reading: Reading, pieces: Iterable[tuple[str, range | None]], budget: int) -> Shown:
    shown: Shown = set()
    left = budget
    for path, span in pieces:
        lines = git_lines(reading.repository.new.read(path) or "")
        for line in span if span is not None else range(len(lines)):
            cost = quick_tokens(lines[line])
            if cost > left:
                return shown
            left -= cost
            shown.add((path, line))
    return shown


WAYS: dict[str, Callable[[Reading, int, Parser], Shown]] = {
    "slices": slices,
    "without related files": without_related,
    "definitions by name": by_name,
    "whole files": whole_files,
}


# --- the figures -------------------------------------------------------------------------------------------------


def measure(
    given: Sequence[Case], ways: Sequence[str], missed: Counter[str] | None = None
) -> dict[tuple[str, int], float]:
    """The mean share over the changes, by way and budget; every change counts the same."""
    shares: dict[tuple[str, int], list[float]] = {}
    for case in given:
        parser = Parser()  # what it remembers changes no figure, only the time
        with read_change(case.where, parse_scope(case.scope)) as reading:
            for way in ways:
                for budget in BUDGETS:
                    shown = WAYS[way](reading, budget, parser)
                    found = [one for one in case.used if (one.file, one.line) in shown]
                    shares.setdefault((way, budget), []).append(len(found) / len(case.used))
                    if missed is not None and budget == max(BUDGETS) and way == "slices":
                        for one in case.used:
                            if one not in found:
                                missed[f"{case.scope[:18]} {one.file}:{one.line + 1} {one.name}"] += 1
    return {key: sum(some) / len(some) for key, some in shares.items() if some}


def rows_of(
    name: str, given: Sequence[Case], ways: Sequence[str], missed: Counter[str] | None = None
) -> list[list[str]]:
    figures = measure(given, ways, missed)
    count = sum(len(one.used) for one in given)
    return [
        [name, str(len(given)), str(count), way, *(f"{figures[(way, budget)]:.2f}" for budget in BUDGETS)]
        for way in ways
        if (way, BUDGETS[0]) in figures
    ]


HEADS = ["repository", "changes", "definitions used", "way", *(f"at {budget:,}" for budget in BUDGETS)]


def section() -> str:
    """This benchmark's part of RESULTS.md."""
    rows: list[list[str]] = []
    for release in (one for one in RELEASES if one.name in RELEASED):
        try:
            where = repository(release)
        except NotDownloaded:
            continue
        given = cases(where, release_scopes(where, RELEASED_CASES), RELEASED_CASES, release.name)
        if given:
            rows += rows_of(release.name, given, list(WAYS))
    return "\n".join(
        [
            "## Definitions in the slices\n",
            "Share of the definitions used by added lines that are shown (`python -m bench.slices`).\n",
            table(HEADS, rows),
            "",
        ]
    )


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.slices", description=__doc__)
    parser.add_argument("--history", type=Path, action="append", help="a clone with its history; may be repeated")
    parser.add_argument("--way", action="append", choices=list(WAYS), help="only this way")
    parser.add_argument("--missed", action="store_true", help="also say which definitions are not found")
    parser.add_argument("--cases", type=int, default=CASES)
    chosen = parser.parse_args(arguments)
    if not chosen.history:
        print(section())
        return 0
    rows: list[list[str]] = []
    for where in chosen.history:
        given = cases(where, history_scopes(where, chosen.cases), chosen.cases, f"{where.name}-history")
        given = given[: chosen.cases]
        missed: Counter[str] = Counter()
        rows += rows_of(where.name, given, chosen.way or list(WAYS), missed)
        if chosen.missed:
            print("\n".join(missed))
    print(table(HEADS, rows))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
