"""Open tabs as a signal: what the user looks at while changing something often has to do with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from attrs import evolve

from rebuttal.change.model import Change
from rebuttal.context.packing import Candidate

LIFT = 0.04
"""What an open file adds to a score: less than lies between two kinds of candidates, so it decides among equals."""
REASON = "open in the editor"


def lifted(candidates: Iterable[Candidate], open_files: Sequence[str], change: Change) -> Iterator[Candidate]:
    """The candidates, those of open files a little higher. That a changed file is open says nothing more of it."""
    changed = {diff.path for diff in change.files}
    tabs = {file for file in open_files if file not in changed}
    for one in candidates:
        if one.file in tabs and one.side == "new":
            yield evolve(one, score=min(round(one.score + LIFT, 4), 1.0), reason=f"{one.reason}; {REASON}")
        else:
            yield one
