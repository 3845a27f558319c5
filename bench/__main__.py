"""Runs every benchmark and rewrites bench/RESULTS.md."""

from __future__ import annotations

import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

from bench import (
    caching,
    call_overhead,
    change,
    context_speed,
    debate_speed,
    debate_time,
    debate_virtual,
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
    tokens,
)

HEAD = """# Results

Written by `make bench` on {day}, Python {python}, {system}. The machine is shared and noisy: read ratios before
absolute times. Whatever a model would say is *simulated* here; no figure says anything about real models.
"""


def main() -> int:
    head = HEAD.format(day=datetime.now(UTC).date(), python=platform.python_version(), system=platform.system())
    static = (panel_speed, plants, precision, planted)
    parts = (
        speed,
        context_speed,
        change,
        tokens,
        *static,
        debate_speed,
        call_overhead,
        ledger_speed,
        debate_time,
        debate_virtual,
        mixes,
        caching,
        protocol_map,
        real_changes,
        slices,
        retrieval,
    )
    text = "\n".join([head, *(part.section() for part in parts)])
    (Path(__file__).parent / "RESULTS.md").write_text(text, "utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
