"""Reviews as jobs of the server: started at once, superseded, cancelled, always ended.

Not bodies of requests: an editor sends no cancellation for a command, and money must stop being spent when the
user says so.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from attrs import define, field

from rebuttal.lsp.portions import Portions, Turns
from rebuttal.lsp.protocol import place_of
from rebuttal.lsp.session import Job, ReviewRequest, Session, Snapshot, Totals
from rebuttal.lsp.worker_client import Call, Event, WorkerClient

if TYPE_CHECKING:
    from rebuttal.findings.model import Finding

log = logging.getLogger(__name__)


_UNASKED = frozenset({"no_key", "no_consent", "static_panel", "trivial"})
"""Reports in which no model was asked, whatever the panel's name."""


class Desk(Protocol):
    """What jobs need from the editor's side. What is not awaited returns at once."""

    def snapshot(self, root: Path) -> Snapshot: ...

    def job_started(self, job: Job) -> None: ...

    def job_changed(self, job: Job) -> None: ...

    async def static_ready(
        self, job: Job, root: str | None, findings: list[Finding], *, with_linters: bool, hunks: Any = None
    ) -> None: ...

    async def review_done(self, job: Job, root: str | None, report: Mapping[str, Any], findings: list[Finding]) -> bool:
        """Whether the job counts: it may be superseded while its findings are taken in."""
        ...

    def reconsidered(self, job: Job, finding: Finding) -> None:
        """A finding was asked about again; this is how it stands now."""
        ...

    def job_ended(self, job: Job) -> None: ...

    def budget_changed(self, root: Path) -> None:
        """Where spending stands may be another state."""
        ...

    def warned(self, job: Job, cause: str, message: str) -> None:
        """What a call, a model or an hour cost is unusual."""
        ...

    async def ask(self, job: Job, question: Mapping[str, Any]) -> bool: ...

    async def configured(self) -> None:
        """Until the editor's settings are known, or it took too long to tell."""
        ...


@define(eq=False)
class Jobs:
    """Starts and ends jobs; the session holds them."""

    session: Session
    worker: WorkerClient
    desk: Desk
    turns: Turns
    _calls: dict[str, Call] = field(factory=dict)
    _tasks: dict[str, asyncio.Task[None]] = field(factory=dict)
    _last: int = 0

    def start(self, request: ReviewRequest) -> Job:
        """Begin a review; a running one of the same repository and scope is superseded, its findings stay."""
        for running in list(self.session.running()):
            if running.request.key == request.key:
                running.superseded = True
                self.cancel(running)
        self._last += 1
        job = Job(f"job-{self._last}", request, self.desk.snapshot(request.root))
        self.session.jobs[job.id] = job
        self.session.keep_jobs()
        task = asyncio.get_running_loop().create_task(self._run(job))
        self._tasks[job.id] = task
        task.add_done_callback(lambda _: self._forget(job))
        return job

    def cancel(self, job: Job) -> None:
        """Stop a job: the worker is told now; the job ends when it says so, or is made to."""
        if not job.running:
            return
        job.message = "Cancelled."
        call = self._calls.get(job.id)
        if call is not None:
            self.worker.cancel(call)
        elif (task := self._tasks.get(job.id)) is not None:
            task.cancel()

    def cancel_all(self) -> None:
        """Stop every job."""
        for job in list(self.session.running()):
            self.cancel(job)

    def drop_all(self, root: Path) -> None:
        """Stop every job of a repository whose folder was closed; what still comes of one is left out."""
        for job in list(self.session.running()):
            if job.request.root == root:
                job.superseded = True
                self.cancel(job)

    async def close(self) -> None:
        """After the worker has been closed: wait until every job has ended."""
        for job_id, task in list(self._tasks.items()):
            if job_id not in self._calls:
                task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _run(self, job: Job) -> None:
        question: asyncio.Task[None] | None = None
        try:
            if job.visible:
                self.desk.job_started(job)
            await self.desk.configured()
            method = "review" if job.request.again is None else "ask_again"
            call = self._calls[job.id] = self.worker.call(method, self.params(job))
            while job.running:
                event = await call.next()
                if event.get("event") == "consent":
                    if call.cancelling:  # it crossed the cancellation: nothing is to be sent any more
                        continue
                    question = asyncio.get_running_loop().create_task(self._consent(job, call, event))
                else:
                    await self._handle(job, event)
        except asyncio.CancelledError:
            job.state = "cancelled"
        except Exception as error:
            log.error("a job failed by a defect of Rebuttal: %s", place_of(error))
            job.state, job.message = "failed", "The review failed by an error of Rebuttal's own; its log says where."
        finally:
            self._abandon(job)
            if question is not None:
                question.cancel()
            self.desk.job_ended(job)
            job.forget_texts()

    def _forget(self, job: Job) -> None:
        self._tasks.pop(job.id, None)
        if job.running:  # cancelled before its first step
            job.state = "cancelled"
            self.desk.job_ended(job)

    def _abandon(self, job: Job) -> None:
        """Whatever ended the job, its call does not go on spending."""
        if (call := self._calls.pop(job.id, None)) is not None and not call.ended.is_set():
            self.worker.cancel(call)

    def params(self, job: Job) -> dict[str, Any]:
        request, snapshot, settings = job.request, job.snapshot, self.session.settings_of(job.request.root)
        return {
            "root": str(request.root),
            "scope": request.scope,
            "base": request.base,
            "panel": request.panel or settings.panel,
            "protocol": request.protocol or settings.protocol,
            "profile": request.profile or settings.profile,
            "buffers": {str(path): snapshot.texts[path] for path in snapshot.dirty if path in snapshot.texts},
            "notebooks": {str(path): list(cells) for path, cells in snapshot.unsaved_cells.items()},
            "open_files": list(snapshot.open_files),
            "diagnostics": list(snapshot.diagnostics),
            "only": request.only,
            "origin": request.origin,
            "settings": self.session.client_settings_of(request.root),
            "trusted": self.session.trusted,
            "include_working": True,
            **({"finding": again.finding, "comment": again.comment} if (again := request.again) else {}),
        }

    async def _handle(self, job: Job, event: Event) -> None:
        self.session.totals = Totals.of(event.get("totals"), self.session.totals)
        self.desk.budget_changed(job.request.root)
        stopping = job.id in self._calls and self._calls[job.id].cancelling
        match event.get("event"):
            case "done" if job.request.again is not None and not job.superseded:
                self._reconsidered(job, event)
            case "done" if not job.superseded:
                await self._done(job, event)
            case "done" | "cancelled":
                job.state = "cancelled"
            case "failed" if stopping:
                job.state = "cancelled"
            case "failed":
                job.state, job.message = "failed", str(event.get("message") or "The review failed.")
            case _ if stopping:
                pass
            case "static":
                with_linters = event.get("with_linters") is True
                root, hunks = _text(event, "root"), event.get("hunks")
                found = await self.turns.finish(_findings_of(event))
                await self.desk.static_ready(job, root, found, with_linters=with_linters, hunks=hunks)
            case "estimated":
                job.estimate = _amounts(event.get("estimate"))
                self.desk.job_changed(job)
            case "progress":
                self._progress(job, event)
            case "warned":
                self.desk.warned(job, _text(event, "cause") or "", _text(event, "message") or "")
            case other:
                log.info("left out an unknown event of the worker: %r", other)

    def _progress(self, job: Job, event: Event) -> None:
        job.state = "debating"
        job.phase = _text(event, "phase")
        job.message = _text(event, "message")
        job.spent = str(event.get("spent") or job.spent)
        percentage = event.get("percentage")
        if isinstance(percentage, int):
            job.percentage = max(job.percentage, min(percentage, 100))
        self.desk.job_changed(job)

    async def _done(self, job: Job, event: Event) -> None:
        report = event.get("report")
        if not isinstance(report, Mapping):
            job.state, job.message = "failed", "The review's report could not be read; reinstall Rebuttal."
            return
        unasked = report.get("not_spent") in _UNASKED
        job.panel_run = "static" if unasked else _text(report, "panel") or "static"
        job.transcript = _text(event, "transcript")
        job.spent = str(_within(report, "cost", "spent") or job.spent)
        job.estimate = {**(job.estimate or {}), **(_amounts(_within(report, "cost", "estimate")) or {})} or None
        found = await self.turns.finish(_findings_of(report))
        # Until they are taken in, what is typed is remembered for them.
        counts = await self.desk.review_done(job, _text(event, "root"), report, found)
        job.state, job.message = "done" if counts else "cancelled", None

    def _reconsidered(self, job: Job, event: Event) -> None:
        found = read_findings([event.get("finding")])
        if not found:
            job.state, job.message = "failed", "The answer could not be read; reinstall Rebuttal."
            return
        job.spent = str(event.get("spent") or job.spent)
        job.state, job.message = "done", _text(event, "message")
        self.desk.reconsidered(job, found[0])

    async def _consent(self, job: Job, call: Call, event: Event) -> None:
        job.state = "awaitingConsent"
        self.desk.job_changed(job)
        question = event.get("question")
        repository, unasked = self.session.repository(job.request.root), job.request.origin != "command"
        agreed = False
        try:
            # Whoever dismissed the question of a save is not asked at the next one again; a command may.
            if not (unasked and repository.declined):
                agreed = await self.desk.ask(job, question if isinstance(question, Mapping) else {})
                if not call.cancelling and not job.superseded:
                    repository.declined = not agreed
        except Exception as error:
            # A client that cannot ask has not agreed.
            log.warning("the question could not be asked: %s", place_of(error))
        if not call.cancelling and job.state == "awaitingConsent":
            job.state = "estimating"
            self.worker.answer(call, {"agree": agreed, "remember": agreed})
            self.desk.job_changed(job)


def _findings_of(given: Mapping[str, Any]) -> Portions[list[Finding]]:
    """The findings that an event or a report tells of."""
    found: list[Finding] = []
    for each in (given.get(key) for key in ("findings", "held_back", "pre_existing")):
        for one in each if isinstance(each, list) else []:
            found += read_findings([one])
            yield
    return found


def read_findings(given: Any) -> list[Finding]:
    """The findings that can be read; one that cannot does not lose the others."""
    from rebuttal.findings.wire import WireError, finding_from_json

    findings: list[Finding] = []
    for one in given if isinstance(given, list) else []:
        try:
            findings.append(finding_from_json(one))
        except (WireError, TypeError) as error:
            log.warning("left out a finding: %s", error)
    return findings


def _text(event: Mapping[str, Any], key: str) -> str | None:
    value = event.get(key)
    return value if isinstance(value, str) else None


def _within(report: Mapping[str, Any], *keys: str) -> Any:
    value: Any = report
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _amounts(given: Any) -> Mapping[str, Any] | None:
    if not isinstance(given, Mapping):
        return None
    amounts: dict[str, Any] = {key: str(given[key]) for key in ("expected", "at_most") if key in given}
    if isinstance(learned := given.get("learned_from"), int):
        amounts["learned_from"] = learned
    if isinstance(likely := given.get("likely"), Mapping):
        amounts["likely"] = {key: str(likely[key]) for key in ("from", "to") if key in likely}
    return amounts or None
