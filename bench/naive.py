"""The debate as it is mostly described: everybody reads all that everybody said, each round, with the whole context.

A peer to measure by, no protocol of the product. It takes up the openings of a real debate, so that all ways hear the
same voices, and lets the same simulated speakers go on (`rebuttal.evaluation.skilled`): in each round of the panel's
limit every seat is sent the whole context, every claim and every position of every round, its own included, and says
where it stands on each claim. Nobody checks a quote, nothing ends early, and most of the last positions decide.

Where it is not known how such a debate would do, it is given the better of it: each seat judges as well as an examiner,
the shared context is read from the cache at the cache's price, what is read again are the bare claims and positions
without thinking, and where nobody claims anything no round is held.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from attrs import evolve, frozen

from rebuttal.debate.model import Claim, Contention, Exchange, Outcome, Phase, Prompt, Reply, Ruling
from rebuttal.evaluation.counted import run_counted
from rebuttal.evaluation.run import Prepared
from rebuttal.evaluation.skill import Skill
from rebuttal.evaluation.skilled import Knowledge, Skilled, Till

PHASE: Phase = "rebuttal"
_TASK = "Above is all that was claimed and said so far. Say of each claim whether you confirm or refute it, and why."


@frozen
class Naive:
    """What came of it."""

    kept: tuple[Contention, ...]
    replies: tuple[Reply, ...]
    """Of the rounds; the openings are the debate's that it takes up."""
    seconds: float
    """That the rounds took."""


def argue(prepared: Prepared, opened: Outcome, skill: Skill, seed: int, till: Till) -> Naive:
    """The rounds after the openings of `opened`, in counted time."""
    openings = [one for one in opened.exchanges if one.turn.phase == "opening"]
    if not opened.contentions:
        return Naive((), (), 0.0)
    till = till.fresh()
    for one in openings:  # whoever opened has written the cache
        till.bill(one.turn, 0.0, 0.0, 0)
    speaker = Skilled(Knowledge(prepared.case, prepared.brief.change, prepared.shown, skill), skill, seed, till)
    said = [text for contention in opened.contentions for text in _claimed(contention)]
    replies: list[Reply] = []

    async def rounds() -> float:
        last: Sequence[Reply] = ()
        for _ in range(prepared.brief.rounds):
            asks = "\n".join([*said, _TASK])
            last = await asyncio.gather(*(_speak(speaker, one, asks) for one in openings))
            replies.extend(last)
            for one, reply in zip(openings, last, strict=True):
                said.extend(_position(one.turn.seat, ruling) for ruling in _rulings(reply))
        return asyncio.get_running_loop().time()

    seconds = run_counted(rounds())
    last = [ruling for reply in replies[-len(openings) :] for ruling in _rulings(reply)]
    return Naive(tuple(one for one in opened.contentions if _has_most(one, last)), tuple(replies), seconds)


async def _speak(speaker: Skilled, opening: Exchange, asks: str) -> Reply:
    prompt = Prompt(opening.turn.prompt.system, opening.turn.prompt.shared, asks)
    return await speaker.speak(evolve(opening.turn, phase=PHASE, prompt=prompt), _Nobody())


def _has_most(contention: Contention, last: Sequence[Ruling]) -> bool:
    holds = [one.verdict for one in last if one.claim == contention.id]
    return holds.count("confirmed") > holds.count("refuted")


def _rulings(reply: Reply) -> Sequence[Ruling]:
    return reply.statement.rulings if reply.statement else ()


def _claimed(contention: Contention) -> list[str]:
    """In the words of each who raised it; to raise a claim is to confirm it."""
    texts = []
    for one in contention.raised:
        claim = one.claim
        told = {"file": claim.file, "quote": claim.quote, "title": claim.title, "argument": claim.argument}
        texts += [_pasted("claim", {"claim": contention.id, "seat": one.seat, **told, "severity": claim.severity})]
        texts += [_pasted("position", {"claim": contention.id, "seat": one.seat, "holds": "confirmed"})]
    return texts


def _position(seat: str, ruling: Ruling) -> str:
    told = {"holds": ruling.verdict, "file": ruling.file, "quote": ruling.quote, "argument": ruling.argument}
    return _pasted("position", {"claim": ruling.claim, "seat": seat, **told, "severity": ruling.severity})


def _pasted(source: str, told: dict[str, Any]) -> str:
    """As the engine's prompts fence what is quoted, so that the simulated speakers read it."""
    return f'<pasted_content id="naive" source="{source}">\n{json.dumps(told)}\n</pasted_content id="naive">'


class _Nobody:
    """Hears nothing: all is said at once, round by round."""

    def started(self) -> None:
        """Nobody waits for it."""

    def claim(self, claim: Claim) -> None:
        """New claims are none of it: seats find what they find when they open."""

    def again(self) -> None:
        """Simulated speakers never begin anew."""
