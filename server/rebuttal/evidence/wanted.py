"""Which rules of the static panel speak, told without loading them all: most changes need few."""

from __future__ import annotations

from attrs import frozen

OFF = frozenset({"structure:check-removed", "structure:test-removed", "upkeep:copied-name"})
"""Rules that only speak where they are asked for, as they declare themselves (tests/evidence/test_catalogue.py)."""


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
