"""A secret that the change holds is in nothing that is sent, printed or kept."""

from __future__ import annotations

import json

from rebuttal.findings.reports.json_report import to_json
from rebuttal.findings.reports.sarif_report import to_sarif
from rebuttal.findings.reports.text_report import to_text
from rebuttal.review.run import review
from tests.emulator.planted import Planted
from tests.emulator.server import Emulator
from tests.gitrepo import GitRepo
from tests.review.conftest import Door, Open, request_for

KEY = "AKIA" + "QZ7XJ2KLM3NPRS4T"


async def test_a_debate_about_a_secret_does_not_print_it(
    open_services: Open, git_repo: GitRepo, panel: Emulator
) -> None:
    git_repo.commit("base", {"a.py": "def login(user):\n    return user\n"})
    git_repo.write("a.py", f'def login(user):\n    key = "{KEY}"\n    return user, key\n')
    quote = '    key = "«redacted:aws-key:1»"'
    claim = {
        **{"file": "a.py", "side": "new", "quote": quote, "title": "A key in the code", "argument": "It is a secret."},
        **{"category": "security", "severity": "critical", "certainty": "certain", "fixes": []},
    }
    ruling = {"verdict": "confirmed", "quote": quote, "argument": "Yes.", "severity": "critical"}
    panel.script.default = Planted([{"by": ["security-analyst"], "claim": claim, "ruling": ruling}])
    result = await review(request_for(git_repo.root, agreed=True), open_services(panel.environment()), Door())
    assert "A key in the code" in {one.title for one in result.report.findings}
    printed = json.dumps([to_json(result.report), to_sarif(result.report)]) + to_text(
        result.report, colour=False, width=100
    )
    (found,) = [one for one in result.report.findings if one.title == "A key in the code"]
    assert found.quote == 'key = "«redacted:aws-key»"'
    assert (found.range.start.line, found.range.end.line) == (1, 1)
    assert KEY not in printed + result.transcript
    assert KEY not in json.dumps([record.body for record in panel.records])
