"""A secret that stands in a name (of a file, a branch, a symbol) is in nothing that is sent."""

from __future__ import annotations

import json

import pytest

from rebuttal.change.model import Scope
from rebuttal.context.model import ToolDiagnostic
from rebuttal.context.names import WITHHELD
from rebuttal.review.request import Request
from rebuttal.review.run import look, review
from rebuttal.settings import Settings
from tests.emulator.planted import Planted
from tests.emulator.server import Emulator
from tests.gitrepo import GitRepo
from tests.review.conftest import Door, Open, request_for

# One for each place: what is found again says where it leaked. Made for this test, by their issuers' forms.
CHANGED = "ghp_" + "R7kQ2vX9mB4nT6wY1zC8dF3gH5jL0pS2aE4u"
RENAMED = "glpat-" + "q8Zt3Rw6Yx1Vb9Nc4Md7"
DELETED = "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc"
UNTRACKED = "npm_" + "k3J8fQ1xZ6vB9mN2wT5yR7cD4gH0jL8pS3aE"
RELATED = "AKIA" + "QZ7XJ2KLM3NPRS4T"
COCHANGED = "hf_" + "QwErTyUiOpAsDfGhJkLzXcVbNmQaZwSxEd"
BRANCH = "xoxb-" + "731460925813-846205917362-kR7vQ2xW9mB4nT6yZ1cD8fGh"
MESSAGE = "dop_v1_" + "9f86d081884c7d659a2feaa0c55ad0153e27ae41ab9c3f2d58e6b7047c1d9e52"
SYMBOL = "ghp_" + "Z1cD8fG3hJ5kL0pQ2rS4tV6wX9yB7nM1aE3u"
CALLER = "gho_" + "B4nT6yZ1cD8fG3hJ5kL0pR7vQ2xW9mS4uE1a"
DIAGNOSTIC = "lin_api_" + "T6yZ1cD8fG3hJ5kL0pR7vQ2xW9mS4uE1aB4nX7qK"
RULE = "figd_" + "W9mS4uE1aB4nX7qKT6yZ1cD8fG3hJ5kL0pR7vQ2x"
ALL = (
    *(CHANGED, RENAMED, DELETED, UNTRACKED, RELATED, COCHANGED, BRANCH, MESSAGE),
    *(SYMBOL, CALLER, DIAGNOSTIC, RULE),
)

CORE = "def run(n):\n    return n\n\n\n" + "".join(f"def step{n}(a):\n    return a + {n}\n\n\n" for n in range(30))


def tool(file: str, line: int, message: str, rule: str = "E1") -> ToolDiagnostic:
    return ToolDiagnostic(file, line, None, "error", "pyright", rule, message)


@pytest.fixture
def planted(git_repo: GitRepo) -> GitRepo:
    """A branch, and work on top of it, with a secret in the name of everything that has one."""
    body = "".join(f"value_{n} = {n}\n" for n in range(40))
    git_repo.commit(
        "base",
        {
            "core.py": f"{CORE}def {SYMBOL}(n):\n" + "    n += 1\n" * 50 + "    return n\n",
            f"moved/{RENAMED}.py": body,
            f"old/{DELETED}.py": "import core\n\n\ndef gone():\n    return core.run(1)\n",
            f"tests/test_core_{RELATED}.py": "from core import run\n\n\ndef test_run():\n    assert run(1) == 1\n",
            "use.py": f"import core\n\n\ndef {CALLER}():\n    return core.run(2) + core.{SYMBOL}(1)\n",
            f"notes/{CHANGED}.py": "import core\n\n\ndef note():\n    return core.run(3)\n",
        },
    )
    for number in range(4):
        texts = {f"{COCHANGED}/page.py": f"from core import run\n\nX = {number}\n", "core.py": f"# {number}\n{CORE}"}
        git_repo.commit(f"Together {number}", texts)
    git_repo.commit("Whole", {"core.py": f"{CORE}def {SYMBOL}(n):\n" + "    n += 1\n" * 50 + "    return n\n"})
    git_repo.git("checkout", "-q", "-b", f"feature/{BRANCH}")
    git_repo.remove(f"old/{DELETED}.py")
    (git_repo.root / f"moved/{RENAMED}.py").rename(git_repo.root / "moved/plain.py")
    core = git_repo.path("core.py").read_text("utf-8").replace("def run(n):", "def run(n, m):")
    core = core.replace("    n += 1\n    return n\n", "    n += 2\n    return n\n")
    git_repo.commit(
        f"Use {MESSAGE}",
        {
            "core.py": core,
            "moved/plain.py": body.replace("value_7 = 7", "value_7 = 8"),
            f"notes/{CHANGED}.py": "import core, os\n\n\ndef note():\n    return core.run(3)\n",
        },
    )
    git_repo.write(f"new/{UNTRACKED}.py", "import core\n\n\ndef fresh():\n    return core.run(4)\n")
    return git_repo


def request_of(planted: GitRepo, **options: object) -> Request:
    diagnostics = (
        tool("core.py", 0, f"`run` is called in notes/{DIAGNOSTIC}.py", RULE),
        tool(f"notes/{CHANGED}.py", 0, "os is unused"),
    )
    return request_for(
        planted.root,
        settings=Settings(panel="medium", context_tokens=30_000),
        scope=Scope("branch"),
        base="main",
        include_working=True,
        open_files=(f"notes/{CHANGED}.py", f"tests/test_core_{RELATED}.py", "use.py"),
        diagnostics=diagnostics,
        agreed=True,
        **options,
    )


def leaked(sent: str) -> list[str]:
    return [name for name, value in globals().items() if isinstance(value, str) and value in ALL and value in sent]


async def test_a_secret_in_a_name_was_sent_to_the_model(open_services: Open, planted: GitRepo, panel: Emulator) -> None:
    claim = {
        **{"file": "core.py", "side": "new", "quote": "def run(n, m):", "title": "Callers break", "argument": "So."},
        **{"category": "correctness", "severity": "high", "certainty": "certain", "fixes": []},
    }
    ruling = {"verdict": "confirmed", "quote": "def run(n, m):", "argument": "Yes.", "severity": "high"}
    panel.script.default = Planted([{"by": ["code-reviewer", "architect"], "claim": claim, "ruling": ruling}])
    result = await review(request_of(planted), open_services(panel.environment()), Door())
    sent = json.dumps([record.body for record in panel.records])
    assert {record.phase for record in panel.records} >= {"opening", "cross_examination"}
    assert "Callers break" in {one.title for one in result.report.findings}
    for shown in ("def run(n, m):", "What the author says", "pyright", "«redacted:github-token", "use.py"):
        assert shown in sent or json.dumps(shown)[1:-1] in sent, f"the test shows nothing: {shown}"
    assert leaked(sent) == []
    skipped = {one.file for one in result.report.coverage.skipped if one.reason == WITHHELD}
    # A file whose new name is harmless is known by its old one too.
    assert skipped == {f"notes/{CHANGED}.py", "moved/plain.py", f"old/{DELETED}.py", f"new/{UNTRACKED}.py"}
    assert skipped <= {one.file for one in result.report.coverage.reviewed}, "they are still checked statically"


async def test_the_payload_that_is_shown_is_without_the_names_too(open_services: Open, planted: GitRepo) -> None:
    parts = await look(request_of(planted), open_services())
    assert leaked(parts.shared + parts.framing) == []
    assert "def run(n, m):" in parts.shared


async def test_a_change_of_nothing_else_is_sent_to_nobody(
    open_services: Open, git_repo: GitRepo, panel: Emulator
) -> None:
    git_repo.commit("base", {"a.py": "x = 1\n"})
    git_repo.write(f"{CHANGED}.py", "import os\n\n\ndef note():\n    return 3 / 0\n")
    result = await review(request_for(git_repo.root, agreed=True), open_services(panel.environment()), Door())
    assert panel.records == []
    assert "the name of every changed file holds a secret" in " ".join(result.report.notes)
    assert [(one.file, one.reason) for one in result.report.coverage.skipped] == [(f"{CHANGED}.py", WITHHELD)]
