"""How often the circuit breaker cries wolf, and whether it finds what it is there for.

Lives of users as in `bench.estimates`: simulated speakers, real planning, prices and protocols, changes of mixed size
under all profiles, panels and protocols, one after the other through a real ledger, at hours at which people work.
Every warning in them is a false alarm. Then something goes wrong in one call of each debate, or a price doubles.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from attrs import define, evolve, field, frozen

from bench.estimates import PANELS, PROFILES, PROTOCOLS, Bench, material
from bench.table import table
from rebuttal.budget.breaker import LEAST, cause_of
from rebuttal.budget.model import BudgetWarning, CapWarning, PlannedCall
from rebuttal.budget.prices import PriceBook
from rebuttal.budget.purse import Purse
from rebuttal.budget.watch import Watch
from rebuttal.debate.panel.choice import choose_panel
from rebuttal.evaluation.skill import PRESETS, draw
from rebuttal.settings import ModelPrice, Settings
from rebuttal.speakers.roster import Roster
from rebuttal.store.database import Database
from rebuttal.store.ledger import Ledger
from rebuttal.store.model import CallKey, Caps, Tokens
from rebuttal.store.pace import Pace

DEBATES = 100
LIVES = ("average", "strong", "weak")
SALT = "wolf"
BEGAN = datetime(2026, 3, 2, 9, tzinfo=UTC)
BUSY = Caps(day=Decimal(20))
"""A cap that no ordinary day of these lives comes near, so that what warns is not a cap."""
_ROOM = Decimal("2.5")
HARMED = (
    "One call of each debate goes wrong, from the eleventh on. What stays under a cent, or under three times what was "
    "planned for the change, is none to warn of."
)


@frozen
class Paid:
    """One call of a debate."""

    phase: str
    seat: str
    model: str
    tokens: Tokens
    max_tokens: int


@frozen
class Held:
    """One debate as it was planned, and what its calls took."""

    planned: tuple[PlannedCall, ...]
    calls: tuple[Paid, ...]


@define
class Clock:
    """A time that is set."""

    now: datetime = BEGAN

    def __call__(self) -> datetime:
        return self.now

    def next_review(self, life: str, number: int) -> None:
        """Some minutes to some hours later; what would be in the evening is the next working day's morning."""
        self.now += timedelta(minutes=5 + 90 * draw(life, "pause", number) ** 2)
        if self.now.hour >= 18:
            self.now = self.now.replace(hour=9, minute=0) + timedelta(days=1)
        while self.now.weekday() > 4:
            self.now += timedelta(days=1)


@define
class Told:
    """What was told over some debates."""

    debates: int = 0
    calls: int = 0
    warnings: Counter[str] = field(factory=Counter)
    warned: int = 0
    """Debates in which anything unusual was told."""
    costly: int = 0
    """Calls that went wrong and cost a cent or more."""


Harm = Callable[[Paid], Paid]


def held(bench: Bench, life: str, number: int, some: Sequence[object]) -> Held | None:
    """The debate of that number; None where no model would be asked."""
    one = material(SALT)[int(draw(life, "change", number) * len(some))]

    def pick(what: str, words: Sequence[str]) -> str:
        return words[int(draw(life, what, number) * len(words))]

    settings = evolve(Settings(), profile=pick("profile", PROFILES), protocol=pick("protocol", PROTOCOLS))
    parts = evolve(one.parts, choice=choose_panel(one.parts.change, pick("panel", PANELS)))
    if not parts.choice.seats:
        return None
    shown = bench.priced(parts, settings, None)
    if shown.estimate is None or not shown.estimate.calls:
        return None
    outcome, _ = bench.held(one.case, shown, settings, PRESETS[life], number + 5_000)
    roster = Roster.of(settings)
    calls = (
        Paid(
            said.turn.phase,
            said.turn.seat,
            said.reply.model or roster.id(said.turn.tier),
            said.reply.tokens,
            said.turn.max_tokens,
        )
        for said in outcome.exchanges
        if said.reply.calls
    )
    return Held(shown.estimate.calls, tuple(calls))


async def lived(debates: Sequence[Held], life: str, harm: Harm | None = None, book: PriceBook | None = None) -> Told:
    """The debates one after the other, each with a purse of its own. `harm`: what becomes of one call of each, from the
    eleventh debate on; `book`: the prices from then on."""
    told, clock = Told(), Clock()
    with tempfile.TemporaryDirectory() as folder, Database.open(Path(folder) / "store.db") as database:
        for number, one in enumerate(debates):
            clock.next_review(life, number)
            is_late = number >= 10
            told = await _review(
                database, clock, one, number, told, harm if is_late else None, book if is_late else None
            )
    return told


async def _review(
    database: Database, clock: Clock, one: Held, number: int, told: Told, harm: Harm | None, book: PriceBook | None
) -> Told:
    heard: list[BudgetWarning] = []
    prices = book or PriceBook()
    watch = Watch(Pace(database, clock), prices, BUSY, one.planned)
    heard += await watch.begin()
    purse = Purse(Ledger(database, clock), Caps(), prices, heard.append, watch=watch)
    struck = int(draw("struck", number) * len(one.calls))
    for place, call in enumerate(one.calls):
        paid = harm(call) if harm is not None and place == struck else call
        key = CallKey(f"review{number}", "repository", paid.phase, paid.seat, paid.model)
        reservation = await purse.reserve_now(key, _ROOM)
        cost = await purse.settle(reservation, paid.tokens, paid.model)
        told.costly += paid is not call and cost >= LEAST
        clock.now += timedelta(seconds=4)
        told.calls += 1
    unusual = [warning for warning in heard if not isinstance(warning, CapWarning)]
    told.debates += 1
    told.warnings.update(map(cause_of, unusual))
    told.warned += bool(unusual)
    return told


def blown_up(call: Paid) -> Paid:
    """Ten times the prompt, none of it in the cache."""
    return evolve(call, tokens=Tokens(input=call.tokens.prompt * 10, output=call.tokens.output))


def runaway(call: Paid) -> Paid:
    """An answer to the model's own limit, 64,000 tokens, as where the limit of the answer was lost."""
    return evolve(call, tokens=evolve(call.tokens, output=64_000))


def dearer(times: int) -> PriceBook:
    """Prices of Claude that are so many times today's."""
    today, rates = PriceBook(), {}
    for model in (Roster.of(Settings()).id(tier) for tier in ("haiku", "sonnet", "opus")):
        plain, output, written, read = (
            today.price(model, Tokens(**{unit: 1000})) * 1000 * times
            for unit in ("input", "output", "cache_write", "cache_read")
        )
        rates[model] = ModelPrice(plain, output, written, plain * 2, read)
    return PriceBook(rates)


def section() -> str:
    """This benchmark's part of RESULTS.md."""
    bench, some = Bench(), material(SALT)
    lives = {life: [one for n in range(DEBATES) if (one := held(bench, life, n, some)) is not None] for life in LIVES}
    ordinary = {life: asyncio.run(lived(debates, life)) for life, debates in lives.items()}
    debates, calls = (sum(getattr(one, what) for one in ordinary.values()) for what in ("debates", "calls"))
    warnings: Counter[str] = sum((one.warnings for one in ordinary.values()), Counter())
    rows = [[cause, str(warnings[cause]), f"{warnings[cause] / debates:.2%}"] for cause in ("spike", "price", "rate")]
    rows.append(["debates with any of them", str(sum(one.warned for one in ordinary.values())), ""])
    harms = {"the prompt ten times as long": blown_up, "an answer of 64,000 tokens": runaway}
    found = [_found(what, lives["average"], harm) for what, harm in harms.items()]
    doubled = asyncio.run(lived(lives["average"], "average", book=dearer(2)))
    found.append(["prices double", f"{doubled.warnings['price']} models", "told once each, before anything is spent"])
    return "\n".join(
        (
            "## Circuit breaker",
            "",
            f"{debates} ordinary debates, {calls} calls, all profiles and protocols: what warns is a false alarm.",
            "",
            table(["warning", "times", "of debates"], rows),
            "",
            HARMED,
            "",
            table(["what", "found", ""], found),
            "",
        )
    )


def _found(what: str, debates: Sequence[Held], harm: Harm) -> list[str]:
    told = asyncio.run(lived(debates, "average", harm))
    spikes = told.warnings["spike"]
    return [what, f"{spikes} of {told.debates - 10}", f"{spikes / max(told.costly, 1):.0%} of those that cost a cent"]


if __name__ == "__main__":
    print(section())
