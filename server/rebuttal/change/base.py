"""From where to where: resolves a scope to two ends, and says why the base is what it is."""

from __future__ import annotations

from typing import Literal

from attrs import frozen

from rebuttal.change.git import Commit, Git, GitFailed, ObjectReader, find_commit
from rebuttal.change.model import ChangeError, Scope
from rebuttal.change.scope import split_range

EMPTY = "empty"

NewSide = Literal["work tree", "index", "commit"]


@frozen
class Ends:
    """What is compared: `base` is None where everything is new; `head` is None unless `new_side` is a commit."""

    base: Commit | None
    reason: str
    new_side: NewSide
    head: Commit | None = None


def resolve_ends(git: Git, objects: ObjectReader, scope: Scope, base: str | None, include_working: bool) -> Ends:
    """Both ends of the scope; raises ChangeError when a revision is missing or no base can be found."""
    if scope.kind in ("commit", "range"):
        if base is not None:
            raise ChangeError(f"The scope {scope} names its own base; leave out --base.")
        return _of_commit(objects, scope.spec or "HEAD") if scope.kind == "commit" else _of_range(git, objects, scope)
    if scope.kind == "branch":
        return _of_branch(git, objects, base, include_working)
    new_side: NewSide = "index" if scope.kind == "staged" else "work tree"
    if base is not None:
        return Ends(find_commit(objects, base), f"{base} (given)", new_side)
    head = head_commit(objects)
    if head is None:
        return Ends(None, "nothing (there is no commit yet, so everything is new)", new_side)
    return Ends(head, "HEAD", new_side)


def head_commit(objects: ObjectReader) -> Commit | None:
    """The commit that is checked out; None on a branch without one. Raises ChangeError where it cannot be read."""
    if objects.get("HEAD^{commit}") is not None:
        return find_commit(objects, "HEAD")
    try:
        oid = objects.git.run("rev-parse", "--verify", "--quiet", "HEAD").decode("ascii", "replace").strip()
    except GitFailed:
        return None
    raise ChangeError(f"The commit that is checked out ({oid[:10]}) cannot be read; run `git fsck` and repair it.")


def branch_name(git: Git) -> str | None:
    """The short name of the branch that is checked out; None when HEAD is detached."""
    try:
        name = git.run("symbolic-ref", "--quiet", "HEAD").decode("utf-8", "replace").strip()
    except GitFailed:
        return None
    return name.removeprefix("refs/heads/")


def _of_commit(objects: ObjectReader, revision: str) -> Ends:
    commit = find_commit(objects, revision)
    if not commit.parents:
        return Ends(None, f"nothing ({commit.oid[:10]} has no parent, so everything in it is new)", "commit", commit)
    parent = _parent(objects, commit)
    reason = "its parent" if len(commit.parents) == 1 else "its first parent (it is a merge)"
    return Ends(parent, reason, "commit", commit)


def _parent(objects: ObjectReader, commit: Commit) -> Commit:
    if objects.get(commit.parents[0]) is None:
        raise ChangeError(
            f"The parent of {commit.oid[:10]} is not in this shallow clone; fetch more history (git fetch --deepen=1)."
        )
    return find_commit(objects, commit.parents[0])


def _of_range(git: Git, objects: ObjectReader, scope: Scope) -> Ends:
    left, right, from_merge_base = split_range(scope.spec or "")
    start, end = find_commit(objects, left), find_commit(objects, right)
    if not from_merge_base:
        return Ends(start, f"{left} (given)", "commit", end)
    return Ends(_merge_base(git, objects, start, end, left), f"merge base of {left} and {right}", "commit", end)


def _of_branch(git: Git, objects: ObjectReader, base: str | None, include_working: bool) -> Ends:
    head = head_commit(objects)
    new_side: NewSide = "work tree" if include_working else "commit"
    if head is None:
        if include_working:
            return Ends(None, "nothing (there is no commit yet, so everything is new)", new_side)
        raise ChangeError("This branch has no commit yet; commit something, or review the scope working.")
    name, why = (base, "given") if base is not None else _find_base(git)
    shown = name.removeprefix("refs/heads/").removeprefix("refs/remotes/")
    start = _merge_base(git, objects, find_commit(objects, name), head, shown)
    return Ends(start, f"merge base with {shown} ({why})", new_side, None if include_working else head)


def _merge_base(git: Git, objects: ObjectReader, left: Commit, right: Commit, name: str) -> Commit:
    try:
        out = git.run("merge-base", left.oid, right.oid)
    except GitFailed:
        raise ChangeError(
            f"There is no common history with {name}; name another base, or fetch more history if the clone is shallow."
        ) from None
    return find_commit(objects, out.decode("ascii").split()[0])


def _find_base(git: Git) -> tuple[str, str]:
    """The full name of the base to compare a branch with, and why: upstream, the remote's HEAD, main, master."""
    branch = branch_name(git)
    refs = _refs(git, branch)
    own = refs.get(f"refs/heads/{branch}") if branch else None
    if own is not None and own.upstream in refs:
        return own.upstream, "the upstream"
    return _default(refs)


def default_base(git: Git) -> tuple[str, str]:
    """The full name of the branch that any other is compared with, and why: the remote's HEAD, main, master. Raises
    ChangeError where there is none."""
    return _default(_refs(git, None))


def _default(refs: dict[str, _Ref]) -> tuple[str, str]:
    heads = {name.split("/")[2]: ref.target for name, ref in refs.items() if ref.target in refs}
    for remote in ("origin", *sorted(heads)):
        if remote in heads:
            return heads[remote], f"the default branch of {remote}"
    for short in ("main", "master"):
        for name in (f"refs/heads/{short}", f"refs/remotes/origin/{short}"):
            if name in refs:
                return name, "there is no upstream and no remote HEAD"
    raise ChangeError("No base was found (no upstream, no remote HEAD, no main, no master); name one with --base REV.")


@frozen
class _Ref:
    upstream: str
    target: str
    """What a symbolic ref points at; "" for a plain one."""


def _refs(git: Git, branch: str | None) -> dict[str, _Ref]:
    patterns = ["refs/heads/main", "refs/heads/master", "refs/remotes"]
    if branch:
        patterns.append(f"refs/heads/{branch}")
    out = git.run("for-each-ref", "--format=%(refname)%09%(upstream)%09%(symref)", *patterns)
    rows = (line.split("\t") for line in out.decode("utf-8", "surrogateescape").split("\n") if line)
    refs = {name: _Ref(upstream, target) for name, upstream, target in rows}
    if branch and (own := refs.get(f"refs/heads/{branch}")) and own.upstream and own.upstream not in refs:
        # The upstream may be another local branch.
        extra = git.run("for-each-ref", "--format=%(refname)", own.upstream).decode("utf-8", "surrogateescape").split()
        refs |= {name: _Ref("", "") for name in extra}
    return refs
