"""A process that spends until a cap stops it and notes each step in a file, as the API would know it: to be killed."""

from __future__ import annotations

import random
import sys
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO

from rebuttal.store.ledger import Ledger
from rebuttal.store.model import CallKey, CapReached, Caps, Granted, Tokens
from tests.store.place import Store

CAPS = Caps(call=Decimal("0.05"), review=Decimal("4"), day=Decimal("10"), month=Decimal("10"), repository=Decimal("6"))
REPOSITORIES = 2


def main(store: Store, notes: Path, seed: int, dearest: int) -> None:
    """`dearest`: micro-dollars that a call may cost at most."""
    chance = random.Random(seed)
    with store.open() as database, notes.open("ab", buffering=0) as out:
        ledger = Ledger(database)
        refused = 0
        while refused < 50:
            review = chance.randrange(3)
            key = CallKey(
                f"review {review}", f"repository {review % REPOSITORIES}", "opening", "architect", "claude-haiku-5-5"
            )
            try:
                granted = ledger.reserve(key, Decimal(chance.randrange(1, dearest)) / 10**6, CAPS).result()
            except CapReached:
                refused += 1
                continue
            out.write(f"made {granted.id} {granted.at_most}\n".encode())
            finish(ledger, granted, chance, out)


def finish(ledger: Ledger, granted: Granted, chance: random.Random, out: BinaryIO) -> None:
    fate = chance.random()
    if fate < 0.7:
        cost = granted.at_most * chance.randrange(101) / 100
        settled = ledger.settle(granted.id, Tokens(input=1, output=1), cost).result()
        out.write(f"settled {granted.id} {settled.cost}\n".encode())
    elif fate < 0.8:
        ledger.assume(granted.id).result()
        out.write(f"assumed {granted.id} {granted.at_most}\n".encode())
    elif fate < 0.9:
        out.write(f"releasing {granted.id} 0\n".encode())
        ledger.release(granted.id).result()
    # else: left under way, as by a request that hangs


if __name__ == "__main__":
    main(Store(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
