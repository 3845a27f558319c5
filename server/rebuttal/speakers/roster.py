"""Who speaks for a tier."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from rebuttal.debate.model import Tier
from rebuttal.settings import Settings
from rebuttal.speakers.catalogue import ALIASES, ModelFacts, facts


@frozen
class Roster:
    """The model of each tier."""

    models: Mapping[Tier, str]

    @classmethod
    def of(cls, settings: Settings) -> Roster:
        return cls({"haiku": settings.model_haiku, "sonnet": settings.model_sonnet, "opus": settings.model_opus})

    def name(self, tier: Tier) -> str:
        """As the user wrote it: an id or an alias."""
        return self.models[tier]

    def model(self, tier: Tier) -> ModelFacts:
        """Raises UnknownModel."""
        return facts(self.models[tier])

    def id(self, tier: Tier) -> str:
        """The model's id; one that is not known stays as the user wrote it. For estimates and reports."""
        return ALIASES.get(self.models[tier], self.models[tier])
