"""The passes of a debate (the seed's multi-pass refinement, section 2.4): from everything to what is left to decide."""

from __future__ import annotations

from typing import Literal

from rebuttal.debate.model import Phase

Pass = Literal["broad", "contentious", "targeted", "consensus"]

PASSES: dict[Pass, str] = {
    "broad": "every seat reads the whole change",
    "contentious": "each claim is put to somebody who did not raise it",
    "targeted": "only what is disputed, and what is new about it",
    "consensus": "the Moderator rules on what is left",
}
"""In their order, with what happens in each, in words for the user."""

_PHASES = {
    "triage": "triage",
    "opening": "opening",
    "cross_examination": "cross-examination",
    "rebuttal": "rebuttal",
    "consensus": "consensus",
}


def pass_of(phase: Phase | str, round_: int) -> Pass | None:
    """The pass that a phase belongs to; None for what is none of the panel's. Rounds count as in `Brief.rounds`."""
    match phase:
        case "opening":
            return "broad"
        case "cross_examination":
            return "contentious"
        case "rebuttal":
            return "contentious" if round_ <= 2 else "targeted"
        case "consensus":
            return "consensus"
        case _:
            return None


def phase_name(phase: str) -> str:
    """A phase in words for the user."""
    return _PHASES.get(phase, phase)
