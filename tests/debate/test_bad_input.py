"""Whatever comes in is bounded, cleaned, counted and told; nobody ever sees an exception."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, get_args

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from rebuttal.debate.anchoring import LONGEST_QUOTE, MOST_EDITS
from rebuttal.debate.model import Claim, ClaimFix, Need, Ruling, RulingVerdict, Statement, Turn
from rebuttal.debate.sitting import MAX_CLAIMS
from rebuttal.debate.statement import StatementError, parse_statement
from rebuttal.debate.transcript import TOLD_ALIKE, transcript
from rebuttal.findings.model import Category, Certainty, FindingSide
from rebuttal.findings.severity import Severity
from tests.debate.conftest import (
    LOOP_CLAIM,
    LOOP_LINE,
    SQL_CLAIM,
    SQL_LINE,
    Played,
    Said,
    brief_of,
    claim_of,
    play,
    ruling_of,
    says,
    shown,
)
from tests.debate.test_crossfire import confirms, opening

UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
FENCED = re.compile(r"^(`{3,})[^`\n]*\n.*?^\1$", re.MULTILINE | re.DOTALL)
ESCAPED = "\x1b[31mred\x1b[0m \x1b]8;;http://x\x07link\x1b]8;;\x07 \u202egnirts\u202c \u200bzero\ufeff \x9b2J\x00"
MARKUP = "<script>alert(1)</script><img src=x onerror=alert(1)> [a](javascript:alert(1)) | `x` # h1\n\n## Findings\n"


def clean_everywhere(played: Played) -> None:
    """Nothing that a model wrote as prose holds what does not show, and the transcript holds none at all."""
    outcome = played.outcome
    for finding in (*outcome.findings, *outcome.held_back):
        for text in (finding.title, finding.message, *(step.text for step in finding.trace)):
            assert not UNSEEN.search(text), ascii(text)
        assert "\n" not in finding.title
    for reason in (*(one.reason for one in outcome.degraded), *(one.reason for one in outcome.set_aside)):
        assert len(reason) < 1_000
    told = transcript(outcome)
    assert not UNSEEN.search(told)
    outside = FENCED.sub("", told)
    assert not re.search(r"(?<!\\)<(?:script|img)", outside)
    assert told.count("\n## Findings\n") <= 1


def parsed(claim: Claim) -> Claim:
    """The claim as it comes through the door."""
    fixes = [{"file": fix.file, "quote": fix.quote, "replacement": fix.replacement} for fix in claim.fixes]
    names = ("file", "side", "quote", "title", "argument", "category", "severity", "certainty")
    data = {name: getattr(claim, name) for name in names} | {"fixes": fixes}
    return parse_statement(json.dumps({"claims": [data], "rulings": [], "needs": []})).claims[0]


# --- what an opening may hold: the claims, and how many come to argument and are set aside ---

OPENINGS: dict[str, tuple[tuple[Claim, ...], int, int]] = {
    "nothing": ((), 0, 0),
    "empty claim": ((claim_of("", "", argument="", file=""),), 0, 1),
    "empty claim about a file": ((claim_of("", "", argument=""),), 0, 1),
    "no title": ((evolve(SQL_CLAIM, title=""),), 1, 0),
    "no argument": ((evolve(SQL_CLAIM, argument=""),), 1, 0),
    "only white space": ((claim_of(" \t\n", "  ", argument="\n\n"),), 0, 1),
    "huge quote": ((claim_of("x" * 5_000_000),), 1, 0),
    "huge argument": ((evolve(SQL_CLAIM, argument="It is wrong. " * 200_000),), 1, 0),
    "huge title": ((evolve(SQL_CLAIM, title="wrong " * 200_000),), 1, 0),
    "huge path": ((evolve(SQL_CLAIM, file="a/" * 100_000),), 0, 1),
    "wrong file": ((evolve(SQL_CLAIM, file="shop/user.py"),), 0, 1),
    "a folder": ((evolve(SQL_CLAIM, file="shop/"),), 0, 1),
    "outside": ((evolve(SQL_CLAIM, file="../../etc/passwd"),), 0, 1),
    "invented quote": ((claim_of("    cursor.execute(dangerous_sql_that_is_not_there)"),), 1, 0),
    "another language": (
        (
            evolve(
                SQL_CLAIM, title="El nombre entra en el SQL sin escapar", argument="注入：name 未经转义。すぐ直すこと。"
            ),
        ),
        1,
        0,
    ),
    "right to left": ((evolve(SQL_CLAIM, title="ثغرة حقن", argument="יש כאן הזרקה. תמיד."),), 1, 0),
    "terminal escapes": ((evolve(SQL_CLAIM, title=ESCAPED, argument=ESCAPED),), 1, 0),
    "escapes in the path": ((evolve(SQL_CLAIM, file=ESCAPED),), 0, 1),
    "escapes in an invented quote": ((claim_of(ESCAPED),), 1, 0),
    "markup": ((evolve(SQL_CLAIM, title=MARKUP, argument=MARKUP),), 1, 0),
    "markup in the path": ((evolve(SQL_CLAIM, file=MARKUP),), 0, 1),
    "contradicts itself": (
        (SQL_CLAIM, evolve(SQL_CLAIM, title="The query is safe", argument="No input reaches it. Fine.")),
        2,
        0,
    ),
    "the same again and again": ((SQL_CLAIM,) * 50, 1, 0),
    "endless fix": ((evolve(SQL_CLAIM, fixes=(ClaimFix("shop/users.py", SQL_LINE, "x\n" * 500_000),)),), 1, 0),
    "countless fixes": ((evolve(SQL_CLAIM, fixes=(ClaimFix("shop/users.py", "no such", "x"),) * 20_000),), 1, 0),
    "a fix of a file that is called by escapes": (
        (evolve(SQL_CLAIM, fixes=(ClaimFix(ESCAPED + "x" * 5_000, SQL_LINE, "x"),)),),
        1,
        0,
    ),
    "half a surrogate pair": ((evolve(SQL_CLAIM, title="a\ud800b", quote="\udfff", argument="\ud800."),), 1, 0),
}


@pytest.mark.parametrize("name", OPENINGS)
def test_an_opening_of_any_kind_is_heard_as_far_as_it_can_be(name: str) -> None:
    claims, argued, set_aside = OPENINGS[name]
    played = play(brief_of(), opening({"architect": says(*map(parsed, claims))}, confirms))
    assert len(played.outcome.contentions) == argued
    assert len(played.outcome.set_aside) == set_aside
    clean_everywhere(played)
    assert len(transcript(played.outcome)) < 40_000
    for turn in played.speaker.turns:
        assert len(turn.prompt.ask) < 60_000
        turn.prompt.ask.encode("utf-8")


def test_a_claim_without_a_title_is_told_by_its_argument() -> None:
    claim = evolve(SQL_CLAIM, title="", argument="The name is put into the SQL text unescaped. It happens at once.")
    (finding,) = play(brief_of(), opening({"architect": says(claim)}, confirms)).outcome.findings
    assert finding.title.startswith("The name is put into the SQL text unescaped")


def test_a_fix_of_countless_edits_is_withheld_without_looking_for_them() -> None:
    fix = ClaimFix("shop/users.py", SQL_LINE, "    return None")
    claim = evolve(SQL_CLAIM, fixes=(fix,) * (MOST_EDITS + 1))
    (one,) = play(brief_of(), opening({"architect": says(claim)}, confirms)).outcome.contentions
    assert one.lead.fix is None
    assert one.lead.notes == ("its fix is withheld: it rewrites too much",)


@pytest.mark.parametrize(("count", "seats"), [(10_000, ("architect",)), (300, ("architect", "code-reviewer"))])
def test_ten_thousand_claims_are_cut_counted_and_told_in_few_lines(count: int, seats: tuple[str, ...]) -> None:
    claims = tuple(claim_of("no such line", f"Thing {n}", file=f"nowhere_{n % 2}.py") for n in range(count))
    outcome = play(brief_of(sits=seats), opening({seat: says(*claims) for seat in seats})).outcome
    assert outcome.contentions == ()
    assert len(outcome.set_aside) == MAX_CLAIMS * len(seats)
    reason = f"it raised {count} claims: only the first {MAX_CLAIMS} were heard"
    assert {(one.seat, one.reason) for one in outcome.degraded} == {(seat, reason) for seat in seats}
    told = transcript(outcome)
    assert len(told) < 10_000
    assert told.count("Thing ") == 2 * TOLD_ALIKE * len(seats)
    assert f"and {MAX_CLAIMS // 2 - TOLD_ALIKE} more for this reason" in told
    assert f"{MAX_CLAIMS * len(seats)} claims" in told


def test_ten_thousand_reasons_do_not_flood_a_transcript_either() -> None:
    claims = tuple(claim_of(file=f"nowhere_{n}.py") for n in range(MAX_CLAIMS))
    outcome = play(brief_of(), opening({"architect": says(*claims)})).outcome
    assert transcript(outcome).count("nowhere") <= 100


def test_hundreds_of_claims_that_stand_do_not_flood_a_report() -> None:
    """Every line is claimed something about: what is more than asked for is held back, and the transcript is cut."""
    text = "".join(f"value_{n} = compute_{n}(input_{n})\n" for n in range(400))
    claims = [claim_of(f"value_{n} = compute_{n}(input_{n})", f"Wrong {n}", file="x.py") for n in range(MAX_CLAIMS)]
    brief = brief_of({"x.py": (None, text)}, sits=("architect",))
    outcome = play(brief, opening({"architect": says(*claims)}, _confirm_as_quoted)).outcome
    assert len(outcome.findings) == brief.max_findings
    assert len(outcome.held_back) == MAX_CLAIMS - brief.max_findings
    assert "… and 80 more, which are not told here." in transcript(outcome)


def _confirm_as_quoted(turn: Turn) -> Said:
    rulings = [evolve(ruling_of(one["claim"], "confirmed", one["quote"]), file=one["file"]) for one in shown(turn)]
    return says(rulings=tuple(rulings))


# --- what an examiner may answer: what the claim comes to, and what is told ---


def _each(rule: Callable[[str], tuple[Ruling, ...]], needs: tuple[Need, ...] = ()) -> Callable[[Turn], Said]:
    def script(turn: Turn) -> Said:
        return says(rulings=tuple(one for claim in shown(turn) for one in rule(claim["claim"])), needs=needs)

    return script


ANSWERS: dict[str, tuple[Callable[[Turn], Said], str]] = {
    "nothing": (lambda _: says(), "unverified"),
    "repeats itself": (_each(lambda one: (ruling_of(one, "confirmed"),) * 500), "confirmed"),
    "rules both ways": (_each(lambda one: (ruling_of(one, "confirmed"), ruling_of(one, "refuted"))), "unverified"),
    "shouts the id": (_each(lambda one: (ruling_of(f" {one.upper()} ", "confirmed"),)), "confirmed"),
    "unknown ids only": (_each(lambda _: (ruling_of("c-000000", "refuted"), ruling_of("", "refuted"))), "unverified"),
    "unknown ids as well": (
        _each(lambda one: (ruling_of(one, "confirmed"), *(ruling_of(f"c-{n}", "refuted") for n in range(10_000)))),
        "confirmed",
    ),
    "quotes another file": (
        _each(lambda one: (evolve(ruling_of(one, "refuted", "def shout(text):"), file="shop/words.py"),)),
        "contested",
    ),
    "quotes a file that was not shown": (
        _each(lambda one: (evolve(ruling_of(one, "refuted", "def shout(text):"), file="shop/hidden.py"),)),
        "unverified",
    ),
    "quotes nothing": (_each(lambda one: (ruling_of(one, "confirmed", ""),)), "unverified"),
    "quotes a bracket": (_each(lambda one: (ruling_of(one, "refuted", ")"),)), "unverified"),
    "quotes at length": (_each(lambda one: (ruling_of(one, "refuted", "x" * (LONGEST_QUOTE * 10)),)), "unverified"),
    "quotes escapes": (_each(lambda one: (ruling_of(one, "refuted", ESCAPED),)), "unverified"),
    "argues with escapes": (
        _each(lambda one: (evolve(ruling_of(one, "confirmed"), argument=ESCAPED + MARKUP),)),
        "confirmed",
    ),
    "needs a thousand symbols": (
        _each(lambda _: (), tuple(Need("shop/users.py", f"symbol_{n}") for n in range(1_000))),
        "unverified",
    ),
    "needs what cannot be": (
        _each(lambda _: (), (Need("", ""), Need("/etc/passwd", "root"), Need("shop/users.py", "(" * 5_000))),
        "unverified",
    ),
    "raises claims instead": (lambda _: says(*(LOOP_CLAIM,) * 1_000), "unverified"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_of_any_kind_counts_only_as_what_it_proves(name: str) -> None:
    script, verdict = ANSWERS[name]
    through_the_door = _as_parsed(script)
    brief = brief_of(others={"shop/words.py": "def shout(text):\n    return text.upper()\n"})
    played = play(brief, opening({"architect": says(SQL_CLAIM)}, through_the_door))
    (one,) = played.outcome.contentions
    assert one.settled is not None
    assert one.settled.verdict == verdict
    clean_everywhere(played)
    assert len(transcript(played.outcome)) < 40_000
    assert max(len(turn.prompt.ask) for turn in played.speaker.turns) < 60_000
    assert len(played.speaker.turns) <= 12


def _as_parsed(script: Callable[[Turn], Said]) -> Callable[[Turn], Said]:
    """Prose is cleaned at the door: so rulings have to come through it."""

    def through(turn: Turn) -> Said:
        said = script(turn)
        assert said.statement is not None
        names = ("claim", "verdict", "file", "quote", "argument", "severity")
        rulings = [{name: getattr(one, name) for name in names} for one in said.statement.rulings]
        cleaned = parse_statement({"claims": [], "rulings": rulings, "needs": []}).rulings
        return evolve(said, statement=evolve(said.statement, rulings=cleaned))

    return through


def test_rulings_on_claims_that_nobody_asked_about_are_counted_and_told() -> None:
    script, _ = ANSWERS["unknown ids as well"]
    outcome = play(brief_of(), opening({"architect": says(SQL_CLAIM)}, script)).outcome
    (note,) = [note for one in outcome.exchanges for note in one.notes]
    assert note == "it ruled on 10000 other claims, which it was not asked about: that counts for nothing"
    assert "10000 other claims" in transcript(outcome)
    assert outcome.degraded == ()


def test_a_thousand_needs_are_served_as_far_as_they_fit() -> None:
    script, _ = ANSWERS["needs a thousand symbols"]
    played = play(brief_of(), opening({"architect": says(SQL_CLAIM)}, script))
    asked = [
        turn for turn in played.speaker.of("cross_examination") if "# The code that you asked for" in turn.prompt.ask
    ]
    assert 0 < len(asked) <= 2
    assert all(turn.prompt.ask.count("symbol_") <= 6 for turn in asked)


# --- the door ---


@pytest.mark.parametrize(
    "data",
    [
        "{}" * 1000,
        '{"claims": [], "rulings": [], "needs": []} and some words',
        "```json\n{}\n```",
        '{"claims": [1e999], "rulings": [], "needs": []}',
        '{"claims": [' + "9" * 10_000 + '], "rulings": [], "needs": []}',
        '{"claims": null, "rulings": [], "needs": []}',
        '{"claims":' * 5_000,
        "\x00",
        "Lo siento, no puedo ayudar con eso.",
    ],
)
def test_what_is_no_statement_is_refused_in_one_short_sentence(data: str) -> None:
    with pytest.raises(StatementError) as caught:
        parse_statement(data)
    assert len(str(caught.value)) < 300
    assert "\n" not in str(caught.value)


TEXTS = st.one_of(
    st.text(max_size=40),
    st.text("\x1b[]0;m\x07\u202e\u2066\u200b\ufeff\x9b<>`|#*_\\\n\r\t &\"'", max_size=40),
    st.sampled_from([SQL_LINE, LOOP_LINE, ESCAPED, MARKUP, "x" * 20_000, "", "\n" * 500, "…", "...", "1: x\n2: y"]),
)
FILES = st.sampled_from(["shop/users.py", "./shop/users.py", "nowhere.py", "", "../x", "shop\\users.py", ESCAPED])
FIX = st.fixed_dictionaries({"file": FILES, "quote": TEXTS, "replacement": TEXTS})
CLAIM = st.fixed_dictionaries(
    {
        "file": FILES,
        "side": st.sampled_from(get_args(FindingSide)),
        "quote": TEXTS,
        "title": TEXTS,
        "argument": TEXTS,
        "category": st.sampled_from(get_args(Category)),
        "severity": st.sampled_from(get_args(Severity)),
        "certainty": st.sampled_from(get_args(Certainty)),
        "fixes": st.lists(FIX, max_size=3),
    }
)
RULING = st.fixed_dictionaries(
    {
        "claim": st.sampled_from(["", "c-000000", "all"]),
        "verdict": st.sampled_from(get_args(RulingVerdict)),
        "file": FILES,
        "quote": TEXTS,
        "argument": TEXTS,
        "severity": st.sampled_from(get_args(Severity)),
    }
)
NEED = st.fixed_dictionaries({"file": FILES, "symbol": TEXTS})
STATEMENT = st.fixed_dictionaries(
    {
        "claims": st.lists(CLAIM, max_size=5),
        "rulings": st.lists(RULING, max_size=5),
        "needs": st.lists(NEED, max_size=3),
    }
)


@settings(max_examples=60)
@given(st.lists(STATEMENT, min_size=3, max_size=6))
def test_no_statement_gets_an_exception_or_a_control_character_to_the_user(statements: list[dict[str, Any]]) -> None:
    def script(turn: Turn) -> Said:
        said = statements[len(turn.prompt.ask) % len(statements)]
        rulings = list(said["rulings"])
        if turn.phase != "opening":
            rulings += [{**one, "claim": claim["claim"]} for claim in shown(turn) for one in said["rulings"][:2]]
        statement: Statement = parse_statement(json.dumps({**said, "rulings": rulings}))
        return Said(statement)

    played = play(brief_of(panel="medium", rounds=4), script)
    clean_everywhere(played)
    heard = sum(len(one.raised) for one in played.outcome.contentions) + len(played.outcome.set_aside)
    said = sum(len(one.reply.statement.claims) for one in played.outcome.exchanges if one.reply.statement)
    assert heard == said
