"""Which model is asked next where one does not answer, and which fault goes which way. Pure.

The chain and its limits: opus, sonnet, haiku; 2, 3, 5 attempts. Haiku is its last link. Only what it cannot do itself
(it declines, or is not to be had) sonnet is asked, for waiting would not help there. Where haiku is overloaded, a model
twenty times as dear is not asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from attrs import frozen

from rebuttal.debate.model import FATAL, Failure, FailureKind, Tier
from rebuttal.speakers.catalogue import ModelFacts, UnknownModel
from rebuttal.speakers.faults import Fault
from rebuttal.speakers.roster import Roster

CHAINS: Mapping[Tier, tuple[Tier, ...]] = {
    "opus": ("opus", "sonnet", "haiku"),
    "sonnet": ("sonnet", "haiku"),
    "haiku": ("haiku", "sonnet"),
}
ATTEMPTS: Mapping[Tier, int] = {"opus": 2, "sonnet": 3, "haiku": 5}

Way = Literal["again", "larger", "next", "stop"]
"""The same call once more; with more room for the answer; another model; nothing more."""

CANNOT: frozenset[FailureKind] = frozenset({"refusal", "not_found", "authentication"})
"""The model itself will not answer, however long one waits."""
BUSY: frozenset[FailureKind] = frozenset({"overloaded", "rate_limit", "timeout"})
"""The model may answer a little later."""
ANSWERED: frozenset[FailureKind] = frozenset({"refusal", "truncated", "invalid_reply"})
"""The model was there, though what it said is of no use."""
_RANK: Mapping[Tier, int] = {"haiku": 0, "sonnet": 1, "opus": 2}


@frozen
class Link:
    """One model of a chain."""

    tier: Tier
    model: ModelFacts
    setting: str
    """The setting that names the model."""
    attempts: int
    is_first: bool = True
    is_dearer: bool = False
    """Than the model that was asked first."""

    def takes(self, failures: Sequence[Failure]) -> bool:
        """Whether it is worth asking after what came before."""
        return not self.is_dearer or all(one.kind in CANNOT for one in failures)


def chain(tier: Tier, roster: Roster, attempts: Mapping[Tier, int], *, fallback: bool) -> tuple[Link, ...]:
    """The models to ask for a tier, in order, each once. Raises UnknownModel where the tier's own is none; of the
    others such a one is left out."""
    links = [Link(tier, roster.model(tier), f"model_{tier}", attempts[tier])]
    for other in CHAINS[tier][1:] if fallback else ():
        try:
            model = roster.model(other)
        except UnknownModel:
            continue
        if all(model.id != link.model.id for link in links):
            dearer = _RANK[other] > _RANK[tier]
            links.append(Link(other, model, f"model_{other}", attempts[other], is_first=False, is_dearer=dearer))
    return tuple(links)


def way(fault: Fault, made: int, link: Link, *, attempts: int | None = None, is_larger: bool = False) -> Way:
    """Where to go after attempt number `made` at a link failed. `attempts`: how many it may have, where that is not
    the link's own limit. `is_larger`: it had more room than was asked for."""
    kind = fault.failure.kind
    if kind == "truncated":
        return "larger" if fault.retry and not is_larger else "stop"
    limit = link.attempts if attempts is None else attempts
    if kind == "invalid_reply":
        # It has been paid for: one more chance, not several.
        limit = min(2 if link.is_first else 1, limit)
    elif not link.is_first and fault.billed == "unknown":
        # What breaks with one model after another lies between us and the service, and each time may cost.
        limit = 1
    if fault.retry and made < limit:
        return "again"
    return "next" if fault.elsewhere else "stop"


def told(failures: Sequence[Failure]) -> Failure:
    """Which of the failures of a chain is told: the first, unless it would stop the debate and another does not."""
    return next((one for one in failures if one.kind not in FATAL), failures[0])


_WHY: Mapping[FailureKind, str] = {
    "refusal": "declined to answer",
    "not_found": "is not there: set {setting} to a model that the service has",
    "authentication": "may not be used with your key: ask for access, or set {setting} to a model that it may use",
    "overloaded": "was overloaded",
    "rate_limit": "was at its rate limit",
    "timeout": "did not answer in time",
    "network": "broke off its answer",
    "invalid_reply": "did not answer as it was asked to",
    "cap": "did not fit what is left of the cap",
}


def note(answered: str, failed: Sequence[tuple[Link, Failure]]) -> str:
    """Why another model answered: a sentence for the user."""
    why = "; ".join(
        f"{link.model.id} {_WHY.get(failure.kind, 'failed').format(setting=link.setting)}" for link, failure in failed
    )
    return f"{answered} answered instead of {failed[0][0].model.id}: {why}."
