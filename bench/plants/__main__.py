"""python -m bench.plants: what the static panel finds of the planted changes, and on their near misses."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from bench.plants import report
from bench.plants.model import pairs
from bench.plants.run import measure


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.plants", description=__doc__)
    parser.add_argument(
        "names", nargs="*", help="only pairs, kinds or languages with one of these words in their names"
    )
    parser.add_argument("--all", action="store_true", help="tell everything that was found, right findings too")
    parser.add_argument("--peers", action="store_true", help="measure ruff and semgrep too (some minutes)")
    given = parser.parse_args(arguments)
    chosen = [
        one
        for one in pairs()
        if not given.names or any(word in f"{one.name} {one.kind.group} {one.kind.name}" for word in given.names)
    ]
    if not chosen:
        print("No planted change has such a name.")
        return 2
    start = time.perf_counter()
    outcomes = measure(chosen)
    seconds = time.perf_counter() - start
    print(report.by_kind(outcomes), "", report.by_language(outcomes), "", sep="\n")
    print(f"Other families on the near misses: {report.others(outcomes)}.\n")
    print("\n".join(report.to_mend(outcomes)))
    if given.all:
        print("\n".join(report.found(outcomes)))
    print(f"\n{len(chosen)} pairs in {seconds:.0f} s")
    if given.peers:
        from bench.plants import peers

        print(peers.tables(chosen, outcomes))
    return 0


if __name__ == "__main__":
    sys.exit(main())
