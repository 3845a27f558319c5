"""A speaker with a purse that writes down what it is told, talking to the emulator over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import ExitStack
from decimal import Decimal
from typing import Any, Protocol

import pytest
from attrs import define, field

from rebuttal.budget.model import Reservation
from rebuttal.budget.prices import PriceBook
from rebuttal.debate.model import Claim, Phase, Prompt, Tier, Turn
from rebuttal.settings import Settings
from rebuttal.speakers.claude import ClaudeSpeaker
from rebuttal.speakers.connection import Connection
from rebuttal.speakers.patience import Patience
from rebuttal.store.model import NO_CACHE_USE, CacheUse, CallKey, CapReached, StoreError, Tokens
from tests.emulator import Emulator
from tests.emulator.compatible import CompatibleServer, Profile
from tests.emulator.script import Asked

ONE_MODEL = Settings(fallback=False)
"""What a call does whose model is the only one; chains of models have tests of their own (test_fallback.py)."""
SHARED = "<change>\n" + "\n".join(f"+    line_{number} = compute({number})" for number in range(400)) + "\n</change>"


@define
class FakePurse:
    """Prices for real, caps by number of calls, and keeps what happened in order."""

    book: PriceBook = field(factory=PriceBook)
    allowed: int = 1000
    broken: str = ""
    """What the store fails at."""
    events: list[tuple[str, Decimal]] = field(factory=list)
    keys: list[CallKey] = field(factory=list)
    cached: list[CacheUse] = field(factory=list)
    """Of the calls that were settled, in order."""

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.events]

    @property
    def open(self) -> int:
        """Reservations that nobody has settled, assumed or released."""
        return self.names.count("reserve") * 2 - len(self.events)

    async def reserve(self, key: CallKey, at_most: Decimal) -> Reservation:
        if self.names.count("reserve") >= self.allowed:
            raise CapReached("review", Decimal(1), Decimal(1), at_most)
        self._fail("reserve")
        self.events.append(("reserve", at_most))
        self.keys.append(key)
        return Reservation(len(self.events), key, at_most)

    async def settle(
        self, reservation: Reservation, tokens: Tokens, model: str, cache: CacheUse = NO_CACHE_USE
    ) -> Decimal:
        cost = self.book.price(model, tokens)
        self.cached.append(cache)
        self._fail("settle")
        self.events.append(("settle", cost))
        return cost

    async def assume(self, reservation: Reservation) -> Decimal:
        self.events.append(("assume", reservation.at_most))
        return reservation.at_most

    async def release(self, reservation: Reservation) -> None:
        self.events.append(("release", Decimal(0)))

    def _fail(self, what: str) -> None:
        if what == self.broken:
            raise StoreError("the disk is full: make room")


@define
class FakeTime:
    """Passes only while somebody sleeps."""

    passed: float = 0.0
    slept: list[float] = field(factory=list)

    def clock(self) -> float:
        return self.passed

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.passed += seconds


@define
class Heard:
    """A listener that remembers."""

    starts: int = 0
    claims: list[Claim] = field(factory=list)
    """Of the answer, or of the last attempt at it."""
    broken: list[list[Claim]] = field(factory=list)
    """Of each earlier attempt."""
    on_claim: Callable[[Claim], None] = lambda claim: None

    def started(self) -> None:
        self.starts += 1

    def claim(self, claim: Claim) -> None:
        self.claims.append(claim)
        self.on_claim(claim)

    def again(self) -> None:
        self.broken.append(self.claims)
        self.claims = []


def turn(
    seat: str = "architect",
    phase: Phase = "opening",
    tier: Tier = "sonnet",
    *,
    max_tokens: int = 4000,
    shared: str = SHARED,
    ask: str = "Look for defects.",
) -> Turn:
    prompt = Prompt("You review code.", shared, f'<turn seat="{seat}" phase="{phase}"/>\n{ask}')
    return Turn(seat, phase, tier, prompt, max_tokens)


def claim(number: int = 1, title: str = "A defect") -> dict[str, Any]:
    """As a model says it."""
    return {
        "file": "src/app.py",
        "side": "new",
        "quote": f"    line_{number} = compute({number})",
        "title": title,
        "argument": 'It breaks {here} [or "there"]: \\ and é.',
        "category": "correctness",
        "severity": "high",
        "certainty": "likely",
        "fixes": [{"file": "src/app.py", "quote": "a", "replacement": 'b = {"x": [1]}'}],
    }


def statement(*claims: dict[str, Any]) -> dict[str, Any]:
    return {"claims": list(claims), "rulings": [], "needs": []}


class MakeSpeaker(Protocol):
    def __call__(
        self,
        *,
        settings: Settings | None = None,
        patience: Patience | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> ClaudeSpeaker: ...


@pytest.fixture
def purse() -> FakePurse:
    return FakePurse()


@pytest.fixture
async def make_speaker(emulator: Emulator, purse: FakePurse) -> AsyncIterator[MakeSpeaker]:
    made: list[Connection] = []

    def make(
        *,
        settings: Settings | None = None,
        patience: Patience | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> ClaudeSpeaker:
        connection = Connection(
            emulator.environment() | dict(environment or {}), patience or Patience(first_pause=0.001)
        )
        made.append(connection)
        return ClaudeSpeaker(
            settings=settings or ONE_MODEL,
            connection=connection,
            purse=purse,
            prices=purse.book,
            review="review-1",
            repository="repository-1",
        )

    yield make
    for connection in made:
        await connection.aclose()


@pytest.fixture
async def speaker(make_speaker: MakeSpeaker) -> ClaudeSpeaker:
    return make_speaker()


MODEL = "qwen3-coder:30b"
"""Of a compatible server."""
MakeCompatible = Callable[..., tuple[CompatibleServer, ClaudeSpeaker, FakePurse]]


def two_claims(asked: Asked) -> Mapping[str, Any]:
    assert asked.seat == "architect"
    return statement(claim(1, "One {defect}"), claim(2, 'Another "one"'))


@pytest.fixture
async def compatible() -> AsyncIterator[MakeCompatible]:
    with ExitStack() as stack:
        connections: list[Connection] = []

        def make(
            profile: Profile, environment: Mapping[str, str] | None = None, model: str = MODEL, **settings: Any
        ) -> tuple[CompatibleServer, ClaudeSpeaker, FakePurse]:
            server = stack.enter_context(CompatibleServer(profile, two_claims))
            settings |= dict.fromkeys(("model_haiku", "model_sonnet", "model_opus"), model)
            chosen = Settings(endpoint="compatible", base_url=server.url, **settings)
            sent = {"ANTHROPIC_AUTH_TOKEN": profile.key} if profile.key else {}
            connection = Connection({**sent, **(environment or {})}, Patience(first_pause=0.001), chosen)
            connections.append(connection)
            purse = FakePurse(PriceBook.of(chosen))
            speaker = ClaudeSpeaker(
                settings=chosen,
                connection=connection,
                purse=purse,
                prices=purse.book,
                review="review-1",
                repository="repository-1",
            )
            return server, speaker, purse

        yield make
        for connection in connections:
            await connection.aclose()
