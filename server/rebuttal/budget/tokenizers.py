"""From a base count to what a model is expected to count: a factor for each generation of tokenizer, assumed until
real replies say better. Pure.

What a model counts for a prompt is taken as a line: `factor` x base count + `overhead`. The overhead is what the API
adds that does not grow with the text: its framing, and its prompt for the output schema. The line is fitted by least
squares to the relative error (a long prompt and a short one weigh the same), held to a starting point: a generation to
the assumed line, a model to its generation's. So one reply already moves it, and no threshold decides when it is
believed.

The expectation never sets money aside: that is for bytes, or the API's own count.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

from attrs import evolve, field, frozen

from rebuttal.store.token_usage import UsageSums
from rebuttal.text.tokens import NEWER_FACTOR, OLDER_FACTOR, Generation, generation

ASSUMED_OVERHEAD = 700
"""Tokens. For a structured answer the API adds a short system prompt (platform.claude.com, structured outputs) and
publishes no figure; our schema alone is 900 base tokens. Assumed to lie between the two."""
LEAST_BASE = 500
"""Base tokens of a prompt from which it is learned from: below, the overhead is most of it."""
_NOISE = 0.12
"""Of what a model counts over the base count: how far calls of one model lie apart because their text differs."""
_ASSUMED_WITHIN = (0.3, 0.5)
"""How sure the assumed line is (standard deviation): the factor, and the overhead in thousands."""
_MODEL_WITHIN = (0.06, 0.15)
"""How far a model is thought to lie from its generation."""
_MOST_OVERHEAD = 4000
_ASSUMED: Mapping[Generation, float] = {"older": OLDER_FACTOR, "newer": NEWER_FACTOR}


@frozen
class Tokenizer:
    """What is known of one model's tokenizer."""

    factor: float
    """Tokens for each token of o200k_base."""
    overhead: int
    """Tokens of a call that our text does not hold."""
    calls: int = 0
    """Of the model or, where it has none, of its generation: what the line was learned from; 0: assumed."""

    def expected(self, base: int, most: int) -> int:
        """Tokens that a text of so many base tokens is expected to take, without what the API adds to the call.

        `most`: the bound of the text (`text.tokens.bound_tokens`), which the factor passes where a token of the base
        encoding holds hardly more than a byte (base64).
        """
        return min(ceil(base * self.factor), most)

    @property
    def words(self) -> str:
        """For people."""
        learned = f"learned from {self.calls} {'call' if self.calls == 1 else 'calls'}" if self.calls else "assumed"
        return f"{self.factor:.2f} x o200k + {self.overhead} a call ({learned})"


@frozen
class Tokenizers:
    """All models' tokenizers, from what the store has of their calls."""

    sums: Mapping[str, UsageSums] = field(factory=dict)

    def of(self, model: str) -> Tokenizer:
        """The model's tokenizer, or that of its generation, or what is assumed of that."""
        kind = generation(model)
        assumed = Tokenizer(_ASSUMED[kind], ASSUMED_OVERHEAD)
        together = sum((sums for name, sums in self.sums.items() if generation(name) == kind), UsageSums())
        shared = _bounded(_fit(together, assumed, _ASSUMED_WITHIN), _ASSUMED[kind])
        own = self.sums.get(model)
        return _bounded(_fit(own, shared, _MODEL_WITHIN), _ASSUMED[kind]) if own is not None else shared


def described(known: Mapping[str, Tokenizer]) -> tuple[str, ...]:
    """For people: a line for each tokenizer, with the models that have it."""
    models: dict[Tokenizer, list[str]] = {}
    for model, tokenizer in known.items():
        models.setdefault(tokenizer, []).append(model)
    return tuple(f"{tokenizer.words} for {', '.join(names)}" for tokenizer, names in models.items())


def is_plausible(base: int, counted: int, model: str) -> bool:
    """Whether a reply's usage can be learned from: some endpoints count by another rule, or leave the cache out."""
    if base < LEAST_BASE:
        return False
    assumed = _ASSUMED[generation(model)]
    return base * assumed / 2 <= counted <= base * assumed * 2 + _MOST_OVERHEAD


def _fit(sums: UsageSums, start: Tokenizer, within: tuple[float, float]) -> Tokenizer:
    """The least-squares line for `ratio = factor + overhead/1000 x inverse`, held to `start` as if that had been seen
    in (noise / within)^2 calls."""
    if not sums.calls:
        return start
    hold_factor, hold_overhead = ((_NOISE / one) ** 2 for one in within)
    a = sums.weight + hold_factor
    b = sums.inverse
    d = sums.inverse_squared + hold_overhead
    right = sums.ratio + hold_factor * start.factor
    below = sums.ratio_inverse + hold_overhead * start.overhead / 1000
    determinant = a * d - b * b
    factor = (d * right - b * below) / determinant
    overhead = (a * below - b * right) / determinant
    return Tokenizer(factor, round(overhead * 1000), sums.calls)


def _bounded(fitted: Tokenizer, assumed: float) -> Tokenizer:
    return evolve(
        fitted,
        factor=min(max(fitted.factor, assumed / 2), assumed * 2),
        overhead=min(max(fitted.overhead, 0), _MOST_OVERHEAD),
    )
