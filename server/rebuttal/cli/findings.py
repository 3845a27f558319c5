"""`rebuttal findings`: what the last reviews found that is open, held back or dismissed; dismissing from a terminal."""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from rebuttal.cli.output import write
from rebuttal.findings.model import Finding, FindingStatus
from rebuttal.findings.severity import SEVERITIES
from rebuttal.findings.wire import finding_to_json
from rebuttal.review.listing import Listing, listed
from rebuttal.review.request import UsageError
from rebuttal.review.services import Services, open_services
from rebuttal.review.threads import in_thread
from rebuttal.settings import user_settings
from rebuttal.store.verdicts import Dismissal
from rebuttal.text.hidden import in_json, written_out
from rebuttal.text.words import counted

_ORDER: tuple[FindingStatus, ...] = ("open", "stale", "held_back", "fixed", "dismissed")
_TITLES = {"open": "Open", "stale": "Stale", "held_back": "Held back", "fixed": "Acted upon", "dismissed": "Dismissed"}
_ID = re.compile(r"[0-9a-f]{16}")
_SHORTEST = 4
"""Digits by which a finding may be named where no other begins so."""


def run(chosen: argparse.Namespace, environment: Mapping[str, str]) -> int:
    """Print the findings, or dismiss or restore one. Raises UsageError for what cannot be meant."""
    _check(chosen)
    write(asyncio.run(_do(chosen, environment)))
    return 0


def _check(chosen: argparse.Namespace) -> None:
    if chosen.dismiss is None and (chosen.reason is not None or chosen.expires is not None):
        raise UsageError("--reason and --expires belong to a dismissal: name its finding with --dismiss ID")
    if chosen.dismiss is not None and not (chosen.reason or "").strip():
        raise UsageError("a dismissal is kept with its reason: give it with --reason TEXT")
    if chosen.scope is not None and chosen.all:
        raise UsageError("--all lists every scope: leave out --scope")


async def _do(chosen: argparse.Namespace, environment: Mapping[str, str]) -> str:
    settings, problems = user_settings(environment)
    for problem in problems:
        print(f"rebuttal: {problem.message}", file=sys.stderr)
    expires = _moment(chosen.expires)
    root = await in_thread(partial(_root, chosen.repo, environment))
    async with open_services(environment, settings) as services:
        if chosen.dismiss is not None or chosen.restore is not None:
            return await _judge(services, root, chosen, expires)
        found = await listed(services, root, chosen.scope, everything=chosen.all)
    if chosen.scope is not None and not found.sources:
        print(f"rebuttal: no review of {written_out(chosen.scope)} is kept: run one", file=sys.stderr)
    return in_json(to_json(found)) + "\n" if chosen.format == "json" else to_text(found)


async def _judge(services: Services, root: Path, chosen: argparse.Namespace, expires: datetime | None) -> str:
    known = await listed(services, root, everything=True)
    finding = _named(chosen.dismiss if chosen.dismiss is not None else chosen.restore, known)
    if chosen.dismiss is not None:
        await services.dismiss(root, finding, chosen.reason.strip(), expires)
        status = "dismissed"
    else:
        status = "open" if await services.restore(root, finding) else "not dismissed"
    if chosen.format == "json":
        return in_json({"finding": finding, "status": status.replace(" ", "_")}) + "\n"
    until = f" until {expires.astimezone():%Y-%m-%d %H:%M}" if expires is not None else ""
    return f"{finding} is {status}{until}{_title(finding, known)}\n"


def _named(given: str, known: Listing) -> str:
    """The finding that is meant: its id, or the beginning of one that is kept."""
    ids = dict.fromkeys((*(one.id for one in known.findings), *known.dismissals))
    matching = [one for one in ids if one.startswith(given)] if len(given) >= _SHORTEST else []
    if given in ids or (_ID.fullmatch(given) and not matching):
        return given  # of a review elsewhere, in CI say
    if len(matching) == 1:
        return matching[0]
    if matching:
        raise UsageError(f"{written_out(given)} begins {counted(len(matching), 'id')}: {', '.join(matching)}")
    raise UsageError(f"no finding is called {written_out(given)}: `rebuttal findings --all` lists their ids")


def _title(finding: str, known: Listing) -> str:
    return next((f": {written_out(one.title)}" for one in known.findings if one.id == finding), "")


def _root(where: Path, environment: Mapping[str, str]) -> Path:
    from rebuttal.change.repository import locate

    return locate(where, environment).root


def _moment(given: str | None) -> datetime | None:
    """When a dismissal ends; a time without a zone is the user's own. Raises UsageError."""
    if given is None:
        return None
    try:
        moment = datetime.fromisoformat(given).astimezone()
    except (ValueError, OverflowError, OSError):
        raise UsageError(f"--expires {written_out(given)} is no day: write it as 2026-12-24") from None
    if moment <= datetime.now(UTC):
        raise UsageError(f"--expires {written_out(given)} is past: name a day to come, or leave it out")
    return moment


def to_json(found: Listing) -> dict[str, Any]:
    """The list (docs/schemas/findings.schema.json)."""
    return {
        "schema": 1,
        "reviews": [{"scope": one.scope, "kind": one.kind, "at": one.at.isoformat()} for one in found.sources],
        "findings": [finding_to_json(one) for one in _sorted(found.findings)],
        "dismissals": [_dismissal(one) for one in _by_time(found.dismissals)],
    }


def _dismissal(one: Dismissal) -> dict[str, Any]:
    told: dict[str, Any] = {"finding": one.finding, "reason": one.reason, "at": one.dismissed_at.isoformat()}
    told["expires"] = one.expires.isoformat() if one.expires is not None else None
    return told | ({"who": one.who} if one.who else {})


def to_text(found: Listing) -> str:
    """One line for each finding, by what became of it."""
    return "".join(f"{line}\n" for line in _lines(found))


def _lines(found: Listing) -> Iterator[str]:
    if not found.sources and not found.dismissals:
        yield "No review of this repository is kept yet: run `rebuttal review`."
        return
    for status in _ORDER:
        mine = [one for one in _sorted(found.findings) if one.status == status]
        if mine:
            yield f"{_TITLES[status]} ({len(mine)})"
        for one in mine:
            place = f"{written_out(one.file)}:{one.range.start.line + 1}"
            yield f"  {one.id}  {one.severity:<8}  {place}  {written_out(one.title)}"
            if one.id in found.dismissals:
                yield f"  {'':16}  {_why(found.dismissals[one.id])}"
    listed_ids = {one.id for one in found.findings}
    elsewhere = [one for one in _by_time(found.dismissals) if one.finding not in listed_ids]
    if elsewhere:
        yield f"Dismissed, not in these reviews ({len(elsewhere)})"
    for dismissal in elsewhere:
        yield f"  {dismissal.finding}  {_why(dismissal)}"
    if found.sources and not found.findings:
        yield "No findings."
    for source in found.sources:
        yield f"{source.kind} review of {written_out(source.scope)}, {source.at.astimezone():%Y-%m-%d %H:%M}"


def _why(one: Dismissal) -> str:
    until = f", until {one.expires.astimezone():%Y-%m-%d %H:%M}" if one.expires is not None else ""
    who = f" by {written_out(one.who)}" if one.who else ""
    return f"{written_out(one.reason)}{who}{until}"


def _sorted(findings: Sequence[Finding]) -> list[Finding]:
    def place(one: Finding) -> tuple[Any, ...]:
        return _ORDER.index(one.status), SEVERITIES.index(one.severity), one.file, one.range, one.id

    return sorted(findings, key=place)


def _by_time(dismissals: Mapping[str, Dismissal]) -> list[Dismissal]:
    return sorted(dismissals.values(), key=lambda one: (one.dismissed_at, one.finding))
