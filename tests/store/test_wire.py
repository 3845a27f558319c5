from __future__ import annotations

from decimal import Decimal

from rebuttal.store.model import NO_CACHE_SUM, CacheSum, Tokens
from rebuttal.store.wire import cache_to_json, tokens_to_json


def test_tokens_are_written_as_the_four_kinds_that_never_overlap() -> None:
    written = tokens_to_json(Tokens(1, 2, 3, 4, cache_write_1h=2))

    assert written == {"input": 1, "cache_write": 2, "cache_read": 3, "output": 4}


def test_the_cache_is_written_with_its_rate_and_money_as_text() -> None:
    written = cache_to_json(CacheSum(3, 2, Decimal("0.0100"), {"lost": 1}))

    assert written == {"expected": 3, "read": 2, "rate": 0.6667, "saved": "0.01", "missed": {"lost": 1}}


def test_no_rate_is_told_where_nothing_was_expected_of_the_cache() -> None:
    assert cache_to_json(NO_CACHE_SUM)["rate"] is None
