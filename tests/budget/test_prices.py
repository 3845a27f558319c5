from __future__ import annotations

import socket
import subprocess
import sys
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebuttal.budget.model import UnknownPrice
from rebuttal.budget.prices import PROMPT_MARGIN, PriceBook, cache_minimum, prices_age
from rebuttal.settings import ModelPrice
from rebuttal.store.model import Tokens

# Dollars per million tokens: input, output, cache write for 5 minutes, for an hour, cache read.
# Source: platform.claude.com, model overviews and pricing, as of 22 November 2026; typed here by hand, so that a wrong
# update of the price library is seen.
PUBLISHED = {
    "claude-fable-5-2": ("8", "40", "10", "16", "0.20"),
    "claude-fable-5-1": ("10", "50", "12.5", "20", "0.25"),
    "claude-opus-5-5": ("4", "20", "5", "8", "0.20"),
    "claude-opus-5": ("5", "25", "6.25", "10", "0.50"),
    "claude-sonnet-5-5": ("2", "10", "2.5", "4", "0.10"),
    "claude-sonnet-5": ("2", "10", "2.5", "4", "0.20"),
    "claude-haiku-5-5": ("0.10", "0.50", "0.125", "0.20", "0.01"),
    "claude-haiku-4-5": ("1", "5", "1.25", "2", "0.10"),
    "claude-haiku-4-5-20251001": ("1", "5", "1.25", "2", "0.10"),
    "claude-sonnet-4-6": ("3", "15", "3.75", "6", "0.30"),
    "claude-opus-4-8": ("5", "25", "6.25", "10", "0.50"),
}
HAIKU_ABOVE_100K = ("0.50", "2.50", "0.625", "1.00", "0.05")

counts = st.integers(0, 2_000_000)
models = st.sampled_from(sorted(PUBLISHED))


def _by_hand(model: str, tokens: Tokens) -> Decimal:
    prices = PUBLISHED[model]
    if model == "claude-haiku-5-5" and tokens.prompt > 100_000:
        prices = HAIKU_ABOVE_100K
    plain, output, write, write_1h, read = (Decimal(price) for price in prices)
    return (
        plain * tokens.input
        + output * tokens.output
        + write * (tokens.cache_write - tokens.cache_write_1h)
        + write_1h * tokens.cache_write_1h
        + read * tokens.cache_read
    ) / 10**6


@st.composite
def used(draw: st.DrawFn) -> Tokens:
    write = draw(counts)
    return Tokens(draw(counts), write, draw(counts), draw(counts), draw(st.integers(0, write)))


@given(models, used())
def test_prices_are_the_published_ones(model: str, tokens: Tokens) -> None:
    assert PriceBook().price(model, tokens) == _by_hand(model, tokens)


def test_a_prompt_above_the_step_reprices_every_token() -> None:
    book = PriceBook()
    at = Tokens(input=40_000, cache_write=30_000, cache_read=30_000, output=1_000)
    above = Tokens(input=40_001, cache_write=30_000, cache_read=30_000, output=1_000)
    assert book.price("claude-haiku-5-5", at) == Decimal("0.00855")
    assert book.price("claude-haiku-5-5", above) == 5 * book.price("claude-haiku-5-5", at) + Decimal("0.0000005")


@given(models, st.integers(1, 400_000), st.integers(0, 128_000), st.data())
def test_no_call_within_the_bounds_costs_more_than_its_worst_case(
    model: str, prompt_bytes: int, max_tokens: int, data: st.DataObject
) -> None:
    parts = sorted(data.draw(st.lists(st.integers(0, prompt_bytes), min_size=2, max_size=2)))
    tokens = Tokens(
        input=parts[0],
        cache_write=parts[1] - parts[0],
        cache_read=prompt_bytes - parts[1],
        output=data.draw(st.integers(0, max_tokens)),
    )
    book = PriceBook()
    assert book.price(model, tokens) <= book.worst_case(model, prompt_bytes, max_tokens)


def test_the_worst_case_is_a_cache_write_at_the_dearer_step() -> None:
    book = PriceBook()
    below, above = 100_000 - PROMPT_MARGIN, 100_001 - PROMPT_MARGIN
    assert book.worst_case("claude-haiku-5-5", below, 1_000) == Decimal("0.0130")
    assert book.worst_case("claude-haiku-5-5", above, 1_000) == Decimal("0.065000625")
    assert book.worst_case("claude-opus-5-5", below, 0, for_an_hour=True) == Decimal("0.8")


@pytest.mark.parametrize("model", ["claude-opus-6", "claude-sonnet-5-7", "gpt-5", "llama3.3", ""])
def test_a_model_without_a_price_is_refused_and_says_how_to_give_one(model: str) -> None:
    book = PriceBook()
    with pytest.raises(UnknownPrice, match=r"\[prices\.\".*config\.toml"):
        book.worst_case(model, 1, 1)
    assert not book.knows(model)


def test_the_users_own_price_wins_and_serves_unknown_models() -> None:
    own = ModelPrice(*(Decimal(price) for price in ("1", "2", "3", "4", "5")))
    book = PriceBook({"my-model": own, "claude-opus-5-5": own})
    tokens = Tokens(input=1, cache_write=10, cache_read=1_000, output=10_000, cache_write_1h=4)
    assert book.price("my-model", tokens) == Decimal(1 + 3 * 6 + 4 * 4 + 5_000 + 20_000) / 10**6
    assert book.price("claude-opus-5-5", tokens) == book.price("my-model", tokens)
    assert book.price("claude-opus-5", tokens) != book.price("my-model", tokens)
    assert book.knows("my-model")


def test_the_worst_case_holds_for_a_server_that_gives_no_discount_on_the_cache() -> None:
    own = ModelPrice(
        input=Decimal(3), output=Decimal(1), cache_write=Decimal(0), cache_write_1h=Decimal(0), cache_read=Decimal(9)
    )
    book = PriceBook({"local": own})
    assert book.worst_case("local", 1_000, 0) >= book.price("local", Tokens(cache_read=1_000))


def test_prices_never_ask_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("prices went to the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert PriceBook().price("claude-haiku-5-5", Tokens(input=1)) > 0


def test_the_price_library_is_not_loaded_before_a_price_is_asked_for() -> None:
    script = (
        "import sys, rebuttal.budget.purse, rebuttal.budget.estimate; from rebuttal.budget.prices import PriceBook;"
        "PriceBook(); assert not {'genai_prices', 'pydantic', 'httpx2'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_the_age_of_the_prices_is_known() -> None:
    age = prices_age(date(2027, 3, 1))
    assert date(2026, 11, 1) <= age.newest <= date(2027, 3, 1)
    assert age.days == (date(2027, 3, 1) - age.newest).days
    assert age.version


def test_a_price_change_that_is_still_to_come_does_not_make_the_prices_newer() -> None:
    assert prices_age(date(2026, 10, 20)).newest <= date(2026, 10, 20)


@pytest.mark.parametrize(
    ("model", "minimum"),
    [("claude-haiku-4-5-20251001", 4096), ("claude-haiku-5-5", 512), ("claude-sonnet-5", 1024), ("my-model", 512)],
)
def test_short_prefixes_are_not_cached(model: str, minimum: int) -> None:
    assert cache_minimum(model) == minimum
