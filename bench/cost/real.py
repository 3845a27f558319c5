"""The changes of `bench.real_changes` as studies: two releases of real packages, with a script drawn from their lines.

Nobody planted anything in them, so what is said of them is drawn by hash: some added lines are taken for defects and
some for false claims, each raised by one or two seats of the panel that the product's rules choose.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.cost.harness import Ready, changed_lines, fenced, settings_of
from bench.cost.study import Course, Scripted, Study
from bench.cost.ways import most_changed
from bench.packages import RELEASES, WORK, Release
from rebuttal.change.model import Scope
from rebuttal.evaluation.corpus import CATEGORIES, Case
from rebuttal.evaluation.skill import draw
from rebuttal.findings.severity import SEVERITIES
from rebuttal.review.parts import Parts
from rebuttal.review.request import Request
from rebuttal.review.run import look
from rebuttal.review.services import open_services

MOST, FALSE = 20, 4
LINES_PER_DEFECT = 40
"""As estimates expect claims of one seat."""
APART = 12
_LEAST = 24
"""Characters of a line that may be quoted."""


def prepared_releases() -> list[tuple[Release, Path]]:
    """The releases of which `bench.real_changes` has made repositories, with these."""
    places = ((one, WORK / f"{one.name}-{one.old}-{one.new}") for one in RELEASES)
    return [(one, where) for one, where in places if where.is_dir()]


def ready_release(release: Release, where: Path, environment: Mapping[str, str]) -> Ready:
    """The step from one release to the next, read as any review reads it."""
    settings = settings_of("balanced", "crossfire")

    async def read(home: str) -> Parts:
        async with open_services({**environment, "REBUTTAL_HOME": home}, settings) as services:
            scope = Scope("commit", "HEAD")
            request = Request(where=where, settings=settings, scope=scope, agreed=True, unattended=True)
            return await look(request, services, priced=False)

    with TemporaryDirectory(prefix="rebuttal-bench-", ignore_cleanup_errors=True) as home:
        parts = fenced(asyncio.run(read(home)))
    return Ready(_study(release, parts), parts, changed_lines(parts))


def _study(release: Release, parts: Parts) -> Study:
    seats = tuple(seat.id for seat in parts.choice.seats)
    case = Case(
        release.name, WORK, f"{release.name} {release.old} to {release.new}", release.kind, "feature", "", (), (), ()
    )
    lines = sorted(_quotable(parts), key=lambda one: draw(release.name, *one))
    number = min(max(changed_lines(parts) // LINES_PER_DEFECT, 3), MOST)
    said = tuple(
        _scripted(release.name, number_, *line, seats=seats, is_true=number_ < number)
        for number_, line in enumerate(lines[: number + FALSE])
    )
    return Study(case, said, seats, parts.choice.rounds)


def _quotable(parts: Parts) -> Iterator[tuple[str, str]]:
    """File and text of added lines of the baselines' files that the panel is shown, and that it can quote: what a
    change is too large to show holds no scripted finding. None is near another, or reads the same."""
    assert parts.context is not None
    shown, known = {one.file for one in parts.context.exhibits if one.side == "new"}, set[str]()
    for diff in most_changed(parts.change):
        if diff.path not in shown:
            continue
        lines, last = (diff.new_text or "").split("\n"), -APART
        for number in sorted(diff.added_lines):
            text = lines[number] if number < len(lines) else ""
            if number - last < APART or len(text.strip()) < _LEAST:
                continue
            if lines.count(text) == 1 and parts.shared.count(text) == 1 and text not in known:
                last = number
                known.add(text)
                yield diff.path, text


def _scripted(name: str, number: int, file: str, line: str, *, seats: tuple[str, ...], is_true: bool) -> Scripted:
    def drawn(what: str) -> float:
        return draw(name, what, file, line)

    raisers = sorted(seats, key=drawn)[: 1 + (drawn("two") < 0.5)]
    chance = drawn("course")
    course: Course = "unsure" if chance < 0.1 else "refuted" if chance < 0.2 else "confirmed"
    return Scripted(
        id=f"{name}.{number}",
        is_true=is_true,
        file=file,
        quote=line,
        title=f"Scripted claim {number} about {Path(file).name}",
        why=f"What `{line.strip()[:60]}` does is taken to be {'wrong' if is_true else 'wrong, which it is not'}",
        category=CATEGORIES[int(drawn("category") * len(CATEGORIES))],
        severity=SEVERITIES[int(drawn("severity") * len(SEVERITIES))],
        seats=tuple(raisers),
        decided_by=line,
        course=course if is_true else "confirmed",
    )
