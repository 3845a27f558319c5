"""Token counts: what a token holds by kind of text, how far the quick guess lies off, and what counting costs.

Counts are of o200k_base. How far Claude's own tokenizers lie from it for each kind of text is not known here: they are
not published, and no live service was asked.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

from bench.table import table
from rebuttal.text.tokens import NEWER_FACTOR, TokenCounter, bound_tokens, quick_tokens
from tests.text.samples import samples

_BY_LENGTH = 2.5
"""Bytes a token: the guess by length alone, with which the quick one is compared."""
_SIZE = 500_000
_MEMORY = """
import os, time
def held():
    with open('/proc/self/statm') as file:
        return int(file.read().split()[1]) * os.sysconf('SC_PAGE_SIZE') / 1e6
from rebuttal.text.tokens import TokenCounter
before, start = held(), time.process_time()
TokenCounter().count('x')
print(round((time.process_time() - start) * 1000), round(held() - before))
"""


def section() -> str:
    """For bench/RESULTS.md."""
    return f"""## Tokens

What a token of o200k_base holds, and how two guesses compare with the count (`python -m bench.tokens`); 1.00 is exact.
Last, the bound (bytes) against what the newest models are assumed to count; what is below 1 shows that one factor
cannot be right for every kind of text.

{_kinds()}

{_costs()}
"""


def _kinds() -> str:
    counter = TokenCounter()
    rows = []
    for kind, text in samples().items():
        base = counter.count(text)
        expected = base * NEWER_FACTOR
        rows.append(
            [
                kind,
                f"{len(text) / base:.2f}",
                f"{quick_tokens(text) / expected:.2f}",
                f"{len(text.encode()) / _BY_LENGTH / expected:.2f}",
                f"{bound_tokens(text) / expected:.1f}",
            ]
        )
    return table(["text", "characters a token", "quick guess", "guess by length", "bound / expected"], rows)


def _costs() -> str:
    text = (samples()["Python"] * 20)[:_SIZE]
    counter = TokenCounter()
    counter.count("x")
    rows = [
        ["count 500,000 characters of Python, ms", f"{_milliseconds(lambda: counter.count(text)):.1f}"],
        ["the same again, ms", f"{_milliseconds(lambda: counter.count(text)):.1f}"],
        ["quick guess of them, ms", f"{_milliseconds(lambda: quick_tokens(text)):.1f}"],
    ]
    if sys.platform == "linux":
        told = subprocess.run([sys.executable, "-c", _MEMORY], capture_output=True, text=True, check=True).stdout
        load, memory = told.split()
        rows += [["first count: load the ranks, ms", load], ["memory that the ranks hold, MB", memory]]
    return table(["what", "figure"], rows)


def _milliseconds(work: Callable[[], object]) -> float:
    """Of the processor, so that a busy machine does not count."""
    start = time.process_time()
    work()
    return (time.process_time() - start) * 1000


if __name__ == "__main__":
    print(section())
