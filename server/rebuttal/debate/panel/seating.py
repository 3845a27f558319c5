"""Which seats sit, and for how many rounds: rules first, each move with its reason.

Sizes and rounds are those of the design: small 3 seats and 2 rounds, medium 5 and 3, large 7 and 5; a tiny
change gets two seats. Published counts back the small numbers: two or three diverse finders bring most of
what any number finds, while false alarms grow with each.

Who sits is told by the front matter of the seats (`areas`): what of the change calls for a seat, and how loudly.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from difflib import get_close_matches

from attrs import evolve, frozen

from rebuttal.change.model import Change
from rebuttal.debate.model import AREAS, Area, PanelName, Priority, Seat
from rebuttal.debate.panel.choice import PanelChoice
from rebuttal.debate.panel.traits import AREA_WORDS, Traits, traits_of
from rebuttal.debate.prompts import LENSLESS, load_prompts
from rebuttal.debate.statement import one_line
from rebuttal.text.hidden import written_out
from rebuttal.text.words import counted


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

TINY_LINES, TINY_SEATS = 15, 2
SMALL_LINES, SMALL_FILES = 150, 5
MEDIUM_LINES, MEDIUM_FILES = 600, 20
RISKY_LINES = 60
"""From how many changed lines on several areas of risk move the panel up by one size."""
LEAST_CALL = 10
"""A fainter call than this leaves a seat in doubt."""
LOUDEST_CALL = 100
WEIGHT_OF: dict[Priority, int] = {"critical": 20, "important": 10, "optional": 0, "minimal": 0}
"""Added to a call, where not all who are called for can sit: some 20 is what one area more would add."""

_NOBODY = "seats_off switches off every seat that the change calls for"

_RISKS: tuple[Area, ...] = ("security", "database", "concurrency", "memory")


def of_size(change: Change, requested: str, extra: Sequence[Seat], off: Collection[str] = ()) -> PanelChoice:
    """The panel that was asked for by its name. Raises ValueError for a word that names none."""
    if requested not in _ORDER:
        raise ValueError(f"panel must be one of auto, static, small, medium, large, not {requested!r}")
    panel = next(name for name in _ORDER if name == requested)
    traits, reason = traits_of(change), f"the {panel} panel was asked for"
    # Who asks for a size wants it filled: nobody is in doubt.
    return evolve(_seated(panel, _ranked(traits, extra), traits, reason, off, fill=True), doubtful=frozenset())


def by_rules(change: Change, extra: Sequence[Seat], off: Collection[str] = ()) -> PanelChoice:
    """The panel that the change calls for."""
    traits = traits_of(change)
    # Rules that cannot read a file's language do not know who has no business there.
    ranked = [seat for seat in _ranked(traits, extra) if traits.unknown or _call(seat, traits.areas)]
    size = size_of(traits)
    if traits.lines <= TINY_LINES and traits.files <= 1:
        return _seated("small", ranked, traits, f"{size}: tiny, two seats", off, TINY_SEATS)
    panel = _by_size(traits)
    risks = [area for area in _RISKS if area in traits.sure]
    if panel != "large" and len(risks) > 1 and traits.lines >= RISKY_LINES:
        panel = _ORDER[_ORDER.index(panel) + 1]
        size += f", with {' and '.join(AREA_WORDS[area] for area in risks)} touched"
    return _seated(panel, ranked, traits, f"{size}: {panel}", off)


def size_of(traits: Traits) -> str:
    """In words for the user."""
    aside = ", documentation aside" if traits.prose else ""
    return f"{counted(traits.lines, 'changed line')} in {counted(traits.files, 'file')}{aside}"


def _by_size(traits: Traits) -> PanelName:
    if traits.lines <= SMALL_LINES and traits.files <= SMALL_FILES:
        return "small"
    return "medium" if traits.lines <= MEDIUM_LINES and traits.files <= MEDIUM_FILES else "large"


def _ranked(traits: Traits, extra: Sequence[Seat]) -> list[Seat]:
    """All seats, those that the change calls for most first."""
    sure = traits.sure

    def order(seat: Seat) -> tuple[int, int, tuple[int, int, str]]:
        surely = _rank(seat, sure)
        return (-surely if surely >= LEAST_CALL else 0, -_rank(seat, traits.areas), seat.standing)

    return sorted(_openers(extra), key=order)


def _seated(
    panel: PanelName,
    ranked: Sequence[Seat],
    traits: Traits,
    reason: str,
    off: Collection[str],
    most: int | None = None,
    *,
    fill: bool = False,
) -> PanelChoice:
    """`most`: seats, where they are fewer than those of the panel's size. `fill`: the place of a seat that is off is
    taken by the next one, even by one that nothing calls for."""
    most = _SIZES[panel].seats if most is None else most
    usual, others = ranked[:most], ranked[most:]
    instead = [seat for seat in others if fill or _call(seat, traits.sure) >= LEAST_CALL]
    seats = tuple([seat for seat in (*usual, *instead) if seat.id not in off][:most])
    missed = [seat.name for seat in usual if seat.id in off]
    if missed and not seats:
        return PanelChoice("static", (), 0, (_NOBODY,))
    reasons = [reason, *(_why(seat, traits) for seat in seats)]
    if missed:
        reasons.append(f"switched off by seats_off: {', '.join(missed)}")
    if traits.unknown:
        files = counted(len(traits.unknown), "file")
        reasons.append(f"the rules do not know the language of {files} ({one_line(traits.unknown[0], 100)})")
    doubtful = frozenset(seat.id for seat in seats if _call(seat, traits.sure) < LEAST_CALL)
    return PanelChoice(panel, seats, _SIZES[panel].rounds, tuple(reasons), doubtful)


def misnamed(off: Iterable[str], extra: Sequence[Seat]) -> tuple[str, ...]:
    """What is wrong with the names of seats that are not to be asked, one sentence each."""
    known = [seat.id for seat in _openers(extra)]
    told = []
    for name in off:
        if name in LENSLESS:
            told.append(f"seats_off: the seat {name} raises nothing and cannot be switched off; leave it out.")
        elif name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"the seats are {', '.join(sorted(known))}."
            told.append(f"seats_off: there is no seat {one_line(written_out(name), 60)}: {hint}")
    return tuple(told)


def _openers(extra: Sequence[Seat]) -> Iterable[Seat]:
    """The seats with a lens, by id: the user's own in the place of ours."""
    seats = {seat.id: seat for seat in (*load_prompts().openers, *extra)}
    return [seat for seat in seats.values() if seat.id not in LENSLESS]


def _call(seat: Seat, areas: Iterable[Area]) -> int:
    """How loudly a change that touches these areas calls for a seat, up to LOUDEST_CALL."""
    called = seat.areas.get("any", 0) + sum(seat.areas.get(area, 0) for area in areas)
    return min(called, LOUDEST_CALL)


def _rank(seat: Seat, areas: Iterable[Area]) -> int:
    """Its call with its priority; nobody comes before a seat that every change calls for as loudly as can be."""
    called = _call(seat, areas)
    if called < LEAST_CALL or seat.areas.get("any", 0) == LOUDEST_CALL:
        return called
    return min(called + WEIGHT_OF[seat.priority], LOUDEST_CALL - 1)


def _why(seat: Seat, traits: Traits) -> str:
    if _call(seat, traits.sure) < LEAST_CALL:
        return f"{seat.name}: nothing that is touched calls for it, it fills the panel"
    area = max(AREAS, key=lambda one: seat.areas.get(one, 0) if one in {"any", *traits.sure} else -1)
    file = traits.areas.get(area, "")
    return f"{seat.name}: {AREA_WORDS[area]}" + (f" ({one_line(file, 100)})" if file else "")
