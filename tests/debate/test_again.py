"""An answer that breaks off is given anew under the same turn: nothing is lost, and nothing becomes two findings."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from attrs import evolve, frozen

from rebuttal.debate.engine import debate
from rebuttal.debate.events import SeatFinished
from rebuttal.debate.merge import Docket
from rebuttal.debate.model import Claim, Listener, Outcome, Place, Raised, Reply, Turn
from tests.debate.conftest import LOOP_CLAIM, SQL_CLAIM, SQL_LINE, Scripted, brief_of, claim_of, run, says

REWORDED = evolve(
    SQL_CLAIM,
    title="SQL injection through `name` in find()",
    argument="`name` is interpolated into the query string unescaped.",
)
FIRST = evolve(
    REWORDED, title="User-controlled name is concatenated into SQL", argument="find() builds the query from `name`."
)
SLOW = claim_of(SQL_LINE, "The query from `name` in find() is built anew for each call", category="performance")
ORDER = [one.title for one in (LOOP_CLAIM, FIRST, REWORDED, SLOW)]


@frozen
class _Told:
    outcome: Outcome
    finished: tuple[SeatFinished, ...]

    @property
    def titles(self) -> list[list[str]]:
        """Of each contention, all that was said of it."""
        found = [[one.claim.title for one in contention.raised] for contention in self.outcome.contentions]
        return sorted(found, key=lambda titles: ORDER.index(titles[0]))


class _BreaksOff(Scripted):
    """Opens with each of the attempts in turn; the last is the statement."""

    def __init__(self, attempts: Sequence[Sequence[Claim]], *, streams_the_last: bool = True) -> None:
        super().__init__(lambda turn: says(*(attempts[-1] if turn.phase == "opening" else ())))
        self._attempts = attempts
        self._streams_the_last = streams_the_last

    async def speak(self, turn: Turn, listener: Listener) -> Reply:
        if turn.phase == "opening":
            for number, claims in enumerate(self._attempts):
                if number:
                    listener.again()
                for claim in claims if claims is not self._attempts[-1] or self._streams_the_last else ():
                    listener.claim(claim)
        return await super().speak(turn, listener)


def held(*attempts: Sequence[Claim], protocol: str = "crossfire", streams_the_last: bool = True) -> _Told:
    events: list[object] = []
    speaker = _BreaksOff(attempts, streams_the_last=streams_the_last)
    brief = brief_of(sits=("code-reviewer",), protocol=protocol)
    outcome = run(debate(brief, speaker, events.append, lambda: 0.0))
    finished = tuple(one for one in events if isinstance(one, SeatFinished) and one.phase == "opening")
    return _Told(outcome, finished)


@pytest.mark.parametrize("streams_the_last", [True, False])
@pytest.mark.parametrize("protocol", ["crossfire", "council", "solo"])
def test_a_claim_of_a_broken_answer_and_its_other_wording_were_two_findings(
    protocol: str, streams_the_last: bool
) -> None:
    told = held([FIRST], [REWORDED], protocol=protocol, streams_the_last=streams_the_last)
    assert told.titles == [[FIRST.title, REWORDED.title]]
    assert told.outcome.contentions[0].raisers == ("code-reviewer",)


def test_one_answer_that_makes_both_claims_means_two_as_before() -> None:
    assert held([FIRST, REWORDED]).titles == [[FIRST.title], [REWORDED.title]]


def test_what_only_the_broken_answer_said_was_paid_for_and_stays() -> None:
    assert held([LOOP_CLAIM, FIRST], [REWORDED]).titles == [[LOOP_CLAIM.title], [FIRST.title, REWORDED.title]]


def test_a_claim_said_again_word_for_word_is_told_once_and_counted_once() -> None:
    told = held([FIRST, LOOP_CLAIM], [FIRST], [FIRST, LOOP_CLAIM])
    assert told.titles == [[LOOP_CLAIM.title], [FIRST.title]]
    assert [one.claims for one in told.finished] == [2]


def test_a_second_claim_on_the_line_of_one_said_again_was_taken_for_its_other_wording() -> None:
    """The later attempt holds both, so it means two."""
    assert held([FIRST], [FIRST, REWORDED]).titles == [[FIRST.title], [REWORDED.title]]
    assert held([FIRST], [FIRST, SLOW]).titles == [[FIRST.title], [SLOW.title]]


def test_a_claim_about_no_file_that_was_shown_is_set_aside_once() -> None:
    stranger = evolve(FIRST, file="elsewhere.py")
    told = held([stranger], [stranger, LOOP_CLAIM])
    assert [one.claim for one in told.outcome.set_aside] == [stranger]
    assert told.titles == [[LOOP_CLAIM.title]]


def _raised(claim: Claim, attempt: int, turn: int = 0) -> Raised:
    return Raised("code-reviewer", claim, Place("shop/users.py", "new", 4, 4), turn, attempt=attempt)


@pytest.mark.parametrize("same", [_raised, lambda claim, attempt: _raised(claim, 0, attempt)])
def test_another_attempt_merges_as_another_turn_of_the_seat_does(same: Callable[[Claim, int], Raised]) -> None:
    docket = Docket()
    docket.add(same(FIRST, 0))
    assert docket.find(same(REWORDED, 0)) is None
    assert docket.find(same(REWORDED, 1)) is not None
