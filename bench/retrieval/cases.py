"""The cases: real commits with one of their files hidden, and what the ranking may know of the repository then."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from attrs import evolve, frozen

from rebuttal.change.attributes import Attributes
from rebuttal.change.model import Change, ChangeError, Match, PastCommit, Places, Repository, Scope, Tree
from rebuttal.change.read import read_change
from rebuttal.change.repository import open_place
from rebuttal.change.skipping import skip_by_name

NEWEST = 2_000
"""Cases are taken from this many of the newest commits that are no merges."""
FEWEST, MOST = 2, 10
"""How many files such a commit changes, without those that are never reviewed (lock files, generated, vendored)."""
HISTORY = 4_000
_START = re.compile(r"\x01[0-9a-f]{40,64}")


@frozen
class History:
    """A repository of the benchmark."""

    name: str
    head: str
    language: str
    use: str

    def folder(self, histories: Path) -> Path | None:
        """Its clone in the folder of histories: owner/name, owner+name or name."""
        for name in (self.name, self.name.replace("/", "+"), self.name.rpartition("/")[2]):
            if (histories / name).is_dir():
                return histories / name
        return None


@frozen
class Commit:
    """A commit that makes a case, and its file that is hidden."""

    oid: str
    hidden: str


@frozen
class Case:
    """What is asked (`change` without the hidden file, `repository` as it was then), and the answer."""

    change: Change
    repository: Repository
    universe: frozenset[str]
    """Every file that could be the answer: tracked at the parent, not part of the change, not generated or vendored."""
    hidden: str


@frozen
class HidingTree:
    """The new side, where the hidden file is still as it was before the commit; fulfils `Tree`."""

    tree: Tree
    hidden: str
    text: str

    def read(self, path: str) -> str | None:
        return self.text if path == self.hidden else self.tree.read(path)

    def paths(self) -> frozenset[str]:
        return self.tree.paths()

    def grep(self, words: Iterable[str], globs: Iterable[str] = ()) -> Iterator[Match]:
        wanted = sorted(set(words))
        if not wanted:
            return
        yield from (one for one in self.tree.grep(wanted, globs) if one.path != self.hidden)
        pattern = re.compile(r"(?<![A-Za-z0-9_])(?:" + "|".join(map(re.escape, wanted)) + r")(?![A-Za-z0-9_])")
        for number, line in enumerate(self.text.split("\n")):
            for word in sorted(set(pattern.findall(line))):
                yield Match(self.hidden, number, word)

    def find(self, words: Iterable[str]) -> Places:
        found: dict[str, dict[str, list[int]]] = {}
        for one in self.grep(words):
            found.setdefault(one.word, {}).setdefault(one.path, []).append(one.line)
        return found

    def expect(self, words: Iterable[str]) -> None:
        self.tree.expect(words)


@frozen
class HidingRepository:
    """A repository whose new side hides what the commit did to one file; fulfils `Repository`."""

    repository: Repository
    new: HidingTree

    @property
    def root(self) -> Path:
        return self.repository.root

    @property
    def old(self) -> Tree:
        return self.repository.old

    def expect_history(self, limit: int) -> None:
        """It is known already."""

    def history(self, limit: int) -> tuple[PastCommit, ...]:
        return self.repository.history(limit)

    def ignores(self, path: str) -> bool:
        return self.repository.ignores(path)

    def close(self) -> None:
        self.repository.close()


def histories() -> tuple[History, ...]:
    with (Path(__file__).parent / "histories.toml").open("rb") as file:
        return tuple(History(**row) for row in tomllib.load(file)["repository"])


def commits(folder: Path, head: str, most: int) -> list[Commit]:
    """At most `most` commits with their hidden file, spread evenly over the newest ones."""
    fitting = list(_fitting(folder, head))
    step = max(1.0, len(fitting) / most)
    return [fitting[int(number * step)] for number in range(min(most, len(fitting)))]


def _fitting(folder: Path, head: str) -> Iterator[Commit]:
    _, git, objects = open_place(folder)
    objects.close()
    rules = Attributes(lambda _: None)
    options = ("-z", "-M", "--format=%x01%H", "--name-status", "--no-merges", "--ignore-submodules=all")
    out = git.run("log", *options, f"-n{NEWEST}", head, "--").decode("utf-8", "replace")
    for commit in re.split(r"(?=\x01)", out):
        tokens = [token.lstrip("\n") for token in commit.split("\0") if token.lstrip("\n")]
        if len(tokens) < 3 or not _START.fullmatch(tokens[0]):
            continue
        oid = tokens[0][1:]
        rows = [(status, path) for status, path in _rows(tokens[1:]) if skip_by_name(path, rules) is None]
        modified = sorted(path for status, path in rows if status == "M")
        if FEWEST <= len(rows) <= MOST and modified:
            chosen = int(hashlib.sha256(oid.encode("ascii")).hexdigest(), 16) % len(modified)
            yield Commit(oid, modified[chosen])


def _rows(tokens: list[str]) -> list[tuple[str, str]]:
    rows = []
    place = 0
    while place + 1 < len(tokens):
        status = tokens[place][0]
        step = 3 if status in "RC" else 2
        rows.append((status, tokens[place + step - 1] if place + step <= len(tokens) else ""))
        place += step
    return rows


def open_case(folder: Path, commit: Commit) -> Case | None:
    """The case of a commit; None where nothing is left to ask by, or the answer is a file that is never reviewed."""
    try:
        reading = read_change(folder, Scope("commit", commit.oid))
    except ChangeError:
        return None
    hidden = next((diff for diff in reading.change.files if diff.path == commit.hidden), None)
    shown = tuple(diff for diff in reading.change.files if diff.path != commit.hidden)
    text = reading.repository.old.read(commit.hidden)
    if hidden is None or not shown or text is None:
        reading.close()
        return None
    change = evolve(reading.change, files=shown)
    tree = HidingTree(reading.repository.new, commit.hidden, text)
    rules = Attributes(reading.repository.old.read)
    changed = {path for diff in shown for path in (diff.path, diff.old_path)} | {one.file for one in change.skipped}
    tracked = reading.repository.old.paths() - changed
    universe = frozenset(path for path in tracked if skip_by_name(path, rules) is None)
    return Case(change, HidingRepository(reading.repository, tree), universe, commit.hidden)


def languages(known: Iterable[History]) -> Counter[str]:
    return Counter(one.language for one in known)
