"""What was dismissed stays so when its file is renamed.

An id holds the file's name, so that a renamed file's findings have new ones. Under each name that the file had, the
same code has the id that it had then: that is looked up among what was dismissed. A name may go to another file later:
what is dismissed there from then on says nothing about the one that was renamed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from attrs import evolve, frozen

from rebuttal.change.model import Change
from rebuttal.findings.identity import assign_ids
from rebuttal.findings.model import Finding

MOST_NAMES = 16
"""Former names of one file that are looked up."""

LATEST = datetime.max.replace(tzinfo=UTC)


@frozen
class Rename:
    """A file or a folder: as it was called and as it is called, root-relative with forward slashes."""

    old: str
    new: str
    at: datetime = LATEST
    """When it was, with its zone; at the latest, where the change under review tells of it."""


def renames_of(change: Change) -> tuple[Rename, ...]:
    """What the change itself renames, as git tells. A copy has a place of its own: nobody has judged it."""
    return tuple(Rename(one.old_path, one.path) for one in change.files if one.status == "renamed" and one.old_path)


def former_names(file: str, renames: Iterable[Rename]) -> Mapping[str, datetime]:
    """What a file may have been called, the nearest first, and until when; folders are renamed with all that is in
    them. Who took a name later than the file gave it up is another one."""
    known, until = sorted(renames, key=lambda one: one.at, reverse=True), {file: LATEST}
    names = [file]
    for name in names:
        for one in known:
            if one.at > until[name] or not (name == one.new or name.startswith(f"{one.new}/")):
                continue
            before = one.old + name[len(one.new) :]
            if before not in until and len(names) <= MOST_NAMES:
                names.append(before)
                until[before] = one.at
    return {name: until[name] for name in names[1:]}


def dismissed_before(
    findings: Iterable[Finding],
    symbol_of: Callable[[Finding], str],
    renames: Sequence[Rename],
    dismissed: Mapping[str, datetime],
) -> Mapping[str, str]:
    """Ids of findings that were dismissed while their file had another name, with the ids that they had then.

    `findings`: all that are numbered together (`assign_ids`), with their ids; `symbol_of` as there. `dismissed`: by id,
    when.
    """
    by_file: dict[str, list[Finding]] = defaultdict(list)
    for one in findings:
        by_file[one.file].append(one)
    found: dict[str, str] = {}
    for file, mine in by_file.items():
        for name, until in former_names(file, renames).items():
            for now, then in zip(mine, _called(name, file, mine, symbol_of), strict=True):
                if now.id not in dismissed and then.id in dismissed and dismissed[then.id] <= until:
                    found.setdefault(now.id, then.id)
    return found


def _called(
    name: str, file: str, findings: Iterable[Finding], symbol_of: Callable[[Finding], str]
) -> tuple[Finding, ...]:
    """The findings as they would be numbered if their file had that name."""
    return assign_ids((evolve(one, file=name) for one in findings), lambda one: symbol_of(evolve(one, file=file)))
