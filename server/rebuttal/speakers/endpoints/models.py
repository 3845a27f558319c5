"""What an endpoint calls a model, and what is known of a model by the name that the user gave."""

from __future__ import annotations

import re

from attrs import evolve

from rebuttal.settings import ModelNote, plain_model
from rebuttal.speakers.catalogue import ALIASES, MODELS, ModelFacts, UnknownModel, facts

UNKNOWN_OUTPUT = 8192
"""Tokens of an answer of a model that nothing is known of: a statement takes half of it, and many local servers hold
prompt and answer in a window not much larger."""
OF_CONTEXT = 4
"""Of a context that the user names, an answer has at most this part, for the prompt needs the rest."""
NEVER = 1 << 30
"""Tokens."""
_LEGACY = re.compile(r"^(?:us|eu|apac|jp|au|ca|global|regional)\.|-v\d+(?::\d+)?$|^arn:")
_VERTEX_NAMES = {"claude-haiku-4-5": "claude-haiku-4-5@20251001"}


def model_at(endpoint: str, name: str, note: ModelNote | None = None) -> ModelFacts:
    """What the model takes that the user calls `name` at an endpoint, and how a request names it there.

    `note` is what the user's config says of the name. Raises UnknownModel.
    """
    if note is not None:
        return _noted(endpoint, name, note)
    match endpoint:
        case "bedrock":
            return _on_bedrock(name)
        case "vertex":
            row = _known(name)
            called = name if "@" in name else _VERTEX_NAMES.get(row.id, row.id)
            return evolve(row, called=called)
        case "foundry":
            return evolve(_deployment(name), called=ALIASES.get(name, name))
        case "compatible":
            return _compatible(name)
    return facts(name)


def unknown_model(name: str) -> ModelFacts:
    """Of a model that no table knows: nothing is asked of it that it might refuse, and nothing is kept in a cache."""
    return ModelFacts(
        name,
        "other",
        thinking=frozenset(),
        thinks_by_default=False,
        efforts=(),
        default_effort=None,
        minimum_cacheable=NEVER,
        max_output=UNKNOWN_OUTPUT,
    )


def _noted(endpoint: str, name: str, note: ModelNote) -> ModelFacts:
    row = facts(note.like) if note.like else unknown_model(name)
    # A cloud's deployment IS the model that it is like; elsewhere only what the model takes is alike, not its price.
    same = endpoint in ("bedrock", "vertex", "foundry") and note.like is not None
    return evolve(
        row,
        id=row.id if same else name,
        called=name,
        context=note.context or row.context,
        max_output=note.max_output or min(row.max_output, (note.context or row.context) // OF_CONTEXT),
    )


def _on_bedrock(name: str) -> ModelFacts:
    row = _known(name)
    if _LEGACY.search(name):
        raise UnknownModel(f"{name} is an id of Bedrock's older API: use anthropic.{row.id} instead", row.id)
    return evolve(row, called=name if name.startswith("anthropic.") else f"anthropic.{row.id}")


def _deployment(name: str) -> ModelFacts:
    try:
        return _known(name)
    except UnknownModel as error:
        said = f'which model the deployment {name} is must be said: as [models."{name}"] with like in your config.toml'
        raise UnknownModel(said, error.nearest) from None


def _known(name: str) -> ModelFacts:
    """By the id that the name holds. Raises UnknownModel."""
    plain = plain_model(name)
    return MODELS[plain] if plain is not None and plain in MODELS else facts(name)


def _compatible(name: str) -> ModelFacts:
    """A server names its models as it likes: "sonnet" may be anything there, a name that holds an id hardly is."""
    plain = plain_model(name)
    row = MODELS.get(plain) if plain is not None else None
    return evolve(row, id=name) if row is not None else unknown_model(name)
