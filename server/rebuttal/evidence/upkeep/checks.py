"""The checks of this room, one module per kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from rebuttal.evidence.model import Fact, Material
from rebuttal.evidence.upkeep import complexity, duplicate, undocumented, untested


def check_migrations(material: Material) -> Iterable[Fact]:
    """`upkeep:migration`, loaded where the repository or the change has a folder of migrations."""
    changed = (path for diff in material.change.files for path in (diff.path, diff.old_path or ""))
    if not (material.of_paths("upkeep:migrates", _migrates) or _migrates(changed)):
        return ()
    from rebuttal.evidence.upkeep import migration

    return migration.check(material)


def _migrates(paths: Iterable[str]) -> bool:
    return any("migrat" in path or "versions/" in path for path in paths)


def check_notes(material: Material) -> Iterable[Fact]:
    """`upkeep:todo`, loaded where a changed file has such a note."""
    if not any(_NOTE.search(diff.new_text or "") for diff in material.files):
        return ()
    from rebuttal.evidence.upkeep import todo

    return todo.check(material)


_NOTE = re.compile("todo|fixme", re.IGNORECASE)
CHECKS: tuple[tuple[str, Callable[[Material], Iterable[Fact]]], ...] = (
    ("complexity", complexity.check),
    ("duplicates", duplicate.check),
    ("migrations", check_migrations),
    ("notes", check_notes),
    ("documentation", undocumented.check),
    ("tests", untested.check),
)
