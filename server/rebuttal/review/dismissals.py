"""What the user has dismissed, as a review knows it: also under the names that files had when it was dismissed."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve

from rebuttal.change.identity import repository_id
from rebuttal.change.model import ChangeError
from rebuttal.findings.model import Finding
from rebuttal.findings.renames import Rename, dismissed_before, renames_of
from rebuttal.review.parts import Parts
from rebuttal.review.threads import in_thread
from rebuttal.store.model import BRIEF, StoreError
from rebuttal.text.parsing import Parser

if TYPE_CHECKING:
    from rebuttal.review.services import Services

log = logging.getLogger(__name__)


async def known(services: Services, parts: Parts) -> Parts:
    """With what is dismissed, and what was renamed; where the store cannot be read, nothing is, and that is told."""
    try:
        dismissed = await services.dismissed(parts.change.root)
    except StoreError as error:
        told = f"Dismissed findings are shown, for the store cannot be read: {error}."
        return evolve(parts, dismissed=(), notes=tuple(dict.fromkeys((*parts.notes, told))))
    renames = (*renames_of(parts.change), *(await _renames(services, parts.change.root) if dismissed else ()))
    return evolve(parts, dismissed=frozenset(dismissed), renames=renames)


def before(parts: Parts, findings: Iterable[Finding]) -> Mapping[str, str]:
    """Ids of findings that were dismissed while their file had another name, with the ids that they had then. May parse
    files: not for an event loop's thread."""
    from rebuttal.review.assembly import symbol_of

    if not parts.dismissed or not parts.renames:
        return {}
    parser = Parser()
    return dismissed_before(findings, lambda one: symbol_of(parts.change, one, parser), parts.renames, parts.dismissed)


async def carry_on(services: Services, parts: Parts, findings: tuple[Finding, ...]) -> Mapping[str, str]:
    """The same, kept for good: the next change need not tell of the rename any more."""
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


async def renamed(services: Services, root: Path, renames: Iterable[Rename]) -> None:
    """Files or folders were renamed, which git need not tell: remembered for what was dismissed in them. Raises
    StoreError, ChangeError."""
    from rebuttal.store.renames import Renames

    await Renames(await services.stores.own()).add(repository_id(root), renames)


async def _renames(services: Services, root: Path) -> tuple[Rename, ...]:
    """What the editor told, the newest first; nothing where it is not known."""
    from rebuttal.store.renames import Renames

    try:
        return await Renames(await services.stores.own_at_hand(), patience=BRIEF).of(repository_id(root))
    except (StoreError, ChangeError):
        return ()
