"""The static panel's second half: the repository's own linters, and what the user has dismissed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from attrs import evolve

from rebuttal.findings.suppress import suppress
from rebuttal.review import dismissals
from rebuttal.review.parts import Parts
from rebuttal.review.request import Request
from rebuttal.review.services import Services
from rebuttal.review.threads import in_thread

if TYPE_CHECKING:
    from rebuttal.evidence.panel import Gathered


async def linted(request: Request, services: Services, parts: Parts, gathered: Gathered) -> Parts:
    """With what the linters say that the repository configures; the same evidence where none is run."""
    linters = services.linters(request, parts.change.root)

    def lint() -> Parts:
        from rebuttal.evidence.linting.unheard import unheard
        from rebuttal.evidence.panel import conclude, with_linters

        if linters is None:
            return evolve(parts, notes=(*parts.notes, *unheard(gathered.material)))
        more = with_linters(gathered, linters)
        if more is gathered:
            return parts
        told = tuple(note for note in more.notes if note not in gathered.notes)
        return evolve(parts, evidence=conclude(more), notes=(*parts.notes, *told))

    try:
        found = await in_thread(lint)
    finally:
        if linters is not None:
            linters.stop()
    return found if found.evidence is parts.evidence else await undismissed(services, found)


async def undismissed(services: Services, parts: Parts) -> Parts:
    """The findings, those marked that the user does not want to see."""
    evidence, number = parts.evidence, len(parts.evidence.findings)
    every = (*evidence.findings, *(evidence.pre_existing or ()))
    if not every:
        return parts
    parts = await dismissals.known(services, parts)
    before = await dismissals.carry_on(services, parts, every)
    dismissed = {*parts.dismissed, *before}
    marked = await in_thread(partial(suppress, every, parts.change, dismissed))
    stood = None if evidence.pre_existing is None else marked[number:]
    return evolve(parts, evidence=evolve(evidence, findings=marked[:number], pre_existing=stood))
