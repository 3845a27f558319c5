"""Runs every benchmark and rewrites bench/RESULTS.md; with names, as in `python -m bench cost`, only their parts."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

from bench import (
    caching,
    call_overhead,
    change,
    context_speed,
    cost,
    debate_speed,
    debate_time,
    debate_virtual,
    editor_speed,
    estimates,
    false_alarms,
    ledger_postgres,
    ledger_speed,
    mixes,
    panel_speed,
    planted,
    plants,
    precision,
    protocol_map,
    real_changes,
    retrieval,
    slices,
    speed,
    tight_caps,
    tokens,
)

HEAD = """# Results

Written by `make bench` on {day}, Python {python}, {system}. The machine is shared and noisy: read ratios before
absolute times. Whatever a model would say is *simulated* here; no figure says anything about real models.
"""
RESULTS = Path(__file__).parent / "RESULTS.md"


def main() -> int:
    """Of all benchmarks, or of those that the command line names."""
    if len(sys.argv) > 1:
        return some(sys.argv[1:])
    head = HEAD.format(day=datetime.now(UTC).date(), python=platform.python_version(), system=platform.system())
    text = "\n".join([head, *(part.section() for part in parts())])
    RESULTS.write_text(text, "utf-8")
    print(text)
    return 0


def parts() -> tuple[ModuleType, ...]:
    """The benchmarks, in the order of their results."""
    static = (panel_speed, plants, precision, planted)
    return (
        speed,
        editor_speed,
        context_speed,
        change,
        tokens,
        *static,
        debate_speed,
        call_overhead,
        ledger_speed,
        ledger_postgres,
        debate_time,
        debate_virtual,
        mixes,
        estimates,
        false_alarms,
        tight_caps,
        caching,
        cost,
        protocol_map,
        real_changes,
        slices,
        retrieval,
    )


def some(names: Sequence[str]) -> int:
    """Run the named benchmarks and put their parts in the place of what stood there."""
    known = {part.__name__.rpartition(".")[2]: part for part in parts()}
    if unknown := [name for name in names if name not in known]:
        print(f"there is no benchmark {unknown[0]!r}: name some of {', '.join(known)}", file=sys.stderr)
        return 2
    for name in names:
        section = known[name].section()
        RESULTS.write_text(replaced(RESULTS.read_text("utf-8"), section), "utf-8")
        print(section)
    return 0


def replaced(results: str, section: str) -> str:
    """The results with the section in the place of that with its heading; at the end where there is none."""
    heading = section.lstrip("\n").partition("\n")[0]
    pattern = re.compile(rf"^{re.escape(heading)}\n.*?(?=^## |\Z)", re.DOTALL | re.MULTILINE)
    text = section.strip("\n") + "\n\n"
    if pattern.search(results) is None:
        return f"{results.rstrip()}\n\n{text.rstrip()}\n"
    return pattern.sub(lambda _: text, results, count=1).rstrip() + "\n"


if __name__ == "__main__":
    sys.exit(main())
