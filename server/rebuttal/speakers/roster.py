"""Who speaks for a tier."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from rebuttal.debate.model import Tier
from rebuttal.settings import ModelNote, Settings
from rebuttal.speakers.catalogue import ALIASES, ModelFacts, UnknownModel
from rebuttal.speakers.endpoints.models import model_at


@frozen
class Roster:
    """The model of each tier, as the endpoint has it."""

    models: Mapping[Tier, str]
    endpoint: str = "anthropic"
    notes: Mapping[str, ModelNote] = field(factory=dict, hash=False)
    """What the user says of models, by the names in `models`."""

    @classmethod
    def of(cls, settings: Settings) -> Roster:
        models: dict[Tier, str] = {
            "haiku": settings.model_haiku,
            "sonnet": settings.model_sonnet,
            "opus": settings.model_opus,
        }
        return cls(models, settings.endpoint, settings.models)

    def name(self, tier: Tier) -> str:
        """As the user wrote it: an id or an alias."""
        return self.models[tier]

    def model(self, tier: Tier) -> ModelFacts:
        """Raises UnknownModel."""
        name = self.models[tier]
        return model_at(self.endpoint, name, self.notes.get(name))

    def id(self, tier: Tier) -> str:
        """The model's id; one that is not known stays as the user wrote it. For estimates and reports."""
        try:
            return self.model(tier).id
        except UnknownModel:
            return ALIASES.get(self.models[tier], self.models[tier])

    def known(self) -> tuple[ModelFacts, ...]:
        """The models of all tiers that are known, each once."""
        found: dict[str, ModelFacts] = {}
        for tier in self.models:
            try:
                found.setdefault(self.id(tier), self.model(tier))
            except UnknownModel:
                continue
        return tuple(found.values())

    def names(self) -> tuple[str, ...]:
        """What requests call the models of all tiers, each once; one that is not known as the user wrote it."""
        called = {model.id: model.name for model in self.known()}
        return tuple(dict.fromkeys(called.get(self.id(tier), self.models[tier]) for tier in self.models))
