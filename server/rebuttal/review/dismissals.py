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
        return evolve(parts, dismissed={}, notes=tuple(dict.fromkeys((*parts.notes, told))))
    if dismissed and not parts.dismissed:  # once for a review
        await look_at_commits(services, parts.change.root)
    renames = (*renames_of(parts.change), *(await _renames(services, parts.change.root) if dismissed else ()))
    when = {finding: one.dismissed_at for finding, one in dismissed.items()}
    return evolve(parts, dismissed=when, renames=renames)


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


async def renamed(services: Services, root: Path, renames: Iterable[tuple[str, str]]) -> None:
    """Files or folders were renamed, which git need not tell: remembered for what was dismissed in them. Raises
    StoreError, ChangeError."""
    from rebuttal.store.renames import Renames

    await Renames(await services.stores.own()).add(repository_id(root), renames)


async def look_at_commits(services: Services, root: Path) -> None:
    """What commits have renamed since this was last looked at: a change of the work tree does not tell it any more.
    From a first dismissal on, so that nothing is asked of git where nothing was dismissed. Raises nothing."""
    from rebuttal.store.renames import Renames

    try:
        kept, repository = Renames(await services.stores.own_at_hand(), patience=BRIEF), repository_id(root)
        before = await kept.until(repository)

        def look() -> tuple[str | None, tuple[tuple[str, str], ...]]:
            from rebuttal.change.renamed import head_commit, renames_between

            now = head_commit(root)
            if now is None or before is None or now == before:
                return now, ()
            return now, renames_between(root, before, now)

        now, found = await in_thread(look)
        if now is not None and now != before:
            await kept.add(repository, found, now)
    except (StoreError, ChangeError) as error:
        log.info("what commits renamed is not known: %s", error)


async def _renames(services: Services, root: Path) -> tuple[Rename, ...]:
    """What editor and commits told, the newest first; nothing where it is not known."""
    from rebuttal.store.renames import Renames

    try:
        told = await Renames(await services.stores.own_at_hand(), patience=BRIEF).of(repository_id(root))
        return tuple(Rename(*one) for one in told)
    except (StoreError, ChangeError):
        return ()
