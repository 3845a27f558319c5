"""What a review needs from outside: environment, clock, store, prices and speakers, opened when first used."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve

from rebuttal.budget.model import BudgetWarning, Estimate, PlannedCall
from rebuttal.budget.owed import Owed
from rebuttal.change.identity import repository_id, repository_name
from rebuttal.change.memory import Memory as Seen
from rebuttal.change.memory import Remembered
from rebuttal.findings.report import Standing
from rebuttal.review.request import Request, UsageError
from rebuttal.review.stores import Stores
from rebuttal.review.threads import in_thread
from rebuttal.settings import Settings, endpoint_host, has_key, home, trusts, what_lacks
from rebuttal.store.model import BRIEF, Cost, StoreError, Totals
from rebuttal.text.facts import Facts
from rebuttal.text.tokens import TokenCounter

if TYPE_CHECKING:
    from rebuttal.budget.forecast import Forecast
    from rebuttal.budget.tokenizers import Tokenizers
    from rebuttal.debate.model import Means, Speaker, Urgency
    from rebuttal.evidence.linting.repository import Linters
    from rebuttal.evidence.linting.repository import Remembered as LintedBefore
    from rebuttal.review.learning import TokenLearner
    from rebuttal.review.lessons import Lessons
    from rebuttal.review.parts import Memory, Parts
    from rebuttal.speakers.connection import Connection
    from rebuttal.speakers.recordings.recording import RecordingSpeaker
    from rebuttal.speakers.recordings.replay import ReplaySpeaker
    from rebuttal.store.database import Database
    from rebuttal.store.debates import PastDebate
    from rebuttal.store.fates import Fates
    from rebuttal.store.reviews import LastReview, ReviewKind
    from rebuttal.store.unfinished import Unfinished
    from rebuttal.store.verdicts import Dismissal

REPOSITORIES = 4
"""Of so many the process remembers what it has seen."""
OWED_FIRST, OWED_MOST = 5.0, 300.0
"""Seconds between two attempts to write down what the ledger lacks: at first, and at most."""
LINTERS = Path("cache") / "linters"
"""A folder in REBUTTAL_HOME: what linters that need the whole project have worked out."""


class Services:
    """Everything a review takes from outside. One for a process; used on one event loop."""

    def __init__(
        self, environment: Mapping[str, str], settings: Settings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.environment = environment
        self.settings = settings
        self.clock = clock
        self.known_totals = Totals()
        self.known_repositories: dict[Path, Decimal] = {}
        """What is spent and assumed this month of each repository that was asked for, by its root."""
        self.facts = Facts()
        """What was found in texts that were parsed, for all repositories."""
        self._seen = Remembered(REPOSITORIES)
        self._linted: LintedBefore | None = None
        self.stores = Stores(environment, clock)
        self._connection: Connection | None = None
        self.recording: RecordingSpeaker | None = None
        """Of the debate that is or was held last, where it is recorded."""
        self.replay: ReplaySpeaker | None = None
        """What answers or answered in the debate that is or was held last, where it is a recording."""
        self._warming: asyncio.Task[None] | None = None
        self.counter = TokenCounter()
        self._learner: TokenLearner | None = None
        self.owed = Owed()
        """What became of calls, of whichever review, that the ledger could not write down yet."""
        self._recording_owed: asyncio.Task[None] | None = None

    def seen_of(self, where: Path) -> Seen:
        """What reviews of the repository that holds `where` have seen of it. May be asked for in any thread."""
        found: Seen = self._seen.get_or_make(where.absolute(), Seen)
        return found

    def trusts(self, request: Request, root: Path) -> bool:
        """Whether the user trusts the repository at `root`, for this review or for good."""
        return request.trusted or trusts(request.settings, root)

    @property
    def home(self) -> Path:
        """REBUTTAL_HOME."""
        return home(self.environment)

    def linters(self, request: Request, root: Path) -> Linters | None:
        """The linters that the repository at `root` configures, for one review; None where it is not trusted."""
        if not self.trusts(request, root):
            return None
        from rebuttal.evidence.linting import repository

        if self._linted is None:
            self._linted = repository.Remembered()
        return repository.Linters(self.environment, self._linted, home(self.environment) / LINTERS)

    @property
    def host(self) -> str:
        """Where a review would be sent. Raises SettingsError where the address names no host, or one lacks."""
        return endpoint_host(self.environment, self.settings)

    @property
    def lacking(self) -> str | None:
        """What another endpoint than the Claude API needs before anything can be sent to it."""
        return None if self.settings.endpoint == "anthropic" else what_lacks(self.environment, self.settings)

    def can_speak(self, request: Request) -> bool:
        """Whether there is anyone to answer: a key, or what else the endpoint needs, or a recording."""
        return request.replay is not None or has_key(self.environment, self.settings)

    def require_key(self, request: Request) -> None:
        """Raises UsageError when a debate panel was named and there is no key for it."""
        if request.settings.panel not in ("auto", "static") and not self.can_speak(request):
            raise UsageError(
                f"{self.lacking}, or use --panel static"
                if self.lacking
                else f"the panel {request.settings.panel!r} needs an API key: set ANTHROPIC_API_KEY, or use --panel "
                "static"
            )

    async def database(self) -> Database:
        """The store of money and verdicts, which a team may share. What dead processes had under way is assumed.
        Raises StoreError."""
        return await self.stores.shared()

    def repository(self, root: Path) -> str:
        """What that store calls the repository at `root`. Raises ChangeError."""
        return self.stores.repository(root)

    async def secret(self) -> bytes:
        """The installation's secret, from which fences are made. Raises StoreError."""
        from rebuttal.store.secret import installation_secret

        return await installation_secret(await self.stores.own())

    async def dismissed(self, root: Path) -> Mapping[str, Dismissal]:
        """What the user does not want to see, by finding id; nothing where no store could have it. Raises StoreError
        where there is one that cannot be read at once."""
        from rebuttal.store.verdicts import Verdicts

        try:
            verdicts = Verdicts(await self.stores.shared_at_hand(), patience=BRIEF)
            return await self.stores.soon(verdicts.dismissed(self.repository(root)))
        except StoreError:
            if self.stores.is_there:
                raise
            return {}

    async def dismiss(self, root: Path, finding: str, reason: str, expires: datetime | None = None) -> None:
        """Do not show a finding again, for a reason. Raises StoreError, ChangeError."""
        from rebuttal.store.verdicts import Verdicts

        repository = self.repository(root)
        await Verdicts(await self.database()).dismiss(repository, finding, reason, expires)
        with suppress(StoreError):  # it is dismissed: what is counted of it does not undo that
            await (await self.fates()).dismiss(repository, finding, reason)
        from rebuttal.review.renamed import look_at_commits

        await look_at_commits(self.stores, root)

    async def restore(self, root: Path, finding: str) -> bool:
        """Show a dismissed finding again; False where it was not dismissed."""
        from rebuttal.store.verdicts import Verdicts

        repository = self.repository(root)
        was = await Verdicts(await self.database()).restore(repository, finding)
        with suppress(StoreError):
            await (await self.fates()).restore(repository, finding)
        return was

    async def fates(self, *, at_hand: bool = False) -> Fates:
        """What became of findings. `at_hand`: only if the store can be had at once. Raises StoreError."""
        from rebuttal.store.fates import Fates

        database = await (self.stores.shared_at_hand() if at_hand else self.database())
        return Fates(database, patience=BRIEF) if at_hand else Fates(database)

    async def has_consent(self, root: Path, untracked: tuple[str, ...]) -> bool:
        """Whether the user has agreed for good to send this repository to this host."""
        from rebuttal.store.consent import Consents

        return await Consents(await self.stores.own()).has_consent(repository_id(root), self.host, untracked)

    async def remember_consent(self, root: Path, untracked: tuple[str, ...]) -> None:
        from rebuttal.store.consent import Consents

        await Consents(await self.stores.own()).remember_consent(repository_id(root), self.host, untracked)

    async def last_review(self, root: Path, scope: str, kind: ReviewKind) -> LastReview | None:
        """What the last finished review of a scope had before it. Raises StoreError."""
        from rebuttal.store.reviews import Reviews

        stored = Reviews(await self.stores.own_at_hand(), patience=BRIEF)
        return await stored.last(repository_id(root), scope, kind)

    async def remember_review(self, root: Path, memory: Memory, kinds: tuple[ReviewKind, ...]) -> None:
        """Put a finished review in the place of the last one. Raises StoreError."""
        from rebuttal.store.reviews import Reviews

        if "debate" in kinds:
            stored = Reviews(await self.stores.own())
        else:
            stored = Reviews(await self.stores.own_at_hand(), patience=BRIEF)
        await stored.remember(repository_id(root), memory.scope, kinds, memory.hunks, memory.made_by)

    async def unfinished(self, root: Path, key: str) -> Unfinished | None:
        """A debate that was cut short. Raises StoreError."""
        from rebuttal.store.unfinished import UnfinishedDebates

        return await UnfinishedDebates(await self.stores.own()).find(repository_id(root), key)

    async def keep_unfinished(self, root: Path, key: str, text: str) -> None:
        """Keep a debate that was cut short, for a day. Raises StoreError."""
        from rebuttal.store.unfinished import UnfinishedDebates

        await UnfinishedDebates(await self.stores.own()).keep(repository_id(root), key, text)

    async def forget_unfinished(self, root: Path, key: str) -> None:
        """It has been finished. Raises StoreError."""
        from rebuttal.store.unfinished import UnfinishedDebates

        await UnfinishedDebates(await self.stores.own()).forget(repository_id(root), key)

    async def totals(self, root: Path | None = None) -> Totals:
        """What decisions go by: what day and month have seen, and this month the repository at `root`. Raises
        StoreError."""
        return await self._totals_now(root)

    async def _totals_now(self, root: Path | None) -> Totals:
        # Apart from `totals`, which a sweep pins to what they were when it began: where spending stands is told as of
        # now there too.
        from rebuttal.store.ledger import Ledger

        await self._record_owed()
        repository = self.repository(root) if root is not None else None
        self.known_totals = found = await Ledger(await self.database()).totals(repository=repository)
        if root is not None:
            self.known_repositories[root] = found.repository - found.under_way.repository
        return found

    async def standing(self, settings: Settings, root: Path) -> Standing:
        """Where spending stands by the ledger. Raises StoreError."""
        from rebuttal.budget.standing import standing_of
        from rebuttal.store.pace import Pace

        hours = await Pace(await self.database()).hours()
        found = standing_of(settings, await self._totals_now(root), hours, repository=True)
        return Standing(found.state, found.cause, found.words)

    def note_spent(self, amount: Decimal, root: Path | None = None) -> None:
        """A call for the repository at `root` has cost this: the totals grow by it until the ledger is asked again."""
        known = self.known_totals
        if root in self.known_repositories:
            self.known_repositories[root] += amount
        self.known_totals = evolve(
            known,
            day=known.day + amount,
            month=known.month + amount,
            repository=known.repository + amount,
            hour=known.hour + amount,
        )

    async def cost(self, review: str | None) -> Cost:
        """What a review that has ended cost, from the ledger. Raises StoreError."""
        if review is None:
            return Cost()
        from rebuttal.store.ledger import Ledger

        await self._record_owed()
        ledger = Ledger(await self.database())
        # What is still set aside, nobody could write down (a full disk): it stands at its worst case.
        lost = await ledger.entries(review, "reserved")
        cost = await ledger.cost_of(review)
        return evolve(cost, assumed=cost.assumed + sum(one.cost for one in lost), calls=cost.calls + len(lost))

    async def _record_owed(self) -> None:
        """Write down what calls of this process cost and the ledger lacks; where it cannot be, go on trying: a review
        may have been the last one for hours."""
        if not self.owed:
            return
        from rebuttal.store.ledger import Ledger

        try:
            await self.owed.record(Ledger(await self.database()))
        except StoreError:
            if self._recording_owed is None or self._recording_owed.done():
                self._recording_owed = asyncio.create_task(self._record_owed_later())

    async def _record_owed_later(self) -> None:
        from rebuttal.store.ledger import Ledger

        pause = OWED_FIRST
        while self.owed:
            await asyncio.sleep(pause)
            pause = min(2 * pause, OWED_MOST)
            with suppress(StoreError):
                await self.owed.record(Ledger(await self.database()))

    async def tokenizers(self) -> Tokenizers:
        """How models count, as far as their replies have told. Raises StoreError."""
        from rebuttal.budget.tokenizers import Tokenizers
        from rebuttal.store.token_usage import TokenUsage

        return Tokenizers(await TokenUsage(await self.stores.own()).sums())

    def priced(
        self, settings: Settings, parts: Parts, tokenizers: Tokenizers, urgency: Urgency, recorded: Means | None = None
    ) -> Parts:
        """What the debate has to live on, how much of it fits that, and what it is expected to cost so. `recorded`: of
        a replay, which goes by it. Raises UnknownPrice. Not for an event loop."""
        from rebuttal.debate.selection import COMPLEX
        from rebuttal.review.fitting import fit, planned
        from rebuttal.review.means import cover_of, fitted, means_of

        means = recorded or means_of(settings, parts, urgency, self.counter, tokenizers)
        if recorded is None and parts.lessons is not None:
            means = parts.lessons.applied(means)
        parts = evolve(parts, means=means, fitted=fitted(parts, means))
        if recorded is not None:
            parts = planned(recorded.plan, parts)
        estimate = self.estimate(settings, parts, tokenizers)
        if recorded is None and (cover := cover_of(estimate)) is not None:
            # What is too dear is shortened as a whole: no single turn need be cheaper for it.
            parts = evolve(parts, means=evolve(means, cover="enough" if cover == "short" else cover))
            if cover == "ample" and means.complexity >= COMPLEX:  # dearer tiers may speak
                estimate = self.estimate(settings, parts, tokenizers)
        parts = evolve(parts, estimate=estimate)
        if recorded is not None:
            return parts
        return fit(settings, parts, lambda one: self.estimate(settings, one, tokenizers))

    def estimate(self, settings: Settings, parts: Parts, tokenizers: Tokenizers) -> Estimate:
        """What the debate is expected to cost and may cost at most. Raises UnknownPrice. Not for an event loop: it
        counts tokens."""
        from rebuttal.review.pricing import estimated

        return estimated(settings, parts, tokenizers, self.counter)

    async def learned(self, protocol: str) -> tuple[Forecast, Lessons]:
        """What past debates teach of the next one: what it will cost, and how its money is best shared. Raises
        StoreError."""
        from rebuttal.budget.forecast import Forecast

        history = await self._history()

        def learn() -> tuple[Forecast, Lessons]:
            from rebuttal.review.lessons import lessons_of

            return Forecast.of(history), lessons_of(history, protocol)

        return await in_thread(learn)

    async def _history(self) -> tuple[PastDebate, ...]:
        from rebuttal.store.debates import Debates

        return await Debates(await self.database()).history()

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
        """Who answers: a recording, or Claude with every attempt in the ledger. `about`, `names`: of what is reviewed
        and of its files, for a recording; `planned`: the calls as the estimate has them."""
        self.recording = self.replay = None
        if request.record is None and request.replay is None:
            return await self._claude(request, review, root, on_warning, planned)
        from rebuttal.speakers.recordings.anonymous import Anonymous
        from rebuttal.speakers.recordings.recording import RecordingSpeaker
        from rebuttal.speakers.recordings.replay import ReplaySpeaker

        anonymous = Anonymous(self.environment, root, names, self.settings)
        if request.replay is not None:
            self.replay = ReplaySpeaker(request.replay, anonymous.cover, anonymous.uncover)
        speaker = self.replay or await self._claude(request, review, root, on_warning, planned)
        if request.record is None:
            return speaker
        self.recording = RecordingSpeaker(speaker, request.record, about, anonymous.cover)
        return self.recording

    async def _claude(
        self,
        request: Request,
        review: str,
        root: Path,
        on_warning: Callable[[BudgetWarning], None],
        planned: Iterable[PlannedCall],
    ) -> Speaker:
        from rebuttal.budget.prices import PriceBook
        from rebuttal.budget.purse import Purse, caps_of
        from rebuttal.budget.watch import Watch
        from rebuttal.review.learning import TokenLearner
        from rebuttal.speakers.claude import open_claude
        from rebuttal.store.ledger import Ledger
        from rebuttal.store.pace import Pace
        from rebuttal.store.token_usage import TokenUsage

        await self.name_repository(root)
        database, caps, book = await self.database(), caps_of(request.settings), PriceBook.of(request.settings)
        watch = Watch(Pace(database), book, caps, planned)
        for warning in await watch.begin():
            on_warning(warning)
        purse = Purse(Ledger(database), caps, book, on_warning, watch=watch, owed=self.owed)
        if self._learner is None:
            self._learner = TokenLearner(self.counter, TokenUsage(await self.stores.own()))
        return open_claude(
            self._connected(), request.settings, purse, review, self.repository(root), usage=self._learner
        )

    async def name_repository(self, root: Path) -> None:
        """What the ledger's reports call the repository whose calls are about to be paid for. Raises StoreError."""
        from rebuttal.store.repositories import Repositories

        # Not waited for: it is a convenience, and the store works in order.
        Repositories(await self.database()).remember(self.repository(root), repository_name(root))

    def unrecorded(self) -> str | None:
        """Why the recording that was asked for is not whole; None where it is, or none was asked for."""
        return self.recording.problem if self.recording is not None else None

    def warm_up(self) -> None:
        """Begin to load the SDK while other things are done: it takes a second or two. Whoever needs it will wait."""
        if self._warming is None:
            self._warming = asyncio.create_task(self._connected().warm_up())
            # Whatever it fails of, the first call will fail of too, and say so.
            self._warming.add_done_callback(lambda task: task.cancelled() or task.exception())

    @asynccontextmanager
    async def traced(self, request: Request, review: str, panel: str) -> AsyncIterator[None]:
        """A span of the debate, where the user has spans sent anywhere."""
        if request.replay is not None or not self._connected().tracing.is_on:
            yield
            return
        # Whatever warming up fails of, the first call says.
        self.warm_up()
        if self._warming is not None:
            await asyncio.wait([self._warming])
        named = {"review": review, "panel": panel, "protocol": request.settings.protocol}
        with self._connected().tracing.review(named):
            yield

    def _connected(self) -> Connection:
        if self._connection is None:
            from rebuttal.speakers.connection import Connection

            self._connection = Connection(self.environment, settings=self.settings)
        return self._connection

    async def close(self) -> None:
        """End the connection to the service; finish what was handed to the store."""
        if self._warming is not None:
            self._warming.cancel()
        try:
            if self._connection is not None:
                await self._connection.aclose()
        finally:
            if self._learner is not None:
                await self._learner.finish()
            await self._record_owed()
            if self._recording_owed is not None:
                self._recording_owed.cancel()
            await self.stores.close()


@asynccontextmanager
async def open_services(environment: Mapping[str, str], settings: Settings) -> AsyncIterator[Services]:
    """Services for as long as the block runs."""
    services = Services(environment, settings)
    try:
        yield services
    finally:
        await services.close()
