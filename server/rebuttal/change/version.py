"""Which git this is, for `rebuttal doctor`."""

from __future__ import annotations

import os
from pathlib import Path

from rebuttal.change.git import Git, git_environment


def git_version() -> str:
    """As git says it. Raises ChangeError where git is not installed."""
    git = Git(Path.cwd(), git_environment(os.environ))
    return git.start("version").finish().decode("utf-8", "replace").strip()
