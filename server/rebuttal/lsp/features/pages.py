"""Pages that the worker makes on demand: what a review would send, and whether all that it needs is here.

Both are read-only documents, as traces are: a `rebuttal:` URI, or a file for a client that opens only those.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rebuttal.lsp.features.commands import review_request
from rebuttal.lsp.protocol import UserError
from rebuttal.lsp.render import escape, fenced
from rebuttal.lsp.session import Job

if TYPE_CHECKING:
    from rebuttal.lsp.server import RebuttalServer

PAYLOAD, DOCTOR = "rebuttal:/payload.md", "rebuttal:/doctor.md"
_NAMED = 50
"""Secrets and files that a page lists; the rest is counted."""
_STATES = {"ok": "ok", "warning": "**warning**", "failed": "**failed**"}


def register(ls: RebuttalServer) -> None:
    @ls.command("rebuttal.showPayload")
    async def show_payload(ls: RebuttalServer, arguments: dict[str, Any]) -> dict[str, str]:
        request = review_request(ls, arguments)
        await ls.configuration.ready()
        job = Job("payload", request, ls.snapshot(request.root))
        event = await ls.ask_worker("payload", ls.jobs.params(job))
        payload = event.get("payload")
        if not isinstance(payload, Mapping) or not isinstance(payload.get("text"), str):
            raise UserError("What would be sent could not be read; reinstall Rebuttal.")
        return {"uri": ls.documents.put(PAYLOAD, payload_markdown(payload))}

    @ls.command("rebuttal.doctor")
    async def doctor(ls: RebuttalServer, arguments: dict[str, Any]) -> dict[str, Any]:
        root = review_request(ls, {"uri": arguments["uri"]} if arguments.get("uri") else {}).root
        event = await ls.ask_worker("doctor", {"root": str(root), "trusted": ls.session.trusted})
        given = event.get("checks")
        checks = [dict(one) for one in given if isinstance(one, Mapping)] if isinstance(given, list) else []
        for one in checks:
            one["message"] = ls.session.words.told(str(one.get("message")))
        return {"uri": ls.documents.put(DOCTOR, doctor_markdown(checks)), "checks": checks}


def payload_markdown(payload: Mapping[str, Any]) -> str:
    """What a review would send, with what was taken out of it."""
    reasons = "; ".join(escape(str(one)) for one in payload.get("reasons") or ())
    panel, host = escape(str(payload.get("panel") or "")), escape(str(payload.get("host") or ""))
    if panel == "static":
        why = reasons or "the static panel is free"
        lead = f"No model would be asked of this change ({why}). If one were, it would read this."
    else:
        where = f"at {host}" if host else "once an endpoint is set up"
        lead = f"Every reviewer of the {panel} panel would read this, {where}, each with instructions of its own."
    lines = ["# What a review would send", "", f"{lead} Nothing was sent to show it.", ""]
    hidden = [one for one in payload.get("redactions") or () if isinstance(one, Mapping)]
    if hidden:
        named = (f"{one.get('file')}:{one.get('line')}: {one.get('kind')}" for one in hidden)
        lines += ["## Secrets that were replaced", "", *_listed(named, len(hidden)), ""]
    withheld = [one for one in payload.get("withheld") or () if isinstance(one, Mapping)]
    if withheld:
        named = (f"{one.get('file')}: {one.get('reason')}" for one in withheld)
        lines += ["## Files of which nothing is sent", "", *_listed(named, len(withheld)), ""]
    return "\n".join([*lines, "## The text", "", fenced(payload["text"]), ""])


def doctor_markdown(checks: list[dict[str, Any]]) -> str:
    """The checks as a table, with what to do about each that is not well."""
    wrong = [one for one in checks if one.get("state") != "ok"]
    lead = f"{len(wrong)} of {len(checks)} checks say what to do." if wrong else f"All {len(checks)} checks are well."
    rows = (
        f"| {escape(str(one.get('name')))} | {_STATES.get(str(one.get('state')), '?')} |"
        f" {escape(str(one.get('message')))} |"
        for one in checks
    )
    return "\n".join(
        ["# Rebuttal's doctor", "", lead, "", "| check | state | what was found |", "|---|---|---|", *rows, ""]
    )


def _listed(named: Iterator[str], count: int) -> Iterator[str]:
    for _, one in zip(range(_NAMED), named, strict=False):
        yield f"- {escape(one)}"
    if count > _NAMED:
        yield f"- and {count - _NAMED} more"
