"""What linters that are not on every machine print, as they printed it (golangci-lint 1 and 2: as documented)."""

from __future__ import annotations

import json

import pytest

from rebuttal.evidence.linting import answers
from rebuttal.evidence.linting.names import LINTERS
from rebuttal.evidence.linting.tool import Call, Tool, Unreadable
from rebuttal.evidence.linting.tools import BY_NAME, TOOLS
from rebuttal.evidence.model import Completed


def done(output: object, code: int = 0) -> Completed:
    return Completed(code, output if isinstance(output, str) else json.dumps(output), "")


def test_biome_2_and_1_9() -> None:
    second = {
        "diagnostics": [
            {
                "severity": "error",
                "message": "Do not use eval().",
                "category": "lint/security/noGlobalEval",
                "location": {"path": "a.js", "start": {"line": 3, "column": 1}, "end": {"line": 3, "column": 5}},
            },
            {
                "severity": "error",
                "message": "Formatted otherwise.",
                "category": "format",
                "location": {"path": "a.js"},
            },
        ]
    }
    (said,) = answers.biome(done("A line for people.\n" + json.dumps(second)))
    assert (said.path, said.first_line, said.rule, said.kind) == ("a.js", 2, "noGlobalEval", "security")
    first = {
        "diagnostics": [
            {
                "severity": "error",
                "description": "Do not use eval().",
                "category": "lint/security/noGlobalEval",
                "location": {"path": {"file": "a.js"}, "span": [8, 12], "sourceCode": "a\né()\n\neval()\n"},
            }
        ]
    }
    assert [(one.path, one.first_line) for one in answers.biome(done(first))] == [("a.js", 3)]


def test_golangci_lint() -> None:
    issues = [
        {"FromLinter": "errcheck", "Text": "Error return value is not checked", "Pos": {"Filename": "a.go", "Line": 4}},
        {"FromLinter": "staticcheck", "Text": "SA4006: never used", "Pos": {"Filename": "a.go", "Line": 7}},
    ]
    said = answers.golangci(done(json.dumps({"Issues": issues}) + "\n2 issues:\n"))
    assert [(one.rule, one.kind, one.first_line) for one in said] == [
        ("errcheck", "errcheck", 3),
        ("SA4006", "staticcheck", 6),
    ]
    assert answers.golangci(done({"Issues": None})) == []


@pytest.mark.parametrize(
    ("settings", "option"), [('version: "2"\nlinters: {}\n', "--output.json.path"), ("linters: {}\n", "--out-format")]
)
def test_golangci_lint_is_asked_as_its_configurations_version_wants(settings: str, option: str) -> None:
    assert option in BY_NAME["golangci-lint"].command(Call((".",), "./.golangci.yml", settings=settings))


def test_clippy_tells_of_places_and_not_of_the_build() -> None:
    span = {"file_name": "src/lib.rs", "line_start": 4, "line_end": 4, "is_primary": True}
    message = {"level": "warning", "message": "unused", "code": {"code": "unused_must_use"}, "spans": [span]}
    lines = [
        {"reason": "compiler-artifact"},
        {"reason": "compiler-message", "message": message},
        {"reason": "compiler-message", "message": {**message, "code": None, "spans": []}},
        {"reason": "build-finished", "success": True},
    ]
    (said,) = answers.clippy(done("\n".join(map(json.dumps, lines))))
    assert (said.path, said.first_line, said.rule, said.kind) == ("src/lib.rs", 3, "unused_must_use", "rustc")


def test_pyright_semgrep_and_hadolint() -> None:
    place = {"start": {"line": 6, "character": 0}, "end": {"line": 6, "character": 1}}
    found = {
        "file": "/r/a.py",
        "severity": "error",
        "message": "Wrong\n  because",
        "range": place,
        "rule": "reportCallIssue",
    }
    (said,) = answers.pyright(done({"generalDiagnostics": [found, {**found, "severity": "warning"}]}))
    assert (said.first_line, said.message) == (6, "Wrong")
    extra = {"message": "No.", "severity": "ERROR", "metadata": {"category": "security"}}
    one = {"path": "a.py", "check_id": "semgrep.no-danger", "start": {"line": 5}, "end": {"line": 5}, "extra": extra}
    (said,) = answers.semgrep(done({"results": [one]}))
    assert (said.rule, said.level, said.kind) == ("no-danger", "error", "security")
    entry = {"file": "Dockerfile", "line": 2, "code": "DL3021", "level": "error", "message": "COPY"}
    assert [one.rule for one in answers.hadolint(done([entry, {**entry, "code": "DL1000"}]))] == ["DL3021", ""]


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
@pytest.mark.parametrize("output", ["<html>", "[1]", '{"results": 3}', "null", "[[[", '{"diagnostics": [{}]}'])
def test_rubbish_is_never_taken_for_an_answer(tool: Tool, output: str) -> None:
    with pytest.raises((Unreadable, ValueError, KeyError, TypeError, AttributeError)):
        tool.parse(done(output, 1))


def test_every_linter_is_known_by_name() -> None:
    assert tuple(tool.name for tool in TOOLS) == LINTERS


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_a_file_whose_name_begins_with_a_dash_is_no_option(tool: Tool) -> None:
    words = tool.command(Call(("./-x",), "./conf", cache="/c"))
    assert "-x" not in words
