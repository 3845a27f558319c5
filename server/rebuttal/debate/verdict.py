"""The tally: what becomes of a claim, as a table in code. No model decides it, so none can be talked into it.

Rows are tried from the top; the first that applies settles the claim. What they look at:

- *rulings*: valid ones only, that is with a quote that is found in the code; of one seat the last, for a seat has one
  voice however often it is asked. `for`, `against` and `unsure` count those of cross-examination and rebuttal; the
  Moderator's stands apart. Whoever raised a claim is no witness for it: a raiser that confirms it counts as nothing,
  and one that refutes it has withdrawn it.
- *severity* and *certainty*: the highest that a raiser gave. A claim whose quote was not found is only `possible`.
- *raisers*: how many seats raised it and have not withdrawn it. It never makes a finding by itself and never keeps
  one from being one.
- *weighty*: high or critical, and raised as likely or certain. Refuting such a claim contests it, no more.

| row                 | rulings                           | besides              | becomes   | verdict    | open |
|---------------------|-----------------------------------|----------------------|-----------|------------|------|
| moderator confirmed | Moderator: confirmed              |                      | finding   | confirmed  |      |
| moderator split     | Moderator: refuted                | weighty, any for it, | held back | contested  |      |
|                     |                                   | or several raisers   |           |            |      |
| moderator refuted   | Moderator: refuted                |                      | dropped   | contested  |      |
| moderator torn      | Moderator: unsure, others decided |                      | held back | contested  |      |
| moderator unsure    | Moderator: unsure                 |                      | held back | unverified |      |
| withdrawn           | against by all raisers, none for  |                      | dropped   | contested  |      |
| unopposed           | protocol asks for none            | likely or certain    | finding   | unopposed  |      |
| unopposed, possible | protocol asks for none            |                      | held back | unopposed  |      |
| confirmed           | for, none against                 |                      | finding   | confirmed  |      |
| refuted twice       | two or more against, none for     |                      | dropped   | contested  |      |
| contested           | one against, none for             | weighty              | held back | contested  | yes  |
| refuted, several    | one against, none for             | several raisers      | held back | contested  |      |
| refuted             | one against, none for             |                      | dropped   | contested  |      |
| prevails            | more for than against             |                      | finding   | confirmed  |      |
| outweighed          | more against than for             |                      | held back | contested  |      |
| tied                | as many for as against            |                      | held back | contested  | yes  |
| unsure              | only unsure or void ones          |                      | held back | unverified | yes  |
| unheard             | none                              |                      | held back | unverified |      |

*Open*: argued on while rounds and budget last, then put to the Moderator; the row says what it becomes if neither
settles it. Severity of a finding: the Moderator's, where it confirmed; else the middle one of those who confirmed, of
two the one nearer to what was raised, and one voice alone lowers that by one step at most, so that nobody talks a
claim below notice alone; otherwise the highest raised. Confidence: the raisers' best; one step up if several seats
raised or confirmed it, one step down if any ruling was against it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from attrs import frozen

from rebuttal.debate.model import Contention, Ruled, RulingVerdict, Settled, SettledAs, SettledVerdict
from rebuttal.findings.model import Certainty
from rebuttal.findings.severity import SEVERITIES, Severity, at_least

CERTAINTIES: tuple[Certainty, ...] = ("certain", "likely", "possible")
"""Surest first."""


@frozen
class Facts:
    """All that the table looks at."""

    severity: Severity
    certainty: Certainty
    raisers: int
    confirmed: int = 0
    refuted: int = 0
    unsure: int = 0
    void: int = 0
    moderator: RulingVerdict | None = None
    examined: bool = True
    """False: the protocol asks for no rulings."""

    @property
    def weighty(self) -> bool:
        return at_least(self.severity, "high") and self.certainty != "possible"


@frozen
class Row:
    """One row of the table."""

    name: str
    applies: Callable[[Facts], bool]
    outcome: SettledAs
    verdict: SettledVerdict
    why: str
    is_open: bool = False


TABLE: tuple[Row, ...] = (
    Row(
        "moderator confirmed",
        lambda f: f.moderator == "confirmed",
        "finding",
        "confirmed",
        "The Moderator confirmed it with the lines quoted.",
    ),
    Row(
        "moderator split",
        lambda f: f.moderator == "refuted" and (f.weighty or f.confirmed > 0 or f.raisers > 1),
        "held_back",
        "contested",
        "The Moderator refuted it, but it carried weight in the panel.",
    ),
    Row(
        "moderator refuted",
        lambda f: f.moderator == "refuted",
        "dropped",
        "contested",
        "The Moderator refuted it with the lines quoted.",
    ),
    Row(
        "moderator torn",
        lambda f: f.moderator == "unsure" and f.confirmed + f.refuted > 0,
        "held_back",
        "contested",
        "The panel was divided and the code shown did not settle it.",
    ),
    Row(
        "moderator unsure",
        lambda f: f.moderator == "unsure",
        "held_back",
        "unverified",
        "The code shown did not settle it.",
    ),
    Row(
        "withdrawn",
        lambda f: f.raisers == 0 and f.refuted > 0 and f.confirmed == 0,
        "dropped",
        "contested",
        "Whoever raised it withdrew it with the lines quoted, and nobody else confirmed it.",
    ),
    Row(
        "unopposed",
        lambda f: not f.examined and f.certainty != "possible",
        "finding",
        "unopposed",
        "It was raised in a single pass; nobody was asked to refute it.",
    ),
    Row(
        "unopposed, possible",
        lambda f: not f.examined,
        "held_back",
        "unopposed",
        "It was raised in a single pass, only as possible; nobody was asked to refute it.",
    ),
    Row(
        "confirmed",
        lambda f: f.confirmed > 0 and f.refuted == 0,
        "finding",
        "confirmed",
        "A reviewer who tried to refute it confirmed it with the lines quoted.",
    ),
    Row(
        "refuted twice",
        lambda f: f.refuted > 1 and f.confirmed == 0,
        "dropped",
        "contested",
        "Two reviewers refuted it with the lines quoted.",
    ),
    Row(
        "contested",
        lambda f: f.refuted == 1 and f.confirmed == 0 and f.weighty,
        "held_back",
        "contested",
        "It was refuted once, but raised as serious and likely, and nobody settled it.",
        is_open=True,
    ),
    Row(
        "refuted, several",
        lambda f: f.refuted == 1 and f.confirmed == 0 and f.raisers > 1,
        "held_back",
        "contested",
        "Several seats raised it and one reviewer refuted it.",
    ),
    Row(
        "refuted",
        lambda f: f.refuted == 1 and f.confirmed == 0,
        "dropped",
        "contested",
        "A reviewer refuted it with the lines quoted.",
    ),
    Row(
        "prevails",
        lambda f: f.confirmed > f.refuted,
        "finding",
        "confirmed",
        "It was disputed, and more reviewers confirmed than refuted it.",
    ),
    Row(
        "outweighed",
        lambda f: f.refuted > f.confirmed,
        "held_back",
        "contested",
        "It was disputed, and more reviewers refuted than confirmed it.",
    ),
    Row(
        "tied",
        lambda f: f.confirmed > 0,
        "held_back",
        "contested",
        "As many reviewers confirmed as refuted it.",
        is_open=True,
    ),
    Row(
        "unsure",
        lambda f: f.unsure + f.void > 0,
        "held_back",
        "unverified",
        "No ruling with lines found in the code decided it.",
        is_open=True,
    ),
    Row(
        "unheard",
        lambda _: True,
        "held_back",
        "unverified",
        "Nobody ruled on it.",
    ),
)


def row_for(facts: Facts) -> Row:
    """The first row that applies; the last always does."""
    return next(row for row in TABLE if row.applies(facts))


def facts_of(contention: Contention, *, examined: bool = True) -> Facts:
    """What the table looks at, of one contention."""
    counted = voices(contention)
    verdicts = [one.ruling.verdict for one in counted if one.valid and one.phase != "consensus"]
    withdrew = {one.seat for one in counted if one.valid and one.ruling.verdict == "refuted"}
    moderated = [one.ruling.verdict for one in counted if one.valid and one.phase == "consensus"]
    return Facts(
        severity=raised_severity(contention),
        certainty=_raised_certainty(contention),
        raisers=sum(seat not in withdrew for seat in contention.raisers),
        confirmed=verdicts.count("confirmed"),
        refuted=verdicts.count("refuted"),
        unsure=verdicts.count("unsure"),
        void=sum(not one.valid for one in counted),
        moderator=moderated[-1] if moderated else None,
        examined=examined,
    )


def settle(contention: Contention, *, examined: bool = True) -> Settled:
    """What becomes of a contention as it stands."""
    facts = facts_of(contention, examined=examined)
    row = row_for(facts)
    confirming = [one for one in voices(contention) if one.valid and one.ruling.verdict == "confirmed"]
    severity = _severity(confirming, facts) if confirming and row.outcome == "finding" else facts.severity
    return Settled(row.outcome, row.verdict, severity, _confidence(contention, facts), row.name, row.why)


def _severity(confirming: Sequence[Ruled], facts: Facts) -> Severity:
    """Of what was confirmed. The raised one counts as the bound for a single voice, and settles a tie."""
    moderated = [one.ruling.severity for one in confirming if one.phase == "consensus"]
    if moderated:
        return moderated[-1]
    raised = SEVERITIES.index(facts.severity)
    given = sorted(SEVERITIES.index(one.ruling.severity) for one in confirming)
    if len(given) == 1:
        return SEVERITIES[min(given[0], raised + 1)]
    lower, upper = given[(len(given) - 1) // 2], given[len(given) // 2]
    return SEVERITIES[min(lower, upper, key=lambda one: abs(one - raised))]


def is_open(contention: Contention) -> bool:
    """Whether it is worth arguing on."""
    return row_for(facts_of(contention)).is_open


def raised_severity(contention: Contention) -> Severity:
    """The highest that a raiser gave."""
    return min((one.claim.severity for one in contention.raised), key=SEVERITIES.index)


def latest(rulings: Iterable[Ruled]) -> tuple[Ruled, ...]:
    """What each seat holds, in the order in which they came to it: its last ruling, the last valid one if any is."""
    held: dict[tuple[str, bool], Ruled] = {}
    for one in rulings:
        key = (one.seat, one.phase == "consensus")
        if one.valid or key not in held or not held[key].valid:
            held.pop(key, None)
            held[key] = one
    return tuple(held.values())


def voices(contention: Contention) -> tuple[Ruled, ...]:
    """The rulings that count: of each seat the last, and none by which a raiser only says again what it claimed."""
    raisers = contention.raisers
    return tuple(
        one
        for one in latest(contention.rulings)
        if one.phase == "consensus" or one.ruling.verdict != "confirmed" or one.seat not in raisers
    )


def _raised_certainty(contention: Contention) -> Certainty:
    sure: list[Certainty] = [one.claim.certainty if one.anchored else "possible" for one in contention.raised]
    return min(sure, key=CERTAINTIES.index)


def _confidence(contention: Contention, facts: Facts) -> Certainty:
    if not any(one.anchored for one in contention.raised):
        return "possible"
    step = CERTAINTIES.index(facts.certainty)
    step -= 1 if facts.raisers > 1 or facts.confirmed > 1 else 0
    step += 1 if facts.refuted > 0 or facts.moderator == "refuted" else 0
    return CERTAINTIES[min(max(step, 0), len(CERTAINTIES) - 1)]
