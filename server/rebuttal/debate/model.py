"""The frozen data of a debate: what is asked of a speaker, what it answers, and the protocol it fulfils."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal, Protocol

from attrs import frozen

from rebuttal.change.model import Change
from rebuttal.context.model import Context
from rebuttal.findings.model import Category, Certainty, Finding, FindingSide, Severity
from rebuttal.findings.report import Degraded
from rebuttal.store.model import NO_TOKENS, ZERO, Tokens

Phase = Literal["triage", "opening", "cross_examination", "rebuttal", "consensus", "summary"]
Tier = Literal["haiku", "sonnet", "opus"]
Profile = Literal["frugal", "balanced", "thorough"]
ProtocolName = Literal["crossfire", "council", "solo"]
PanelName = Literal["static", "small", "medium", "large"]
RulingVerdict = Literal["confirmed", "refuted", "unsure"]


@frozen
class ClaimFix:
    """Replace the quoted text, found uniquely in `file`, by `replacement`."""

    file: str
    quote: str
    replacement: str


@frozen
class Claim:
    """A defect that a seat asserts."""

    file: str
    side: FindingSide
    quote: str
    title: str
    argument: str
    category: Category
    severity: Severity
    certainty: Certainty
    fixes: tuple[ClaimFix, ...] = ()


@frozen
class Ruling:
    """What a seat says of another's claim. Without a quote that is found in the code it counts as none."""

    claim: str
    verdict: RulingVerdict
    file: str
    quote: str
    argument: str
    severity: Severity


@frozen
class Need:
    """Code that a seat must see before it rules."""

    file: str
    symbol: str


@frozen
class Statement:
    """One structured answer of a speaker: the contract's statement."""

    claims: tuple[Claim, ...] = ()
    rulings: tuple[Ruling, ...] = ()
    needs: tuple[Need, ...] = ()


@frozen
class Prompt:
    """The parts of one call, in the order in which they are sent.

    `system` holds only our words. `shared` is the fenced context: byte-identical for all seats, cached.
    `ask` is the lens and the task; it comes last so that it does not break the shared prefix.
    """

    system: str
    shared: str
    ask: str


@frozen
class Turn:
    """One call to a speaker."""

    seat: str
    phase: Phase
    tier: Tier
    prompt: Prompt
    max_tokens: int
    """Of the answer, thinking included."""


FailureKind = Literal[
    "cap",
    "authentication",
    "billing",
    "bad_request",
    "not_found",
    "no_price",
    "refusal",
    "rate_limit",
    "overloaded",
    "timeout",
    "network",
    "truncated",
    "invalid_reply",
]

FATAL: frozenset[FailureKind] = frozenset({"cap", "authentication", "billing", "bad_request", "not_found", "no_price"})
"""Failures after which no further call of this debate can succeed: stop, keep what was said."""


@frozen
class Failure:
    """Why a speaker gave no statement. `message` is one sentence that says what to do."""

    kind: FailureKind
    message: str


@frozen
class Reply:
    """A speaker's answer with what it cost, retries and failed attempts included. Failures are data, not exceptions."""

    statement: Statement | None
    model: str
    failure: Failure | None = None
    tokens: Tokens = NO_TOKENS
    spent: Decimal = ZERO
    assumed: Decimal = ZERO
    calls: int = 1


class Listener(Protocol):
    """Hears a reply while it is still being spoken."""

    def started(self) -> None:
        """The first part of the answer has arrived: from here on the shared prefix can be read from the cache."""
        ...

    def claim(self, claim: Claim) -> None:
        """One claim is complete in the stream. It comes again in the reply's statement."""
        ...


class Speaker(Protocol):
    """Whatever answers for a seat. Cancelling the task must end the connection and still account what it cost."""

    async def speak(self, turn: Turn, listener: Listener) -> Reply: ...


@frozen
class Seat:
    """A reviewer of the panel: a lens, and the tier it speaks with by profile."""

    id: str
    """kebab-case: "security-analyst"."""
    name: str
    lens: str
    tiers: Mapping[Profile, Tier]
    priority: int
    """Lower is kept longer when a panel shrinks."""


@frozen
class Brief:
    """All that a debate needs to know; the same brief and the same replies give the same prompts and verdicts."""

    change: Change
    context: Context
    evidence: tuple[Finding, ...]
    panel: PanelName
    seats: tuple[Seat, ...]
    rounds: int
    """Opening is round 1, cross-examination 2, each rebuttal one more."""
    profile: Profile
    fence: str
    """Id of the fence around untrusted text: not to be guessed, the same for the same input."""
    framing: str = ""
    """The author's words (commit message, branch name): kept from the opening."""
    minimum_severity: Severity = "low"
    max_findings: int = 20


@frozen
class Exchange:
    """One turn and what came of it, for the transcript."""

    turn: Turn
    reply: Reply


@frozen
class Outcome:
    """What a debate comes to."""

    findings: tuple[Finding, ...]
    held_back: tuple[Finding, ...]
    degraded: tuple[Degraded, ...]
    exchanges: tuple[Exchange, ...]
    stopped_by: Failure | None = None
    """The fatal failure that ended it early, where one did."""
