"""Reviewers who know where the defects are planted: for demonstrations and end-to-end tests of a known change.

A file of plants: `{"plants": [{"by": ["security-analyst"], "claim": {...}, "ruling": {...}}]}`. In the opening a
seat raises the claims that it is named for; later every seat rules on a shown claim by the plant with the same quote,
and refutes what is not planted. Real models do neither so surely: this says nothing about them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import frozen

from tests.emulator.prompt import shown_claims
from tests.emulator.script import Asked


@frozen
class Planted:
    """`Script(default=Planted(plants))`."""

    plants: Sequence[Mapping[str, Any]]

    @classmethod
    def load(cls, path: Path) -> Planted:
        return cls(json.loads(path.read_text("utf-8"))["plants"])

    def __call__(self, asked: Asked) -> dict[str, Any]:
        statement: dict[str, Any] = {"claims": [], "rulings": [], "needs": []}
        if asked.phase == "opening":
            statement["claims"] = [plant["claim"] for plant in self.plants if asked.seat in plant["by"]]
        else:
            statement["rulings"] = [self._ruling(one) for one in shown_claims(asked.request.last_text)]
        return statement

    def _ruling(self, shown: Mapping[str, Any]) -> dict[str, Any]:
        for plant in self.plants:
            if _same(plant["claim"]["quote"], shown["quote"]):
                return {"claim": shown["claim"], "file": shown["file"], **plant["ruling"]}
        return {
            "claim": shown["claim"],
            "verdict": "refuted",
            "file": shown["file"],
            "quote": shown["quote"],
            "argument": "Nothing of the kind is planted here.",
            "severity": "low",
        }


def _same(one: str, other: str) -> bool:
    return " ".join(one.split()) == " ".join(other.split())
