"""Nothing is done twice, and nothing is loaded that is not needed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from rebuttal.review.run import review
from rebuttal.settings import Settings
from rebuttal.text.parsing import Parser
from tests.review.conftest import Door, Open, request_for


async def test_no_file_is_parsed_twice_for_evidence_and_context(
    open_services: Open, parcels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: Counter[tuple[str, str]] = Counter()
    parse = Parser._parse

    def counted(self: Parser, text: str, language: Any) -> Any:
        parsed[language, text] += 1
        return parse(self, text, language)

    monkeypatch.setattr(Parser, "_parse", counted)
    result = await review(request_for(parcels, settings=Settings()), open_services(), Door())
    assert result.report.estimate.expected > 0
    assert parsed
    assert max(parsed.values()) == 1


def test_the_static_panel_loads_neither_sdk_nor_debate_nor_other_languages(parcels: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from rebuttal.cli.main import main\n"
        f"main(['review', '--panel', 'static', '--fail-on', 'never', '--repo', {str(parcels)!r}])\n"
        "print('loaded', *sys.modules)"
    )
    environment = {"REBUTTAL_HOME": str(tmp_path / "home"), "PYTHONPATH": str(Path(__file__).parents[2] / "server")}

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, **environment}
    )
    loaded = done.stdout.splitlines()[-1].split()
    assert loaded[0] == "loaded"
    heavy = (
        "anthropic",
        "genai_prices",
        "tiktoken",
        "rebuttal.context.build",
        "rebuttal.speakers",
        "rebuttal.budget.prices",
        "rebuttal.debate.model",
        "rebuttal.evidence.catalogue",
        "rebuttal.evidence.impact.native",
        "rebuttal.evidence.impact.rust",
        "rebuttal.evidence.linting.repository",
        *(("git.",) if os.name != "nt" else ()),
    )
    assert [name for name in loaded if name.startswith((*heavy, "rebuttal.debate.engine"))] == []
