"""`rebuttal review`: the current change from a terminal, a pre-commit hook or CI."""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
from collections.abc import Mapping
from typing import cast

from rebuttal.change.scope import parse_scope
from rebuttal.cli.output import write
from rebuttal.cli.terminal import Look, TerminalDoor
from rebuttal.findings.model import Finding, Severity, at_least
from rebuttal.findings.report import Report
from rebuttal.review.request import Request, Result
from rebuttal.settings import user_settings

FOUND, DEGRADED, NOT_SPENT = 1, 3, 4


def run(chosen: argparse.Namespace, environment: Mapping[str, str]) -> int:
    """Review and print; the exit code by the contract."""
    request = build_request(chosen, environment)
    result = asyncio.run(_review(chosen, request, environment))
    text = render(result, chosen.format, Look.of(sys.stdout, environment), to_file=chosen.output is not None)
    if chosen.output is not None:
        chosen.output.write_text(text, "utf-8")
    else:
        write(text)
    return exit_code(result.report, request.settings.fail_on, require_debate=chosen.require_debate)


def build_request(chosen: argparse.Namespace, environment: Mapping[str, str]) -> Request:
    """The request that the command line asks for; problems with settings go to stderr."""
    named = {key: getattr(chosen, key, None) for key in ("panel", "profile", "protocol", "fail_on", "max_cost")}
    settings, problems = user_settings(environment, {key: value for key, value in named.items() if value is not None})
    for problem in problems:
        print(f"rebuttal: {problem.message}", file=sys.stderr)
    return Request(
        where=chosen.repo,
        settings=settings,
        scope=parse_scope(chosen.scope),
        base=chosen.base,
        agreed=getattr(chosen, "yes", False),
        unattended=not _someone_is_there(),
        record=getattr(chosen, "record", None),
        replay=getattr(chosen, "replay", None),
    )


def _someone_is_there() -> bool:
    """Whether there is a terminal to ask on."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


async def _review(chosen: argparse.Namespace, request: Request, environment: Mapping[str, str]) -> Result:
    from rebuttal.review.run import review
    from rebuttal.review.services import open_services

    door = TerminalDoor(Look.of(sys.stderr, environment), sys.stderr, may_ask=not request.unattended)
    async with open_services(environment, request.settings) as services:
        try:
            return await review(request, services, door)
        finally:
            door.close_line()


def render(result: Result, kind: str, look: Look, *, to_file: bool = False) -> str:
    """The result as text, JSON or SARIF, with its last line ended."""
    if kind == "json":
        from rebuttal.findings.reports.json_report import to_json

        return json.dumps(to_json(result.report), indent=2, ensure_ascii=False) + "\n"
    if kind == "sarif":
        from rebuttal.findings.reports.sarif_report import to_sarif

        return json.dumps(to_sarif(result.report), indent=2, ensure_ascii=False) + "\n"
    from rebuttal.findings.reports.text_report import to_text

    width = min(shutil.get_terminal_size((100, 24)).columns, 120)
    return to_text(result.report, colour=look.colour and not to_file, width=width)


def exit_code(report: Report, fail_on: str, *, require_debate: bool) -> int:
    """The first that applies: findings at the bar 1, degraded 3, not spent 4, else 0."""
    if fail_on != "never" and any(at_least(one.severity, cast(Severity, fail_on)) for one in _open(report)):
        return FOUND
    if report.degraded or (require_debate and report.panel == "static"):
        return DEGRADED
    if report.not_spent in ("cap", "no_consent"):
        return NOT_SPENT
    return 0


def _open(report: Report) -> list[Finding]:
    return [one for one in report.findings if one.status == "open"]
