"""Builds the example: a git repository with one commit and a faulty change in its work tree.

The faults are planted: callers of two changed signatures were forgotten (Python and TypeScript), SQL is put
together from strings, a list is a default argument, a key stands in the source, an endless retry without
time limit, and a limit that moved by one (`>=` became `>`).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
# In two parts, so that no scanner of this repository takes the example's key for a real one.
EXAMPLE_KEY = "AKIA" + "Q3EGRTVX7PLMN2KD"


def make_repository(target: Path, example: str = "parcels") -> Path:
    """Make the example repository at `target` (which must not exist) and return it."""
    shutil.copytree(HERE / example / "base", target)
    git(target, "init", "-q", "-b", "main")
    git(target, "add", "-A")
    git(target, "commit", "-q", "-m", "Parcels")
    for source in sorted((HERE / example / "change").rglob("*")):
        if source.is_file():
            copy = target / source.relative_to(HERE / example / "change")
            text = source.read_text("utf-8").replace("@@AWS_KEY@@", EXAMPLE_KEY)
            copy.write_text(text, "utf-8", newline="\n")
    return target


def git(folder: Path, *arguments: str) -> None:
    """Run git without the user's configuration."""
    isolated = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    who = {f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER") for part, value in PERSON.items()}
    subprocess.run(["git", *arguments], cwd=folder, env={**os.environ, **isolated, **who}, check=True)


PERSON = {"NAME": "Example", "EMAIL": "example@example.com", "DATE": "2026-01-01T12:00:00+00:00"}

if __name__ == "__main__":
    print(make_repository(Path(sys.argv[1])))
