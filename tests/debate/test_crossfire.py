"""The default protocol, end to end with scripted speakers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from rebuttal.debate.events import (
    ArgumentEnded,
    ClaimRaised,
    ClaimRuled,
    ClaimSettled,
    CostChanged,
    PhaseStarted,
    SeatFinished,
)
from rebuttal.debate.floor import LANES
from rebuttal.debate.model import Claim, Need, Profile, RulingVerdict, Turn
from rebuttal.debate.protocols.crossfire import BATCH
from rebuttal.debate.verdict import facts_of
from rebuttal.findings.severity import Severity
from tests.debate.conftest import (
    LOOP_CLAIM,
    LOOP_LINE,
    NEW,
    OLD,
    SQL_CLAIM,
    SQL_LINE,
    Played,
    Said,
    Script,
    brief_of,
    claim_of,
    fails,
    play,
    rules,
    ruling_of,
    says,
    shown,
)

PHASES = ("cross_examination", "rebuttal", "consensus")
MEDIUM: dict[str, Any] = {"panel": "medium", "rounds": 4}


def confirms(turn: Turn) -> Said:
    return rules(turn, SQL=("confirmed", SQL_LINE), first=("confirmed", LOOP_LINE))


def confirm_all(turn: Turn) -> Said:
    if turn.phase == "opening":
        return says(SQL_CLAIM) if turn.seat == "security-analyst" else says(LOOP_CLAIM)
    return confirms(turn)


def opening(by_seat: dict[str, Said], then: Script = confirms) -> Script:
    """Openings by seat, nothing from the others; then every later turn."""
    return lambda turn: by_seat.get(turn.seat, says()) if turn.phase == "opening" else then(turn)


def verdicts(by_phase: dict[str, RulingVerdict], quote: str = SQL_LINE) -> Script:
    """The same ruling on every claim, by phase."""
    return lambda turn: says(rulings=tuple(ruling_of(one["claim"], by_phase[turn.phase], quote) for one in shown(turn)))


def events(played: Played, kind: type[Any]) -> list[Any]:
    return [event for event in played.events if isinstance(event, kind)]


def phases(played: Played) -> list[str]:
    return [turn.phase for turn in played.speaker.turns if turn.phase != "opening"]


def argue(ruled: dict[str, RulingVerdict], claim: Claim = SQL_CLAIM, **brief: Any) -> Played:
    return play(brief_of(**{**MEDIUM, **brief}), opening({"architect": says(claim)}, verdicts(ruled)))


def ended(played: Played) -> tuple[str, int, int]:
    (event,) = events(played, ArgumentEnded)
    assert played.outcome.ended is not None
    assert (played.outcome.ended.by, played.outcome.ended.round) == (event.by, event.round)
    return event.by, event.round, event.still_open


# --- the whole way ---


def test_confirmed_claims_become_findings() -> None:
    outcome = play(brief_of(), confirm_all).outcome
    sql, loop = outcome.findings
    assert (sql.title, loop.title) == (SQL_CLAIM.title, LOOP_CLAIM.title)
    assert loop.raised_by == ("code-reviewer", "architect")
    assert (sql.verdict, sql.status, sql.source, sql.rule) == ("confirmed", "open", "debate", "debate:security")
    assert (sql.range.start.line, sql.range.start.character, sql.quote) == (4, 4, SQL_LINE.strip())
    assert sql.id
    assert sql.id != loop.id
    assert not outcome.held_back
    assert not outcome.degraded
    assert outcome.stopped_by is None


def test_the_trace_says_who_raised_who_ruled_and_what_it_cost() -> None:
    finding = play(brief_of(), confirm_all).outcome.findings[1]
    said = [(step.phase, step.seat, step.verdict) for step in finding.trace]
    assert said[:2] == [("opening", "code-reviewer", None), ("opening", "architect", None)]
    assert said[2][0] == "cross_examination"
    assert said[-1] == ("verdict", "code", "confirmed")
    assert finding.trace[0].spent == Decimal("0.01")


def test_events_tell_the_story_in_order() -> None:
    played = play(brief_of(), confirm_all)
    assert [event.phase for event in events(played, PhaseStarted)] == ["opening", "cross_examination"]
    assert len(events(played, ClaimRaised)) == 2
    assert all(event.valid for event in events(played, ClaimRuled))
    assert [event.outcome for event in events(played, ClaimSettled)] == ["finding", "finding"]
    assert sum(event.spent for event in events(played, SeatFinished)) == Decimal("0.05")


def test_no_claims_need_no_examination() -> None:
    played = play(brief_of(), lambda _: says())
    assert [turn.phase for turn in played.speaker.turns] == ["opening"] * 3
    assert played.outcome.findings == ()


# --- opening ---


def test_openings_are_blind_and_share_their_prefix_byte_for_byte() -> None:
    brief = brief_of(framing="A safe refactoring, already reviewed.")
    turns = play(brief, confirm_all).speaker.of("opening")
    assert len({(turn.prompt.system, turn.prompt.shared) for turn in turns}) == 1
    assert len({turn.prompt.ask for turn in turns}) == 3
    for turn in turns:
        text = turn.prompt.system + turn.prompt.shared + turn.prompt.ask
        assert "already reviewed." not in text
        assert SQL_CLAIM.title not in text
        assert turn.max_tokens == 12_000


def test_the_authors_framing_comes_with_the_examination() -> None:
    turn = play(brief_of(framing="A safe refactoring."), confirm_all).speaker.of("cross_examination")[0]
    assert "A safe refactoring." in turn.prompt.ask
    assert "A safe refactoring." not in turn.prompt.shared + turn.prompt.system


def test_the_rest_of_a_tier_waits_for_its_first_seat_to_begin() -> None:
    brief = brief_of(sits=("code-reviewer", "architect", "frontend", "documentation"))
    speaker = play(brief, lambda turn: says(first=2.0 if turn.tier == "sonnet" else 3.0)).speaker
    starts = {turn.seat: speaker.times for turn in speaker.turns}
    assert len(starts) == 4
    began = dict(zip([turn.seat for turn in speaker.turns], sorted(start for start, _ in speaker.times), strict=True))
    assert began == {"code-reviewer": 0, "frontend": 0, "architect": 2, "documentation": 3}


@pytest.mark.parametrize(
    "said", [fails("overloaded", takes=0.5, first=0.5), says(raises=RuntimeError("bug"), first=0, takes=0)]
)
def test_a_first_seat_that_fails_does_not_hold_up_the_rest(said: Said) -> None:
    played = play(brief_of(), opening({"code-reviewer": said, "security-analyst": says(SQL_CLAIM)}))
    assert [finding.title for finding in played.outcome.findings] == [SQL_CLAIM.title]
    assert [one.seat for one in played.outcome.degraded] == ["code-reviewer"]


# --- cross-examination ---


def test_a_claim_is_examined_while_other_seats_still_speak() -> None:
    script = opening({"code-reviewer": says(SQL_CLAIM, streamed=((2.0, SQL_CLAIM),), takes=60.0)})
    played = play(brief_of(), script)
    start = next(one.started for one in played.outcome.exchanges if one.turn.phase == "cross_examination")
    assert start == 2.0
    assert played.took == 60.0


def test_a_claim_heard_in_the_stream_is_not_heard_again_in_the_statement() -> None:
    said = says(SQL_CLAIM, LOOP_CLAIM, streamed=((2.0, SQL_CLAIM),))
    outcome = play(brief_of(), opening({"architect": said})).outcome
    assert sorted(len(one.raised) for one in outcome.contentions) == [1, 1]


def test_the_examiner_is_a_seat_that_did_not_raise_the_claim() -> None:
    played = play(brief_of(), opening({"architect": says(SQL_CLAIM, takes=9.0)}))
    assert [turn.seat for turn in played.speaker.of("cross_examination")] == ["security-analyst"]


def test_a_claim_that_all_seats_raised_goes_to_the_examiner_without_a_lens() -> None:
    played = play(brief_of(), lambda turn: says(SQL_CLAIM) if turn.phase == "opening" else confirms(turn))
    assert {turn.seat for turn in played.speaker.of("cross_examination")} == {"examiner"}
    assert played.outcome.findings[0].raised_by == ("code-reviewer", "architect", "security-analyst")


def test_a_seat_whose_opening_failed_does_not_examine() -> None:
    script = opening({"architect": says(SQL_CLAIM, takes=9.0), "security-analyst": fails("timeout")})
    played = play(brief_of(), script)
    assert [turn.seat for turn in played.speaker.of("cross_examination")] == ["code-reviewer"]


def test_the_examiner_sees_what_is_asserted_and_not_why_by_whom_or_how_surely() -> None:
    claim = evolve(SQL_CLAIM, argument="The name is put into the SQL text. I know because of my hidden reason.")
    turn = play(brief_of(), opening({"architect": says(claim)})).speaker.of("cross_examination")[0]
    (one,) = shown(turn)
    assert set(one) == {"claim", "file", "side", "quote", "title", "asserted", "category"}
    assert one["asserted"] == "The name is put into the SQL text."
    assert "hidden reason" not in turn.prompt.ask
    assert "architect" not in turn.prompt.ask.lower()


def test_claims_of_a_file_share_a_call() -> None:
    played = play(brief_of(), opening({"architect": says(SQL_CLAIM, LOOP_CLAIM, takes=9.0)}, confirms))
    turns = played.speaker.of("cross_examination")
    assert sum(len(shown(turn)) for turn in turns) == 2
    together = play(
        brief_of(sits=("architect",)), opening({"architect": says(SQL_CLAIM, LOOP_CLAIM)}, confirms)
    ).speaker.of("cross_examination")
    assert [len(shown(turn)) for turn in together] == [2]
    lines = [one["quote"] for one in shown(together[0])]
    assert lines == [SQL_LINE, LOOP_LINE]


@pytest.mark.parametrize("profile", ["balanced", "frugal"])
def test_claims_of_several_files_share_a_call_that_shows_them_all(profile: Profile) -> None:
    text = "".join(f"value_{n} = source_{n}()\n" for n in range(12))
    files = {f"f{n}.py": ("", text) for n in range(12)}
    claims = [
        claim_of(f"value_{n} = source_{n}()", f"Defect {n} of source_{n}", file=f"f{n}.py", severity="high")
        for n in range(12)
    ]

    def script(turn: Turn) -> Said:
        if turn.phase == "opening":
            return says(*claims, takes=3.0) if turn.seat == "architect" else says(takes=4.0)
        ruled = (evolve(ruling_of(one["claim"], "confirmed", one["quote"]), file=one["file"]) for one in shown(turn))
        return says(rulings=tuple(ruled), takes=10.0)

    played = play(brief_of(files, sits=("architect", "code-reviewer"), profile=profile), script)
    turns = played.speaker.of("cross_examination")
    assert sum(len(shown(turn)) for turn in turns) == 12
    assert len(turns) < 12
    # In frugal, nobody opened with the tier that examines: it is sent the files in dispute, and no others.
    for turn in turns:
        about = {one["file"] for one in shown(turn)}
        whole = profile == "balanced"
        assert {file for file in files if f"{file}" in turn.prompt.shared} == (set(files) if whole else about)


def many(number: int, files: int = 1, **more: Any) -> tuple[dict[str, tuple[str, str]], list[Claim]]:
    """Files, and so many claims about lines of them."""
    text = "".join(f"value_{n} = source_{n}()\n" for n in range(number))
    claims = [
        claim_of(f"value_{n} = source_{n}()", f"Defect number {n} of source_{n}", file=f"f{n % files}.py", **more)
        for n in range(number)
    ]
    return {f"f{n}.py": ("", text) for n in range(files)}, claims


def speaks(claims: list[Claim], takes: float) -> Said:
    """One claim a second, then silence until the answer ends."""
    return says(*claims, streamed=tuple(enumerate(claims, 1)), takes=takes)


def confirms_shown(turn: Turn, takes: float) -> Said:
    ruled = (evolve(ruling_of(one["claim"], "confirmed", one["quote"]), file=one["file"]) for one in shown(turn))
    return says(rulings=tuple(ruled), takes=takes)


def test_the_first_claim_is_examined_at_once_and_those_behind_it_wait_until_their_call_is_full() -> None:
    files, claims = many(9, 3)

    def script(turn: Turn) -> Said:
        return speaks(claims, 20.0) if turn.phase == "opening" else confirms_shown(turn, 40.0)

    played = play(brief_of(files, sits=("architect",)), script)
    calls = [one for one in played.outcome.exchanges if one.turn.phase == "cross_examination"]
    assert [len(shown(one.turn)) for one in calls] == [1, BATCH, BATCH]
    assert [one.started for one in calls] == [1.0, 5.0, 9.0]
    assert len(played.outcome.findings) == 9


def test_what_waits_for_a_full_call_is_examined_once_nobody_opens_any_more() -> None:
    files, claims = many(3)
    played = play(
        brief_of(files, sits=("architect",)),
        lambda turn: speaks(claims, 20.0) if turn.phase == "opening" else confirms_shown(turn, 90.0),
    )
    calls = [one for one in played.outcome.exchanges if one.turn.phase == "cross_examination"]
    assert [len(shown(one.turn)) for one in calls] == [1, 2]
    assert [one.started for one in calls] == [1.0, 20.0]


@pytest.mark.parametrize(
    ("architects", "last"), [(2, ("examiner", 3)), (4, ("code-reviewer", 3))], ids=["of two seats", "of one seat"]
)
def test_the_last_claims_of_several_seats_share_a_call_of_the_examiner_without_a_lens(
    architects: int, last: tuple[str, int]
) -> None:
    files, claims = many(4)
    by_seat = {"architect": claims[:architects], "code-reviewer": claims[architects:]}
    played = play(
        brief_of(files, sits=("architect", "code-reviewer")),
        lambda turn: speaks(by_seat[turn.seat], 20.0) if turn.phase == "opening" else confirms_shown(turn, 90.0),
    )
    asked = [(turn.seat, len(shown(turn))) for turn in played.speaker.of("cross_examination")]
    assert asked == [("examiner", 1), last]
    assert len(played.outcome.findings) == 4


def test_lanes_and_batches_bound_what_is_under_way() -> None:
    text = "".join(f"value_{n} = source_{n}()\n" for n in range(60))
    claims = [
        claim_of(f"value_{n} = source_{n}()", f"Defect number {n} of source_{n}", file=f"f{n % 3}.py")
        for n in range(60)
    ]

    def script(turn: Turn) -> Said:
        if turn.phase == "opening":
            return says(*claims)
        return says(rulings=tuple(ruling_of(one["claim"], "confirmed", one["quote"]) for one in shown(turn)))

    files = {f"f{n}.py": ("", text) for n in range(3)}
    played = play(brief_of(files, sits=("architect",), max_findings=100), script)
    turns = played.speaker.of("cross_examination")
    assert sum(len(shown(turn)) for turn in turns) == 60
    assert max(len(shown(turn)) for turn in turns) <= BATCH
    spans = [(one.started, one.ended) for one in played.outcome.exchanges if one.turn.phase == "cross_examination"]
    assert max(sum(start <= at < end for start, end in spans) for at, _ in spans) <= LANES
    assert len(played.outcome.findings) == 60


def test_code_that_the_examiner_asks_for_is_served_once() -> None:
    others = {"shop/db.py": "def run(sql, *values):\n    return sql\n"}

    def examine(turn: Turn) -> Said:
        if "def run(sql" in turn.prompt.ask:
            return rules(turn, SQL=("refuted", "def run(sql, *values):"))
        return says(needs=(Need("shop/db.py", "run"), Need("shop/db.py", "nothing")))

    brief = brief_of(others=others)
    played = play(brief, opening({"architect": says(evolve(SQL_CLAIM, severity="low"))}, examine))
    asks = [turn.prompt.ask for turn in played.speaker.of("cross_examination")]
    assert len(asks) == 2
    assert 'source="not available"' in asks[1]
    assert 'source="shop/db.py, after the change"' in asks[1]


def test_an_examiner_that_keeps_asking_is_not_asked_a_third_time() -> None:
    played = play(
        brief_of(), opening({"architect": says(SQL_CLAIM)}, lambda _: says(needs=(Need("shop/users.py", "total"),)))
    )
    asked = [turn.seat for turn in played.speaker.of("cross_examination")]
    assert asked == [asked[0], asked[0], "examiner"]
    assert played.outcome.held_back[0].verdict == "unverified"


def test_an_examiner_that_says_nothing_does_not_keep_a_claim_from_being_examined() -> None:
    script = opening({"architect": says(SQL_CLAIM)}, lambda turn: confirms(turn) if turn.seat == "examiner" else says())
    (found,) = play(brief_of(), script).outcome.findings
    assert [step.verdict for step in found.trace if step.seat == "examiner"] == ["confirmed"]


def test_a_flood_of_one_seat_waits_behind_the_claims_of_others() -> None:
    """Two hundred claims, all told to be critical, and a cap that comes before they are through."""
    lines = [f"    step_{number}()" for number in range(200)]
    flood = [claim_of(line, f"Step {number} is fatal", severity="critical") for number, line in enumerate(lines)]
    brief = brief_of({"shop/users.py": (OLD, NEW + "def steps():\n" + "\n".join(lines) + "\n")}, deadline_s=60.0)

    def examine(turn: Turn) -> Said:
        ruled = [ruling_of(one["claim"], "confirmed", one["quote"]) for one in shown(turn)]
        return says(rulings=tuple(ruled), takes=10.0)

    seats_say = {"code-reviewer": says(*flood, takes=2.0), "architect": says(LOOP_CLAIM, takes=4.0)}
    outcome = play(brief, opening(seats_say, examine)).outcome
    assert LOOP_CLAIM.title in {one.title for one in outcome.findings + outcome.held_back if one.verdict == "confirmed"}
    assert any(one.verdict == "unverified" for one in outcome.held_back)


def test_a_tier_without_a_warm_cache_gets_the_file_in_dispute_only() -> None:
    files = {"shop/users.py": (OLD, NEW), "shop/other.py": ("a = 1\n", "unrelated_thing = 2\n")}
    brief = brief_of(files, profile="frugal")
    turn = play(brief, opening({"architect": says(SQL_CLAIM)})).speaker.of("cross_examination")[0]
    assert turn.tier == "sonnet"
    assert SQL_LINE in turn.prompt.shared
    assert "unrelated_thing" not in turn.prompt.shared
    low = play(brief, opening({"architect": says(evolve(SQL_CLAIM, severity="low"))})).speaker
    assert low.of("cross_examination")[0].tier == "haiku"
    assert low.of("cross_examination")[0].prompt.shared == low.turns[0].prompt.shared


# --- rulings ---


@pytest.mark.parametrize("quote", ["", "}", "    ", "this line is nowhere in the code", "=="])
def test_a_ruling_whose_quote_is_not_in_the_code_is_void(quote: str) -> None:
    script = opening({"architect": says(SQL_CLAIM)}, verdicts(dict.fromkeys(PHASES, "confirmed"), quote))
    played = play(brief_of(), script)
    assert not played.outcome.findings
    assert played.outcome.held_back[0].verdict == "unverified"
    assert not any(event.valid for event in events(played, ClaimRuled))


def test_rulings_about_claims_that_were_not_asked_about_are_not_heard() -> None:
    def examine(turn: Turn) -> Said:
        ids = [one["claim"] for one in shown(turn)]
        return says(rulings=tuple(ruling_of(one, "confirmed") for one in ("c-000000", "", *ids)))

    outcome = play(brief_of(), opening({"architect": says(SQL_CLAIM)}, examine)).outcome
    assert [len(one.rulings) for one in outcome.contentions] == [1]


def test_an_answer_that_rules_both_ways_decides_nothing() -> None:
    def examine(turn: Turn) -> Said:
        (one,) = shown(turn)
        return says(rulings=(ruling_of(one["claim"], "refuted"), ruling_of(one["claim"], "confirmed")))

    outcome = play(brief_of(), opening({"architect": says(SQL_CLAIM)}, examine)).outcome
    assert not outcome.findings
    assert outcome.held_back[0].verdict == "unverified"


def test_claims_raised_outside_the_opening_are_set_aside_not_argued() -> None:
    def examine(turn: Turn) -> Said:
        statement = confirms(turn).statement
        assert statement is not None
        return Said(evolve(statement, claims=(LOOP_CLAIM,)))

    outcome = play(brief_of(), opening({"architect": says(SQL_CLAIM)}, examine)).outcome
    assert [finding.title for finding in outcome.findings] == [SQL_CLAIM.title]
    assert [(one.claim, one.reason) for one in outcome.set_aside] == [
        (LOOP_CLAIM, "it was raised in cross-examination, not in the opening")
    ]


# --- late duplicates ---


def test_a_duplicate_that_comes_late_adds_a_raiser_and_nothing_else() -> None:
    script = opening({"code-reviewer": says(SQL_CLAIM, takes=3.0), "security-analyst": says(SQL_CLAIM, takes=60.0)})
    played = play(brief_of(), script)
    assert len(events(played, ClaimRaised)) == 1
    assert len(played.speaker.of("cross_examination")) == 1
    assert played.outcome.findings[0].raised_by == ("code-reviewer", "security-analyst")
    assert played.outcome.findings[0].confidence == "certain"


def test_a_late_duplicate_can_make_a_dropped_claim_contested() -> None:
    mild = evolve(SQL_CLAIM, severity="low", certainty="possible")
    script = opening(
        {"code-reviewer": says(mild, takes=3.0), "security-analyst": says(SQL_CLAIM, takes=60.0)},
        verdicts({"cross_examination": "refuted", "consensus": "confirmed"}),
    )
    played = play(brief_of(), script)
    outcomes = [event.outcome for event in events(played, ClaimSettled)]
    assert outcomes == ["dropped", "held_back", "finding"]
    assert phases(played) == ["cross_examination", "consensus"]


def test_whoever_joins_a_claim_while_it_is_examined_does_not_argue_for_it() -> None:
    """The Security Analyst raises it too, after its examination has begun: it is no examiner of it in the rebuttal."""
    script = opening(
        {"code-reviewer": says(SQL_CLAIM, takes=3.0), "security-analyst": says(SQL_CLAIM, takes=9.0)},
        lambda turn: evolve(
            verdicts({"cross_examination": "refuted", "rebuttal": "confirmed", "consensus": "unsure"})(turn), takes=20.0
        ),
    )
    played = play(brief_of(**MEDIUM), script)
    (one,) = played.outcome.contentions
    assert one.raisers == ("code-reviewer", "security-analyst")
    assert [ruled.seat for ruled in one.rulings][:2] == ["examiner", "architect"]
    assert facts_of(one).confirmed == 1  # the Architect's, however often those who raised it are heard


def test_a_waiting_claim_that_another_seat_raises_as_worse_is_examined_sooner() -> None:
    text = "".join(f"value_{n} = source_{n}()\n" for n in range(40))
    files = {f"f{n}.py": ("", text) for n in range(40)}

    def claims(*numbers: int, severity: Severity) -> list[Claim]:
        return [
            claim_of(f"value_{n} = source_{n}()", f"Defect {n} of source_{n}", file=f"f{n}.py", severity=severity)
            for n in numbers
        ]

    def script(turn: Turn) -> Said:
        if turn.seat == "architect" and turn.phase == "opening":
            return says(*claims(*range(20), severity="medium"), takes=3.0)
        if turn.seat == "code-reviewer" and turn.phase == "opening":
            return says(*claims(19, severity="critical"), takes=6.0)
        ruled = (evolve(ruling_of(one["claim"], "confirmed", one["quote"]), file=one["file"]) for one in shown(turn))
        return says(rulings=tuple(ruled), takes=10.0)

    played = play(brief_of(files, sits=("architect", "code-reviewer"), max_findings=99), script)
    calls = played.speaker.of("cross_examination")
    call_of = {one["file"]: number for number, turn in enumerate(calls) for one in shown(turn)}
    assert call_of["f19.py"] < call_of["f9.py"]
    assert len(call_of) == 20


def test_a_debate_that_ends_after_its_deadline_with_nothing_open_is_complete() -> None:
    script = opening({"architect": says(SQL_CLAIM)}, lambda turn: evolve(confirms(turn), takes=30.0))
    played = play(brief_of(**MEDIUM, deadline_s=20.0), script)
    assert played.outcome.stopped_by is None
    assert not played.outcome.degraded
    assert ended(played) == ("consensus", 2, 0)


def test_a_cap_that_left_claims_unexamined_is_no_consensus() -> None:
    script = opening({"architect": says(SQL_CLAIM), "code-reviewer": says(LOOP_CLAIM)}, lambda _: fails("cap"))
    assert ended(play(brief_of(**MEDIUM), script))[0] == "budget"


def test_an_examiner_that_asked_for_code_first_is_not_told_as_silent() -> None:
    def examine(turn: Turn) -> Said:
        if turn.phase == "cross_examination" and "# The code that you asked for" not in turn.prompt.ask:
            return says(needs=(Need("shop/users.py", "total"),))
        return verdicts({"cross_examination": "refuted", "rebuttal": "refuted"})(turn)

    played = play(brief_of(**MEDIUM), opening({"architect": says(SQL_CLAIM)}, examine))
    assert played.outcome.contentions[0].unheard == ()
    (turn,) = played.speaker.of("rebuttal")
    assert "gave no ruling" not in turn.prompt.ask


# --- limits on what is shown ---


def test_findings_below_the_severity_asked_for_are_held_back() -> None:
    outcome = play(brief_of(minimum_severity="high"), confirm_all).outcome
    assert [one.title for one in outcome.findings] == [SQL_CLAIM.title]
    assert [(one.title, one.verdict, one.status) for one in outcome.held_back] == [
        (LOOP_CLAIM.title, "confirmed", "held_back")
    ]


def test_no_more_findings_than_asked_for_the_worst_first() -> None:
    outcome = play(brief_of(max_findings=1), confirm_all).outcome
    assert [one.title for one in outcome.findings] == [SQL_CLAIM.title]
    assert len(outcome.held_back) == 1


# --- the same again ---


def test_the_same_brief_and_replies_give_the_same_prompts_and_outcome() -> None:
    first = argue({"cross_examination": "refuted", "rebuttal": "unsure", "consensus": "confirmed"})
    second = argue({"cross_examination": "refuted", "rebuttal": "unsure", "consensus": "confirmed"})
    assert first.speaker.turns == second.speaker.turns
    assert first.outcome == second.outcome
    assert first.events == second.events


def test_the_id_of_a_claim_does_not_tell_who_was_first() -> None:
    def play_with(fast: str, slow: str) -> set[str]:
        script = opening({fast: says(SQL_CLAIM, takes=2.0), slow: says(LOOP_CLAIM, takes=8.0)})
        return {one.id for one in play(brief_of(), script).outcome.contentions}

    assert play_with("architect", "security-analyst") == play_with("security-analyst", "architect")


def test_the_cost_is_told_after_every_reply_and_only_grows() -> None:
    played = play(brief_of(), lambda turn: says(LOOP_CLAIM) if turn.phase == "opening" else rules(turn))
    told = [event for event in played.events if isinstance(event, CostChanged)]
    assert [event.calls for event in told] == list(range(1, len(played.outcome.exchanges) + 1))
    assert [event.spent for event in told] == sorted(event.spent for event in told)
    assert told[-1].spent == sum(one.reply.spent for one in played.outcome.exchanges)
