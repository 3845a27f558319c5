"""python -m bench.precision: are the static panel's findings on real changes worth a reviewer's time?

Without an option it collects (packages, and with --histories single commits), joins the labels, prints the tables.
`--unread` prints findings that nobody has judged yet, each with its code and the line to put into a file of
bench/labels.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.precision import collect, labels, show


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.precision", description=__doc__)
    parser.add_argument("--histories", type=Path, help="the folder with the clones that histories.toml names")
    parser.add_argument("--commits", type=int, default=collect.COMMITS, help="of each repository")
    parser.add_argument(
        "--wide", type=int, default=0, help="so many more commits, by the cheap checks alone (collect.WIDE)"
    )
    parser.add_argument("--only", default="", help="collect these anew, by a part of their names")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--kept", action="store_true", help="do not collect: what was collected last")
    parser.add_argument("--unread", action="store_true", help="print findings that are not labelled, of the last time")
    parser.add_argument("--read", action="store_true", help="print findings that are labelled, with their labels")
    parser.add_argument("--rule", action="append", default=[], help="only these rules (patterns: impact:*)")
    parser.add_argument("--origin", default="", help="only changes with this in their name")
    parser.add_argument("--limit", type=int, default=40, help="print at most so many (default: 40)")
    parser.add_argument("--part", default="1/1", help="2/3: the second of three shares of the findings, for a group")
    given = parser.parse_args(arguments)
    try:
        judged = labels.read()
    except labels.BadLabels as error:
        print(error, file=sys.stderr)
        return 2
    reading = given.unread or given.read
    if (given.kept or reading) and not collect.KEPT.is_file():
        print("Nothing is collected yet: run `python -m bench.precision` first.", file=sys.stderr)
        return 2
    if given.kept or reading:
        origins = collect.kept()
    else:
        if given.wide and given.histories:
            origins = collect.wider(given.histories, given.commits, given.wide, given.jobs, given.only)
        else:
            origins = collect.everything(given.histories, given.commits, given.jobs, given.only)
        if (given.only or given.wide) and collect.KEPT.is_file():
            origins = collect.joined(collect.kept(), origins)
        collect.keep(origins)
    if reading:
        wanted = show.Wanted(tuple(given.rule), given.origin, given.limit, given.part, given.read)
        print(show.to_read(origins, judged, wanted))
    else:
        print(show.tables(origins, judged))
    return 0


if __name__ == "__main__":
    sys.exit(main())
