"""A simulated reviewer, for input that nobody has scripted: benchmarks, demonstrations, trials.

It understands nothing. It picks added lines of the diff by hash and claims something of them, and rules on claims
that it is shown by hash. The same prompt and seed give the same answer. Everything it says begins with
"(simulated)", so that nobody takes it for a review.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from attrs import frozen

from tests.emulator.prompt import added_lines, shown_claims
from tests.emulator.schema import minimal
from tests.emulator.script import Asked, draw

LABEL = "(simulated)"
MOST_CLAIMS = 3
_CATEGORIES = ("correctness", "security", "performance", "architecture")
_SEVERITIES = ("high", "medium", "medium", "low")
_PLAIN = re.compile(r"[^\W\d_]{3}")


@frozen
class Simulated:
    """`Script(default=Simulated(seed))`."""

    seed: int
    share: float = 0.5
    """How likely each of its best lines gives a claim."""

    def __call__(self, asked: Asked) -> dict[str, Any] | str:
        wanted = asked.request.format
        fields = set((wanted or {}).get("schema", {}).get("properties", ()))
        if not {"claims", "rulings", "needs"} <= fields:
            return minimal(wanted["schema"]) if wanted else f"{LABEL} no statement was asked for"
        shown = list(shown_claims(asked.request.last_text))
        statement: dict[str, Any] = {"claims": [], "rulings": [], "needs": []}
        if shown:
            statement["rulings"] = [self._ruling(one) for one in shown]
        else:
            statement["claims"] = list(self._claims(asked))
        return statement

    def _claims(self, asked: Asked) -> Iterator[dict[str, Any]]:
        found = list(added_lines(asked.request.text))
        times = Counter(line for _, line in found)
        eligible = [(path, line) for path, line in found if times[line] == 1 and _PLAIN.search(line)]
        ranked = sorted(eligible, key=lambda one: draw(self.seed, asked.seat, *one))
        for path, quote in ranked[:MOST_CLAIMS]:
            if draw(self.seed, "speak", asked.seat, path, quote) < self.share:
                yield self._claim(asked, path, quote)

    def _claim(self, asked: Asked, path: str, quote: str) -> dict[str, Any]:
        pick = int(draw(self.seed, "kind", path, quote) * 4)
        return {
            "file": path,
            "side": "new",
            "quote": quote,
            "title": f"{LABEL} a claim about this line",
            "argument": f"{LABEL} {asked.seat} picked this added line by hash; nothing is known to be wrong with it.",
            "category": _CATEGORIES[pick],
            "severity": _SEVERITIES[pick],
            "certainty": "likely",
            "fixes": [],
        }

    def _ruling(self, shown: Mapping[str, Any]) -> dict[str, Any]:
        choice = draw(self.seed, "rule", shown["file"], shown["quote"])
        verdict = "confirmed" if choice < 0.6 else "refuted" if choice < 0.9 else "unsure"
        return {
            "claim": shown["claim"],
            "verdict": verdict,
            "file": shown["file"],
            "quote": shown["quote"],
            "argument": f"{LABEL} {verdict} by hash.",
            "severity": "medium",
        }
