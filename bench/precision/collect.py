"""All static findings on real changes: releases of packages, and single commits, which is what users review."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from difflib import SequenceMatcher
from functools import partial
from pathlib import Path
from typing import Any

from attrs import asdict, evolve, field, frozen

from bench.packages import RELEASES, WORK, NotDownloaded, Release, repository
from bench.precision.labels import key_of, numbered
from rebuttal.change.memory import Memory
from rebuttal.change.model import ChangeError, FileDiff, Repository, Scope
from rebuttal.change.read import read_change
from rebuttal.evidence.panel import CHECKS, collect
from rebuttal.findings.model import Finding
from rebuttal.text.languages import language_of

KEPT = WORK / "precision.json"
COMMITS = 40
"""Of each repository, spread evenly over the newest that fit."""
NEWEST = 2_000
MOST_FILES = 20
"""A commit that changes more is no change that one person reviews."""
WIDE = "commits, structure and linters"
"""The kind of further commits that are read for what the change shows by itself: such findings are rare."""
WIDE_CHECKS = ("conflicts", "debug leftovers", "swallowed errors", "removed guards", "removed tests")
WIDE_RULES = ("structure:", "syntax:", "conflict:", "ruff:", "secrets:")
AROUND = 10
"""Lines of the diff shown before and after a finding."""


@frozen
class History:
    """A repository whose commits are reviewed."""

    name: str
    head: str
    language: str
    commits: int = 0
    """So many at least: of more commits, for rules that few of them concern."""

    def folder(self, histories: Path) -> Path | None:
        """Its clone in the folder of histories: owner/name, owner+name or name, or `repo` in one of these."""
        for name in (self.name, self.name.replace("/", "+"), self.name.rpartition("/")[2]):
            for place in (histories / name / "repo", histories / name):
                if (place / "HEAD").is_file() or (place / ".git").exists():
                    return place
        return None


@frozen
class Beside:
    """A related place."""

    file: str
    line: int
    message: str
    code: str


@frozen
class Found:
    """One finding with what a person needs to judge it."""

    key: str
    origin: str
    rule: str
    severity: str
    file: str
    line: int
    """From 1."""
    side: str
    title: str
    message: str
    quote: str
    related: tuple[Beside, ...]
    excerpt: str
    """The diff around it."""


@frozen
class Origin:
    """One change that was reviewed."""

    name: str
    kind: str
    """`packages` or `commits`."""
    language: str
    files: int = 0
    milliseconds: float = 0
    found: tuple[Found, ...] = field(default=())
    failed: tuple[str, ...] = ()
    """Checks that did not work, or why the change could not be had."""


def histories() -> tuple[History, ...]:
    with (Path(__file__).parent / "histories.toml").open("rb") as file:
        return tuple(History(**row) for row in tomllib.load(file)["repository"])


def everything(folder: Path | None, commits: int, jobs: int, only: str = "") -> list[Origin]:
    """Review the packages and, where there is a folder of clones, the commits."""
    tasks: list[partial[list[Origin]]] = [partial(of_release, one) for one in RELEASES if only in one.name]
    if folder is not None:
        tasks += [partial(of_history, one, folder, commits) for one in histories() if only in one.name]
    with ProcessPoolExecutor(jobs) as pool:
        futures = [pool.submit(task) for task in tasks]
        found: list[Origin] = []
        for number, future in enumerate(futures, 1):
            found += future.result()
            told = f"{number} of {len(futures)}: {found[-1].name}" if found else f"{number} of {len(futures)}"
            print(f"{told}, {sum(len(one.found) for one in found)} findings so far", file=sys.stderr)
    return found


def of_release(release: Release) -> list[Origin]:
    name = f"{release.name} {release.old}..{release.new}"
    try:
        where = repository(release)
    except NotDownloaded as error:
        return [Origin(name, "packages", release.kind, failed=(str(error),))]
    return [reviewed(where, "HEAD", Origin(name, "packages", release.kind))]


def wider(folder: Path, commits: int, wide: int, jobs: int, only: str = "") -> list[Origin]:
    """Review `wide` commits of each repository by the checks of WIDE_CHECKS alone, but for those of the sample."""
    tasks = [partial(of_history, one, folder, commits, wide) for one in histories() if only in one.name]
    with ProcessPoolExecutor(jobs) as pool:
        return [origin for found in pool.map(_call, tasks) for origin in found]


def _call(task: partial[list[Origin]]) -> list[Origin]:
    return task()


def of_history(history: History, folder: Path, most: int, wide: int = 0) -> list[Origin]:
    kind = WIDE if wide else "commits"
    where = history.folder(folder)
    if where is None:
        return [Origin(history.name, kind, history.language, failed=("There is no clone of it.",))]
    where = checkout(where, WORK / "clones" / history.name.replace("/", "+"))
    memory = Memory()
    empty = Origin(history.name, kind, history.language)
    chosen = sample(where, history.head, max(most, history.commits))
    if wide:
        chosen = [oid for oid in sample(where, history.head, wide) if oid not in set(chosen)]
    return [reviewed(where, oid, evolve(empty, name=f"{history.name} {oid[:12]}"), memory) for oid in chosen]


def checkout(clone: Path, target: Path) -> Path:
    """A clone that has a work tree, as a review wants one; a bare one gets an empty one beside it, once."""
    if (clone / ".git").exists():
        return clone
    if not target.is_dir():
        command = ["git", "clone", "-q", "--shared", "--no-checkout", str(clone), str(target)]
        subprocess.run(command, check=True)
    return target


def sample(where: Path, head: str, most: int) -> list[str]:
    """At most `most` commits that change code, spread evenly over the newest ones, newest first."""
    command = ["git", "log", "--no-merges", "--name-only", "--no-renames", "--format=%x01%H", f"-n{NEWEST}", head]
    out = subprocess.run(command, cwd=where, capture_output=True, check=True).stdout.decode("utf-8", "replace")
    fitting = []
    for part in re.split("\x01", out)[1:]:
        oid, *paths = [line for line in part.split("\n") if line]
        if 0 < len(paths) <= MOST_FILES and any(language_of(path) is not None for path in paths):
            fitting.append(oid)
    step = max(1.0, len(fitting) / most)
    return [fitting[int(number * step)] for number in range(min(most, len(fitting)))]


def reviewed(where: Path, revision: str, empty: Origin, memory: Memory | None = None) -> Origin:
    start = time.perf_counter()
    try:
        with read_change(where, Scope("commit", revision), memory=memory) as reading:
            wide = empty.kind == WIDE
            checks = tuple(one for one in CHECKS if not wide or one[0] in WIDE_CHECKS)
            evidence = collect(reading.change, reading.repository, checks=checks)
            spent = (time.perf_counter() - start) * 1000
            found = [
                _found(empty.name, one, reading.change.file(one.file), reading.repository)
                for one in evidence.findings
                if not wide or one.rule.startswith(WIDE_RULES)
            ]
            files = len(reading.change.files)
    except ChangeError as error:
        return evolve(empty, failed=(str(error),))
    keys = numbered([one.key for one in found])
    told = tuple(evolve(one, key=key) for one, key in zip(found, keys, strict=True))
    failed = tuple(f"{one.seat}: {one.reason}" for one in evidence.degraded)
    return evolve(empty, files=files, milliseconds=spent, found=told, failed=failed)


def _found(origin: str, finding: Finding, diff: FileDiff | None, repository: Repository) -> Found:
    line = finding.range.start.line
    return Found(
        key_of(origin, finding.rule, finding.file, finding.quote),
        origin,
        finding.rule,
        finding.severity,
        finding.file,
        line + 1,
        finding.side,
        finding.title,
        finding.message,
        finding.quote,
        tuple(_beside(repository, one.file, one.range.start.line, one.message) for one in finding.related),
        "" if diff is None else excerpt(diff.old_text or "", diff.new_text or "", line, finding.side == "old"),
    )


def _beside(repository: Repository, file: str, line: int, message: str) -> Beside:
    text = repository.new.read(file) or repository.old.read(file) or ""
    lines = text.split("\n")[line : line + 1]
    return Beside(file, line + 1, message, lines[0].strip()[:160] if lines else "")


def excerpt(old: str, new: str, line: int, on_old: bool, around: int = AROUND) -> str:
    """The diff of two texts, with context, from `around` lines before a line (from 0) to as many after it."""
    before, after = old.split("\n"), new.split("\n")
    rows: list[tuple[str, int, int, str]] = []
    for tag, first, last, new_first, new_last in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            rows += [(" ", first + n, new_first + n, text) for n, text in enumerate(before[first:last])]
            continue
        rows += [("-", first + n, new_first, text) for n, text in enumerate(before[first:last])]
        rows += [("+", last, new_first + n, text) for n, text in enumerate(after[new_first:new_last])]
    skip = "+" if on_old else "-"

    def number(row: tuple[str, int, int, str]) -> int:
        return row[1] if on_old else row[2]

    at = next((n for n, row in enumerate(rows) if row[0] != skip and number(row) >= line), len(rows))
    shown = rows[max(0, at - around) : at + around + 1]
    return "\n".join(f"{number(row) + 1:>5} {row[0]}{row[3][:200]}" for row in shown)


def keep(origins: Iterable[Origin], path: Path = KEPT) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(one) for one in origins], indent=1, ensure_ascii=False), "utf-8")


def joined(old: Iterable[Origin], new: Sequence[Origin]) -> list[Origin]:
    """What was collected before, where it is not collected anew: packages by name, commits by repository."""

    def group(origin: Origin) -> tuple[str, bool]:
        return origin.name.split(" ")[0], origin.kind == WIDE

    fresh = {group(one) for one in new}
    return [*(one for one in old if group(one) not in fresh), *new]


def kept(path: Path = KEPT) -> list[Origin]:
    """What was collected last."""
    return [_origin(one) for one in json.loads(path.read_text("utf-8"))]


def _origin(one: dict[str, Any]) -> Origin:
    found = tuple(
        Found(**{**each, "related": tuple(Beside(**place) for place in each["related"])}) for each in one["found"]
    )
    return Origin(**{**one, "found": found, "failed": tuple(one["failed"])})


def all_found(origins: Sequence[Origin]) -> Iterator[Found]:
    for origin in origins:
        yield from origin.found
