"""The case studies of what a review costs: what they are made of, how they count, what a switched-off mechanism is."""

from __future__ import annotations

import os
from decimal import Decimal

import pytest

from bench.__main__ import replaced
from bench.cost.growing import LANGUAGES, grow
from bench.cost.harness import Ready, ready, settings_of
from bench.cost.mechanisms import MECHANISMS, Mechanism
from bench.cost.report import unequal
from bench.cost.study import STUDIES, Study, load_study
from bench.cost.ways import Reviewed, after, before, everybody, ours, single, unoptimised, whole_files
from rebuttal.budget.prices import PriceBook
from rebuttal.settings import Settings
from rebuttal.store.model import Tokens
from rebuttal.text.languages import language_of
from rebuttal.text.parsing import Parser
from rebuttal.text.symbols import symbols_of

SMALL = 6_000
"""Lines of the repositories here: hardly more than the changed files."""


@pytest.fixture(scope="module")
def shop() -> Ready:
    return ready(load_study("shop", SMALL), dict(os.environ))


@pytest.fixture(scope="module")
def usual(shop: Ready) -> Reviewed:
    settings = settings_of("balanced", "crossfire")
    return ours(shop, shop.brief(settings), settings)


def without(name: str) -> Mechanism:
    return next(one for one in MECHANISMS if one.name.startswith(name))


def held(shop: Ready, name: str, protocol: str = "crossfire") -> Reviewed:
    settings = settings_of("balanced", protocol)
    return without(name).run(shop, shop.brief(settings), settings, 1.0)


# --- studies ---


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_is_the_same_bytes_each_time(name: str) -> None:
    assert load_study(name, SMALL) == load_study(name, SMALL)


def test_the_repository_is_as_large_as_the_seeds_and_of_several_languages() -> None:
    study = load_study("shop")
    assert 50_000 <= study.lines <= 51_000
    assert len(study.changed) == 15
    assert len(study.planted) == 23
    assert len({one.path.rpartition(".")[2] for one in study.case.files}) >= 5


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_grown_is_code_with_symbols(language: str) -> None:
    path = f"folder/stock_item{LANGUAGES[language].suffix}"
    text = grow(path, language, "stock_item", 120).text
    assert 110 <= text.count("\n") <= 150
    assert "@" not in text.replace("@Transactional", "")
    known = language_of(path)
    if known is not None and language != "sql":
        assert len(symbols_of(text, known, Parser())) >= 5


def test_only_the_change_holds_what_is_planted() -> None:
    study: Study = load_study("payments", SMALL)
    for one in study.said:
        file = study.case.file(one.file)
        assert file is not None
        assert one.quote in (file.new or "")
        assert one.quote not in (file.base or "")


# --- baselines ---


def test_every_way_comes_to_what_was_planted(shop: Ready, usual: Reviewed) -> None:
    settings = settings_of("balanced", "crossfire")
    asked = shop.brief(settings)
    rows = {
        "crossfire": usual,
        "before": everybody(shop, asked, before(shop, asked), settings),
        "nothing merged": everybody(shop, asked, before(shop, asked, merged=False), settings),
        "after": everybody(shop, asked, after(shop), settings),
        "plain": everybody(shop, asked, unoptimised(shop, asked), settings),
        "one call": single(shop, asked, whole_files(shop), settings),
    }
    assert unequal(shop, rows) == []


def test_the_seeds_before_is_billed_for_the_whole_context_of_every_turn(shop: Ready) -> None:
    settings = settings_of("balanced", "crossfire")
    asked = shop.brief(settings)
    spent = everybody(shop, asked, before(shop, asked), settings).spent
    assert spent.cost.calls == len(shop.study.seats) * shop.study.rounds + 1
    assert {record.model for record in spent.records} == {settings.model_opus}
    whole = whole_files(shop)
    assert all(record.body["messages"][0]["content"][0]["text"] == whole for record in spent.records)
    assert (spent.tokens.cache_write, spent.tokens.cache_read) == (0, 0)
    book = PriceBook.of(settings)
    bills = [Tokens(input=one.usage.input, output=one.usage.output) for one in spent.records if one.usage]
    assert spent.cost.spent == sum((book.price(settings.model_opus, one) for one in bills), Decimal(0))
    opened = len(shop.study.seats)
    asks = [len(record.body["messages"][0]["content"][1]["text"]) for record in spent.records]
    assert max(asks[opened : 2 * opened]) < min(asks[2 * opened : 3 * opened]) < min(asks[3 * opened : 4 * opened])


def test_seats_that_speak_one_after_the_other_take_longer_and_find_the_same(shop: Ready) -> None:
    settings = settings_of("balanced", "crossfire")
    asked = shop.brief(settings)
    together = everybody(shop, asked, before(shop, asked), settings)
    in_turn = everybody(shop, asked, before(shop, asked, in_turn=True), settings)
    assert in_turn.found == together.found
    assert in_turn.spent.seconds > 3 * together.spent.seconds
    assert in_turn.spent.all_tokens > together.spent.all_tokens


def test_what_is_not_shown_is_not_found(shop: Ready) -> None:
    settings = settings_of("balanced", "crossfire")
    blind = single(shop, shop.brief(settings), "nothing of the change", settings)
    assert blind.found == frozenset()


def test_answers_of_half_the_length_cost_half(shop: Ready) -> None:
    settings = settings_of("balanced", "crossfire")
    asked = shop.brief(settings)
    whole, half = (single(shop, asked, asked.shared, settings, length).spent.tokens for length in (1.0, 0.5))
    assert half.output == whole.output // 2
    assert half.input == whole.input


# --- mechanisms ---


def test_without_the_prompt_cache_nothing_is_written_or_read(shop: Ready, usual: Reviewed) -> None:
    assert usual.spent.tokens.cache_read > 0
    tokens = held(shop, "prompt cache").spent.tokens
    assert (tokens.cache_write, tokens.cache_read) == (0, 0)


def test_where_all_begin_at_once_all_write(shop: Ready, usual: Reviewed) -> None:
    assert held(shop, "first call").spent.tokens.cache_write > 3 * usual.spent.tokens.cache_write


def test_without_a_choice_of_models_only_opus_is_asked(shop: Ready, usual: Reviewed) -> None:
    assert {record.model for record in usual.spent.records} != {Settings().model_opus}
    assert {record.model for record in held(shop, "choice of models").spent.records} == {Settings().model_opus}


def test_without_selection_the_files_are_sent_in_whole(shop: Ready) -> None:
    (first, *_) = held(shop, "context selection").spent.records
    assert first.body["messages"][0]["content"][0]["text"] == whole_files(shop)


def test_without_batches_every_claim_has_a_call(shop: Ready, usual: Reviewed) -> None:
    def asked(one: Reviewed) -> list[int]:
        records = [record for record in one.spent.records if record.phase == "cross_examination"]
        return [record.body["messages"][0]["content"][-1]["text"].count('source="claim"') for record in records]

    assert max(asked(usual)) > 1
    assert set(asked(held(shop, "several claims"))) == {1}


def test_without_early_stop_every_claim_is_argued_about_in_every_round(shop: Ready, usual: Reviewed) -> None:
    claims = len(shop.study.said)
    argued = [record for record in held(shop, "early stop: ").spent.records if record.phase == "rebuttal"]
    assert len(argued) == claims * (shop.study.rounds - 2)
    assert len([record for record in usual.spent.records if record.phase == "rebuttal"]) < claims


def test_without_sparse_neighbours_more_is_read(shop: Ready) -> None:
    settings = settings_of("balanced", "council")
    sparse = ours(shop, shop.brief(settings), settings)
    assert held(shop, "sparse", "council").spent.all_tokens > sparse.spent.all_tokens


def test_a_mechanism_is_on_again_after_it_was_off(shop: Ready, usual: Reviewed) -> None:
    for name in ("early stop: ", "several claims", "first call", "merging"):
        held(shop, name)
    settings = settings_of("balanced", "crossfire")
    again = ours(shop, shop.brief(settings), settings)
    assert again.spent.cost == usual.spent.cost
    assert again.spent.seconds == usual.spent.seconds


# --- results ---


def test_a_section_takes_the_place_of_the_one_with_its_heading() -> None:
    results = "# Results\n\n## One\n\nold\n\n### Part\n\nold\n\n## Two\n\nkept\n"
    assert replaced(results, "## One\n\nnew\n") == "# Results\n\n## One\n\nnew\n\n## Two\n\nkept\n"
    assert replaced(results, "## Three\n\nnew\n").endswith("kept\n\n## Three\n\nnew\n")
