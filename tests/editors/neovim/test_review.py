"""A review in a real Neovim, against the emulator: from `:w` to diagnostics, fix, documents and price."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.editors.drivers import listening_server
from tests.editors.neovim.conftest import Neovim
from tests.emulator.planted import Planted
from tests.emulator.server import KEY, Emulator

pytestmark = [pytest.mark.neovim, pytest.mark.timeout(300)]

REVIEWERS = Path(__file__).parents[3] / "examples" / "parcels" / "reviewers.json"
ERROR, INFORMATION = 1, 3
CARRY = """import os, socket, sys, threading
line = socket.create_connection((sys.argv[1], int(sys.argv[2])))
def send():
    while data := os.read(0, 65536):
        line.sendall(data)
    line.shutdown(socket.SHUT_WR)
threading.Thread(target=send, daemon=True).start()
while data := line.recv(65536):
    os.write(1, data)
"""
"""What `nc` does, for machines without it."""


def test_save_review_argument_fix_documents_and_cost(neovim: Neovim, emulator: Emulator) -> None:
    emulator.script.default = Planted.load(REVIEWERS)
    _check(neovim("drive.lua", ANTHROPIC_BASE_URL=emulator.url, ANTHROPIC_API_KEY=KEY))


def test_the_same_over_tcp_with_the_token_that_was_printed(
    neovim: Neovim, emulator: Emulator, surroundings: dict[str, str], repository: Path
) -> None:
    emulator.script.default = Planted.load(REVIEWERS)
    if shutil.which("nc") is None:
        nc = Path(surroundings["PATH"].partition(":")[0]) / "nc"
        nc.write_text(f"#!{sys.executable}\n{CARRY}", "utf-8")
        nc.chmod(0o755)
    environment = {**surroundings, "ANTHROPIC_BASE_URL": emulator.url, "ANTHROPIC_API_KEY": KEY}
    with listening_server(environment, repository.parent / "listening") as server:
        _check(neovim("drive.lua", listening=repository.parent / "listening"))
        assert server.wait(20) == 0, "it ends with its client"


def _check(seen: dict[str, Any]) -> None:
    assert {one["source"] for one in seen["static"]} == {"rebuttal"}
    assert any(one["severity"] == ERROR and "Secret in the code" in one["message"] for one in seen["static"])

    assert re.search(r"Send \d changed files of parcels to 127\.0\.0\.1:\d+\?.*at most \$1\.00", seen["question"])
    [surcharge] = [one for one in seen["debate"] if "surcharge" in one["message"]]
    assert surcharge["severity"] == INFORMATION

    cost = re.fullmatch(r"rebuttal: \d+ findings · \$(0\.\d\d) · today \$(0\.\d\d) of \$5\.00", seen["statusline"])
    assert cost is not None, seen["statusline"]
    assert float(cost.group(1)) == float(cost.group(2)) > 0, "the only review of the day is all of the day's cost"

    assert seen["fixed"].strip() == "if weight >= HEAVY:"
    for name, says in (
        ("trace", "How it came to stand"),
        ("transcript", "What came out"),
        ("payload", "What a review would send"),
        ("doctor", "| git |"),
    ):
        assert seen[name]["name"].startswith("rebuttal://"), name
        assert says in seen[name]["text"], name
        assert not seen[name]["writable"], name
    assert "AKIA" not in seen["payload"]["text"]
