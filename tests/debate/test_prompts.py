"""The prompts as files, and what may stand where in a prompt."""

from __future__ import annotations

import ast
from importlib.resources import files

import pytest

from rebuttal.debate.front_matter import PromptError
from rebuttal.debate.model import Phase
from rebuttal.debate.prompts import LENSLESS, judging, load_prompts, prompts_version, seat_from

TABLE = {
    # The design's table: frugal, balanced, thorough.
    "architect": ("haiku", "sonnet", "opus"),
    "code-reviewer": ("haiku", "sonnet", "opus"),
    "security-analyst": ("haiku", "sonnet", "sonnet"),
    "performance-expert": ("haiku", "sonnet", "sonnet"),
    "database": ("haiku", "sonnet", "sonnet"),
    "ux-specialist": ("haiku", "haiku", "sonnet"),
    "documentation": ("haiku", "haiku", "sonnet"),
    "frontend": ("haiku", "haiku", "sonnet"),
    "moderator": ("sonnet", "sonnet", "opus"),
    "examiner": ("haiku", "sonnet", "sonnet"),
}
PHASES: tuple[Phase, ...] = ("opening", "cross_examination", "rebuttal", "consensus")


def test_every_seat_has_its_tiers() -> None:
    seats = load_prompts().seats
    assert {seat.id: tuple(seat.tiers.values()) for seat in seats.values()} == TABLE


def test_every_lens_says_what_to_look_for_and_what_not_to_raise() -> None:
    for seat in load_prompts().openers:
        assert "Look for\n- " in seat.lens, seat.id
        assert "Do not raise\n- " in seat.lens, seat.id


def test_who_rules_has_no_lens() -> None:
    for seat_id in LENSLESS:
        assert "Look for" not in load_prompts().seats[seat_id].lens


def test_who_rules_hears_what_is_no_defect_and_not_what_to_look_for() -> None:
    for seat in load_prompts().openers:
        kept = judging(seat.lens)
        assert kept.startswith(seat.lens.split("\n")[0]), seat.id
        assert "Do not raise\n- " in kept, seat.id
        assert "Look for" not in kept, seat.id
    assert judging("Only words of a user.\n") == "Only words of a user.\n"


def test_finders_are_asked_for_everything() -> None:
    opening = " ".join(load_prompts().tasks["opening"].split())
    assert "Report every issue you find, including ones you are uncertain about or consider low-severity." in opening
    assert (
        "Do not filter for importance or confidence at this stage: a separate verification step will do that" in opening
    )


def test_no_prompt_is_empty_or_has_a_hole_to_fill() -> None:
    prompts = load_prompts()
    for text in (prompts.system, *(prompts.tasks[phase] for phase in PHASES)):
        assert len(text) > 500
        assert "{" not in text
        assert "TODO" not in text


def test_the_version_is_a_hash_that_is_the_same_each_time() -> None:
    assert prompts_version() == load_prompts().version
    assert len(prompts_version()) == 16


def test_a_seat_is_read_from_its_front_matter() -> None:
    seat = seat_from(
        "x.md",
        "---\nid: x\nname: X\npriority: important\ntiers:\n  frugal: haiku\n  balanced: sonnet\n"
        "  thorough: opus\n---\nA lens --- with dashes.\n",
    )
    assert (seat.id, seat.name, seat.priority, seat.lens) == ("x", "X", "important", "A lens --- with dashes.\n")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no front matter",
        "---\nid: x\n---\n",
        "---\nid: x\nname: X\npriority: high\n---\n",
        "---\nid: x\nname: X\npriority: 1\ntiers:\n  frugal: gpt\n---\n",
        "---\nid: x\nname: X\npriority: 1\ntiers:\n  frugal: haiku\n---\n",
        "---\nid x\n---\n",
        "---\nid: x\nname: X\npriority: 1\n---\nA lens.\n",
        "---\nid: x\nname: X\ncost: cheap\n---\nA lens.\n",
        "---\nid: x\nname: X\nareas:\n  sql: 5\n---\nA lens.\n",
        "---\nid: x\nname: X\nareas:\n  database: much\n---\nA lens.\n",
        "---\nid: x\nname: X\nareas:\n  database: 0\n---\nA lens.\n",
        "---\nid: x\nname: X\nareas:\n  database: 101\n---\nA lens.\n",
    ],
)
def test_a_seat_that_is_not_as_it_must_be_is_refused_by_name(text: str) -> None:
    with pytest.raises(PromptError, match="x\\.md"):
        seat_from("x.md", text)


IMPURE = {
    "os",
    "time",
    "random",
    "datetime",
    "subprocess",
    "socket",
    "secrets",
    "uuid",
    "tempfile",
    "pathlib",
    "threading",
}


def test_the_debate_reads_no_clock_no_chance_and_no_machine() -> None:
    for entry in files("rebuttal.debate").iterdir():
        if not entry.name.endswith(".py"):
            continue
        for node in ast.walk(ast.parse(entry.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.split(".", maxsplit=1)[0] for name in names} & IMPURE, entry.name
