"""Debates that were cut short: kept as they are held, and found again when the same review is asked for.

What is said is written down at once: a process that is killed costs no answer that was paid for.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import define, field

from rebuttal.review.cut_short import TakenUp
from rebuttal.review.request import Request
from rebuttal.review.services import Services
from rebuttal.review.threads import in_thread
from rebuttal.store.model import ZERO, Cost, StoreError
from rebuttal.store.money import money_converter

if TYPE_CHECKING:
    from rebuttal.debate.events import DebateEvent
    from rebuttal.debate.model import Brief, Outcome
    from rebuttal.debate.resumption import Record

log = logging.getLogger(__name__)

SCHEMA = 1


async def find(request: Request, services: Services, root: Path, brief: Brief) -> TakenUp | None:
    """The debate about the very same brief that was cut short; None where there is none that can be taken up, or the
    user wants it anew."""
    if request.fresh:
        return None
    if request.replay is not None or request.record is not None:
        return None  # a recording is of one whole debate
    key = _key(request, brief)
    try:
        kept = await services.unfinished(root, key)
        if kept is None or await _still_runs(services, kept.text):
            return None
        record = await in_thread(lambda: _record(kept.text))
        if record is None or record.brief != key:
            return None
        reviews = _reviews(kept.text)
        costs = [await services.cost(one) for one in reviews]
    except (StoreError, ValueError) as error:
        log.info("an earlier debate cannot be taken up: %s", error)
        return None
    recorded = Cost(sum((one.spent for one in costs), ZERO), sum((one.assumed for one in costs), ZERO))
    return TakenUp(kept.at, record, reviews, recorded)


@define
class Keeper:
    """Writes down what has been said, whenever something has been, while the debate runs."""

    services: Services
    root: Path
    key: str
    reviews: tuple[str, ...] = ()
    """Under which the debate has been held, this one last."""
    wrote: bool = False
    """Whether anything of this debate is in the store."""
    _so_far: Callable[[str], Record | None] = lambda key: None
    _said: asyncio.Event = field(factory=asyncio.Event)

    def begun(self, so_far: Callable[[str], Record | None]) -> None:
        """The debate begins: `so_far` tells what has been said."""
        self._so_far = so_far

    def hear(self, event: DebateEvent) -> None:
        """Told of every event of the debate."""
        from rebuttal.debate.events import ClaimRaised, SeatFinished

        if isinstance(event, SeatFinished | ClaimRaised):
            self._said.set()

    async def write(self) -> None:
        """Until it is cancelled. What is said while one state is written is in the next."""
        owner = await _owner(self.services)
        while True:
            await self._said.wait()
            self._said.clear()
            record = self._so_far(self.key)
            if record is None:
                continue
            text = await in_thread(partial(_text, record, self.reviews, owner))
            self.wrote = True
            await self.services.keep_unfinished(self.root, self.key, text)


@asynccontextmanager
async def keeping(
    request: Request, services: Services, root: Path, brief: Brief, reviews: tuple[str, ...]
) -> AsyncIterator[Keeper]:
    """A keeper for as long as the block runs. Where the store cannot be written, the debate goes on without."""
    keeper = Keeper(services, root, _key(request, brief), reviews)
    writing = asyncio.create_task(keeper.write()) if request.replay is None else None
    try:
        yield keeper
    finally:
        if writing is not None:
            writing.cancel()
            (failed,) = await asyncio.gather(writing, return_exceptions=True)
            if isinstance(failed, StoreError):
                log.info("what is said is not kept for later: %s", failed)


async def keep(
    request: Request,
    services: Services,
    root: Path,
    brief: Brief,
    outcome: Outcome,
    reviews: tuple[str, ...],
    *,
    wrote: bool = False,
) -> None:
    """Keep what can be taken up later; forget what was taken up, or held anew, and is whole now. `reviews`: under which
    it has been held, this one last; `wrote`: a keeper has written of it while it ran."""
    from rebuttal.debate.resumption import opened, record_of

    if request.replay is not None:
        return
    key = _key(request, brief)
    record = record_of(outcome, key)
    try:
        if record is not None:
            await services.keep_unfinished(root, key, await in_thread(partial(_text, record, reviews)))
        elif wrote or len(reviews) > 1 or (request.fresh and opened(outcome.exchanges)):
            await services.forget_unfinished(root, key)
    except StoreError as error:
        log.info("what was said is not kept for later: %s", error)


def _key(request: Request, brief: Brief) -> str:
    from rebuttal.debate.prompts import prompts_version
    from rebuttal.debate.resumption import brief_key

    one = request.settings
    return brief_key(brief, prompts_version(), one.model_haiku, one.model_sonnet, one.model_opus)


async def _owner(services: Services) -> str:
    """What marks this process's store as alive."""
    database = await services.stores.own()
    return await database.read(lambda _: database.owner())


async def _still_runs(services: Services, text: str) -> bool:
    """Whether another living process is holding the debate right now: then it is not cut short."""
    owner = json.loads(text).get("under_way")
    if not isinstance(owner, str) or not owner.isalnum() or owner == await _owner(services):
        return False
    database = await services.stores.own()
    return await database.read(lambda _: database.is_alive(owner))


def _text(record: Record, reviews: tuple[str, ...], under_way: str | None = None) -> str:
    kept = {"schema": SCHEMA, "under_way": under_way, "record": money_converter().unstructure(record)}
    kept["reviews"] = reviews
    return json.dumps(kept, ensure_ascii=False)


def _reviews(text: str) -> tuple[str, ...]:
    """Nothing in what an earlier version wrote."""
    named = json.loads(text).get("reviews")
    return tuple(one for one in named if isinstance(one, str)) if isinstance(named, list) else ()


def _record(text: str) -> Record | None:
    """Raises ValueError for what this version did not write."""
    from cattrs.errors import BaseValidationError

    from rebuttal.debate.resumption import Record

    data: Mapping[str, Any] = json.loads(text)
    if data.get("schema") != SCHEMA:
        return None
    try:
        return money_converter().structure(data["record"], Record)
    except (BaseValidationError, KeyError) as error:
        raise ValueError(f"it was written by another version ({type(error).__name__})") from None
