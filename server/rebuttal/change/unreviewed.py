"""The texts of changed files that are not reviewed: never shown to anybody, but searched for secrets."""

from __future__ import annotations

from attrs import frozen

from rebuttal.change.model import Change, FileDiff, Hunk, Repository


@frozen
class Unreviewed:
    """Skipped files that are text, each as one hunk of all its lines, and how many there was no room for."""

    files: tuple[FileDiff, ...] = ()
    left_out: int = 0


def unreviewed(change: Change, repository: Repository, room: int) -> Unreviewed:
    """Reads skipped files up to `room` characters in all. Binary, over-large and vanished ones are none."""
    reviewed = {diff.path for diff in change.files}
    names = sorted({one.file for one in change.skipped} - reviewed)
    files: list[FileDiff] = []
    for place, name in enumerate(names):
        if room <= 0:
            return Unreviewed(tuple(files), len(names) - place)
        new, old = repository.new.read(name), repository.old.read(name)
        if new is not None or old is not None:
            room -= len(new or "") + len(old or "")
            files.append(_diff(name, old, new))
    return Unreviewed(tuple(files))


def _diff(path: str, old: str | None, new: str | None) -> FileDiff:
    hunk = Hunk(0, _lines(old), 0, _lines(new))
    return FileDiff(path, "deleted" if new is None else "added" if old is None else "modified", old, new, (hunk,))


def _lines(text: str | None) -> int:
    if not text:
        return 0
    return text.count("\n") + (not text.endswith("\n"))
