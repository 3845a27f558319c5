"""Hours of typing during a debate are kept in little, and no finding loses its place by it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebuttal.lsp.anchors import shift
from rebuttal.lsp.remembered import MOST, joined, remember
from rebuttal.lsp.workspace import Edit, split_lines
from rebuttal.text.positions import LineIndex
from tests.lsp.conftest import Start
from tests.lsp.samples import finding, span
from tests.lsp.test_anchors import edit
from tests.lsp.test_diagnostics import debate

PATH = Path("/shop/cart.py")
TWINS = "def one():\n    return None\n\n\ndef two():\n    return None\n"


@pytest.mark.parametrize("scattered", [False, True])
async def test_typing_for_hours_during_a_debate_neither_grows_nor_loses_a_place(
    start: Start, repo: Path, *, scattered: bool
) -> None:
    file = repo / "cart.py"
    file.write_text(TWINS)
    second = finding(range=span(5, 4, 5, 15), quote="    return None")
    stage = await start({"review": [{"wait": "release"}, *debate(second)]})
    stage.editor.open(file)
    job = (await stage.editor.command("rebuttal.review"))["job"]
    await stage.editor.until(lambda: stage.asked("review"))
    for number in range(3 * MOST):
        # Over the first of the twins: in one run, or jumping between two lines.
        at = span(number % 2, 0, number % 2, 0) if scattered else span(0, number, 0, number)
        stage.editor.change(file, {"range": at, "text": "#"})
    stage.editor.change(file, {"range": span(0, 0, 0, 0), "text": "\n\n"})
    await stage.editor.settle()
    kept = stage.editor.server.session.jobs[job].edits[file]
    assert len(kept) <= MOST
    stage.worker.release()
    await stage.editor.until(lambda: stage.editor.of(file))
    assert [one["range"]["start"]["line"] for one in stage.editor.of(file)] == [7]
    await stage.editor.until(lambda: not stage.editor.server.session.jobs[job].running)
    assert stage.editor.server.session.jobs[job].edits == {}


TYPED = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 3), st.text("ab\n", max_size=2)), max_size=40)


@given(TYPED, st.integers(0, 20), st.integers(1, 20))
def test_runs_of_typing_move_a_range_as_their_letters_did(
    typed: list[tuple[int, int, str]], start: int, length: int
) -> None:
    text = "some lines\nof text\n" * 3
    edits: list[Edit] = []
    cursor = 0
    for at, back, new in typed:
        # Where the last one ended, mostly: somebody types.
        begin = min(at, len(text)) if at > 50 else min(cursor, len(text))
        low = max(begin - back, 0)
        text, made = edit(text, low, begin, new)
        cursor = low + len(new)
        edits.append(made)
    where = LineIndex("some lines\nof text\n" * 3).range(start, start + length)
    long, short = where, where
    for one in edits:
        long = shift(long, one)
        if long.start == long.end:
            return  # of one that was taken away the edges mean nothing
    for one in joined(edits):
        short = shift(short, one)
    assert short == long


@settings(max_examples=20)
@given(st.lists(st.tuples(st.integers(0, 500), st.text("xy\n", min_size=1, max_size=3)), min_size=1, max_size=30))
def test_what_is_kept_of_too_much_leads_from_the_text_before_to_the_text_now(typed: list[tuple[int, str]]) -> None:
    before = "".join(f"line {number}\n" for number in range(40))
    text, kept = before, dict[Path, list[Edit]]()
    for at, new in typed * 40:
        text, made = edit(text, min(at, len(text)), min(at, len(text)), new)
        remember(kept, PATH, [made], lambda now=text: (split_lines(before), split_lines(now)))  # type: ignore[misc]
    assert len(kept[PATH]) <= MOST
    lines = sum(one.new_end.line - one.old_end.line for one in kept[PATH])
    assert lines == text.count("\n") - before.count("\n")
