"""What has been renamed, as the store keeps it: told by the editor, or by commits."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

from rebuttal.change.identity import repository_id
from rebuttal.change.model import ChangeError
from rebuttal.findings.renames import Rename
from rebuttal.review.stores import Stores
from rebuttal.review.threads import in_thread
from rebuttal.store.model import BRIEF, StoreError

log = logging.getLogger(__name__)


async def remember(stores: Stores, root: Path, renames: Iterable[tuple[str, str]]) -> None:
    """Files or folders were renamed, which git need not tell: remembered for what was dismissed in them. Raises
    StoreError, ChangeError."""
    from rebuttal.store.renames import Renames

    await Renames(await stores.own()).add(repository_id(root), renames)


async def look_at_commits(stores: Stores, root: Path) -> None:
    """What commits have renamed since this was last looked at: a change of the work tree does not tell it any more.
    From a first dismissal on, so that nothing is asked of git where nothing was dismissed. Raises nothing."""
    from rebuttal.store.renames import Renames

    try:
        kept, repository = Renames(await stores.own_at_hand(), patience=BRIEF), repository_id(root)
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


async def told(stores: Stores, root: Path) -> tuple[Rename, ...]:
    """What editor and commits told, the newest first; nothing where it is not known."""
    from rebuttal.store.renames import Renames

    try:
        told = await Renames(await stores.own_at_hand(), patience=BRIEF).of(repository_id(root))
        return tuple(Rename(*one) for one in told)
    except (StoreError, ChangeError):
        return ()
