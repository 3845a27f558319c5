"""What a review is expected to cost, and what it can cost at most, before anything is sent. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from decimal import ROUND_CEILING, Decimal

from attrs import evolve, frozen

from rebuttal.budget.model import Estimate, PlannedCall
from rebuttal.budget.prices import PriceBook, cache_minimum
from rebuttal.store.model import ZERO, Caps, Tokens, Totals


@frozen
class PlannedTurn:
    """A call that a panel will make, before it is known what of its prompt the cache will hold."""

    phase: str
    seat: str
    model: str
    ask_tokens: int
    """Of the lens and the task: what stands after the shared prefix; all that is sent where there is none."""
    output_tokens: int
    """Expected, thinking included."""
    has_shared: bool = True
    """Whether the shared prefix stands in front of it."""
    count: float = 1.0
    """How many such calls are expected: need not be whole."""


def planned_call(
    phase: str,
    seat: str,
    model: str,
    *,
    shared_tokens: int,
    ask_tokens: int,
    output_tokens: int,
    warm: bool,
    alone: bool = False,
    count: float = 1,
) -> PlannedCall:
    """One kind of call. `warm`: an earlier call of the same model has written the shared prefix to the cache; `alone`:
    no other call has it, so it is not written."""
    if alone or shared_tokens < cache_minimum(model):
        tokens = Tokens(input=shared_tokens + ask_tokens, output=output_tokens)
    elif warm:
        tokens = Tokens(input=ask_tokens, cache_read=shared_tokens, output=output_tokens)
    else:
        tokens = Tokens(input=ask_tokens, cache_write=shared_tokens, output=output_tokens)
    return PlannedCall(phase, seat, model, tokens, count)


def plan_calls(
    turns: Iterable[PlannedTurn], shared_tokens: Callable[[str], int], overhead: Callable[[str], int] = lambda model: 0
) -> tuple[PlannedCall, ...]:
    """Turns in the order in which they are made: each model's first one writes the shared prefix, the rest read it.

    `shared_tokens`: of the shared prefix, as a model counts it; `overhead`: of a call without it, what the API adds.
    """
    turns = tuple(turns)
    sharing = Counter(turn.model for turn in turns if turn.has_shared)
    warm: set[str] = set()
    calls = []
    for turn in turns:
        is_warm = turn.model in warm
        if turn.has_shared:
            warm.add(turn.model)
        # Of several alike only the first one writes.
        first = turn.count if is_warm or not turn.has_shared else min(turn.count, 1.0)
        for count, reads in ((first, is_warm), (turn.count - first, True)):
            if count > 0:
                calls.append(
                    planned_call(
                        turn.phase,
                        turn.seat,
                        turn.model,
                        shared_tokens=shared_tokens(turn.model) if turn.has_shared else overhead(turn.model),
                        ask_tokens=turn.ask_tokens,
                        output_tokens=turn.output_tokens,
                        warm=reads,
                        alone=not turn.has_shared or (sharing[turn.model] == 1 and turn.count <= 1),
                        count=count,
                    )
                )
    return tuple(calls)


NANO_DOLLAR = Decimal("1e-9")
BATCH_HITS = Decimal("0.5")
"""Share of the reads that a batch finds in the cache: 30 to 98 % (platform.claude.com, Message Batches), as its
requests are worked on side by side."""


def batched(calls: Iterable[PlannedCall]) -> tuple[PlannedCall, ...]:
    """The same calls in message batches: what the cache keeps it keeps for an hour, and many a read is a write."""
    return tuple(evolve(call, tokens=_batched(call.tokens)) for call in calls)


def _batched(tokens: Tokens) -> Tokens:
    read = int(tokens.cache_read * BATCH_HITS)
    write = tokens.cache_write + tokens.cache_read - read
    return evolve(tokens, cache_read=read, cache_write=write, cache_write_1h=write)


def enforced_cap(caps: Caps, totals: Totals) -> Decimal:
    """What a new review can cost at most: its own cap, or what is left of the hour, the day, the month or the
    repository's month, if that is less. The cap of a call bounds no sum, but where it is nothing, nothing is spent.

    Infinity where there is no cap at all.
    """
    if ZERO in (caps.call, caps.hour):
        return ZERO
    left = [caps.review] if caps.review is not None else []
    if caps.hour is not None:
        left.append(caps.hour - totals.hour)
    if caps.day is not None:
        left.append(caps.day - totals.day)
    if caps.month is not None:
        left.append(caps.month - totals.month)
    if caps.repository is not None:
        left.append(caps.repository - totals.repository)
    return max(min(left, default=Decimal("Infinity")), ZERO)


def price_of(call: PlannedCall, book: PriceBook) -> Decimal:
    """Of all its calls, to the nano-dollar, rounded up. Raises UnknownPrice."""
    return (book.price(call.model, call.tokens) * Decimal(call.count)).quantize(NANO_DOLLAR, ROUND_CEILING)


def estimate(planned: Iterable[PlannedCall], book: PriceBook, caps: Caps, totals: Totals) -> Estimate:
    """Price the planned calls. `expected` may be above `at_most`: the review would then be cut short by a cap.

    Raises UnknownPrice.
    """
    calls = tuple(planned)
    expected = ZERO
    by_phase: dict[str, Decimal] = {}
    by_seat: dict[str, Decimal] = {}
    by_model: dict[str, Decimal] = {}
    for call in calls:
        cost = price_of(call, book)
        expected += cost
        for group, name in ((by_phase, call.phase), (by_seat, call.seat), (by_model, call.model)):
            group[name] = group.get(name, ZERO) + cost
    return Estimate(expected, enforced_cap(caps, totals), by_phase, by_seat, by_model, calls)
