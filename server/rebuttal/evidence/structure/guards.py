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
CHECK_REMOVED = Rule(
    "structure:check-removed",
    "Check removed",
    "What it refused can get through again.",
    "medium",
    "correctness",
    CODE,
    "likely",
    # Of three findings in some 5,000 real commits none was worth it: whoever takes out a check mostly means to.
    on=False,
)
RULES = (GUARD_REMOVED, CHECK_REMOVED)


def check(material: Material) -> Iterator[Fact]:
    """One fact for each guard that is gone."""
    finders: tuple[tuple[Rule, Callable[[Lines], Iterator[Lost]]], ...] = (
        (GUARD_REMOVED, lambda lines: unwrapped(material, lines)),
        (GUARD_REMOVED, constant_time_lost),
        (GUARD_REMOVED, released),
        (GUARD_REMOVED, cancel_dropped),
        (GUARD_REMOVED, unguarded),
        (GUARD_REMOVED, error_checks_lost),
        (GUARD_REMOVED, modifier_lost),
        (GUARD_REMOVED, lambda lines: decorators_lost(material, lines)),
        (CHECK_REMOVED, lambda lines: checks_lost(material, lines)),
        (CHECK_REMOVED, lambda lines: assertions_lost(material, lines)),
    )
    heard = [(rule, finder) for rule, finder in finders if material.hears(rule.id)]
    for lines in changed_files(material):
        if lines.is_test or lines.diff.old_text is None or lines.diff.new_text is None:
            continue
        seen: set[int] = set()
        for rule, finder in heard:
            for lost in finder(lines):
                if lost.line not in seen and material.in_scope(lines.diff, (lost.line,)):
                    seen.add(lost.line)
                    yield _fact(rule, lines, lost)


def _fact(rule: Rule, lines: Lines, lost: Lost) -> Fact:
    security = lost.category == "security"
    return rule.fact(
        lines.diff,
        lost.line,
        lost.line,
        lost.what,
        title=lost.title,
        severity=lost.severity,
        category=lost.category,
        seat=SECURITY if security else CODE,
    )
