"""`python -m rebuttal.worker`: serves reviews to the language server over a pipe.

The language server's process stays light (no git, no parser, no SDK), so that a hover is answered while a
review runs; all that costs CPU or memory lives here and can be killed without losing the editor's state.

JSON lines both ways. In: `review`, `estimate`, `payload`, `ask_again`, `doctor`, `cancel`, `answer`, `dismiss`,
`restore`, `saved`, `renamed`, `cost_report`, `shutdown`. Out: events with the request's `id`, exactly one of `done`,
`cancelled`, `failed` for each. A line that is no request is left out. The pipe's end means that the editor is gone:
everything is cancelled and the process ends.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from attrs import asdict, define, evolve, field

from rebuttal.budget.breaker import cause_of
from rebuttal.budget.model import UnknownPrice
from rebuttal.budget.standing import standing_of
from rebuttal.change.model import ChangeError
from rebuttal.change.scope import parse_scope
from rebuttal.context.model import ToolDiagnostic, ToolSeverity
from rebuttal.debate.events import ArgumentEnded, ClaimRaised, PhaseStarted, SeatFinished
from rebuttal.findings.reports.json_report import to_json
from rebuttal.findings.wire import finding_from_json, finding_to_json
from rebuttal.review.checkup import Check, checks
from rebuttal.review.costs import write_cost_report
from rebuttal.review.dismissals import renamed
from rebuttal.review.fates import saved
from rebuttal.review.open_notebooks import notebook_buffers, read_cells
from rebuttal.review.payload import payload
from rebuttal.review.readiness import collect_seldom, load_tools
from rebuttal.review.request import (
    Answer,
    BudgetWarned,
    Estimated,
    Question,
    Request,
    Resumed,
    ReviewEvent,
    StaticReady,
    UsageError,
)
from rebuttal.review.run import estimate, review
from rebuttal.review.services import Services
from rebuttal.review.threads import detached, in_thread
from rebuttal.settings import KEYS, Settings, SettingsError, narrow, process_environment, user_settings, widen
from rebuttal.store.model import StoreError
from rebuttal.store.money import exact
from rebuttal.text.words import counted

log = logging.getLogger("rebuttal.worker")

Send = Callable[[Mapping[str, Any]], None]

_SHARE = {"opening": (10, 50), "cross_examination": (50, 80), "rebuttal": (80, 92), "consensus": (92, 98)}
"""Percent of the progress bar by phase, from - to."""
OPEN_FILES = 20
DIAGNOSTICS = 400
"""How many of an editor's open files and of other tools' diagnostics a request may name; the rest is not read."""
_SEVERITY: Mapping[Any, ToolSeverity] = {1: "error", 2: "warning", 3: "information", 4: "hint"}
REST = 0.3
"""Seconds after a job; if none runs then, there is time to look for garbage."""
LAST_WORDS = 0.8
"""Seconds in which jobs may account for what they spent once the editor has gone; the ledger assumes the rest."""


@define
class EditorDoor:
    """Passes a review's events to the language server and its question to the user."""

    id: int
    send: Send
    services: Services
    settings: Settings
    _asked: asyncio.Future[Answer] | None = None
    _root: Path | None = None
    _spent: Decimal = Decimal(0)
    _phase: str = "opening"
    _turns: int = 1
    _done: int = 0

    def tell(self, event: ReviewEvent) -> None:
        match event:
            case StaticReady(root=root, findings=findings, with_linters=with_linters, hunks=hunks, pre_existing=stood):
                self._root = root
                shown = [finding_to_json(one) for one in findings]
                more = {"pre_existing": [finding_to_json(one) for one in stood]} if stood else {}
                self._event("static", root=str(root), findings=shown, with_linters=with_linters, hunks=hunks, **more)
            case Estimated(estimate=estimate):
                self._event("estimated", estimate=estimate.to_json(), totals=self._totals())
            case PhaseStarted(phase=phase, turns=turns):
                self._phase, self._turns, self._done = phase, max(turns, 1), 0
                self._progress(phase.replace("_", "-").capitalize())
            case SeatFinished(seat=seat, spent=spent, claims=claims, rulings=rulings, failure=failure):
                self._spent += spent
                self.services.note_spent(spent, self._root)
                self._done += 1
                said = failure or f"{counted(claims, 'claim')}, {counted(rulings, 'ruling')}"
                self._progress(f"{seat}: {said}")
            case ClaimRaised(seat=seat, title=title):
                self._progress(f"{seat}: {title}")
            case BudgetWarned(warning=warning, message=message):
                self._event("warned", cause=cause_of(warning), message=message)
                self._progress(message)
            case Resumed(message=message):
                self._progress(message)
            case ArgumentEnded(by=by, round=round_):
                self._progress(f"argument ended after round {round_}: {by.replace('_', ' ')}")
            case _:
                pass

    async def agree(self, question: Question) -> Answer:
        self._asked = asyncio.get_running_loop().create_future()
        self._event(
            "consent",
            question={
                "repository": question.repository,
                "host": question.host,
                "files": question.files,
                "untracked": list(question.untracked),
                "redactions": question.redactions,
                **question.estimate.to_json(),
                "grounds": question.estimate.grounds,
            },
        )
        return await self._asked

    def answer(self, answer: Answer) -> None:
        """The user's answer. It counts only while the question is open: nothing is agreed to before it was read."""
        if self._asked is not None and not self._asked.done():
            self._asked.set_result(answer)

    def _progress(self, message: str) -> None:
        start, end = _SHARE.get(self._phase, (0, 10))
        percentage = start + (end - start) * min(self._done, self._turns) // self._turns
        self._event(
            "progress",
            phase=self._phase,
            message=message,
            percentage=percentage,
            spent=exact(self._spent),
            totals=self._totals(),
        )

    def _totals(self) -> dict[str, Any]:
        return totals_to_json(self.services, self.settings, self._root)

    def _event(self, event: str, **values: Any) -> None:
        self.send({"id": self.id, "event": event, **values})


def totals_to_json(services: Services, settings: Settings, root: Path | None) -> dict[str, Any]:
    """Day and month: spent, as far as is known, and the cap that binds; and where spending stands by all caps, those of
    the repository at `root` too. What the ledger was asked last may have been about another one."""
    of_root = services.known_repositories.get(root) if root is not None else None
    before = services.known_totals
    known = evolve(before, repository=of_root or Decimal(0), under_way=evolve(before.under_way, repository=Decimal(0)))
    now = standing_of(settings, known, repository=of_root is not None)
    return {
        "budget": {"state": now.state, "cause": now.cause, "cap": now.cap, "message": now.words},
        "day": {"spent": exact(known.day), "cap": exact(settings.max_cost_per_day)},
        "month": {"spent": exact(known.month), "cap": exact(settings.max_cost_per_month)},
    }


@define
class Worker:
    """Runs jobs as tasks, each with its own settings; one store for all."""

    send: Send
    services: Services
    _jobs: dict[int, asyncio.Task[None]] = field(factory=dict)
    _doors: dict[int, EditorDoor] = field(factory=dict)

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
            if (door := self._doors.get(id)) is not None:
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
        self._doors.pop(id, None)
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
            self.send({"id": id, "event": "done", **await self._answer(id, method, params)})
        except asyncio.CancelledError:
            self.send({"id": id, "event": "cancelled"})
        except (ChangeError, SettingsError, StoreError, UnknownPrice, UsageError) as error:
            self.send({"id": id, "event": "failed", "message": str(error)})
        except Exception as error:
            # Where, and of which kind; its message may hold code or a secret.
            place = "".join(traceback.format_tb(error.__traceback__))
            log.error("a job failed by a defect of Rebuttal: %s\n%s", type(error).__name__, place)
            self.send({"id": id, "event": "failed", "message": "Rebuttal failed on its own; its log says where."})

    async def _answer(self, id: int, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        match method:
            case "review" | "estimate" | "payload":
                return await self._of_change(id, method, await in_thread(partial(self._request, params)))
            case "ask_again":
                return await self._ask_again(id, params)
            case "doctor":
                return {"checks": [asdict(one) for one in await self._checks(params)]}
            case "saved" | "renamed":
                await (self._saved(params) if method == "saved" else self._renamed(params))
                return {}
            case "dismiss" | "restore":
                return {"known": await self._judge(method, params)}
            case "cost_report":
                return {"path": str(await write_cost_report(self.services, self._narrowed(params)))}
            case _:
                raise UsageError(f"the worker does not know the method {method!r}")

    async def _of_change(self, id: int, method: str, request: Request) -> dict[str, Any]:
        if method == "review":
            return await self._review(id, request)
        if method == "payload":
            return {"payload": (await payload(request, self.services)).to_json()}
        worth = await estimate(request, self.services)
        told = {**worth.to_json(), **worth.shares_to_json(), "grounds": worth.grounds}
        return {"estimate": told, "totals": totals_to_json(self.services, request.settings, request.where)}

    async def _review(self, id: int, request: Request) -> dict[str, Any]:
        door = self._doors[id] = EditorDoor(id, self.send, self.services, request.settings)
        result = await review(request, self.services, door)
        with suppress(StoreError):  # the review is done: what the ledger cannot say does not lose it
            await self.services.totals(result.root)
        return {
            "root": str(result.root),
            "report": to_json(result.report),
            "transcript": result.transcript,
            "totals": totals_to_json(self.services, request.settings, result.root),
        }

    async def _ask_again(self, id: int, params: Mapping[str, Any]) -> dict[str, Any]:
        ask_again = await in_thread(_asking)
        request = await in_thread(partial(self._request, params))
        door = self._doors[id] = EditorDoor(id, self.send, self.services, request.settings, root=request.where)
        try:
            finding = finding_from_json(dict(params["finding"]))
        except (KeyError, TypeError, ValueError) as error:
            raise UsageError(f"a finding that is asked about again is told whole ({error})") from None
        came = await ask_again(request, self.services, door, finding, str(params.get("comment") or ""))
        with suppress(StoreError):
            await self.services.totals(came.root)
        return {
            "finding": finding_to_json(came.finding),
            "decided": came.decided,
            "spent": exact(came.cost.spent + came.cost.assumed),
            "message": came.message,
            "totals": totals_to_json(self.services, request.settings, came.root),
        }

    async def _checks(self, params: Mapping[str, Any]) -> list[Check]:
        if not isinstance(params.get("root"), str):
            raise UsageError("a request names its repository: root")
        return await checks(Path(params["root"]), self.services, _trusted(params))

    async def _saved(self, params: Mapping[str, Any]) -> None:
        root, file, findings = (params.get(key) for key in ("root", "file", "findings"))
        named = isinstance(findings, list) and all(isinstance(one, str) for one in findings)
        if not isinstance(root, str) or not isinstance(file, str) or not named:
            raise UsageError("a saved file is named by root and file, with the findings in it")
        await saved(self.services, Path(root), file, findings or ())

    async def _renamed(self, params: Mapping[str, Any]) -> None:
        root, files = params.get("root"), params.get("files")
        pairs = [tuple(one) for one in files if isinstance(one, list)] if isinstance(files, list) else []
        named = all(len(one) == 2 and all(isinstance(name, str) and name for name in one) for one in pairs)
        if not isinstance(root, str) or not pairs or not named:
            raise UsageError("renamed files are named by root and files: pairs of what they were and are called")
        await renamed(self.services, Path(root), [(old, new) for old, new in pairs])

    async def _judge(self, method: str, params: Mapping[str, Any]) -> bool:
        """False: what is to be restored was not dismissed."""
        try:
            root, finding = Path(params["root"]), str(params["finding"])
            # A time without a zone is the user's own.
            expires = datetime.fromisoformat(params["expires"]).astimezone() if params.get("expires") else None
        except (KeyError, TypeError, ValueError) as error:
            raise UsageError(
                f"a finding is named by root and id, and expires at a date of ISO 8601 ({error})"
            ) from None
        if method == "restore":
            return await self.services.restore(root, finding)
        await self.services.dismiss(root, finding, str(params.get("reason") or ""), expires)
        return True

    def _narrowed(self, params: Mapping[str, Any]) -> Settings:
        settings, problems = narrow(self.services.settings, params.get("settings") or {}, "editor")
        for problem in problems:
            log.warning(problem.message)
        return evolve(settings, trusted=(*settings.trusted, *_trusted(params)))

    def _request(self, params: Mapping[str, Any]) -> Request:
        settings = self._narrowed(params)
        chosen = {key: params[key] for key in ("panel", "profile", "protocol") if params.get(key)}
        settings, problems = widen(settings, chosen, "command")
        if problems:
            raise UsageError(problems[0].message)
        if not isinstance(params.get("root"), str):
            raise UsageError("a request names its repository: root")
        only = params.get("only")
        return Request(
            where=Path(params["root"]),
            settings=settings,
            scope=parse_scope(params.get("scope") or "working"),
            base=params.get("base"),
            include_working=bool(params.get("include_working")),
            buffers={**dict(params.get("buffers") or {}), **notebook_buffers(read_cells(params.get("notebooks")))},
            only_lines={only["file"]: range(only["start_line"], only["end_line"] + 1)} if only else {},
            open_files=read_open_files(params.get("open_files")),
            diagnostics=read_diagnostics(params.get("diagnostics")),
            urgency="save" if params.get("origin") in ("save", "commit") else "command",
            price_without_key=chosen.get("panel") != "static",
        )


def _trusted(params: Mapping[str, Any]) -> tuple[str, ...]:
    """Folders that the user trusts because the editor has them open; the server tells it only where it was told so."""
    given = params.get("trusted")
    return tuple(one for one in given if isinstance(one, str) and one) if isinstance(given, list) else ()


def _asking() -> Callable[..., Any]:
    """Loaded when it is first needed: what argues costs a quarter of a second."""
    from rebuttal.review.again import ask_again

    return ask_again


def read_open_files(given: Any) -> tuple[str, ...]:
    """The editor's open files, the latest used first; what is no path is left out."""
    paths = [one for one in given if isinstance(one, str) and one] if isinstance(given, list) else []
    return tuple(dict.fromkeys(paths))[:OPEN_FILES]


def read_diagnostics(given: Any) -> tuple[ToolDiagnostic, ...]:
    """What other tools show in the editor; what cannot be read is left out."""
    found = [_diagnostic(one) for one in (given[:DIAGNOSTICS] if isinstance(given, list) else [])]
    return tuple(one for one in found if one is not None)


def _diagnostic(given: Any) -> ToolDiagnostic | None:
    if not isinstance(given, Mapping):
        return None
    file, line, quote, message = (given.get(key) for key in ("file", "line", "quote", "message"))
    if not isinstance(file, str) or not isinstance(line, int) or not isinstance(message, str) or line < 0:
        return None
    return ToolDiagnostic(
        file=file,
        line=line,
        quote=quote if isinstance(quote, str) else None,
        severity=_SEVERITY.get(given.get("severity"), "information"),
        tool=str(given.get("tool") or ""),
        rule=str(given.get("rule") or ""),
        message=message,
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
    try:
        settings, problems = user_settings(environment)
        for problem in problems:
            log.warning(problem.message)
    except SettingsError as error:
        # Caps, and where reviews are sent, are unknown: until that is mended nobody is let in anywhere, and the static
        # panel alone speaks.
        log.error("%s", error)
        settings = Settings(panel="static", on_save="static")
        environment = {name: value for name, value in environment.items() if name not in KEYS}
    services = Services(environment, settings)
    worker = Worker(send, services)
    detached(load_tools)
    try:
        while (line := await lines.get()) is not None:
            if not worker.receive(line):
                break
    finally:
        await worker.close()
        with suppress(TimeoutError):
            await asyncio.wait_for(services.close(), LAST_WORDS)


def main() -> NoReturn:
    """Speak on the real stdout only; whatever else prints goes to stderr."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")

    def send(message: Mapping[str, Any]) -> None:
        line = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"
        with suppress(OSError):  # the editor has gone: the end of stdin says so
            out.write(line)
            out.flush()

    collect_seldom()

    async def run() -> None:
        await serve(sys.stdin.buffer, send)
        # From here, because the loop would wait for its threads: none must keep a process whose editor has gone.
        sys.stderr.flush()
        os._exit(0)

    code = 0
    try:
        asyncio.run(run())
    except KeyboardInterrupt:
        pass
    except SettingsError as error:
        log.error("%s", error)
        code = 1
    # At once, because a thread still reads from stdin, which Python does not survive at its end.
    os._exit(code)


if __name__ == "__main__":
    main()
