"""`rebuttal review`: the current change from a terminal, a pre-commit hook or CI."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import cast

from attrs import fields

from rebuttal.change.scope import parse_scope
from rebuttal.cli.output import Unwritable, check_file, hand_over, write_file
from rebuttal.cli.signals import stop_signals
from rebuttal.cli.terminal import Look, TerminalDoor
from rebuttal.findings.model import Finding
from rebuttal.findings.report import Report
from rebuttal.findings.severity import Severity, at_least
from rebuttal.review.request import Request, Result, UsageError
from rebuttal.settings import Settings, SettingsError, user_settings
from rebuttal.text.hidden import in_json, written_out

FOUND, DEGRADED, NOT_SPENT, INTERRUPTED = 1, 3, 4, 130
_BINDING = {one.name for one in fields(Settings)}


def run(chosen: argparse.Namespace, environment: Mapping[str, str]) -> int:
    """Review and print; the exit code by the contract."""
    if chosen.output is not None:
        check_file(chosen.output)
    if chosen.transcript is not None:
        check_file(chosen.transcript, "--transcript")
    if chosen.record is not None:
        check_file(chosen.record, "--record")
    request = build_request(chosen, environment)
    result, interrupted = asyncio.run(_review(chosen, request, environment))
    text = render(result, chosen.format, Look.of(sys.stdout, environment), to_file=chosen.output is not None)
    code = exit_code(result.report, request.settings.fail_on, require_debate=chosen.require_debate)
    try:
        hand_over(text, chosen.output)
        if chosen.transcript is not None:
            _keep_transcript(result, chosen.transcript)
    except Unwritable as error:
        print(f"rebuttal: {error}", file=sys.stderr)
        code = code if code == FOUND else DEGRADED
    _tell_of_recordings(result, chosen.record)
    if interrupted:
        print("rebuttal: interrupted: this is what was found until then", file=sys.stderr)
        return INTERRUPTED
    return code


def _keep_transcript(result: Result, file: Path) -> None:
    """Write it, and say where it is. Raises Unwritable."""
    if not result.transcript:
        print(f"rebuttal: there was no debate, so {file} was not written", file=sys.stderr)
        return
    write_file(file, result.transcript, "so the transcript is lost")
    print(f"rebuttal: the whole debate can be read in {file}", file=sys.stderr)


def _tell_of_recordings(result: Result, record: Path | None) -> None:
    """What became of the recording that was asked for, and how a replay went."""
    if record is not None and result.outcome is None:
        print(f"rebuttal: there was no debate, so {record} was not written", file=sys.stderr)
    elif record is not None:
        print(
            f"rebuttal: {record} holds the code of the change and what was said of it: read it before you pass it on",
            file=sys.stderr,
        )
    if result.replayed:
        lines = map(written_out, result.replayed.split("\n"))
        print("rebuttal: " + "\n".join(lines), file=sys.stderr)


def build_request(chosen: argparse.Namespace, environment: Mapping[str, str]) -> Request:
    """The request that the command line asks for; problems with settings go to stderr."""
    named = {key: getattr(chosen, key, None) for key in ("panel", "profile", "protocol", "fail_on", "max_cost")}
    named["show_existing"] = getattr(chosen, "show_existing", None)
    settings = own_settings(environment, named)
    if not chosen.repo.exists():
        raise UsageError(f"there is no folder {chosen.repo}: name one of the repository with --repo")
    return Request(
        where=chosen.repo,
        settings=settings,
        scope=parse_scope(chosen.scope),
        base=chosen.base,
        trusted=getattr(chosen, "trust", False),
        agreed=getattr(chosen, "yes", False),
        unattended=not someone_is_there(),
        fresh=getattr(chosen, "fresh", False),
        record=getattr(chosen, "record", None),
        replay=getattr(chosen, "replay", None),
    )


def own_settings(environment: Mapping[str, str], named: Mapping[str, str | bool | None]) -> Settings:
    """The user's settings with what the command line names; problems with them go to stderr. Raises SettingsError."""
    settings, problems = user_settings(environment, {key: value for key, value in named.items() if value is not None})
    for problem in problems:
        if problem.key in _BINDING:
            # A cap that is misspelt would not bind, and be noticed on the bill.
            raise SettingsError(problem.message.replace(" was left out", ""))
        print(f"rebuttal: {problem.message}", file=sys.stderr)
    return settings


def given_amount(text: str | None) -> Decimal | None:
    """The dollars of --max-cost. Raises UsageError."""
    if text is None:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or amount < 0:
        raise UsageError(f"--max-cost {text} is no amount: give US dollars, such as 2.50")
    return amount


def someone_is_there() -> bool:
    """Whether there is a terminal to ask on."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


async def _review(chosen: argparse.Namespace, request: Request, environment: Mapping[str, str]) -> tuple[Result, bool]:
    """The result, and whether the user interrupted the review. Raises KeyboardInterrupt where nothing was found yet."""
    from rebuttal.debate.stopping import Stopped
    from rebuttal.review.run import review
    from rebuttal.review.services import open_services

    door = TerminalDoor(Look.of(sys.stderr, environment), sys.stderr, may_ask=not request.unattended)
    async with open_services(environment, request.settings) as services:
        try:
            with stop_signals() as stop:
                return await review(request, services, door, stop), stop.is_set()
        except Stopped:
            raise KeyboardInterrupt from None
        finally:
            door.close_line()


def render(result: Result, kind: str, look: Look, *, to_file: bool = False) -> str:
    """The result as text, JSON or SARIF, with its last line ended."""
    if kind == "json":
        from rebuttal.findings.reports.json_report import to_json

        return in_json(to_json(result.report)) + "\n"
    if kind == "sarif":
        from rebuttal.findings.reports.sarif_report import to_sarif

        return in_json(to_sarif(result.report)) + "\n"
    from rebuttal.findings.reports.text_report import to_text

    width = min(shutil.get_terminal_size((100, 24)).columns, 120)
    return to_text(result.report, colour=look.colour and not to_file, width=width)


def exit_code(report: Report, fail_on: str, *, require_debate: bool) -> int:
    """The first that applies: findings at the bar 1, degraded 3, not spent 4, else 0."""
    if fail_on != "never" and any(at_least(one.severity, cast(Severity, fail_on)) for one in _open(report)):
        return FOUND
    only_static = report.panel == "static" or (report.not_spent == "cap" and not report.cost.calls)
    if report.degraded or (require_debate and only_static):
        return DEGRADED
    if report.not_spent in ("cap", "no_consent"):
        return NOT_SPENT
    return 0


def _open(report: Report) -> list[Finding]:
    return [one for one in report.findings if one.status == "open"]
