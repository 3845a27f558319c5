"""What models count: assumed to start, learned from replies, bounded. The figures here are simulated."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from rebuttal.budget.tokenizers import ASSUMED_OVERHEAD, LEAST_BASE, Tokenizers, is_plausible
from rebuttal.store.database import Database
from rebuttal.store.token_usage import TokenUsage
from rebuttal.text.tokens import NEWER_FACTOR, OLDER_FACTOR

SONNET, HAIKU, OPUS, OLD = "claude-sonnet-5-5", "claude-haiku-5-5", "claude-opus-5-5", "claude-haiku-4-5"


@pytest.fixture
def usage(tmp_path: Path) -> Iterator[TokenUsage]:
    with Database.open(tmp_path / "store.db") as database:
        yield TokenUsage(database)


def prompts(count: int, seed: int = 1) -> list[int]:
    """Base counts of the prompts of reviews: from a claim in dispute to a large change."""
    draw = random.Random(seed)
    return [round(10 ** draw.uniform(3, 4.6)) for _ in range(count)]


def counted(base: int, factor: float, overhead: int, draw: random.Random) -> int:
    """As a model whose count differs by text would."""
    return round(base * factor * draw.gauss(1, 0.06)) + overhead


def test_without_replies_the_generation_s_factor_is_assumed() -> None:
    known = Tokenizers()
    assert known.of(SONNET).factor == NEWER_FACTOR
    assert known.of(OLD).factor == OLDER_FACTOR
    assert known.of("a-model-of-my-own").factor == NEWER_FACTOR
    assert known.of(SONNET).overhead == ASSUMED_OVERHEAD
    assert known.of(SONNET).words == "1.56 x o200k + 700 a call (assumed)"


@pytest.mark.parametrize("factor", [1.1, 1.56, 2.2])
@pytest.mark.parametrize("overhead", [80, 1500])
async def test_ten_calls_bring_the_expectation_within_a_tenth(usage: TokenUsage, factor: float, overhead: int) -> None:
    draw = random.Random(7)
    for base in prompts(10):
        await usage.add(SONNET, base, counted(base, factor, overhead, draw))
    known = Tokenizers(await usage.sums()).of(SONNET)
    assert known.calls == 10
    for base in (1_000, 5_000, 30_000):
        assert known.expected(base, base * 4) + known.overhead == pytest.approx(base * factor + overhead, rel=0.10)


async def test_many_calls_tell_overhead_from_factor(usage: TokenUsage) -> None:
    draw = random.Random(7)
    for base in prompts(400):
        usage.add(SONNET, base, counted(base, 1.3, 1200, draw))
    known = Tokenizers(await usage.sums()).of(SONNET)
    assert known.factor == pytest.approx(1.3, rel=0.02)
    assert known.overhead == pytest.approx(1200, rel=0.1)


async def test_a_model_that_was_never_called_counts_as_its_generation_does(usage: TokenUsage) -> None:
    draw = random.Random(7)
    for base in prompts(30):
        await usage.add(SONNET, base, counted(base, 1.3, 300, draw))
    known = Tokenizers(await usage.sums())
    assert known.of(OPUS) == known.of(HAIKU)
    assert known.of(OPUS).factor == pytest.approx(1.3, rel=0.05)
    assert known.of(OLD).factor == OLDER_FACTOR


async def test_a_model_of_its_own_kind_departs_from_its_generation_with_its_calls(usage: TokenUsage) -> None:
    draw = random.Random(7)
    for base in prompts(100):
        await usage.add(SONNET, base, counted(base, 1.3, 300, draw))
        await usage.add(HAIKU, base, counted(base, 1.6, 300, draw))
    known = Tokenizers(await usage.sums())
    assert known.of(SONNET).factor == pytest.approx(1.3, rel=0.03)
    assert known.of(HAIKU).factor == pytest.approx(1.6, rel=0.03)
    assert 1.3 < known.of(OPUS).factor < 1.6


async def test_nothing_that_was_heard_leads_far_from_what_is_assumed(usage: TokenUsage) -> None:
    for base in (1, 600, 700):
        await usage.add(SONNET, base, 10**9)
    known = Tokenizers(await usage.sums()).of(SONNET)
    assert NEWER_FACTOR / 2 <= known.factor <= NEWER_FACTOR * 2
    assert 0 <= known.overhead <= 4000


def test_a_text_is_never_expected_to_take_more_tokens_than_it_has_bytes() -> None:
    assert Tokenizers().of(SONNET).expected(700, 1000) == 1000
    assert Tokenizers().of(SONNET).expected(100, 1000) == 156


@pytest.mark.parametrize(
    ("base", "told", "plausible"),
    [
        (10_000, 15_000, True),
        (10_000, 9_000, True),
        (10_000, 300, False),  # the cached part was not told
        (10_000, 100_000, False),
        (1_000, 3_500, True),  # overhead
        (LEAST_BASE - 1, 700, False),
    ],
)
def test_a_usage_by_another_rule_is_not_learned_from(base: int, told: int, plausible: bool) -> None:
    assert is_plausible(base, told, SONNET) is plausible
