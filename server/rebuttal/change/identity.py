"""Which repository this is, and how its author framed the change (kept from the panel until it has opened)."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from rebuttal.change.base import branch_name
from rebuttal.change.git import GitFailed, parse_commit
from rebuttal.change.model import ChangeError
from rebuttal.change.read import Reading

_OBJECT_IDS = re.compile(r"[0-9a-f]{40,64}(\.\.[0-9a-f]{40,64})?")
_MAX_COMMITS = 50
_MAX_CHARACTERS = 20_000


def repository_id(root: Path) -> str:
    """A stable name of the repository whose work tree is `root`: 32 hex digits, the same for all its worktrees.

    The hash of the path of the git folder that the worktrees share; needs no git process. A repository that is
    moved gets another name. Raises ChangeError where there is none.
    """
    path = os.path.normcase(_shared(root))
    return hashlib.sha256(path.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def shared_id(root: Path) -> str:
    """The same for all clones of one repository, on all machines of a team: the hash of where `origin` is, without
    user, protocol, port and `.git`; `repository_id` where there is no such remote.

    For what is shared only, never for what a user agreed to: any repository may claim any origin. Raises ChangeError.
    """
    try:
        config = (_shared(root) / "config").read_text("utf-8", "surrogateescape")
    except OSError:
        config = ""
    place = _place(_origin(config))
    return (
        hashlib.sha256(f"origin {place}".encode("utf-8", "surrogateescape")).hexdigest()[:32]
        if place
        else (repository_id(root))
    )


_SECTION = re.compile(r"\s*\[\s*(?P<name>[^\s\]\"]+)\s*(?:\"(?P<sub>[^\"]*)\")?\s*\]")
_URL = re.compile(r"\s*url\s*=\s*\"?(?P<url>[^\s\"#;]+)", re.IGNORECASE)
_REMOTE = re.compile(
    r"(?:[a-z][a-z0-9+.-]*://(?:[^/@]*@)?(?P<host>\[[^\]]*\]|[^/:]+)(?::\d*)?/|(?:[^/@:]+@)?(?P<scp>[^/:@]{2,}):)(?P<path>.+)",
    re.IGNORECASE,
)


def _origin(config: str) -> str:
    """Where `origin` is, as git's configuration has it; "" where there is none."""
    inside = False
    for line in config.split("\n"):
        if section := _SECTION.match(line):
            inside = section["name"].lower() == "remote" and section["sub"] == "origin"
        elif inside and (url := _URL.match(line)):
            return url["url"]
    return ""


def _place(url: str) -> str:
    """Host and path, as every clone has them, however it speaks to the host; "" for a folder of this machine."""
    found = _REMOTE.match(url)
    if found is None or url.lower().startswith("file:"):
        return ""
    path = found["path"].strip("/").lower().removesuffix(".git")
    return f"{(found['host'] or found['scp']).lower()}/{path}"


def repository_name(root: Path) -> str:
    """What its owner calls it: the name of the folder that `repository_id` goes by, the same for all its worktrees.

    Raises ChangeError where there is no repository.
    """
    shared = _shared(root)
    name = shared.parent.name if shared.name == ".git" else shared.name.removesuffix(".git")
    return name or root.name


def _shared(root: Path) -> Path:
    """The git folder that all worktrees share."""
    link = root / ".git"
    git_dir = link if link.is_dir() else _linked(link)
    common = git_dir / "commondir"
    try:
        shared = git_dir / common.read_text("utf-8").strip() if common.is_file() else git_dir
        return shared.resolve(strict=True)
    except OSError:
        raise ChangeError(f"{root} is not the top of a git repository; name one with --repo.") from None


def _linked(link: Path) -> Path:
    try:
        text = link.read_text("utf-8", "surrogateescape")
    except OSError:
        text = ""
    if not text.startswith("gitdir:"):
        raise ChangeError(f"{link.parent} is not the top of a git repository; name one with --repo.")
    return link.parent / text.removeprefix("gitdir:").strip()


def framing(reading: Reading) -> str:
    """What the author says about the change: the branch and the commit messages, newest first.

    "" for scopes without commits (working, staged, file). Untrusted text; at most 50 messages, 20,000 characters.
    """
    change, repository = reading.change, reading.repository
    if change.scope.kind not in ("commit", "branch", "range"):
        return ""
    head = change.head if change.scope.kind != "branch" or change.head != "work tree" else "HEAD"
    limit = ["--max-count=1"] if change.scope.kind == "commit" else [f"--max-count={_MAX_COMMITS}"]
    exclude = [f"^{change.base}"] if change.base != "empty" and change.scope.kind != "commit" else []
    try:
        commits = repository.git.run("rev-list", *limit, head, *exclude).decode("ascii").split()
    except GitFailed:
        commits = []
    found = [repository.objects.get(oid) for oid in commits]
    messages = [parse_commit(item.oid, item.data).message.strip() for item in found if item and item.data]
    # Between two object ids lies no branch in particular: the one that is checked out may be another.
    name = None if _is_pinned(change.scope.spec) else branch_name(repository.git)
    parts = ([f"Branch: {name}"] if name else []) + messages
    return "\n\n".join(parts)[:_MAX_CHARACTERS]


def _is_pinned(spec: str | None) -> bool:
    return spec is not None and _OBJECT_IDS.fullmatch(spec) is not None
