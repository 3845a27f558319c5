"""Many changes of one repository: ranges, commits and branches, each named by the two commits that it lies between."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from attrs import evolve, frozen

from rebuttal.change.base import EMPTY, default_base, resolve_ends
from rebuttal.change.git import Git, GitFailed, ObjectReader
from rebuttal.change.model import ChangeError, Scope
from rebuttal.change.repository import open_place
from rebuttal.change.scope import parse_scope

MOST = 1000
"""Changes in one list."""


@frozen
class Listed:
    """One change. What it lies between is fixed: a branch that moves on later does not alter it."""

    name: str
    """As the user knows it: a branch, a range, a commit."""
    base: str
    """An object id, or `empty`."""
    head: str
    is_commit: bool = False
    """A single commit, not all that lies between the two."""
    others: tuple[str, ...] = ()
    """Other names under which the same change was asked for."""

    @property
    def scope(self) -> Scope:
        if self.is_commit or self.base == EMPTY:
            return Scope("commit", self.head)
        return Scope("range", f"{self.base}..{self.head}")

    @property
    def key(self) -> str:
        """Names the change within its repository: 12 hexadecimal digits."""
        return hashlib.sha256(f"{self.base}..{self.head}".encode()).hexdigest()[:12]


@frozen
class Listing:
    """What there is to review. `empty`: names of changes without a commit of their own; `failed`: name and reason."""

    root: Path
    changes: tuple[Listed, ...]
    empty: tuple[str, ...] = ()
    failed: tuple[tuple[str, str], ...] = ()


def list_changes(
    where: Path, given: Sequence[str] = (), *, branches: str | None = None, base: str | None = None
) -> Listing:
    """The changes that `given` (A..B, A...B, a commit) and the branches whose name fits the glob `branches` make.

    A branch is compared with its merge base with `base`, or with the repository's default branch. The same change under
    two names is one. Raises ChangeError: no repository, a range or base that is not there, no branch of that name; a
    branch that cannot be compared is among the failed.
    """
    place, git, objects = open_place(where)
    try:
        found = [_given(git, objects, text) for text in given]
        failed: list[tuple[str, str]] = []
        if branches is not None:
            found += _branches(git, objects, branches, base, failed)
    except GitFailed as failure:
        reason = str(failure).removeprefix("fatal: ").split("\n")[0].rstrip(".")
        raise ChangeError(f"Git could not list the changes ({reason}); run `git fsck` in {place.root}.") from None
    finally:
        objects.close()
    changes = _once(one for one in found if one.base != one.head)
    if len(changes) > MOST:
        raise ChangeError(f"These are {len(changes)} changes; name at most {MOST} at a time.")
    empty = tuple(dict.fromkeys(one.name for one in found if one.base == one.head))
    return Listing(place.root, changes, empty, tuple(failed))


def _given(git: Git, objects: ObjectReader, text: str) -> Listed:
    name = text.strip()
    if not name:
        raise ChangeError("An empty text names no change; give A..B, A...B or a commit.")
    if not name.startswith(("range:", "commit:")):
        name = f"range:{name}" if ".." in name else f"commit:{name}"
    scope = parse_scope(name)
    return _listed(git, objects, scope, text.strip())


def _listed(git: Git, objects: ObjectReader, scope: Scope, name: str) -> Listed:
    ends = resolve_ends(git, objects, scope, None, include_working=False)
    assert ends.head is not None
    return Listed(name, ends.base.oid if ends.base else EMPTY, ends.head.oid, scope.kind == "commit")


def _branches(
    git: Git, objects: ObjectReader, glob: str, base: str | None, failed: list[tuple[str, str]]
) -> list[Listed]:
    out = git.run("for-each-ref", "--format=%(refname)", "refs/heads/").decode("utf-8", "surrogateescape")
    names = [name.removeprefix("refs/heads/") for name in out.split("\n") if name]
    fitting = [name for name in names if fnmatchcase(name, glob)]
    if not fitting:
        raise ChangeError(f"No branch is named {glob!r}; `git branch --list` shows those that there are.")
    against = base if base is not None else default_base(git)[0]
    short = against.removeprefix("refs/heads/")
    own = _listed(git, objects, Scope("commit", against), short).head  # a base that is not there is told at once
    found = []
    for name in fitting:
        if name == short:
            continue
        try:
            found.append(_listed(git, objects, Scope("range", f"{own}...refs/heads/{name}"), name))
        except ChangeError as error:
            failed.append((name, str(error).replace(own, short)))
    return found


def _once(found: Iterable[Listed]) -> tuple[Listed, ...]:
    """Each change once, under the first of its names."""
    by_ends: dict[tuple[str, str], Listed] = {}
    for one in found:
        first = by_ends.setdefault((one.base, one.head), one)
        if one.name != first.name and one.name not in first.others:
            by_ends[one.base, one.head] = evolve(first, others=(*first.others, one.name))
    return tuple(by_ends.values())
