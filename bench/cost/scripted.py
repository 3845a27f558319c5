"""Reviewers who say what a study has them say, behind HTTP: the same in every way of review, whichever model answers.

A seat raises what the script gives it, as far as the lines stand in its prompt: what a way of review does not show is
not found. On a claim that it is asked about a seat says what is so, but for the claims that the script has argued
about: whoever rules on one of these first is unsure, or refutes it.

Lengths of answers are those that estimates assume (`rebuttal.debate.planning`): reading the change takes 1,500 tokens
of thought and 4 for each of its lines up to 3,000, a claim 250; an answer about claims 600, and 200 for each of them;
shorter at lower effort (`rebuttal.debate.selection`). The same for every way of review.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import define, field

from bench.cost.study import Scripted
from rebuttal.debate.model import Tier
from rebuttal.debate.selection import relative_length
from rebuttal.evaluation.skilled import TRIAGE_TOKENS, Shown, shown_claims
from tests.emulator.script import Asked, Said

READING, PER_LINE, MOST_LINES, CLAIM = 1500, 4, 3000, 250
ANSWERING, RULING = 600, 200


@define
class Reviewers:
    """`Script(default=Reviewers(...))`, for one review."""

    said: Sequence[Scripted]
    lines: int
    """Of the change."""
    length: float = 1.0
    """Times the lengths above."""
    everything: bool = False
    """Whoever opens is alone and says all that the panel's seats would."""
    honest: bool = False
    """Nobody says what is not so."""
    _ruled: set[str] = field(factory=set)
    """What somebody has ruled on."""

    def __call__(self, asked: Asked) -> Said:
        wanted = (asked.request.format or {}).get("schema", {}).get("properties", {})
        if "claims" not in wanted:
            return Said({"leave_out": []}, None, self._tokens(asked, TRIAGE_TOKENS))
        shown = shown_claims(asked.request.last_text)
        if shown:
            rulings = [self._ruling(one) for one in shown]
            answer = {"claims": [], "rulings": rulings, "needs": []}
            return Said(answer, None, self._tokens(asked, ANSWERING + RULING * len(shown)))
        claims = [_claim(one) for one in self._raised(asked)]
        thought = READING + min(self.lines * PER_LINE, MOST_LINES)
        answer = {"claims": claims, "rulings": [], "needs": []}
        return Said(answer, None, self._tokens(asked, thought + CLAIM * len(claims)))

    def _raised(self, asked: Asked) -> list[Scripted]:
        text = asked.request.text
        return [
            one
            for one in self.said
            if (self.everything or asked.seat in one.seats)
            and (one.is_true or not self.honest)
            and all(line.strip() in text for line in one.quote.split("\n"))
        ]

    def _ruling(self, shown: Shown) -> Mapping[str, Any]:
        one = next((one for one in self.said if one.title == shown.title), None)
        if one is None:
            return _ruled(shown.id, "unsure", shown.file, shown.quote, "low")
        verdict = "confirmed" if one.is_true else "refuted"
        if one.id not in self._ruled and one.course != "confirmed":
            verdict = one.course
        self._ruled.add(one.id)
        return _ruled(shown.id, verdict, one.file, one.decided_by, one.severity)

    def _tokens(self, asked: Asked, tokens: int) -> int:
        line: Tier = asked.request.model.line  # type: ignore[assignment]  # no other line is asked for here
        effort = asked.request.body.get("output_config", {}).get("effort")
        return min(round(tokens * self.length * relative_length(effort, line)), asked.request.max_tokens)


def _claim(one: Scripted) -> Mapping[str, Any]:
    return {
        **{"file": one.file, "side": "new", "quote": one.quote, "title": one.title},
        **{"argument": f"{one.why}. (Scripted: no model was asked.)", "category": one.category},
        **{"severity": one.severity, "certainty": "likely", "fixes": []},
    }


def _ruled(claim: str, verdict: str, file: str, quote: str, severity: str) -> Mapping[str, Any]:
    why = f"The line shows it: {verdict} (scripted)."
    return {"claim": claim, "verdict": verdict, "file": file, "quote": quote, "argument": why, "severity": severity}
