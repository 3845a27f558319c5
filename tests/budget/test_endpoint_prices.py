"""What a call costs where it does not go to the Claude API."""

from __future__ import annotations

from decimal import Decimal

import pytest

from rebuttal.budget.model import UnknownPrice
from rebuttal.budget.prices import PriceBook
from rebuttal.settings import ModelPrice, Settings
from rebuttal.store.model import Tokens

TOKENS = Tokens(input=1_000_000)
LOCAL = Settings(endpoint="compatible", base_url="http://127.0.0.1:11434")
ELSEWHERE = Settings(endpoint="compatible", base_url="http://10.0.0.7:4000")
OWN = ModelPrice(Decimal(7), Decimal(8), Decimal(9), Decimal(10), Decimal(11))


@pytest.mark.parametrize(
    ("settings", "factor"),
    [
        (Settings(endpoint="bedrock", region="eu-west-1"), "1.1"),
        (Settings(endpoint="vertex", region="us-east5"), "1.1"),
        (Settings(endpoint="vertex"), "1.1"),
        (Settings(endpoint="vertex", region="global"), "1"),
        (Settings(endpoint="foundry", resource="mine"), "1"),
    ],
)
def test_an_endpoint_of_a_region_costs_a_tenth_more(settings: Settings, factor: str) -> None:
    plain = PriceBook().price("claude-opus-5-5", TOKENS)
    assert PriceBook.of(settings).price("claude-opus-5-5", TOKENS) == plain * Decimal(factor)


def test_a_model_on_this_machine_is_free_and_one_elsewhere_is_refused() -> None:
    assert PriceBook.of(LOCAL).price("qwen3-coder:30b", TOKENS) == 0
    assert PriceBook.of(LOCAL).worst_case("qwen3-coder:30b", 100_000, 8000) == 0
    with pytest.raises(UnknownPrice, match=r"config\.toml"):
        PriceBook.of(ELSEWHERE).price("qwen3-coder:30b", TOKENS)


def test_claude_behind_a_gateway_on_this_machine_is_not_free() -> None:
    assert PriceBook.of(LOCAL).price("anthropic/claude-opus-5-5", TOKENS) == 4


@pytest.mark.parametrize(
    "model", ["gpt-5.1", "openai/gpt-4o", "gemini-2.5-pro", "vertex_ai/gemini-2.5-flash", "grok-4"]
)
def test_a_paid_model_behind_a_gateway_on_this_machine_is_refused_until_it_has_a_price(model: str) -> None:
    with pytest.raises(UnknownPrice, match=rf'\[prices."{model}"\]'):
        PriceBook.of(LOCAL).price(model, TOKENS)
    assert PriceBook({model: OWN}, free=True).price(model, TOKENS) == 7


@pytest.mark.parametrize(
    "model",
    [
        "gpt-oss:20b",
        "openai/gpt-oss-120b",
        "google/gemma-3-27b-it",
        "gemma3:27b",
        "qwen3-coder:30b",
        "llama3.1",
        "mistral-small",
        "deepseek-r1:32b",
        "o",
        "default",
    ],
)
def test_models_that_anybody_may_run_are_free_on_this_machine(model: str) -> None:
    assert PriceBook.of(LOCAL).price(model, TOKENS) == 0


@pytest.mark.parametrize("settings", [LOCAL, ELSEWHERE])
def test_the_user_s_own_price_wins_everywhere(settings: Settings) -> None:
    book = PriceBook(prices := {"qwen3-coder:30b": OWN})
    assert book.price("qwen3-coder:30b", TOKENS) == 7
    assert PriceBook(prices, Decimal("1.1"), free=True).price("qwen3-coder:30b", TOKENS) == 7
    assert PriceBook.of(settings).price("claude-opus-5-5", TOKENS) == 4
