"""`rebuttal ledger`: what was spent, by day, review, phase, seat or model, for people, programs and browsers."""

from __future__ import annotations

import argparse
import asyncio
import sys
from calendar import monthrange
from collections.abc import Mapping
from datetime import date
from functools import partial
from pathlib import Path

from rebuttal.budget.reports.collect import SHOWN, cost_report
from rebuttal.budget.reports.files import keep
from rebuttal.budget.reports.model import GROUPS, CostReport, Period, namer
from rebuttal.cli.output import check_file, hand_over, write, write_file
from rebuttal.review.request import UsageError
from rebuttal.review.services import open_services
from rebuttal.review.threads import in_thread
from rebuttal.settings import Settings, home, user_settings
from rebuttal.store.database import Database
from rebuttal.store.ledger import Ledger
from rebuttal.store.model import LedgerKey
from rebuttal.store.repositories import Repositories
from rebuttal.text.hidden import in_json, written_out

_FEW = 8
"""Names that a sentence lists."""


def run(chosen: argparse.Namespace, environment: Mapping[str, str]) -> int:
    """Print or write the report. Raises UsageError for what no day, month or repository is."""
    settings, problems = user_settings(environment)
    for problem in problems:  # a wrong cap is one of nothing, which would be a riddle
        print(f"rebuttal: {problem.message}", file=sys.stderr)
    if chosen.output is not None:
        check_file(chosen.output)
    period = _period(chosen)
    wants_page = chosen.html is not None or chosen.open
    if wants_page and chosen.html:
        check_file(Path(chosen.html), "--html")
    report = asyncio.run(_read(chosen, environment, settings, period, wants_page))
    if wants_page:
        _write_page(report, chosen, home(environment))
    else:
        hand_over(_written(report, chosen.format, chosen.by), chosen.output)
    return 0


async def _read(
    chosen: argparse.Namespace,
    environment: Mapping[str, str],
    settings: Settings,
    period: Period,
    wants_page: bool,
) -> CostReport:
    async with open_services(environment, settings) as services:
        database = await services.database()
        repository = await _repository(chosen, database, environment)
        groups = _groups(chosen, wants_page)
        return await cost_report(database, settings, period=period, repository=repository, groups=groups)


def _groups(chosen: argparse.Namespace, wants_page: bool) -> tuple[LedgerKey, ...]:
    """Only what is shown is read: rows by review are made of every call."""
    if wants_page or chosen.format == "html":
        return SHOWN
    return GROUPS if chosen.format == "json" else (chosen.by,)


def _written(report: CostReport, form: str, by: LedgerKey) -> str:
    match form:
        case "json":
            from rebuttal.budget.reports.json_report import to_json

            return in_json(to_json(report)) + "\n"
        case "csv":
            from rebuttal.budget.reports.csv_report import to_csv

            return to_csv(report, by)
        case "html":
            return _page(report)
        case _:
            from rebuttal.budget.reports.text_report import to_text

            return to_text(report, by)


def _page(report: CostReport) -> str:
    from rebuttal.budget.reports.html_report import to_html

    return to_html(report)


def _write_page(report: CostReport, chosen: argparse.Namespace, folder: Path) -> None:
    """Into the file that was named, or a private one; its path is the result."""
    if chosen.html:
        path = Path(chosen.html).absolute()
        write_file(path, _page(report), "so there is none")
    else:
        try:
            path = keep(folder, _page(report))
        except OSError as error:
            reason = error.strerror or str(error)
            raise UsageError(f"the page could not be written ({reason}): name a file with --html FILE") from None
    write(f"{path}\n")
    if chosen.open and not _opened(path):
        sys.stderr.write("No browser could be started: open that file in one.\n")


def _opened(path: Path) -> bool:
    import webbrowser

    return webbrowser.open(path.as_uri())


def _period(chosen: argparse.Namespace) -> Period:
    """The days that are asked for. Raises UsageError."""
    if chosen.month is None:
        since, until = _day(chosen.since, "--since"), _day(chosen.until, "--until")
        if since and until and since > until:
            raise UsageError(f"--since {since} is after --until {until}: swap them")
        return Period(since, until)
    if chosen.since or chosen.until:
        raise UsageError("--month is a period of its own: leave out --since and --until, or name days instead")
    try:
        first = date.fromisoformat(f"{chosen.month}-01")
    except ValueError:
        raise UsageError(f"--month {written_out(chosen.month)} is no month: write it as 2026-11") from None
    return Period(first, first.replace(day=monthrange(first.year, first.month)[1]))


def _day(text: str | None, option: str) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option} {written_out(text)} is no day: write it as 2026-11-22") from None


async def _repository(chosen: argparse.Namespace, database: Database, environment: Mapping[str, str]) -> str | None:
    """The hash of the only repository that is asked for: by its folder, or by what it is called."""
    if chosen.repo is not None:
        return await in_thread(partial(_identity, chosen.repo, environment))
    if chosen.repository is None:
        return None
    names = await Repositories(database).names()
    title = namer(names)
    wanted = chosen.repository
    # Those of an earlier Rebuttal have no name yet: they are called as the report calls them.
    known_keys = dict.fromkeys((*names, *(row.name for row in await Ledger(database).rows("repository"))))
    found = [key for key in known_keys if wanted in (key, names.get(key), title(key))]
    if len(found) == 1:
        return found[0]
    known = ", ".join(sorted(map(title, found or known_keys))[:_FEW])
    asked = written_out(wanted)
    if found:
        raise UsageError(f"several repositories are called {asked}: name one as {written_out(known)}")
    listed = f"known are {written_out(known)}" if known else "none has been reviewed yet"
    raise UsageError(f"no repository is called {asked}: {listed}")


def _identity(where: Path, environment: Mapping[str, str]) -> str:
    from rebuttal.change.repository import locate
    from rebuttal.review.stores import repository_of

    return repository_of(environment, locate(where, environment).root)
