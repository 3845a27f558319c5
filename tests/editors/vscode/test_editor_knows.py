"""What VS Code knows beside the text: other extensions' problems, and the cells of a notebook."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.editors.vscode.code_server import Lab, code_server
from tests.editors.vscode.conftest import Drive
from tests.editors.vscode.test_review import SETTINGS

pytestmark = [pytest.mark.vscode, pytest.mark.timeout(600)]


def notebook(source: str) -> str:
    cell: dict[str, Any] = {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": []}
    cells = [{**cell, "source": source}]
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


def test_problems_of_other_extensions_on_changed_lines_reach_the_panel(
    lab: Lab, vsix: Path, repository: Path, with_key: dict[str, str], drive: Drive, tmp_path: Path
) -> None:
    file = repository / "web" / "wrong.ts"
    file.parent.mkdir(exist_ok=True)
    file.write_text("export const rate: number = undeclaredName + 1;\n", "utf-8")
    with code_server(lab, tmp_path / "state", vsix, SETTINGS, with_key) as server:
        seen = drive(
            server,
            repository,
            "web/wrong.ts",
            [
                ["problem", "Cannot find name 'undeclaredName'", "theirs"],
                ["command", "Rebuttal: Review Current Change"],
                ["toast", "Send", "question"],
                ["press", "Review and send"],
                ["status", r"\d+ findings? · \$0\.\d+ · today", "after"],
                ["tooltip", "other tools", "tooltip"],
            ],
        )
    assert "The panel was shown 1 diagnostic of other tools in the editor (ts)." in seen["tooltip"]


def test_a_finding_shows_in_the_cell_of_an_open_notebook(
    lab: Lab, vsix: Path, repository: Path, drive: Drive, tmp_path: Path
) -> None:
    source = "def add(item, items=[]):\n    items.append(item)\n    return items"
    (repository / "analysis.ipynb").write_text(notebook(source), "utf-8")
    environment = {"REBUTTAL_HOME": str(tmp_path / "rebuttal-home")}
    with code_server(lab, tmp_path / "state", vsix, SETTINGS, environment) as server:
        seen = drive(
            server,
            repository,
            "analysis.ipynb",
            [
                ["command", "Rebuttal: Review Current Change"],
                ["status", r"\d+ findings? · no API key", "after"],
                ["squiggle", "info"],
                ["problem", "Mutable default argument", "problem"],
            ],
        )
    assert seen["problem"].startswith("Info: ")
