"""Speakers who know the truth and say it as well as their skill allows: a whole debate without a model.

Everything is drawn by hash from the seed and from what is spoken of, never from the order of calls, so that the same
seat finds the same defect under every protocol: protocols are compared by what they make of the same voices.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from math import exp

from attrs import define, field, frozen

from rebuttal.budget.prices import PriceBook, cache_minimum
from rebuttal.budget.tokenizers import ASSUMED_OVERHEAD
from rebuttal.change.model import Change
from rebuttal.debate.model import (
    Claim,
    ClaimFix,
    Listener,
    Place,
    Reply,
    Ruling,
    RulingVerdict,
    Statement,
    Tier,
    Turn,
)
from rebuttal.debate.selection import relative_length
from rebuttal.evaluation.corpus import CATEGORIES, Case, Defect, Lure
from rebuttal.evaluation.skill import TAIL, Skill, draw, happens, luck, normal
from rebuttal.evaluation.truth import NEAR
from rebuttal.findings.model import Category, Certainty
from rebuttal.findings.severity import SEVERITIES, Severity
from rebuttal.settings import Settings
from rebuttal.speakers.roster import Roster
from rebuttal.store.model import Tokens
from rebuttal.text.positions import git_lines
from rebuttal.text.tokens import NEWER_FACTOR, TokenCounter, quick_tokens

LENSES: Mapping[str, frozenset[Category]] = {
    "code-reviewer": frozenset({"correctness", "testing", "usability"}),
    "architect": frozenset({"architecture", "correctness"}),
    "security-analyst": frozenset({"security"}),
    "performance-expert": frozenset({"performance"}),
    "database": frozenset({"correctness", "performance"}),
    "frontend": frozenset({"usability", "correctness"}),
    "ux-specialist": frozenset({"usability"}),
    "documentation": frozenset({"documentation"}),
}
"""Which categories of defect a seat's lens is about."""

LONE_LINES = 24
"""Changed lines of a case that a false claim may be about, lures aside."""
TRIAGE_TOKENS = 600
"""Of the answer, as `debate/planning.py` assumes."""
_LEAST_CODE = 12
_IN_DOUBT = re.compile(r"^- `([a-z0-9-]+)`, ", re.MULTILINE)
_INVENTED = "this line stands nowhere in the change that is under review"
_SAID = re.compile(
    r'<pasted_content id="[^"]*" source="(claim|position)">\n(.*?)\n</pasted_content', re.DOTALL | re.IGNORECASE
)
_IDENTIFIER = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]{2,}")
_WORDINGS = ("{}", "{} after this change", "With this change: {}")


@frozen
class _Thing:
    """Something that may be claimed of a case, true or not."""

    id: str
    is_true: bool
    place: Place
    quotes: tuple[str, ...]
    """Lines that it may be claimed by; the first is the usual one."""
    category: Category
    severity: Severity
    title: str
    why: str
    decided_by: str
    """The lines that show whether it is so."""
    decided_in: str
    weight: float = 1.0
    """Of a false one: how tempting it is."""
    fixes: tuple[ClaimFix, ...] = ()


class Knowledge:
    """What there is to be said of one case, true and false. Made once, used by every speaker of it."""

    def __init__(self, case: Case, change: Change, shown: frozenset[str], skill: Skill) -> None:
        """`shown`: the files that the panel may see."""
        self.case = case
        self.shown = shown
        self.lines = sum(hunk.old_count + hunk.new_count for diff in change.files for hunk in diff.hunks)
        self.defects = tuple(_of_defect(case, one) for one in case.defects)
        lures = [_of_lure(one, skill.lure_weight) for one in case.lures]
        self.false = (*lures, *_lone_lines(case, change))
        self.temptation = sum(one.weight for one in self.false)
        self.by_title = {
            wording.format(one.title): one for one in (*self.defects, *self.false) for wording in _WORDINGS
        }


class Skilled:
    """A speaker for one debate about one case. On a counted loop it takes virtual time only."""

    def __init__(self, knowledge: Knowledge, skill: Skill, seed: int, till: Till) -> None:
        self._known = knowledge
        self._skill = skill
        self._seed = seed
        self._till = till

    async def speak(self, turn: Turn, listener: Listener) -> Reply:
        """The statement of this seat, spoken as fast as its tier speaks."""
        if turn.phase == "triage":
            return await self._triage(turn, listener)
        loop = asyncio.get_running_loop()
        shown = shown_claims(turn.prompt.ask)
        claims = () if shown else tuple(self._claims(turn))
        rulings = tuple(self._ruling(turn, one) for one in shown)
        thought, said = self._lengths(turn, len(shown))
        waits, per_second = self._pace(turn)
        tokens, spent = self._till.bill(turn, loop.time(), waits, round(thought + said * max(len(claims), len(shown))))
        began = loop.time()
        await asyncio.sleep(waits)
        listener.started()
        for number, claim in enumerate(claims, 1):
            at = began + waits + (thought + said * number) / per_second
            await asyncio.sleep(max(at - loop.time(), 0))
            listener.claim(claim)
        ends = began + waits + tokens.output / per_second
        await asyncio.sleep(max(ends - loop.time(), 0))
        return Reply(Statement(claims, rulings), self._till.model(turn.tier), None, tokens, spent)

    async def _triage(self, turn: Turn, listener: Listener) -> Reply:
        """Seats in doubt whose lens is about nothing that is wrong here are left out, mostly."""
        loop = asyncio.get_running_loop()
        wrong = {one.category for one in self._known.defects}
        left_out = [
            {"seat": seat, "why": "simulated: nothing of its lens is touched"}
            for seat in _IN_DOUBT.findall(turn.prompt.ask)
            if not LENSES.get(seat, frozenset()) & wrong and self._draw("triage", turn, seat) < self._skill.leaves_out
        ]
        waits, per_second = self._pace(turn)
        effort = relative_length(turn.effort, turn.tier)
        tokens, spent = self._till.bill(turn, loop.time(), waits, round(TRIAGE_TOKENS * self._skill.length * effort))
        await asyncio.sleep(waits)
        listener.started()
        await asyncio.sleep(tokens.output / per_second)
        return Reply(None, self._till.model(turn.tier), None, tokens, spent, answer={"leave_out": left_out})

    # --- time ---

    def _lengths(self, turn: Turn, shown: int) -> tuple[float, float]:
        """Tokens of thought before the answer, and of each claim or ruling in it: `debate/planning.py` has the same."""
        usual = self._skill.length * self._skill.lengths.get(turn.tier, 1.0) * relative_length(turn.effort, turn.tier)
        vary = usual * (0.7 + 0.6 * self._draw("length", turn, turn.prompt.ask[-64:], shown))
        if turn.phase == "opening" and not shown:
            return (1500 + min(self._known.lines * 4, 3000)) * vary, 250 * vary
        return 600 * vary, 200 * vary

    def _pace(self, turn: Turn) -> tuple[float, float]:
        pace = self._skill.paces[turn.tier]
        slow = exp(TAIL * normal(self._seed, "pace", self._known.case.name, turn.seat, turn.phase, turn.tier))
        return pace.first_token * slow, pace.tokens_per_second

    # --- opening ---

    def _claims(self, turn: Turn) -> Iterable[Claim]:
        skill = self._skill
        for one in self._known.defects:
            lens = skill.on_lens if one.category in LENSES.get(turn.seat, ()) else skill.off_lens
            chance = skill.hits * lens * skill.tiers[turn.tier] * skill.severities.get(one.severity, 1.0)
            if happens(self._luck(one, turn), chance):
                yield self._claim(turn, one)
        for one in self._known.false:
            if happens(self._luck(one, turn), min(skill.alarms * one.weight / self._known.temptation, 0.9)):
                yield self._claim(turn, one)

    def _claim(self, turn: Turn, one: _Thing) -> Claim:
        other = self._draw("quote", turn, one.id) < 0.2 and len(one.quotes) > 1
        wording = _WORDINGS[int(self._draw("wording", turn, one.id) * len(_WORDINGS))]
        sure: Certainty = "likely" if self._draw("sure", turn, one.id) < 0.7 else "certain"
        if self._draw("possible", turn, one.id) < self._skill.possible:
            sure = "possible"
        return Claim(
            file=one.place.file,
            side=one.place.side,
            quote=one.quotes[1 + int(self._draw("which", turn, one.id) * (len(one.quotes) - 1))]
            if other
            else one.quotes[0],
            title=wording.format(one.title),
            argument=f"{one.why.rstrip('.')}. (Simulated by a set skill: no model was asked.)",
            category=one.category,
            severity=self._severity(turn, one),
            certainty=sure,
            fixes=one.fixes if self._draw("fix", turn, one.id) < 0.5 else (),
        )

    def _severity(self, turn: Turn, one: _Thing) -> Severity:
        """Mostly right, else one step off."""
        chance, step = self._draw("severity", turn, one.id), SEVERITIES.index(one.severity)
        if chance < 0.15:
            step -= 1
        elif chance < 0.3:
            step += 1
        return SEVERITIES[min(max(step, 0), len(SEVERITIES) - 1)]

    # --- rulings ---

    def _ruling(self, turn: Turn, shown: Shown) -> Ruling:
        one = self._known.by_title.get(shown.title)
        if one is None:
            return Ruling(shown.id, "unsure", shown.file, shown.quote, "It is not known what this is about.", "low")
        verdict = self._verdict(turn, one, shown)
        honest = verdict == ("confirmed" if one.is_true else "refuted")
        file, quote = (one.decided_in, one.decided_by) if honest else (one.place.file, one.quotes[0])
        if not quote:
            file, quote = one.decided_in, one.decided_by
        if self._draw("void", turn, one.id) < self._skill.void:
            quote = _INVENTED
        if file not in self._known.shown:
            file, quote = shown.file, shown.quote
        return Ruling(shown.id, verdict, file, quote, f"The line shows it: {verdict} (simulated).", one.severity)

    def _verdict(self, turn: Turn, one: _Thing, shown: Shown) -> RulingVerdict:
        leaning = shown.leaning
        if leaning is not None and self._draw("conforms", turn, one.id) < self._skill.conformity:
            return leaning
        chance = self._skill.confirms_true if one.is_true else self._skill.confirms_false
        believes = happens(self._luck(one, turn, self._skill.shared_blindness, "ruling"), chance)
        hidden = believes == one.is_true and one.decided_in not in self._known.shown
        if hidden or self._draw("unsure", turn, one.id, turn.phase) < self._skill.unsure:
            return "unsure"
        return "confirmed" if believes else "refuted"

    def _luck(self, one: _Thing, turn: Turn, share: float = 1.0, task: str = "") -> float:
        return luck(self._skill, self._seed, one.id, turn.tier, f"{turn.seat}{task and turn.phase}", share)

    def _draw(self, what: str, turn: Turn, *more: object) -> float:
        return draw(self._seed, what, self._known.case.name, turn.seat, turn.tier, *more)


@define
class Shown:
    """A claim that a turn shows, with the sides of the positions beside it."""

    id: str
    title: str
    file: str
    quote: str
    holds: list[str] = field(factory=list)

    @property
    def leaning(self) -> RulingVerdict | None:
        """The side that more of the positions take; None where as many take the other, or none is shown."""
        confirmed, refuted = self.holds.count("confirmed"), self.holds.count("refuted")
        if confirmed == refuted:
            return None
        return "confirmed" if confirmed > refuted else "refuted"


def shown_claims(ask: str) -> list[Shown]:
    """The claims in a prompt, each with the positions that follow it."""
    found: dict[str, Shown] = {}
    last: Shown | None = None
    for source, text in _SAID.findall(ask):
        try:
            said = json.loads(text)
        except ValueError:
            continue
        if source == "claim":
            last = Shown(said.get("claim", ""), said.get("title", ""), said.get("file", ""), said.get("quote", ""))
            last = found.setdefault(last.id, last)
        elif last is not None:
            found.get(said.get("claim", last.id), last).holds.append(said.get("holds", ""))
    return list(found.values())


class Till:
    """What simulated calls cost: real prompts counted, lengths of answers assumed, the cache as the service has it."""

    def __init__(self, settings: Settings, counter: TokenCounter) -> None:
        self._roster = Roster.of(settings)
        self._book = PriceBook.of(settings)
        self._counter = counter
        self._prefixes: dict[tuple[str, str], int] = {}
        self._warm: dict[tuple[Tier, str], float] = {}
        self._rates: dict[Tier, tuple[Decimal, ...]] = {}

    def fresh(self) -> Till:
        """The same with nothing in the cache: for another debate."""
        till = Till.__new__(Till)
        till._roster, till._book, till._counter = self._roster, self._book, self._counter
        till._prefixes, till._rates, till._warm = self._prefixes, self._rates, {}
        return till

    def model(self, tier: Tier) -> str:
        return self._roster.id(tier)

    def bill(self, turn: Turn, now: float, first_token: float, output: int) -> tuple[Tokens, Decimal]:
        """The tokens and the price of a call that is made now and begins to answer in `first_token` seconds."""
        prefix = self._prefix(turn.prompt.system, turn.prompt.shared)
        ask, output = quick_tokens(turn.prompt.ask), min(output, turn.max_tokens)
        if prefix < cache_minimum(self.model(turn.tier)):
            return self._priced(turn.tier, Tokens(input=prefix + ask, output=output))
        key = (turn.tier, turn.prompt.shared)
        # What was written can be read once its writer has begun to answer (Claude API, prompt caching).
        is_warm = self._warm.get(key, float("inf")) <= now
        self._warm[key] = min(self._warm.get(key, float("inf")), now + first_token)
        if is_warm:
            return self._priced(turn.tier, Tokens(input=ask, cache_read=prefix, output=output))
        return self._priced(turn.tier, Tokens(input=ask, cache_write=prefix, output=output))

    def _prefix(self, system: str, shared: str) -> int:
        key = (system, shared)
        if key not in self._prefixes:
            base = self._counter.count(system) + self._counter.count(shared)
            self._prefixes[key] = round(base * NEWER_FACTOR) + ASSUMED_OVERHEAD
        return self._prefixes[key]

    def _priced(self, tier: Tier, tokens: Tokens) -> tuple[Tokens, Decimal]:
        if tokens.prompt > 100_000:  # where a step of the price may lie
            return tokens, self._book.price(self.model(tier), tokens)
        if tier not in self._rates:
            kinds = (Tokens(input=1000), Tokens(cache_write=1000), Tokens(cache_read=1000), Tokens(output=1000))
            self._rates[tier] = tuple(self._book.price(self.model(tier), one) / 1000 for one in kinds)
        amounts = (tokens.input, tokens.cache_write, tokens.cache_read, tokens.output)
        return tokens, sum((rate * n for rate, n in zip(self._rates[tier], amounts, strict=True)), Decimal(0))


def _of_defect(case: Case, one: Defect) -> _Thing:
    others = [_lines_of(case, place) for place in one.places[1:] if place.side == one.place.side]
    fixes = tuple(ClaimFix(fix.file, fix.quote.strip("\n"), fix.replacement.strip("\n")) for fix in one.fix)
    return _Thing(
        id=one.id,
        is_true=True,
        place=one.place,
        quotes=(one.quote, *others),
        category=one.category,
        severity=one.severity,
        title=one.title,
        why=one.why,
        decided_by=one.settled_by,
        decided_in=one.settled_file,
        fixes=fixes,
    )


def _of_lure(one: Lure, weight: float) -> _Thing:
    return _Thing(
        id=one.id,
        is_true=False,
        place=one.place,
        quotes=(one.quote,),
        category=one.category,
        severity=one.severity,
        title=one.title,
        why=one.why,
        decided_by=one.refuted_by,
        decided_in=one.refuted_file,
        weight=weight,
    )


def _lone_lines(case: Case, change: Change) -> list[_Thing]:
    """Changed lines of which something may be claimed that is not so; none so near to a defect that it may be meant."""
    found: list[tuple[float, _Thing]] = []
    taken = [place for one in case.defects for place in one.places] + [one.place for one in case.lures]
    for diff in change.files:
        lines = [line.rstrip("\n") for line in git_lines(diff.new_text or "")]
        for number in sorted(diff.added_lines):
            text = lines[number] if number < len(lines) else ""
            names = list(dict.fromkeys(_IDENTIFIER.findall(text)))
            if sum(map(str.isalnum, text)) < _LEAST_CODE or not names or lines.count(text) != 1:
                continue
            if any(_is_near(diff.path, number, place) for place in taken):
                continue
            found.append((draw("line", case.name, diff.path, text), _invented(case, diff.path, number, text, names)))
    return [thing for _, thing in sorted(found, key=lambda one: one[0])[:LONE_LINES]]


def _is_near(path: str, line: int, place: Place) -> bool:
    near = place.first_line - NEAR - 1 <= line <= place.last_line + NEAR + 1
    return place.file == path and (place.side == "file" or (place.side == "new" and near))


def _invented(case: Case, path: str, number: int, text: str, names: Sequence[str]) -> _Thing:
    id_ = f"{case.name}.{path}:{number}"
    subject = " and ".join(f"`{name}`" for name in names[:2])
    kinds: Sequence[Severity] = ("high", "medium", "medium", "low")
    return _Thing(
        id=id_,
        is_true=False,
        place=Place(path, "new", number, number),
        quotes=(text,),
        category=CATEGORIES[int(draw("category", id_) * len(CATEGORIES))],
        severity=kinds[int(draw("severity", id_) * len(kinds))],
        title=f"{subject} may be wrong in line {number + 1} of {path.rpartition('/')[2]}",
        why=f"What {subject} is given here does not look right in every situation",
        decided_by=text,
        decided_in=path,
    )


def _lines_of(case: Case, place: Place) -> str:
    file = case.file(place.file)
    text = (file.text("old" if place.side == "old" else "new") if file else None) or ""
    return "".join(git_lines(text)[place.first_line : place.last_line + 1]).rstrip("\n")
