"""Which tier speaks where: the table, what moves it, and that nothing moves it further than it may."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from rebuttal.debate.engine import debate
from rebuttal.debate.model import Brief, Means, Outcome, Profile, Speaker, Tier, TierPrice, Turn
from rebuttal.debate.panel.choice import choose_panel
from rebuttal.debate.panel.traits import Traits, traits_of
from rebuttal.debate.planning import planned_turns
from rebuttal.debate.prompts import PROFILES, TIERS, load_prompts
from rebuttal.debate.selection import (
    AMPLE,
    COMPLEX,
    EFFORTS,
    LOW,
    SCARCE,
    SIMPLE,
    Choice,
    Selection,
    Standing,
    complexity_of,
)
from rebuttal.findings.severity import SEVERITIES, Severity
from rebuttal.speakers.recordings.recording import RecordingSpeaker
from rebuttal.speakers.recordings.replay import ReplaySpeaker
from tests.debate.conftest import (
    LOOP_CLAIM,
    LOOP_LINE,
    SQL_CLAIM,
    SQL_LINE,
    Said,
    Scripted,
    brief_of,
    change_of,
    play,
    rules,
    ruling_of,
    run,
    says,
    seats,
    shown,
)

PANEL = seats("architect", "code-reviewer", "security-analyst", "ux-specialist")
PRICES: dict[Tier, TierPrice] = {
    "haiku": TierPrice(Decimal("0.10"), Decimal("0.125"), Decimal("0.01"), Decimal("0.50")),
    "sonnet": TierPrice(Decimal(2), Decimal("2.5"), Decimal("0.10"), Decimal(10)),
    "opus": TierPrice(Decimal(4), Decimal(5), Decimal("0.20"), Decimal(20)),
}
TABLE: dict[Profile, tuple[Tier, ...]] = {
    "frugal": ("haiku", "haiku", "haiku", "haiku"),
    "balanced": ("sonnet", "sonnet", "sonnet", "haiku"),
    "thorough": ("opus", "opus", "sonnet", "sonnet"),
}


def means(left: float = 1.0, **more: Any) -> Means:
    return Means(cap=Decimal(str(left)), budget=Decimal(1), **more)


def opening(profile: Profile, given_: Means, shared: int = 8_000) -> tuple[Tier, ...]:
    chosen = Selection(profile, given_, shared).opening(PANEL)
    return tuple(chosen[seat.id].tier for seat in PANEL)


# --- the table ---


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("given_", [Means(), means(), means(complexity=0.79), means(0.31), means(cover="enough")])
def test_with_enough_money_and_an_ordinary_change_the_table_stands(profile: Profile, given_: Means) -> None:
    assert opening(profile, given_) == TABLE[profile]
    for one in Selection(profile, given_).opening(PANEL).values():
        assert one.why == f"{one.tier}: {profile}, opening"


def test_where_nothing_is_known_of_money_the_table_stands() -> None:
    selection = Selection("balanced")
    assert selection.left(Decimal(1000)) == 1.0
    assert selection.cross("high", Standing(Decimal(1000))) == Choice("sonnet", "sonnet: balanced, cross-examination")
    settled = selection.settling("critical", contested=True, phase="consensus")
    assert settled == Choice("opus", "opus: balanced, Moderator")


# --- money ---


@pytest.mark.parametrize(
    ("profile", "low"), [("frugal", TABLE["frugal"]), ("balanced", TABLE["frugal"]), ("thorough", TABLE["balanced"])]
)
def test_below_thirty_percent_the_next_cheaper_column_opens(profile: Profile, low: tuple[Tier, ...]) -> None:
    assert opening(profile, means(LOW - 0.01, prices=PRICES)) == low
    assert opening(profile, means(LOW, prices=PRICES)) == TABLE[profile]
    assert opening(profile, means(1.0, cover="short", prices=PRICES)) == low


def test_the_reason_says_what_is_left() -> None:
    selection = Selection("balanced", means())
    assert selection.cross("high", Standing(Decimal("0.76"))).why == "sonnet: balanced, cross-examination"
    moved = selection.cross("low", Standing(Decimal("0.76")))
    assert moved == Choice("haiku", "haiku instead of sonnet: 24 % of the budget is left".replace(" %", "%"))
    assert Selection("thorough", means()).cross("high", Standing(Decimal("0.75"))).tier == "sonnet"
    short = Selection("balanced", means(cover="short")).settling("critical", contested=True)
    assert short.why == "sonnet instead of opus: the review would cost more than is left"


def test_shares_are_of_the_review_s_own_cap_whatever_day_and_month_have_left() -> None:
    nearly = Selection("balanced", Means(cap=Decimal("0.2"), budget=Decimal(1)))
    assert nearly.left() == pytest.approx(0.2)
    assert nearly.left(Decimal("0.15")) == pytest.approx(0.05)
    assert Selection("balanced", Means(cap=Decimal("0.2"))).left() == 1.0
    assert Selection("balanced", Means(cap=Decimal(0), budget=Decimal(0))).left() == 0.0


@pytest.mark.parametrize(("severity", "asked"), [("critical", True), ("high", True), ("medium", False), ("low", False)])
def test_below_ten_percent_only_serious_claims_are_argued_about(severity: Severity, asked: bool) -> None:
    selection = Selection("balanced", means())
    assert selection.is_worth_asking(severity, Decimal(1) - Decimal(str(SCARCE)) + Decimal("0.001")) is asked
    assert selection.is_worth_asking(severity, Decimal(1) - Decimal(str(SCARCE)))


def test_an_opening_is_not_moved_to_a_cheaper_tier_whose_cold_cache_costs_more() -> None:
    """One seat of opus joins no cache of sonnet's: what is written anew costs more than a cheaper answer saves."""
    lone = (
        evolve(load_prompts().seats["architect"], tiers={"frugal": "haiku", "balanced": "haiku", "thorough": "sonnet"}),
    )
    assert Selection("thorough", means(0.2, prices=PRICES), 8_000).opening(lone)["architect"].tier == "haiku"
    some = [
        evolve(
            seat,
            tiers={"frugal": "haiku", "balanced": "opus" if seat.id == "architect" else "sonnet", "thorough": "opus"},
        )
        for seat in seats("architect", "security-analyst")
    ]
    # Two caches are written instead of one: by a large shared part that costs more than the cheaper answer spares.
    for shared, tier in ((100, "sonnet"), (200_000, "opus")):
        chosen = Selection("thorough", means(0.2, prices=PRICES), shared).opening(some)
        assert chosen["security-analyst"].tier == tier


def test_a_ruling_stays_with_a_warm_tier_where_a_cold_one_would_cost_more() -> None:
    low = Standing(Decimal("0.8"), frozenset({"opus"}))
    assert Selection("thorough", means(prices=PRICES), 20_000).cross("high", low).tier == "opus"
    assert Selection("thorough", means(prices=PRICES), 2_000).cross("high", low).tier == "sonnet"
    both = evolve(low, warm=frozenset({"opus", "sonnet"}))
    assert Selection("thorough", means(prices=PRICES), 20_000).cross("high", both).tier == "sonnet"
    # A twentieth of the price is cheaper in any case.
    warm = Standing(Decimal("0.8"), frozenset({"sonnet"}))
    assert Selection("balanced", means(prices=PRICES), 60_000).cross("low", warm).tier == "haiku"


# --- urgency, complexity, consensus ---


def test_a_review_that_a_save_began_speaks_cheaper_where_the_change_is_simple() -> None:
    simple, ordinary = (means(urgency="save", complexity=one, prices=PRICES) for one in (SIMPLE - 0.01, SIMPLE))
    assert opening("balanced", simple) == TABLE["frugal"]
    assert opening("balanced", ordinary) == TABLE["balanced"]
    assert opening("thorough", simple) == opening("thorough", ordinary) == TABLE["balanced"]
    assert Selection("balanced", simple).cross("medium").tier == "sonnet"
    assert Selection("thorough", simple).cross("high").why == "sonnet instead of opus: a save began it"


def test_a_complex_change_is_opened_as_thorough_would_where_there_is_money() -> None:
    complex_ = means(complexity=COMPLEX, cover="ample", prices=PRICES)
    assert opening("balanced", complex_) == ("opus", "opus", "sonnet", "haiku")
    assert opening("frugal", complex_) == TABLE["frugal"]
    assert opening("thorough", complex_) == TABLE["thorough"]
    assert opening("balanced", evolve(complex_, cover="enough")) == TABLE["balanced"]
    assert opening("balanced", evolve(complex_, cover=None)) == TABLE["balanced"]
    assert opening("balanced", evolve(complex_, cap=Decimal(str(AMPLE)))) == TABLE["balanced"]
    assert opening("balanced", evolve(complex_, urgency="save")) == TABLE["balanced"]
    assert opening("balanced", Means(complexity=COMPLEX)) == ("opus", "opus", "sonnet", "haiku")
    why = Selection("balanced", complex_).opening(PANEL)["architect"].why
    assert why == "opus instead of sonnet: the change is complex (0.80)"


def test_a_seat_that_alone_would_fill_a_cache_stays_where_it_is() -> None:
    chosen = Selection("balanced", Means(complexity=0.9)).opening(seats("architect", "security-analyst"))
    assert {seat: one.tier for seat, one in chosen.items()} == {"architect": "sonnet", "security-analyst": "sonnet"}


@pytest.mark.parametrize(
    ("severity", "contested", "dissent", "claims", "tier"),
    [
        ("high", True, 0.6, 3, "opus"),
        ("high", True, 0.5, 3, "sonnet"),
        ("high", True, 1.0, 2, "sonnet"),
        ("high", False, 0.6, 3, "sonnet"),
        ("medium", True, 0.6, 3, "sonnet"),
    ],
)
def test_where_the_panel_is_split_serious_claims_are_settled_by_a_dearer_tier(
    severity: Severity, contested: bool, dissent: float, claims: int, tier: Tier
) -> None:
    split = Standing(dissent=dissent, claims=claims)
    chosen = Selection("balanced", means()).settling(severity, contested=contested, standing=split)
    assert chosen.tier == tier
    assert Selection("frugal", means()).settling(severity, contested=contested, standing=split).tier == "sonnet"
    assert Selection("balanced", means(0.5)).settling(severity, contested=contested, standing=split).tier == "sonnet"


# --- what no rule may do ---

SHARES = st.floats(0, 1).map(lambda share: Decimal(str(round(share, 4))))
MEANS = st.builds(
    Means,
    urgency=st.sampled_from(["command", "save"]),
    complexity=st.floats(0, 1),
    cap=st.none() | SHARES,
    budget=st.just(Decimal(1)),
    cover=st.sampled_from([None, "short", "enough", "ample"]),
    prices=st.sampled_from([{}, PRICES]),
)
STANDINGS = st.builds(
    Standing,
    spent=SHARES,
    warm=st.frozensets(st.sampled_from(TIERS)),
    dissent=st.floats(0, 1),
    claims=st.integers(0, 5),
)
SHARED = st.sampled_from([0, 500, 8_000, 60_000])


def every_choice(profile: Profile, given_: Means, standing: Standing, shared: int) -> dict[str, Choice]:
    selection = Selection(profile, given_, shared)
    found: dict[str, Choice] = {}
    for size in (1, 2, 4):
        found |= {f"{seat} of {size}": one for seat, one in selection.opening(PANEL[:size]).items()}
    for severity in SEVERITIES:
        found[f"cross {severity}"] = selection.cross(severity, standing)
        for seat in PANEL:
            found[f"round {seat.id} {severity}"] = selection.answering(seat, (severity,), standing)
        for contested in (True, False):
            settling = selection.settling(severity, contested=contested, standing=standing)
            found[f"settling {severity} {contested}"] = settling
    return found


def rank(one: Choice) -> int:
    return TIERS.index(one.tier)


@given(MEANS, STANDINGS, SHARED)
def test_no_turn_moves_by_more_than_one_tier_and_the_reason_says_what_moved(
    given_: Means, standing: Standing, shared: int
) -> None:
    for profile in PROFILES:
        table = every_choice(profile, Means(), Standing(), 0)
        for turn, chosen in every_choice(profile, given_, standing, shared).items():
            assert abs(rank(chosen) - rank(table[turn])) <= 1
            if chosen.tier == table[turn].tier:
                assert chosen.why.startswith(f"{chosen.tier}: {profile}, ")
            else:
                assert chosen.why.startswith(f"{chosen.tier} instead of {table[turn].tier}: ")
            if profile == "frugal":
                assert rank(chosen) <= rank(table[turn])


@given(MEANS, STANDINGS, SHARED)
def test_no_profile_passes_the_next_dearer_one(given_: Means, standing: Standing, shared: int) -> None:
    frugal, balanced, thorough = (every_choice(profile, given_, standing, shared) for profile in PROFILES)
    for turn, chosen in balanced.items():
        assert rank(frugal[turn]) <= rank(chosen) <= rank(thorough[turn])


@given(MEANS, STANDINGS, SHARED, SHARES)
def test_more_budget_never_gives_a_cheaper_tier(given_: Means, standing: Standing, shared: int, more: Decimal) -> None:
    if given_.cap is None:
        return
    richer = evolve(given_, cap=given_.cap + more)
    for profile in PROFILES:
        rich = every_choice(profile, richer, standing, shared)
        for turn, chosen in every_choice(profile, given_, standing, shared).items():
            assert rank(chosen) <= rank(rich[turn])


@given(MEANS, STANDINGS, SHARED, st.floats(0, 1))
def test_complexity_moves_neither_thorough_nor_frugal(
    given_: Means, standing: Standing, shared: int, complexity: float
) -> None:
    for profile in ("frugal", "thorough"):
        other = evolve(given_, complexity=complexity)
        assert every_choice(profile, given_, standing, shared) == every_choice(profile, other, standing, shared)


# --- complexity ---


def traits(lines: int, files: int = 1, *areas: Any) -> Traits:
    return Traits(lines=lines, files=files, prose=0, areas=dict.fromkeys(areas, "a.py"))


def test_complexity_grows_with_size_and_risk_and_stays_within_its_bounds() -> None:
    small = complexity_of(traits(5))
    assert 0 <= small < SIMPLE
    assert small < complexity_of(traits(5, 1, "security")) < complexity_of(traits(5, 1, "security", "concurrency"))
    assert complexity_of(traits(100)) < complexity_of(traits(200)) <= complexity_of(traits(200, 12))
    large = traits(
        5_000, 80, "security", "database", "concurrency", "memory", "io", "loops", "ui", "interface", "structure"
    )
    assert complexity_of(large, ["migration"]) == 1.0
    assert complexity_of(traits(5), ["bug-fix"]) < small
    assert complexity_of(traits(300, 10), ["security"]) == pytest.approx(complexity_of(traits(300, 10)) + 0.1)


def test_words_in_tests_and_prose_do_not_make_a_change_complex() -> None:
    text = "".join(f"password_{n} = login(token)  # thread lock\n" for n in range(20))
    code, test = (change_of({path: ("", text)}) for path in ("shop/users.py", "tests/test_users.py"))
    assert complexity_of(traits_of(test)) < complexity_of(traits_of(code)) < COMPLEX


# --- effort ---


def test_a_tier_has_one_effort_in_a_debate() -> None:
    """The cache knows prompts by it: two efforts in a tier would write the shared part twice."""
    for profile in PROFILES:
        efforts: dict[Tier, set[str | None]] = {}
        for one in every_choice(profile, means(0.2), Standing(dissent=0.9, claims=9), 0).values():
            efforts.setdefault(one.tier, set()).add(one.effort)
        assert all(len(some) == 1 for some in efforts.values())
        assert {tier: effort for tier, (effort, *_) in efforts.items() if effort} == {
            tier: effort for tier, effort in EFFORTS[profile].items() if tier in efforts
        }


def test_less_effort_shortens_what_is_planned() -> None:
    change = change_of({"a.py": ("", "".join(f"x_{n} = {n}\n" for n in range(160)))})
    choice = choose_panel(change, "small")
    less, usual = (
        {turn.output_tokens for turn in planned_turns(choice, profile, change) if turn.phase == "consensus"}
        for profile in ("frugal", "balanced")
    )
    assert max(less) < max(usual) == 900


# --- in a debate ---


def speaks(turn: Turn) -> Said:
    """Two claims that both seats dispute: every phase is held. Each call costs 4 cents."""
    if turn.phase == "opening":
        heard = {"code-reviewer": (SQL_CLAIM,), "architect": (LOOP_CLAIM,)}.get(turn.seat, ())
        return says(*heard, spent=Decimal("0.04"))
    if turn.phase == "cross_examination":
        return evolve(rules(turn, SQL=("refuted", SQL_LINE), first=("unsure", LOOP_LINE)), spent=Decimal("0.04"))
    rulings = tuple(ruling_of(one["claim"], "unsure", one["quote"]) for one in shown(turn))
    return says(rulings=rulings, spent=Decimal("0.04"))


def capped(cap: str, **more: Any) -> Brief:
    return brief_of(panel="medium", rounds=4, means=Means(cap=Decimal(cap), budget=Decimal(cap)), **more)


@pytest.mark.parametrize("protocol", ["crossfire", "council"])
def test_every_turn_says_why_its_tier_was_asked(protocol: str) -> None:
    played = play(capped("0.14", protocol=protocol), speaks)
    assert all(turn.why.startswith(turn.tier) for turn in played.speaker.turns)
    moved = [turn for turn in played.speaker.turns if " instead of " in turn.why]
    assert moved
    assert all("of the budget is left" in turn.why for turn in moved)
    assert [turn.tier for turn in played.speaker.of("opening")] == ["sonnet"] * 3


def test_with_little_left_claims_below_high_are_left_open_and_that_is_told() -> None:
    played = play(capped("0.085"), speaks)
    asked = [one["title"] for turn in played.speaker.of("cross_examination") for one in shown(turn)]
    assert not any("first item" in title for title in asked)
    assert any("kept for serious" in one.reason for one in played.outcome.degraded)
    (left,) = [one for one in played.outcome.contentions if one.lead.claim == LOOP_CLAIM]
    assert left.settled is not None
    assert left.settled.outcome == "held_back"


@pytest.mark.parametrize("protocol", ["crossfire", "council"])
def test_an_argument_that_money_ended_was_told_as_consensus_or_as_no_change(protocol: str) -> None:
    """The only claim is of medium severity, and nobody settles it while there is money."""

    def speaks(turn: Turn) -> Said:
        if turn.phase == "opening":
            return says(*((LOOP_CLAIM,) if turn.seat == "architect" else ()), spent=Decimal("0.04"))
        rulings = tuple(ruling_of(one["claim"], "unsure", one["quote"]) for one in shown(turn))
        return says(rulings=rulings, spent=Decimal("0.04"))

    played = play(capped("0.125", protocol=protocol), speaks)
    assert played.outcome.ended is not None
    assert (played.outcome.ended.by, played.outcome.ended.still_open) == ("budget", 1)
    (left,) = played.outcome.contentions
    (told,) = [one for one in played.outcome.degraded if "kept for serious" in one.reason]
    assert told.phase == ("rebuttal" if protocol == "council" else "cross_examination")
    if not left.rulings:
        assert any("kept for serious" in why for why in left.unheard)


def test_the_moderator_is_not_called_twice_because_one_tier_has_two_reasons() -> None:
    def disputed(turn: Turn) -> Said:
        if turn.phase == "opening":
            worse = evolve(SQL_CLAIM, severity="critical")
            return says(*((LOOP_CLAIM, worse) if turn.seat == "architect" else ()), spent=Decimal("0.04"))
        if turn.phase == "cross_examination":
            return evolve(rules(turn, SQL=("refuted", SQL_LINE), first=("unsure", LOOP_LINE)), spent=Decimal("0.04"))
        rulings = tuple(ruling_of(one["claim"], "unsure", one["quote"]) for one in shown(turn))
        return says(rulings=rulings, spent=Decimal("0.04"))

    (last,) = play(evolve(capped("0.30"), rounds=3), disputed).speaker.of("consensus")
    assert last.tier == "sonnet"
    assert last.why == "sonnet instead of opus: 20% of the budget is left; sonnet: balanced, Moderator"
    assert len(shown(last)) == 2


def test_what_the_plan_opens_with_is_what_opens() -> None:
    for given_ in (means(0.2), means(complexity=0.9, cover="ample"), means(urgency="save", complexity=0.1), Means()):
        brief = brief_of(sits=("architect", "code-reviewer", "ux-specialist"), means=given_)
        choice = evolve(choose_panel(brief.change, "small"), seats=brief.seats)
        planned = planned_turns(choice, "balanced", brief.change, selection=Selection.of(brief))
        held = play(brief, lambda turn: says()).speaker.of("opening")
        assert {turn.seat: turn.tier for turn in planned if turn.phase == "opening"} == {
            turn.seat: turn.tier for turn in held
        }


@pytest.mark.parametrize("protocol", ["crossfire", "council"])
@pytest.mark.parametrize("cap", ["0.085", "0.14", "0.30", "1.00"])
def test_a_replay_takes_the_same_course_where_the_cap_moved_tiers(protocol: str, cap: str, tmp_path: Path) -> None:
    """What is decided by price goes by what the answers cost then, though the replay costs nothing."""
    file, brief = tmp_path / "recording.jsonl", capped(cap, protocol=protocol)

    def held(speaker: Speaker) -> Outcome:
        async def whole() -> Outcome:
            outcome = await debate(brief, speaker, lambda _: None, asyncio.get_running_loop().time)
            left = asyncio.all_tasks() - {asyncio.current_task()}  # who conducts a recording lingers
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
            return outcome

        return run(whole())

    live, replay = held(RecordingSpeaker(Scripted(speaks), file)), held(ReplaySpeaker(file))
    courses = [
        [(one.turn.seat, one.turn.phase, one.turn.tier, one.turn.why) for one in outcome.exchanges]
        for outcome in (live, replay)
    ]
    assert courses[0] == courses[1]
    assert not any(one.reply.failure for one in replay.exchanges)
    if cap == "0.14":
        assert any(" instead of " in why for *_, why in courses[0])


# --- the step of a price ---


def test_a_tier_that_is_shown_less_sends_the_same_shorter_text_from_all_its_seats() -> None:
    brief = brief_of(
        sits=("architect", "code-reviewer", "ux-specialist", "documentation"),
        shared="# The change\n\nall of it\n\n# Other code\n",
        fitted={"haiku": "# The change\n\nall of it\n"},
        means=Means(slices={"haiku": 0}),
    )
    held = play(brief, lambda turn: says()).speaker.of("opening")
    assert {turn.prompt.shared for turn in held if turn.tier == "haiku"} == {brief.fitted["haiku"]}
    assert {turn.prompt.shared for turn in held if turn.tier != "haiku"} == {brief.shared}
    assert all("less other code is shown" in turn.why for turn in held if turn.tier == "haiku")


def test_where_even_the_change_is_too_long_the_next_tier_opens() -> None:
    chosen = Selection("balanced", Means(too_long=("haiku",))).opening(PANEL)
    assert [chosen[seat.id].tier for seat in PANEL] == ["sonnet"] * 4
    assert chosen["ux-specialist"].why == "sonnet instead of haiku: the change is too long for haiku's lower price"
