"""The checks of this room, one module per kind, and their rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rebuttal.evidence.model import Fact, Material
from rebuttal.evidence.rules import Rule
from rebuttal.evidence.upkeep import complexity, duplicate, migration, todo, undocumented, untested

RULES: tuple[Rule, ...] = (
    *complexity.RULES,
    *duplicate.RULES,
    *migration.RULES,
    *todo.RULES,
    *undocumented.RULES,
    *untested.RULES,
)
CHECKS: tuple[tuple[str, Callable[[Material], Iterable[Fact]]], ...] = (
    ("complexity", complexity.check),
    ("duplicates", duplicate.check),
    ("migrations", migration.check),
    ("notes", todo.check),
    ("documentation", undocumented.check),
    ("tests", untested.check),
)
