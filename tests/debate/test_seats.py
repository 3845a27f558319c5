"""Seats as their files describe them: priority and cost of the seed's table, and what calls for them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rebuttal.debate.front_matter import PromptError
from rebuttal.debate.model import AREAS
from rebuttal.debate.prompts import load_prompts, seat_from

SEED = {
    # The seed's table 1.2; Database, Frontend and Examiner are ours.
    "architect": ("critical", "high"),
    "code-reviewer": ("important", "medium"),
    "security-analyst": ("important", "medium"),
    "performance-expert": ("important", "medium"),
    "ux-specialist": ("optional", "low"),
    "documentation": ("optional", "low"),
    "moderator": ("minimal", "low"),
    "database": ("optional", "medium"),
    "frontend": ("optional", "low"),
    "examiner": ("minimal", "low"),
}


def test_seats_have_the_priority_and_the_cost_of_the_seeds_table() -> None:
    seats = load_prompts().seats.values()
    assert {seat.id: (seat.priority, seat.cost) for seat in seats} == SEED


def test_the_critical_are_kept_longest_and_of_equals_the_cheaper() -> None:
    order = [seat.id for seat in load_prompts().seats.values()]
    assert order[0] == "architect"
    assert order.index("security-analyst") < order.index("documentation") < order.index("database")
    assert order[-2:] == ["examiner", "moderator"]


def test_every_area_is_somebodys_but_tests_which_are_everybodys() -> None:
    called = {area for seat in load_prompts().openers for area in seat.areas}
    assert set(AREAS) - called == {"tests"}


def test_front_matter_says_what_calls_for_a_seat() -> None:
    text = "---\nid: x\nname: X\npriority: important\ncost: low\nareas:\n  security: 70\n  ui: 5\n---\nA lens.\n"
    seat = seat_from("x.md", text)
    assert (seat.priority, seat.cost, seat.areas) == ("important", "low", {"security": 70, "ui": 5})


def test_every_change_calls_for_a_seat_that_does_not_say_what_does() -> None:
    seat = seat_from("x.md", "---\nid: x\nname: X\n---\nA lens.\n")
    assert (seat.priority, seat.cost) == ("optional", "medium")
    assert 10 <= seat.areas["any"] < 100


@pytest.mark.parametrize(
    ("lines", "word"),
    [
        ("priority: 1", "priority"),
        ("cost: cheap", "cost"),
        ("areas:\n  sql: 5", "area"),
        ("areas:\n  database: much", "database"),
        ("areas:\n  database: 0", "database"),
        ("areas:\n  database: 101", "database"),
        ("areas:\n  database: -5", "database"),
        ("areas:\n  database: \u0665", "database"),
        ("areas: database", "areas"),
    ],
)
def test_a_misspelt_priority_cost_or_area_is_refused_by_name(lines: str, word: str) -> None:
    with pytest.raises(PromptError, match=rf"x\.md.*{word}"):
        seat_from("x.md", f"---\nid: x\nname: X\n{lines}\n---\nA lens.\n")


def test_the_table_of_the_documentation_says_what_the_files_say() -> None:
    text = (Path(__file__).parents[2] / "docs" / "panel.md").read_text("utf-8")
    rows = re.findall(r"^\| ([\w ]+) \| (\w+) \| (\w+) \| ([a-z]+ \d.*) \|$", text, re.MULTILINE)
    assert rows == [
        (seat.name, seat.priority, seat.cost, ", ".join(f"{area} {weight}" for area, weight in seat.areas.items()))
        for seat in load_prompts().openers
    ]
