"""What the reviews of a sweep need from outside: as any review, but at the price of batches and over one desk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve

from rebuttal.budget.model import BudgetWarning, Estimate, PlannedCall
from rebuttal.review.request import Request
from rebuttal.review.services import Services
from rebuttal.review.sweep_model import Job
from rebuttal.settings import Settings
from rebuttal.store.model import Cost, Totals
from rebuttal.store.sweeps import Sweeps

if TYPE_CHECKING:
    from rebuttal.budget.tokenizers import Tokenizers
    from rebuttal.debate.model import Speaker
    from rebuttal.review.parts import Memory, Parts
    from rebuttal.speakers.attempt import Call
    from rebuttal.speakers.batches.desk import BatchDesk
    from rebuttal.speakers.batches.model import DeskEvent, Pace
    from rebuttal.speakers.batches.service import BatchService
    from rebuttal.store.debates import PastDebate
    from rebuttal.store.reviews import LastReview, ReviewKind


AN_HOUR = timedelta(hours=1)


class SweepServices(Services):
    """Services for all reviews of one sweep.

    What decisions of a debate go by is fixed when the sweep begins (`pin`): taken up, it decides the same, asks the
    same, and finds the answers.
    """

    desk: BatchDesk | None = None
    _pinned: Job | None = None

    def pin(self, job: Job) -> None:
        """Totals and tokenizers are those of the job from here on."""
        self._pinned = job

    async def totals(self, root: Path | None = None) -> Totals:
        """What day, month and repository had seen when the sweep began. Raises StoreError."""
        return self._pinned.totals if self._pinned is not None else await super().totals(root)

    async def cost(self, review: str | None) -> Cost:
        """What a review has cost so far, from the ledger: what the service works on is not lost. Raises StoreError."""
        from rebuttal.store.ledger import Ledger

        return await Ledger(await self.database()).cost_of(review) if review is not None else Cost()

    async def _history(self) -> tuple[PastDebate, ...]:
        """What debates had taught when the sweep began, those of sweeps left out: they may have been under way then,
        for a day. All others that began an hour before were over."""
        if self._pinned is None or self._pinned.began is None:
            return await super()._history()
        from rebuttal.store.debates import FIRST, HISTORY, Debates

        found = await Debates(await self.database()).between(FIRST, self._pinned.began - AN_HOUR, 2 * HISTORY)
        return tuple(one for one in found if not one.in_batches)[:HISTORY]

    async def tokenizers(self) -> Tokenizers:
        """How models counted when the sweep began. Raises StoreError."""
        if self._pinned is None or self._pinned.usage is None:
            return await super().tokenizers()
        from rebuttal.budget.tokenizers import Tokenizers

        return Tokenizers(self._pinned.usage)

    def estimate(self, settings: Settings, parts: Parts, tokenizers: Tokenizers) -> Estimate:
        """At the price of batches. Raises UnknownPrice. Not for an event loop: it counts tokens."""
        from rebuttal.budget.estimate import batched, estimate
        from rebuttal.budget.prices import BatchBook
        from rebuttal.budget.purse import caps_of

        plain = super().estimate(settings, parts, tokenizers)
        priced = estimate(batched(plain.calls), BatchBook.of(settings), caps_of(settings), parts.totals)
        return evolve(priced, tokenizers=plain.tokenizers)

    async def has_consent(self, root: Path, untracked: tuple[str, ...]) -> bool:
        """No review of a sweep sends by itself: the whole is agreed to at once."""
        return False

    async def agreed_for_good(self, root: Path) -> bool:
        """Whether the user has agreed for good to send this repository to this host. Raises StoreError."""
        return await super().has_consent(root, ())

    async def last_review(self, root: Path, scope: str, kind: ReviewKind) -> LastReview | None:
        """A sweep that is taken up holds its debates again: that is nothing new to tell."""
        return None

    async def remember_review(self, root: Path, memory: Memory, kinds: tuple[ReviewKind, ...]) -> None:
        """Between two object ids nothing will ever be new."""

    async def keep_unfinished(self, root: Path, key: str, text: str) -> None:
        """What was said is kept with the sweep, and would take the place of other debates here."""

    async def forget_unfinished(self, root: Path, key: str) -> None:
        """Nothing of a sweep was kept."""

    async def speaker(
        self,
        request: Request,
        review: str,
        root: Path,
        on_warning: Callable[[BudgetWarning], None],
        about: Mapping[str, Any] | None = None,
        names: Iterable[str] = (),
        planned: Iterable[PlannedCall] = (),
    ) -> Speaker:
        """Who answers for one change: all of them over the same desk."""
        from rebuttal.budget.prices import BatchBook
        from rebuttal.budget.purse import caps_of
        from rebuttal.speakers.batches.speaker import BatchSpeaker
        from rebuttal.speakers.calls import Calls
        from rebuttal.speakers.roster import Roster

        assert self.desk is not None
        await self.name_repository(root)
        calls = Calls(self._connected(), BatchBook.of(request.settings), review, self.repository(root))
        own = request.settings
        return BatchSpeaker(self.desk, review, Roster.of(own), calls, caps_of(own), fallback=own.fallback)

    async def sweeps(self) -> Sweeps:
        """The store's tables of sweeps. What dead processes had under way is assumed. Raises StoreError."""
        return Sweeps(await self.database())

    def batches(self) -> BatchService:
        """The service's message batches."""
        from rebuttal.speakers.batches.service import BatchService

        return BatchService(self._connected())

    async def make_desk(
        self,
        sweep: str,
        job: Job,
        pace: Pace | None,
        tell: Callable[[DeskEvent], None],
        on_warning: Callable[[BudgetWarning], None],
    ) -> BatchDesk:
        """A desk that is still closed. Raises StoreError."""
        from rebuttal.budget.prices import BatchBook
        from rebuttal.budget.purse import Purse, caps_of
        from rebuttal.review.learning import TokenLearner
        from rebuttal.speakers.batches import model
        from rebuttal.speakers.batches.desk import BatchDesk
        from rebuttal.speakers.batches.till import BatchTill
        from rebuttal.speakers.requests import prompt_texts
        from rebuttal.store.ledger import Ledger
        from rebuttal.store.token_usage import TokenUsage

        database = await self.database()
        learner = self._learner = self._learner or TokenLearner(self.counter, TokenUsage(await self.stores.own()))

        def learn(call: Call, counted: int) -> None:
            learner.heard(call.key.model, prompt_texts(call.request), counted)

        purse = Purse(Ledger(database), caps_of(self.settings), BatchBook.of(self.settings), on_warning, owed=self.owed)
        self.desk = BatchDesk(
            sweep,
            service=self.batches(),
            sweeps=Sweeps(database),
            till=BatchTill(purse, job.max_cost),
            host=self.host,
            pace=pace or model.Pace(),
            tell=tell,
            learn=learn,
        )
        return self.desk
