"""Many faults of one kind in one file become one finding: nobody reads hundreds one by one, nor should the editor."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from attrs import evolve

from rebuttal.change.model import Side
from rebuttal.evidence.model import Fact
from rebuttal.findings.model import Related
from rebuttal.text.positions import LineIndex

MANY = 12
"""So many of one rule in one file are told one by one; of more the first, with the places of the others."""
_PLACES = 50


def folded(facts: Iterable[Fact]) -> list[Fact]:
    """The facts in their order, those of a crowd as its first."""
    facts = list(facts)
    crowds: dict[tuple[str, Side, str], list[Fact]] = defaultdict(list)
    for fact in facts:
        crowds[_kind(fact)].append(fact)
    firsts = {kind: _first(crowd) for kind, crowd in crowds.items() if len(crowd) > MANY}
    kept: list[Fact] = []
    for fact in facts:
        kind = _kind(fact)
        if kind not in firsts:
            kept.append(fact)
        elif crowds.pop(kind, None) is not None:
            kept.append(firsts[kind])
    return kept


def _kind(fact: Fact) -> tuple[str, Side, str]:
    return fact.diff.path, fact.side, fact.rule


def _first(crowd: list[Fact]) -> Fact:
    first, *others = sorted(crowd, key=lambda one: (one.first_line, one.last_line))
    index = LineIndex(first.diff.text(first.side) or "")
    places = (
        Related(one.diff.path, one.where or index.range_of_git_lines(one.first_line, one.last_line), "here too")
        for one in others[:_PLACES]
    )
    return evolve(
        first,
        message=f"{first.message} There are {len(others)} more like this in the file.",
        related=(*first.related, *places),
        fix=None,  # of one of many
    )
