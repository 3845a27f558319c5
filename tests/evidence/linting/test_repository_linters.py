"""The linters that a repository configures for itself: real ones where they are installed, and one that misbehaves."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve

from rebuttal.change.model import Scope
from rebuttal.change.read import read_change
from rebuttal.evidence.linting.repository import Linters
from rebuttal.evidence.linting.tools import BY_NAME
from rebuttal.evidence.model import Evidence
from rebuttal.evidence.panel import collect
from rebuttal.findings.model import Finding
from tests.evidence.conftest import Files, commit
from tests.gitrepo import GitRepo

CLIENT = Path(__file__).parents[3] / "client-vscode" / "node_modules"
BIN = str(Path(sys.executable).parent)
posix = pytest.mark.skipif(os.name == "nt", reason="the fake linter is a script")


def environment(**more: str) -> dict[str, str]:
    """As a terminal has it, with the programs of the tests' own environment first."""
    path = os.pathsep.join((BIN, os.environ.get("PATH", "")))
    return {**os.environ, "PATH": path, **more}


def needs(program: str) -> None:
    if shutil.which(program, path=environment()["PATH"]) is None:
        pytest.skip(f"{program} is not installed (make setup installs it where its index has it)")


Lint = Callable[..., Evidence]


@pytest.fixture
def lint(git_repo: GitRepo) -> Lint:
    """Commits `before`, then `after`, and gives the evidence on the second commit with the repository's linters."""

    def run(before: Files, after: Files, *, linters: Linters | None = None, scope: str = "HEAD") -> Evidence:
        commit(git_repo, before)
        commit(git_repo, after)
        with read_change(git_repo.root, Scope("commit", scope)) as reading:
            return collect(reading.change, reading.repository, linters=linters or Linters(environment()))

    return run


def of(evidence: Evidence, group: str) -> list[Finding]:
    assert evidence.degraded == ()
    return [one for one in evidence.findings if one.rule.startswith(group)]


# Real linters.


MYPY = {"mypy.ini": "[mypy]\n"}


def test_mypy_tells_what_the_change_breaks_and_not_what_was_broken(lint: Lint) -> None:
    needs("mypy")
    before = 'def old() -> int:\n    return "was here"\n'
    after = before + "\n\ndef new(a: int) -> str:\n    return a\n"
    (found,) = of(lint({**MYPY, "a.py": before}, {"a.py": after}), "mypy:")
    assert (found.rule, found.severity, found.range.start.line) == ("mypy:return-value", "medium", 5)
    assert found.message == 'Incompatible return value type (got "int", expected "str") (mypy return-value).'


def test_mypy_tells_of_a_line_that_the_change_broke_from_afar(lint: Lint) -> None:
    needs("mypy")
    before = "def f(a: int) -> int:\n    return a\n\n\nx = 1\ny = f(x)\n"
    found = of(
        lint({**MYPY, "a.py": before}, {"a.py": before.replace("a: int", "a: str").replace("return a", "return 1")}),
        "mypy:",
    )
    assert [(one.rule, one.range.start.line) for one in found] == [("mypy:arg-type", 5)]


def test_an_undefined_name_that_two_tools_see_is_one_finding(lint: Lint) -> None:
    needs("mypy")
    evidence = lint({**MYPY, "a.py": "x = 1\n"}, {"a.py": "x = 1\nprint(undefined)\n"})
    (found,) = evidence.findings
    assert found.rule == "ruff:F821"
    assert found.message.endswith("mypy name-defined says the same.")


def test_a_type_ignore_that_the_change_brings_is_told_quietly(lint: Lint) -> None:
    needs("mypy")
    line = "x: int = len(3)"
    (found,) = of(lint({**MYPY, "a.py": "y = 1\n"}, {"a.py": f"y = 1\n{line}  # type: ignore[arg-type]\n"}), "mypy:")
    assert found.severity == "low"
    assert "The change itself silences this (# type: ignore[arg-type])" in found.message
    before = f"y = 1\n{line}  # type: ignore[arg-type]\n"
    assert of(lint({**MYPY, "b.py": before}, {"b.py": before.replace("len(3)", "len(4)")}), "mypy:") == []


def test_mypy_is_not_run_by_a_configuration_that_the_change_brings(lint: Lint) -> None:
    needs("mypy")
    after = {"a.py": 'x: int = "a"\n', "mypy.ini": "[mypy]\nignore_errors = True\n"}
    evidence = lint({**MYPY, "a.py": "x = 1\n"}, after)
    assert "mypy was not run: the change alters mypy.ini, which it would go by." in evidence.notes


def test_mypy_is_not_run_where_the_work_tree_is_another_state(lint: Lint, git_repo: GitRepo) -> None:
    needs("mypy")
    lint({**MYPY, "a.py": "x = 1\n"}, {"a.py": 'x: int = "a"\n'})
    git_repo.write("a.py", "something = 'else'\n")
    with read_change(git_repo.root, Scope("commit", "HEAD")) as reading:
        evidence = collect(reading.change, reading.repository, linters=Linters(environment()))
    assert evidence.findings == ()
    assert any("the work tree is not this change" in note for note in evidence.notes)


def test_bandit_goes_by_the_bases_configuration(lint: Lint) -> None:
    needs("bandit")
    before = {"pyproject.toml": '[tool.bandit]\nskips = ["B506"]\n', "a.py": "import yaml\n"}
    code = "import yaml\n\ndef f(s, t):\n    yaml.load(s)\n    from Crypto.Cipher import DES\n    DES.new(t)\n"
    after = {"a.py": code, "pyproject.toml": "[tool.bandit]\nskips = []\n"}
    evidence = lint(before, after)
    assert "bandit:B506" not in {one.rule for one in evidence.findings}
    assert "bandit:B413" in {one.rule for one in evidence.findings}


def test_a_security_finding_that_ruff_and_bandit_share_is_one(lint: Lint) -> None:
    needs("bandit")
    code = "import subprocess\n\n\ndef f(x):\n    subprocess.call(x, shell=True)\n"
    (found,) = of(lint({".bandit": "[bandit]\n", "a.py": "\n"}, {"a.py": code}), "")
    assert found.rule == "ruff:S602"
    assert found.message.endswith("bandit B602 says the same.")


def test_shellcheck_in_a_subfolder_goes_by_the_nearest_configuration(lint: Lint) -> None:
    needs("shellcheck")
    before = {".shellcheckrc": "disable=SC2115\n", "deep/.shellcheckrc": "disable=SC2164\n"}
    script = '#!/bin/bash\ncd "$1"\nrm -rf "$x/"*\n'
    found = of(lint(before, {"a.sh": script, "deep/er/b.sh": script}), "shellcheck:")
    assert [(one.file, one.rule) for one in found] == [
        ("deep/er/b.sh", "shellcheck:SC2115"),
        ("a.sh", "shellcheck:SC2164"),
    ]


def test_a_shellcheck_directive_that_the_change_brings_hides_nothing(lint: Lint) -> None:
    needs("shellcheck")
    script = '#!/bin/bash\n# shellcheck disable=SC2115\nrm -rf "$x/"*\n'
    (found,) = of(lint({".shellcheckrc": "\n"}, {"a.sh": script}), "shellcheck:")
    assert (found.rule, found.severity, "silences this" in found.message) == ("shellcheck:SC2115", "low", True)


ESLINT = """import js from "@eslint/js";
import own from "./rules/own.mjs";
export default [js.configs.recommended, own];
"""


def link_client_modules(repo: GitRepo) -> None:
    if not (CLIENT / "eslint").is_dir():
        pytest.skip("eslint is not installed (npm ci in client-vscode installs it)")
    needs("node")
    (repo.root / "node_modules").symlink_to(CLIENT, target_is_directory=True)


@posix
def test_eslint_runs_with_the_bases_configuration_and_what_that_imports(lint: Lint, git_repo: GitRepo) -> None:
    link_client_modules(git_repo)
    own = "export default { rules: { 'no-eval': 'error', 'no-console': 'error', semi: 'error' } };\n"
    before = {
        ".gitignore": "node_modules\n",
        "eslint.config.mjs": ESLINT,
        "rules/own.mjs": own,
        "a.js": "const a = 1; a();\n",
    }
    after = {
        "a.js": "const a = 1; a();\n\nif (a === 1) { eval('1') }\nmissing();\nconsole.log(1)\n",
        "rules/own.mjs": "export default { rules: {} };\n",
        "eslint.config.mjs": "export default [];\n",
    }
    found = of(lint(before, after), "eslint:")
    assert {one.rule for one in found} >= {"eslint:no-undef", "eslint:no-eval"}
    assert "eslint:no-console" not in {one.rule for one in found}


@posix
def test_an_eslint_comment_of_the_base_is_honoured_and_one_of_the_change_is_not(lint: Lint, git_repo: GitRepo) -> None:
    link_client_modules(git_repo)
    before = {
        ".gitignore": "node_modules\n",
        "eslint.config.mjs": 'import js from "@eslint/js";\nexport default [js.configs.recommended];\n',
        "a.js": "old(); // eslint-disable-line no-undef\n",
    }
    after = {
        "a.js": "old(1); // eslint-disable-line no-undef\n// eslint-disable-next-line no-undef -- I know\nfresh();\n"
    }
    (found,) = of(lint(before, after), "eslint:")
    assert (found.range.start.line, found.severity) == (2, "low")
    assert "eslint-disable-next-line no-undef" in found.message


# A linter that misbehaves: a real process.

FAKE = """#!{python}
import json, os, subprocess, sys, time
mode = {mode!r}
if mode == "hang":
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    open({mark!r}, "w").write(str(child.pid))
    time.sleep(60)
if mode == "flood":
    while True:
        print("x" * 100_000)
if mode == "crash":
    os.abort()
if mode == "fail":
    print("boom: the secret is hunter2", file=sys.stderr); sys.exit(3)
if mode == "rubbish":
    print("<html>"); sys.exit(1)
if mode == "memory":
    hoard = bytearray(6 << 30); sys.exit(0)
if mode == "network":
    import urllib.request
    urllib.request.urlopen("http://example.com/", timeout=20)
if mode == "count":
    open({mark!r}, "a").write("x")
open({mark!r} + ".env", "w").write(json.dumps(dict(os.environ)))
comments = []
for path in sys.argv[5:]:
    for number, line in enumerate(open(path), 1):
        if "fault" in line:
            comments.append({{"file": path, "line": number, "endLine": number, "level": "warning", "code": 2115,
                             "message": "A fault."}})
print(json.dumps({{"comments": comments}})); sys.exit(1 if comments else 0)
"""

BEFORE = {".shellcheckrc": "\n", "good.py": "x = 1\n", "a.sh": "echo\n"}
AFTER = {"good.py": "x = 1\n\n\ndef g(b=[]): ...\n", "a.sh": "echo\nfault\n"}


def fake(tmp_path: Path, mode: str, *, seconds: float = 30) -> tuple[Linters, Path]:
    """A shellcheck that does what `mode` says, and the file in which it leaves its mark."""
    folder, mark = tmp_path / "bin", tmp_path / "mark"
    folder.mkdir(exist_ok=True)
    program = folder / "shellcheck"
    program.write_text(FAKE.format(python=sys.executable, mode=mode, mark=str(mark)))
    program.chmod(0o755)
    tool = evolve(BY_NAME["shellcheck"], seconds=seconds)
    path = os.pathsep.join((str(folder), os.environ["PATH"]))
    return Linters(
        environment(PATH=path, ANTHROPIC_API_KEY="sk-secret", HTTPS_PROXY="http://u:p@proxy"), tools=(tool,)
    ), mark


@posix
@pytest.mark.parametrize(
    ("mode", "seconds", "reason"),
    [
        ("hang", 1.5, "shellcheck took more than 2 s and was ended."),
        ("flood", 30, "shellcheck printed more than 16 MB and was ended."),
        ("crash", 30, "shellcheck failed (exit code -6)."),
        ("fail", 30, "shellcheck failed (exit code 3)."),
        ("rubbish", 30, "shellcheck printed what cannot be read."),
        ("memory", 30, "shellcheck printed what cannot be read."),
        ("network", 30, "shellcheck printed what cannot be read."),
    ],
)
def test_a_linter_that_misbehaves_is_named_and_the_rest_is_shown(
    lint: Lint, tmp_path: Path, mode: str, seconds: float, reason: str
) -> None:
    linters, _ = fake(tmp_path, mode, seconds=seconds)
    begun = time.monotonic()
    evidence = lint(BEFORE, AFTER, linters=linters)
    assert time.monotonic() - begun < 20
    assert [one.rule for one in evidence.findings] == ["ruff:B006"]
    assert [(one.seat, one.reason) for one in evidence.degraded] == [("shellcheck", reason)]


@posix
def test_a_linter_that_hangs_is_ended_with_what_it_has_started(lint: Lint, tmp_path: Path) -> None:
    linters, mark = fake(tmp_path, "hang", seconds=2)
    assert [one.seat for one in lint(BEFORE, AFTER, linters=linters).degraded] == ["shellcheck"]
    child = int(mark.read_text())
    for _ in range(500):
        state = Path(f"/proc/{child}/stat")
        if state.parent.parent.is_dir() and (
            not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z"
        ):
            return
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        time.sleep(0.01)
    pytest.fail("the linter's child is still running")


@posix
def test_a_linter_gets_no_secret_and_no_proxy(lint: Lint, tmp_path: Path) -> None:
    linters, mark = fake(tmp_path, "good")
    assert [one.rule for one in of(lint(BEFORE, AFTER, linters=linters), "shellcheck:")] == ["shellcheck:SC2115"]
    seen = Path(f"{mark}.env").read_text()
    assert "sk-secret" not in seen
    assert "u:p@proxy" not in seen
    assert "127.0.0.1:9" in seen


@posix
def test_what_has_been_linted_is_not_linted_again(lint: Lint, git_repo: GitRepo, tmp_path: Path) -> None:
    linters, mark = fake(tmp_path, "count")
    lint(BEFORE, AFTER, linters=linters)
    runs = len(mark.read_text())
    assert runs == 2  # the change's text, and the base's
    with read_change(git_repo.root, Scope("commit", "HEAD")) as reading:
        assert collect(reading.change, reading.repository, linters=linters).findings
    assert len(mark.read_text()) == runs


def test_a_linter_that_is_not_installed_is_a_note(lint: Lint) -> None:
    evidence = lint(BEFORE, AFTER, linters=Linters({"PATH": ""}))
    assert evidence.degraded == ()
    assert evidence.notes == ("shellcheck is configured (.shellcheckrc) but not installed: it was not run.",)


@posix
def test_a_program_that_the_change_brings_is_not_run(lint: Lint, tmp_path: Path) -> None:
    linters, mark = fake(tmp_path, "count")
    program = (tmp_path / "bin" / "shellcheck").read_text()
    evidence = lint(BEFORE, {**AFTER, ".venv/bin/shellcheck": program}, linters=linters)
    assert not mark.exists()
    assert "shellcheck was not run: the change alters what is installed in .venv." in evidence.notes


@posix
def test_a_linter_outside_of_the_absolute_path_is_not_run(lint: Lint, git_repo: GitRepo, tmp_path: Path) -> None:
    linters, mark = fake(tmp_path, "count")
    program = (tmp_path / "bin" / "shellcheck").read_text()
    git_repo.write("shellcheck", program)
    (git_repo.root / "shellcheck").chmod(0o755)
    path = os.pathsep.join((".", "", str(git_repo.root)))
    lint(BEFORE, AFTER, linters=evolve(linters, environment={"PATH": path}))
    assert not mark.exists()
