"""What a debate has to live on: caps, urgency and the step of a price, from settings to the calls that are made."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from attrs import evolve

from rebuttal.budget.tokenizers import Tokenizer, Tokenizers
from rebuttal.context.model import Context, Slice
from rebuttal.debate.model import Means
from rebuttal.debate.panel.choice import PanelChoice
from rebuttal.debate.prompts import load_prompts
from rebuttal.debate.selection import Selection
from rebuttal.evidence.model import Evidence
from rebuttal.review.assembly import brief
from rebuttal.review.means import (
    MARGIN,
    ROOM,
    cover_of,
    fitted,
    means_from_json,
    means_of,
    means_to_json,
    prices_of,
    recorded_means,
)
from rebuttal.review.parts import Parts
from rebuttal.review.run import look, review
from rebuttal.settings import ModelPrice, Settings
from rebuttal.store.model import Totals
from rebuttal.text.tokens import TokenCounter
from tests.debate.conftest import change_of
from tests.emulator.server import Emulator
from tests.review.conftest import Door, Open, request_for

STEP = 100_000
SEATS = tuple(load_prompts().seats[one] for one in ("architect", "code-reviewer", "ux-specialist", "documentation"))
WORDS = "def function_{n}(value):\n    return compute(value, {n}) + other[{n}]\n"


def code(tokens: int, counter: TokenCounter) -> str:
    """Code of about so many tokens of the base encoding."""
    each = counter.count(WORDS.format(n=1000))
    return "".join(WORDS.format(n=1000 + n) for n in range(tokens // each))


def parts_of(diff: str, slices: list[str], counter: TokenCounter) -> Parts:
    """As they are when a debate is priced."""
    some = tuple(Slice(f"s{n}.py", 1, 9, "caller", 1.0, counter.count(text), text) for n, text in enumerate(slices))
    context = Context(diff, some, 0, 0, (), (), ())
    parts = Parts(
        change=change_of({"a.py": ("", "x = 1\n")}),
        evidence=Evidence(()),
        choice=PanelChoice("medium", SEATS, 3, ()),
        context=context,
        fence="f3nce",
        totals=Totals(),
    )
    whole = fitted(parts, Means(slices={"haiku": len(some)}))["haiku"]
    return evolve(parts, shared=whole)


@pytest.fixture(scope="module")
def counter() -> TokenCounter:
    return TokenCounter()


# --- money ---


def test_the_cap_is_what_review_day_and_month_leave(counter: TokenCounter) -> None:
    settings = Settings(max_cost=Decimal(1), max_cost_per_day=Decimal(5))
    parts = parts_of("+x = 1\n", [], counter)
    plenty = means_of(settings, parts, "command", counter, Tokenizers())
    assert (plenty.cap, plenty.budget) == (Decimal(1), Decimal(1))
    nearly = means_of(settings, evolve(parts, totals=Totals(Decimal("4.8"))), "save", counter, Tokenizers())
    assert (nearly.cap, nearly.budget, nearly.urgency) == (Decimal("0.2"), Decimal(1), "save")
    assert Selection("balanced", nearly).left() == pytest.approx(0.2)


def test_a_review_may_not_cost_more_than_a_day_so_a_high_cap_leaves_no_little_of_it(counter: TokenCounter) -> None:
    """With max_cost of 100 and 5 a day, five hundredths of the budget were said to be left, and haiku spoke."""
    settings = Settings(max_cost=Decimal(100), max_cost_per_day=Decimal(5))
    means = means_of(settings, parts_of("+x = 1\n", [], counter), "command", counter, Tokenizers())
    assert Selection("balanced", means).left() == 1


def test_prices_are_those_of_the_models_that_settings_name() -> None:
    prices = prices_of(Settings())
    assert [prices[tier].output for tier in ("haiku", "sonnet", "opus")] == [Decimal("0.5"), 10, 20]
    own = Settings(model_haiku="sonnet", prices={"claude-opus-5-5": ModelPrice(*map(Decimal, (1, 2, 1, 1, 1)))})
    assert prices_of(own)["haiku"] == prices_of(own)["sonnet"]
    assert prices_of(own)["opus"].output == 2
    assert prices_of(Settings(model_opus="nobody-knows-it")) == {}


def test_means_in_a_recording_are_the_same_when_they_are_read(tmp_path: Path, counter: TokenCounter) -> None:
    parts = parts_of("+x = 1\n", [], counter)
    made = means_of(Settings(), parts, "save", counter, Tokenizers())
    made = evolve(made, slices={"haiku": 3}, too_long=("haiku",), cover="ample")
    assert means_from_json(means_to_json(made)) == made
    assert means_from_json(None) is means_from_json({"cap": "much"}) is None
    nothing = tmp_path / "no.jsonl"
    nothing.write_text("{}\n", "utf-8")
    assert recorded_means(nothing) == Means()


# --- whole reviews ---


def models(emulator: Emulator, phase: str) -> set[str | None]:
    return {one.model for one in emulator.records if one.phase == phase}


async def test_where_a_review_would_cost_more_than_is_left_cheaper_tiers_speak_and_a_replay_does_the_same(
    parcels: Path, panel: Emulator, open_services: Open, tmp_path: Path
) -> None:
    tape = tmp_path / "tape.jsonl"
    poor = Settings(panel="small", max_cost=Decimal(1), max_cost_per_day=Decimal("0.08"))
    services = open_services(panel.environment(), poor)
    live = await review(request_for(parcels, settings=poor, agreed=True, record=tape), services, Door())
    assert models(panel, "opening") == {"claude-haiku-5-5"}
    assert "the whole would not fit your caps ($0.08 left)" in live.transcript
    assert "To fit your caps ($0.08 left for it), the debate was held with cheaper models." in live.report.notes
    made = len(panel.records)
    rich = Settings(panel="small")
    played = await review(request_for(parcels, settings=rich, replay=tape), open_services(), Door())
    assert len(panel.records) == made
    assert played.report.degraded == ()
    assert [one.id for one in played.report.findings] == [one.id for one in live.report.findings]


async def test_a_review_that_a_save_began_is_held_by_the_cheaper_column(
    parcels: Path, panel: Emulator, open_services: Open
) -> None:
    thorough = Settings(panel="small", profile="thorough", max_cost=Decimal(20), max_cost_per_day=Decimal(50))
    services = open_services(panel.environment(), thorough)
    await review(request_for(parcels, settings=thorough, agreed=True, urgency="save"), services, Door())
    assert models(panel, "opening") == {"claude-sonnet-5-5"}


@pytest.mark.parametrize("profile", ["frugal", "balanced"])
async def test_every_call_of_a_model_has_the_same_effort(
    profile: str, parcels: Path, panel: Emulator, open_services: Open
) -> None:
    """The cache knows prompts by it."""
    settings = Settings(panel="small", profile=profile)
    services = open_services(panel.environment(), settings)
    await review(request_for(parcels, settings=settings, agreed=True), services, Door())
    efforts: dict[str | None, set[str]] = {}
    for one in panel.records:
        if one.phase not in (None, "triage") and one.path.endswith("/messages"):
            efforts.setdefault(one.model, set()).add(one.body["output_config"]["effort"])
    assert efforts
    assert all(len(some) == 1 for some in efforts.values())


async def test_the_estimate_has_the_tiers_that_will_speak(parcels: Path, open_services: Open) -> None:
    rich, poor = (Settings(panel="small", max_cost_per_day=Decimal(one)) for one in ("5", "0.08"))
    found = [
        (await look(request_for(parcels, settings=one), open_services(None, one))).estimate for one in (rich, poor)
    ]
    by_model = [one.by_model for one in found if one is not None]
    assert "claude-sonnet-5-5" in by_model[0]
    assert list(by_model[1]) == ["claude-haiku-5-5", "claude-sonnet-5-5"] or list(by_model[1]) == ["claude-haiku-5-5"]
    assert sum(by_model[1].values()) < sum(by_model[0].values())
    words = [one.words for one in found if one is not None]
    assert words[1].endswith("(to fit with cheaper models)")
    assert "fit" not in words[0]


# --- the step of a price ---


def test_what_is_below_the_step_by_its_bytes_alone_is_shown_whole(counter: TokenCounter) -> None:
    parts = parts_of("+" + "x" * (STEP - ROOM - 2_000), ["def f(): ...\n"], counter)
    assert len(parts.shared.encode()) <= STEP - ROOM
    assert means_of(Settings(), parts, "command", counter, Tokenizers()).slices == {}


def test_at_the_border_slices_go_the_last_first_until_the_prompt_stays_below_the_step(counter: TokenCounter) -> None:
    slices = [code(2_500, counter) for _ in range(8)]
    room = (STEP - ROOM) / MARGIN / Tokenizers().of("claude-haiku-5-5").factor
    for diff, whole in ((room - 24_000, True), (room - 16_000, False)):
        parts = parts_of(code(int(diff), counter), slices, counter)
        means = means_of(Settings(), parts, "command", counter, Tokenizers())
        if whole:
            assert means.slices == {}
            continue
        kept = means.slices["haiku"]
        assert 0 < kept < len(slices)
        shorter, tokenizer = fitted(parts, means)["haiku"], Tokenizers().of("claude-haiku-5-5")
        took = tokenizer.expected(counter.count(shorter), len(shorter.encode())) + tokenizer.overhead
        assert took * MARGIN + ROOM <= STEP
        more = fitted(parts, Means(slices={"haiku": kept + 1}))["haiku"]
        assert (counter.count(more) * tokenizer.factor + tokenizer.overhead) * MARGIN + ROOM > STEP
        assert parts.shared.startswith(shorter[: shorter.rindex("def function")])


def test_a_tokenizer_that_counts_more_leaves_room_for_less(counter: TokenCounter) -> None:
    class Greedy(Tokenizers):
        def of(self, model: str) -> Tokenizer:
            return evolve(Tokenizers().of(model), factor=2.0)

    parts = parts_of(code(30_000, counter), [code(2_000, counter) for _ in range(8)], counter)
    usual, greedy = (means_of(Settings(), parts, "command", counter, one) for one in (Tokenizers(), Greedy()))
    assert greedy.slices.get("haiku", 99) < usual.slices.get("haiku", 99)


def test_a_change_beyond_the_step_is_opened_by_the_next_tier_where_that_costs_less(counter: TokenCounter) -> None:
    parts = parts_of(code(70_000, counter), ["def f(): ...\n"], counter)
    balanced = means_of(Settings(), parts, "command", counter, Tokenizers())
    assert (balanced.slices, balanced.too_long) == ({}, ("haiku",))
    # Nobody else has the next tier's cache warm under `frugal`: above its step haiku is still the cheaper one.
    assert means_of(Settings(profile="frugal"), parts, "command", counter, Tokenizers()).too_long == ()
    asked = brief(Settings(), evolve(parts, means=balanced))
    assert {one.tier for one in Selection.of(asked).opening(SEATS).values()} == {"sonnet"}


def test_models_without_a_step_are_shown_everything(counter: TokenCounter) -> None:
    parts = parts_of(code(70_000, counter), [], counter)
    assert means_of(Settings(model_haiku="sonnet"), parts, "command", counter, Tokenizers()).too_long == ()


def test_what_is_left_covers_or_does_not() -> None:
    from rebuttal.budget.model import Estimate, PlannedCall
    from rebuttal.store.model import Tokens

    calls = (PlannedCall("opening", "architect", "m", Tokens()),)
    for expected, cover in (("1.01", "short"), ("1", "enough"), ("0.26", "enough"), ("0.25", "ample")):
        assert cover_of(Estimate(Decimal(expected), Decimal(1), calls=calls)) == cover
    assert cover_of(Estimate(Decimal(1), Decimal("Infinity"), calls=calls)) is None
