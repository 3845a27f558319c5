"""The prompts: files beside this module, reviewed like code, versioned by their hash."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import get_args

from attrs import frozen

from rebuttal.debate.model import Phase, Profile, Seat, Tier

MODERATOR = "moderator"
EXAMINER = "examiner"
LENSLESS = frozenset({MODERATOR, EXAMINER})
"""Seats that never open: they rule on what others raised."""

PROFILES: tuple[Profile, ...] = get_args(Profile)
TIERS: tuple[Tier, ...] = get_args(Tier)


class PromptError(Exception):
    """A prompt file is not as it must be; the message is one sentence that says which and how to mend it."""


@frozen
class Prompts:
    """All prompts of one version."""

    system: str
    tasks: Mapping[Phase, str]
    seats: Mapping[str, Seat]
    """By id, in order of priority."""
    version: str
    """Hash over all files: part of every key under which an answer is remembered."""

    @property
    def openers(self) -> tuple[Seat, ...]:
        """The seats with a lens, those kept longest first."""
        return tuple(seat for seat in self.seats.values() if seat.id not in LENSLESS)


_TASKS: tuple[Phase, ...] = ("opening", "cross_examination", "rebuttal", "consensus")


@cache
def load_prompts() -> Prompts:
    """The prompts that are part of the package; read once, never changed."""
    folder = files("rebuttal.debate").joinpath("prompts")
    texts = dict(sorted(_texts(folder, "")))
    seats = sorted(
        (seat_from(name, text) for name, text in texts.items() if name.startswith("seats/")),
        key=lambda seat: (seat.priority, seat.id),
    )
    return Prompts(
        system=texts["system.md"],
        tasks={phase: texts[f"{phase}.md"] for phase in _TASKS},
        seats={seat.id: seat for seat in seats},
        version=_digest(texts),
    )


def prompts_version() -> str:
    """Hash over all prompt files (16 hexadecimal digits): the same on every platform, another after any edit."""
    return load_prompts().version


def seat_from(name: str, text: str) -> Seat:
    """A seat from a Markdown file.

    Front matter: `id`, `name`, `priority`, and `tiers` by profile; the body is the lens. Raises PromptError.
    """
    head, lens = _front_matter(name, text)
    seat_id, title, priority = (_scalar(name, head, key) for key in ("id", "name", "priority"))
    if not priority.isdecimal():
        raise PromptError(f"{name}: priority must be a whole number, not {priority!r}.")
    tiers = head.get("tiers")
    if not isinstance(tiers, Mapping):
        raise PromptError(f"{name}: tiers must name one of {', '.join(TIERS)} for each of {', '.join(PROFILES)}.")
    return Seat(
        id=seat_id,
        name=title,
        lens=lens.strip() + "\n",
        tiers={profile: _tier(name, profile, tiers.get(profile, "")) for profile in PROFILES},
        priority=int(priority),
    )


def _tier(name: str, profile: Profile, word: str) -> Tier:
    for tier in TIERS:
        if tier == word:
            return tier
    raise PromptError(f"{name}: the tier for {profile} must be one of {', '.join(TIERS)}, not {word!r}.")


def _scalar(name: str, head: Mapping[str, str | dict[str, str]], key: str) -> str:
    value = head.get(key)
    if not isinstance(value, str) or not value:
        raise PromptError(f"{name}: the front matter lacks {key!r}.")
    return value


def _front_matter(name: str, text: str) -> tuple[dict[str, str | dict[str, str]], str]:
    """The head between two lines of `---`: `key: value`, or `key:` with indented `key: value` lines below it."""
    parts = text.split("---\n", 2)
    if len(parts) != 3 or parts[0].strip():
        raise PromptError(f"{name}: it must begin with front matter between two lines of ---.")
    head: dict[str, str | dict[str, str]] = {}
    group: dict[str, str] = {}
    for line in parts[1].split("\n"):
        key, colon, value = line.partition(":")
        if not line.strip():
            continue
        if not colon:
            raise PromptError(f"{name}: {line.strip()!r} in the front matter is not `key: value`.")
        if line.startswith(" "):
            group[key.strip()] = value.strip()
        elif value.strip():
            head[key.strip()] = value.strip()
        else:
            group = {}
            head[key.strip()] = group
    return head, parts[2]


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
