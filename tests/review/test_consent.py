"""Nothing is sent before the user agreed, per repository and host."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from attrs import evolve

from examples.make_repository import make_repository
from rebuttal.change.model import Scope
from rebuttal.review.request import Answer, Estimated, Request, StaticReady
from rebuttal.review.run import review
from rebuttal.settings import Settings
from rebuttal.speakers.recordings.tape import RecordingError
from tests.emulator.planted import Planted
from tests.emulator.server import Emulator
from tests.gitrepo import GitRepo
from tests.review.conftest import Door, Open, request_for

CHEAP = Settings(panel="small", ask_above=Decimal(100), max_cost=Decimal(100))
"""Settings under which a price is never a reason to ask."""


async def test_the_question_names_host_price_and_untracked_files_before_anything_is_sent(
    open_services: Open, parcels: Path, panel: Emulator
) -> None:
    (parcels / "secret_plans.py").write_text("x = 1\n", "utf-8")
    door = Door(Answer(agree=False))
    result = await review(request_for(parcels), open_services(panel.environment()), door)
    (question,) = door.questions
    assert question.host == panel.url.removeprefix("http://")
    assert "secret_plans.py" in question.untracked
    assert question.redactions > 0
    assert question.estimate.expected > 0
    assert result.report.not_spent == "no_consent"
    assert panel.records + panel.others == []
    assert [type(event) for event in door.events] == [StaticReady, Estimated]


async def test_what_was_agreed_to_for_good_is_not_asked_again_here_but_elsewhere(
    open_services: Open, parcels: Path, panel: Emulator, tmp_path: Path
) -> None:
    services = open_services(panel.environment())
    await review(request_for(parcels, settings=CHEAP), services, Door(Answer(agree=True, remember=True)))
    # How many examinations there are depends on who is faster; who opens does not.
    opened = sorted(str(one.seat) for one in panel.records if one.phase == "opening")
    await review(request_for(parcels, settings=CHEAP), services, Door())
    assert sorted(str(one.seat) for one in panel.records if one.phase == "opening") == sorted(2 * opened)
    sent = len(panel.records)
    other = Door(Answer(agree=False))
    await review(request_for(make_repository(tmp_path / "other"), settings=CHEAP), services, other)
    another_host = open_services({"ANTHROPIC_API_KEY": "sk-test", "ANTHROPIC_BASE_URL": "http://127.0.0.1:9"})
    elsewhere = Door(Answer(agree=False))
    await review(request_for(parcels, settings=CHEAP), another_host, elsewhere)
    assert len(other.questions) == len(elsewhere.questions) == 1
    assert len(panel.records) == sent


async def test_agreed_once_is_asked_again(open_services: Open, parcels: Path, panel: Emulator) -> None:
    services = open_services(panel.environment())
    await review(request_for(parcels, settings=CHEAP), services, Door(Answer(agree=True)))
    door = Door(Answer(agree=False))
    await review(request_for(parcels, settings=CHEAP), services, door)
    assert len(door.questions) == 1


async def test_a_dear_review_is_asked_about_though_sending_was_agreed_to(
    open_services: Open, parcels: Path, panel: Emulator
) -> None:
    services = open_services(panel.environment())
    await review(request_for(parcels, settings=CHEAP), services, Door(Answer(agree=True, remember=True)))
    door = Door(Answer(agree=False))
    dear = evolve(CHEAP, ask_above=Decimal(0))
    await review(request_for(parcels, settings=dear), services, door)
    assert len(door.questions) == 1


async def test_where_nobody_can_be_asked_an_agreement_for_good_sends_nothing(
    open_services: Open, parcels: Path, panel: Emulator
) -> None:
    services = open_services(panel.environment())
    await review(request_for(parcels, settings=CHEAP), services, Door(Answer(agree=True, remember=True)))
    sent = len(panel.records)
    alone = await review(request_for(parcels, settings=CHEAP, unattended=True), services, Door())
    assert alone.report.not_spent == "no_consent"
    assert len(panel.records) == sent
    agreed = await review(request_for(parcels, settings=CHEAP, unattended=True, agreed=True), services, Door())
    assert agreed.report.not_spent is None


async def test_the_repository_cannot_raise_what_is_asked_about(
    open_services: Open, tmp_path: Path, panel: Emulator
) -> None:
    root = make_repository(tmp_path / "hostile")
    services = open_services(panel.environment())
    await review(request_for(root, settings=CHEAP), services, Door(Answer(agree=True, remember=True)))
    (root / ".rebuttal.toml").write_text("ask_above = 100\nmax_cost = 1000\n", "utf-8")
    door = Door(Answer(agree=False))
    result = await review(request_for(root, settings=evolve(CHEAP, ask_above=Decimal(0))), services, door)
    assert len(door.questions) == 1
    assert result.report.estimate.at_most <= CHEAP.max_cost


@pytest.mark.parametrize("keyed", [True, False])
async def test_a_replay_sends_nothing_and_asks_nobody(
    open_services: Open, parcels: Path, panel: Emulator, tmp_path: Path, keyed: bool
) -> None:
    tape = tmp_path / "tape.jsonl"
    recorded = await review(request_for(parcels, agreed=True, record=tape), open_services(panel.environment()), Door())
    sent = len(panel.records), len(panel.others)
    services = open_services(panel.environment() if keyed else {})
    again = await review(request_for(parcels, replay=tape), services, Door())
    assert (len(panel.records), len(panel.others)) == sent
    assert [one.id for one in again.report.findings] == [one.id for one in recorded.report.findings]
    assert (again.report.cost.spent, again.report.cost.calls) == (Decimal(0), 0)


async def test_a_recording_that_cannot_be_read_is_for_the_user_to_mend(
    open_services: Open, parcels: Path, tmp_path: Path
) -> None:
    request: Request = request_for(parcels, replay=tmp_path / "none.jsonl")
    with pytest.raises(RecordingError):
        await review(request, open_services(), Door())


async def test_a_secret_in_a_commit_message_is_not_sent(
    open_services: Open, git_repo: GitRepo, panel: Emulator
) -> None:
    key = "AKIA" + "QZ7XJ2KLM3NPRS4T"
    git_repo.commit("base", {"a.py": "def f(x, y):\n    return x\n"})
    git_repo.commit(f"Divide at last, with {key}", {"a.py": "def f(x, y):\n    return x / y\n"})
    quote = "    return x / y"
    claim = {
        **{"file": "a.py", "side": "new", "quote": quote, "title": "Division by zero", "argument": "y may be 0."},
        **{"category": "correctness", "severity": "high", "certainty": "certain", "fixes": []},
    }
    ruling = {"verdict": "confirmed", "quote": quote, "argument": "Yes.", "severity": "high"}
    panel.script.default = Planted([{"by": ["code-reviewer"], "claim": claim, "ruling": ruling}])
    tape = git_repo.root.parent / "tape.jsonl"
    request = request_for(git_repo.root, scope=Scope("commit", "HEAD"), agreed=True, record=tape)
    result = await review(request, open_services(panel.environment()), Door())
    sent = json.dumps([record.body for record in panel.records])
    assert "Divide at last" in sent
    assert key not in sent + tape.read_text("utf-8") + result.transcript
