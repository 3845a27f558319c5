"""Where a report is put that nobody named a place for: a file that only the user can read."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

FOLDER = "reports"
"""In REBUTTAL_HOME."""
NAME = "cost-report.html"


def keep(home: Path, text: str) -> Path:
    """Write the report into the home, in the place of the last one, or where that cannot be written into a folder of
    its own among the temporary ones. Raises OSError where neither can be had."""
    try:
        folder = home / FOLDER
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return _replaced(folder, text)
    except OSError:
        return _replaced(Path(tempfile.mkdtemp(prefix="rebuttal-")), text)


def _replaced(folder: Path, text: str) -> Path:
    # A reader has the old one or the new one, whole; `mkstemp` makes it readable by its owner only.
    number, name = tempfile.mkstemp(prefix=".cost-report-", suffix=".html", dir=folder)
    try:
        with os.fdopen(number, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        return Path(name).replace(folder / NAME)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
