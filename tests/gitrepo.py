"""Real git repositories for tests: their own HOME and config, nothing of the machine's."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from attrs import frozen

_DATE = "2026-01-02T03:04:05+00:00"


def isolated_environment(home: Path) -> dict[str, str]:
    """The process's environment with git cut off from the machine's and the user's configuration."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return kept | {
        "HOME": str(home),
        "USERPROFILE": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": str(home / ".gitconfig"),
        "GIT_AUTHOR_NAME": "Ada Author",
        "GIT_AUTHOR_EMAIL": "ada@example.org",
        "GIT_AUTHOR_DATE": _DATE,
        "GIT_COMMITTER_NAME": "Carl Committer",
        "GIT_COMMITTER_EMAIL": "carl@example.org",
        "GIT_COMMITTER_DATE": _DATE,
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }


@frozen
class GitRepo:
    """One repository in a temporary folder; `root` is its work tree, `env` what git is run with."""

    root: Path
    env: Mapping[str, str]

    @classmethod
    def create(cls, root: Path, home: Path) -> GitRepo:
        """Make an empty repository whose first branch is `main`."""
        root.mkdir(parents=True, exist_ok=True)
        home.mkdir(parents=True, exist_ok=True)
        repo = cls(root.resolve(), isolated_environment(home))
        repo.git("init", "-q", "-b", "main")
        repo.git("config", "core.autocrlf", "false")
        repo.git("config", "commit.gpgsign", "false")
        return repo

    def git(self, *args: str, stdin: bytes | None = None) -> str:
        """Run git in the work tree; gives stdout without its last line end, fails the test on an error."""
        done = subprocess.run(
            ["git", *args], cwd=self.root, env=dict(self.env), input=stdin, capture_output=True, check=False
        )
        assert done.returncode == 0, f"git {args}: {done.stderr.decode(errors='replace')}"
        return done.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")

    def path(self, path: str) -> Path:
        return self.root.joinpath(*path.split("/"))

    def write(self, path: str, text: str | bytes) -> Path:
        """Write a file of the work tree (UTF-8, line ends as given), making its folders."""
        target = self.path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode("utf-8") if isinstance(text, str) else text)
        return target

    def remove(self, path: str) -> None:
        self.path(path).unlink()

    def add(self, *paths: str) -> None:
        """Stage paths; everything when none is given."""
        self.git("add", "-A", "--", *(paths or (".",)))

    def commit(self, message: str = "A commit", files: Mapping[str, str | bytes] | None = None) -> str:
        """Write `files`, stage everything, commit (even when nothing changed); gives the full hash."""
        for path, text in (files or {}).items():
            self.write(path, text)
        self.add()
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")
