"""Runs the static panel over the planted pairs, in process: what it found, what it missed, where it cried wolf."""

from __future__ import annotations

import difflib
import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen

from bench.packages import git
from bench.plants.model import Files, Pair, Place
from rebuttal.change.model import Scope
from rebuttal.change.read import read_change
from rebuttal.evidence.panel import collect
from rebuttal.findings.model import Finding

NEAR = 3
"""A finding so many lines from the quoted one is at it: a fault has a head, a body and a neighbour."""


@frozen
class Spot:
    """A place that a tool speaks of; `first` and `last` are lines from 0, None for the file as a whole."""

    file: str
    first: int
    last: int
    old: bool = False


@frozen
class Said:
    """One finding of a tool, with all its places."""

    rule: str
    text: str
    spots: tuple[Spot, ...]


@frozen
class Outcome:
    """What a tool said on both changes of a pair."""

    pair: Pair
    right: tuple[Said, ...]
    """On the fault: of its family, and at its place."""
    astray: tuple[Said, ...]
    """On the fault: of its family, elsewhere."""
    beside: tuple[Said, ...]
    """On the fault: of other families."""
    false: tuple[Said, ...]
    """On the near miss, of the fault's family."""
    false_other: tuple[Said, ...]
    """On the near miss, of other families."""
    failed: tuple[str, ...] = ()
    """Checks that did not work."""


def measure(pairs: Sequence[Pair]) -> list[Outcome]:
    """The panel on each, every change as the second commit of a history of its own."""
    with tempfile.TemporaryDirectory() as folder, _quiet_home(Path(folder)):
        where = Path(folder).resolve() / "repository"
        names = write(where, pairs)
        return [_outcome(where, pair, *names[pair.name]) for pair in pairs]


def _outcome(where: Path, pair: Pair, fault: str, sound: str) -> Outcome:
    on_fault, failed = _panel(where, fault)
    on_sound, failed_too = _panel(where, sound)
    return judge(pair, on_fault, on_sound, (*failed, *failed_too))


def _panel(where: Path, revision: str) -> tuple[tuple[Said, ...], tuple[str, ...]]:
    with read_change(where, Scope("commit", revision)) as reading:
        evidence = collect(reading.change, reading.repository)
    return tuple(map(_said, evidence.findings)), tuple(f"{one.seat}: {one.reason}" for one in evidence.degraded)


def _said(finding: Finding) -> Said:
    start, end = finding.range.start, finding.range.end
    last = end.line - 1 if end.character == 0 and end.line > start.line else end.line
    whole = finding.side == "file"
    spots = [Spot(finding.file, 0 if whole else start.line, 10**6 if whole else last, finding.side == "old")]
    spots += [Spot(one.file, one.range.start.line, one.range.end.line) for one in finding.related]
    return Said(finding.rule, f"{finding.title}: {finding.message}", tuple(spots))


def judge(pair: Pair, on_fault: Iterable[Said], on_sound: Iterable[Said], failed: Sequence[str] = ()) -> Outcome:
    """Sort what a tool said."""
    on_fault, on_sound = tuple(on_fault), tuple(on_sound)
    family = [one for one in on_fault if pair.kind.speaks(one.rule)]
    right = tuple(one for one in family if _is_right(pair, one))
    return Outcome(
        pair,
        right,
        tuple(one for one in family if one not in right),
        tuple(one for one in on_fault if one not in family),
        tuple(one for one in on_sound if pair.kind.speaks(one.rule)),
        tuple(one for one in on_sound if not pair.kind.speaks(one.rule)),
        tuple(dict.fromkeys(failed)),
    )


def _is_right(pair: Pair, said: Said) -> bool:
    return any(_is_at(pair, place, spot) for place in pair.at for spot in said.spots)


def _is_at(pair: Pair, place: Place, spot: Spot) -> bool:
    if place.file != spot.file:
        return False
    lines = lines_of(pair.base, pair.fault, place, spot.old)
    return any(spot.first - NEAR <= line <= spot.last + NEAR for line in lines)


def lines_of(before: Files, after: Files, place: Place, old: bool) -> list[int]:
    """Lines (from 0) of one side where the place is; a line that this side lacks stands where it would have been."""
    mine, other = (before, after) if old else (after, before)
    text, away = mine.get(place.file), other.get(place.file)
    lines = [number for number, line in enumerate((text or "").split("\n")) if place.quote in line]
    if lines or text is None or away is None:
        return lines if text is not None else [0]
    there = [number for number, line in enumerate(away.split("\n")) if place.quote in line]
    return [_across(away.split("\n"), text.split("\n"), line) for line in there]


def _across(one: list[str], other: list[str], line: int) -> int:
    for _, start, end, other_start, _ in difflib.SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if start <= line < end:
            return other_start + (line - start if one[start] == other[min(other_start, len(other) - 1)] else 0)
    return len(other)


def write(where: Path, pairs: Sequence[Pair]) -> dict[str, tuple[str, str]]:
    """A repository with a history of two commits for each change; the branches of fault and near miss, by pair."""
    where.mkdir(parents=True)
    git(where, "init", "-q", "-b", "main")
    names = {}
    parts: list[bytes] = []
    for number, pair in enumerate(pairs):
        names[pair.name] = f"fault{number}", f"sound{number}"
        for branch, before, after in (
            (f"fault{number}", pair.base, pair.fault),
            (f"sound{number}", pair.sound_base, pair.sound),
        ):
            parts += [f"reset refs/heads/{branch}\n".encode(), *_commit(branch, before), *_commit(branch, after)]
    process = subprocess.Popen(["git", "fast-import", "--quiet"], cwd=where, stdin=subprocess.PIPE)
    process.communicate(b"".join(parts))
    assert process.returncode == 0
    return names


def _commit(branch: str, files: Files) -> Iterator[bytes]:
    yield f"commit refs/heads/{branch}\ncommitter Bench <bench@example.com> 1767268800 +0000\n".encode()
    yield b"data 6\nChange\ndeleteall\n"
    for path, text in files.items():
        data = text.encode()
        yield f"M 100644 inline {path}\ndata {len(data)}\n".encode() + data + b"\n"


@contextmanager
def _quiet_home(home: Path) -> Iterator[None]:
    """Git without the settings of whoever runs the benchmark."""
    given: Mapping[str, str] = {"HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
