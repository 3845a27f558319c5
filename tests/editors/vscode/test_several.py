"""Several repositories in one window: findings, price and commands of each; a closed folder takes its own along."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from examples.make_repository import make_repository
from tests.editors.vscode.code_server import Lab, code_server
from tests.editors.vscode.conftest import Drive
from tests.editors.vscode.test_review import SETTINGS

pytestmark = [pytest.mark.vscode, pytest.mark.timeout(600)]


def test_each_of_two_folders_has_findings_price_and_commands_of_its_own(
    lab: Lab, vsix: Path, with_key: dict[str, str], drive: Drive, tmp_path: Path
) -> None:
    for name in ("parcels", "returns"):
        make_repository(tmp_path / name)
    (tmp_path / "returns" / "returned.py").write_text("def refund(order, done=[]):\n    done.append(order)\n", "utf-8")
    both = tmp_path / "both.code-workspace"
    both.write_text(json.dumps({"folders": [{"path": "parcels"}, {"path": "returns"}]}), "utf-8")
    with code_server(lab, tmp_path / "state", vsix, SETTINGS, with_key) as server:
        seen = drive(
            server,
            both,
            "parcels/parcels/labels.py",
            [
                ["save", "\n"],
                ["squiggle", "error"],
                ["status", r"\d+ findings? · today", "saved"],
                ["problems", "first"],
                ["file", "returned.py"],
                ["command", "Rebuttal: Review Current Change"],
                ["toast", "Send", "question"],
                ["press", "Review and send"],
                ["status", r"\d+ findings? · \$0\.\d+ · today", "reviewed"],
                ["tooltip", "This review", "tooltip"],
                ["problems", "both"],
                ["file", "labels.py"],
                ["status", r"\d+ findings? · today", "back"],
                ["closeFolder", "returns"],
                ["noProblem", "returns"],
                ["problems", "left"],
                ["status", r"\d+ findings? · today", "end"],
            ],
        )
    first, both, left = seen["first"], seen["both"], seen["left"]
    assert first["count"] == int(seen["saved"].split()[0]) > 0
    assert not any("of folder returns" in one for one in first["files"])
    assert "of returns to 127.0.0.1" in seen["question"]
    assert "Rebuttal · returns" in seen["tooltip"]
    assert both["count"] == first["count"] + int(seen["reviewed"].split()[0])
    assert seen["back"] == seen["end"]
    assert left["count"] == first["count"], "what stays open keeps its findings"
