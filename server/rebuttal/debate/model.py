"""The frozen data of a debate: what is asked of a speaker, what it answers, and the protocol it fulfils."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal, Protocol, get_args

from attrs import field, frozen

from rebuttal.change.model import Change
from rebuttal.context.model import Context
from rebuttal.debate.shortening import WHOLE, Plan
from rebuttal.debate.worth import SEED, Weighed, Worth
from rebuttal.findings.model import Category, Certainty, Finding, FindingSide, Fix
from rebuttal.findings.report import Degraded
from rebuttal.findings.severity import Severity
from rebuttal.store.model import NO_TOKENS, ZERO, Tokens

Phase = Literal["triage", "opening", "cross_examination", "rebuttal", "consensus", "summary"]
DebatedPhase = Literal["opening", "cross_examination", "rebuttal", "consensus"]
"""The phases in which a seat is asked."""
Tier = Literal["haiku", "sonnet", "opus"]
Profile = Literal["frugal", "balanced", "thorough"]
PanelName = Literal["static", "small", "medium", "large"]
RulingVerdict = Literal["confirmed", "refuted", "unsure"]
Urgency = Literal["command", "save"]
"""Whether the user asked for the review and waits for it, or it was held because a file was saved."""
Cover = Literal["short", "enough", "ample"]
"""What is left is less than is expected to be needed; or enough; or at least four times as much."""
Effort = Literal["low", "medium", "high"]
"""How much a model thinks before it answers."""
Priority = Literal["critical", "important", "optional", "minimal"]
"""Of a seat, where not all can sit."""
CostWeight = Literal["low", "medium", "high"]
"""What a seat's turns weigh beside those of the others."""
Area = Literal[
    "any",
    "security",
    "database",
    "io",
    "concurrency",
    "loops",
    "memory",
    "ui",
    "interface",
    "structure",
    "dependencies",
    "messages",
    "docs",
    "tests",
]
"""What a change touches; `any` is touched by every one."""

PRIORITIES: tuple[Priority, ...] = get_args(Priority)
COST_WEIGHTS: tuple[CostWeight, ...] = get_args(CostWeight)
AREAS: tuple[Area, ...] = get_args(Area)


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
    left_out: tuple[str, ...] = ()
    """Why parts of the answer do not count, in words for the user: they were not as they must be."""


@frozen
class Prompt:
    """The parts of one call, in the order in which they are sent.

    `system` holds only our words. `shared` is the fenced context: byte-identical for all seats, cached
    (where a tier has no warm cache it is smaller: the file in dispute); it is empty in triage only.
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
    schema: Mapping[str, Any] | None = None
    """Of the answer, where it is no statement but an object of its own."""
    why: str = ""
    """Why this tier, in words for the user; part of no prompt."""
    reusable: bool = True
    """Whether other turns of the tier send the same `shared`: only then is it worth writing to the cache."""
    alone: bool = False
    """Whether no other turn of the tier is expected in the debate: then nothing of it is worth writing to the cache."""
    effort: Effort | None = None
    """None: the model's default. The same for all turns of a tier that have the same `shared`, or the cache is lost."""


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
    "interrupted",
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
    answer: Mapping[str, Any] | None = None
    """Where the turn had a schema of its own: an object, checked against nothing else yet; there is no statement."""
    recorded: Decimal = ZERO
    """What a replayed answer cost when it was given: nobody pays it, but what is decided by price goes by it."""
    notes: tuple[str, ...] = ()
    """What happened on the way, in words for the user: another model answered, and why."""

    @property
    def price(self) -> Decimal:
        """What the answer is taken to cost where a decision depends on it: the same when it is replayed."""
        return self.spent + self.assumed + self.recorded


class Listener(Protocol):
    """Hears a reply while it is still being spoken."""

    def started(self) -> None:
        """The first part of the answer has arrived: from here on the shared prefix can be read from the cache."""
        ...

    def claim(self, claim: Claim) -> None:
        """One claim is complete in the stream. It comes again in the reply's statement."""
        ...

    def again(self) -> None:
        """The answer heard so far broke off or cannot be used: what comes now is the whole answer anew, and may say the
        same in other words."""
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
    priority: Priority = "optional"
    cost: CostWeight = "medium"
    areas: Mapping[Area, int] = field(factory=dict)
    """What calls for it, and how loudly: 1 to 100."""

    @property
    def standing(self) -> tuple[int, int, str]:
        """Sorts seats by who is kept longest when a panel shrinks: by priority, then the cheaper."""
        return (PRIORITIES.index(self.priority), COST_WEIGHTS.index(self.cost), self.id)


VariableType = Literal["list", "words", "int"]


@frozen
class Template:
    """What to look for in one kind of change, by phase: our words or the user's, never those of the code."""

    kind: str
    """kebab-case: "api-change"."""
    name: str
    sections: Mapping[DebatedPhase, str]
    """With `{variable}` where a value belongs (debate/templates.py)."""
    variables: Mapping[str, VariableType] = field(factory=dict)
    paths: tuple[str, ...] = ()
    """Globs of files that make a change of this kind; for a kind of the user's own."""


@frozen
class Kind:
    """What sort of change it is, with its template; decided by rules (debate/panel/kinds.py)."""

    template: Template
    reason: str
    """In words for the user; may name files of the change, so it goes into no prompt."""
    blind: bool = True
    """Told by the diff alone. False: the author's words told it, so the opening does not hear of it."""

    @property
    def id(self) -> str:
        return self.template.kind

    @property
    def name(self) -> str:
        return self.template.name

    def section(self, phase: Phase) -> str:
        """What its template says to a phase; "" where it says nothing, or the phase must not hear of the kind."""
        if phase == "opening" and not self.blind:
            return ""
        return next((text for about, text in self.template.sections.items() if about == phase), "")


@frozen
class TierPrice:
    """Dollars for a million tokens of the model that speaks for a tier, below any step of its price."""

    input: Decimal
    cache_write: Decimal
    cache_read: Decimal
    output: Decimal


@frozen
class Means:
    """What the choice of tiers goes by, apart from the profile and the argument itself: known before anything is asked.

    A recording keeps it, for a replay takes the same course only by the same means.
    """

    urgency: Urgency = "command"
    complexity: float = 0.5
    """Of the change, from 0 to 1."""
    cap: Decimal | None = None
    """Dollars that the debate may cost: what the caps of review, day and month leave; None: nobody set a limit."""
    budget: Decimal | None = None
    """Dollars that a review may cost, whatever day and month have left: what shares of the budget are shares of."""
    cover: Cover | None = None
    """Whether `cap` covers what the review is expected to cost as the table has it; None: not known. Not the amount: it
    depends on what was learned of tokenizers, and a recording shall be the same wherever it is made."""
    prices: Mapping[Tier, TierPrice] = field(factory=dict)
    """Empty: not known, so nothing is decided by them."""
    slices: Mapping[Tier, int] = field(factory=dict)
    """Of tiers whose prompts would pass a step of their price with all of them: how many slices they are shown."""
    too_long: tuple[Tier, ...] = ()
    """Tiers for which the change itself is too long: the next dearer one opens in their place."""
    plan: Plan = WHOLE
    """How much of the debate fits what is left (debate/shortening.py)."""
    shares: Mapping[str, Decimal] = field(factory=dict)
    """Of the budget, by phase, as learned (budget/allocation.py); empty: the seed's."""
    worth: Worth = SEED
    """When a further round is worth its price, as learned."""


@frozen
class Brief:
    """All that a debate needs to know.

    The same brief and the same replies, heard in the same order, give the same prompts and verdicts.
    """

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
    remark: str = ""
    """What the user says of the claim that is argued about anew; data, as the author's words are."""
    minimum_severity: Severity = "low"
    max_findings: int = 20
    shared: str = ""
    """The fenced context as it is sent to every seat; empty: the engine renders it from `context` and `evidence`."""
    protocol: str = "crossfire"
    """By the name of its module in `protocols/`."""
    doubtful: frozenset[str] = frozenset()
    """Ids of seats that fill the panel although nothing in the change speaks for them: triage may leave them out."""
    reasons: tuple[str, ...] = ()
    """Why this panel, in words for the user."""
    deadline_s: float = 600.0
    """Seconds after which no new call is made; calls under way end by the speaker's own deadline."""
    worth: Worth = SEED
    """When a further round of argument is worth its price."""
    kinds: tuple[Kind, ...] = ()
    """What sort of change it is: whose templates stand with the task."""
    means: Means = Means()
    """What the choice of tiers goes by (debate/selection.py)."""
    fitted: Mapping[Tier, str] = field(factory=dict)
    """`shared` of a tier that is shown less, for a step of its price or to fit what is left: the same for all its
    seats."""
    whole_panel: tuple[Seat, ...] = ()
    """All seats, where only some of them sit to fit what is left; empty: `seats`."""
    whole_rounds: int | None = None
    """Where there are fewer of them to fit what is left; None: `rounds`."""


@frozen
class Place:
    """Where a quote was found: git lines from 0, inclusive; (0, 0) for side `file`."""

    file: str
    side: FindingSide
    first_line: int = 0
    last_line: int = 0
    exact: bool = True
    """False where the quote was found only after forgiving white space or a copying slip."""


@frozen
class Raised:
    """One seat's claim, anchored. `turn` numbers the exchange that it was said in."""

    seat: str
    claim: Claim
    place: Place
    turn: int
    anchored: bool = True
    """False: the quote was not found, so the claim is about the file as a whole and only possible."""
    fix: Fix | None = None
    notes: tuple[str, ...] = ()
    """What code found wrong with it: the quote is not there, the fix does not apply."""
    enabled_by: Place | None = None
    """Of a claim about lines that the change leaves alone: the changed line that makes it one about the change."""
    round: int = 1
    """In which it was said: the opening, or later where the protocol hears claims then."""
    attempt: int = 0
    """Of that turn, from 0: an answer that breaks off is given anew, and says much of the same in other words."""


@frozen
class Ruled:
    """One seat's ruling about a claim. `place` is where its quote was found; None: the ruling is void."""

    seat: str
    phase: Phase
    round: int
    ruling: Ruling
    place: Place | None
    turn: int

    @property
    def valid(self) -> bool:
        return self.place is not None


SettledAs = Literal["finding", "held_back", "dropped"]
SettledVerdict = Literal["confirmed", "unopposed", "contested", "unverified"]


@frozen
class Settled:
    """What became of a contention, by which row of the verdict table, and why, in words."""

    outcome: SettledAs
    verdict: SettledVerdict
    severity: Severity
    confidence: Certainty
    row: str
    why: str


@frozen
class Contention:
    """What the panel argues about: one claim, or several seats' claims that mean the same defect."""

    id: str
    """As shown to the panel: derived from place and quote, so that it does not betray who was first."""
    raised: tuple[Raised, ...]
    rulings: tuple[Ruled, ...] = ()
    unheard: tuple[str, ...] = ()
    """Why a seat that was asked gave no ruling, one sentence each."""
    settled: Settled | None = None

    @property
    def raisers(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.seat for one in self.raised))

    @property
    def lead(self) -> Raised:
        """The claim that stands for all: the first that was heard."""
        return self.raised[0]


@frozen
class SetAside:
    """A claim that never came to argument, and why: kept for the transcript, never dropped silently."""

    seat: str
    claim: Claim
    reason: str


@frozen
class Exchange:
    """One turn and what came of it, for the transcript. `started` and `ended` are seconds of the debate's clock."""

    turn: Turn
    reply: Reply
    started: float = 0.0
    ended: float = 0.0
    asked: tuple[str, ...] = ()
    """Ids of the claims that the turn was about."""
    number: int = 0
    """Of the turn, in the order in which turns began."""
    earlier: bool = False
    """Whether it was said before the debate was taken up again: paid for then, not now."""
    notes: tuple[str, ...] = ()
    """What code left out of the reply, and why."""


EndedBy = Literal["consensus", "no_change", "not_worth", "round_limit", "budget", "failure"]
"""Why the argument ended: nothing is disputed, no position changed, another round is not worth its price, the panel's
rounds are over, money or time is used up, the service failed for good."""


@frozen
class Ended:
    """The end of the argument, before the Moderator ruled. `still_open`: how many claims were left open."""

    by: EndedBy
    round: int
    """The last that was held."""
    still_open: int


@frozen
class HeldRound:
    """A round of argument: what it settled, and for how much."""

    number: int
    before: float
    """Dissent, from 0 to 1 (debate/worth.py)."""
    after: float
    so_far: Decimal
    """Dollars that the debate had cost before it."""
    cost: Decimal


@frozen
class Outcome:
    """What a debate comes to."""

    findings: tuple[Finding, ...]
    held_back: tuple[Finding, ...]
    degraded: tuple[Degraded, ...]
    exchanges: tuple[Exchange, ...]
    stopped_by: Failure | None = None
    """The fatal failure that ended it early, where one did."""
    contentions: tuple[Contention, ...] = ()
    """Every claim that was argued about, with what became of it, by place."""
    set_aside: tuple[SetAside, ...] = ()
    kinds: tuple[Kind, ...] = ()
    """What sort of change it was taken for."""
    finding_of: Mapping[str, str] = field(factory=dict)
    """Contention id -> finding id, of findings and held back ones."""
    ended: Ended | None = None
    """None: there was nothing to argue about, or the protocol does not argue."""
    reasons: tuple[str, ...] = ()
    """Why these seats and no others, in words for the user."""
    weighed: tuple[Weighed, ...] = ()
    """Whether a further round was worth its price, each time that was asked, with what it went by."""
    shortened: tuple[str, ...] = ()
    """What was left out while it was held because of money, in sentences."""
    gave_way: bool = False
    """Whether cheaper tiers were asked while it was held, because of what was left."""
    rounds: tuple[HeldRound, ...] = ()
    """Of argument, in the order in which they were held."""
