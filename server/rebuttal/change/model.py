"""The frozen data of a change. Lines here are git's: counted from 0, ended by `\n` only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal, Protocol

from attrs import field, frozen

from rebuttal.change.cells import CellMap

ScopeKind = Literal["working", "staged", "branch", "commit", "range", "file"]
Status = Literal["added", "modified", "deleted", "renamed", "copied", "type_changed", "mode_changed"]
Side = Literal["new", "old"]


class ChangeError(Exception):
    """The change cannot be determined; the message is one sentence that says what to do (exit code 2)."""


@frozen
class Scope:
    """Which change: see the table in docs/scopes. `spec` is REV, A..B, or PATH where the kind needs one."""

    kind: ScopeKind = "working"
    spec: str | None = None

    def __str__(self) -> str:
        return self.kind if self.spec is None else f"{self.kind}:{self.spec}"


@frozen
class Hunk:
    """One run of changed lines without context (as `git diff -U0` counts).

    `old_start`/`new_start` are the first line from 0; with a count of 0 it is the line before which
    the other side's lines were taken out or put in.
    """

    old_start: int
    old_count: int
    new_start: int
    new_count: int

    @property
    def new_lines(self) -> range:
        return range(self.new_start, self.new_start + self.new_count)

    @property
    def old_lines(self) -> range:
        return range(self.old_start, self.old_start + self.old_count)


@frozen
class FileDiff:
    """One changed file. A text is None where that side does not exist."""

    path: str
    """Root-relative with forward slashes; the new path, or the old one of a deleted file."""
    status: Status
    old_text: str | None
    new_text: str | None
    hunks: tuple[Hunk, ...]
    old_path: str | None = None
    """Only where it differs: renamed or copied."""
    untracked: bool = False
    unsaved: bool = False
    """The new text is an editor's buffer that is not on disk."""
    encoding: str = "utf-8"
    """Of the new side's bytes, or the old one's of a deleted file."""
    old_cells: CellMap | None = None
    new_cells: CellMap | None = None
    """Of a notebook, whose texts are made of its cells (change/notebook.py): the way back to the file."""

    @cached_property
    def added_lines(self) -> frozenset[int]:
        """Lines of the new text that the change added or altered."""
        return frozenset(line for hunk in self.hunks for line in hunk.new_lines)

    @cached_property
    def removed_lines(self) -> frozenset[int]:
        """Lines of the old text that the change removed or altered."""
        return frozenset(line for hunk in self.hunks for line in hunk.old_lines)

    def text(self, side: Side) -> str | None:
        return self.new_text if side == "new" else self.old_text

    def cells(self, side: Side) -> CellMap | None:
        return self.new_cells if side == "new" else self.old_cells


@frozen
class Skipped:
    """A changed file (or some hunks of it) that is not reviewed, and why, in words for the user."""

    file: str
    reason: str
    hunks: int | None = None


@frozen
class Change:
    """A snapshot of what is under review. Never altered once made."""

    root: Path
    """The work tree's root, absolute; never leaves the machine."""
    scope: Scope
    base: str
    """The revision compared from: a full hash, or "empty" where there is no commit yet."""
    base_reason: str
    """Why that base, in words for the user: "HEAD", "merge base with origin/main (the upstream)"."""
    head: str
    """What is compared to: a full hash, "index", or "work tree"."""
    files: tuple[FileDiff, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    only_lines: Mapping[str, range] = field(factory=dict)
    """For a selection: new-side lines, by file, that are of interest."""
    notes: tuple[str, ...] = ()
    """Sentences for the user about how files were read: encodings that were assumed."""

    @property
    def untracked(self) -> tuple[str, ...]:
        return tuple(diff.path for diff in self.files if diff.untracked)

    def file(self, path: str) -> FileDiff | None:
        return self._by_path.get(path)

    @cached_property
    def _by_path(self) -> dict[str, FileDiff]:
        return {diff.path: diff for diff in self.files}


@frozen
class Match:
    """A line of a file that holds one of the words searched for."""

    path: str
    line: int
    """From 0."""
    word: str
    """Which of the words; a line that holds several of them gives a match for each."""


@frozen
class PastCommit:
    """What one commit of the past changed together."""

    paths: tuple[str, ...]
    """As they were named then; merges name none and are left out."""


Places = Mapping[str, Mapping[str, Sequence[int]]]
"""Words to files to the lines that hold the word, ascending."""


class Tree(Protocol):
    """The whole repository on one side of the change: what the change's rooms read besides the change itself.

    The new side is what the change leads to (work tree with buffers, index, or a commit);
    the old side is the base.
    """

    def read(self, path: str) -> str | None:
        """The text of a file; None where there is none, or it is no text (binary, not UTF-8, too large)."""
        ...

    def paths(self) -> frozenset[str]:
        """Every file of this side that git tracks (new side of `working`: untracked, not ignored ones too)."""
        ...

    def grep(self, words: Iterable[str], globs: Iterable[str] = ()) -> Iterator[Match]:
        """Lines that hold any of the words, as whole words; `globs` narrows by file name ("*.py")."""
        ...

    def find(self, words: Iterable[str]) -> Places:
        """What `grep` finds in all files, by word and file: cheaper where a word stands in thousands of places."""
        ...

    def expect(self, words: Iterable[str]) -> None:
        """Words that will be looked for in all files: the next search finds them too, which costs less than two."""
        ...


class Repository(Protocol):
    """Both sides of one change, read only."""

    @property
    def root(self) -> Path: ...

    @property
    def new(self) -> Tree: ...

    @property
    def old(self) -> Tree: ...

    def history(self, limit: int) -> tuple[PastCommit, ...]:
        """The newest `limit` commits that the base holds, newest first; none where they cannot be read."""
        ...

    def expect_history(self, limit: int) -> None:
        """`history(limit)` will be asked for soon: git may tell it while other work is done."""
        ...

    def ignores(self, path: str) -> bool:
        """Whether somebody wants the file left out of reviews (ignore files of the base, settings): it is not shown."""
        ...

    def close(self) -> None:
        """End the helper processes."""
        ...
