"""What fails after the static panel costs none of its findings, and is never called clean."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from attrs import evolve

import rebuttal.context.build
from rebuttal.cli.review import exit_code
from rebuttal.findings.report import Report
from rebuttal.review.request import StaticReady, UsageError
from rebuttal.review.run import estimate, look, review
from rebuttal.review.services import Services
from rebuttal.settings import Settings, SettingsError
from rebuttal.store.model import Cost, StoreError
from tests.emulator import Fault, Rule
from tests.emulator.server import Emulator
from tests.gitrepo import GitRepo
from tests.review.conftest import Door, Open, request_for

STATIC = {"impact:signature", "secrets:aws", "ruff:B006"}


def rules(report: Report) -> set[str]:
    return {finding.rule for finding in report.findings}


@pytest.fixture
def broken_home(tmp_path: Path) -> dict[str, str]:
    """A REBUTTAL_HOME whose store is no database."""
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "rebuttal.sqlite3").write_bytes(b"no database at all" * 100)
    return {"REBUTTAL_HOME": str(folder)}


async def test_a_broken_store_without_a_key_loses_no_static_finding(
    open_services: Open, parcels: Path, broken_home: dict[str, str]
) -> None:
    result = await review(request_for(parcels, settings=Settings()), open_services(broken_home), Door())
    assert rules(result.report) >= STATIC
    # Nothing was to be sent, so nothing of the review is missing but the price.
    assert result.report.degraded == ()
    assert any("is not known" in note and "no database" in note for note in result.report.notes)


async def test_a_broken_store_with_a_key_is_degraded_and_sends_nothing(
    open_services: Open, parcels: Path, panel: Emulator, broken_home: dict[str, str]
) -> None:
    services = open_services({**panel.environment(), **broken_home})
    result = await review(request_for(parcels, agreed=True), services, Door())
    assert rules(result.report) >= STATIC
    assert [one.seat for one in result.report.degraded] == ["ledger"]
    assert exit_code(result.report, "never", require_debate=False) == 3
    assert panel.records == []


async def test_a_ledger_that_cannot_be_read_in_the_end_loses_no_finding_that_was_paid_for(
    open_services: Open, parcels: Path, panel: Emulator
) -> None:
    class Forgetful(Services):
        async def cost(self, review: str | None) -> Cost:
            raise StoreError("the store is locked by another program: close it and try again")

    services = open_services(panel.environment(), kind=Forgetful)
    result = await review(request_for(parcels, agreed=True), services, Door())
    assert any(finding.source == "debate" for finding in result.report.findings)
    assert [one.seat for one in result.report.degraded] == ["ledger"]
    assert result.report.cost.spent == panel.bill > 0


async def test_a_defect_of_the_context_loses_no_static_finding_and_tells_no_code(
    open_services: Open,
    parcels: Path,
    panel: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def build(*_: object, **__: object) -> None:
        raise ValueError("password = 'hunter2'")

    monkeypatch.setattr(rebuttal.context.build, "build", build)
    result = await review(request_for(parcels, agreed=True), open_services(panel.environment()), Door())
    assert rules(result.report) >= STATIC
    (degraded,) = result.report.degraded
    assert degraded.seat == "context"
    assert "ValueError" in degraded.reason
    assert "hunter2" not in degraded.reason + caplog.text
    assert panel.records == []


async def test_a_defect_of_the_debate_loses_no_static_finding(
    open_services: Open, parcels: Path, panel: Emulator
) -> None:
    class Mute(Services):
        async def speaker(self, *_: object) -> None:  # type: ignore[override]  # as broken as can be
            raise RuntimeError("no")

    result = await review(request_for(parcels, agreed=True), open_services(panel.environment(), kind=Mute), Door())
    assert rules(result.report) >= STATIC
    assert [one.seat for one in result.report.degraded] == ["debate"]


async def test_a_model_without_a_price_is_degraded_and_sends_nothing(
    open_services: Open, parcels: Path, panel: Emulator
) -> None:
    settings = Settings(panel="small", model_sonnet="claude-nobody-knows")
    result = await review(
        request_for(parcels, settings=settings, agreed=True), open_services(panel.environment()), Door()
    )
    assert rules(result.report) >= STATIC
    assert result.report.degraded
    assert panel.records == []


async def test_a_panel_that_another_model_answered_for_is_told_so_and_not_degraded(
    open_services: Open, parcels: Path, panel: Emulator
) -> None:
    panel.script.add(Rule(model="sonnet", fault=Fault("status", status=404, message="model: gone")))
    settings = Settings(panel="small")
    result = await review(
        request_for(parcels, settings=settings, agreed=True), open_services(panel.environment()), Door()
    )
    report = result.report
    assert report.degraded == ()
    assert any(finding.source == "debate" for finding in report.findings)
    [note] = [note for note in report.notes if "answered instead of" in note]
    assert "set model_sonnet to a model that the service has" in note
    assert [record.body["model"] for record in panel.records].count("claude-sonnet-5-5") == 1
    assert report.cost.spent == panel.bill


async def test_an_endpoint_without_a_host_is_refused_before_anything_is_read(
    open_services: Open, parcels: Path
) -> None:
    door = Door()
    services = open_services({"ANTHROPIC_API_KEY": "sk-test", "ANTHROPIC_BASE_URL": "nowhere"})
    with pytest.raises(SettingsError, match="names no host"):
        await review(request_for(parcels), services, door)
    assert door.told(StaticReady) == []


async def test_a_debate_panel_without_a_key_is_refused_before_anything_is_read(
    open_services: Open, parcels: Path
) -> None:
    with pytest.raises(UsageError, match="ANTHROPIC_API_KEY"):
        await review(request_for(parcels), open_services(), Door())


async def test_a_protocol_that_the_repository_asks_for_and_that_does_not_exist_is_left_out(
    open_services: Open, git_repo: GitRepo, panel: Emulator
) -> None:
    git_repo.commit("base", {".rebuttal.toml": 'protocol = "parliament"\n', "a.py": "def f(x):\n    return x\n"})
    git_repo.write("a.py", "def f(x):\n    return x + 1\n")
    result = await review(request_for(git_repo.root, agreed=True), open_services(panel.environment()), Door())
    assert any("protocol" in note for note in result.report.notes)
    assert result.report.degraded == ()
    assert panel.records


async def test_an_estimate_is_zero_where_no_model_would_be_asked(open_services: Open, git_repo: GitRepo) -> None:
    git_repo.commit("base", {"a.py": "x = 1\n"})
    clean = await estimate(request_for(git_repo.root), open_services())
    git_repo.write("a.py", "x = 2\n")
    static = await estimate(request_for(git_repo.root, settings=Settings(panel="static")), open_services())
    assert (clean.expected, clean.at_most) == (static.expected, static.at_most) == (Decimal(0), Decimal(0))


async def test_a_context_tells_how_long_it_took_and_needs_no_price(open_services: Open, parcels: Path) -> None:
    settings = evolve(Settings(panel="small"), model_sonnet="claude-nobody-knows")
    parts = await look(request_for(parcels, settings=settings), open_services(), priced=False)
    assert parts.timing.context_ms > 0
    assert parts.estimate is None
