"""A case as a real git repository in a folder of its own: what a review reads of it is what it would read of any other.

The base is a commit. The change is the work tree, or a second commit where the author says something about it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from attrs import frozen

from rebuttal.change.model import ChangeError, Scope
from rebuttal.evaluation.corpus import Case
from rebuttal.review.request import UsageError

_WHEN = "2026-01-05T09:00:00+00:00"
_WHO = "The author"
_PATIENCE_S = 60.0


@frozen
class Planted:
    """A repository that holds a case; `scope` is the change."""

    root: Path
    scope: Scope


@contextmanager
def planted(case: Case, environment: Mapping[str, str]) -> Iterator[Planted]:
    """The case in a folder that is gone after the block. Raises UsageError where git is not there or refuses."""
    with TemporaryDirectory(prefix="rebuttal-eval-", ignore_cleanup_errors=True) as folder:
        place = Path(folder).resolve()
        yield plant(case, place / case.name, git_environment(environment, place / "home"))


def git_environment(environment: Mapping[str, str], home: Path) -> dict[str, str]:
    """Git with a home and a configuration of its own: the user's hooks, filters and signing are not the corpus's."""
    home.mkdir(parents=True, exist_ok=True)
    kept = {name: value for name, value in environment.items() if not name.startswith(("GIT_", "ANTHROPIC_"))}
    return kept | {
        "HOME": str(home),
        "USERPROFILE": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_AUTHOR_NAME": _WHO,
        "GIT_AUTHOR_EMAIL": "author@example.org",
        "GIT_AUTHOR_DATE": _WHEN,
        "GIT_COMMITTER_NAME": _WHO,
        "GIT_COMMITTER_EMAIL": "author@example.org",
        "GIT_COMMITTER_DATE": _WHEN,
        "GIT_TERMINAL_PROMPT": "0",
    }


def plant(case: Case, root: Path, environment: Mapping[str, str]) -> Planted:
    """Write the case into an empty folder. Raises UsageError."""
    root.mkdir(parents=True)
    git = _Git(root, environment)
    git("-c", "init.defaultBranch=main", "init", "-q")
    git("config", "core.autocrlf", "false")
    for one in case.files:
        _write(root, one.path, one.base)
    _commit(git, "The state before the change")
    for one in case.files:
        if one.changed:
            _write(root, one.path, one.new)
    if not case.message.strip():
        return Planted(root, Scope())
    _commit(git, case.message.strip())
    return Planted(root, Scope("commit", "HEAD"))


class _Git:
    def __init__(self, root: Path, environment: Mapping[str, str]) -> None:
        program = shutil.which("git", path=environment.get("PATH"))
        if program is None:
            raise ChangeError("git is not installed: an evaluation makes a repository of each case")
        self._program, self._root, self._environment = program, root, dict(environment)

    def __call__(self, *arguments: str) -> None:
        try:
            done = subprocess.run(
                [self._program, *arguments],
                cwd=self._root,
                env=self._environment,
                capture_output=True,
                check=False,
                timeout=_PATIENCE_S,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise UsageError(f"git {arguments[0]} failed in a temporary folder: {error}") from None
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip()[:300]
            raise UsageError(f"git {arguments[0]} failed in a temporary folder: {said}")


def _commit(git: _Git, message: str) -> None:
    git("add", "-A", "--force")
    git("commit", "-q", "--allow-empty", "--no-verify", "-m", message)


def _write(root: Path, path: str, text: str | None) -> None:
    target = root.joinpath(*path.split("/"))
    if text is None:
        target.unlink(missing_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(text.encode("utf-8"))
