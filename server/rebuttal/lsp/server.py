"""The language server, assembled: `create_server` makes one, with everything it depends on given to it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import field, frozen
from lsprotocol import types
from pygls.exceptions import FeatureRequestError
from pygls.lsp.server import LanguageServer
from pygls.protocol import default_converter

from rebuttal import __version__
from rebuttal.budget.currency import money_of
from rebuttal.lsp.anchors import LiveFinding
from rebuttal.lsp.clock import Debouncer, Timer, loop_timer
from rebuttal.lsp.encoding import convert
from rebuttal.lsp.features import (
    actions,
    code_lens,
    commands,
    configuration,
    consent,
    diagnostics,
    documents,
    hover,
    intake,
    lifecycle,
    notebooks,
    outside,
    pages,
    progress,
    status,
    sync,
)
from rebuttal.lsp.heads import head_of
from rebuttal.lsp.jobs import Jobs
from rebuttal.lsp.others import OtherTools, told
from rebuttal.lsp.page_folder import PageFolder
from rebuttal.lsp.paths import files_of, path_of, same_folder
from rebuttal.lsp.portions import PORTION, Turns
from rebuttal.lsp.protocol import HardenedProtocol, UserError, place_of
from rebuttal.lsp.session import Job, Session, Snapshot, Totals
from rebuttal.lsp.worker_client import Event, Launch, WorkerClient
from rebuttal.lsp.workspace import LspTextDocument, LspWorkspace
from rebuttal.settings import Problem, Settings
from rebuttal.store.currency import Money

if TYPE_CHECKING:
    from cattrs import Converter

    from rebuttal.findings.model import Finding

log = logging.getLogger(__name__)

OPEN_FILES = 20
"""Open files that a review is told of; the latest used count."""

FEATURES = (
    lifecycle,
    sync,
    outside,
    notebooks,
    diagnostics,
    commands,
    pages,
    hover,
    actions,
    code_lens,
    documents,
    configuration,
)


@frozen
class Deps:
    """What the server depends on: a test gives its own."""

    launch: Launch
    """Starts the worker process."""
    environment: Mapping[str, str]
    user_settings: Settings = field(factory=Settings)
    settings_problems: tuple[Problem, ...] = ()
    timer: Timer = loop_timer
    patience: float = 2.0
    """Seconds in which the worker must acknowledge a cancellation."""
    close_patience: float = 0.5
    """Seconds that the worker gets to end."""
    portion: float = PORTION
    """Seconds for which long work holds the event loop."""
    converter_factory: Callable[[], Converter] = default_converter


class RebuttalServer(LanguageServer):
    """pygls' server with the session and the parts that act on it."""

    protocol: HardenedProtocol

    def __init__(self, deps: Deps) -> None:
        super().__init__(
            "rebuttal",
            __version__,
            protocol_cls=HardenedProtocol,
            converter_factory=deps.converter_factory,
            notebook_document_sync=notebooks.SYNC,
        )
        settings = deps.user_settings
        caps = Totals(day_cap=str(settings.max_cost_per_day), month_cap=str(settings.max_cost_per_month))
        self.deps = deps
        vouched = deps.environment.get("REBUTTAL_TRUST_OPEN_FOLDERS") == "1"
        self.session = Session(settings, settings, totals=caps, vouched=vouched)
        self.turns = self.protocol.turns = Turns(self.spawn, deps.portion)
        self.worker = WorkerClient(deps.launch, deps.patience)
        self.jobs = Jobs(self.session, self.worker, self, self.turns)
        self.debouncer = Debouncer(deps.timer)
        self.publisher = diagnostics.Publisher(self)
        self.intake = intake.Intake(self)
        self.outside = outside.Outside(self)
        self.documents = documents.Documents(self, PageFolder.of(deps.environment))
        self.questions = consent.Questions(self)
        self.hunks = code_lens.Hunks(self)
        self.progress_reporter = progress.ProgressReporter(self)
        self.status = status.StatusReporter(self)
        self.configuration = configuration.Configuration(self)
        self.first_values: Any = None
        """`initializationOptions`: the settings of a client that cannot be asked."""
        self.watched_editor: int | None = None
        """The editor's process, if it can be seen."""
        self._tasks: set[asyncio.Task[Any]] = set()
        self._ending: asyncio.Task[None] | None = None
        self._told_of_error = False

    # What features need

    @property
    def money(self) -> Money:
        """How amounts are written for this user."""
        return money_of(self.deps.user_settings)

    @property
    def lsp_workspace(self) -> LspWorkspace:
        workspace = self.workspace
        assert isinstance(workspace, LspWorkspace)
        return workspace

    def path(self, uri: str) -> Path | None:
        """The path of a file, or the one that stands for a notebook's cell; None for any other document."""
        return self.session.cells.get(uri) or path_of(uri)

    def document(self, path: Path) -> LspTextDocument | None:
        """The open document of a path."""
        uri = self.session.uris.get(path)
        return self.lsp_workspace.open_document(uri) if uri is not None else None

    def findings_at(self, uri: str, where: types.Range) -> list[LiveFinding]:
        """The shown findings that a range of the client touches, checked against the text as it is now."""
        path = self.path(uri)
        findings = self.session.findings_in(path) if path is not None else ()
        return self._touched(path, where, [live for live in findings if live.finding.status == "open"])

    def dismissed_at(self, uri: str, where: types.Range) -> list[LiveFinding]:
        """The dismissed findings that would stand there."""
        path = self.path(uri)
        return self._touched(path, where, list(self.session.dismissed_in(path)) if path is not None else [])

    def _touched(self, path: Path | None, where: types.Range, findings: list[LiveFinding]) -> list[LiveFinding]:
        lines = self.publisher.lines(path) if findings and path is not None else None
        if lines is None:
            return []
        units = self.lsp_workspace.units

        def place(position: types.Position) -> tuple[int, int]:
            line = lines[position.line] if 0 <= position.line < len(lines) else ""
            return position.line, convert(line, position.character, units, "utf-16")

        start, end = place(where.start), place(where.end)
        found: list[LiveFinding] = []
        for live in findings:
            live.settle(lines)
            shown = self.publisher.visible_range(live, len(lines))
            low = (shown.start.line, shown.start.character)
            high = (shown.end.line, shown.end.character)
            # A range without width is a whole line to the mouse.
            touches = low <= end and start <= high if low != high else start[0] <= low[0] <= end[0]
            if touches and not live.stale:
                found.append(live)
        return found

    def say(self, message: str, kind: types.MessageType) -> None:
        self.window_show_message(types.ShowMessageParams(kind, self.session.words.told(message)))

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run something that the session owns: it ends with it, and its failure is logged."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    async def ask_worker(self, method: str, params: Mapping[str, Any]) -> Event:
        """One request to the worker, its `done` event. Raises UserError with the worker's sentence."""
        call = self.worker.call(method, params)
        try:
            while not call.ended.is_set() or call.pending:
                event = await call.next()
                if event.get("event") == "done":
                    return event
                if event.get("event") == "failed":
                    message = str(event.get("message") or "The review process could not do that.")
                    raise UserError(self.session.words.told(message))
        finally:
            self.worker.cancel(call)
        raise UserError("That was cancelled.")

    def root_of(self, job: Job, root: str | None) -> Path:
        """The repository's root as the editor names it: the worker may have followed links."""
        wanted = job.request.root
        return wanted if root is None or same_folder(Path(root), wanted) else Path(root)

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Errors that no request waits for: the log has them, the user is told once."""
        if source is FeatureRequestError or self._told_of_error:
            return
        self._told_of_error = True
        self.say("Rebuttal met an error of its own; its log says where.", types.MessageType.Error)

    async def close(self) -> None:
        """End everything: first what spends, then what reports. May be called again, and waits for the same end:
        whoever gives up waiting (a cancelled `shutdown`) does not stop it half-way."""
        if self._ending is None:
            self._ending = asyncio.get_running_loop().create_task(self._close())
        await asyncio.shield(self._ending)

    async def _close(self) -> None:
        self.session.closing = True
        self.debouncer.close()
        self.jobs.cancel_all()
        await self.worker.close(self.deps.close_patience)
        await self.jobs.close()
        if self.protocol.is_initialized:
            self.publisher.clear()
        self.documents.close()
        self.questions.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("a request to the editor or work of the server failed: %s", place_of(error))

    # The desk: what jobs report (see jobs.Desk)

    def snapshot(self, root: Path) -> Snapshot:
        session = self.session
        mine = files_of(root, (*reversed(session.used), *session.others))
        used = [path for path in mine if path in session.used]
        texts = {path: document.source for path in used if (document := self.document(path)) is not None}
        open_notebooks = {path: notebooks.cells_of(self, path) for path in used if path in session.notebooks}
        for cell in (cell for cells in open_notebooks.values() for cell in cells):
            texts[cell] = document.source if (document := self.document(cell)) is not None else ""
        return Snapshot(
            texts,
            frozenset(session.dirty & texts.keys()),
            tuple(path.relative_to(root).as_posix() for path in used[:OPEN_FILES]),
            told(root, self._lines_of_others(mine)),
            open_notebooks,
            {path: notebooks.unsaved_cells(self, path) for path in open_notebooks if path in session.dirty},
            (head := head_of(root)).branch,
            head.commit,
        )

    def _lines_of_others(self, paths: list[Path]) -> Iterator[tuple[Path, OtherTools]]:
        """What other tools show in these files; of a cell, by the lines of its notebook."""
        for path in paths:
            if (others := self.session.others.get(path)) is None:
                continue
            if notebooks.is_cell(self, path):
                notebook, first = notebooks.line_of(self, path, 0)
                yield notebook, others.moved(first)
            else:
                yield path, others

    async def configured(self) -> None:
        await self.configuration.ready()

    def job_started(self, job: Job) -> None:
        repository = self.session.repository(job.request.root)
        repository.job = job
        self.progress_reporter.start(job)
        self.status.update(repository)

    def job_changed(self, job: Job) -> None:
        if job.visible:
            self.progress_reporter.report(job)
            self.documents.changed(self.documents.transcript_uri(job.id))
        self.status.update(self.session.repository(job.request.root))

    async def static_ready(
        self, job: Job, root: str | None, findings: list[Finding], *, with_linters: bool, hunks: Any = None
    ) -> None:
        if not await self.intake.static(job, root, findings, with_linters=with_linters):
            return
        self.hunks.take(job, self.root_of(job, root), hunks)
        self.job_changed(job)

    async def review_done(self, job: Job, root: str | None, report: Mapping[str, Any], findings: list[Finding]) -> bool:
        reviewed = {str(one.get("file")) for one in (report.get("coverage") or {}).get("reviewed") or ()}
        whole = intake.is_whole(report)
        if not await self.intake.report(job, root, reviewed, findings, whole=whole):
            return False
        sync.note_reviewed(self, self.session.repository(self.root_of(job, root)), job)
        repository = self.session.repository(self.root_of(job, root))
        if whole and job.panel_run != "static":
            self.hunks.debated(job, repository.root, reviewed)
        notes = " ".join(str(note) for note in report.get("notes") or ())
        # Where one service fails, every seat says the same.
        reasons = (str(one.get("reason")).removeprefix("not asked: ") for one in report.get("degraded") or ())
        failed = list(dict.fromkeys(reasons))
        if job.visible:
            repository.job = job
            blocked = report.get("not_spent") == "cap"
            repository.outcome = "degraded" if failed else "blocked" if blocked else "idle"
            repository.message = "; ".join(failed) or notes or None
        return True

    def reconsidered(self, job: Job, finding: Finding) -> None:
        intake.reconsidered(self, job, finding)
        self.documents.changed(self.documents.trace_uri(finding.id))
        self.hunks.refresh()
        if job.message:
            self.say(job.message, types.MessageType.Info)

    def job_ended(self, job: Job) -> None:
        repository = self.session.repositories.get(job.request.root)
        if job.visible:
            self.progress_reporter.end(job)
            self.documents.changed(self.documents.transcript_uri(job.id))
            if job.state == "failed" and repository is not None and job.request.again is None:
                repository.outcome, repository.message = "degraded", job.message
        if job.state == "failed" and not self.session.closing:
            self._tell_failure(job)
        if repository is not None and not self.session.closing:
            self.status.update(repository)
            if job.visible and not job.superseded and job.request.again is None:
                self.status.log_end(repository, job)

    def budget_changed(self, root: Path) -> None:
        budget = self.session.note_budget(root)
        if budget is not None:
            self.say(budget.message, types.MessageType.Warning)

    def warned(self, job: Job, cause: str, message: str) -> None:
        # Of caps that outlive the review the state tells, of its own the progress.
        if cause != "cap_near" and message and cause not in job.warned_of:
            job.warned_of.add(cause)
            self.say(message, types.MessageType.Warning)

    def _tell_failure(self, job: Job) -> None:
        message = job.message or "The review failed."
        if job.request.origin == "command":
            self.say(message, types.MessageType.Error)
        else:
            # What nobody asked for does not pop up.
            self.window_log_message(types.LogMessageParams(types.MessageType.Warning, self.session.words.told(message)))

    async def ask(self, job: Job, question: Mapping[str, Any]) -> bool:
        return await self.questions.ask(job.request.key, question)


def create_server(deps: Deps) -> RebuttalServer:
    """A server that is not connected yet; hand it messages through `transport.read_messages`."""
    server = RebuttalServer(deps)
    for feature in FEATURES:
        feature.register(server)
    return server
