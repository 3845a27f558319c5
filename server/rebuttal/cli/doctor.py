"""`rebuttal doctor`: is everything here that a review needs?"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Mapping
from pathlib import Path

from attrs import asdict

from rebuttal.cli.output import write
from rebuttal.review.checkup import Check, checks
from rebuttal.review.services import open_services
from rebuttal.settings import user_settings
from rebuttal.text.hidden import written_out

DEGRADED = 3


def run(chosen: argparse.Namespace, environment: Mapping[str, str]) -> int:
    """0 where nothing failed, else 3."""
    found = asyncio.run(_checked(chosen.repo, environment))
    if chosen.format == "json":
        write(json.dumps({"checks": [asdict(check) for check in found]}, indent=2) + "\n")
    else:
        write("".join(f"{check.state:<8} {check.name:<9} {written_out(check.message)}\n" for check in found))
    return DEGRADED if any(check.state == "failed" for check in found) else 0


async def _checked(where: Path, environment: Mapping[str, str]) -> list[Check]:
    settings, _ = user_settings(environment)
    async with open_services(environment, settings) as services:
        return await checks(where, services)
