"""Where spending stands: in the status, and in one message whenever the state changes."""

from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

from rebuttal.settings import Settings
from tests.lsp.conftest import Start
from tests.lsp.fake_worker import TOTALS, done
from tests.lsp.samples import progress

NEAR = "$3.60 of the cap of $5.00 per day is used. It lasts until midnight, when Monday begins."
REACHED = "Spending has stopped: $5.00 of the cap of $5.00 per day is used."


def totals(state: str, cause: str, message: str, cap: str = "day") -> dict[str, Any]:
    return {**TOTALS, "budget": {"state": state, "cause": cause, "cap": cap, "message": message}}


USUAL = totals("spending", "usual", "")
WARNED = totals("warned", "cap_near", NEAR)
STOPPED = totals("stopped", "cap_reached", REACHED)


def told(totals: dict[str, Any], spent: str) -> dict[str, Any]:
    return progress("Architect: 1 claim", 40, spent) | {"totals": totals}


async def test_a_state_is_told_once_however_many_calls_follow(start: Start) -> None:
    steps = [told(USUAL, "0.01"), told(WARNED, "0.02")]
    steps += [told(totals("warned", "cap_near", NEAR.replace("3.60", "3.70")), "0.03")]
    end = done() | {"totals": WARNED}
    stage = await start({"review:small": [*steps, end], "review:medium": [told(WARNED, "0.01"), end]})
    for panel in ("small", "medium"):
        await stage.editor.command("rebuttal.review", panel=panel)
        await stage.editor.until(lambda: stage.editor.state == "idle" and stage.editor.statuses[-1]["message"] == NEAR)
    assert stage.editor.said == [NEAR]
    assert stage.editor.statuses[-1]["budget"] == {"state": "warned", "cause": "cap_near", "message": NEAR}
    stage.editor.said.clear()


async def test_each_change_of_the_state_is_told(start: Start) -> None:
    steps = [told(WARNED, "0.01"), told(STOPPED, "0.02"), told(USUAL, "0.02"), told(WARNED, "0.03")]
    stage = await start({"review": [*steps, done() | {"totals": USUAL}]})
    await stage.editor.command("rebuttal.review", panel="small")
    await stage.editor.until(lambda: len(stage.editor.said) == 3)
    assert stage.editor.said == [NEAR, REACHED, NEAR]
    await stage.editor.until(lambda: stage.editor.state == "idle")
    assert "budget" not in stage.editor.statuses[-1]
    stage.editor.said.clear()


async def test_what_is_unusual_is_told_once_a_review(start: Start) -> None:
    spike = {"event": "warned", "cause": "spike", "message": "A call of architect cost $0.40."}
    own_cap = {"event": "warned", "cause": "cap_near", "message": "$0.70 of the cap of $1.00 per review is used."}
    stage = await start({"review": [told(USUAL, "0.4"), spike, spike, own_cap, done()]})
    await stage.editor.command("rebuttal.review", panel="small")
    await stage.editor.until(lambda: stage.editor.state == "idle" and len(stage.editor.said) == 1)
    assert stage.editor.said == [spike["message"]]
    await stage.editor.command("rebuttal.review", panel="small")
    await stage.editor.until(lambda: len(stage.editor.said) == 2)
    stage.editor.said.clear()


async def test_a_budget_that_cannot_be_read_is_left_out(start: Start) -> None:
    nonsense = (7, "stopped", {"state": "broke", "message": "x"}, {"state": ["warned"]}, {"state": "spending"})
    steps = [told({**TOTALS, "budget": one}, f"0.{number}") for number, one in enumerate(nonsense, 1)]
    stage = await start({"review": [*steps, done()]})
    await stage.editor.command("rebuttal.review", panel="small")
    await stage.editor.until(lambda: stage.editor.state == "idle")
    assert stage.editor.said == []


async def test_amounts_are_told_in_the_users_currency_and_given_in_dollars(start: Start) -> None:
    euro = Settings(currency="EUR", exchange_rate=Decimal("0.5"))
    estimate = {"event": "done", "estimate": {"expected": "0.03", "at_most": "1"}, "totals": TOTALS}
    end = done(panel="small", not_spent=None, cost={"spent": "0.04"})
    stage = await start({"review": [end], "estimate": [estimate]}, user_settings=euro)
    await stage.editor.command("rebuttal.review", panel="small")
    await stage.editor.until(lambda: stage.editor.state == "idle" and stage.editor.logged)
    currency = {"code": "EUR", "rate": "0.5", "places": 2}
    status = stage.editor.statuses[-1]
    assert (status["review"]["spent"], status["currency"]) == ("0.04", currency)
    assert any("€0.02 spent (today €0.00 of €2.50 ($5.00))" in line for line in stage.editor.logged)
    answer = await stage.editor.command("rebuttal.estimate")
    assert answer == {"estimate": estimate["estimate"], "currency": currency}


async def test_a_repositorys_own_cap_was_told_of_every_other_repository_in_the_editor(start: Start, repo: Path) -> None:
    other = repo.parent / "other"
    shutil.copytree(repo, other)
    near = "$3.60 of the cap of $5.00 per month for this repository is used."
    own = totals("warned", "cap_near", near, "repository")
    answers = {"review:small": [done() | {"totals": own}], "review:medium": [done() | {"totals": USUAL}]}
    stage = await start(answers, folders=[repo, other])

    def budget(root: Path) -> Any:
        """What the repository's last status says of it."""
        return [one for one in stage.editor.statuses if one["repository"] == str(root)][-1].get("budget")

    steps = (("small", repo, None), ("medium", other, None), ("small", other, near))
    for panel, root, of_other in steps:
        ended = len(stage.editor.logged) + 1
        await stage.editor.command("rebuttal.review", panel=panel, uri=(root / "cart.py").as_uri())
        await stage.editor.until(lambda: len(stage.editor.logged) == ended)  # noqa: B023 - it is awaited here
        stage.editor.server.status.update_all()
        assert budget(repo)["message"] == near
        assert (budget(other) or {}).get("message") == of_other
    assert stage.editor.said == [near, near]
    stage.editor.said.clear()
