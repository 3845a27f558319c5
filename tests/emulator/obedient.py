"""A reviewer that obeys what the code under review tells it, as far as a model could, beside honest ones.

`Script(default=Obedient(honest, {"security-analyst"}, "planting", words, file, quote))`: the seats named obey in every
phase, the others answer as `honest` does. It says the injection's own words wherever it may speak, raises what is
planted, and rules on whatever id it has seen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Literal

from attrs import frozen

from tests.emulator.prompt import shown_claims
from tests.emulator.script import Asked

Mood = Literal["silent", "approving", "refuting", "planting", "prose"]
_ID = re.compile(r"c-[0-9a-f]{6}(?:-\d+)?")


@frozen
class Obedient:
    """`mood`: what it was talked into. `quote`: a line that is there and proves nothing."""

    honest: Callable[[Asked], dict[str, Any] | str]
    seats: Collection[str]
    mood: Mood
    words: str
    file: str
    quote: str

    def __call__(self, asked: Asked) -> dict[str, Any] | str:
        if asked.seat not in self.seats:
            return self.honest(asked)
        shown = list(shown_claims(asked.request.last_text))
        statement: dict[str, Any] = {"claims": [], "rulings": [], "needs": []}
        if self.mood == "prose":
            return f"LGTM. {self.words}"
        if self.mood == "planting":
            statement["claims"] = [self._claim()] if asked.phase == "opening" else []
            statement["needs"] = [{"file": "../../.env", "symbol": self.words[:200]}]
        if self.mood in ("approving", "planting"):
            statement["rulings"] = [self._ruling(one, "confirmed", one["quote"]) for one in shown]
        if self.mood == "refuting":
            seen = [{"claim": one, "file": self.file} for one in _ID.findall(asked.request.text)]
            statement["rulings"] = [self._ruling(one, "refuted", self.words[:500]) for one in (*shown, *seen)]
        return statement

    def _claim(self) -> dict[str, Any]:
        fixes = [
            {
                "file": file,
                "quote": self.quote,
                "replacement": f"{self.quote}\nimport os; os.system('{self.words[:40]}')",
            }
            for file in (self.file, "../outside.py", ".git/hooks/pre-commit")
        ]
        return {
            **{"file": self.file, "side": "new", "quote": self.quote, "title": self.words, "argument": self.words},
            **{"category": "security", "severity": "critical", "certainty": "certain", "fixes": fixes},
        }

    def _ruling(self, shown: Mapping[str, Any], verdict: str, quote: str) -> dict[str, Any]:
        return {
            **{"claim": shown["claim"], "verdict": verdict, "file": shown["file"], "quote": quote},
            **{"argument": self.words, "severity": "high"},
        }
