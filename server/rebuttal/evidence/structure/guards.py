"""Guards that the change takes away while what they guarded stays.

Only where the guarded lines still stand as they were in the same function, and nothing like the guard was put
elsewhere: a check that moved into a helper, a decorator or the callee is none that is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rebuttal.evidence.model import Fact, Material
from rebuttal.evidence.rules import Rule
from rebuttal.evidence.seats import CODE, SECURITY
from rebuttal.evidence.structure.checked import checks_lost, decorators_lost, error_checks_lost
from rebuttal.evidence.structure.lines import Lines, changed_files
from rebuttal.evidence.structure.refused import assertions_lost
from rebuttal.evidence.structure.released import cancel_dropped, modifier_lost, released, unguarded
from rebuttal.evidence.structure.unwrapped import Lost, constant_time_lost, unwrapped

GUARD_REMOVED = Rule(
    "structure:guard-removed",
    "Guard removed",
    "What it guarded against can happen again.",
    "medium",
    "correctness",
    CODE,
    "likely",
)
RULES = (GUARD_REMOVED,)


def check(material: Material) -> Iterator[Fact]:
    """One fact for each guard that is gone."""
    finders: tuple[Callable[[Lines], Iterator[Lost]], ...] = (
        lambda lines: unwrapped(material, lines),
        constant_time_lost,
        released,
        cancel_dropped,
        unguarded,
        error_checks_lost,
        lambda lines: checks_lost(material, lines),
        lambda lines: assertions_lost(material, lines),
        modifier_lost,
        lambda lines: decorators_lost(material, lines),
    )
    for lines in changed_files(material):
        if lines.is_test or lines.diff.old_text is None or lines.diff.new_text is None:
            continue
        seen: set[int] = set()
        for finder in finders:
            for lost in finder(lines):
                if lost.line not in seen and material.in_scope(lines.diff, (lost.line,)):
                    seen.add(lost.line)
                    yield _fact(lines, lost)


def _fact(lines: Lines, lost: Lost) -> Fact:
    security = lost.category == "security"
    return GUARD_REMOVED.fact(
        lines.diff,
        lost.line,
        lost.line,
        lost.what,
        title=lost.title,
        severity=lost.severity,
        category=lost.category,
        seat=SECURITY if security else CODE,
    )
