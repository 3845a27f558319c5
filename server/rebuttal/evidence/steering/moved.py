"""Files that the change moves to where reviews do not look: into a vendored folder, or under a lock file's name."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from attrs import evolve

from rebuttal.change.model import FileDiff
from rebuttal.change.unreviewed import unreviewed
from rebuttal.evidence.model import Fact, Material
from rebuttal.evidence.seats import CODE
from rebuttal.findings.model import Related
from rebuttal.findings.severity import Severity
from rebuttal.text.positions import Position, Range

_MOST = 100
"""Files on each side that are compared with one another."""
_ROOM = 2_000_000
"""Characters of files that are not reviewed."""
_ALIKE = 0.5
"""Share of common lines from which a file is another one's new form, as git's renames."""
_START = Range(Position(0, 0), Position(0, 0))


def moved_away(material: Material) -> Iterator[Fact]:
    """One fact for each file that the base has where it is reviewed, and the change where it is not.

    Unlike with other steering, what the move alters is hidden from this review already.
    """
    change = material.change
    if change.only_lines:
        return
    gone = list(islice((one for one in change.files if one.status == "deleted" and one.old_text), _MOST))
    stood = material.repository.old.paths() if gone and change.skipped else frozenset()
    new = tuple(islice((one for one in change.skipped if gone and one.file not in stood), _MOST))
    reasons = {one.file: one.reason for one in new}
    hidden = unreviewed(evolve(change, skipped=new), material.repository, _ROOM).files
    left = {one.path: (one, _lines(one.new_text)) for one in hidden}
    for diff in gone:
        lines = _lines(diff.old_text)
        likeness, path = max(((_likeness(lines, other), path) for path, (_, other) in left.items()), default=(0.0, ""))
        if likeness >= _ALIKE:
            yield _fact(diff, left.pop(path)[0], reasons[path])


def _likeness(one: set[str], other: set[str]) -> float:
    return len(one & other) / max(len(one | other), 1)


def _lines(text: str | None) -> set[str]:
    return {line.strip() for line in (text or "").split("\n")} - {""}


def _fact(diff: FileDiff, other: FileDiff, reason: str) -> Fact:
    same = diff.old_text == other.new_text
    altered = "" if same else " What the change alters in it on the way was not reviewed."
    severity: Severity = "low" if same else "medium"
    return Fact(
        diff,
        "steering:moved",
        "The change moves a file out of reviews",
        f"It becomes {other.path}, which reviews leave out ({reason}).{altered}",
        severity,
        "testing",
        CODE,
        0,
        0,
        "old",
        related=(Related(other.path, _START, "here it is now"),),
    )
