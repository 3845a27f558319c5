"""The prompts: files beside this module, reviewed like code, versioned by their hash."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import TypeVar, get_args

from attrs import frozen

from rebuttal.debate.front_matter import PromptError, check_keys, front_matter, group, identifier, title
from rebuttal.debate.model import (
    AREAS,
    COST_WEIGHTS,
    PRIORITIES,
    Area,
    Phase,
    Profile,
    Seat,
    Template,
    Tier,
)
from rebuttal.debate.templates import template_from

MODERATOR = "moderator"
EXAMINER = "examiner"
LENSLESS = frozenset({MODERATOR, EXAMINER})
"""Seats that never open: they rule on what others raised."""

PROFILES: tuple[Profile, ...] = get_args(Profile)
TIERS: tuple[Tier, ...] = get_args(Tier)

_Word = TypeVar("_Word", bound=str)


@frozen
class Prompts:
    """All prompts of one version."""

    system: str
    tasks: Mapping[Phase, str]
    council: str
    """The task of the rounds of the protocol `council`."""
    seats: Mapping[str, Seat]
    """By id, in order of priority."""
    templates: Mapping[str, Template]
    """By kind of change."""
    version: str
    """Hash over all files: part of every key under which an answer is remembered."""

    @property
    def openers(self) -> tuple[Seat, ...]:
        """The seats with a lens, those kept longest first."""
        return tuple(seat for seat in self.seats.values() if seat.id not in LENSLESS)


_TASKS: tuple[Phase, ...] = ("triage", "opening", "cross_examination", "rebuttal", "consensus")


@cache
def load_prompts() -> Prompts:
    """The prompts that are part of the package; read once, never changed."""
    folder = files("rebuttal.debate").joinpath("prompts")
    texts = dict(sorted(_texts(folder, "")))
    seats = sorted(
        (seat_from(name, text) for name, text in texts.items() if name.startswith("seats/")),
        key=lambda seat: seat.standing,
    )
    return Prompts(
        system=texts["system.md"],
        tasks={phase: texts[f"{phase}.md"] for phase in _TASKS},
        council=texts["council.md"],
        seats={seat.id: seat for seat in seats},
        templates={one.kind: one for one in _templates(texts)},
        version=_digest(texts),
    )


def _templates(texts: Mapping[str, str]) -> Iterator[Template]:
    return (template_from(name, text) for name, text in texts.items() if name.startswith("templates/"))


def prompts_version(own: str = "") -> str:
    """Hash over all prompt files (16 hexadecimal digits): the same on every platform, another after any edit.

    `own`: the version of the user's own files, "" where there are none.
    """
    version = load_prompts().version
    return _digest({"package": version, "own": own}) if own else version


LONGEST_LENS = 8000
"""Characters of a lens: some 2,700 tokens."""

_KEYS = ("id", "name", "priority", "cost", "tiers", "areas")
_USUAL = Seat("", "", "", tiers={"frugal": "haiku", "balanced": "sonnet", "thorough": "sonnet"}, areas={"any": 40})
"""Whoever adds a seat wants it asked, but not in the place of one that the change calls for loudly."""
_LOUDEST = 100


def seat_from(name: str, text: str, package: Mapping[str, Seat] | None = None) -> Seat:
    """A seat from a Markdown file.

    Front matter: `id`, `name`, and where they are not the usual `priority`, `cost`, `tiers` by profile and `areas`
    (what calls for it, and how loudly); the body is the lens. Usual is what the seat of the same id in `package` has.
    Raises PromptError.
    """
    head, lens = front_matter(name, text)
    check_keys(name, head, _KEYS)
    if not lens.strip():
        raise PromptError(f"{name}: it has no lens: say below the front matter what the seat looks for.")
    if len(lens) > LONGEST_LENS:
        raise PromptError(f"{name}: its lens has {len(lens)} characters: shorten it to {LONGEST_LENS}.")
    seat_id = identifier(name, head, "id")
    usual = (package or {}).get(seat_id, _USUAL)
    return Seat(
        id=seat_id,
        name=title(name, head, "name"),
        lens=lens.strip() + "\n",
        tiers=_tiers(name, group(name, head, "tiers")) or usual.tiers,
        priority=_word(name, "priority", head.get("priority", usual.priority), PRIORITIES),
        cost=_word(name, "cost", head.get("cost", usual.cost), COST_WEIGHTS),
        areas=_areas(name, group(name, head, "areas")) or usual.areas,
    )


def judging(lens: str) -> str:
    """A lens for those who rule: who they are, and what is no defect, without what finders look for."""
    paragraphs = [one for one in lens.split("\n\n") if not one.lstrip().lower().startswith("look for")]
    return "\n\n".join(paragraphs) or lens


def _tiers(name: str, given: Mapping[str, str]) -> dict[Profile, Tier]:
    check_keys(f"{name}: tiers", given, PROFILES)
    words = {profile: given.get(profile, "") for profile in PROFILES} if given else {}
    return {profile: _word(name, f"the tier for {profile}", word, TIERS) for profile, word in words.items()}


def _areas(name: str, given: Mapping[str, str]) -> dict[Area, int]:
    found: dict[Area, int] = {}
    for key, weight in given.items():
        area = _word(name, "an area", key, AREAS)
        if not (weight.isascii() and weight.isdecimal() and 1 <= int(weight[:4]) <= _LOUDEST):
            raise PromptError(f"{name}: {area} must be a whole number from 1 to {_LOUDEST}, not {weight[:40]!r}.")
        found[area] = int(weight)
    return found


def _word(name: str, key: str, given: object, known: tuple[_Word, ...]) -> _Word:
    for one in known:
        if one == given:
            return one
    raise PromptError(f"{name}: {key} must be one of {', '.join(known)}, not {str(given)[:40]!r}.")


def _texts(folder: Traversable, prefix: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _texts(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(".md"):
            # A checkout on Windows may have other line ends; the prompts must not.
            found.append((prefix + entry.name, entry.read_text("utf-8").replace("\r\n", "\n")))
    return found


def _digest(texts: Mapping[str, str]) -> str:
    digest = hashlib.sha256()
    for name, text in sorted(texts.items()):
        digest.update(f"{name}\0{len(text)}\0{text}\0".encode())
    return digest.hexdigest()[:16]
