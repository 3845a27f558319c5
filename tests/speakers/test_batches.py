"""The desk of a sweep with a service that is played by hand, and the real service's odd answers over HTTP."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from attrs import define, evolve, field

from rebuttal.budget.prices import BatchBook
from rebuttal.budget.purse import Purse
from rebuttal.debate.model import Failure, Reply
from rebuttal.settings import Settings
from rebuttal.speakers.batches import desk as desks
from rebuttal.speakers.batches.desk import BatchDesk
from rebuttal.speakers.batches.model import Pace, Short
from rebuttal.speakers.batches.service import Batch, BatchFault, BatchService, NoBatches, Result
from rebuttal.speakers.batches.speaker import BatchSpeaker
from rebuttal.speakers.batches.till import BatchTill
from rebuttal.speakers.calls import Calls
from rebuttal.speakers.connection import Connection
from rebuttal.speakers.faults import Fault
from rebuttal.speakers.roster import Roster
from rebuttal.store.database import Database
from rebuttal.store.ledger import Ledger
from rebuttal.store.model import Caps
from rebuttal.store.sweeps import Sweeps, review_id
from tests.emulator.script import EndpointRule
from tests.emulator.script import Fault as Scripted
from tests.emulator.server import Emulator
from tests.speakers.conftest import Heard, claim, statement, turn

SWEEP = "sweep0000abcd"
PACE = Pace(first=0.0, longest=0.0, gather=20.0, doubt=(0.0,), failures=2, silences=2)
WIDE = Caps(review=Decimal(50), day=Decimal(100), month=Decimal(100))
OVERLOADED = Fault(Failure("overloaded", "api.example is overloaded: try again later."), retry=True)
NO_NETWORK = Fault(Failure("network", "No way to api.example: check your network."), retry=True, billed="unknown")


def message(text: str | None = None, **fields: Any) -> dict[str, Any]:
    import json

    text = json.dumps(statement(claim())) if text is None else text
    usage = {"input_tokens": 100, "output_tokens": 50, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}
    said = {"id": "msg_1", "model": "claude-sonnet-5-5", "stop_reason": "end_turn", "usage": usage}
    return {**said, "content": [{"type": "thinking", "thinking": ""}, {"type": "text", "text": text}], **fields}


@define
class Played:
    """A service in memory: batches end when they are looked at, unless a test holds them."""

    made: list[Sequence[Mapping[str, Any]]] = field(factory=list)
    held: bool = False
    sent: asyncio.Event = field(factory=asyncio.Event)
    """A batch has been made."""
    troubles: list[Fault] = field(factory=list)
    """What goes wrong at the next requests, whatever they are."""
    answer: Callable[[Mapping[str, Any]], Result] = lambda one: Result(one["custom_id"], "succeeded", message())

    def _trouble(self) -> None:
        if self.troubles:
            raise BatchFault(self.troubles.pop(0))

    async def newest(self) -> str:
        self._trouble()
        return f"b{len(self.made)}" if self.made else ""

    async def create(self, requests: Sequence[Mapping[str, Any]]) -> Batch:
        self._trouble()
        self.made.append(requests)
        self.sent.set()
        return Batch(f"b{len(self.made)}", False, len(requests))

    async def batch(self, id_: str) -> Batch:
        self._trouble()
        await asyncio.sleep(0)
        return Batch(id_, not self.held, len(self.made[int(id_[1:]) - 1]))

    async def results(self, id_: str) -> AsyncIterator[Result]:
        requests = list(self.made[int(id_[1:]) - 1])
        random.Random(id_).shuffle(requests)
        for one in requests:
            yield self.answer(one)

    async def since(self, newest: str) -> tuple[Batch, ...]:
        first = int(newest[1:]) if newest else 0
        return tuple([await self.batch(f"b{number + 1}") for number in range(first, len(self.made))])

    async def cancel(self, id_: str) -> None:
        self.held = False


@define
class Place:
    """A desk with all that it needs."""

    service: Played
    database: Database
    connection: Connection
    told: list[Any] = field(factory=list)
    caps: Caps = WIDE

    def desk(self, cap: Decimal | None = None, pace: Pace = PACE) -> BatchDesk:
        purse = Purse(Ledger(self.database), WIDE, BatchBook())
        return BatchDesk(
            SWEEP,
            service=self.service,
            sweeps=Sweeps(self.database),
            till=BatchTill(purse, cap),
            host="api.example",
            pace=pace,
            tell=self.told.append,
        )

    def speaker(self, desk: BatchDesk, change: str, *, fallback: bool = False) -> BatchSpeaker:
        calls = Calls(self.connection, BatchBook(), review_id(SWEEP, change), "repository")
        desk.expect(change)
        return BatchSpeaker(desk, change, Roster.of(Settings()), calls, self.caps, fallback=fallback)

    @property
    def states(self) -> list[str]:
        return [one.state for one in Ledger(self.database).entries().result()]


@pytest_asyncio.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    with Database.open(tmp_path / "store.sqlite3") as database:
        connection = Connection({"ANTHROPIC_API_KEY": "key", "ANTHROPIC_BASE_URL": "http://127.0.0.1:9"})
        Sweeps(database).begin(SWEEP, "repository", "api.example", "{}").result()
        yield Place(Played(), database, connection)
        await connection.aclose()


async def answers(place: Place, desk: BatchDesk, debates: int, turns: int) -> list[list[Reply]]:
    """Each debate asks so many turns at once."""

    async def debate(number: int) -> list[Reply]:
        change = f"change{number}"
        speaker = place.speaker(desk, change)
        asked = (speaker.speak(turn(f"seat-{one}", ask=f"{change} {one}"), Heard()) for one in range(turns))
        try:
            return list(await asyncio.gather(*asked))
        finally:
            desk.leave(change)

    return list(await asyncio.gather(*(debate(number) for number in range(debates))))


async def test_what_several_debates_ask_goes_out_in_one_batch(place: Place) -> None:
    async with place.desk() as desk:
        replies = await answers(place, desk, 3, 4)
    assert [len(one) for one in place.service.made] == [12]
    assert all(reply.statement is not None for each in replies for reply in each)
    assert place.states == ["settled"] * 12


async def test_a_request_is_what_a_batch_takes_and_is_kept_in_the_cache_for_an_hour(place: Place) -> None:
    async with place.desk() as desk:
        await answers(place, desk, 1, 1)
    ((request,),) = place.service.made
    assert set(request) == {"custom_id", "params"}
    assert not {"stream", "speed", "fallbacks"} & set(request["params"])
    blocks = [*request["params"]["system"], *request["params"]["messages"][0]["content"]]
    kept = [block["cache_control"] for block in blocks if "cache_control" in block]
    assert kept
    assert all(one == {"type": "ephemeral", "ttl": "1h"} for one in kept)


async def test_answers_are_heard_in_the_order_of_the_questions_whatever_order_they_come_in(place: Place) -> None:
    heard: list[int] = []
    async with place.desk() as desk:
        speaker = place.speaker(desk, "change")

        async def ask(number: int) -> None:
            listener = Heard()
            await speaker.speak(turn(f"seat-{number}"), listener)
            assert listener.starts == 1
            assert len(listener.claims) == 1
            heard.append(number)

        await asyncio.gather(*map(ask, range(20)))
    assert heard == list(range(20))


async def test_no_seat_waits_until_another_has_warmed_the_cache(place: Place) -> None:
    place.service.held = True
    async with place.desk() as desk:
        listener = Heard()
        task = asyncio.create_task(place.speaker(desk, "change").speak(turn(), listener))
        await asyncio.sleep(0)
        assert listener.starts == 1
        task.cancel()


async def test_a_debate_that_never_asks_holds_up_the_others_for_a_while_only(place: Place) -> None:
    async with place.desk(pace=evolve(PACE, gather=0.05)) as desk:
        desk.expect("silent")
        ((reply,),) = await answers(place, desk, 1, 1)
    assert reply.failure is None


async def test_a_debate_that_leaves_is_not_waited_for(place: Place) -> None:
    async with place.desk() as desk:
        desk.expect("silent")
        asyncio.get_running_loop().call_later(0.05, desk.leave, "silent")
        ((reply,),) = await answers(place, desk, 1, 1)
    assert reply.failure is None


async def test_more_than_a_batch_takes_goes_out_in_several(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desks, "MOST_REQUESTS", 4)
    async with place.desk() as desk:
        await answers(place, desk, 2, 5)
    assert [len(one) for one in place.service.made] == [4, 4, 2]


async def test_a_batch_holds_so_many_bytes_and_no_more(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desks, "MOST_BYTES", 30_000)
    async with place.desk() as desk:
        await answers(place, desk, 1, 4)
    assert len(place.service.made) > 1


async def test_a_turn_that_nobody_waits_for_any_more_is_not_sent(place: Place) -> None:
    async with place.desk() as desk:
        desk.expect("busy")  # so that nothing is handed over yet
        task = asyncio.create_task(place.speaker(desk, "change").speak(turn(), Heard()))
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        desk.leave("change")
        desk.leave("busy")
        await asyncio.sleep(0.05)
    assert place.service.made == []
    assert place.states == []


async def test_a_turn_under_way_that_nobody_waits_for_is_accounted_when_it_comes(place: Place) -> None:
    place.service.held = True
    async with place.desk() as desk:
        task = asyncio.create_task(place.speaker(desk, "change").speak(turn(), Heard()))
        await place.service.sent.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        desk.leave("change")
        place.service.held = False
        await desk.all_in()
    assert place.states == ["settled"]


async def test_a_service_that_stays_away_fails_the_turns_and_leaves_the_sweep_to_be_taken_up(place: Place) -> None:
    place.service.held = True
    async with place.desk() as desk:
        asked = asyncio.create_task(answers(place, desk, 1, 2))
        await place.service.sent.wait()
        place.service.troubles = [NO_NETWORK] * 10
        (replies,) = await asked
    assert {reply.failure.kind for reply in replies if reply.failure} == {"network"}
    assert place.states == ["reserved", "reserved"]
    place.service.troubles, place.service.held = [], False
    async with place.desk() as desk:
        (again,) = await answers(place, desk, 1, 2)
    assert all(reply.failure is None and reply.spent > 0 for reply in again)
    assert len(place.service.made) == 1
    assert place.states == ["settled", "settled"]


async def test_what_cannot_be_handed_over_is_given_back(place: Place) -> None:
    place.service.troubles = [evolve(OVERLOADED, retry=False)]
    async with place.desk() as desk:
        ((reply,),) = await answers(place, desk, 1, 1)
    assert reply.failure == OVERLOADED.failure
    assert place.states == ["released"]


async def test_a_turn_is_answered_from_the_store_once_for_each_time_it_was_asked(place: Place) -> None:
    async with place.desk() as desk:
        speaker = place.speaker(desk, "change")
        first = [await speaker.speak(turn(), Heard()) for _ in range(2)]
    assert len(place.service.made) == 2
    async with place.desk() as desk:
        speaker = place.speaker(desk, "change")
        again = [await speaker.speak(turn(), Heard()) for _ in range(2)]
        assert again == first
        assert (await speaker.speak(turn(), Heard())).failure is None
    assert len(place.service.made) == 3


async def test_an_answer_without_usage_stands_at_its_worst_case(place: Place) -> None:
    place.service.answer = lambda one: Result(one["custom_id"], "succeeded", message(usage=None))
    async with place.desk() as desk:
        ((reply,),) = await answers(place, desk, 1, 1)
    assert reply.statement is not None
    assert reply.spent == 0 < reply.assumed
    assert place.states == ["assumed"]


@pytest.mark.parametrize(
    "odd", [{"content": 5}, {"content": [5, {"type": ["text"]}]}, {"usage": "x"}, {"usage": [1]}, {"stop_reason": {}}]
)
async def test_an_odd_answer_costs_its_own_turn_only(place: Place, odd: dict[str, Any]) -> None:
    def answer(one: Mapping[str, Any]) -> Result:
        is_odd = "change0 0" in str(one["params"])
        return Result(one["custom_id"], "succeeded", message(**(odd if is_odd else {})))

    place.service.answer = answer
    async with place.desk() as desk:
        ((first, second),) = await answers(place, desk, 1, 2)
    assert second.failure is None
    assert first.failure is not None or first.statement is not None
    assert "reserved" not in place.states


async def test_an_answer_at_half_the_price(place: Place) -> None:
    async with place.desk() as desk:
        ((reply,),) = await answers(place, desk, 1, 1)
    assert reply.spent == (100 * Decimal(2) + 50 * Decimal(10)) / 2 / 1_000_000


async def test_a_cap_lets_what_fits_go_first_and_the_rest_when_money_comes_back(place: Place) -> None:
    async with place.desk(cap=Decimal("0.06")) as desk:
        (replies,) = await answers(place, desk, 1, 6)
    assert all(reply.failure is None for reply in replies)
    assert len(place.service.made) > 1
    assert [one for one in place.told if isinstance(one, Short)]


async def test_a_cap_that_fits_no_turn_at_all_says_what_to_raise(place: Place) -> None:
    async with place.desk(cap=Decimal("0.001")) as desk:
        ((reply,),) = await answers(place, desk, 1, 1)
    assert reply.failure is not None
    assert reply.failure.kind == "cap"
    assert "--max-cost" in reply.failure.message
    assert place.states == []


async def test_turns_that_wait_for_money_do_not_wait_for_a_batch_that_nobody_looks_after(place: Place) -> None:
    """What is set aside for it comes back when the sweep is taken up, not before."""
    refused = Fault(Failure("authentication", "The key was refused."))

    async def before_a_look(seconds: float) -> None:
        place.service.troubles = [refused]

    pace = evolve(PACE, sleep=before_a_look)
    async with asyncio.timeout(10), place.desk(Decimal("0.06"), pace) as desk:
        (replies,) = await answers(place, desk, 1, 6)
    assert {one.failure.kind for one in replies if one.failure is not None} == {"authentication", "cap"}
    assert len(place.service.made) == 1


async def test_what_was_set_aside_comes_back_where_a_sweep_is_stopped_before_anything_was_sent(place: Place) -> None:
    place.service.troubles = [OVERLOADED] * 100
    stuck = asyncio.Event()

    async def never(seconds: float) -> None:
        stuck.set()
        await asyncio.Event().wait()

    async with place.desk(pace=evolve(PACE, failures=100, sleep=never)) as desk:
        speaking = asyncio.create_task(place.speaker(desk, "one").speak(turn("a"), Heard()))
        await stuck.wait()
        speaking.cancel()
    assert place.states == ["released"]


@pytest.mark.parametrize("where", ["service", "store", "call"])
async def test_an_error_that_nobody_foresaw_leaves_nobody_waiting(
    place: Place, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    async def broken(*_: Any) -> Any:
        raise RuntimeError("a bug")

    target: tuple[Any, str] = {
        "service": (Played, "create"),
        "store": (Sweeps, "held"),
        "call": (Calls, "prepare"),
    }[where]
    monkeypatch.setattr(*target, broken)
    async with place.desk() as desk:
        ((reply,),) = await answers(place, desk, 1, 1)
    assert reply.failure is not None
    assert "please report it" in reply.failure.message


# --- over HTTP ---


@pytest_asyncio.fixture
async def service(emulator: Emulator) -> AsyncIterator[BatchService]:
    connection = Connection(emulator.environment())
    yield BatchService(connection)
    await connection.aclose()


@pytest.mark.parametrize("status", [404, 405, 501])
async def test_an_endpoint_without_batches_is_told_apart(
    emulator: Emulator, service: BatchService, status: int
) -> None:
    emulator.script.add(EndpointRule(Scripted("status", status=status)))
    with pytest.raises(NoBatches, match="takes no message batches"):
        await service.newest()


@pytest.mark.parametrize("kind", ["not_json", "wrong_shape"])
async def test_something_that_is_no_batch_is_no_batch(emulator: Emulator, service: BatchService, kind: Any) -> None:
    emulator.script.add(EndpointRule(Scripted(kind), "batches.create"))
    with pytest.raises(BatchFault) as caught:
        await service.create([{"custom_id": "a", "params": {}}])
    assert caught.value.unsure


async def test_the_newest_comes_last_of_those_since(emulator: Emulator, service: BatchService) -> None:
    assert await service.newest() == ""
    made = [await service.create([{"custom_id": "a", "params": {"model": "x"}}]) for _ in range(3)]
    assert await service.newest() == made[-1].id
    assert [one.id for one in await service.since(made[0].id)] == [made[1].id, made[2].id]
    assert len(await service.since("")) == 3


async def test_params_that_are_wrong_come_back_as_results(service: BatchService) -> None:
    batch = await service.create(
        [{"custom_id": "a", "params": {"model": "claude-none", "max_tokens": 1, "messages": []}}]
    )
    (result,) = [one async for one in service.results((await service.batch(batch.id)).id)]
    assert (result.custom_id, result.kind) == ("a", "errored")
    assert result.error[0] in ("not_found_error", "invalid_request_error")


async def test_cancelling_what_has_ended_is_no_error(service: BatchService) -> None:
    batch = await service.create([{"custom_id": "a", "params": {"model": "x"}}])
    assert (await service.batch(batch.id)).ended
    await service.cancel(batch.id)
