"""Read-only documents: a finding's trace, a debate's transcript, and pages that were made on demand.

A client that knows `workspace/textDocumentContent` opens `rebuttal:` URIs; for another the text is written to a
file of a private folder, which is removed at the end (page_folder.py).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import define, field
from lsprotocol import types

from rebuttal.lsp.page_folder import PageFolder
from rebuttal.lsp.paths import uri_of
from rebuttal.lsp.protocol import UserError
from rebuttal.lsp.render import escape, trace_markdown
from rebuttal.lsp.session import Job
from rebuttal.lsp.words import Words

if TYPE_CHECKING:
    from rebuttal.lsp.server import RebuttalServer

LONGEST = 2 * 1024 * 1024
"""Characters of a document; a longer one is cut, so that no message stalls the pipe."""
_URI = re.compile(r"rebuttal:/(trace|transcript)/([A-Za-z0-9_.:-]+)\.md")
_UNKNOWN = "This document is not known any more. Run the review again.\n"


@define(eq=False)
class Documents:
    """Makes the texts and has the client show them."""

    ls: RebuttalServer
    folder: PageFolder
    _seen: set[str] = field(factory=set)

    def trace_uri(self, finding_id: str) -> str:
        return f"rebuttal:/trace/{finding_id}.md"

    def transcript_uri(self, job_id: str) -> str:
        return f"rebuttal:/transcript/{job_id}.md"

    def text(self, uri: str) -> str:
        """The document's Markdown; a sentence where there is none."""
        self._seen.add(uri)
        if (page := self.ls.session.pages.get(uri)) is not None:
            return page
        match = _URI.fullmatch(uri)
        if match is None:
            return _UNKNOWN
        kind, name = match.groups()
        if kind == "trace":
            finding = self.ls.session.any_finding(name)
            text = trace_markdown(finding, self.ls.money) if finding is not None else _UNKNOWN
        else:
            job = self.ls.session.jobs.get(name)
            text = _transcript(job, self.ls.session.words) if job is not None else _UNKNOWN
        return _cut(text)

    def put(self, uri: str, text: str) -> str:
        """Keep a page in the place of the last one, and have the client open it; the URI that it opens."""
        self.ls.session.pages[uri] = _cut(text)
        self.changed(uri)
        return self.show(uri)

    def show(self, uri: str) -> str:
        """Have the client open a document; the URI that it opens."""
        if not self.ls.session.flags.text_document_content:
            uri = uri_of(self._file(uri))
        if self.ls.session.flags.show_document:
            params = types.ShowDocumentParams(uri=uri, take_focus=True)
            self.ls.spawn(self._ask_to_show(params))
        return uri

    def changed(self, uri: str) -> None:
        """Have the client read a document again, if it has read it before."""
        if uri in self._seen and self.ls.session.flags.text_document_content:
            self.ls.spawn(self._ask_to_refresh(types.TextDocumentContentRefreshParams(uri=uri)))

    def close(self) -> None:
        self.folder.close()

    async def _ask_to_show(self, params: types.ShowDocumentParams) -> None:
        await self.ls.window_show_document_async(params)

    async def _ask_to_refresh(self, params: types.TextDocumentContentRefreshParams) -> None:
        await self.ls.workspace_text_document_content_refresh_async(params)

    def _file(self, uri: str) -> Path:
        # The name is made of the id only where it is one; a colon is no file name on Windows.
        name = re.sub(r"[^A-Za-z0-9_-]", "-", uri.removeprefix("rebuttal:/").removesuffix(".md"))
        try:
            path = self.folder.path() / f"{name}.md"
            path.write_text(self.text(uri), "utf-8")
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise UserError(f"The page could not be written ({reason}): make room, or set REBUTTAL_HOME.") from None
        return path


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST] + "\n\n(The rest is left out.)\n"


def _transcript(job: Job, words: Words) -> str:
    if job.transcript is not None:
        return job.transcript
    message = escape(words.told(job.message or ""))
    if job.running:
        now = f"{escape(job.phase or 'starting')}. {message}"
        return f"# {escape(job.id)}\n\nThe debate is running: {now}\n"
    return f"# {escape(job.id)}\n\nNo transcript: {message or 'no model was asked'}\n"


def register(ls: RebuttalServer) -> None:
    @ls.feature(types.WORKSPACE_TEXT_DOCUMENT_CONTENT)
    def content(ls: RebuttalServer, params: types.TextDocumentContentParams) -> types.TextDocumentContentResult:
        return types.TextDocumentContentResult(text=ls.documents.text(params.uri))
