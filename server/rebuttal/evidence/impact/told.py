"""How broken uses are told: one fact for an altered symbol, with the places that the change forgot."""

from __future__ import annotations

from attrs import frozen

from rebuttal.evidence.impact.model import Altered, Usage
from rebuttal.evidence.impact.signatures import difference
from rebuttal.evidence.model import Fact
from rebuttal.evidence.seats import ARCHITECT
from rebuttal.findings.model import Certainty, Related
from rebuttal.text.positions import LineIndex

NAMED_CALLERS = 3
RELATED_CALLERS = 50


@frozen
class Broken:
    """A use that the change breaks."""

    usage: Usage
    reason: str

    @property
    def place(self) -> str:
        return f"{self.usage.source.path}:{self.usage.reference.line + 1}"


def signature_fact(one: Altered, uses: list[Broken]) -> Fact:
    new, text = one.new or one.old, one.diff.new_text or ""
    assert new.parameters is not None
    assert one.old.parameters is not None
    what = difference(one.old.parameters, new.parameters)
    calls = "one call was" if len(uses) == 1 else f"{len(uses)} calls were"
    shown = label(one)
    return Fact(
        one.diff,
        "impact:signature",
        f"Callers of {shown} do not fit its new signature",
        f"{shown} changed ({what}), but {calls} not changed with it: {named(uses)}.",
        "high",
        "correctness",
        ARCHITECT,
        new.name_line,
        max(new.header_end_line, new.name_line),
        confidence=confidence(one, uses),
        where=LineIndex(text).range(new.name_offset, new.name_offset + len(new.name)),
        related=related(uses),
    )


def removed_fact(one: Altered, uses: list[Broken], moved: str | None) -> Fact:
    """`moved` is the file that has it now, where there is one."""
    shown = label(one)
    what = f"was moved to {moved}" if moved else "was removed"
    return Fact(
        one.diff,
        "impact:removed",
        f"{shown} {'moved' if moved else 'is gone'} but is still used",
        f"{shown} {what}, but {places(uses)} still {'use' if len(uses) > 1 else 'uses'} it: {at(uses)}.",
        "high",
        "correctness",
        ARCHITECT,
        one.old.name_line,
        one.old.name_line,
        side="old",
        confidence=confidence(one, uses),
        where=LineIndex(one.diff.old_text or "").range(one.old.name_offset, one.old.name_offset + len(one.old.name)),
        related=related(uses),
    )


def lost_file_fact(group: list[tuple[Altered, list[Broken]]]) -> Fact:
    """One fact for a deleted file, however many of its names are missed."""
    first, uses = group[0][0], [use for _, more in group for use in more]
    names = ", ".join(f"`{one.name}`" for one, _ in group[:NAMED_CALLERS])
    more = f" and {len(group) - NAMED_CALLERS} more" if len(group) > NAMED_CALLERS else ""
    return Fact(
        first.diff,
        "impact:removed",
        "Deleted file is still used",
        f"{first.diff.path} was deleted, but {places(uses)} still {'use' if len(uses) > 1 else 'uses'} "
        f"{names}{more} of it: {at(uses)}.",
        "high",
        "correctness",
        ARCHITECT,
        first.old.name_line,
        first.old.name_line,
        side="old",
        related=related(uses),
    )


def label(one: Altered) -> str:
    if one.is_constructor:
        return f"`{one.owner}()`"
    return f"`{one.old.qualified}()`" if one.old.parameters is not None else f"`{one.old.qualified}`"


def confidence(one: Altered, uses: list[Broken]) -> Certainty:
    if one.language == "javascript" and one.how == "signature":
        return "likely"
    return "certain" if any(use.usage.confidence == "certain" for use in uses) else "likely"


def places(uses: list[Broken]) -> str:
    return "one place" if len(uses) == 1 else f"{len(uses)} places"


def named(uses: list[Broken]) -> str:
    shown = [f"{use.place} {use.reason}" for use in uses[:NAMED_CALLERS]]
    more = [f"and {len(uses) - NAMED_CALLERS} more"] if len(uses) > NAMED_CALLERS else []
    return "; ".join([*shown, *more])


def at(uses: list[Broken]) -> str:
    more = f" and {len(uses) - NAMED_CALLERS} more" if len(uses) > NAMED_CALLERS else ""
    return ", ".join(use.place for use in uses[:NAMED_CALLERS]) + more


def related(uses: list[Broken]) -> tuple[Related, ...]:
    return tuple(
        Related(
            use.usage.source.path,
            use.usage.source.index.range(
                use.usage.reference.start_offset, use.usage.reference.call_end_offset or use.usage.reference.end_offset
            ),
            use.reason,
        )
        for use in uses[:RELATED_CALLERS]
    )
