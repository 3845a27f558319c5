"""Which of the doubtful seats are worth asking: one call of the cheapest tier, and only where rules leave doubt.

The answer can only take seats away that fill the panel's size (`PanelChoice.doubtful`), so what the rules called for
always sits, the estimate stays an upper bound, and names in the change that try to steer the answer gain little. A
panel keeps two seats: what one raises is examined by the other. A call that fails costs nothing but its price: all sit.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from rebuttal.change.model import FileDiff, Side
from rebuttal.context.render import fenced
from rebuttal.debate.events import SeatFinished
from rebuttal.debate.exhibits import Exhibits
from rebuttal.debate.model import Brief, Exchange, Prompt, Reply, Seat, Tier, TierPrice
from rebuttal.debate.panel.seating import size_of
from rebuttal.debate.panel.traits import AREA_WORDS, traits_of
from rebuttal.debate.prompts import MODERATOR, TIERS, Prompts
from rebuttal.debate.selection import Selection
from rebuttal.debate.statement import one_line
from rebuttal.store.model import ZERO
from rebuttal.text.languages import language_of
from rebuttal.text.words import counted, joined

if TYPE_CHECKING:
    from rebuttal.debate.sitting import Sitting

TIER: Tier = "haiku"
QUESTION, OPENING = (1_500, 430), (1_500, 2_250)
"""Tokens of the prompt, the shared part aside, and of the answer."""
WORTH = 6
"""How many times its price the question must be able to spare, for it does not spare it every time."""
FEWEST = 2
"""Seats of a panel: somebody must be there to refute what another one claims."""
SECONDS = 20.0
"""For the answer; the debate does not wait longer for what only saves money."""
MOST_FILES, MOST_SYMBOLS = 60, 40
LONGEST_NAME = 120
LONGEST_WHY = 160

TRIAGE_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "leave_out": {
            "type": "array",
            "description": "Seats in doubt that need not be asked; empty to ask them all.",
            "items": {
                "type": "object",
                "properties": {
                    "seat": {"type": "string", "description": "Id of a seat in doubt, as shown."},
                    "why": {"type": "string", "description": "Why its lens has no business here, in one sentence."},
                },
                "required": ["seat", "why"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["leave_out"],
    "additionalProperties": False,
}
"""The same for every change: the service compiles a schema once."""


@frozen
class Narrowed:
    """Who is left, in the order of the panel, and why, in words for the user."""

    seats: tuple[Seat, ...]
    reasons: tuple[str, ...]


def pays(seats: Sequence[Seat], doubtful: AbstractSet[str], selection: Selection) -> bool:
    """Whether asking can pay: whether the openings that may be spared cost several times what the question does.

    At the prices of November 2026 the question costs about a third of an opening on the cheapest tier (an answer of 600
    tokens and no shared part, against some 2,000 and the shared part), and a fiftieth of one on the next. So it is
    asked where a seat of a dearer tier may be left out, or two of the cheapest. With other models the prices decide;
    where none are known, those of November 2026 are taken for granted.
    """
    in_doubt = [seat for seat in seats if seat.id in doubtful]
    may_go = min(len(seats) - FEWEST, len(in_doubt))
    if may_go <= 0:
        return False
    tiers = sorted((selection.opening(seats)[seat.id].tier for seat in in_doubt), key=TIERS.index, reverse=True)
    prices = selection.means.prices
    if not prices:
        return may_go >= (2 if tiers[0] == TIER else 1)
    question = prices[TIER].input * QUESTION[0] + prices[TIER].output * QUESTION[1]
    spared = sum((_spared(prices[tier], selection.shared_tokens) for tier in tiers[:may_go]), ZERO)
    return spared > question * WORTH


def _spared(price: TierPrice, shared: int) -> Decimal:
    """What one opening of a tier costs that another one has warmed, in dollars times a million."""
    return price.cache_read * shared + price.input * OPENING[0] + price.output * OPENING[1]


async def triage(sitting: Sitting) -> None:
    """Leave out of the sitting's panel who is not worth asking. Raises nothing but cancellation."""
    brief = sitting.brief
    if not pays(brief.seats, brief.doubtful, sitting.selection):
        return
    if sitting.exchanges:
        sitting.brief = _with(brief, taken_up(brief, sitting.exchanges))
        return
    sitting.begin("triage", 1)
    prompt = question(brief, sitting.exhibits, sitting.prompts)
    moderator = sitting.prompts.seats[MODERATOR]
    try:
        async with asyncio.timeout(SECONDS):
            _, reply = await sitting.ask(moderator, "triage", sitting.selection.triage(), prompt, schema=TRIAGE_SCHEMA)
    except TimeoutError:
        late = f"whom to leave out was asked, but not answered within {SECONDS:g} seconds: all sit"
        sitting.tell(SeatFinished(moderator.id, "triage", ZERO, 0, 0, late))
        sitting.brief = _with(brief, Narrowed(brief.seats, (late,)))
        return
    sitting.brief = _with(brief, narrowed(brief, reply))


def taken_up(brief: Brief, exchanges: Sequence[Exchange]) -> Narrowed:
    """The panel of a debate that was cut short: who sat in it sits again."""
    earlier = [one.reply for one in exchanges if one.turn.phase == "triage"]
    return narrowed(brief, earlier[-1]) if earlier else Narrowed(brief.seats, ())


def narrowed(brief: Brief, reply: Reply) -> Narrowed:
    """The panel without those whom an answer leaves out, as far as they are in doubt and enough are left."""
    if reply.answer is None:
        why = reply.failure.message if reply.failure is not None else "the answer is none"
        return Narrowed(brief.seats, (f"whom to leave out was asked, but not answered ({why.rstrip('.')}): all sit",))
    said = dict(_left_out(reply.answer, brief.doubtful))
    named = sorted((seat for seat in brief.seats if seat.id in said), key=lambda seat: seat.standing, reverse=True)
    gone = {seat.id: seat for seat in named[: max(len(brief.seats) - FEWEST, 0)]}
    left = tuple(seat for seat in brief.seats if seat.id not in gone)
    reasons = [f"{seat.name} was left out by triage: {said[seat.id]}" for seat in brief.seats if seat.id in gone]
    return Narrowed(left, tuple(reasons) or ("triage left nobody out",))


def _with(brief: Brief, one: Narrowed) -> Brief:
    return evolve(brief, seats=one.seats, doubtful=frozenset(), reasons=(*brief.reasons, *one.reasons))


def _left_out(answer: Mapping[str, Any], doubtful: AbstractSet[str]) -> Iterator[tuple[str, str]]:
    """What is not as it was asked for leaves nobody out."""
    entries = answer.get("leave_out")
    for entry in entries[:MOST_FILES] if isinstance(entries, list | tuple) else ():
        seat, why = (entry.get("seat"), entry.get("why")) if isinstance(entry, Mapping) else (None, None)
        if isinstance(seat, str) and isinstance(why, str) and (known := seat.strip().lower()) in doubtful:
            yield known, one_line(why, LONGEST_WHY).rstrip(".") or "no reason given"


# --- the question -------------------------------------------------------------------------------------------


def question(brief: Brief, exhibits: Exhibits, prompts: Prompts) -> Prompt:
    """Paths, figures and names of what is touched; no code. All that the change's author could write is fenced."""
    shown = [diff for diff in brief.change.files if _is_shown(diff, exhibits)]
    entries = [_entry(diff, exhibits) for diff in shown[:MOST_FILES]]
    left = len(shown) - len(entries)
    listed = "\n".join(json.dumps(one, ensure_ascii=False) for one in entries)
    in_doubt = [seat for seat in brief.seats if seat.id in brief.doubtful]
    certain = [seat.name for seat in brief.seats if seat.id not in brief.doubtful]
    parts = [
        f'<turn seat="{MODERATOR}" phase="triage"/>',
        f"The id of all pasted content in this message is `{brief.fence}`.",
        f"# The change\n\n{_figures(brief)}",
        fenced(listed, brief.fence, "files, and what is touched in them").rstrip("\n"),
        *([f"{counted(left, 'file')} more are not listed."] if left else ()),
        "# The seats in doubt",
        "\n".join(f"- `{seat.id}`, {seat.name}: {_lens(seat)}" for seat in in_doubt),
        f"{joined(certain) or 'Nobody'} will be asked in any case. Which of the seats in doubt need not be asked?",
    ]
    return Prompt(prompts.tasks["triage"], "", "\n\n".join(parts) + "\n")


def _figures(brief: Brief) -> str:
    traits = traits_of(brief.change)
    areas = [AREA_WORDS[area] for area in sorted(traits.areas)]
    touched = f"What rules see touched: {joined(areas)}." if areas else "Rules see nothing of note touched."
    return f"{size_of(traits).capitalize()}. {touched}"


def _is_shown(diff: FileDiff, exhibits: Exhibits) -> bool:
    return any(exhibits.get(diff.path, side) is not None for side in ("new", "old"))


def _entry(diff: FileDiff, exhibits: Exhibits) -> dict[str, object]:
    return {
        "file": one_line(diff.path, LONGEST_NAME),
        "status": diff.status,
        "language": language_of(diff.path) or "unknown",
        "removed": len(diff.removed_lines),
        "added": len(diff.added_lines),
        "touched": list(_touched(diff, exhibits)),
    }


def _touched(diff: FileDiff, exhibits: Exhibits) -> Iterable[str]:
    """The names of the symbols around the changed lines, from the redacted texts."""
    sides: tuple[tuple[Side, frozenset[int]], ...] = (("new", diff.added_lines), ("old", diff.removed_lines))
    names: dict[str, None] = {}
    for side, lines in sides:
        for line in sorted(lines):
            if (symbol := exhibits.enclosing(diff.path, side, line)) is not None and len(names) < MOST_SYMBOLS:
                names.setdefault(one_line(symbol.qualified, LONGEST_NAME))
    return names


def _lens(seat: Seat) -> str:
    """Its first paragraph: who it is and what it asks."""
    return one_line(seat.lens.strip().split("\n\n", 1)[0].split("\n- ", 1)[0], 400)
