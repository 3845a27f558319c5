"""`rebuttal sweep`: many changes at once through message batches, at half the price."""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rebuttal.cli.output import Unwritable, check_file, hand_over, write
from rebuttal.cli.review import (
    DEGRADED,
    FOUND,
    INTERRUPTED,
    NOT_SPENT,
    exit_code,
    given_amount,
    own_settings,
    someone_is_there,
)
from rebuttal.cli.signals import stop_signals
from rebuttal.cli.sweep_progress import Progress, question_text
from rebuttal.cli.sweep_report import heading, listed_json, listed_text, table, to_json
from rebuttal.cli.terminal import Look, ask
from rebuttal.findings.reports.text_report import to_text
from rebuttal.review.request import UsageError
from rebuttal.text.hidden import in_json
from rebuttal.text.words import counted

if TYPE_CHECKING:
    from rebuttal.change.listing import Listed
    from rebuttal.findings.report import Report
    from rebuttal.review.sweep_model import Asking, Kept, Offer, Swept
    from rebuttal.settings import Settings
    from rebuttal.speakers.batches.model import Pace


def run(chosen: argparse.Namespace, environment: Mapping[str, str]) -> int:
    """Review all that is named and print; the worst exit code of all reviews by the contract."""
    _check_usage(chosen)
    if chosen.output is not None:
        check_file(chosen.output)
    settings = own_settings(
        environment, {key: getattr(chosen, key) for key in ("panel", "profile", "protocol", "fail_on")}
    )
    asking = _asking(chosen, settings, environment)
    if chosen.list:
        return _list(chosen, asking)
    if chosen.cancel is not None:
        return _cancel(chosen, asking, environment)
    printing = _Printing(chosen, environment)
    swept = asyncio.run(_sweep(chosen, asking, printing, environment))
    code = printing.finish(swept)
    code = worst([code, *(exit_code(report, settings.fail_on, require_debate=False) for _, report in swept.reviewed)])
    if swept.interrupted:
        print(f"rebuttal: interrupted: {counted(len(swept.unfinished), 'change')} not reviewed", file=sys.stderr)
        _tell_how_to_go_on(swept)
        return INTERRUPTED
    if swept.under_way:
        _tell_how_to_go_on(swept)
    elif swept.sweep is not None and any(
        one.phase != "static" for _, report in swept.reviewed for one in report.degraded
    ):
        print(f"rebuttal: rebuttal sweep --resume {swept.sweep} asks again what was not answered", file=sys.stderr)
    return worst([code, DEGRADED if swept.failed or swept.under_way else 0])


def worst(codes: Sequence[int]) -> int:
    """The first that applies: findings at the bar 1, degraded 3, not spent 4, else 0."""
    return next((code for code in (FOUND, DEGRADED, NOT_SPENT) if code in codes), 0)


def pace() -> Pace | None:
    """How often the service is asked; None: as the desk does by itself."""
    return None


def _check_usage(chosen: argparse.Namespace) -> None:
    named = bool(chosen.ranges) or chosen.branches is not None
    others = [
        option
        for option, given in (
            ("--resume", chosen.resume is not None),
            ("--cancel", chosen.cancel is not None),
            ("--list", chosen.list),
        )
        if given
    ]
    if len(others) > 1:
        raise UsageError(f"{others[0]} and {others[1]} do not go together: give one of them")
    if others and named:
        raise UsageError(f"{others[0]} takes no ranges and no branches: the sweep knows its own")
    if not others and not named:
        raise UsageError("name what to review: A..B, A...B, a commit, or --branches")
    if chosen.base is not None and chosen.branches is None:
        raise UsageError("--base is what branches are compared with: give --branches too")
    if chosen.resume is not None and (given := _chosen_anew(chosen)):
        raise UsageError(f"--resume goes on as the sweep was begun: leave out {given}")
    if not chosen.repo.exists():
        raise UsageError(f"there is no folder {chosen.repo}: name one of the repository with --repo")


def _chosen_anew(chosen: argparse.Namespace) -> str:
    options = (("panel", "--panel"), ("protocol", "--protocol"), ("profile", "--profile"), ("max_cost", "--max-cost"))
    return next((option for name, option in options if getattr(chosen, name) is not None), "")


def _asking(chosen: argparse.Namespace, settings: Settings, environment: Mapping[str, str]) -> Asking:
    from rebuttal.review.sweep_model import Asking

    return Asking(
        where=chosen.repo,
        settings=settings,
        environment=environment,
        agreed=chosen.yes,
        unattended=not someone_is_there(),
        pace=pace(),
    )


async def _sweep(
    chosen: argparse.Namespace, asking: Asking, printing: _Printing, environment: Mapping[str, str]
) -> Swept:
    from rebuttal.change.listing import list_changes
    from rebuttal.review.sweep import sweep, take_up
    from rebuttal.review.threads import in_thread

    progress = printing.progress
    try:
        with stop_signals() as stop:
            if chosen.resume is not None:
                return await take_up(asking, chosen.resume, printing.tell, stop)
            max_cost = given_amount(chosen.max_cost)
            named = partial(list_changes, chosen.repo, chosen.ranges, branches=chosen.branches, base=chosen.base)
            listing = await in_thread(named)
            progress.listed(listing)
            return await sweep(asking, listing, max_cost, partial(_agree, progress), printing.tell, stop)
    finally:
        progress.close_line()


async def _agree(progress: Progress, offer: Offer) -> bool:
    progress.close_line()
    return await ask(sys.stderr, question_text(offer)) in ("y", "yes")


class _Printing:
    """Shows each change as it is reviewed, and all of them at the end."""

    def __init__(self, chosen: argparse.Namespace, environment: Mapping[str, str]) -> None:
        self._json = chosen.format == "json"
        self._output: Path | None = chosen.output
        look = Look.of(sys.stdout, environment)
        shown = look.terminal and chosen.output is None and not self._json
        self.progress = Progress(Look.of(sys.stderr, environment), sys.stderr, done_is_shown=shown)
        self._colour = look.colour and chosen.output is None
        self._width = min(shutil.get_terminal_size((100, 24)).columns, 120)
        self._sections: list[str] = []
        self._unwritable: Unwritable | None = None

    def tell(self, event: Any) -> None:
        from rebuttal.review.sweep_model import Done

        self.progress.tell(event)
        if isinstance(event, Done) and not self._json:
            self._section(event.change, event.report, event.number, event.of)

    def _section(self, change: Listed, report: Report, number: int, of: int) -> None:
        text = heading(change, number, of, colour=self._colour)
        text += to_text(report, colour=self._colour, width=self._width) + "\n"
        if self._output is not None:
            self._sections.append(text)
            return
        self.progress.close_line()
        try:
            write(text)
        except Unwritable as error:
            self._unwritable = error

    def finish(self, swept: Swept) -> int:
        """Print what comes at the end; the exit code where it cannot be written."""
        if self._json:
            text = in_json(to_json(swept)) + "\n"
        else:
            text = "".join(self._sections) + table(swept, colour=self._colour)
        try:
            hand_over(text, self._output)
        except Unwritable as error:
            self._unwritable = error
        if self._unwritable is not None:
            print(f"rebuttal: {self._unwritable}", file=sys.stderr)
            return DEGRADED
        return 0


def _tell_how_to_go_on(swept: Swept) -> None:
    if swept.sweep is None:
        return
    left = f"{counted(swept.under_way, 'turn')} left to the service" if swept.under_way else "nothing is under way"
    print(
        f"rebuttal: {left}; rebuttal sweep --resume {swept.sweep} goes on, --cancel {swept.sweep} ends it",
        file=sys.stderr,
    )


def _list(chosen: argparse.Namespace, asking: Asking) -> int:
    from rebuttal.review.sweep_kept import kept_sweeps

    kept = asyncio.run(kept_sweeps(asking))
    text = json.dumps(listed_json(kept), indent=2) + "\n" if chosen.format == "json" else listed_text(kept)
    hand_over(text, chosen.output)
    return 0


def _cancel(chosen: argparse.Namespace, asking: Asking, environment: Mapping[str, str]) -> int:
    from rebuttal.review.sweep import cancel

    progress = Progress(Look.of(sys.stderr, environment), sys.stderr)

    async def ended() -> tuple[Kept, bool]:
        with stop_signals() as stop:
            try:
                return await cancel(asking, chosen.cancel, progress.tell, stop), stop.is_set()
            finally:
                progress.close_line()

    kept, interrupted = asyncio.run(ended())
    text = json.dumps(listed_json([kept]), indent=2) + "\n" if chosen.format == "json" else listed_text([kept])
    hand_over(text, chosen.output)
    if kept.state == "canceled":
        return 0
    print(f"rebuttal: the service has not ended it yet: run --cancel {kept.id} again", file=sys.stderr)
    return INTERRUPTED if interrupted else DEGRADED
