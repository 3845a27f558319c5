"""Slots: how many calls run at once, whose turn it is, and that nobody who gives up leaves a trace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from rebuttal.speakers.traffic import LEAST, MOST, START, WIDE, Limit, Queue, Slot, Traffic
from tests.speakers.conftest import FakeTime


async def turns() -> None:
    """Let everybody run who can."""
    for _ in range(20):
        await asyncio.sleep(0)


@define
class Road:
    """Traffic on a clock that passes only while somebody sleeps, with calls that end when they are told to."""

    traffic: Traffic
    time: FakeTime
    began: list[str] = field(factory=list)
    slots: dict[str, Slot] = field(factory=dict)
    tasks: dict[str, asyncio.Task[None]] = field(factory=dict)
    over: dict[str, asyncio.Event] = field(factory=dict)

    async def come(self, *names: str, repository: str = "") -> None:
        for name in names:
            self.over[name] = asyncio.Event()
            self.tasks[name] = asyncio.create_task(self._call(name, repository or name[0]))
            await turns()

    async def end(self, name: str, how: Callable[[Slot], None] = Slot.succeeded) -> None:
        how(self.slots[name])
        self.over[name].set()
        await turns()

    async def cancel(self, name: str) -> None:
        self.tasks[name].cancel()
        await turns()

    async def _call(self, name: str, repository: str) -> None:
        async with self.traffic.slot(repository) as slot:
            self.began.append(name)
            self.slots[name] = slot
            await self.over[name].wait()


@pytest.fixture
async def road() -> AsyncIterator[Road]:
    time = FakeTime()
    made = Road(Traffic(time.sleep, time.clock), time)
    yield made
    made.traffic.close()
    for task in made.tasks.values():
        task.cancel()
    await asyncio.gather(*made.tasks.values(), return_exceptions=True)


# --- the limit ---


def test_it_starts_at_four() -> None:
    assert Limit().slots == START == 4


@given(st.lists(st.booleans(), max_size=200))
def test_whatever_happens_the_limit_stays_within_its_bounds(successes: list[bool]) -> None:
    limit = Limit()
    for success in successes:
        before = limit.allowed
        if success:
            limit.ease()
            assert before <= limit.allowed <= before + 1
        else:
            limit.slow()
            assert limit.allowed == max(before / 2, LEAST)
        assert LEAST <= limit.slots <= MOST


@pytest.mark.parametrize(("room", "slots"), [(1000.0, 8), (24.0, 6), (16.0, 4), (0.0, 4)])
def test_some_of_the_room_that_the_service_says_it_has_is_used_at_once(room: float, slots: int) -> None:
    limit = Limit()
    limit.widen(room)
    assert limit.slots == slots


def test_the_room_that_it_says_it_has_counts_for_nothing_once_it_was_too_much() -> None:
    limit = Limit()
    limit.slow()
    limit.widen(1000.0)
    assert limit.slots == 2


def test_after_it_was_too_much_once_it_takes_as_many_successes_as_there_are_slots_for_one_more() -> None:
    limit = Limit(8.0)
    limit.slow()
    assert limit.slots == 4
    for _ in range(5):
        limit.ease()
    assert limit.slots == 5


# --- the queue ---


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 2)), max_size=40))
def test_within_a_repository_it_is_first_come_first_served_and_none_waits_longer_than_a_round(
    steps: list[tuple[str, int]],
) -> None:
    queue: Queue[tuple[str, int]] = Queue()
    waiting: list[tuple[str, int]] = []
    passed: dict[str, int] = {}
    for number, (repository, what) in enumerate(steps):
        if what == 0 or not waiting:
            queue.join(repository, (repository, number))
            waiting.append((repository, number))
        elif what == 1:
            served = queue.next()
            assert served == min((one for one in waiting if one[0] == served[0]), key=lambda one: one[1])
            waiting.remove(served)
            others = {one[0] for one in waiting} - {served[0]}
            passed = {other: passed.get(other, 0) + 1 for other in others}
            assert all(times <= 2 for times in passed.values())
        else:
            gone = waiting.pop(number % len(waiting))
            queue.leave(gone[0], gone)
            if all(one[0] != gone[0] for one in waiting):
                passed.pop(gone[0], None)  # who leaves and comes back stands at the end
        assert len(queue) == len(waiting)
    assert sorted(queue.next() for _ in range(len(queue))) == sorted(waiting)
    with pytest.raises(KeyError):
        queue.next()


def test_to_leave_twice_or_without_having_come_does_nothing() -> None:
    queue: Queue[str] = Queue()
    queue.join("a", "one")
    queue.leave("b", "other")
    queue.leave("a", "one")
    queue.leave("a", "one")
    assert len(queue) == 0


# --- slots ---


async def test_no_more_than_the_limit_are_under_way(road: Road) -> None:
    await road.come("a1", "a2", "a3", "a4", "a5", "a6")
    assert road.began == ["a1", "a2", "a3", "a4"]
    assert (road.traffic.under_way, road.traffic.waiting) == (4, 2)
    await road.end("a1", lambda slot: None)
    assert road.began[4:] == ["a5"]


async def test_each_success_lets_one_more_in(road: Road) -> None:
    await road.come(*(f"a{number}" for number in range(9)))
    await road.end("a0")
    assert len(road.began) == 6
    assert road.traffic.under_way == road.traffic.limit.slots == 5


async def test_room_that_the_service_says_it_has_lets_others_in_at_once(road: Road) -> None:
    await road.come(*(f"a{number}" for number in range(10)))
    assert road.traffic.under_way == START
    road.traffic.has_room(1000.0)
    await turns()
    assert road.traffic.under_way == WIDE


async def test_success_on_an_empty_road_proves_nothing(road: Road) -> None:
    await road.come("a1")
    await road.end("a1")
    assert road.traffic.limit.slots == START


async def test_repositories_take_turns(road: Road) -> None:
    await road.come("a1", "a2", "a3", "a4", "a5", "a6", "a7", "b1", "c1", "b2")
    for name in ("a1", "a2", "a3", "a4", "a5", "b1"):
        await road.end(name, lambda slot: None)
    assert road.began[4:] == ["a5", "b1", "c1", "a6", "b2", "a7"]


async def test_calls_that_are_refused_together_halve_the_limit_once(road: Road) -> None:
    await road.come("a1", "a2", "a3", "a4", "a5")
    for name in ("a1", "a2", "a3"):
        await road.end(name, Slot.refused)
    assert road.traffic.limit.slots == 2
    assert road.began == ["a1", "a2", "a3", "a4", "a5"]
    await road.end("a5", Slot.refused)  # it began after the road was slowed
    assert road.traffic.limit.slots == 1


async def test_nobody_starts_before_the_time_that_the_service_named(road: Road) -> None:
    started: list[float] = []
    gate = asyncio.Event()

    async def sleep(seconds: float) -> None:
        await gate.wait()
        await road.time.sleep(seconds)

    road.traffic._sleep = sleep
    await road.come("a1", "a2")
    await road.end("a1", lambda slot: slot.refused(7.0))
    await road.come("b1")
    assert road.began == ["a1", "a2"]
    assert not road.tasks["a2"].done()  # what is under way goes on
    gate.set()
    await turns()
    started.append(road.time.passed)
    assert road.began == ["a1", "a2", "b1"]
    assert started == [7.0]


async def test_of_two_times_the_later_counts(road: Road) -> None:
    await road.come("a1", "a2", "a3")
    await road.end("a1", lambda slot: slot.refused(9.0))
    await road.end("a2", lambda slot: slot.refused(2.0))
    await road.come("b1")
    assert (road.began[-1], road.time.passed) == ("b1", 9.0)


async def test_a_time_that_has_come_holds_nobody(road: Road) -> None:
    await road.come("a1")
    await road.end("a1", lambda slot: slot.refused(9.0))
    road.time.passed = 9.5
    await road.come("b1")
    assert (road.began[-1], road.time.slept) == ("b1", [])


async def test_who_waits_and_is_cancelled_leaves_no_trace(road: Road) -> None:
    await road.come("a1", "a2", "a3", "a4", "a5", "b1")
    await road.cancel("a5")
    assert road.traffic.waiting == 1
    await road.end("a1", lambda slot: None)
    assert road.began[4:] == ["b1"]
    for name in ("a2", "a3", "a4", "b1"):
        await road.end(name, lambda slot: None)
    assert (road.traffic.under_way, road.traffic.waiting) == (0, 0)


async def test_who_is_cancelled_in_the_moment_of_its_turn_passes_the_turn_on(road: Road) -> None:
    async with road.traffic.slot("z"):
        await road.come("a1", "a2", "a3", "a4", "a5")
    road.tasks["a4"].cancel()  # its turn has come, and it has not run yet
    await turns()
    assert road.began == ["a1", "a2", "a3", "a5"]
    assert road.traffic.under_way == 4


async def test_who_is_cancelled_while_under_way_gives_its_slot_back(road: Road) -> None:
    await road.come("a1", "a2", "a3", "a4", "a5")
    await road.cancel("a2")
    assert road.began[-1] == "a5"


async def test_a_call_that_fails_gives_its_slot_back(road: Road) -> None:
    async def fails() -> None:
        async with road.traffic.slot("a"):
            raise ZeroDivisionError

    for _ in range(10):
        with pytest.raises(ZeroDivisionError):
            await fails()
    assert (road.traffic.under_way, road.traffic.waiting) == (0, 0)


class AnyTraffic(RuleBasedStateMachine):
    """Any order of coming, ending, being refused and being cancelled: slots are neither lost nor given twice."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        time = FakeTime()
        self.road = Road(Traffic(time.sleep, time.clock), time)
        self.count = 0
        self.live: list[str] = []

    def running(self) -> list[str]:
        return [name for name in self.live if name in self.road.began]

    @rule(repository=st.sampled_from("abc"))
    def come(self, repository: str) -> None:
        self.count += 1
        name = f"{repository}{self.count}"
        self.live.append(name)
        self.loop.run_until_complete(self.road.come(name))

    @precondition(lambda self: self.running())
    @rule(which=st.integers(0, 50), how=st.sampled_from(["succeeded", "refused", "later", "nothing"]))
    def end(self, which: int, how: str) -> None:
        hows: dict[str, Callable[[Slot], None]] = {
            "succeeded": Slot.succeeded,
            "refused": Slot.refused,
            "later": lambda slot: slot.refused(3.0),
            "nothing": lambda slot: None,
        }
        name = self.running()[which % len(self.running())]
        self.live.remove(name)
        self.loop.run_until_complete(self.road.end(name, hows[how]))

    @precondition(lambda self: self.live)
    @rule(which=st.integers(0, 50))
    def cancel(self, which: int) -> None:
        name = self.live.pop(which % len(self.live))
        self.loop.run_until_complete(self.road.cancel(name))

    @invariant()
    def every_slot_is_somebodys(self) -> None:
        traffic = self.road.traffic
        running = len(self.running())
        assert traffic.under_way == running
        assert traffic.waiting == len(self.live) - running
        if traffic.waiting:
            assert running >= traffic.limit.slots

    def teardown(self) -> None:
        for task in self.road.tasks.values():
            task.cancel()
        self.loop.run_until_complete(turns())
        assert (self.road.traffic.under_way, self.road.traffic.waiting) == (0, 0)
        self.loop.close()


TestAnyTraffic = AnyTraffic.TestCase
