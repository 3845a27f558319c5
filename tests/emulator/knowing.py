"""The simulated speakers of `rebuttal.evaluation`, who know what is wrong with a change, behind HTTP.

They say the same, and take the same time for it, as where they are asked directly: that is how what
`rebuttal.evaluation.counted` counts is held against a debate over real connections.
"""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

from attrs import asdict, define, frozen

from rebuttal.debate.model import Claim, Phase, Prompt, Reply, Tier, Turn
from rebuttal.evaluation.counted import run_counted
from rebuttal.evaluation.skilled import Skilled
from tests.emulator.script import Asked, Said


@define
class _Listening:
    """When the answer began, in seconds from the request."""

    began: float = 0.0

    def started(self) -> None:
        self.began = asyncio.get_running_loop().time()

    def claim(self, claim: Claim) -> None:
        """Of no interest: it is in the answer."""

    def again(self) -> None:
        """Does not happen."""


@frozen
class Knowing:
    """`Script(default=Knowing(speaker))`, for one debate."""

    speaker: Skilled

    def __call__(self, asked: Asked) -> Said:
        listening = _Listening()
        # A loop of its own needs a thread of its own: this one has a loop that runs.
        with ThreadPoolExecutor(1) as thread:
            reply = thread.submit(run_counted, self.speaker.speak(_turn(asked), listening)).result()
        return Said(_wire(reply), listening.began, reply.tokens.output)


def _turn(asked: Asked) -> Turn:
    """The turn that the request was made of, as far as the speaker goes by it."""
    body = asked.request.body
    shared = body["messages"][0]["content"][0]["text"] if len(body["messages"][0]["content"]) > 1 else ""
    prompt = Prompt(body["system"][0]["text"], shared, asked.request.last_text)
    return Turn(
        asked.seat or "",
        cast(Phase, asked.phase or "opening"),
        cast(Tier, asked.request.model.line),
        prompt,
        asked.request.max_tokens,
    )


def _wire(reply: Reply) -> dict[str, Any]:
    if reply.answer is not None:
        return dict(reply.answer)
    assert reply.statement is not None
    said = json.loads(json.dumps(asdict(reply.statement)))
    return {part: said[part] for part in ("claims", "rulings", "needs")}
