"""Settings from the editor narrow and never widen; the status says what is going on."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from rebuttal.lsp.features.configuration import flat
from rebuttal.settings import Problem, Settings
from tests.lsp.conftest import Start
from tests.lsp.fake_worker import TOTALS, done
from tests.lsp.samples import SOURCE, finding, progress, static
from tests.lsp.test_diagnostics import debate


def test_names_are_those_of_the_settings_unset_ones_are_left_out() -> None:
    given = {"onSave": "off", "maxCostPerDay": 1, "minimum_severity": "high", "panel": None, "trace": {"server": "off"}}
    assert flat(given) == {"on_save": "off", "max_cost_per_day": 1, "minimum_severity": "high"}


async def test_settings_are_pulled_and_pulled_again_when_they_change(start: Start, repo: Path) -> None:
    stage = await start(settings={"onSave": "off"})
    stage.editor.save(repo / "a.py")
    await stage.editor.settle()
    stage.clock.advance(1)
    await stage.editor.settle()
    assert stage.pipes == []
    stage.editor.settings = {"onSave": "static"}
    stage.editor.notify("workspace/didChangeConfiguration", {"settings": None})
    await stage.editor.settle()  # it has asked
    await stage.editor.settle()  # it has the answer
    assert stage.editor.server.session.settings.on_save == "static"
    stage.editor.save(repo / "a.py")
    await stage.editor.settle()
    stage.clock.advance(1)
    await stage.editor.until(lambda: stage.asked("review"))


async def test_client_is_asked_to_tell_of_changes(start: Start) -> None:
    stage = await start()
    await stage.editor.until(
        lambda: [one for one in stage.editor.asked if one["method"] == "client/registerCapability"]
    )
    [asked] = [one for one in stage.editor.asked if one["method"] == "client/registerCapability"]
    assert asked["params"]["registrations"][0]["method"] == "workspace/didChangeConfiguration"


async def test_widening_and_wrong_settings_are_left_out_and_told_once(start: Start) -> None:
    settings = {"maxCost": 1000, "panle": "small", "profile": "frugal"}
    stage = await start(settings=settings)
    await stage.editor.until(lambda: stage.editor.said)
    [told] = stage.editor.said
    assert stage.editor.heard("max_cost")
    assert "did you mean panel?" in told
    session = stage.editor.server.session
    assert session.settings.max_cost == Settings().max_cost
    assert session.settings.profile == "frugal"
    assert session.client_settings == {"profile": "frugal"}
    stage.editor.notify("workspace/didChangeConfiguration", {"settings": None})
    await stage.editor.settle()
    await stage.editor.settle()
    assert stage.editor.said == []


async def test_client_without_pull_gives_settings_at_the_start_and_pushes_them(start: Start) -> None:
    stage = await start(profile="minimal", initializationOptions={"panel": "static"})
    await stage.editor.settle()
    assert stage.editor.server.session.settings.panel == "static"
    stage.editor.notify("workspace/didChangeConfiguration", {"settings": {"rebuttal": {"panel": "small"}}})
    await stage.editor.settle()
    assert stage.editor.server.session.settings.panel == "small"


async def test_users_own_settings_are_the_limit(start: Start) -> None:
    stage = await start(settings={"panel": "large"}, user_settings=Settings(panel="small", max_cost=Decimal("0.10")))
    await stage.editor.until(lambda: stage.editor.heard("panel"))
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.asked("review"))
    assert stage.asked("review")[0]["params"]["panel"] == "small"


async def test_nonsense_as_settings_is_survived(start: Start) -> None:
    given: tuple[Any, ...] = ("text", 7, [], {"maxCost": {"a": 1}}, {"": 1})
    for nonsense in given:
        stage = await start(settings=nonsense)
        await stage.editor.settle()
        await stage.editor.settle()
        stage.editor.said.clear()
        assert stage.editor.server.session.settings == Settings()


async def test_on_save_debate_runs_the_panel(start: Start, repo: Path) -> None:
    stage = await start(user_settings=Settings(on_save="debate", panel="small"))
    stage.editor.save(repo / "a.py")
    await stage.editor.settle()
    stage.clock.advance(1)
    await stage.editor.until(lambda: stage.asked("review"))
    assert stage.asked("review")[0]["params"]["panel"] == "small"


def status(**more: Any) -> dict[str, Any]:
    counts = {"critical": 0, "high": 0, "medium": 0, "low": 0}
    return {"day": {"spent": "0", "cap": "5.00"}, "month": {"spent": "0", "cap": "50.00"}, "findings": counts, **more}


async def test_status_is_the_contracts_at_every_change(start: Start, repo: Path) -> None:
    (repo / "cart.py").write_text(SOURCE)
    totals = {"day": {"spent": "0.31", "cap": "5"}, "month": {"spent": "2", "cap": "50"}}
    stage = await start(
        {
            "review": [
                {"event": "static", "findings": [static()]},
                {"event": "estimated", "estimate": {"expected": "0.03", "at_most": "1"}, "totals": totals},
                progress("Security Analyst: 2 claims", 40, "0.01") | {"totals": totals},
                done(finding(), panel="small", not_spent=None, cost={"spent": "0.0312"}) | {"totals": totals},
            ]
        }
    )
    root = str(repo)
    await stage.editor.until(lambda: stage.editor.statuses)
    assert stage.editor.statuses[0] == status(state="idle", repository=root, review={"spent": "0"})
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.editor.state == "idle")
    states = [one["state"] for one in stage.editor.statuses]
    assert states == ["idle", "estimating", "estimating", "estimating", "debating", "idle"]
    estimate = {"expected": "0.03", "at_most": "1"}
    paid = {"day": totals["day"], "month": totals["month"]}
    assert stage.editor.statuses[4] == {
        "state": "debating",
        "repository": root,
        "job": "job-1",
        "phase": "opening",
        "estimate": estimate,
        "review": {"spent": "0.01"},
        **paid,
        "findings": {"critical": 0, "high": 0, "medium": 1, "low": 0},
        "message": "Security Analyst: 2 claims",
    }
    assert stage.editor.statuses[5] == {
        "state": "idle",
        "repository": root,
        "job": "job-1",
        "estimate": estimate,
        "review": {"spent": "0.0312"},
        **paid,
        "findings": {"critical": 0, "high": 1, "medium": 0, "low": 0},
    }
    assert any("1 high; $0.0312 spent (today $0.31 of $5.00)" in line for line in stage.editor.logged)


async def test_status_without_a_key(start: Start) -> None:
    stage = await start(environment={})
    await stage.editor.until(lambda: stage.editor.statuses)
    assert stage.editor.state == "noKey"
    assert "No API key" in stage.editor.statuses[-1]["message"]


async def test_status_of_a_degraded_and_of_a_blocked_review(start: Start) -> None:
    degraded = [{"seat": "architect", "phase": "opening", "reason": "the service is overloaded"}]
    stage = await start(
        {
            "review": debate(degraded=degraded),
            "review:small": [done(panel="small", not_spent="cap", notes=["Day cap."])],
        }
    )
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.editor.state == "degraded")
    assert stage.editor.statuses[-1]["message"] == "the service is overloaded"
    await stage.editor.command("rebuttal.review", panel="small")
    await stage.editor.until(lambda: stage.editor.state == "blocked")
    assert stage.editor.statuses[-1]["message"] == "Day cap."


async def test_problems_of_the_users_own_file_are_told(start: Start) -> None:
    stage = await start(initialize=False)
    object.__setattr__(stage.editor.server.deps, "settings_problems", (Problem("x", "config.toml: x is wrong"),))
    await stage.editor.initialize()
    await stage.editor.until(lambda: stage.editor.heard("config.toml: x is wrong"))
    assert TOTALS


async def test_each_of_several_folders_has_its_own_settings(start: Start, repo: Path, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    stage = await start(folders=[repo])
    scopes: dict[str | None, Any] = {
        None: {"panel": "small"},
        repo.as_uri(): {"panel": "static", "maxCost": 1000},
        plain.as_uri(): {"panel": "medium", "maxCost": 1000},
    }
    asked: list[str | None] = []

    def answer(params: Any) -> list[Any]:
        asked[:] = [item.get("scopeUri") for item in params["items"]]
        return [scopes[scope] for scope in asked]

    stage.editor.answers["workspace/configuration"] = answer
    added = [{"uri": plain.as_uri(), "name": "plain"}]
    stage.editor.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": added, "removed": []}})
    session = stage.editor.server.session
    await stage.editor.until(lambda: session.of_folders)
    assert asked == [None, repo.as_uri(), plain.as_uri()]
    panels = [session.settings_of(path).panel for path in (repo / "a.py", plain, repo.parent.parent)]
    assert panels == ["static", "medium", "static"]  # around both: the first speaks
    assert session.client_settings_of(repo) == {"panel": "static"}
    [told] = stage.editor.said
    assert told.count("max_cost") == 1  # the same of two folders is told once
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.asked("review"))
    assert stage.asked("review")[0]["params"]["settings"] == {"panel": "static"}

    stage.editor.said.clear()
    stage.editor.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": [], "removed": added}})
    await stage.editor.until(lambda: not session.of_folders)
    assert asked == [None]
    assert session.settings_of(repo).panel == "small"
