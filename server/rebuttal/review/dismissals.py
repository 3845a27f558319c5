"""What the user has dismissed, as a review knows it: also under the names that files had when it was dismissed."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from attrs import evolve

from rebuttal.change.model import ChangeError
from rebuttal.findings.model import Finding
from rebuttal.findings.renames import renames_of
from rebuttal.review import renamed
from rebuttal.review.naming import before
from rebuttal.review.parts import Parts
from rebuttal.review.threads import in_thread
from rebuttal.store.model import BRIEF, StoreError

if TYPE_CHECKING:
    from rebuttal.review.services import Services

log = logging.getLogger(__name__)


async def known(services: Services, parts: Parts) -> Parts:
    """With what is dismissed, and what was renamed; where the store cannot be read, nothing is, and that is told."""
    try:
        dismissed = await services.dismissed(parts.change.root)
    except StoreError as error:
        told = f"Dismissed findings are shown, for the store cannot be read: {error}."
        return evolve(parts, dismissed={}, notes=tuple(dict.fromkeys((*parts.notes, told))))
    if dismissed and not parts.dismissed:  # once for a review
        await renamed.look_at_commits(services.stores, parts.change.root)
    renames = (
        *renames_of(parts.change),
        *(await renamed.told(services.stores, parts.change.root) if dismissed else ()),
    )
    when = {finding: one.dismissed_at for finding, one in dismissed.items()}
    return evolve(parts, dismissed=when, renames=renames)


async def carry_on(services: Services, parts: Parts, findings: tuple[Finding, ...]) -> Mapping[str, str]:
    """What `before` finds, kept for good: the next change need not tell of the rename any more."""
    if not parts.dismissed or not parts.renames:
        return {}
    found = await in_thread(lambda: before(parts, findings))
    if found:
        from rebuttal.store.verdicts import Verdicts

        try:
            repository = services.repository(parts.change.root)
            verdicts = Verdicts(await services.stores.shared_at_hand(), patience=BRIEF)
            await services.stores.soon(verdicts.carry(repository, found.items()))
        except (StoreError, ChangeError) as error:
            log.info("dismissals of a renamed file are not carried on: %s", error)
    return found
