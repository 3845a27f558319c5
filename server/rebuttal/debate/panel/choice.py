"""Which seats sit, and for how many rounds: rules first, each move with its reason.

Sizes and rounds are those of the design: small 3 seats and 2 rounds, medium 5 and 3, large 7 and 5; a tiny
change gets two seats. Published counts back the small numbers: two or three diverse finders bring most of
what any number finds, while false alarms grow with each.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen

from rebuttal.change.model import Change
from rebuttal.debate.model import PanelName, Seat
from rebuttal.debate.panel.traits import Area, Traits, traits_of
from rebuttal.debate.prompts import load_prompts
from rebuttal.text.words import counted


@frozen
class PanelChoice:
    """`seats` open the debate, those kept longest first; the static panel has none. `reasons`: words for the user."""

    panel: PanelName
    seats: tuple[Seat, ...]
    rounds: int
    reasons: tuple[str, ...]


@frozen
class _Size:
    seats: int
    rounds: int


_SIZES: dict[PanelName, _Size] = {
    "static": _Size(0, 0),
    "small": _Size(3, 2),
    "medium": _Size(5, 3),
    "large": _Size(7, 5),
}
_ORDER: tuple[PanelName, ...] = ("small", "medium", "large")

TINY_LINES = 15
SMALL_LINES, SMALL_FILES = 150, 5
MEDIUM_LINES, MEDIUM_FILES = 600, 20
RISKY_LINES = 60
"""From how many changed lines on several areas of risk move the panel up by one size."""

_RISKS: tuple[Area, ...] = ("security", "database", "concurrency")

_AREA_WORDS: dict[Area, str] = {
    "security": "access, secrets or untrusted input",
    "database": "stored data",
    "io": "files or the network",
    "concurrency": "concurrency",
    "loops": "loops or caches",
    "ui": "the user interface",
    "interface": "a public interface",
    "messages": "messages or options",
    "docs": "documentation",
    "tests": "tests",
}

_BASE: dict[str, int] = {
    "code-reviewer": 1000,
    "architect": 30,
    "security-analyst": 25,
    "performance-expert": 20,
    "documentation": 5,
}
_WEIGHTS: dict[str, dict[Area, int]] = {
    "architect": {"interface": 20, "concurrency": 10, "database": 5},
    "security-analyst": {"security": 50, "io": 20, "database": 10, "ui": 5},
    "performance-expert": {"loops": 15, "concurrency": 25, "database": 10, "io": 5},
    "database": {"database": 55},
    "frontend": {"ui": 60},
    "ux-specialist": {"ui": 30, "messages": 15},
    "documentation": {"docs": 25, "interface": 10, "messages": 3},
}
"""How much an area speaks for a seat. Hand-set: what counts is only which seat comes before which."""


def choose_panel(change: Change, requested: str) -> PanelChoice:
    """The panel for a change.

    `requested`: auto, static, small, medium or large; a named one is kept, whatever the change is like.
    Raises ValueError for any other word.
    """
    if requested == "static":
        return PanelChoice("static", (), 0, ("the static panel was asked for",))
    traits = traits_of(change)
    if requested == "auto":
        return _auto(traits)
    if requested not in _ORDER:
        raise ValueError(f"panel must be one of auto, static, small, medium, large, not {requested!r}")
    panel = next(name for name in _ORDER if name == requested)
    return _seated(panel, _SIZES[panel].seats, traits, (f"the {panel} panel was asked for",))


def _auto(traits: Traits) -> PanelChoice:
    if traits.trivial is not None:
        return PanelChoice("static", (), 0, (traits.trivial,))
    size = f"{counted(traits.lines, 'changed line')} in {counted(traits.files, 'file')}"
    if traits.lines <= TINY_LINES and traits.files <= 1:
        return _seated("small", 2, traits, (f"{size}: tiny, two seats",))
    panel = _by_size(traits)
    risks = [area for area in _RISKS if area in traits.areas]
    if panel != "large" and len(risks) > 1 and traits.lines >= RISKY_LINES:
        panel = _ORDER[_ORDER.index(panel) + 1]
        size += f", with {' and '.join(_AREA_WORDS[area] for area in risks)} touched"
    return _seated(panel, _SIZES[panel].seats, traits, (f"{size}: {panel}",))


def _by_size(traits: Traits) -> PanelName:
    if traits.lines <= SMALL_LINES and traits.files <= SMALL_FILES:
        return "small"
    return "medium" if traits.lines <= MEDIUM_LINES and traits.files <= MEDIUM_FILES else "large"


def _seated(panel: PanelName, count: int, traits: Traits, reasons: tuple[str, ...]) -> PanelChoice:
    ranked = sorted(load_prompts().openers, key=lambda seat: (-_score(seat.id, traits.areas), seat.priority, seat.id))
    seats = tuple(sorted(ranked[:count], key=lambda seat: (seat.priority, seat.id)))
    return PanelChoice(panel, seats, _SIZES[panel].rounds, reasons + tuple(_why(seats, traits)))


def _score(seat: str, areas: Iterable[Area]) -> int:
    weights = _WEIGHTS.get(seat, {})
    return _BASE.get(seat, 0) + sum(weights.get(area, 0) for area in areas)


def _why(seats: tuple[Seat, ...], traits: Traits) -> Iterable[str]:
    for seat in seats:
        weights = _WEIGHTS.get(seat.id, {})
        touched = max(traits.areas, key=lambda area: (weights.get(area, 0), area), default=None)
        if touched is not None and weights.get(touched, 0):
            yield f"{seat.name}: {_AREA_WORDS[touched]} ({traits.areas[touched]})"
