"""Code lenses in notebooks: over the changed lines of a cell, in its own lines; none where no line can be told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rebuttal.lsp.features.notebooks import in_cells
from rebuttal.lsp.session import Snapshot
from tests.lsp.conftest import Stage, Start
from tests.lsp.fake_worker import done
from tests.lsp.samples import span
from tests.lsp.test_code_lens import told
from tests.lsp.test_notebooks import CELLS, Notebook, in_cell, notebook_file

# The text that is reviewed: "# Totals" under its heading, three lines under the next, two under the last.
HUNKS = {"nb.ipynb": [[2, 3], [7, 2]], "other.ipynb": [[4, 1]]}
COVERAGE = {"reviewed": [{"file": "nb.ipynb", "hunks": 2}], "skipped": []}
AGAIN = "Rebuttal: reviewed, no findings · review this hunk again"


async def opened(start: Start, repo: Path, *, as_notebook: bool = True) -> tuple[Stage, Notebook]:
    file = repo / "nb.ipynb"
    file.write_text(notebook_file(*CELLS))
    (repo / "other.ipynb").write_text(notebook_file(*CELLS))
    ready = {"event": "static", "findings": [], "hunks": HUNKS}
    stage = await start({"review": [ready, done(in_cell(), coverage=COVERAGE, panel="small", not_spent=None)]})
    notebook = Notebook(stage.editor.notify, file)
    if as_notebook:
        notebook.open(*CELLS)
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.editor.state == "idle" and stage.asked("review"))
    return stage, notebook


async def lenses(stage: Stage, uri: str) -> list[dict[str, Any]]:
    found = await stage.editor.request("textDocument/codeLens", {"textDocument": {"uri": uri}})
    return [await stage.editor.request("codeLens/resolve", one) for one in found]


async def test_a_changed_cell_has_its_lens_in_its_own_lines(start: Start, repo: Path) -> None:
    stage, notebook = await opened(start, repo)
    heading, middle, last = notebook.uris
    assert await lenses(stage, heading) == []
    assert told(await lenses(stage, middle)) == [(0, AGAIN)]
    [lens] = await lenses(stage, last)
    assert told([lens]) == [(0, "Rebuttal: 1 high · $0.0205 · review this hunk again")]
    # The click reviews these lines of the notebook.
    await stage.editor.request("workspace/executeCommand", lens["command"])
    await stage.editor.until(lambda: len(stage.asked("review")) == 2)
    only = stage.asked("review")[1]["params"]["only"]
    assert (only["file"], only["start_line"], only["end_line"]) == (str(notebook.path), 7, 8)


async def test_a_cells_lens_moves_with_its_text_and_goes_with_it(start: Start, repo: Path) -> None:
    stage, notebook = await opened(start, repo)
    notebook.type(2, {"range": span(0, 0, 0, 0), "text": "# new\n"})
    notebook.insert(0, "y = 2")
    last = notebook.uris[3]
    assert [line for line, _ in told(await lenses(stage, last))] == [1]
    notebook.delete(3)
    assert await lenses(stage, last) == []
    notebook.close()
    assert await lenses(stage, notebook.uris[2]) == []


async def test_the_file_of_a_notebook_got_lenses_over_the_lines_of_another_text(start: Start, repo: Path) -> None:
    stage, notebook = await opened(start, repo, as_notebook=False)
    stage.editor.open(notebook.path)
    stage.editor.open(repo / "other.ipynb")
    assert await lenses(stage, notebook.path.as_uri()) == []
    assert await lenses(stage, (repo / "other.ipynb").as_uri()) == []
    notebook.open(*CELLS)
    assert await lenses(stage, notebook.uris[2]) == []  # what was reviewed is not known by cell


@given(st.lists(st.integers(0, 4), max_size=6), st.lists(st.tuples(st.integers(0, 30), st.integers(0, 12)), max_size=6))
def test_every_changed_line_of_a_cell_is_told_once_and_no_other(sizes: list[int], spans: list[tuple[int, int]]) -> None:
    path = Path("/shop/nb.ipynb")
    cells = tuple(path.with_name(f"nb.ipynb#{number}") for number in range(len(sizes)))
    texts = {cell: "\n".join("x" * size) for cell, size in zip(cells, sizes, strict=True)}
    found = {
        cell: {first + offset for first, count in mine for offset in range(count)}
        for cell, mine in in_cells(Snapshot(texts, frozenset(), notebooks={path: cells}), path, spans)
    }
    changed = {first + offset for first, count in spans for offset in range(count)}
    start = 0
    for cell, size in zip(cells, sizes, strict=True):
        wanted = {line for line in range(size) if start + 1 + line in changed}
        assert found.get(cell, set()) == wanted
        start += 1 + size
