"""Whatever seats say, the debate comes to an outcome that keeps its promises."""

from __future__ import annotations

from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from rebuttal.debate.model import Claim, ClaimFix, Need, Ruling, RulingVerdict, Turn
from rebuttal.debate.transcript import transcript
from rebuttal.findings.model import Category, Certainty, FindingSide
from rebuttal.findings.severity import Severity
from tests.debate.conftest import LOOP_LINE, NEW, SQL_LINE, Said, brief_of, play, says, shown

TEXTS = st.one_of(
    st.text(max_size=60), st.sampled_from([SQL_LINE, LOOP_LINE, "    return result", "}", NEW, "x\n" * 40])
)
FILES = st.sampled_from(["shop/users.py", "./shop/users.py", "nowhere.py", "", "../x"])
FIXES = st.lists(st.builds(ClaimFix, FILES, TEXTS, TEXTS), max_size=2).map(tuple)
CLAIMS = st.builds(
    Claim,
    FILES,
    st.sampled_from(get_args(FindingSide)),
    TEXTS,
    TEXTS,
    TEXTS,
    st.sampled_from(get_args(Category)),
    st.sampled_from(get_args(Severity)),
    st.sampled_from(get_args(Certainty)),
    FIXES,
)
RULED = st.tuples(st.sampled_from(get_args(RulingVerdict)), FILES, TEXTS, TEXTS, st.sampled_from(get_args(Severity)))
ARGUING = ("crossfire", "council")
NEEDS = st.lists(st.builds(Need, FILES, TEXTS), max_size=2).map(tuple)


@settings(max_examples=60)
@given(st.lists(CLAIMS, max_size=6), st.lists(RULED, min_size=1, max_size=8), NEEDS, st.sampled_from(ARGUING))
def test_no_statement_breaks_the_debate(
    claims: list[Claim],
    ruled: list[tuple[RulingVerdict, str, str, str, Severity]],
    needs: tuple[Need, ...],
    protocol: str,
) -> None:
    def script(turn: Turn) -> Said:
        if turn.phase == "opening":
            return says(*claims) if turn.seat != "architect" else says(*claims[:2], needs=needs)
        asked = shown(turn)
        rulings = (Ruling(one["claim"], *ruled[n % len(ruled)]) for n, one in enumerate(asked))
        return says(rulings=tuple(rulings), needs=needs)

    outcome = play(brief_of(panel="medium", rounds=4, protocol=protocol), script).outcome
    settled = [one.settled for one in outcome.contentions]
    assert all(one is not None for one in settled)
    assert len(outcome.findings) + len(outcome.held_back) == sum(
        s is not None and s.outcome != "dropped" for s in settled
    )
    for finding in (*outcome.findings, *outcome.held_back):
        assert finding.file == "shop/users.py"
        assert finding.quote in NEW or finding.side == "old"
        if finding.verdict == "confirmed":
            assert any(step.verdict == "confirmed" and step.file for step in finding.trace[:-1])
        for edit in finding.fix.edits if finding.fix else ():
            assert edit.file == "shop/users.py"
    heard = sum(len(one.raised) for one in outcome.contentions) + len(outcome.set_aside)
    assert heard == 2 * len(claims) + len(claims[:2])
    transcript(outcome).encode("utf-8")
