"""Progress of a debate in the editor: begun when the client agrees, cancelled by it, always ended."""

from __future__ import annotations

from concurrent.futures import Future
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from attrs import define, field
from lsprotocol import types

from rebuttal.lsp.session import Job
from rebuttal.lsp.words import Words
from rebuttal.store.currency import Money

if TYPE_CHECKING:
    from rebuttal.lsp.server import RebuttalServer

TITLE = "Rebuttal"


@define(eq=False)
class ProgressReporter:
    """One progress for each visible job; the job never waits for the client's consent to show it."""

    ls: RebuttalServer
    _begun: set[str] = field(factory=set)

    def start(self, job: Job) -> None:
        if self.ls.session.flags.work_done_progress:
            self.ls.spawn(self._begin(job))

    def report(self, job: Job) -> None:
        if job.id in self._begun:
            value = types.WorkDoneProgressReport(message=self._message(job), percentage=job.percentage)
            self.ls.work_done_progress.report(_token(job), value)

    def end(self, job: Job) -> None:
        """Of a progress that was not begun yet nothing will be seen."""
        if job.id in self._begun:
            self._begun.discard(job.id)
            self.ls.work_done_progress.end(_token(job), types.WorkDoneProgressEnd(message=self._message(job)))

    async def _begin(self, job: Job) -> None:
        token = _token(job)
        await self.ls.work_done_progress.create_async(token)
        if not job.running:
            self.ls.work_done_progress.tokens.pop(token, None)
            return
        self._begun.add(job.id)
        cancelled: Future[Any] = self.ls.work_done_progress.tokens[token]
        cancelled.add_done_callback(lambda future: self.ls.jobs.cancel(job) if future.cancelled() else None)
        begin = types.WorkDoneProgressBegin(
            TITLE, cancellable=True, message=self._message(job), percentage=job.percentage
        )
        self.ls.work_done_progress.begin(token, begin)

    def _message(self, job: Job) -> str:
        return _message(job, self.ls.money, self.ls.session.words)


def _token(job: Job) -> str:
    # A string: Zed refuses numbers.
    return f"rebuttal/{job.id}"


def _message(job: Job, money: Money, words: Words) -> str:
    message = words.told(job.message or "").strip() or {"done": "done", "cancelled": "cancelled"}.get(
        job.state, "reviewing"
    )
    return message if job.spent == "0" else f"{message} · {money(Decimal(job.spent))}"
