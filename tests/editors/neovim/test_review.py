"""A review in a real Neovim, against the emulator: from `:w` to diagnostics, fix, documents and price."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.editors.neovim.conftest import Neovim
from tests.emulator.planted import Planted
from tests.emulator.server import KEY, Emulator

pytestmark = [pytest.mark.neovim, pytest.mark.timeout(300)]

REVIEWERS = Path(__file__).parents[3] / "examples" / "parcels" / "reviewers.json"
ERROR, INFORMATION = 1, 3


def test_save_review_argument_fix_documents_and_cost(neovim: Neovim, emulator: Emulator) -> None:
    emulator.script.default = Planted.load(REVIEWERS)
    seen = neovim("drive.lua", ANTHROPIC_BASE_URL=emulator.url, ANTHROPIC_API_KEY=KEY)

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
