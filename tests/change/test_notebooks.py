"""Notebooks are reviewed by cell: outputs left out, every line led back to the file and the cell."""

from __future__ import annotations

import ast
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebuttal.change.magics import as_python
from rebuttal.change.model import FileDiff, Hunk
from rebuttal.change.notebook import Cell, NotANotebook, notebook_json, review_text
from rebuttal.change.read import read_change
from rebuttal.change.scope import parse_scope
from tests.change.test_read import change_of, reasons, statuses
from tests.gitrepo import GitRepo


def notebook(*cells: str | tuple[str, str], language: str = "python", outputs: Any = (), **more: Any) -> str:
    """A notebook as Jupyter writes it."""
    made = []
    for cell in cells:
        kind, source = cell if isinstance(cell, tuple) else ("code", cell)
        one: dict[str, Any] = {"cell_type": kind, "metadata": {}, "source": source.splitlines(keepends=True)}
        if kind == "code":
            one |= {"execution_count": more.get("count", 1), "outputs": list(outputs)}
        made.append(one)
    metadata = {"kernelspec": {"language": language, "name": "k", "display_name": "K"}} | more.get("metadata", {})
    content = {"cells": made, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def only(repo: GitRepo, scope: str = "working") -> FileDiff:
    (diff,) = change_of(repo, scope).files
    return diff


def test_a_notebook_is_reviewed_by_its_cells(git_repo: GitRepo) -> None:
    before = notebook(("markdown", "# Title"), "import os\nx = 1", "y = x")
    after = notebook(("markdown", "# Title"), "import os\nx = 2", "y = x", outputs=[{"output_type": "stream"}], count=9)
    git_repo.commit("base", {"nb.ipynb": before})
    git_repo.write("nb.ipynb", after)
    for scope in ("working", "staged", "commit:HEAD"):
        diff = only(git_repo, scope)
        assert diff.old_text == "# %% [markdown]\n# # Title\n# %%\nimport os\nx = 1\n# %%\ny = x\n"
        assert diff.new_text == diff.old_text.replace("x = 1", "x = 2")
        assert diff.hunks == (Hunk(4, 1, 4, 1),)
        assert diff.old_cells is not None
        assert diff.new_cells is not None
        at = diff.new_cells.offset(4, 0)
        assert after[at:].startswith("x = 2")
        assert before[diff.old_cells.offset(4, 4) :].startswith('1"')
        assert diff.new_cells.cell_place(4, 4) == (1, 1, 4)
        if scope == "working":
            git_repo.add()
        elif scope == "staged":
            git_repo.commit("next")


def test_outputs_and_metadata_alone_are_skipped_with_the_reason(git_repo: GitRepo) -> None:
    git_repo.commit("base", {"a.ipynb": notebook("x = 1"), "b.ipynb": notebook("x = 1")})
    git_repo.write("a.ipynb", notebook("x = 1", outputs=[{"text": "1"}]))
    git_repo.write("b.ipynb", notebook("x = 1", metadata={"author": "me"}))
    change = change_of(git_repo)
    assert statuses(change) == {}
    assert reasons(change) == dict.fromkeys(("a.ipynb", "b.ipynb"), "only outputs or metadata of the notebook changed")


def test_a_notebook_larger_than_other_files_may_be_is_read_for_its_cells(git_repo: GitRepo) -> None:
    picture = [{"data": {"image/png": "A" * 3_000_000}}]
    git_repo.commit("base", {"nb.ipynb": notebook("x = 1", outputs=picture)})
    git_repo.write("nb.ipynb", notebook("x = 2", outputs=picture))
    assert only(git_repo).new_text == "# %%\nx = 2\n"


def test_what_is_no_notebook_is_skipped_with_the_reason(git_repo: GitRepo) -> None:
    texts = ["{", "[]", '{"cells": 1}', '{"cells": [{"cell_type": "code"}]}', "[" * 100_000, '{"worksheets": []}']
    git_repo.commit("base", {f"{n}.ipynb": notebook("x") for n in range(len(texts))} | {"a.py": "1\n"})
    for number, text in enumerate(texts):
        git_repo.write(f"{number}.ipynb", text)
    git_repo.write("a.py", "2\n")
    change = change_of(git_repo)
    assert statuses(change) == {"a.py": "modified"}
    assert set(reasons(change).values()) == {"a notebook that cannot be read (no valid JSON with cells)"}


def test_added_deleted_and_renamed_notebooks(git_repo: GitRepo) -> None:
    lines = "".join(f"value_{n} = {n}\n" for n in range(20))
    git_repo.commit("base", {"old.ipynb": notebook(lines), "gone.ipynb": notebook("a = 1\nb = 2")})
    git_repo.remove("old.ipynb")
    git_repo.remove("gone.ipynb")
    git_repo.write("moved.ipynb", notebook("import os", lines))
    git_repo.write("empty.ipynb", "")
    change = change_of(git_repo)
    assert statuses(change) == {"moved.ipynb": "renamed", "gone.ipynb": "deleted", "empty.ipynb": "added"}
    moved = change.file("moved.ipynb")
    assert moved is not None
    assert (moved.hunks, moved.old_cells is not None, moved.new_cells is not None) == (
        (Hunk(1, 0, 1, 2),),
        True,
        True,
    )


def test_other_languages_are_comments_so_that_nothing_takes_them_for_python() -> None:
    text, _ = review_text(notebook("x <- 1", ("raw", "as is"), language="R"))
    assert text == "# %% [r]\n# x <- 1\n# %% [raw]\n# as is\n"
    text, _ = review_text(notebook_json([Cell("code", "SELECT 1", "sql"), Cell("code", "x = 1\n")]))
    assert text == "# %% [sql]\n# SELECT 1\n# %%\nx = 1\n\n"


def test_what_ipython_adds_is_commented_out_line_for_line() -> None:
    source = "\n".join(
        [
            "%matplotlib inline",
            "import os",
            "files = !ls",
            "!pip install \\",
            "    numpy",
            "os.path?",
            "if files:",
            "    %time run()",
            "text = '''",
            "%d items",
            "!no command'''",
            "rest = (7",
            "  % 3)",
            "long = 7 \\",
            "  % 3",
            "ok = 'a' != 'b'",
            "# why?",
        ]
    )
    shown = [line.text for line in as_python(source.split("\n"))]
    assert len(shown) == source.count("\n") + 1
    assert [line for line in shown if line not in source.split("\n")] == [
        "# %matplotlib inline",
        "files = ...  # !ls",
        "# !pip install \\",
        "#     numpy",
        "# os.path?",
        "    pass  # %time run()",
    ]
    ast.parse("\n".join(shown))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("%%bash\nls -l\nfor", "# %%bash\n# ls -l\n# for"),
        ("%%time\nx = 1", "# %%time\nx = 1"),
        ("%%html\n<b>", "# %%html\n# <b>"),
    ],
)
def test_cells_of_another_language_are_comments(source: str, expected: str) -> None:
    assert "\n".join(line.text for line in as_python(source.split("\n"))) == expected


LINE = st.text(st.sampled_from('ab "\\/\u00e9\U0001f600\t\r\u2028%!'), max_size=6)
SOURCE = st.lists(LINE, max_size=4).map("\n".join)


@given(
    cells=st.lists(st.tuples(st.sampled_from(["code", "markdown", "raw"]), SOURCE), max_size=4),
    ascii_only=st.booleans(),
    one_string=st.booleans(),
    indent=st.sampled_from([None, 1, 2]),
)
def test_every_character_leads_back_to_the_file_and_its_cell(
    cells: list[tuple[str, str]], ascii_only: bool, one_string: bool, indent: int | None
) -> None:
    content = {
        "cells": [{"cell_type": kind, "source": source if one_string else split(source)} for kind, source in cells]
    }
    file = json.dumps(content, ensure_ascii=ascii_only, indent=indent)
    text, found = review_text(file)
    lines = text.split("\n")
    assert lines.pop() == ""
    assert len(lines) == len(found.lines)
    for number, line in enumerate(lines):
        if found.lines[number].line < 0:
            assert file[found.offset(number, 0)] == "{"
            continue
        cell, place, _ = found.cell_place(number, 0)
        source = cells[cell][1].split("\n")[place]
        if found.is_verbatim(number, number):
            assert line == source
        prefix = found.lines[number].at + found.lines[number].inserted
        for column, char in enumerate(line):
            _, _, at = found.cell_place(number, column)
            if column >= prefix:
                assert source[at] == char
                literal = json.dumps(char, ensure_ascii=ascii_only)[1:-1]
                assert file[found.offset(number, column) :].startswith(literal)


def split(source: str) -> list[str]:
    lines = source.split("\n")
    return [line + "\n" for line in lines[:-1]] + lines[-1:]


def test_cells_open_in_an_editor_are_the_buffer_of_the_notebook(git_repo: GitRepo) -> None:
    git_repo.commit("base", {"nb.ipynb": notebook("x = 1", "y = 2")})
    buffer = notebook_json([Cell("code", "x = 1"), Cell("code", "y = 3"), Cell("markdown", "done")])
    with read_change(git_repo.root, parse_scope("working"), buffers={"nb.ipynb": buffer}) as reading:
        (diff,) = reading.change.files
        assert diff.new_text == "# %%\nx = 1\n# %%\ny = 3\n# %% [markdown]\n# done\n"
        assert diff.hunks == (Hunk(3, 1, 3, 3),)
        assert reading.repository.new.read("nb.ipynb") == diff.new_text
        assert reading.repository.old.read("nb.ipynb") == diff.old_text
    same = notebook_json([Cell("code", "x = 1"), Cell("code", "y = 2")])
    with read_change(git_repo.root, parse_scope("working"), buffers={"nb.ipynb": same}) as reading:
        assert (reading.change.files, reading.change.skipped) == ((), ())


def test_a_conflict_in_a_notebook_is_named(git_repo: GitRepo) -> None:
    with pytest.raises(NotANotebook):
        review_text('<<<<<<< ours\n{"cells": []}\n')


def test_a_notebook_of_more_than_ten_megabytes_was_called_larger_than_one(git_repo: GitRepo) -> None:
    git_repo.commit("base", {"nb.ipynb": notebook("x = 1")})
    git_repo.write("nb.ipynb", notebook("x = 2", outputs=[{"text": "a" * 10_000_000}]))
    assert reasons(change_of(git_repo)) == {"nb.ipynb": "larger than 10 MB"}
    git_repo.commit("large")
    git_repo.write("nb.ipynb", notebook("x = 3"))
    assert reasons(change_of(git_repo)) == {"nb.ipynb": "larger than 10 MB"}
