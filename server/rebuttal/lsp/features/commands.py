"""The contract's commands. Each takes at most one object; a review answers at once with its job."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve
from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from rebuttal.lsp.features import intake, notebooks
from rebuttal.lsp.features.status import currency_of
from rebuttal.lsp.paths import is_inside, repository_of, uri_of
from rebuttal.lsp.protocol import UserError
from rebuttal.lsp.session import Again, Job, ReviewRequest, Totals
from rebuttal.settings import PANELS, PROFILES, PROTOCOLS
from rebuttal.store.clock import utc_now

if TYPE_CHECKING:
    from rebuttal.lsp.server import RebuttalServer

Arguments = dict[str, Any]

LATER = "later"
"""The reason of a dismissal that comes back by itself."""
LATER_IS = timedelta(days=7)

_SCOPES = ("working", "staged", "branch")
_SCOPES_WITH = ("commit:", "range:", "file:")


def register(ls: RebuttalServer) -> None:
    @ls.command("rebuttal.review")
    def review(ls: RebuttalServer, arguments: Arguments) -> dict[str, str]:
        return {"job": ls.jobs.start(review_request(ls, arguments)).id}

    @ls.command("rebuttal.cancel")
    def cancel(ls: RebuttalServer, arguments: Arguments) -> dict[str, list[str]]:
        jobs = [_job(ls, arguments["job"])] if arguments.get("job") else list(ls.session.running())
        running = [job for job in jobs if job.running]
        for job in running:
            ls.jobs.cancel(job)
        return {"cancelled": [job.id for job in running]}

    @ls.command("rebuttal.estimate")
    async def estimate(ls: RebuttalServer, arguments: Arguments) -> dict[str, Any]:
        return await _estimate(ls, review_request(ls, arguments))

    @ls.command("rebuttal.dismiss")
    async def dismiss(ls: RebuttalServer, arguments: Arguments) -> dict[str, str]:
        repository, live = _finding(ls, arguments)
        reason = _text(arguments, "reason") or "no reason given"
        expires = _text(arguments, "expires")
        if expires is None and reason == LATER:
            expires = (utc_now() + LATER_IS).isoformat()
        named = {"root": str(repository.root), "finding": live.finding.id}
        await ls.ask_worker("dismiss", {**named, "reason": reason, "expires": expires})
        intake.dismissed(ls, repository, live)
        ls.hunks.refresh()
        ls.status.update(repository)
        return {"finding": live.finding.id, "status": "dismissed"}

    @ls.command("rebuttal.restore")
    async def restore(ls: RebuttalServer, arguments: Arguments) -> dict[str, str]:
        repository, live = _finding(ls, arguments)
        event = await ls.ask_worker("restore", {"root": str(repository.root), "finding": live.finding.id})
        if event.get("known") is False and live.finding.status == "dismissed":
            raise UserError("It was not dismissed but is silenced by a comment in the code: take that out to see it.")
        intake.restored(ls, repository, live)
        ls.hunks.refresh()
        ls.status.update(repository)
        return {"finding": live.finding.id, "status": "open"}

    @ls.command("rebuttal.askAgain")
    def ask_again(ls: RebuttalServer, arguments: Arguments) -> dict[str, str]:
        return {"job": ls.jobs.start(again_request(ls, arguments)).id}

    @ls.command("rebuttal.showTrace")
    def show_trace(ls: RebuttalServer, arguments: Arguments) -> dict[str, str]:
        finding_id = _text(arguments, "finding")
        if not finding_id or ls.session.any_finding(finding_id) is None:
            raise UserError("That finding is not known any more; run the review again.")
        return {"uri": ls.documents.show(ls.documents.trace_uri(finding_id))}

    @ls.command("rebuttal.showTranscript")
    def show_transcript(ls: RebuttalServer, arguments: Arguments) -> dict[str, str]:
        job = _job(ls, arguments["job"]) if arguments.get("job") else _latest(ls)
        return {"uri": ls.documents.show(ls.documents.transcript_uri(job.id))}

    @ls.command("rebuttal.costReport")
    async def cost_report(ls: RebuttalServer, arguments: Arguments) -> dict[str, str]:
        return await _cost_report(ls)


def review_request(ls: RebuttalServer, arguments: Arguments) -> ReviewRequest:
    """What a command asks for. Raises an error that names the argument which is wrong."""
    path = _path(ls, arguments)
    root = _root(ls, path)
    only = _only(path, arguments.get("range"))
    if path is not None and notebooks.is_cell(ls, path):
        # A cell is reviewed as a part of its notebook.
        cell, (path, first) = path, notebooks.line_of(ls, path, 0)
        only = None if only is None else _in_notebook(only, path, cell, first)
    ls.session.last_repository = root
    return ReviewRequest(
        root,
        scope=_scope(arguments, root, path, only),
        base=_text(arguments, "base"),
        panel=_choice(arguments, "panel", PANELS),
        protocol=_choice(arguments, "protocol", PROTOCOLS),
        profile=_choice(arguments, "profile", PROFILES),
        only=only,
    )


def again_request(ls: RebuttalServer, arguments: Arguments) -> ReviewRequest:
    """One finding argued about anew, in the change in which it was found."""
    from rebuttal.findings.wire import finding_to_json

    repository, live = _finding(ls, arguments)
    if live.finding.source != "debate":
        raise UserError("Only what a debate found can be asked about again; this was found without a model.")
    if live.finding.status == "dismissed":
        raise UserError("Restore the finding first, then ask again.")
    told = live.in_file or evolve(live.finding, range=live.range)
    again = Again(live.finding.id, live.path, finding_to_json(told), _text(arguments, "comment") or "")
    return ReviewRequest(repository.root, scope=live.scope, base=live.base, again=again)


async def _estimate(ls: RebuttalServer, request: ReviewRequest) -> dict[str, Any]:
    await ls.configuration.ready()
    job = Job("estimate", request, ls.snapshot(request.root))
    event = await ls.ask_worker("estimate", ls.jobs.params(job))
    ls.session.totals = Totals.of(event.get("totals"), ls.session.totals)
    ls.budget_changed(request.root)
    estimate = event.get("estimate")
    if not isinstance(estimate, Mapping):
        raise UserError("The estimate could not be read; reinstall Rebuttal.")
    return {"estimate": dict(estimate), **currency_of(ls.money)}


async def _cost_report(ls: RebuttalServer) -> dict[str, str]:
    """Have the page written, and shown in a browser where the client can; where it is, in any case."""
    await ls.configuration.ready()
    event = await ls.ask_worker("cost_report", {"settings": ls.session.client_settings})
    path = event.get("path")
    if not isinstance(path, str):
        raise UserError("The report could not be written; reinstall Rebuttal.")
    uri = uri_of(Path(path))
    if ls.session.flags.show_document:
        ls.spawn(_show_outside(ls, uri, path))
    else:
        _tell_where(ls, path)
    return {"uri": uri, "path": path}


async def _show_outside(ls: RebuttalServer, uri: str, path: str) -> None:
    """In the program that shows such files; one that the client has not says where it is."""
    answer = await ls.window_show_document_async(types.ShowDocumentParams(uri=uri, external=True))
    if not answer.success:
        _tell_where(ls, path)


def _tell_where(ls: RebuttalServer, path: str) -> None:
    ls.say(f"The cost report is at {path}: open it in a browser.", types.MessageType.Info)


def _scope(arguments: Arguments, root: Path, path: Path | None, only: Mapping[str, Any] | None) -> str:
    scope = _text(arguments, "scope") or "working"
    if scope == "file":
        if path is None or not is_inside(path, root):
            raise JsonRpcInvalidParams("Scope `file` needs the `uri` of a file in the repository.")
        return f"file:{path.relative_to(root).as_posix()}"
    if scope == "range":
        if only is None:
            raise JsonRpcInvalidParams("Scope `range` needs a `uri` and a `range`, or write `range:A..B`.")
        return "working"
    if scope not in _SCOPES and not any(scope.startswith(kind) and scope != kind for kind in _SCOPES_WITH):
        raise JsonRpcInvalidParams(
            f"There is no scope {scope!r}: use working, staged, branch, commit:REV, range:A..B or file:PATH."
        )
    return scope


def _path(ls: RebuttalServer, arguments: Arguments) -> Path | None:
    uri = _text(arguments, "uri")
    if uri is None:
        return None
    path = ls.path(uri)
    if path is None:
        raise UserError("Only files on disk can be reviewed; save this document first.")
    return path


def _root(ls: RebuttalServer, path: Path | None) -> Path:
    """The repository meant: the named file's, else the one reviewed or worked in last, else the first folder's."""
    session = ls.session
    if path is not None:
        folder = next((folder for folder in session.folders if is_inside(path, folder)), None)
        return repository_of(path if path.is_dir() else path.parent) or folder or path.parent
    if session.last_repository is not None and session.belongs(session.last_repository):
        return session.last_repository
    for used in reversed(session.used):
        root = repository_of(used.parent)
        if root is not None and session.belongs(root):
            return root
    for folder in session.folders:
        if (root := repository_of(folder)) is not None:
            return root
    if session.folders:
        return session.folders[0]
    raise UserError("Open a folder, or name a file, to say what is to be reviewed.")


def _only(path: Path | None, given: Any) -> Mapping[str, Any] | None:
    if given is None:
        return None
    try:
        start, end = given["start"], given["end"]
        first, last = int(start["line"]), int(end["line"])
        if last > first and int(end["character"]) == 0:
            last -= 1
    except (KeyError, TypeError, ValueError):
        raise JsonRpcInvalidParams("`range` must be a range: start and end, each with line and character.") from None
    if path is None:
        raise JsonRpcInvalidParams("`range` needs the `uri` of its file.")
    if first < 0 or last < first:
        raise JsonRpcInvalidParams("`range` must begin at line 0 or later and end after its start.")
    return {"file": str(path), "start_line": first, "end_line": last}


def _in_notebook(only: Mapping[str, Any], notebook: Path, cell: Path, first: int) -> Mapping[str, Any]:
    lines = {"start_line": only["start_line"] + first, "end_line": only["end_line"] + first}
    return {"file": str(notebook), **lines, "cell": str(cell), "first_line": first}


def _finding(ls: RebuttalServer, arguments: Arguments) -> Any:
    uri = _text(arguments, "uri")
    found = ls.session.find(_text(arguments, "finding") or "", ls.path(uri) if uri else None)
    if found is None:
        raise UserError("That finding is not known any more; run the review again.")
    return found


def _job(ls: RebuttalServer, job_id: Any) -> Job:
    job = ls.session.jobs.get(job_id) if isinstance(job_id, str) else None
    if job is None:
        raise UserError("That review is not known any more.")
    return job


def _latest(ls: RebuttalServer) -> Job:
    visible = [job for job in ls.session.jobs.values() if job.visible and job.request.again is None]
    if not visible:
        raise UserError("There is no debate to show yet; run a review first.")
    return visible[-1]


def _text(arguments: Arguments, key: str) -> str | None:
    value = arguments.get(key)
    if value is not None and not isinstance(value, str):
        raise JsonRpcInvalidParams(f"`{key}` must be text.")
    return value or None


def _choice(arguments: Arguments, key: str, allowed: tuple[str, ...]) -> str | None:
    value = _text(arguments, key)
    if value is not None and value not in allowed:
        raise JsonRpcInvalidParams(f"`{key}` must be one of {', '.join(allowed)}.")
    return value
