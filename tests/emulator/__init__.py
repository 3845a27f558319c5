"""A strict emulator of the Claude Messages API, on loopback, that the real SDK talks to.

It refuses what the API refuses, accounts the prompt cache by the documented rules, streams, counts tokens and keeps a
bill. What it answers, and what goes wrong, is scripted: README.md has tables of it all.
From the command line: `python -m tests.emulator --help`.
"""

from tests.emulator.batches import Batching
from tests.emulator.clock import FastClock, ManualClock
from tests.emulator.limits import Limits
from tests.emulator.record import Record
from tests.emulator.script import Asked, EndpointRule, Fault, Rule, Script, load
from tests.emulator.server import KEY, Emulator

__all__ = [
    "KEY",
    "Asked",
    "Batching",
    "Emulator",
    "EndpointRule",
    "FastClock",
    "Fault",
    "Limits",
    "ManualClock",
    "Record",
    "Rule",
    "Script",
    "load",
]
