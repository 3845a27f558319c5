"""What our own code adds to one call: the speaker with real purse and ledger against the bare SDK.

Both ask the emulator, which runs in a process of its own, for the same answer; the bare SDK hears the stream to its
end and reads the JSON. They take turns, so that whatever else the machine does falls on both.
"""

from __future__ import annotations

import asyncio
import gc
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from attrs import frozen

from bench.table import median, percentile, table
from rebuttal.budget.prices import PriceBook
from rebuttal.budget.purse import Purse
from rebuttal.debate.model import Claim, Prompt, Turn
from rebuttal.settings import Settings
from rebuttal.speakers.catalogue import facts
from rebuttal.speakers.claude import open_claude
from rebuttal.speakers.connection import Connection
from rebuttal.speakers.requests import message_request
from rebuttal.store.database import Database
from rebuttal.store.ledger import Ledger
from rebuttal.store.model import Caps
from tests.emulator import KEY

RUNS = 30
WARM_UP = 5
GOAL_MS = 10.0
LINE = "+    line = compute(number)\n"
EXPLAINED = (
    f"`python -m bench.call_overhead`; milliseconds, {RUNS} calls of each in turn, wall time and, in brackets, the"
    " processor time of this process; quiet: between the fastest tenths, which others disturbed least. The service"
    " answers at once. What is added: the worst case worked out and set aside in the ledger (SQLite, on disk), claims"
    " heard while they stream, the answer checked, its cost settled. Of a long prompt the service counts the tokens"
    " first, which is a call of its own.\n"
)


@frozen
class Case:
    """How long prompt and answer are."""

    name: str
    prompt: int
    """Bytes."""
    claims: int


CASES = (
    Case("3 claims, prompt of 16 kB", 16_000, 3),
    Case("20 claims, prompt of 16 kB", 16_000, 20),
    Case("20 claims, prompt of 50 kB", 50_000, 20),
    Case("20 claims, prompt of 300 kB, counted", 300_000, 20),
)


class Deaf:
    """Hears claims and does nothing with them."""

    def started(self) -> None:
        """Nobody waits for it."""

    def claim(self, claim: Claim) -> None:
        """Nobody wants it."""

    def again(self) -> None:
        """Nobody minds."""


def answer(claims: int) -> dict[str, Any]:
    """A statement as a model gives it."""
    one = {
        "file": "src/app.py",
        "side": "new",
        "quote": "    line = compute(number)",
        "title": "The result is computed and thrown away",
        "argument": "The call has no effect that anybody sees: what it returns is bound to a name nobody reads. " * 3,
        "category": "correctness",
        "severity": "high",
        "certainty": "likely",
        "fixes": [{"file": "src/app.py", "quote": "compute(number)", "replacement": "emit(compute(number))"}],
    }
    said = [one | {"title": f"{one['title']} ({number})"} for number in range(claims)]
    return {"claims": said, "rulings": [], "needs": []}


def turn_of(case: Case) -> Turn:
    shared = (LINE * (case.prompt // len(LINE) + 1))[: case.prompt]
    ask = '<turn seat="architect" phase="opening"/>\nLook for defects.'
    return Turn("architect", "opening", "sonnet", Prompt("You review code.", shared, ask), 20_000)


@contextmanager
def service(said: dict[str, Any], folder: Path) -> Iterator[dict[str, str]]:
    """The emulator in a process of its own; gives the environment that leads to it."""
    script = folder / "script.json"
    script.write_text(json.dumps({"default": said}), "utf-8")
    command = [sys.executable, "-m", "tests.emulator", "--port", "0", "--script", str(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent.parent) as process:
        try:
            assert process.stdout is not None
            url = next(word for word in process.stdout.readline().split() if word.startswith("http"))
            yield {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": KEY}
        finally:
            process.terminate()


async def measured(case: Case) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Of the bare SDK and of ours: for each call, wall and processor time in milliseconds."""
    turn = turn_of(case)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with service(answer(case.claims), folder) as environment, Database.open(folder / "store.db") as database:
            connection = Connection(environment)
            purse = Purse(Ledger(database), Caps(review=Decimal(1000)), PriceBook())
            speaker = open_claude(connection, Settings(), purse, "review-1", "repository-1")
            client = await connection.client()
            request = message_request(turn, facts("sonnet"))

            async def bare() -> None:
                texts = []
                async with await client.messages.create(**request, stream=True) as stream:
                    async for event in stream:
                        if event.type == "content_block_delta" and event.delta.type == "text_delta":
                            texts.append(event.delta.text)
                assert len(json.loads("".join(texts))["claims"]) == case.claims

            async def ours() -> None:
                reply = await speaker.speak(turn, Deaf())
                assert reply.statement is not None, reply.failure
                assert len(reply.statement.claims) == case.claims

            times: tuple[list[tuple[float, float]], list[tuple[float, float]]] = ([], [])
            for number in range(WARM_UP + RUNS):
                pair = [(bare, times[0]), (ours, times[1])]
                for act, kept in pair if number % 2 else reversed(pair):
                    took = await timed(act)
                    if number >= WARM_UP:
                        kept.append(took)
            await connection.aclose()
    return times


async def timed(act: Callable[[], Awaitable[None]]) -> tuple[float, float]:
    gc.collect()
    wall, own = time.perf_counter(), time.process_time()
    await act()
    return (time.perf_counter() - wall) * 1_000, (time.process_time() - own) * 1_000


def section() -> str:
    """This benchmark's part of RESULTS.md."""
    rows = []
    for case in CASES:
        bare, ours = asyncio.run(measured(case))
        added = [(one[0] - other[0], one[1] - other[1]) for one, other in zip(ours, bare, strict=True)]
        quiet = f"{_quiet(ours) - _quiet(bare):.1f}"
        rows.append([case.name, _shown(bare), _shown(ours), _shown(added), quiet, f"{GOAL_MS:.0f}"])
    head = ["answer", "bare SDK", "ours", "added", "added, quiet", "goal"]
    return "\n".join(["## Overhead of a call\n", EXPLAINED, table(head, rows), ""])


def _quiet(times: list[tuple[float, float]]) -> float:
    return percentile([wall for wall, _ in times], 0.1)


def _shown(times: list[tuple[float, float]]) -> str:
    return f"{median([wall for wall, _ in times]):.1f} ({median([own for _, own in times]):.1f})"


if __name__ == "__main__":
    print(section())
