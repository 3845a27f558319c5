"""The sweeps of a repository that the store keeps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from rebuttal.change.listing import list_changes
from rebuttal.review.request import UsageError
from rebuttal.review.sweep_model import Asking, Kept, from_text
from rebuttal.review.sweep_services import SweepServices
from rebuttal.review.threads import in_thread
from rebuttal.store.sweeps import StoredSweep


async def kept_sweeps(asking: Asking) -> tuple[Kept, ...]:
    """The sweeps of the repository, the newest first. Raises StoreError, ChangeError."""
    services = SweepServices(asking.environment, asking.settings)
    try:
        return (await _all(asking, services))[1]
    finally:
        await services.close()


async def _all(asking: Asking, services: SweepServices, wanted: str = "") -> tuple[Path, tuple[Kept, ...]]:
    root = await in_thread(lambda: _root(asking.where))
    stored = await (await services.sweeps()).listed(services.repository(root))
    return root, tuple(_readable(stored, wanted))


async def find(asking: Asking, services: SweepServices, sweep_id: str) -> tuple[Path, Kept]:
    """The repository's root and the sweep of that id; "": the newest that is open. Raises UsageError."""
    root, found = await _all(asking, services, sweep_id)
    if not sweep_id:
        still = [one for one in found if one.state == "open"]
        if not still:
            raise UsageError(
                f"no sweep of {root.name} is open: begin one, or name one that rebuttal sweep --list shows"
            )
        return root, still[0]
    one = next((one for one in found if one.id == sweep_id), None)
    if one is None:
        raise UsageError(
            f"there is no sweep {sweep_id!r} of {root.name}: rebuttal sweep --list shows those that are kept"
        )
    return root, one


def _root(where: Path) -> Path:
    return list_changes(where).root


def _readable(stored: Iterable[StoredSweep], wanted: str) -> Iterator[Kept]:
    """All but those that another version has begun. Raises UsageError where it is the one that is wanted."""
    for one in stored:
        try:
            job = from_text(one.job)
        except UsageError:
            if one.id == wanted:
                raise
            continue
        numbers = (one.turns, one.answered, one.under_way)
        yield Kept(one.id, one.made_at, one.state, job, one.host, one.spent, *numbers)
