"""Findings of notebooks leave as places of the file and of its cells; fixes are right there, or withheld."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from rebuttal.change.model import Change, FileDiff, Hunk, Scope
from rebuttal.change.notebook import review_text
from rebuttal.findings.fixes import apply_edits
from rebuttal.findings.model import Finding, Fix, Related, TextEdit
from rebuttal.findings.notebooks import in_files
from rebuttal.findings.wire import finding_from_json, finding_to_json
from rebuttal.text.positions import LineIndex, Position, Range


def file_of(*sources: str, indent: int | None = 1, one_string: bool = False) -> str:
    """A notebook of code cells."""

    def lines(source: str) -> list[str]:
        parts = source.split("\n")
        return [part + "\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])

    cells = [{"cell_type": "code", "source": one if one_string else lines(one)} for one in sources]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4}, indent=indent, ensure_ascii=False)


def change_of(file: str) -> Change:
    text, cells = review_text(file)
    diff = FileDiff("nb.ipynb", "added", None, text, (Hunk(0, 0, 0, text.count("\n")),), new_cells=cells)
    return Change(Path("/nowhere"), Scope(), "empty", "nothing", "work tree", (diff,))


def finding_at(change: Change, quote: str, edit: tuple[str, str] | None = None) -> Finding:
    """About the one place of the review text where `quote` stands; `edit` replaces a text by another."""
    index = LineIndex(change.files[0].new_text or "")

    def range_of(text: str) -> Range:
        start = index.text.index(text)
        return index.range(start, start + len(text))

    fix = None if edit is None else Fix((TextEdit("nb.ipynb", range_of(edit[0]), edit[1]),))
    where = range_of(quote)
    return Finding(
        "0123456789abcdef", "nb.ipynb", "new", where, quote, "t", "m", "high", "correctness", "ruff:B006", "static",
        ("code-reviewer",), "static", "certain", fix=fix, related=(Related("nb.ipynb", where, "here too"),),
    )  # fmt: skip


def placed(change: Change, quote: str, edit: tuple[str, str] | None = None) -> Finding:
    (finding,) = in_files([finding_at(change, quote, edit)], change)
    assert finding_from_json(json.loads(json.dumps(finding_to_json(finding)))) == finding
    return finding


@pytest.mark.parametrize("one_string", [False, True])
@pytest.mark.parametrize("indent", [None, 1, 2])
def test_a_finding_stands_on_its_line_of_the_file_and_in_its_cell(indent: int | None, one_string: bool) -> None:
    file = file_of("import os", 'name = "caf\u00e9 \U0001f600"\nx = name\\\n', indent=indent, one_string=one_string)
    finding = placed(change_of(file), "\U0001f600")
    assert LineIndex(file).slice(finding.range) == "\U0001f600"
    assert finding.cell is not None
    assert finding.cell.index == 1
    assert finding.cell.range == Range(Position(0, 13), Position(0, 15))
    assert finding.related[0].range == finding.range


def test_a_place_in_a_commented_line_is_counted_without_what_was_put_in() -> None:
    file = file_of("if x:\n    !ls secret")
    finding = placed(change_of(file), "secret")
    assert LineIndex(file).slice(finding.range) == "secret"
    assert finding.cell is not None
    assert finding.cell.range == Range(Position(1, 8), Position(1, 14))


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (("x = 1", 'x = "a\\b"'), ["import os\nimport sys", 'x = "a\\b"\ny = 2']),
        (("x = 1", "if x:\n    x = 1"), ["import os\nimport sys", "if x:\n    x = 1\ny = 2"]),
        (("x = 1\n", ""), ["import os\nimport sys", "y = 2"]),
        (("import sys\n", ""), ["import os", "x = 1\ny = 2"]),
        (("y = 2\n", "y = 3\n"), ["import os\nimport sys", "x = 1\ny = 3"]),
        (("y = 2\n", "y = 3\nz = 4\n"), ["import os\nimport sys", "x = 1\ny = 3\nz = 4"]),
        (("x = 1\ny = 2", "x, y = 1, 2"), ["import os\nimport sys", "x, y = 1, 2"]),
    ],
)
@pytest.mark.parametrize("one_string", [False, True])
@pytest.mark.parametrize("indent", [None, 1])
def test_a_fix_is_written_as_the_file_writes_its_lines(
    edit: tuple[str, str], expected: list[str], indent: int | None, one_string: bool
) -> None:
    file = file_of("import os\nimport sys", "x = 1\ny = 2", indent=indent, one_string=one_string)
    finding = placed(change_of(file), edit[0].rstrip("\n"), edit)
    assert finding.fix is not None
    mended, wanted = apply_edits(file, finding.fix.edits), file_of(*expected, indent=indent, one_string=one_string)
    assert json.loads(mended) == json.loads(wanted)
    assert mended == wanted or indent is None


def test_a_fix_says_what_it_is_to_the_cell() -> None:
    finding = placed(change_of(file_of("import os", "x = '1'\ny = 2")), "x = '1'", ("x = '1'", 'x = "1"'))
    assert finding.fix is not None
    (edit,) = finding.fix.edits
    assert edit.new_text == 'x = \\"1\\"'
    assert edit.cell is not None
    assert (edit.cell.place.index, edit.cell.new_text) == (1, 'x = "1"')
    assert edit.cell.place.range == Range(Position(0, 0), Position(0, 7))


@pytest.mark.parametrize(
    "edit",
    [
        ("import sys\n# %%\nx", "x"),  # two cells
        ("# %%\nx", "x"),  # a heading
        ("%time y", "y"),  # a commented line
        ("x = 1", "%x = 1"),  # becomes one
    ],
)
def test_a_fix_that_would_not_be_right_in_the_file_is_withheld(edit: tuple[str, str]) -> None:
    change = change_of(file_of("import os\nimport sys", "x = 1\n%time y"))
    assert placed(change, "x = 1", edit).fix is None


def test_findings_of_other_files_are_left_alone() -> None:
    text = "x = 1\n"
    change = Change(Path("/x"), Scope(), "empty", "", "index", (FileDiff("a.py", "added", None, text, ()),))
    finding = finding_at(change, "x = 1", ("x", "y"))
    assert in_files([finding], change) == (finding,)


SOURCE = st.text(st.sampled_from('ab "\\\n\u00e9\U0001f600'), min_size=1, max_size=12)


@given(st.lists(SOURCE, min_size=1, max_size=3), SOURCE, st.data(), st.booleans())
def test_any_edit_is_right_or_withheld(sources: list[str], new_text: str, data: st.DataObject, one: bool) -> None:
    file = file_of(*sources, one_string=one)
    change = change_of(file)
    text = change.files[0].new_text or ""
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    edit = TextEdit("nb.ipynb", LineIndex(text).range(start, end), new_text)
    (finding,) = in_files([evolve(finding_at(change, "# %%"), fix=Fix((edit,)))], change)
    if finding.fix is not None:
        mended = json.loads(apply_edits(file, finding.fix.edits))
        assert review_text(json.dumps(mended))[0] == apply_edits(text, [edit])
