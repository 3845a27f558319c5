"""Checks of the build that may fail unheard, that leave it, or that are told to say less."""

from __future__ import annotations

import pytest

from rebuttal.findings.model import Finding
from tests.evidence.conftest import Review, of

WORKFLOW = """\
name: ci
on: push
jobs:
  lint:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - name: Lint
        run: eslint .
      - name: Test
        run: npm test
      - name: Upload
        run: ./upload.sh
"""
CI = ".github/workflows/ci.yml"


def told(review: Review, path: str, before: str, after: str) -> list[Finding]:
    return [
        one
        for one in of(review({path: before}, {path: after}), "steering:")
        if one.rule.startswith(("steering:check-", "steering:loosened"))
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("        run: npm test\n", "        run: npm test || true\n"),
        ("        run: npm test\n", "        continue-on-error: true\n        run: npm test\n"),
        ("        run: npm test\n", "        if: false\n        run: npm test\n"),
        ("        run: npm test\n", "        # run: npm test\n        run: ls\n"),
        ("  lint:\n", "  lint:\n    continue-on-error: true\n"),
    ],
)
def test_a_check_that_may_fail_unheard_is_told(review: Review, old: str, new: str) -> None:
    (found,) = told(review, CI, WORKFLOW, WORKFLOW.replace(old, new))
    assert (found.rule, found.severity, found.category) == ("steering:check-unheard", "medium", "testing")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("        run: ./upload.sh\n", "        continue-on-error: true\n        run: ./upload.sh\n"),
        ("        run: ./upload.sh\n", "        run: ./upload.sh || true\n"),
        ("        run: npm test\n", "        run: npm test\n      - run: pytest\n        continue-on-error: true\n"),
        ("        run: npm test\n", "        run: npm test  # || true\n"),
        ("        run: npm test\n", "        run: yarn test\n"),
        ("      - name: Test\n        run: npm test\n", "      - name: Test\n        run: ./ci/test.sh\n"),
        ("      - name: Upload\n        run: ./upload.sh\n", ""),
        ("ubuntu-latest", "ubuntu-24.04"),
    ],
)
def test_other_changes_of_the_build_are_not_told(review: Review, old: str, new: str) -> None:
    assert told(review, CI, WORKFLOW, WORKFLOW.replace(old, new)) == []


def test_a_check_that_leaves_the_build_is_told_unless_another_file_runs_it(review: Review) -> None:
    gone = WORKFLOW.replace("      - name: Lint\n        run: eslint .\n", "")
    (found,) = told(review, CI, WORKFLOW, gone)
    assert (found.rule, found.side, found.quote) == ("steering:check-removed", "old", "        run: eslint .")
    assert found.message.startswith("eslint is no longer run by the build.")
    before = {CI: WORKFLOW, ".github/workflows/more.yml": "jobs:\n  a:\n    steps:\n      - run: eslint src\n"}
    assert of(review(before, {CI: gone}), "steering:") == []


def test_a_step_that_installs_a_checker_does_not_run_it(review: Review) -> None:
    before = WORKFLOW.replace("      - name: Lint", "      - run: npm install eslint\n      - name: Lint")
    gone = before.replace("      - name: Lint\n        run: eslint .\n", "")
    (found,) = told(review, CI, before, gone)
    assert found.rule == "steering:check-removed"


def test_a_script_that_swallows_the_failure_of_its_tests_is_told(review: Review) -> None:
    (found,) = told(review, "Makefile", "test:\n\tpytest -q\n", "test:\n\tpytest -q || true\n")
    assert found.rule == "steering:check-unheard"


LOOSE = [
    ("tsconfig.json", '{\n  "compilerOptions": {\n    "strict": true\n  }\n}\n', '"strict": true', '"strict": false'),
    ("mypy.ini", "[mypy]\nstrict = True\n", "strict = True", "strict = False"),
    ("pyproject.toml", "[tool.mypy]\npretty = true\n", "pretty = true", "pretty = true\nignore_errors = true"),
    ("pyproject.toml", "[tool.coverage.report]\nfail_under = 90\n", "90", "80"),
    ("pyrightconfig.json", '{\n  "typeCheckingMode": "strict"\n}\n', '"strict"', '"basic"'),
    (".eslintrc.json", '{\n  "rules": {\n    "eqeqeq": "error"\n  }\n}\n', '"error"', '"off"'),
    ("biome.json", '{\n  "rules": {\n    "noConsole": "error"\n  }\n}\n', '"error"', '"off"'),
    ("Cargo.toml", '[lints.clippy]\nunwrap_used = "deny"\n', '"deny"', '"allow"'),
    (".golangci.yml", "linters:\n  enable:\n    - errcheck\n    - gosec\n", "    - errcheck\n", ""),
    (".golangci.yml", "linters:\n  disable:\n    - lll\n", "    - lll\n", "    - lll\n    - errcheck\n"),
    ("phpstan.neon", "parameters:\n    level: 8\n", "8", "5"),
    (".rubocop.yml", "Lint/UselessAssignment:\n  Enabled: true\n", "true", "false"),
    ("codecov.yml", "coverage:\n  status:\n    project:\n      target: 90%\n", "90", "70"),
    ("jest.config.js", "module.exports = {\n  coverageThreshold: {\n    branches: 90,\n  },\n};\n", "90", "50"),
]
TIGHT = [
    ("tsconfig.json", '{\n  "strict": false\n}\n', "false", "true"),
    ("tsconfig.json", '{\n  "strict": true,\n  "target": "es5"\n}\n', "es5", "es2022"),
    ("mypy.ini", "[mypy]\nwarn_return_any = True\n", "warn_return_any", "strict"),
    ("mypy.ini", "[mypy]\nstrict = True\n", "True", "True\n[mypy-yaml.*]\nignore_missing_imports = True"),
    ("pyproject.toml", "[tool.coverage.report]\nfail_under = 80\n", "80", "90"),
    ("pyproject.toml", "[project]\nname = 'a'\n", "'a'\n", "'a'\n[tool.mypy]\nignore_errors = true\n"),
    (".eslintrc.json", '{\n  "rules": {\n    "eqeqeq": "warn"\n  }\n}\n', '"warn"', '"error"'),
    (".golangci.yml", "linters:\n  enable:\n    - golint\n", "    - golint\n", "    - revive\n"),
    (".golangci.yml", "linters:\n  enable:\n    - gosec\n    - lll\n", "- gosec\n    - lll", "- lll\n    - gosec"),
    ("phpstan.neon", "parameters:\n    level: 5\n", "5", "max"),
    ("codecov.yml", "coverage:\n  range: 90\n", "90", "70"),
]


@pytest.mark.parametrize(("path", "text", "old", "new"), LOOSE)
def test_a_configuration_that_asks_less_is_told(review: Review, path: str, text: str, old: str, new: str) -> None:
    (found,) = told(review, path, text, text.replace(old, new))
    assert found.rule == "steering:loosened"


@pytest.mark.parametrize(("path", "text", "old", "new"), TIGHT)
def test_a_configuration_that_asks_as_much_or_more_is_not(
    review: Review, path: str, text: str, old: str, new: str
) -> None:
    assert told(review, path, text, text.replace(old, new)) == []


@pytest.mark.parametrize(
    ("section", "findings"),
    [
        ("[tool.mypy]\ndisallow_untyped_defs = true\nwarn_unreachable = true\n", 0),
        ("[tool.mypy]\nstrict = true\n", 0),
        ("[tool.black]\nline-length = 100\n", 1),
    ],
)
def test_settings_that_went_to_another_file_are_not_gone(review: Review, section: str, findings: int) -> None:
    head = "[metadata]\nname = a\n"
    before = {"setup.cfg": f"{head}\n[mypy]\ndisallow_untyped_defs = True\nwarn_unreachable = True\n"}
    evidence = review(before, {"setup.cfg": head, "pyproject.toml": section})
    assert len(of(evidence, "steering:loosened")) == findings
