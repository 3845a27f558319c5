"""Requests as tasks: each is answered once, can be cancelled, and ends with the worker."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import traceback
from collections.abc import Mapping
from typing import Any

from attrs import define, field

from rebuttal.budget.model import UnknownPrice
from rebuttal.change.model import ChangeError
from rebuttal.review.request import Answer, UsageError
from rebuttal.settings import SettingsError
from rebuttal.store.model import StoreError
from rebuttal.worker.answers import Answers
from rebuttal.worker.door import Send

log = logging.getLogger("rebuttal.worker")

REST = 0.3
"""Seconds after a job; if none runs then, there is time to look for garbage."""
LAST_WORDS = 0.8
"""Seconds in which jobs may account for what they spent once the editor has gone; the ledger assumes the rest."""


@define
class Worker:
    """Runs jobs as tasks, each with its own settings; one store for all."""

    send: Send
    _answers: Answers
    _jobs: dict[int, asyncio.Task[None]] = field(factory=dict)

    def receive(self, line: bytes) -> bool:
        """Take one line; False means: end."""
        try:
            message = json.loads(line)
            method, params = str(message["method"]), message.get("params") or {}
            if method == "shutdown":
                return False
            id = int(params["id"] if method == "cancel" else message["id"])
            given = dict(params)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            log.warning("a line that is no request was left out")
            return True
        self._take(id, method, given)
        return True

    def _take(self, id: int, method: str, params: Mapping[str, Any]) -> None:
        if method == "cancel":
            if (job := self._jobs.get(id)) is not None:
                job.cancel()
        elif method == "answer":
            if (door := self._answers.doors.get(id)) is not None:
                door.answer(Answer(params.get("agree") is True, params.get("remember") is True))
        elif id in self._jobs:
            log.warning("a request was left out: its id is that of one under way")
        else:
            self._start(id, method, params)

    async def close(self) -> None:
        """Cancel every job and give each the time to account for what it spent."""
        jobs = list(self._jobs.values())
        for job in jobs:
            job.cancel()
        if jobs:
            await asyncio.wait(jobs, timeout=LAST_WORDS)

    def _start(self, id: int, method: str, params: Mapping[str, Any]) -> None:
        job = asyncio.get_running_loop().create_task(self._run(id, method, params))
        self._jobs[id] = job
        job.add_done_callback(lambda job: self._ended(id, job))

    def _ended(self, id: int, job: asyncio.Task[None]) -> None:
        self._jobs.pop(id, None)
        self._answers.doors.pop(id, None)
        # Python looks at what is old so seldom (collect_seldom) that each review would leave a tenth of a megabyte.
        asyncio.get_running_loop().call_later(REST, self._tidy)
        if job.cancelled():
            # Before its first step, so that it could not say so itself.
            self.send({"id": id, "event": "cancelled"})

    def _tidy(self) -> None:
        if not self._jobs:
            gc.collect()

    async def _run(self, id: int, method: str, params: Mapping[str, Any]) -> None:
        try:
            self.send({"id": id, "event": "done", **await self._answers.to(id, method, params)})
        except asyncio.CancelledError:
            self.send({"id": id, "event": "cancelled"})
        except (ChangeError, SettingsError, StoreError, UnknownPrice, UsageError) as error:
            self.send({"id": id, "event": "failed", "message": str(error)})
        except Exception as error:
            # Where, and of which kind; its message may hold code or a secret.
            place = "".join(traceback.format_tb(error.__traceback__))
            log.error("a job failed by a defect of Rebuttal: %s\n%s", type(error).__name__, place)
            self.send({"id": id, "event": "failed", "message": "Rebuttal failed on its own; its log says where."})
