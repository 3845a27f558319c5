"""Seats and templates of the user's own: Markdown files in REBUTTAL_HOME, and in `.rebuttal/` of a trusted repository.

A repository's are read from the base, so that a change cannot seat its own reviewers, and only where the user trusts
it: what they say stands in prompts as words of ours do. A file that is wrong is told in a note, and the rest counts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from attrs import frozen

from rebuttal.debate.front_matter import PromptError
from rebuttal.debate.model import Seat, Template
from rebuttal.debate.panel.kinds import RULES
from rebuttal.debate.prompts import LENSLESS, load_prompts, seat_from
from rebuttal.debate.statement import one_line
from rebuttal.debate.templates import template_from
from rebuttal.text.words import counted

SEATS, TEMPLATES = "seats", "templates"
IN_REPOSITORY = ".rebuttal"
"""The folder that holds both of them in a repository."""
MOST_FILES = 20
"""Of one folder: more reviewers than that are no panel."""
MOST_BYTES = 32_000
"""Of one file; what is sent of it is bounded closer (debate/prompts.py, debate/templates.py)."""
LONGEST_LABEL = 120
"""Characters of a path in messages."""


class Base(Protocol):
    """The repository before the change (`change.model.Tree`)."""

    def read(self, path: str) -> str | None: ...

    def paths(self) -> frozenset[str]: ...


@frozen
class OwnPrompts:
    """What a user adds to the panel."""

    seats: tuple[Seat, ...] = ()
    """Added ones, and those that take the place of one of the package's with the same id."""
    templates: tuple[Template, ...] = ()
    problems: tuple[str, ...] = ()
    """What was left out and how to mend it, a sentence each."""
    replaced: tuple[str, ...] = ()
    """What takes the place of what, a sentence each."""
    version: str = ""
    """Names all of them by content; "" where there are none."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user is told with each review."""
        return self.problems + self.replaced


@frozen
class _File:
    """One file: how it is called in messages, and its text or what is wrong with it."""

    label: str
    text: str | None
    fault: str = ""


T = TypeVar("T", Seat, Template)


@frozen
class _Sort(Generic[T]):
    """What differs between seats and templates."""

    noun: str
    parse: Callable[[str, str], T]
    key: Callable[[T], str]
    package: Callable[[], dict[str, str]]
    """Names of the package's own, by key."""


def own_prompts(home: Path, base: Base | None, *, trusted: bool) -> OwnPrompts:
    """The user's own seats and templates. `home`: REBUTTAL_HOME; `base`: the repository before the change, if any.

    Where the same seat is in both, the user's is taken: the repository's are of whoever may write to it.
    """
    notes: list[str] = []
    replaced: list[str] = []
    listed = _listed(base) if base is not None else ()
    if listed and not trusted:
        which = f"{counted(len(listed), 'file')} in {IN_REPOSITORY}"
        notes.append(
            f"The repository's own seats and templates ({which}) were left out: "
            "trust the repository (--trust, or the setting trusted) to have them heard."
        )

    def files(folder: str) -> Iterator[_File]:
        yield from _at_home(home / folder, notes)
        if base is not None and trusted:
            yield from _in_base(base, listed, folder, notes)

    seats = _read(_SEAT, files(SEATS), notes, replaced)
    templates = _read(_TEMPLATE, files(TEMPLATES), notes, replaced)
    return OwnPrompts(seats, templates, tuple(notes), tuple(replaced), _version((*seats, *templates)))


def _listed(base: Base) -> tuple[str, ...]:
    folders = tuple(f"{IN_REPOSITORY}/{folder}/" for folder in (SEATS, TEMPLATES))
    return tuple(sorted(path for path in base.paths() if path.startswith(folders) and _counts(path.split("/")[2:])))


def _counts(rest: Sequence[str]) -> bool:
    """Markdown directly in the folder; `README.md` tells people about it."""
    return len(rest) == 1 and rest[0].endswith(".md") and rest[0].lower() != "readme.md"


def _at_home(folder: Path, notes: list[str]) -> Iterator[_File]:
    try:
        names = sorted(entry.name for entry in folder.iterdir() if _counts([entry.name]))
    except FileNotFoundError:
        return
    except OSError as error:
        notes.append(
            f"{folder} cannot be read ({error.strerror or type(error).__name__}): make it a folder you may read."
        )
        return
    for name in _bounded(names, str(folder), notes):
        yield _on_disk(folder / name)


def _on_disk(path: Path) -> _File:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            return _File(str(path), None, _TOO_LONG)
        return _File(str(path), data.decode("utf-8"))
    except UnicodeDecodeError:
        return _File(str(path), None, "it is not UTF-8: save it as UTF-8")
    except OSError as error:
        return _File(
            str(path), None, f"it cannot be read ({error.strerror or type(error).__name__}): mend or remove it"
        )


_TOO_LONG = f"it has more than {MOST_BYTES} bytes: shorten it"


def _in_base(base: Base, listed: Iterable[str], folder: str, notes: list[str]) -> Iterator[_File]:
    place = f"{IN_REPOSITORY}/{folder}"
    for path in _bounded([one for one in listed if one.startswith(f"{place}/")], place, notes):
        text, label = base.read(path), one_line(path, LONGEST_LABEL)
        if text is None:
            yield _File(label, None, "it is no text: save it as UTF-8")
        elif len(text) > MOST_BYTES:
            yield _File(label, None, _TOO_LONG)
        else:
            yield _File(label, text)


def _bounded(names: Sequence[str], place: str, notes: list[str]) -> Sequence[str]:
    if len(names) > MOST_FILES:
        notes.append(f"{place} holds {counted(len(names), 'file')}: only the first {MOST_FILES} by name were read.")
    return names[:MOST_FILES]


def _read(sort: _Sort[T], files: Iterable[_File], notes: list[str], replaced: list[str]) -> tuple[T, ...]:
    found: dict[str, T] = {}
    labels: dict[str, str] = {}
    package = sort.package()
    for file in files:
        try:
            one = _parsed(sort, file)
            key = sort.key(one)
            if key in found:
                raise PromptError(f"{file.label}: {labels[key]} is the {sort.noun} {key} already.")
        except PromptError as error:
            notes.append(f"{error} It was left out.")
            continue
        found[key], labels[key] = one, file.label
        if key in package:
            replaced.append(f"{file.label} takes the place of the {sort.noun} {package[key]}.")
    return tuple(found.values())


def _parsed(sort: _Sort[T], file: _File) -> T:
    if file.text is None:
        raise PromptError(f"{file.label}: {file.fault}.")
    return sort.parse(file.label, file.text)


def _seat(label: str, text: str) -> Seat:
    seat = seat_from(label, text, load_prompts().seats)
    if seat.id in LENSLESS:
        raise PromptError(f"{label}: {seat.id} rules on what others raised and cannot be replaced: choose another id.")
    return seat


def _template(label: str, text: str) -> Template:
    template = template_from(label, text)
    if template.kind not in RULES and not template.paths:
        known = ", ".join(RULES)
        raise PromptError(
            f"{label}: nothing would tell a change of the kind {template.kind}: name its files under `paths`, or "
            f"take one of {known}."
        )
    return template


_SEAT: _Sort[Seat] = _Sort(
    "seat", _seat, lambda one: one.id, lambda: {one.id: one.name for one in load_prompts().seats.values()}
)
_TEMPLATE: _Sort[Template] = _Sort(
    "template",
    _template,
    lambda one: one.kind,
    lambda: {one.kind: one.name for one in load_prompts().templates.values()},
)


def _version(ones: Iterable[Seat | Template]) -> str:
    """By content and in order, without where the files lie: the same on every machine."""
    texts = [repr(one) for one in ones]
    return hashlib.sha256("\0".join(texts).encode("utf-8", "replace")).hexdigest()[:16] if texts else ""
