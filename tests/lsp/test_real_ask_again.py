"""Asking again the whole way: editor, server, the real worker, git, and the emulator."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.emulator.planted import Planted
from tests.emulator.server import KEY, Emulator
from tests.lsp.test_real_worker import _REVIEWERS, Serve, parcels, serve, shown

__all__ = ["parcels", "serve"]


@pytest.mark.parametrize("stands", [True, False])
def test_finding_is_asked_about_again(serve: Serve, parcels: Path, emulator: Emulator, stands: bool) -> None:
    emulator.script.default = Planted.load(_REVIEWERS)
    server = serve(ANTHROPIC_API_KEY=KEY, ANTHROPIC_BASE_URL=emulator.url, REBUTTAL_ON_SAVE="off")
    rates = parcels / "parcels" / "rates.py"
    server.open(rates)
    server.answers["window/showMessageRequest"] = lambda params: params["actions"][0]
    server.review(panel="medium")
    server.until_status("debating")
    before = server.until_status("idle")
    [surcharge] = [one for one in shown(server)["rates.py"] if "surcharge" in one["message"]]
    sent = len(emulator.records)
    if not stands:
        emulator.script.default = Planted([])
    server.command("rebuttal.askAgain", finding=surcharge["data"]["id"], comment="Heavy parcels are weighed twice.")
    server.until_status("debating")
    idle = server.until_status("idle")
    assert len(emulator.records) - sent == (1 if stands else 2)
    assert "Heavy parcels are weighed twice." in str(emulator.records[sent].body)
    assert 0 < Decimal(idle["review"]["spent"]) < Decimal(before["review"]["spent"])
    assert Decimal(idle["day"]["spent"]) == Decimal(before["day"]["spent"]) + Decimal(idle["review"]["spent"])
    assert (surcharge in shown(server)["rates.py"]) is stands
    opened = server.command("rebuttal.showTrace", finding=surcharge["data"]["id"])
    assert "Heavy parcels are weighed twice" in server.request("workspace/textDocumentContent", opened)["text"]
    lenses = server.request("textDocument/codeLens", {"textDocument": {"uri": rates.as_uri()}})
    titles = [server.request("codeLens/resolve", one)["command"]["title"] for one in lenses]
    assert any("review this hunk" in title for title in titles)
    server.request("shutdown")
    server.send("exit")
    assert server.end() == 0
