"""The catalogue against the emulator's own table, which was written from the documentation apart from it."""

from __future__ import annotations

from datetime import date

import pytest

from rebuttal.budget.prices import PriceBook, cache_minimum
from rebuttal.settings import Settings
from rebuttal.speakers.catalogue import ALIASES, MODELS, ModelFacts, UnknownModel, facts, nears_its_end
from rebuttal.speakers.roster import Roster
from rebuttal.store.model import Tokens
from tests.emulator import models as service
from tests.emulator.reply import Usage


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.id)
def test_catalogue_and_service_say_the_same_of_a_model(model: ModelFacts) -> None:
    row = service.find(model.id)
    assert set(row.thinking) == model.thinking
    assert row.thinks_by_default == model.thinks_by_default
    assert row.effort == model.efforts
    assert model.default_effort == (row.default_effort if row.effort else None)
    assert row.min_cache == model.minimum_cacheable == cache_minimum(model.id)
    assert (row.context, row.max_output) == (model.context, model.max_output)
    assert row.old_tokenizer == model.older_tokenizer
    assert (row.long_price is not None) == (model.price_step is not None)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("size", [10, 90_000, 100_000, 100_001, 150_000])
def test_our_prices_are_the_service_s(model: str, size: int) -> None:
    usage = Usage(input=7, write_5m=size - 10, write_1h=0, read=3, output=1234)
    tokens = Tokens(input=7, cache_write=size - 10, cache_read=3, output=1234)
    assert PriceBook().price(model, tokens) == usage.price(service.find(model))


@pytest.mark.parametrize(("alias", "model"), ALIASES.items())
def test_an_alias_means_a_current_model(alias: str, model: str) -> None:
    assert facts(alias).id == model


@pytest.mark.parametrize(
    ("name", "near", "word"),
    [
        ("claude-3-opus-20240229", "claude-opus-5-5", "retired"),
        ("claude-3-5-haiku-latest", "claude-haiku-5-5", "retired"),
        ("claude-opus-4-1", "claude-opus-5-5", "retired"),
        ("claude-sonnet-4-20250514", "claude-sonnet-5-5", "retired"),
        ("claude-2.1", "claude-sonnet-5-5", "retired"),
        ("claude-sonnet-4-5-20250929", "claude-sonnet-5-5", "retires on 2026-11-30"),
        ("claude-opus-5-5-20260922", "claude-opus-5-5", "no dated one"),
        ("claude-sonnet-5-5-latest", "claude-sonnet-5-5", "no dated one"),
        ("claude-opus-48", "claude-opus-4-8", "did you mean"),
        ("claude-haiku-5.5", "claude-haiku-5-5", "did you mean"),
        ("Sonnet", "claude-sonnet-5-5", "did you mean"),
        ("gpt-9", "claude-sonnet-5-5", "did you mean"),
    ],
)
def test_a_model_that_is_gone_or_never_was_is_answered_with_the_nearest(name: str, near: str, word: str) -> None:
    with pytest.raises(UnknownModel) as caught:
        facts(name)
    assert caught.value.nearest == near
    assert near in str(caught.value)
    assert word in str(caught.value)


@pytest.mark.parametrize(
    ("model", "today", "says"),
    [
        (
            "claude-haiku-4-5",
            date(2026, 11, 22),
            "claude-haiku-4-5 may be retired any day now: move to claude-haiku-5-5",
        ),
        ("claude-sonnet-4-6", date(2026, 12, 19), "may be retired from 2027-02-17 on: move to claude-sonnet-5-5"),
        ("claude-sonnet-4-6", date(2026, 12, 18), None),
        ("claude-sonnet-5-5", date(2030, 1, 1), None),
    ],
)
def test_a_model_near_its_end_is_told_of_sixty_days_before(model: str, today: date, says: str | None) -> None:
    told = nears_its_end(facts(model), today)
    assert told is None if says is None else told is not None and says in told


def test_the_roster_takes_ids_and_aliases() -> None:
    roster = Roster.of(Settings(model_sonnet="opus", model_opus="claude-fable-5-2"))
    assert [roster.model(tier).id for tier in ("haiku", "sonnet", "opus")] == [
        "claude-haiku-5-5",
        "claude-opus-5-5",
        "claude-fable-5-2",
    ]
    assert roster.id("sonnet") == "claude-opus-5-5"
