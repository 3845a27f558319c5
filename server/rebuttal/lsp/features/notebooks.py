"""Notebooks whose cells the editor has open: their unsaved text is reviewed, and findings show in their cells.

A cell is a document without a file. Here a path stands for it, beside its notebook's, so that everything that follows
a document follows a cell too. That path is never read from the disk and never leaves this process.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve
from lsprotocol import types

from rebuttal.lsp.anchors import LiveFinding, follow
from rebuttal.lsp.features import sync
from rebuttal.lsp.quotes import quoted_line
from rebuttal.lsp.session import Repository, Snapshot
from rebuttal.lsp.workspace import Lines, split_lines

if TYPE_CHECKING:
    from rebuttal.lsp.server import RebuttalServer

SYNC = types.NotebookDocumentSyncOptions(
    notebook_selector=[
        types.NotebookDocumentFilterWithNotebook(
            notebook=types.NotebookDocumentFilterNotebookType(notebook_type="jupyter-notebook", scheme="file")
        )
    ],
    save=True,
)
"""Every cell, of any language: what is reviewed is the whole notebook."""
SUFFIX = ".ipynb"
"""Of the files that are reviewed as the text of their cells (change/notebook.py)."""


def register(ls: RebuttalServer) -> None:
    @ls.feature(types.NOTEBOOK_DOCUMENT_DID_OPEN)
    def did_open(ls: RebuttalServer, params: types.DidOpenNotebookDocumentParams) -> None:
        path = ls.path(params.notebook_document.uri)
        if path is None:
            return
        ls.session.notebooks[path] = ls.session.uris[path] = params.notebook_document.uri
        _name(ls, path, (item.uri for item in params.cell_text_documents))
        ls.session.use(path)
        # The editor may have restored text that is not on disk; whoever reads the file can tell.
        ls.session.dirty.add(path)
        _attach(ls, path)

    @ls.feature(types.NOTEBOOK_DOCUMENT_DID_CHANGE)
    def did_change(ls: RebuttalServer, params: types.DidChangeNotebookDocumentParams) -> None:
        path, change = ls.path(params.notebook_document.uri), params.change.cells
        if path is None or path not in ls.session.notebooks or change is None:
            return
        ls.session.use(path)
        if change.structure is not None:
            ls.session.dirty.add(path)
            _detach(ls, path, [item.uri for item in change.structure.did_close or ()], open_still=True)
            _name(ls, path, (item.uri for item in change.structure.did_open or ()))
            _attach(ls, path)
        for content in change.text_content or ():
            cell = ls.session.cells.get(content.document.uri)
            if cell is not None:
                ls.session.dirty.add(path)
                sync.edited(ls, cell)

    @ls.feature(types.NOTEBOOK_DOCUMENT_DID_SAVE)
    def did_save(ls: RebuttalServer, params: types.DidSaveNotebookDocumentParams) -> None:
        path = ls.path(params.notebook_document.uri)
        if path is not None:
            sync.saved(ls, path)

    @ls.feature(types.NOTEBOOK_DOCUMENT_DID_CLOSE)
    def did_close(ls: RebuttalServer, params: types.DidCloseNotebookDocumentParams) -> None:
        path = ls.path(params.notebook_document.uri)
        if path is None or path not in ls.session.notebooks:
            return
        cells = cells_of(ls, path)
        if path in ls.session.dirty:  # what was typed is gone
            for job in ls.session.running():
                for cell in cells:
                    job.edits.pop(cell, None)
        ls.session.dirty.discard(path)
        ls.session.used.pop(path, None)
        del ls.session.notebooks[path]
        mine = [uri for uri, cell in ls.session.cells.items() if _notebook_of(cell) == path]
        _detach(ls, path, mine, open_still=False)


def cells_of(ls: RebuttalServer, path: Path) -> tuple[Path, ...]:
    """The paths that stand for a notebook's cells, in order; none where it is not open."""
    notebook = ls.lsp_workspace.get_notebook_document(notebook_uri=ls.session.notebooks.get(path, ""))
    cells = notebook.cells if notebook is not None else ()
    return tuple(found for cell in cells if (found := ls.session.cells.get(cell.document)) is not None)


def unsaved_cells(ls: RebuttalServer, path: Path) -> tuple[Mapping[str, str], ...]:
    """Every cell of an open notebook as the worker is told of it."""
    notebook = ls.lsp_workspace.get_notebook_document(notebook_uri=ls.session.notebooks.get(path, ""))
    told: list[Mapping[str, str]] = []
    for cell in notebook.cells if notebook is not None else ():
        document = ls.lsp_workspace.open_document(cell.document)
        if document is None:
            continue
        language = document.language_id or ""
        kind = "markdown" if cell.kind == types.NotebookCellKind.Markup else "raw" if language == "raw" else "code"
        told.append({"kind": kind, "language": language, "text": document.source})
    return tuple(told)


def line_of(ls: RebuttalServer, cell: Path, line: int) -> tuple[Path, int]:
    """Notebook and line of the text that is reviewed (each cell under a heading of one line) of a cell's line."""
    path = _notebook_of(cell)
    at = 0
    for other in cells_of(ls, path):
        if other == cell:
            return path, at + 1 + line
        lines = ls.publisher.lines(other)
        at += 1 + (len(lines) if lines is not None and lines != [""] else 0)
    return path, line


def in_cells(
    snapshot: Snapshot, path: Path, spans: Sequence[tuple[int, int]]
) -> Iterator[tuple[Path, list[tuple[int, int]]]]:
    """Changed lines of a file, each as its first and how many. Of a notebook, they are those of the text that is
    reviewed: here they are given by cell. One that was not open has none: its file has other lines."""
    if path not in snapshot.notebooks:
        if path.suffix.lower() != SUFFIX:
            yield path, list(spans)
        return
    start = 0
    for cell in snapshot.notebooks[path]:
        text, start = snapshot.texts.get(cell, ""), start + 1  # the heading
        lines = len(split_lines(text)) if text else 0
        mine = [part for first, count in spans if (part := _part(first - start, count, lines)) is not None]
        if mine:
            yield cell, mine
        start += lines


def _part(first: int, count: int, lines: int) -> tuple[int, int] | None:
    """What of changed lines, counted from a cell's first, lies in that cell; where lines went, the line there."""
    if count == 0:
        return (min(first, max(lines - 1, 0)), 0) if 0 <= first <= lines else None
    low, high = max(first, 0), min(first + count, lines)
    return (low, high - low) if low < high else None


def file_of(ls: RebuttalServer, path: Path) -> Path:
    """The notebook of a cell; any other path is its own."""
    return _notebook_of(path) if is_cell(ls, path) else path


def is_cell(ls: RebuttalServer, path: Path) -> bool:
    return "#" in path.name and path in ls.session.cells.values()


def _notebook_of(cell: Path) -> Path:
    return cell.with_name(cell.name.rpartition("#")[0])


def _name(ls: RebuttalServer, notebook: Path, uris: Iterable[str]) -> None:
    for uri in uris:
        if uri not in ls.session.cells:
            ls.session.cells_named += 1
            cell = notebook.with_name(f"{notebook.name}#{ls.session.cells_named}")
            ls.session.cells[uri] = cell
            ls.session.uris[cell] = uri


def _detach(ls: RebuttalServer, notebook: Path, uris: Iterable[str], *, open_still: bool) -> None:
    """Cells are gone: what stood in them shows at the file, or waits for its lines while the notebook is open."""
    for uri in uris:
        cell = ls.session.cells.get(uri)
        if cell is None:
            continue
        for repository in ls.session.repositories.values():
            mine = [live for live in repository.findings if live.path == cell]
            for live in mine:
                _replace(repository, live, _at_file(live, notebook, stale=open_still))
        ls.session.others.pop(cell, None)
        ls.hunks.drop(cell)
        ls.publisher.refresh(cell)
        del ls.session.cells[uri]
        del ls.session.uris[cell]
    if not open_still:
        for live in ls.session.findings_in(notebook):
            live.stale = live.stale and bool(live.anchor)
    ls.publisher.refresh(notebook)


def _at_file(live: LiveFinding, notebook: Path, *, stale: bool) -> LiveFinding:
    finding = evolve(live.in_file or live.finding, status=live.finding.status)
    return LiveFinding(finding, notebook, finding.range, stale=stale)


def _attach(ls: RebuttalServer, notebook: Path) -> None:
    """Findings of the file go to the cells that their lines stand in."""
    cells = cells_of(ls, notebook)
    texts = {cell: ls.publisher.lines(cell) for cell in cells}
    for repository in ls.session.repositories.values():
        for live in [live for live in repository.findings if live.path == notebook]:
            index = _index(live, [texts[cell] for cell in cells])
            if index is None or live.finding.cell is None:
                continue
            moved = evolve(live.finding, cell=evolve(live.finding.cell, index=index))
            if index != live.finding.cell.index:
                moved = evolve(moved, fix=None)  # which of its edits moved along is not known
            root = notebook.parents[len(Path(moved.file).parts) - 1]
            _replace(repository, live, follow(moved, root, texts, {notebook: cells}))
    ls.publisher.refresh_all({notebook, *cells})


def _index(live: LiveFinding, texts: list[Lines | None]) -> int | None:
    """The cell that a finding's quote stands in: the one it was in, else the only one."""
    cell = live.finding.cell
    if cell is None or live.finding.side != "new" or not live.finding.quote.strip():
        return None
    in_cell = evolve(live.finding, range=cell.range)
    found = [
        index
        for index, lines in enumerate(texts)
        if lines is not None and quoted_line(in_cell.quote, in_cell.range.start.line, lines) is not None
    ]
    return cell.index if cell.index in found else found[0] if len(found) == 1 else None


def _replace(repository: Repository, old: LiveFinding, new: LiveFinding) -> None:
    repository.findings[repository.findings.index(old)] = new
