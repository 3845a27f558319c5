"""Processes that measure side by side, each at its own pace: what the benchmarks of the ledger have in common."""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

Times = dict[str, list[float]]
"""Milliseconds of each kind of act."""


async def take_turns(
    acts: Sequence[Callable[[], Awaitable[None]]], chance: random.Random, *, rounds: int, every: float
) -> None:
    """Every act once a round, in an order of its own, so that whatever else the machine does falls on all of them;
    `every`: seconds of a round, on average."""
    await asyncio.sleep(chance.uniform(0, every))
    for _ in range(rounds):
        for act in chance.sample(acts, len(acts)):
            await act()
            await asyncio.sleep(chance.uniform(0, 2 * every / len(acts)))


def side_by_side(module: str, place: str, processes: int, kinds: Sequence[str], timeout: float = 600) -> Times:
    """What so many processes `python -m MODULE PLACE SEED`, begun at once, print as JSON, each kind put together."""
    children = [
        subprocess.Popen(
            [sys.executable, "-m", module, place, str(seed)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parent.parent,
        )
        for seed in range(processes)
    ]
    outputs = [child.communicate(timeout=timeout)[0] for child in children]
    assert not any(child.returncode for child in children)
    found: list[Times] = [json.loads(text) for text in outputs]
    return {kind: [took for one in found for took in one[kind]] for kind in kinds}
