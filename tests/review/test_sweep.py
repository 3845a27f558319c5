"""Many changes at once over message batches: real git, the real SDK over HTTP, the emulator's batches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from attrs import define, evolve, field

from rebuttal.budget.forecast import Forecast, Nature
from rebuttal.budget.model import PlannedCall
from rebuttal.change.identity import repository_id
from rebuttal.change.listing import list_changes
from rebuttal.findings.report import Report
from rebuttal.review.lessons import lessons_of
from rebuttal.review.request import Request, UsageError
from rebuttal.review.run import estimate, review
from rebuttal.review.services import Services
from rebuttal.review.sweep import cancel, sweep, take_up
from rebuttal.review.sweep_kept import kept_sweeps
from rebuttal.review.sweep_model import Asking, Done, Estimated, Offer, Swept
from rebuttal.review.sweep_services import SweepServices
from rebuttal.settings import Settings
from rebuttal.speakers.batches.model import Ended, Short, Submitted
from rebuttal.store.database import Database
from rebuttal.store.debates import Debates, PastDebate
from rebuttal.store.ledger import Ledger
from rebuttal.store.model import StoreError, Tokens
from rebuttal.store.sweeps import SweepBusy, Sweeps
from tests.emulator.batches import Batching
from tests.emulator.script import EndpointRule, Fault, Rule
from tests.emulator.server import Emulator
from tests.gitrepo import GitRepo
from tests.review.sweeping import PLENTY, QUICK, Knowing, quote, with_branches

NOTHING = Decimal(0)
PLENTY_AUTO = evolve(PLENTY, panel="auto")


@define
class Told:
    """Everything that a sweep tells, and what is answered when it asks."""

    yes: bool = True
    events: list[Any] = field(factory=list)
    offers: list[Offer] = field(factory=list)

    def __call__(self, event: Any) -> None:
        self.events.append(event)

    async def agree(self, offer: Offer) -> bool:
        self.offers.append(offer)
        return self.yes

    def of(self, kind: type[Any]) -> list[Any]:
        return [one for one in self.events if isinstance(one, kind)]


@pytest.fixture
def panel(emulator: Emulator) -> Emulator:
    emulator.script.default = Knowing()
    return emulator


@pytest.fixture
def told() -> Told:
    return Told()


Asks = Callable[..., Asking]


@pytest.fixture
def asking(git_repo: GitRepo, tmp_path: Path, panel: Emulator) -> Asks:
    def make(settings: Settings = PLENTY, **options: Any) -> Asking:
        environment = {"REBUTTAL_HOME": str(tmp_path / "rebuttal"), **panel.environment()}
        given: dict[str, Any] = {"agreed": True, "pace": QUICK} | options
        return Asking(git_repo.root, settings, environment, **given)

    return make


async def swept(asked: Asking, told: Told, max_cost: Decimal | None = None, **listed: Any) -> Swept:
    listing = list_changes(asked.where, branches="*", **listed)
    return await sweep(asked, listing, max_cost, told.agree, told, asyncio.Event())


def ledger(asked: Asking) -> tuple[Decimal, Decimal, Decimal]:
    """Settled, assumed, reserved."""
    with Database.open(Path(asked.environment["REBUTTAL_HOME"]) / "rebuttal.sqlite3") as database:
        entries = Ledger(database).entries().result()
    sums = {
        state: sum((one.cost for one in entries if one.state == state), Decimal(0))
        for state in ("settled", "assumed", "reserved")
    }
    return sums["settled"], sums["assumed"], sums["reserved"]


async def test_every_branch_is_reviewed_and_the_bill_is_what_the_ledger_settled(
    git_repo: GitRepo, asking: Asks, told: Told, panel: Emulator
) -> None:
    with_branches(git_repo, 3)
    result = await swept(asking(), told)
    titles = {
        finding.title for _, report in result.reviewed for finding in report.findings if finding.source == "debate"
    }
    assert titles == {f"Region {number} without weights divides by zero" for number in range(3)}
    assert not result.failed
    assert ledger(asking()) == (panel.bill, NOTHING, NOTHING)
    assert result.cost.spent == panel.bill
    assert all(one.batch for one in panel.records)


async def test_what_all_branches_ask_at_the_same_time_is_one_batch(
    git_repo: GitRepo, asking: Asks, told: Told, panel: Emulator
) -> None:
    with_branches(git_repo, 5)
    await swept(asking(), told)
    first, *others = told.of(Submitted)
    assert first.changes == 5
    opened = [one for one in panel.records if one.batch == first.batch]
    assert {one.phase for one in opened} == {"opening"}
    assert len(others) <= 2, "the debates do not advance in lock-step"


async def test_a_sweep_finds_what_a_review_finds_at_half_its_price(
    git_repo: GitRepo, asking: Asks, told: Told, panel: Emulator, tmp_path: Path
) -> None:
    with_branches(git_repo, 1)
    asked = asking()
    (listed,) = list_changes(git_repo.root, branches="*").changes
    alone = Services({**asked.environment, "REBUTTAL_HOME": str(tmp_path / "alone")}, PLENTY)
    review_alone = await review(Request(git_repo.root, PLENTY, listed.scope, agreed=True), alone, _Silent())
    await alone.close()
    paid, panel.batching = panel.bill, Batching(cache_hits=1.0)
    panel.forget_cache()
    result = await swept(asked, told)
    ((_, report),) = result.reviewed
    assert {one.id for one in report.findings} == {one.id for one in review_alone.report.findings}
    assert report.cost.calls == review_alone.report.cost.calls
    assert panel.bill - paid < paid * Decimal("0.75")  # an hour in the cache costs more than five minutes


async def test_more_branches_than_are_prepared_at_a_time(
    git_repo: GitRepo, asking: Asks, told: Told, panel: Emulator
) -> None:
    with_branches(git_repo, 12)
    result = await swept(asking(), told)
    assert [len([one for one in report.findings if one.source == "debate"]) for _, report in result.reviewed] == [
        1
    ] * 12
    assert [one.number for one in told.of(Done)] == list(range(1, 13))
    assert len(told.of(Submitted)) <= 3
    assert ledger(asking()) == (panel.bill, NOTHING, NOTHING)


async def test_nothing_is_sent_before_all_is_priced_and_agreed_to(
    git_repo: GitRepo, asking: Asks, told: Told, panel: Emulator
) -> None:
    with_branches(git_repo, 4)
    told.yes = False
    result = await swept(asking(agreed=False), told)
    (offer,) = told.offers
    assert (offer.changes, offer.files) == (4, 4)
    assert 0 < offer.expected <= offer.at_most
    assert panel.records == panel.others == []
    assert {report.not_spent for _, report in result.reviewed} == {"no_consent"}
    assert result.sweep is None


async def test_nobody_there_to_ask_is_a_no(git_repo: GitRepo, asking: Asks, told: Told, panel: Emulator) -> None:
    with_branches(git_repo, 2)
    await swept(asking(agreed=False, unattended=True), told)
    assert told.offers == []
    assert panel.others == []


async def test_the_estimate_is_of_batches(git_repo: GitRepo, asking: Asks, told: Told) -> None:
    with_branches(git_repo, 1)
    asked = asking()
    await swept(asked, told)
    (estimated,) = told.of(Estimated)
    (listed,) = list_changes(git_repo.root, branches="*").changes
    services = Services(asked.environment, PLENTY)
    plain = await estimate(Request(git_repo.root, PLENTY, listed.scope), services)
    await services.close()
    assert plain.expected * Decimal("0.4") < estimated.expected < plain.expected


async def test_a_change_that_is_trivial_asks_no_model_and_holds_up_nobody(
    git_repo: GitRepo, asking: Asks, told: Told, panel: Emulator
) -> None:
    with_branches(git_repo, 1)
    git_repo.git("checkout", "-q", "-b", "words", "main")
    git_repo.commit("a word", {"README.md": "Rates by region\n"})
    result = await swept(asking(PLENTY_AUTO), told)
    reports = {change.name: report for change, report in result.reviewed}
    assert reports["words"].not_spent == "trivial"
    assert reports["region-00"].cost.calls > 0


async def test_without_a_key_every_change_gets_its_static_panel(
    git_repo: GitRepo, asking: Asks, told: Told, tmp_path: Path
) -> None:
    with_branches(git_repo, 2)
    asked = asking(PLENTY_AUTO)
    without = evolve(asked, environment={"REBUTTAL_HOME": str(tmp_path / "rebuttal")})
    result = await swept(without, told)
    assert [report.not_spent for _, report in result.reviewed] == ["no_key", "no_key"]


async def test_the_cap_of_the_sweep_is_never_passed(
    git_repo: GitRepo, asking: Asks, told: Told, panel: Emulator
) -> None:
    with_branches(git_repo, 6)
    cap = Decimal("0.30")
    result = await swept(asking(), told, max_cost=cap)
    settled, assumed, reserved = ledger(asking())
    assert settled == panel.bill
    assert settled + assumed + reserved <= cap
    assert any(report.not_spent == "cap" for _, report in result.reviewed) or told.of(Short)
    assert len(result.reviewed) == 6


async def test_the_cap_of_the_day_thins_out_batches_and_stops_no_debate_that_fits(
    git_repo: GitRepo, asking: Asks, told: Told, panel: Emulator
) -> None:
    with_branches(git_repo, 4)
    tight = evolve(PLENTY, max_cost_per_day=Decimal("0.12"))
    result = await swept(asking(tight), told)
    assert told.of(Short), "the cap was no bar: lower it"
    assert all(report.not_spent is None and not report.degraded for _, report in result.reviewed)
    assert ledger(asking()) == (panel.bill, NOTHING, NOTHING)


@pytest.mark.parametrize("kind", ["expired", "status"])
async def test_a_turn_that_fails_for_now_is_asked_once_more(
    git_repo: GitRepo, asking: Asks, told: Told, panel: Emulator, kind: Any
) -> None:
    with_branches(git_repo, 2)
    panel.script.add(Rule(seat="code-reviewer", phase="opening", times=1, fault=Fault(kind, status=529)))
    result = await swept(asking(), told)
    assert all(not report.degraded for _, report in result.reviewed)
    assert ledger(asking()) == (panel.bill, NOTHING, NOTHING)


async def test_partial_failure_costs_one_seat_of_one_change(
    git_repo: GitRepo, asking: Asks, told: Told, panel: Emulator
) -> None:
    with_branches(git_repo, 3)
    fault = Fault("status", status=400, message="images are not supported", type="invalid_request_error")
    panel.script.add(Rule(seat="code-reviewer", phase="opening", contains=quote(1), fault=fault))
    result = await swept(asking(), told)
    degraded = {change.name for change, report in result.reviewed if report.degraded}
    assert degraded == {"region-01"}
    assert ledger(asking())[0] == panel.bill
    assert ledger(asking())[1:] == (NOTHING, NOTHING)


async def test_a_result_that_cannot_be_read_stands_at_its_worst_case(
    git_repo: GitRepo, asking: Asks, told: Told, panel: Emulator
) -> None:
    with_branches(git_repo, 2)
    panel.script.add(Rule(seat="code-reviewer", phase="opening", contains=quote(0), fault=Fault("not_json")))
    result = await swept(asking(), told)
    settled, assumed, reserved = ledger(asking())
    assert settled < panel.bill <= settled + assumed
    assert reserved == 0
    assert {change.name for change, report in result.reviewed if report.degraded} == {"region-00"}


async def test_an_answer_that_is_no_statement_is_asked_for_once_more_and_paid_twice(
    git_repo: GitRepo, asking: Asks, told: Told, panel: Emulator
) -> None:
    with_branches(git_repo, 1)
    panel.script.add(Rule(seat="code-reviewer", phase="opening", times=1, reply="no statement"))
    result = await swept(asking(), told)
    ((_, report),) = result.reviewed
    assert not report.degraded
    assert any(one.source == "debate" for one in report.findings)
    assert ledger(asking()) == (panel.bill, NOTHING, NOTHING)


async def test_an_endpoint_without_batches_is_one_sentence(
    git_repo: GitRepo, asking: Asks, told: Told, panel: Emulator
) -> None:
    with_branches(git_repo, 2)
    for endpoint in ("batches.create", "batches.list"):
        panel.script.add(EndpointRule(Fault("status", status=404, message="no route"), endpoint))
    result = await swept(asking(), told)
    reasons = {one.reason for _, report in result.reviewed for one in report.degraded}
    assert any("takes no message batches" in reason for reason in reasons)
    assert panel.records == []
    assert ledger(asking()) == (NOTHING, NOTHING, NOTHING)


@pytest.mark.parametrize("fault", [Fault("cut"), Fault("reset"), Fault("status", status=502)])
async def test_a_batch_whose_making_was_not_heard_of_is_found_again_and_not_made_twice(
    git_repo: GitRepo, asking: Asks, told: Told, panel: Emulator, fault: Fault
) -> None:
    with_branches(git_repo, 2)
    panel.script.add(EndpointRule(fault, "batches.create", number=1, done=True))
    result = await swept(asking(), told)
    assert all(not report.degraded for _, report in result.reviewed)
    asked = [(one.seat, one.phase, one.custom_id) for one in panel.records]
    assert len(asked) == len(set(asked))
    assert len([one for one in panel.records if one.phase == "opening"]) == len(
        {one.custom_id for one in panel.records if one.phase == "opening"}
    )
    assert ledger(asking()) == (panel.bill, NOTHING, NOTHING)


@pytest.mark.parametrize("endpoint", ["batches.create", "batches.retrieve", "batches.list", "batches.results"])
async def test_troubles_of_the_service_are_waited_for(
    git_repo: GitRepo, asking: Asks, told: Told, panel: Emulator, endpoint: str
) -> None:
    with_branches(git_repo, 2)
    panel.script.add(EndpointRule(Fault("status", status=529, headers={"retry-after": "0"}), endpoint, times=2))
    panel.script.add(EndpointRule(Fault("cut", at=200), "batches.results", times=1))
    result = await swept(asking(), told)
    assert all(not report.degraded for _, report in result.reviewed)
    assert ledger(asking()) == (panel.bill, NOTHING, NOTHING)


async def test_a_model_that_declines_is_stood_in_for_by_another(
    git_repo: GitRepo, asking: Asks, told: Told, panel: Emulator
) -> None:
    with_branches(git_repo, 2)
    panel.script.add(Rule(seat="code-reviewer", phase="opening", contains=quote(0), times=1, stop_reason="refusal"))
    result = await swept(asking(), told)
    assert all(not report.degraded for _, report in result.reviewed)
    assert all(any(one.source == "debate" for one in report.findings) for _, report in result.reviewed)
    asked = [one.model for one in panel.records if one.seat == "code-reviewer" and one.phase == "opening"]
    assert len(asked) == 3
    assert ledger(asking()) == (panel.bill, NOTHING, NOTHING)


async def test_an_answer_that_is_cut_is_asked_for_with_more_room(
    git_repo: GitRepo, asking: Asks, told: Told, panel: Emulator
) -> None:
    with_branches(git_repo, 1)
    panel.script.add(
        Rule(seat="code-reviewer", phase="opening", times=1, reply='{"claims": [', stop_reason="max_tokens")
    )
    result = await swept(asking(), told)
    assert all(not report.degraded for _, report in result.reviewed)
    first, second = (
        one.body["max_tokens"] for one in panel.records if one.seat == "code-reviewer" and one.phase == "opening"
    )
    assert second == 2 * first
    assert ledger(asking()) == (panel.bill, NOTHING, NOTHING)


# --- taken up ---


async def interrupted(asked: Asking, told: Told, when: Callable[[Any], bool]) -> Swept:
    """Stopped, as by Ctrl-C, as soon as something is told."""
    stop = asyncio.Event()

    def tell(event: Any) -> None:
        told(event)
        if when(event):
            stop.set()

    return await sweep(asked, list_changes(asked.where, branches="*"), None, told.agree, tell, stop)


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("kind", [Submitted, Ended])
async def test_an_interrupted_sweep_is_taken_up_and_pays_for_nothing_twice(
    git_repo: GitRepo, asking: Asks, told: Told, panel: Emulator, kind: type[Any], batch: int
) -> None:
    with_branches(git_repo, 3)
    whole = await swept(asking(), Told())
    calls, bill = len(panel.records), panel.bill
    panel.forget_cache()
    first = await interrupted(asking(), told, lambda event: len(told.of(kind)) == batch)
    assert first.interrupted
    again = await take_up(asking(), "", told, asyncio.Event())
    assert again.sweep == first.sweep
    assert len(panel.records) == 2 * calls
    assert ledger(asking()) == (panel.bill, NOTHING, NOTHING)
    assert again.cost.spent == panel.bill - bill
    assert [ids(report) for _, report in again.reviewed] == [ids(report) for _, report in whole.reviewed]


def ids(report: Report) -> set[str]:
    return {one.id for one in report.findings}


async def test_a_sweep_that_is_done_can_be_shown_again_for_nothing(
    git_repo: GitRepo, asking: Asks, told: Told, panel: Emulator
) -> None:
    with_branches(git_repo, 2)
    first = await swept(asking(), told)
    sent = len(panel.others)
    assert first.sweep is not None
    again = await take_up(asking(), first.sweep, told, asyncio.Event())
    assert len(panel.others) == sent
    assert [ids(report) for _, report in again.reviewed] == [ids(report) for _, report in first.reviewed]
    assert [report.cost for _, report in again.reviewed] == [report.cost for _, report in first.reviewed]
    assert [report.notes for _, report in again.reviewed] == [report.notes for _, report in first.reviewed]


async def test_a_branch_that_moved_on_does_not_change_what_is_taken_up(
    git_repo: GitRepo, asking: Asks, told: Told, panel: Emulator
) -> None:
    with_branches(git_repo, 2)
    await interrupted(asking(), told, lambda event: bool(told.of(Ended)))
    git_repo.git("checkout", "-q", "region-00")
    git_repo.commit("more", {"rates/more.py": "x = 1\n"})
    before = {one.custom_id for one in panel.records}
    again = await take_up(asking(), "", told, asyncio.Event())
    opened = [one for one in panel.records if one.custom_id not in before and one.phase == "opening"]
    assert opened == []
    assert len(again.reviewed) == 2


async def test_a_cancelled_sweep_frees_what_was_set_aside_and_is_not_taken_up(
    git_repo: GitRepo, asking: Asks, told: Told, panel: Emulator
) -> None:
    with_branches(git_repo, 2)
    panel.batching = Batching(seconds=3600.0)
    first = await interrupted(asking(), told, lambda event: bool(told.of(Submitted)))
    assert first.sweep is not None
    assert first.under_way > 0
    kept = await cancel(asking(), first.sweep, told, asyncio.Event())
    assert (kept.state, kept.under_way, kept.spent) == ("canceled", 0, NOTHING)
    assert ledger(asking()) == (NOTHING, NOTHING, NOTHING)
    with pytest.raises(UsageError, match="was cancelled"):
        await take_up(asking(), first.sweep, told, asyncio.Event())


async def test_a_sweep_whose_key_is_missing_when_it_is_taken_up_is_not_called_done(
    git_repo: GitRepo, asking: Asks, told: Told, panel: Emulator
) -> None:
    with_branches(git_repo, 2)
    first = await interrupted(asking(), told, lambda event: bool(told.of(Submitted)))
    assert first.sweep is not None
    without = evolve(asking(), environment={**asking().environment, "ANTHROPIC_API_KEY": ""})
    for work in (take_up, cancel):
        with pytest.raises(UsageError, match="ANTHROPIC_API_KEY"):
            await work(without, first.sweep, told, asyncio.Event())
    again = await take_up(asking(), "", told, asyncio.Event())
    assert again.sweep == first.sweep
    assert ledger(asking()) == (panel.bill, NOTHING, NOTHING)


async def test_a_sweep_whose_changes_cannot_be_read_again_keeps_its_batches(
    git_repo: GitRepo, asking: Asks, told: Told, panel: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_branches(git_repo, 2)
    await interrupted(asking(), told, lambda event: bool(told.of(Submitted)))

    def broken(*given: Any, **named: Any) -> Any:
        raise StoreError("it cannot be priced now")

    with monkeypatch.context() as patch:
        patch.setattr(SweepServices, "estimate", broken)
        again = await take_up(asking(), "", told, asyncio.Event())
    assert again.under_way > 0
    whole = await take_up(asking(), "", told, asyncio.Event())
    assert whole.under_way == 0
    assert ledger(asking()) == (panel.bill, NOTHING, NOTHING)


async def test_a_key_that_is_refused_when_a_sweep_is_taken_up_leaves_nobody_waiting(
    git_repo: GitRepo, asking: Asks, told: Told, panel: Emulator
) -> None:
    with_branches(git_repo, 2)
    await interrupted(asking(), told, lambda event: len(told.of(Submitted)) == 2)
    wrong = evolve(asking(), environment={**asking().environment, "ANTHROPIC_API_KEY": "another"})
    async with asyncio.timeout(30):
        again = await take_up(wrong, "", told, asyncio.Event())
    assert all(report.degraded for _, report in again.reviewed)
    assert again.under_way > 0
    whole = await take_up(asking(), "", told, asyncio.Event())
    assert not any(report.degraded for _, report in whole.reviewed)
    assert ledger(asking()) == (panel.bill, NOTHING, NOTHING)


async def test_only_one_process_runs_a_sweep(git_repo: GitRepo, asking: Asks, told: Told) -> None:
    with_branches(git_repo, 1)
    first = await interrupted(asking(), told, lambda event: bool(told.of(Submitted)))
    assert first.sweep is not None
    with Database.open(Path(asking().environment["REBUTTAL_HOME"]) / "rebuttal.sqlite3") as other:
        Sweeps(other).take(first.sweep).result()
        with pytest.raises(SweepBusy, match="another process"):
            await take_up(asking(), first.sweep, told, asyncio.Event())


async def test_a_sweep_that_went_elsewhere_is_not_taken_up_here(git_repo: GitRepo, asking: Asks, told: Told) -> None:
    with_branches(git_repo, 1)
    await interrupted(asking(), told, lambda event: bool(told.of(Submitted)))
    asked = asking()
    elsewhere = {**asked.environment, "ANTHROPIC_BASE_URL": "https://elsewhere.example"}
    with pytest.raises(UsageError, match="ANTHROPIC_BASE_URL"):
        await take_up(evolve(asked, environment=elsewhere), "", told, asyncio.Event())


async def test_there_is_nothing_to_take_up(git_repo: GitRepo, asking: Asks, told: Told) -> None:
    with_branches(git_repo, 1)
    for unknown in ("", "sweep12345678"):
        with pytest.raises(UsageError, match="sweep"):
            await take_up(asking(), unknown, told, asyncio.Event())
    assert await kept_sweeps(asking()) == ()


async def test_a_sweep_of_another_version_is_told_as_one(git_repo: GitRepo, asking: Asks, told: Told) -> None:
    with_branches(git_repo, 1)
    await interrupted(asking(), told, lambda event: bool(told.of(Submitted)))
    (kept,) = await kept_sweeps(asking())
    with Database.open(Path(asking().environment["REBUTTAL_HOME"]) / "rebuttal.sqlite3") as database:
        repository = repository_id(git_repo.root)
        Sweeps(database).begin("sweepearlier", repository, kept.host, "{}").result()
    assert [one.id for one in await kept_sweeps(asking())] == [kept.id]
    with pytest.raises(UsageError, match="another version"):
        await cancel(asking(), "sweepearlier", told, asyncio.Event())


class _Silent:
    def tell(self, event: Any) -> None: ...

    async def agree(self, question: Any) -> Any:
        raise AssertionError("nobody was to be asked")


async def history(asked: Asking) -> tuple[PastDebate, ...]:
    services = Services(asked.environment, asked.settings)
    try:
        return await Debates(await services.database()).history()
    finally:
        await services.close()


async def test_debates_in_batches_taught_what_the_cache_does_for_those_that_are_not(
    git_repo: GitRepo, asking: Asks, told: Told
) -> None:
    with_branches(git_repo, 2)
    await swept(asking(), told)
    held = await history(asking())
    assert [(one.in_batches, one.is_learnable) for one in held] == [(True, True)] * 2
    plain = [evolve(one, plan=evolve(one.plan, review="0" * 32)) for one in held]
    by_sweep, by_reviews = Forecast.of(held), Forecast.of(plain)
    planned = [PlannedCall(one.phase, one.seat, one.model, Tokens(100, 0, 9_000, 500)) for one in held[0].plan.calls]
    nature = Nature.of(held[0].plan)
    calls, others = by_sweep.calls(planned, nature), by_reviews.calls(planned, nature)
    assert [one.count for one in calls] == [one.count for one in others]
    assert [one.tokens.output for one in calls] == [one.tokens.output for one in others]
    assert sum(one.tokens.cache_write for one in calls) == 0
    assert by_sweep._off == ()
    assert lessons_of(held, "crossfire") == lessons_of((), "crossfire") != lessons_of(plain, "crossfire")


async def test_a_sweep_that_was_taken_up_decided_by_what_its_own_debates_had_taught_meanwhile(
    git_repo: GitRepo, asking: Asks, told: Told
) -> None:
    with_branches(git_repo, 2)
    asked = asking()
    await swept(asked, told)
    services = SweepServices(asked.environment, asked.settings)
    try:
        known, _ = await services.learned("crossfire")
        assert known.debates == 2
        (kept,) = await kept_sweeps(asked)
        services.pin(kept.job)
        pinned, _ = await services.learned("crossfire")
        assert pinned.debates == 0
    finally:
        await services.close()


async def test_a_change_of_a_sweep_that_would_not_fit_is_shortened_before_anything_is_sent(
    git_repo: GitRepo, asking: Asks, told: Told
) -> None:
    with_branches(git_repo, 1)
    asked = asking(evolve(PLENTY, panel="large"))
    await swept(asked, told)
    (plenty,) = told.of(Estimated)
    small = evolve(PLENTY, panel="large", max_cost=(plenty.expected * Decimal("0.6")).quantize(Decimal("0.0001")))
    again = Told()
    result = await swept(asking(small), again)
    ((_, report),) = result.reviewed
    (estimated,) = again.of(Estimated)
    assert any(note.startswith("To fit your caps") for note in report.notes)
    assert estimated.expected <= small.max_cost
