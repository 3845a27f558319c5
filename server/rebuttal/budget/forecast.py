"""What is expected of a debate, learned from those that were held. Pure.

`debate/planning.py` assumes how many calls a debate takes and how long they are. What past debates took is set against
what was assumed of them, phase by phase, and what is assumed of the next one is corrected by it:

- *calls* of each phase, by size of change, seats and profile: they say how many claims are raised, and how many rounds
  they are argued about;
- *lengths* of answers by phase, model and size; of what is sent behind the shared part; of the shared part;
- *the cache*: the share of what should be read from it that is;
- *who*: which seats and models take the calls of a phase, those that nobody planned with them.

Each correction is held to the assumption (`fitting.py`); newer debates weigh more; one that was cut short tells how
many calls it would have taken at least, and its lengths; one of a sweep, held in batches, nothing of the cache and of
the price. A call whose usage is not known teaches nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from math import exp, log

from attrs import evolve, field, frozen

from rebuttal.budget.fitting import Fit, Observation, fit
from rebuttal.budget.model import Likely, PlannedCall
from rebuttal.store.debates import ActualShare, DebatePlan, PastDebate, PlannedShare
from rebuttal.store.model import NO_TOKENS, Tokens

KEPT = 0.99
"""What a debate still weighs after one more: the last hundred or so count, so that a new model is learned."""
CALLS_WITHIN = (0.6, 0.35, 0.35, 0.3, 0.5, 0.3)
"""How far the numbers of calls are thought to lie from what is assumed: all alike, by lines, files, seats, and with the
profiles frugal and thorough (standard deviations of logarithms).

How far matters little: on the lives of bench/estimates.py widths of 0.6 to 3 times these, and widths chosen for each
phase by the evidence of the debates themselves and their own dispersion, ended 57 to 60 % within 20 % (these 57 to 58,
standard error 3). Only where one change is reviewed eight times over do wider ones come nearer: 3 % off in the middle
instead of 5, where the assumption is 26 % off.
"""
LENGTH_WITHIN = (0.5, 0.2)
"""Of lengths: all alike, and by lines."""
MODEL_WITHIN = (0.25,)
"""How far the answers of a model are thought to lie from those of its phase."""
SPREAD = 0.4
"""Of the length of one answer, beside what is expected of it (standard deviation / mean)."""
WHO = 6.0
"""Calls that the assumption of who takes them weighs."""
HITS = 100_000.0
"""Tokens that the assumption of what the cache does weighs: some ten prompts."""
ENOUGH = 10.0
"""Debates, by their weight, from which on it is said between what they ended."""
LIKE = 0.7
"""How alike a debate must be in what it is expected to cost, for how far off the expectation was: of the logarithm."""


@frozen
class Nature:
    """What is known of a debate before it is held."""

    protocol: str
    profile: str
    seats: int
    files: int
    lines: int

    @classmethod
    def of(cls, plan: DebatePlan) -> Nature:
        """That of a debate which was planned."""
        return cls(plan.protocol, plan.profile, plan.seats, plan.files, plan.lines)

    @property
    def size(self) -> tuple[float, ...]:
        """For lengths: 1, and the lines."""
        return (1.0, log(max(self.lines, 1) / 100))

    @property
    def whole(self) -> tuple[float, ...]:
        """For numbers of calls."""
        return (
            *self.size,
            log(max(self.files, 1) / 3),
            log(max(self.seats, 1) / 4),
            float(self.profile == "frugal"),
            float(self.profile == "thorough"),
        )


_Who = tuple[str, str]
"""Seat and model."""


@frozen
class _Phase:
    """A phase of a debate: what is planned for it, or what it took."""

    calls: float = 0.0
    tokens: Tokens = NO_TOKENS
    by_model: Mapping[str, tuple[float, Tokens]] = field(factory=dict)
    by_who: Mapping[_Who, float] = field(factory=dict)

    @property
    def cached(self) -> int:
        """Tokens that were written to the cache or read from it."""
        return self.tokens.cache_write + self.tokens.cache_read


@frozen
class _Seen:
    """One phase of one past debate."""

    nature: Nature
    phase: str
    assumed: _Phase
    actual: _Phase
    weight: float
    was_cut: bool


@frozen
class Forecast:
    """What past debates teach of the next one."""

    debates: int = 0
    """That it was learned from; 0: nothing but assumptions."""
    _calls: Mapping[tuple[str, ...], Fit] = field(factory=dict)
    _outputs: Mapping[tuple[str, ...], Fit] = field(factory=dict)
    _asks: Mapping[str, Fit] = field(factory=dict)
    _shared: Mapping[str, Fit] = field(factory=dict)
    _hits: Mapping[str, float] = field(factory=dict)
    _who: Mapping[tuple[str, ...], float] = field(factory=dict)
    _unplanned: Mapping[tuple[str, ...], float] = field(factory=dict)
    _off: tuple[tuple[float, float, float], ...] = ()
    """Of each whole debate: the logarithm of what was expected, that of what it cost beside it, and its weight."""

    @classmethod
    def of(cls, history: Iterable[PastDebate]) -> Forecast:
        """From debates, the newest first."""
        usable = [(one, KEPT**number) for number, one in enumerate(each for each in history if each.is_learnable)]
        seen = [each for one, weight in usable for each in _seen(one, weight)]
        # In batches requests run side by side, so that the cache is used otherwise; the price is another one, too.
        alone = [(one, weight) for one, weight in usable if not one.in_batches]
        calls = _by(seen, _calls_key, _observed_calls, CALLS_WITHIN)
        outputs = _by(seen, lambda one: (one.phase,), _observed_output, LENGTH_WITHIN)
        return cls(
            len(usable),
            calls,
            {**outputs, **_by_model(seen, outputs)},
            {key[0]: one for key, one in _by(seen, lambda one: (one.phase,), _observed_ask, LENGTH_WITHIN).items()},
            {key[0]: one for key, one in _by(seen, lambda one: (one.phase,), _observed_shared, LENGTH_WITHIN).items()},
            _hits(each for one, weight in alone for each in _seen(one, weight)),
            _who(seen),
            _unplanned(seen),
            tuple(_offs(alone)),
        )

    def calls(
        self, planned: Iterable[PlannedCall], nature: Nature, models: Collection[str] = ()
    ) -> tuple[PlannedCall, ...]:
        """What is planned by assumption, corrected. `models`: that may be asked although nobody planned it."""
        if not self.debates:
            return tuple(planned)
        by_phase: dict[str, list[PlannedCall]] = defaultdict(list)
        for call in planned:
            by_phase[call.phase].append(call)
        found: list[PlannedCall] = []
        for phase, calls in by_phase.items():
            found += self._phase(phase, calls, nature, models)
        return tuple(found)

    def likely(self, expected: Decimal, at_most: Decimal) -> Likely | None:
        """Between what four of five such debates ended; None where too few have been held."""
        if expected <= 0:
            return None
        centre = log(float(expected))
        near = sorted((off, weight * exp(-(((at - centre) / LIKE) ** 2) / 2)) for at, off, weight in self._off)
        whole = sum(weight for _, weight in near)
        if whole < ENOUGH:
            return None
        low, high = (_quantile(near, whole * share) for share in (0.1, 0.9))
        lowest, highest = (expected * Decimal(repr(round(exp(off), 4))) for off in (low, high))
        return Likely(min(lowest, at_most), min(highest, at_most))

    # --- one phase ---

    def _phase(
        self, phase: str, calls: Sequence[PlannedCall], nature: Nature, models: Collection[str]
    ) -> Iterator[PlannedCall]:
        factor = _factor(self._calls, _key(nature.protocol, phase), nature.whole)
        total = sum(one.count for one in calls) * factor
        shares = [one.count * self._taken(nature, phase, one) for one in calls]
        whole = sum(shares) or 1.0
        strangers = {
            model: share
            for model in models
            if (share := self._unplanned.get((nature.protocol, nature.profile, phase, model), 0.0)) > 0
            and all(one.model != model for one in calls)
        }
        left = max(1 - sum(strangers.values()), 0.0)
        corrected = [
            evolve(one, count=total * left * share / whole, tokens=self._tokens(one, phase, nature))
            for one, share in zip(calls, shares, strict=True)
        ]
        yield from corrected
        usual = max(corrected, key=lambda one: one.count)
        for model, share in strangers.items():
            yield evolve(usual, model=model, count=total * share)

    def _taken(self, nature: Nature, phase: str, call: PlannedCall) -> float:
        seat = self._who.get((nature.protocol, "", phase, call.seat), 1.0)
        return seat * self._who.get((nature.protocol, nature.profile, phase, call.model), 1.0)

    def _tokens(self, call: PlannedCall, phase: str, nature: Nature) -> Tokens:
        tokens, size = call.tokens, nature.size
        outputs = self._outputs.get((phase, call.model)) or self._outputs.get((phase,), Fit())
        output = round(tokens.output * outputs.factor(size))
        sent = round(tokens.input * self._asks.get(phase, Fit()).factor(size))
        shared = self._shared.get(phase, Fit()).factor(size)
        # No more is read than there is: a cache that did better than was expected has nothing to write.
        prefix = (tokens.cache_write + tokens.cache_read) * shared
        read = min(tokens.cache_read * shared * self._hits.get(phase, 1.0), prefix)
        write = prefix - read
        return Tokens(input=sent, cache_write=round(write), cache_read=round(read), output=output)


def shares_of(shown: Iterable[tuple[PlannedCall, Decimal]], assumed: Iterable[PlannedCall]) -> tuple[PlannedShare, ...]:
    """What is written down of a plan: the calls as they were shown, with their price, beside what was assumed."""
    priced: dict[tuple[str, str, str], list[tuple[PlannedCall, Decimal]]] = defaultdict(list)
    plain: dict[tuple[str, str, str], list[PlannedCall]] = defaultdict(list)
    for call, price in shown:
        priced[call.phase, call.seat, call.model].append((call, price))
    for call in assumed:
        plain[call.phase, call.seat, call.model].append(call)
    found = []
    for key in dict.fromkeys((*priced, *plain)):
        ones, others = priced.get(key, []), plain.get(key, [])
        found.append(
            PlannedShare(
                *key,
                calls=sum(call.count for call, _ in ones),
                prompt=round(sum(call.tokens.prompt * call.count for call, _ in ones)),
                output=round(sum(call.tokens.output * call.count for call, _ in ones)),
                expected=sum((price for _, price in ones), Decimal(0)),
                assumed_calls=sum(call.count for call in others),
                assumed=sum((_times(call.tokens, call.count) for call in others), NO_TOKENS),
            )
        )
    return tuple(found)


# --- what was seen ------------------------------------------------------------------------------------------


def _seen(past: PastDebate, weight: float) -> Iterator[_Seen]:
    assumed = _phases((one.phase, one.seat, one.model, one.assumed_calls, one.assumed) for one in past.plan.calls)
    actual = _phases(map(_told, past.actual))
    nature, was_cut = Nature.of(past.plan), past.state == "cut"
    for phase in dict.fromkeys((*assumed, *actual)):
        yield _Seen(nature, phase, assumed.get(phase, _Phase()), actual.get(phase, _Phase()), weight, was_cut)


def _told(share: ActualShare) -> tuple[str, str, str, float, Tokens]:
    return share.phase, share.seat, share.model, share.calls, share.tokens


def _phases(shares: Iterable[tuple[str, str, str, float, Tokens]]) -> Mapping[str, _Phase]:
    found: dict[str, _Phase] = {}
    for phase, seat, model, calls, tokens in shares:
        known = found.get(phase, _Phase())
        before, taken = known.by_model.get(model, (0.0, NO_TOKENS))
        found[phase] = _Phase(
            known.calls + calls,
            known.tokens + tokens,
            {**known.by_model, model: (before + calls, taken + tokens)},
            {**known.by_who, (seat, model): known.by_who.get((seat, model), 0.0) + calls},
        )
    return found


def _calls_key(one: _Seen) -> tuple[str, ...]:
    return _key(one.nature.protocol, one.phase)


def _key(protocol: str, phase: str) -> tuple[str, ...]:
    # Whether triage leaves seats out and how often has nothing to do with how they argue afterwards.
    return (phase,) if phase in ("triage", "opening") else (protocol, phase)


def _observed_calls(one: _Seen) -> Iterator[Observation]:
    if one.assumed.calls > 0:
        yield Observation(one.nature.whole, one.actual.calls, one.assumed.calls, one.weight, at_least=one.was_cut)


def _observed_output(one: _Seen) -> Iterator[Observation]:
    yield from _observed_length(one, one.actual.tokens.output, one.assumed.tokens.output)


def _observed_ask(one: _Seen) -> Iterator[Observation]:
    yield from _observed_length(one, one.actual.tokens.input, one.assumed.tokens.input)


def _observed_shared(one: _Seen) -> Iterator[Observation]:
    if one.actual.cached:
        yield from _observed_length(one, one.actual.cached, one.assumed.cached)


def _observed_length(one: _Seen, seen: int, assumed: int) -> Iterator[Observation]:
    """Of all calls of a phase, at as many calls as there were."""
    calls = one.actual.calls
    if calls > 0 and one.assumed.calls > 0 and assumed > 0:
        expected = assumed / one.assumed.calls * calls
        yield Observation(one.nature.size, seen, expected, one.weight, sureness=calls / SPREAD**2)


def _by(
    seen: Iterable[_Seen],
    key: Callable[[_Seen], tuple[str, ...]],
    observed: Callable[[_Seen], Iterator[Observation]],
    within: Sequence[float],
) -> dict[tuple[str, ...], Fit]:
    found: dict[tuple[str, ...], list[Observation]] = defaultdict(list)
    for one in seen:
        found[key(one)] += observed(one)
    return {name: fit(observations, within) for name, observations in found.items()}


def _by_model(seen: Iterable[_Seen], phases: Mapping[tuple[str, ...], Fit]) -> dict[tuple[str, ...], Fit]:
    """The lengths of each model's answers, held to those of all models in the phase."""
    found: dict[tuple[str, ...], list[Observation]] = defaultdict(list)
    for one in seen:
        for model, (calls, tokens) in one.actual.by_model.items():
            planned, assumed = one.assumed.by_model.get(model, (0.0, NO_TOKENS))
            if not (calls and planned and assumed.output):
                continue
            usual = phases[(one.phase,)].factor(one.nature.size)
            expected = assumed.output / planned * calls * usual
            sureness = calls / SPREAD**2
            found[one.phase, model].append(Observation((1.0,), tokens.output, expected, one.weight, sureness))
    fits = {key: fit(observations, MODEL_WITHIN) for key, observations in found.items()}
    return {key: _shifted(phases[key[:1]], one) for key, one in fits.items()}


def _shifted(phase: Fit, model: Fit) -> Fit:
    first, *others = phase.theta
    return evolve(phase, theta=(first + model.theta[0], *others))


def _hits(seen: Iterable[_Seen]) -> dict[str, float]:
    """By phase, what is read from the cache of what should be."""
    read: dict[str, float] = defaultdict(float)
    due: dict[str, float] = defaultdict(float)
    for one in seen:
        if one.actual.cached and one.assumed.tokens.cache_read:
            share = one.assumed.tokens.cache_read / one.assumed.cached
            read[one.phase] += one.weight * one.actual.tokens.cache_read
            due[one.phase] += one.weight * one.actual.cached * share
    return {phase: (read[phase] + HITS) / (due[phase] + HITS) for phase in due}


def _who(seen: Iterable[_Seen]) -> dict[tuple[str, ...], float]:
    """How many more calls a seat takes than its share of what was planned; and a model, by profile, as the profile
    decides what a model is asked for."""
    taken: dict[tuple[str, ...], float] = defaultdict(float)
    due: dict[tuple[str, ...], float] = defaultdict(float)
    for one in seen:
        # Where money ran short cheaper models were asked: that says nothing of who is asked where it does not.
        if one.was_cut or not (one.assumed.calls and one.actual.calls):
            continue
        for who, calls in one.assumed.by_who.items():
            for key in _names(one, who):
                due[key] += one.weight * calls / one.assumed.calls * one.actual.calls
        for who, calls in one.actual.by_who.items():
            for key in _names(one, who):
                taken[key] += one.weight * calls
    return {key: (taken[key] + WHO) / (owed + WHO) for key, owed in due.items()}


def _names(one: _Seen, who: _Who) -> tuple[tuple[str, ...], tuple[str, ...]]:
    seat, model = who
    protocol, profile = one.nature.protocol, one.nature.profile
    return (protocol, "", one.phase, seat), (protocol, profile, one.phase, model)


def _unplanned(seen: Iterable[_Seen]) -> dict[tuple[str, ...], float]:
    """The share of a phase's calls that models take which nobody planned, by profile."""
    taken: dict[tuple[str, ...], float] = defaultdict(float)
    whole: dict[tuple[str, ...], float] = defaultdict(float)
    for one in seen:
        if one.was_cut:
            continue
        group = (one.nature.protocol, one.nature.profile, one.phase)
        whole[group] += one.weight * one.actual.calls
        for model, (calls, _) in one.actual.by_model.items():
            if model not in one.assumed.by_model:
                taken[*group, model] += one.weight * calls
    return {key: calls / (whole[key[:3]] + WHO) for key, calls in taken.items()}


def _offs(usable: Iterable[tuple[PastDebate, float]]) -> Iterator[tuple[float, float, float]]:
    for past, weight in usable:
        expected, spent = past.plan.expected, past.spent
        if past.state == "whole" and expected > 0 and spent > 0:
            yield log(float(expected)), log(float(spent / expected)), weight


def _quantile(values: Sequence[tuple[float, float]], target: float) -> float:
    reached = 0.0
    for value, weight in values:
        reached += weight
        if reached >= target:
            return value
    return values[-1][0]


def _factor(fits: Mapping[tuple[str, ...], Fit], key: tuple[str, ...], x: Sequence[float]) -> float:
    return fits[key].factor(x) if key in fits else 1.0


def _times(tokens: Tokens, count: float) -> Tokens:
    return Tokens(
        input=round(tokens.input * count),
        cache_write=round(tokens.cache_write * count),
        cache_read=round(tokens.cache_read * count),
        output=round(tokens.output * count),
    )
