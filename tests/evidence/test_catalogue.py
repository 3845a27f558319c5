"""What the documentation says of the rules is what they are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rebuttal.evidence.catalogue import RULES
from rebuttal.evidence.rules import Rule
from rebuttal.evidence.wanted import OFF

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "static-panel.md").read_text("utf-8")
ROWS = [line.strip("|").split(" | ") for line in PAGE.replace("\\|", "/").split("\n") if line.startswith("| `")]
SEATS = {"architect": "Architect", "code-reviewer": "Code Reviewer", "database": "Database"} | {
    "documentation": "Documentation",
    "security-analyst": "Security Analyst",
}
BESIDE = {"impact:signature", "impact:removed", "syntax:error", "conflict:marker"}
"""Rules that speak in several languages or of whole files, and have no entry in the catalogue."""


def rows_of(rule: str) -> list[list[str]]:
    return [row for row in ROWS if f"`{rule}`" in row[0]]


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)
def test_each_rule_is_documented_as_it_is(rule: Rule) -> None:
    rows = rows_of(rule.id)
    assert rows, f"{rule.id} stands in no table of docs/static-panel.md"
    for row in rows:
        assert rule.severity in row[-2], f"docs/static-panel.md: {rule.id} is {rule.severity}"
        assert SEATS[rule.seat] in row[-1], f"docs/static-panel.md: {rule.id} is of the seat {SEATS[rule.seat]}"
        assert ("(off)" in row[0]) == (not rule.on)


def test_what_is_off_is_what_says_so_of_itself() -> None:
    assert {rule.id for rule in RULES.values() if not rule.on} == OFF


def test_no_rule_is_documented_that_is_not() -> None:
    named = {
        name for row in ROWS for name in re.findall(r"`((?:impact|upkeep|structure|syntax|conflict):[\w-]+)`", row[0])
    }
    assert named == {rule for rule in RULES if not rule.startswith("steering:")} | BESIDE


def test_each_rule_about_steering_is_documented() -> None:
    pages = PAGE + (ROOT / "docs" / "coverage.md").read_text("utf-8")
    code = "\n".join(path.read_text("utf-8") for path in (ROOT / "server/rebuttal/evidence/steering").glob("*.py"))
    written = set(re.findall(r'"(steering:[\w-]+)"', code)) | {
        f"steering:{name}" for name in re.findall(r'_fact\(\s*diff,\s*place,\s*"([\w-]+)"', code)
    }
    assert len(written) > 8
    assert [rule for rule in sorted(written) if f"`{rule}`" not in pages] == []
