"""All rules of the static panel but ruff's: what speaks, for whom, and why (docs/static-panel.md tells users)."""

from __future__ import annotations

from attrs import frozen

from rebuttal.evidence.impact import kinds
from rebuttal.evidence.rules import Rule
from rebuttal.evidence.steering import blanket, gates, hidden, strictness
from rebuttal.evidence.structure import debug, guards, swallowed
from rebuttal.evidence.structure import tests as removed_tests
from rebuttal.evidence.upkeep import checks as upkeep

_GROUPS: tuple[tuple[Rule, ...], ...] = (
    kinds.RULES,
    upkeep.RULES,
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
OFF = frozenset(rule.id for rule in RULES.values() if not rule.on)


@frozen
class Wanted:
    """Which rules the user wants to hear: ids, or groups of them (`upkeep` for all of `upkeep:...`)."""

    on: tuple[str, ...] = ()
    """Of those that are off by default."""
    off: tuple[str, ...] = ()

    def hears(self, rule: str) -> bool:
        """Whether a rule speaks; what is named as off does not, even if it is named as on too."""
        names = (rule, rule.partition(":")[0])
        if any(name in self.off for name in names):
            return False
        return rule not in OFF or any(name in self.on for name in names)


USUAL = Wanted()
