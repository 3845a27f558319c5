"""`python -m tests.emulator`: the emulator as a program of its own."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.emulator.batches import Batching
from tests.emulator.clock import FastClock
from tests.emulator.limits import START, Limits
from tests.emulator.planted import Planted
from tests.emulator.script import Rule, Script, ScriptError, load
from tests.emulator.server import KEY, Emulator
from tests.emulator.simulate import Simulated

if TYPE_CHECKING:
    from tests.emulator.latency import Latency


def main() -> int:
    arguments = _parser().parse_args()
    try:
        script = load(arguments.script) if arguments.script else Script()
        pace = _latency(arguments.latency)
    except ScriptError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if arguments.planted is not None:
        script.default = Planted.load(arguments.planted)
    elif arguments.simulate is not None:
        script.default = Simulated(arguments.simulate)
    script.otherwise = Rule(first_byte=arguments.first_byte, between=arguments.between)
    emulator = Emulator(
        script,
        FastClock(arguments.speed),
        frozenset({arguments.key}),
        arguments.port,
        batching=Batching(arguments.batch_seconds),
        limits=arguments.limits or START,
        latency=pace,
    )
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_run(emulator, arguments.port_file))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.emulator", description=__doc__)
    parser.add_argument("--script", type=Path, help="rules in JSON; see tests/emulator/script.py")
    parser.add_argument("--simulate", type=int, metavar="SEED", help="answer what no rule fits as a simulated reviewer")
    parser.add_argument("--planted", type=Path, metavar="FILE", help="answer as reviewers who know the planted defects")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--port-file", type=Path, help="where to write the port, once it listens")
    parser.add_argument("--key", default=KEY, help=f"the key that clients must send (default: {KEY})")
    parser.add_argument("--first-byte", type=float, default=0.0, metavar="S", help="seconds until an answer begins")
    parser.add_argument("--between", type=float, default=0.0, metavar="S", help="seconds between two pieces of text")
    parser.add_argument(
        "--latency",
        nargs="?",
        const="documented",
        metavar="FILE",
        help="answer as fast as models do: the documented figures, or those of a JSON file (tests/emulator/latency.py)",
    )
    parser.add_argument(
        "--limits",
        type=_limits,
        metavar="REQUESTS,INPUT,OUTPUT",
        help="rate limits by the minute, for each line of models (default: told in headers, not enforced)",
    )
    parser.add_argument("--batch-seconds", type=float, default=0.0, metavar="S", help="how long a batch takes")
    parser.add_argument("--speed", type=float, default=1.0, help="how fast scripted delays pass (default: 1)")
    return parser


def _limits(word: str) -> Limits:
    requests, given, written = map(int, word.split(","))
    return Limits(requests, given, written)


def _latency(word: str | None) -> Latency | None:
    if word is None:
        return None
    # What it takes from the evaluation is a second's import.
    from tests.emulator.latency import latency

    return latency(word)


async def _run(emulator: Emulator, port_file: Path | None) -> None:
    await emulator.start()
    if port_file is not None:
        # In one step: whoever waits for the file must not read half a number.
        draft = port_file.with_name(port_file.name + ".part")
        draft.write_text(str(emulator.port), "ascii")
        draft.replace(port_file)
    sys.stdout.write(f"listening on {emulator.url}\n")
    sys.stdout.flush()
    try:
        await asyncio.Event().wait()
    finally:
        await emulator.stop()


if __name__ == "__main__":
    sys.exit(main())
