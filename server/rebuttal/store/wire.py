"""What is counted, as every JSON document writes it (docs/schemas)."""

from __future__ import annotations

from typing import Any

from rebuttal.store.model import CacheSum, Tokens
from rebuttal.store.money import exact


def tokens_to_json(tokens: Tokens) -> dict[str, int]:
    """The four kinds, which never overlap."""
    return {
        "input": tokens.input,
        "cache_write": tokens.cache_write,
        "cache_read": tokens.cache_read,
        "output": tokens.output,
    }


def cache_to_json(cache: CacheSum) -> dict[str, Any]:
    """What the prompt cache did; `saved` in US dollars, a decimal string."""
    return {
        "expected": cache.expected,
        "read": cache.read,
        "rate": None if cache.rate is None else round(cache.rate, 4),
        "saved": exact(cache.saved),
        "missed": dict(cache.missed),
    }
