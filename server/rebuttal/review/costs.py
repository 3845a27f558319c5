"""The page about what was spent, written for an editor to open."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rebuttal.review.request import UsageError
from rebuttal.review.services import Services
from rebuttal.review.threads import in_thread
from rebuttal.settings import Settings

if TYPE_CHECKING:
    from rebuttal.budget.reports.model import CostReport


async def write_cost_report(services: Services, settings: Settings) -> Path:
    """Write the report into a file that only the user can read, in the place of the last one. Raises StoreError, and
    UsageError where it cannot be written."""
    from rebuttal.budget.reports.collect import cost_report

    report = await cost_report(await services.database(), settings)
    try:
        return await in_thread(partial(_write, services.home, report))
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(f"the report could not be written ({reason}): make room, or set REBUTTAL_HOME") from None


def _write(home: Path, report: CostReport) -> Path:
    from rebuttal.budget.reports.files import keep
    from rebuttal.budget.reports.html_report import to_html

    return keep(home, to_html(report))
