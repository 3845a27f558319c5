"""A review in a real Emacs with Eglot, against the emulator: question, findings, argument, fix, documents, price."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.editors.drivers import drive, listening_server
from tests.editors.snippets import blocks
from tests.emulator.planted import Planted
from tests.emulator.server import KEY, Emulator

pytestmark = [pytest.mark.emacs, pytest.mark.timeout(300)]

HERE = Path(__file__).parent
REVIEWERS = HERE.parents[2] / "examples" / "parcels" / "reviewers.json"


@pytest.fixture
def emacs() -> list[str]:
    program = shutil.which("emacs")
    command = [program or "", "--batch", "-f", "package-initialize"]
    if program is None or subprocess.run([*command, "--eval", "(require 'eglot)"], check=False).returncode != 0:
        pytest.skip("Emacs with Eglot is not installed: apt-get install emacs-nox elpa-eglot")
    return command


def test_question_findings_argument_fix_documents_and_cost(
    emacs: list[str], repository: Path, surroundings: dict[str, str], emulator: Emulator, tmp_path: Path
) -> None:
    emulator.script.default = Planted.load(REVIEWERS)
    snippet = tmp_path / "rebuttal.el"
    snippet.write_text(blocks("emacs.md", "elisp")[0], "utf-8")
    environment = {**surroundings, "ANTHROPIC_BASE_URL": emulator.url, "ANTHROPIC_API_KEY": KEY}
    _check(drive([*emacs, "-l", str(snippet), "-l", str(HERE / "drive.el")], repository, environment))


def test_the_same_over_tcp_with_the_token_that_was_printed(
    emacs: list[str], repository: Path, surroundings: dict[str, str], emulator: Emulator, tmp_path: Path
) -> None:
    emulator.script.default = Planted.load(REVIEWERS)
    told = tmp_path / "listening"
    snippet = tmp_path / "rebuttal.el"
    whole, over_tcp = blocks("emacs.md", "elisp")[:2]
    snippet.write_text(f'(setq rebuttal-listening "{told}")\n{whole}{over_tcp}', "utf-8")
    environment = {**surroundings, "ANTHROPIC_BASE_URL": emulator.url, "ANTHROPIC_API_KEY": KEY}
    with listening_server(environment, told) as server:
        _check(drive([*emacs, "-l", str(snippet), "-l", str(HERE / "drive.el")], repository, surroundings))
        assert server.wait(20) == 0, "it ends with its client"


def _check(seen: dict[str, Any]) -> None:
    assert re.search(r"Send \d changed files of parcels to 127\.0\.0\.1:\d+\?.*at most \$1\.00", seen["question"])
    assert any("surcharge" in one for one in seen["findings"])
    cost = re.fullmatch(r" rebuttal: \d+ findings · \$(0\.\d\d) · today \$(0\.\d\d)", seen["mode_line"])
    assert cost is not None, seen["mode_line"]
    assert float(cost.group(1)) == float(cost.group(2)) > 0
    assert seen["fixed"].strip() == "if weight >= HEAVY:"
    for name, says in (
        ("trace", "How it came to stand"),
        ("transcript", "What came out"),
        ("payload", "What a review would send"),
    ):
        assert says in seen[name]["text"], name
        assert seen[name]["read_only"] is True, name
