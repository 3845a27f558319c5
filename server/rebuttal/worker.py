"""`python -m rebuttal.worker`: serves reviews to the language server over a pipe.

The language server's process stays light (no git, no parser, no SDK), so that a hover is answered while a
review runs; all that costs CPU or memory lives here and can be killed without losing the editor's state.

JSON lines both ways. In: `review`, `estimate`, `cancel`, `answer`, `dismiss`, `restore`, `shutdown`. Out: events
with the request's `id`, exactly one of `done`, `cancelled`, `failed` for each. The pipe's end means that the
editor is gone: everything is cancelled and the process ends.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

from attrs import define, field

from rebuttal.change.model import ChangeError
from rebuttal.change.scope import parse_scope
from rebuttal.debate.events import ClaimRaised, PhaseStarted, SeatFinished
from rebuttal.findings.reports.json_report import to_json
from rebuttal.findings.wire import finding_to_json, money
from rebuttal.review.request import Answer, Estimated, Question, Request, ReviewEvent, StaticReady, UsageError
from rebuttal.review.run import estimate, review
from rebuttal.review.services import Services, open_services
from rebuttal.settings import SettingsError, narrow, process_environment, user_settings, widen
from rebuttal.store.model import StoreError

log = logging.getLogger("rebuttal.worker")

Send = Callable[[Mapping[str, Any]], None]

_SHARE = {"opening": (10, 50), "cross_examination": (50, 80), "rebuttal": (80, 92), "consensus": (92, 98)}
"""Percent of the progress bar by phase, from - to."""


@define
class EditorDoor:
    """Passes a review's events to the language server and its question to the user."""

    id: int
    send: Send
    services: Services
    answers: asyncio.Queue[Answer] = field(factory=asyncio.Queue)
    _spent: Decimal = Decimal(0)
    _phase: str = "opening"
    _turns: int = 1
    _done: int = 0

    def tell(self, event: ReviewEvent) -> None:
        match event:
            case StaticReady(root=root, findings=findings):
                shown = [finding_to_json(one) for one in findings]
                self._event("static", root=str(root), findings=shown)
            case Estimated(estimate=estimate):
                shown_estimate = {"expected": money(estimate.expected), "at_most": money(estimate.at_most)}
                self._event("estimated", estimate=shown_estimate, totals=self._totals())
            case PhaseStarted(phase=phase, turns=turns):
                self._phase, self._turns, self._done = phase, max(turns, 1), 0
                self._progress(phase.replace("_", "-").capitalize())
            case SeatFinished(seat=seat, spent=spent, claims=claims, rulings=rulings, failure=failure):
                self._spent += spent
                self._done += 1
                said = failure or f"{claims} claims, {rulings} rulings"
                self._progress(f"{seat}: {said}")
            case ClaimRaised(claim=claim, title=title):
                self._progress(f"{claim}: {title}")
            case _:
                pass

    async def agree(self, question: Question) -> Answer:
        self._event(
            "consent",
            question={
                "repository": question.repository,
                "host": question.host,
                "files": question.files,
                "untracked": list(question.untracked),
                "redactions": question.redactions,
                "expected": money(question.estimate.expected),
                "at_most": money(question.estimate.at_most),
            },
        )
        return await self.answers.get()

    def _progress(self, message: str) -> None:
        start, end = _SHARE.get(self._phase, (0, 10))
        percentage = start + (end - start) * min(self._done, self._turns) // self._turns
        self._event(
            "progress",
            phase=self._phase,
            message=message,
            percentage=percentage,
            spent=money(self._spent),
            totals=self._totals(),
        )

    def _totals(self) -> dict[str, Any]:
        return totals_to_json(self.services, self._spent)

    def _event(self, event: str, **values: Any) -> None:
        self.send({"id": self.id, "event": event, **values})


def totals_to_json(services: Services, running: Decimal = Decimal(0)) -> dict[str, Any]:
    """Day and month: spent and cap, with what the running review has spent since they were read."""
    known, settings = services.known_totals, services.settings
    return {
        "day": {"spent": money(known.day + running), "cap": money(settings.max_cost_per_day)},
        "month": {"spent": money(known.month + running), "cap": money(settings.max_cost_per_month)},
    }


@define
class Worker:
    """Runs jobs as tasks, each with its own settings; one store for all."""

    send: Send
    services: Services
    _jobs: dict[int, asyncio.Task[None]] = field(factory=dict)
    _doors: dict[int, EditorDoor] = field(factory=dict)

    def receive(self, message: Mapping[str, Any]) -> bool:
        """Take one message; False means: end."""
        method, params = message.get("method"), message.get("params") or {}
        if method == "shutdown":
            return False
        if method == "cancel":
            if (job := self._jobs.get(int(params["id"]))) is not None:
                job.cancel()
        elif method == "answer":
            if (door := self._doors.get(int(message["id"]))) is not None:
                door.answers.put_nowait(Answer(bool(params.get("agree")), bool(params.get("remember"))))
        else:
            self._start(int(message["id"]), str(method), params)
        return True

    async def close(self) -> None:
        """Cancel every job and wait until each has accounted for what it spent."""
        for job in list(self._jobs.values()):
            job.cancel()
        await asyncio.gather(*self._jobs.values(), return_exceptions=True)

    def _start(self, id: int, method: str, params: Mapping[str, Any]) -> None:
        job = asyncio.get_running_loop().create_task(self._run(id, method, params))
        self._jobs[id] = job
        job.add_done_callback(lambda _: (self._jobs.pop(id, None), self._doors.pop(id, None)))

    async def _run(self, id: int, method: str, params: Mapping[str, Any]) -> None:
        try:
            self.send({"id": id, "event": "done", **await self._answer(id, method, params)})
        except asyncio.CancelledError:
            self.send({"id": id, "event": "cancelled"})
        except (ChangeError, SettingsError, StoreError, UsageError) as error:
            self.send({"id": id, "event": "failed", "message": str(error)})
        except Exception:
            log.exception("a job failed by a defect of Rebuttal")
            self.send({"id": id, "event": "failed", "message": "Rebuttal failed on its own; its log says where."})

    async def _answer(self, id: int, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        match method:
            case "review":
                door = self._doors[id] = EditorDoor(id, self.send, self.services)
                result = await review(self._request(params), self.services, door)
                await self.services.totals()
                report = to_json(result.report)
                return {
                    "root": str(result.root),
                    "report": report,
                    "transcript": result.transcript,
                    "totals": totals_to_json(self.services),
                }
            case "estimate":
                worth = await estimate(self._request(params), self.services)
                amounts = {"expected": money(worth.expected), "at_most": money(worth.at_most)}
                return {"estimate": amounts, "totals": totals_to_json(self.services)}
            case "dismiss" | "restore":
                await self._judge(method, params)
                return {}
            case _:
                raise UsageError(f"the worker does not know the method {method!r}")

    async def _judge(self, method: str, params: Mapping[str, Any]) -> None:
        root, finding = Path(params["root"]), str(params["finding"])
        if method == "restore":
            await self.services.restore(root, finding)
            return
        expires = datetime.fromisoformat(params["expires"]) if params.get("expires") else None
        await self.services.dismiss(root, finding, str(params.get("reason") or ""), expires)

    def _request(self, params: Mapping[str, Any]) -> Request:
        settings, problems = narrow(self.services.settings, params.get("settings") or {}, "editor")
        for problem in problems:
            log.warning(problem.message)
        chosen = {key: params[key] for key in ("panel", "profile", "protocol") if params.get(key)}
        settings, problems = widen(settings, chosen, "command")
        if problems:
            raise UsageError(problems[0].message)
        only = params.get("only")
        return Request(
            where=Path(params["root"]),
            settings=settings,
            scope=parse_scope(params.get("scope") or "working"),
            base=params.get("base"),
            include_working=bool(params.get("include_working")),
            buffers=dict(params.get("buffers") or {}),
            only_lines={only["file"]: range(only["start_line"], only["end_line"] + 1)} if only else {},
            price_without_key=chosen.get("panel") != "static",
        )


async def serve(source: BinaryIO, send: Send) -> None:
    """Serve until `shutdown` or the end of `source`."""
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[bytes | None] = asyncio.Queue()

    def read() -> None:
        # A thread, because a pipe that was inherited cannot be read asynchronously on Windows.
        for line in source:
            loop.call_soon_threadsafe(lines.put_nowait, line)
        loop.call_soon_threadsafe(lines.put_nowait, None)

    threading.Thread(target=read, name="pipe", daemon=True).start()
    environment = process_environment()
    settings, problems = user_settings(environment)
    for problem in problems:
        log.warning(problem.message)
    async with open_services(environment, settings) as services:
        worker = Worker(send, services)
        try:
            while (line := await lines.get()) is not None:
                if not worker.receive(json.loads(line)):
                    break
        finally:
            await worker.close()


def main() -> int:
    """Speak on the real stdout only; whatever else prints goes to stderr."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")

    def send(message: Mapping[str, Any]) -> None:
        out.write(json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n")

    with suppress(KeyboardInterrupt, BrokenPipeError):
        asyncio.run(serve(sys.stdin.buffer, send))
    # A parser that hangs in a thread must not keep a process alive whose editor has gone.
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
