"""The change as text: verbatim lines, their surroundings, and nothing that is not there."""

from __future__ import annotations

import os

from hypothesis import given, settings
from hypothesis import strategies as st

from rebuttal.change.hunks import compare, whole
from rebuttal.change.model import FileDiff, Hunk, Status
from rebuttal.context.diff import show_file
from rebuttal.text.model import Symbol
from rebuttal.text.positions import git_lines
from rebuttal.text.symbols import symbols_of
from tests.context.conftest import ContextOf


def hunks_of(old: str | None, new: str | None) -> tuple[Hunk, ...]:
    if old is None or new is None:
        return whole(old, new)
    return compare([(old, new)], os.environ).hunks.get(0, ())


def shown(old: str | None, new: str | None, symbols: tuple[Symbol, ...] = ()) -> list[str]:
    status: Status = "added" if old is None else "deleted" if new is None else "modified"
    diff = FileDiff("a.py", status, old, new, hunks_of(old, new))
    return show_file(diff, old, new, (), symbols).text.split("\n")[:-1]


def test_a_small_function_is_shown_whole_and_a_large_one_by_its_signature() -> None:
    body = "".join(f"    v{n} = {n}\n" for n in range(60))
    old = f"import os\n\n\ndef large(\n    a,\n):\n{body}\n\ndef small():\n    a = 1\n    b = 2\n    return a\n"
    new = old.replace("v30 = 30", "v30 = 31").replace("b = 2", "b = 3")
    lines = shown(old, new, symbols_of(new, "python"))
    assert lines == [
        "=== a.py (modified)",
        "@@ large",
        " def large(",
        "     a,",
        " ):",
        "…",
        *(f"     v{n} = {n}" for n in range(25, 30)),
        "-    v30 = 30",
        "+    v30 = 31",
        *(f"     v{n} = {n}" for n in range(31, 36)),
        "…",
        "     v59 = 59",
        " ",
        " ",
        " def small():",
        "     a = 1",
        "-    b = 2",
        "+    b = 3",
        "     return a",
    ]


def test_an_added_file_is_all_plus() -> None:
    assert shown(None, "a\nb\n") == ["=== a.py (added)", "@@", "+a", "+b"]


def test_a_line_end_that_is_missing_is_said() -> None:
    assert shown("a\n", "a") == ["=== a.py (modified)", "@@", "-a", "+a", "\\ no newline at the end of the file"]


def test_lines_removed_at_the_end_are_shown() -> None:
    assert shown("a\nb\nc\n", "a\n") == ["=== a.py (modified)", "@@", " a", "-b", "-c"]


def test_an_emptied_file() -> None:
    assert shown("a\n", "") == ["=== a.py (modified)", "@@", "-a"]


text = st.lists(st.sampled_from(["a", "b", "  c", "", "d = 1"]), max_size=25).map(
    lambda lines: "".join(f"{x}\n" for x in lines)
)


@settings(max_examples=40)
@given(text, text)
def test_every_changed_line_is_shown_once_and_verbatim(old: str, new: str) -> None:
    if old == new:
        return
    hunks = hunks_of(old, new)
    before, after = git_lines(old), git_lines(new)
    lines = shown(old, new)[1:]
    added = [after[line].rstrip("\n") for hunk in hunks for line in hunk.new_lines]
    removed = [before[line].rstrip("\n") for hunk in hunks for line in hunk.old_lines]
    assert [line[1:] for line in lines if line.startswith("+")] == added
    assert [line[1:] for line in lines if line.startswith("-")] == removed
    assert {line[1:] for line in lines if line.startswith(" ")} <= {line.rstrip("\n") for line in after}


def test_a_changed_line_of_880000_characters_is_shown_around_where_it_differs(context_of: ContextOf) -> None:
    long = "x" * 440_000
    base = {"a.txt": f"first\n{long}OLD{long}\nlast\n", "b.txt": "one\n"}
    context = context_of(base, {"a.txt": f"first\n{long}NEW{long}\nlast, changed\n", "b.txt": "two\n"})
    assert len(context.diff) < 8_000
    assert "OLDx" in context.diff
    assert "NEWx" in context.diff
    assert "(of this line of 880,003 characters, 2,000 are shown)" in context.diff
    assert "+last, changed" in context.diff
    assert "+two" in context.diff
    assert [one.file for one in context.skipped if "characters is shown to the panel" in one.reason] == ["a.txt"]
