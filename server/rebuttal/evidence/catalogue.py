"""All rules of the static panel but ruff's: what speaks, for whom, and why (docs/static-panel.md tells users)."""

from __future__ import annotations

from rebuttal.evidence.impact import cases, declared, documents, exceptions, exports, overrides
from rebuttal.evidence.rules import Rule
from rebuttal.evidence.steering import blanket, gates, hidden, strictness
from rebuttal.evidence.structure import debug, guards, swallowed
from rebuttal.evidence.structure import tests as removed_tests
from rebuttal.evidence.upkeep import complexity, duplicate, migration, todo, undocumented, untested

_GROUPS: tuple[tuple[Rule, ...], ...] = (
    cases.RULES,
    overrides.RULES,
    declared.RULES,
    exceptions.RULES,
    exports.RULES,
    documents.RULES,
    complexity.RULES,
    duplicate.RULES,
    migration.RULES,
    todo.RULES,
    undocumented.RULES,
    untested.RULES,
    debug.RULES,
    swallowed.RULES,
    guards.RULES,
    removed_tests.RULES,
    blanket.RULES,
    gates.RULES,
    strictness.RULES,
    hidden.RULES,
)

RULES: dict[str, Rule] = {rule.id: rule for group in _GROUPS for rule in group}
"""By id."""
