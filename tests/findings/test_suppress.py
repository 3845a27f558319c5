"""What the user does not want to see is dismissed, and a change cannot silence its own review."""

from __future__ import annotations

from difflib import SequenceMatcher
from pathlib import Path

import pytest

from rebuttal.change.model import Change, FileDiff, Hunk, Scope
from rebuttal.findings.suppress import suppress
from rebuttal.text.positions import git_lines
from tests.findings.conftest import make_finding, span


def change(old: str | None, new: str | None) -> Change:
    before, after = git_lines(old or ""), git_lines(new or "")
    hunks = tuple(
        Hunk(a, b - a, c, d - c)
        for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
        if tag != "equal"
    )
    diff = FileDiff("a.py", "modified", old, new, hunks)
    return Change(Path("/somewhere"), Scope(), "0" * 40, "HEAD", "work tree", (diff,))


def status(old: str | None, new: str | None, line: int, rule: str = "ruff:B006", side: str = "new") -> str:
    finding = make_finding(file="a.py", range=span(line, 0, 1), rule=rule, side=side)
    return suppress([finding], change(old, new))[0].status


IGNORED = "x = 1  # rebuttal: ignore[ruff:B006] wanted here\n"


def test_a_changed_line_whose_old_counterpart_is_marked_is_dismissed() -> None:
    assert status("a\n" + IGNORED + "b\n", "a\nx = 2\nb\n", 1) == "dismissed"


def test_a_mark_that_the_change_itself_brings_does_not_count() -> None:
    assert status("a\nx = 1\n", "a\n" + IGNORED, 1) == "open"
    assert status(None, IGNORED, 0) == "open"


def test_an_unchanged_line_below_inserted_ones_keeps_its_mark() -> None:
    assert status(IGNORED + "b\n", "new\nnew\n" + IGNORED + "b\n", 2) == "dismissed"
    assert status(IGNORED + "b\n", "new\nnew\n" + IGNORED + "b\n", 1) == "open"


def test_in_an_uneven_hunk_the_line_that_still_carries_the_mark_keeps_it() -> None:
    new = "y = 0\n" + IGNORED.replace("x = 1", "x = 2") + "z = 3\n"
    assert status(IGNORED, new, 1) == "dismissed"
    assert status(IGNORED, new, 2) == "open"


def test_a_comment_of_its_own_is_about_the_next_line() -> None:
    comment = "# rebuttal: ignore[ruff:B006] wanted here\n"
    assert status(comment + "x = 1\n", comment + "x = 2\n", 1) == "dismissed"
    assert status(comment + "x = 1\ny = 1\n", comment + "x = 1\ny = 2\n", 2) == "open"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("x = 1  # rebuttal: ignore[ruff:B006]\n", "open"),
        ("x = 1  # rebuttal: ignore[ruff:B007] other rule\n", "open"),
        ("x = 1  # rebuttal: ignore[ruff] all of ruff\n", "dismissed"),
        ("x = 1  # rebuttal: ignore[secrets, ruff:B006] two\n", "dismissed"),
        ("x = 1; // rebuttal: ignore[ruff:B006] other comment signs\n", "dismissed"),
        ("x = 'rebuttal: ignore[ruff:B006] no comment'\n", "open"),
    ],
)
def test_a_mark_needs_a_comment_the_rule_and_a_reason(line: str, expected: str) -> None:
    assert status(line, "x = 2\n", 0) == expected


def test_the_old_side_is_read_by_its_own_lines() -> None:
    assert status("a\n" + IGNORED, "a\n", 1, side="old") == "dismissed"


def test_dismissed_ids_are_dismissed() -> None:
    finding = make_finding()
    empty = Change(Path("/somewhere"), Scope(), "0" * 40, "HEAD", "work tree")
    assert suppress([finding], empty, {finding.id})[0].status == "dismissed"
    assert suppress([finding], empty, {"another"})[0].status == "open"
