"""What reviews of a corpus are worth: precision, recall and F1, what each seat brought, what it cost, how long it took.

Precision and recall are counted over single findings and defects of the whole corpus, not averaged over cases: a case
with four defects weighs four times. Findings of the debate are scored. The static panel's stand apart, with one
exception: a defect that only the static panel told counts as found, because the panel of models is asked not to repeat
what tools have said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from attrs import field, frozen

from rebuttal.debate.model import Contention, Exchange, Outcome
from rebuttal.evaluation.corpus import CATEGORIES, Case, Defect
from rebuttal.evaluation.truth import Judged, Said, judge
from rebuttal.findings.model import Finding
from rebuttal.findings.report import Degraded
from rebuttal.findings.severity import SEVERITIES
from rebuttal.store.model import NO_CACHE_SUM, ZERO, Cost, Spent

K = TypeVar("K")


@frozen
class Told:
    """One finding and what it is worth."""

    finding: Finding
    judged: Judged


@frozen
class SeatScore:
    """What one seat said in the reviews measured."""

    raised: int = 0
    """Claims that were anchored, merged ones once for each seat that raised them."""
    true: int = 0
    false: int = 0
    unique: int = 0
    """Defects that no other seat raised."""
    ruled_right: int = 0
    """Rulings with a quote that was found: confirmed what is true, refuted what is not."""
    ruled_wrong: int = 0
    undecided: int = 0
    """Rulings that were unsure, or void."""
    cost: Spent = field(factory=Spent)

    def __add__(self, other: SeatScore) -> SeatScore:
        return SeatScore(
            self.raised + other.raised,
            self.true + other.true,
            self.false + other.false,
            self.unique + other.unique,
            self.ruled_right + other.ruled_right,
            self.ruled_wrong + other.ruled_wrong,
            self.undecided + other.undecided,
            self.cost + other.cost,
        )


@frozen
class CaseScore:
    """One case, reviewed and judged."""

    case: Case
    panel: str
    told: tuple[Told, ...]
    """What the debate found."""
    held_back: tuple[Told, ...] = ()
    static: tuple[Told, ...] = ()
    raised: frozenset[str] = frozenset()
    """Ids of the defects that some seat claimed, whatever became of it."""
    seats: Mapping[str, SeatScore] = field(factory=dict)
    cost: Cost = field(factory=Cost)
    seconds: float = 0.0
    """Of the debate: virtual where it was simulated."""
    first_s: float | None = None
    """Until the first finding was settled; None where there is none."""
    degraded: tuple[Degraded, ...] = ()
    cut_short: str | None = None
    """Why the debate was not held, or not to its end, in a sentence."""
    unseen: tuple[str, ...] = ()
    """Ids of defects and lures that are decided by a file which the panel was not shown; known where simulated."""

    @property
    def found(self) -> frozenset[str]:
        """Ids of the defects that the developer is told."""
        return frozenset(
            one.judged.defect.id
            for one in (*self.told, *self.static)
            if one.judged.judgement == "true" and one.judged.defect is not None
        )

    @property
    def by_static_only(self) -> frozenset[str]:
        debated = {one.judged.defect.id for one in self.told if one.judged.defect is not None}
        return self.found - debated

    @property
    def missed(self) -> tuple[Defect, ...]:
        return tuple(one for one in self.case.defects if one.id not in self.found)

    @property
    def false(self) -> tuple[Told, ...]:
        return tuple(one for one in self.told if one.judged.judgement == "false")


@frozen
class Figures:
    """Counts and what follows of them. A ratio is None where there is nothing to divide by."""

    planted: int = 0
    found: int = 0
    true: int = 0
    false: int = 0
    duplicates: int = 0

    @property
    def precision(self) -> float | None:
        """Of what was told, without duplicates, the share that is true."""
        return _ratio(self.true, self.true + self.false)

    @property
    def recall(self) -> float | None:
        """Of what was planted, the share that was told."""
        return _ratio(self.found, self.planted)

    @property
    def f1(self) -> float | None:
        """The harmonic mean of precision and recall; 0 where nothing true was told of what was planted."""
        if not self.planted:
            return None
        precision, recall = self.precision or 0.0, self.recall or 0.0
        return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


@frozen
class Score:
    """All cases together."""

    cases: tuple[CaseScore, ...]

    def figures(self) -> Figures:
        return _figures(self.cases, lambda _: True, lambda _: True)

    def held_back(self) -> Figures:
        """What was held back: true where it meets a defect that nothing told meets."""
        every = [one for case in self.cases for one in case.held_back]
        counts = Counter(one.judged.judgement for one in every)
        return Figures(
            planted=sum(len(case.missed) for case in self.cases),
            found=counts["true"],
            true=counts["true"],
            false=counts["false"],
            duplicates=counts["duplicate"],
        )

    def static(self) -> Figures:
        """What the static panel told. What meets no planted defect need not be wrong: it looks for other things."""
        counts = Counter(one.judged.judgement for case in self.cases for one in case.static)
        planted = sum(len(case.case.defects) for case in self.cases)
        return Figures(planted, counts["true"], counts["true"], counts["false"], counts["duplicate"])

    def by_category(self) -> dict[str, Figures]:
        """Defects by their own category, false findings by the one that they claim."""
        return self._by(CATEGORIES, lambda one: one.category, lambda one: one.finding.category)

    def by_severity(self) -> dict[str, Figures]:
        return self._by(SEVERITIES, lambda one: one.severity, lambda one: one.finding.severity)

    def by_language(self) -> dict[str, Figures]:
        names = sorted({case.case.language for case in self.cases})
        return {
            name: _figures([one for one in self.cases if one.case.language == name], lambda _: True, lambda _: True)
            for name in names
        }

    def _by(
        self, names: Iterable[K], of_defect: Callable[[Defect], K], of_told: Callable[[Told], K]
    ) -> dict[K, Figures]:
        def of(name: K) -> Figures:
            return _figures(self.cases, lambda one: of_defect(one) == name, lambda one: of_told(one) == name)

        return {name: of(name) for name in names}

    def seats(self) -> dict[str, SeatScore]:
        """By seat, those that raised or ruled most first."""
        total: dict[str, SeatScore] = {}
        for case in self.cases:
            for seat, one in case.seats.items():
                total[seat] = total.get(seat, SeatScore()) + one
        return dict(sorted(total.items(), key=lambda item: (-item[1].raised, -item[1].cost.calls, item[0])))

    @property
    def raised(self) -> int:
        """Defects that some seat claimed: what the check lost is the difference to what was found."""
        return sum(len(case.raised) for case in self.cases)

    @property
    def cost(self) -> Cost:
        costs = [case.cost for case in self.cases]
        tokens = Spent()
        for one in costs:
            tokens += Spent(one.spent, one.calls, one.tokens)
        cache = sum((one.cache for one in costs), NO_CACHE_SUM)
        return Cost(tokens.spent, sum((one.assumed for one in costs), ZERO), tokens.tokens, tokens.calls, cache=cache)

    @property
    def clean_alarmed(self) -> tuple[int, int]:
        """How many clean cases were told something false, and how many clean ones there are."""
        clean = [case for case in self.cases if case.case.clean]
        return sum(bool(case.false) for case in clean), len(clean)


def _figures(
    cases: Iterable[CaseScore], counts: Callable[[Defect], bool], counts_false: Callable[[Told], bool]
) -> Figures:
    planted = found = true = false = duplicates = 0
    for case in cases:
        told = case.found
        planted += sum(counts(one) for one in case.case.defects)
        found += sum(counts(one) for one in case.case.defects if one.id in told)
        for one in case.told:
            defect = one.judged.defect
            if defect is None:
                false += counts_false(one)
            elif counts(defect):
                true += one.judged.judgement == "true"
                duplicates += one.judged.judgement == "duplicate"
    return Figures(planted, found, true, false, duplicates)


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def judged(case: Case, findings: Sequence[Finding], before: Iterable[Told] = ()) -> tuple[Told, ...]:
    """The findings with what they are worth; what `before` has told already is a duplicate."""
    known = {one.judged.defect.id for one in before if one.judged.defect is not None}
    told = judge(case, [Said.of_finding(one) for one in findings])
    return tuple(
        Told(one, Judged("duplicate", said.defect) if said.defect is not None and said.defect.id in known else said)
        for one, said in zip(findings, told, strict=True)
    )


def seat_scores(case: Case, outcome: Outcome) -> tuple[dict[str, SeatScore], frozenset[str]]:
    """What each seat brought, and the ids of the defects that were claimed at all."""
    verdicts = judge(case, [Said.of_contention(one) for one in outcome.contentions])
    raisers: dict[str, set[str]] = {}
    for one, said in zip(outcome.contentions, verdicts, strict=True):
        if said.defect is not None:
            raisers.setdefault(said.defect.id, set()).update(one.raisers)
    scores: dict[str, SeatScore] = {}

    def add(seat: str, more: SeatScore) -> None:
        scores[seat] = scores.get(seat, SeatScore()) + more

    for one, said in zip(outcome.contentions, verdicts, strict=True):
        for seat in one.raisers:
            add(seat, SeatScore(raised=1, true=said.judgement == "true", false=said.judgement == "false"))
        for seat, more in _rulings(one, said):
            add(seat, more)
    for seats in raisers.values():
        if len(seats) == 1:
            add(next(iter(seats)), SeatScore(unique=1))
    for exchange in outcome.exchanges:
        add(exchange.turn.seat, SeatScore(cost=_cost(exchange)))
    return scores, frozenset(raisers)


def _rulings(one: Contention, said: Judged) -> Iterable[tuple[str, SeatScore]]:
    for ruled in one.rulings:
        if not ruled.valid or ruled.ruling.verdict == "unsure":
            yield ruled.seat, SeatScore(undecided=1)
        else:
            right = (ruled.ruling.verdict == "confirmed") == (said.judgement != "false")
            yield ruled.seat, SeatScore(ruled_right=right, ruled_wrong=not right)


def _cost(exchange: Exchange) -> Spent:
    reply = exchange.reply
    return Spent(reply.spent, reply.calls, reply.tokens)
