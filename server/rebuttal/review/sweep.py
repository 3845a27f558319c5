"""Many changes reviewed at once, through message batches at half the price.

Every change is reviewed as it would be by itself (`review.run`), all in one process. Their debates speak over one desk
(`speakers.batches.desk`), which makes batches of what all of them ask. A sweep that was interrupted is taken up by
reviewing the same changes again: what was answered is in the store, what is under way is waited for.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve

from rebuttal.budget.currency import money_of
from rebuttal.budget.estimate import enforced_cap
from rebuttal.budget.model import BudgetWarning, UnknownPrice
from rebuttal.budget.purse import caps_of
from rebuttal.change.base import EMPTY
from rebuttal.change.listing import Listed, Listing
from rebuttal.change.model import ChangeError
from rebuttal.review.request import Answer, BudgetWarned, Question, Request, ReviewEvent, UsageError
from rebuttal.review.run import review
from rebuttal.review.sweep_kept import find
from rebuttal.review.sweep_model import (
    DEADLINE_S,
    PREPARING,
    Agree,
    Asking,
    Began,
    Done,
    Estimated,
    Job,
    Kept,
    NotDone,
    Noted,
    Offer,
    Swept,
    check_endpoint,
    to_text,
)
from rebuttal.review.sweep_services import SweepServices
from rebuttal.settings import SettingsError
from rebuttal.store.clock import utc_now
from rebuttal.store.model import ZERO, Cost, Spent, StoreError
from rebuttal.store.sweeps import new_id, review_id

if TYPE_CHECKING:
    from rebuttal.findings.report import Report
    from rebuttal.review.sweep_model import SweepEvent

log = logging.getLogger(__name__)

Tell = Callable[["SweepEvent"], None]


async def sweep(
    asking: Asking, listing: Listing, max_cost: Decimal | None, agree: Agree, tell: Tell, stop: asyncio.Event
) -> Swept:
    """Review all changes of a listing. Nothing is sent before the whole has been priced and agreed to.

    Once `stop` is set, what is finished is the result; what the service works on goes on there. Raises UsageError,
    SettingsError, StoreError.
    """
    check_endpoint(asking.settings)
    own = asking.settings
    job = Job(
        changes=listing.changes,
        panel=own.panel,
        profile=own.profile,
        protocol=own.protocol,
        max_cost=max_cost,
        empty=listing.empty,
        failed=listing.failed,
    )
    services = SweepServices(asking.environment, own)
    try:
        if own.panel != "static":
            if job.changes:
                services.require_key(_request(asking, "", job.changes[0]))
            totals, known = await services.totals(listing.root), await services.tokenizers()
            job = evolve(job, totals=totals, usage=dict(known.sums), began=utc_now())
            services.pin(job)
        return await _Sweep(asking, services, listing.root, job, new_id(), agree, tell).run(stop)
    finally:
        await services.close()


async def take_up(asking: Asking, sweep_id: str, tell: Tell, stop: asyncio.Event) -> Swept:
    """Go on with a sweep; "": the newest that is open. What was answered costs nothing again.

    Raises as `sweep`, and SweepBusy where another process runs it.
    """
    check_endpoint(asking.settings)
    services = SweepServices(asking.environment, asking.settings)
    try:
        root, kept = await find(asking, services, sweep_id)
        if kept.state == "canceled":
            raise UsageError(f"the sweep {kept.id} was cancelled: begin a new one")
        if kept.host != services.host:
            raise UsageError(
                f"the sweep {kept.id} was sent to {kept.host}, not to {services.host}: set ANTHROPIC_BASE_URL as it was"
            )
        _require_key(asking, services)
        await (await services.sweeps()).take(kept.id)
        services.pin(kept.job)
        going = evolve(asking, agreed=True, settings=kept.job.settings(asking.settings))

        async def agreed(offer: Offer) -> bool:
            return True

        return await _Sweep(going, services, root, kept.job, kept.id, agreed, tell, begun=True).run(stop)
    finally:
        await services.close()


async def cancel(asking: Asking, sweep_id: str, tell: Tell, stop: asyncio.Event) -> Kept:
    """End a sweep at the service, and account what was worked on until then. Raises as `take_up`."""
    from rebuttal.speakers.batches.service import BatchFault

    check_endpoint(asking.settings)
    services = SweepServices(asking.environment, asking.settings)
    try:
        _, kept = await find(asking, services, sweep_id)
        _require_key(asking, services)
        sweeps = await services.sweeps()
        await sweeps.take(kept.id)
        for batch in await sweeps.batches(kept.id):
            if batch.stage == "sent":
                try:
                    await services.batches().cancel(batch.batch)
                except BatchFault as error:
                    tell(Noted(str(error)))
        desk = await services.make_desk(kept.id, kept.job, asking.pace, tell, lambda warning: None)
        async with desk:
            in_ = asyncio.ensure_future(desk.all_in())
            stopping = asyncio.ensure_future(stop.wait())
            await asyncio.wait((in_, stopping), return_when=asyncio.FIRST_COMPLETED)
            left = desk.under_way
            for task in (in_, stopping):
                task.cancel()
        if not left:
            await sweeps.end(kept.id, "canceled")
        _, after = await find(asking, services, kept.id)
        return after
    finally:
        await services.close()


def _require_key(asking: Asking, services: SweepServices) -> None:
    """Without one the answers that were paid for cannot be fetched. Raises UsageError."""
    if not services.can_speak(Request(asking.where, asking.settings)):
        raise UsageError(services.lacking or "what the service works on needs its API key: set ANTHROPIC_API_KEY")


def _request(asking: Asking, sweep_id: str, change: Listed) -> Request:
    return Request(
        where=asking.where,
        settings=asking.settings,
        scope=change.scope,
        # Each review asks its door, which waits until all are priced.
        agreed=False,
        unattended=False,
        fresh=True,
        review_id=review_id(sweep_id, change.key),
        deadline_s=DEADLINE_S,
    )


class _Sweep:
    """One run of a sweep."""

    def __init__(
        self,
        asking: Asking,
        services: SweepServices,
        root: Path,
        job: Job,
        sweep_id: str,
        agree: Agree,
        tell: Tell,
        *,
        begun: bool = False,
    ) -> None:
        self._asking, self._services, self._root = asking, services, root
        self._job, self._id, self._agree, self._tell = job, sweep_id, agree, tell
        self._begun = begun
        """It is in the store."""
        self._slots = asyncio.Semaphore(PREPARING)
        self._coming = {one.key for one in job.changes}
        """Changes that have neither asked yet nor ended."""
        self._questions: dict[str, Question] = {}
        self._decided: asyncio.Future[bool] | None = None
        self._reports: dict[str, Report] = {}
        self._failed: dict[str, str] = {}
        self._deciding: asyncio.Task[None] | None = None

    async def run(self, stop: asyncio.Event) -> Swept:
        self._decided = asyncio.get_running_loop().create_future()
        tasks = [asyncio.create_task(self._one(change)) for change in self._job.changes]
        stopping = asyncio.create_task(stop.wait())
        try:
            waiting: set[asyncio.Task[None]] = set(tasks)
            while waiting and not stop.is_set():
                done, _ = await asyncio.wait((*waiting, stopping), return_when=asyncio.FIRST_COMPLETED)
                for task in done & waiting:
                    task.result()
                waiting -= done
        finally:
            for one in (*tasks, stopping, *([self._deciding] if self._deciding else ())):
                one.cancel()
            await asyncio.gather(*tasks, stopping, return_exceptions=True)
            under_way = await self._close_desk()
        return await self._swept(under_way)

    async def _close_desk(self) -> int:
        """How many turns the service still has."""
        desk = self._services.desk
        if desk is not None:
            await desk.close()
            return desk.under_way
        if not self._begun:
            return 0
        turns = await (await self._services.sweeps()).turns(self._id)
        return sum(one.stage == "sent" for one in turns)

    async def _swept(self, under_way: int) -> Swept:
        through = {*self._reports, *self._failed}
        unfinished = tuple(one.name for one in self._job.changes if one.key not in through)
        if self._begun:
            whole = not unfinished and not under_way
            await (await self._services.sweeps()).end(self._id, "done" if whole else "open")
        names = {one.key: one.name for one in self._job.changes}
        failed = tuple((names[key], reason) for key, reason in self._failed.items())
        return Swept(
            sweep=self._id if self._begun else None,
            root=self._root,
            reviewed=tuple((one, self._reports[one.key]) for one in self._job.changes if one.key in self._reports),
            failed=(*self._job.failed, *failed),
            empty=self._job.empty,
            estimate=self._job.estimate,
            cost=await self._cost(),
            unfinished=unfinished,
            under_way=under_way,
        )

    async def _cost(self) -> Cost:
        if not self._begun:
            return Cost()
        return added([await self._services.cost(review_id(self._id, one.key)) for one in self._job.changes])

    # --- one change ---

    async def _one(self, change: Listed) -> None:
        door = _Door(self, change)
        await self._slots.acquire()
        try:
            request = _request(self._asking, self._id, change)
            result = await review(request, self._services, door)
            self._reports[change.key] = _named(result.report, change)
        except (ChangeError, StoreError, UnknownPrice) as error:
            self._failed[change.key] = str(error)
        except (SettingsError, UsageError):
            raise  # what is wrong with one is wrong with all
        except Exception as error:
            log.exception("the review of a change failed by a defect of Rebuttal")
            self._failed[change.key] = f"an internal error of Rebuttal ({type(error).__name__}): please report it"
        finally:
            door.free()
            self._passed(change.key)
            if self._services.desk is not None:
                self._services.desk.leave(review_id(self._id, change.key))
        number, of = len(self._reports) + len(self._failed), len(self._job.changes)
        if change.key in self._reports:
            self._tell(Done(change, self._reports[change.key], number, of))
        else:
            self._tell(NotDone(change, self._failed[change.key], number, of))

    def free(self) -> None:
        """The next change can be prepared."""
        self._slots.release()

    async def asked(self, change: Listed, question: Question) -> bool:
        """Wait until all changes are priced, and the whole is agreed to or not."""
        assert self._decided is not None
        self._questions[change.key] = question
        self._passed(change.key)
        return await asyncio.shield(self._decided)

    def warned(self, warning: BudgetWarning) -> None:
        self._tell(Noted(BudgetWarned(warning, money_of(self._asking.settings)).message))

    def _passed(self, key: str) -> None:
        self._coming.discard(key)
        if not self._coming and self._deciding is None and self._questions:
            self._deciding = asyncio.create_task(self._decide())

    # --- all of them ---

    async def _decide(self) -> None:
        assert self._decided is not None
        try:
            offer = self._offer(await self._left())
            self._job = evolve(self._job, estimate=(offer.expected, offer.at_most))
            without = len(self._job.changes) - offer.changes
            self._tell(Estimated(offer.changes, offer.expected, offer.at_most, without, offer.money))
            agreed = await self._is_agreed(offer)
            if agreed:
                await self._begin()
            if not self._decided.done():
                self._decided.set_result(agreed)
        except Exception as error:
            if not self._decided.done():
                self._decided.set_exception(error)

    async def _left(self) -> Decimal:
        """Dollars that the caps of day and month, and of the sweep, leave."""
        caps = evolve(caps_of(self._asking.settings), review=self._job.max_cost)
        return enforced_cap(caps, await self._services.totals())

    def _offer(self, left: Decimal) -> Offer:
        estimates = [one.estimate for one in self._questions.values()]
        return Offer(
            repository=self._root.name,
            host=self._services.host,
            changes=len(estimates),
            files=sum(one.files for one in self._questions.values()),
            redactions=sum(one.redactions for one in self._questions.values()),
            expected=sum((one.expected for one in estimates), ZERO),
            at_most=min(sum((one.at_most for one in estimates), ZERO), left),
            money=money_of(self._asking.settings),
        )

    async def _is_agreed(self, offer: Offer) -> bool:
        if self._asking.agreed:
            return True
        if self._asking.unattended:
            return False
        if offer.expected <= self._asking.settings.ask_above and await self._services.agreed_for_good(self._root):
            return True
        return await self._agree(offer)

    async def _begin(self) -> None:
        """Write the sweep down and open its desk."""
        if not self._begun:
            sweeps = await self._services.sweeps()
            repository = self._services.repository(self._root)
            await sweeps.begin(self._id, repository, self._services.host, to_text(self._job))
            self._begun = True
        self._tell(Began(self._id))
        desk = await self._services.make_desk(self._id, self._job, self._asking.pace, self._tell, self.warned)
        await desk.open()
        for key in self._questions:
            desk.expect(review_id(self._id, key))


class _Door:
    """The door of one review: it waits for the others before anything is sent."""

    def __init__(self, sweep: _Sweep, change: Listed) -> None:
        self._sweep, self._change = sweep, change
        self._holds_slot = True

    def tell(self, event: ReviewEvent) -> None:
        """Of single reviews only warnings are passed on."""
        if isinstance(event, BudgetWarned):
            self._sweep.warned(event.warning)

    async def agree(self, question: Question) -> Answer:
        self.free()
        return Answer(agree=await self._sweep.asked(self._change, question))

    def free(self) -> None:
        if self._holds_slot:
            self._holds_slot = False
            self._sweep.free()


def _named(report: Report, change: Listed) -> Report:
    """Two object ids say nothing to a person: the report says what the change was named."""
    base = "nothing" if change.base == EMPTY else change.base[:10]
    return evolve(report, scope=evolve(report.scope, spec=None, base_reason=f"{base} ({change.name})"))


def added(costs: Iterable[Cost]) -> Cost:
    """The cost of several reviews together."""
    spent = assumed = ZERO
    share = Spent()
    for one in costs:
        spent, assumed = spent + one.spent, assumed + one.assumed
        share += Spent(one.spent, one.calls, one.tokens)
    return Cost(spent=spent, assumed=assumed, tokens=share.tokens, calls=share.calls)
