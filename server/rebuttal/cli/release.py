"""`rebuttal ledger --release`: calls that are only assumed count no more, once the user says so."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal

from rebuttal.cli.output import write
from rebuttal.cli.review import someone_is_there
from rebuttal.cli.terminal import ask
from rebuttal.review.request import UsageError
from rebuttal.review.services import open_services
from rebuttal.settings import user_settings
from rebuttal.store.ledger import Ledger
from rebuttal.store.model import ZERO, LedgerEntry
from rebuttal.store.money import dollars, exact
from rebuttal.text.words import counted

ALL = "all"
COMMAND = "rebuttal ledger --release all"
_BILL = "Release them only where the service's own record of usage does not have them."


def run(chosen: argparse.Namespace, environment: Mapping[str, str]) -> int:
    """Show the assumed calls that are meant, ask, release them. Raises UsageError where none is meant."""
    return asyncio.run(_run(chosen, environment))


async def _run(chosen: argparse.Namespace, environment: Mapping[str, str]) -> int:
    settings, _ = user_settings(environment)
    async with open_services(environment, settings) as services:
        database = await services.database()
        ledger = Ledger(database)
        await ledger.recover()
        meant = await _meant(ledger, chosen.release, database.who)
        if meant and not await _agreed(chosen, meant):
            return 0
        # By another process some may be settled by now: what is known stands.
        released = await ledger.release_assumed([one.id for one in meant])
    gone = [one for one in meant if one.id in released]
    write(_json(gone) if chosen.format == "json" else _text(gone))
    return 0


async def _meant(ledger: Ledger, which: str, who: str) -> Sequence[LedgerEntry]:
    if which == ALL:
        # In a store that a team shares: all of this user's. A colleague's may still be under way; it must be named.
        return [one for one in await ledger.entries(state="assumed") if one.who == who]
    of_review = await ledger.entries(which)
    if of_review:
        if found := [one for one in of_review if one.state == "assumed"]:
            return found
        raise UsageError(f"no call of the review {which} is assumed: there is nothing to release")
    assumed = await ledger.entries(state="assumed")
    if found := [one for one in assumed if which in (str(one.id), f"#{one.id}")]:
        return found
    raise UsageError(f"{which} is no review and no assumed call: `{COMMAND}` shows those that are, and asks first")


async def _agreed(chosen: argparse.Namespace, meant: Sequence[LedgerEntry]) -> bool:
    if chosen.yes:
        return True
    sys.stderr.write(f"{listing(meant)}\n{_BILL}\n")
    if not someone_is_there():
        raise UsageError("nothing was released, for nobody could be asked: run again with --yes to release them")
    if await ask(sys.stderr, f"Release {dollars(_sum(meant))}? [y]es, [N]o: ") in ("y", "yes"):
        return True
    sys.stderr.write("Nothing was released.\n")
    return False


def listing(calls: Sequence[LedgerEntry]) -> str:
    """A line for each call, and their sum."""
    lines = [
        f"#{one.id}  {one.day}  {one.key.review}  {one.key.phase}  {one.key.seat}  {one.key.model}  {dollars(one.cost)}"
        + (f"  {one.who}" if one.who else "")
        for one in calls
    ]
    return "\n".join((*lines, f"{counted(len(calls), 'call')}, {dollars(_sum(calls))} assumed"))


def _sum(calls: Sequence[LedgerEntry]) -> Decimal:
    return sum((one.cost for one in calls), ZERO)


def _text(released: Sequence[LedgerEntry]) -> str:
    if not released:
        return "No call is assumed: there is nothing to release.\n"
    return f"{listing(released)}: released, and counted no more.\n"


def _json(released: Sequence[LedgerEntry]) -> str:
    calls = [
        {
            "id": one.id,
            "day": one.day,
            "review": one.key.review,
            "phase": one.key.phase,
            "seat": one.key.seat,
            "model": one.key.model,
            "amount": exact(one.cost),
        }
        for one in released
    ]
    return json.dumps({"currency": "USD", "amount": exact(_sum(released)), "released": calls}, indent=2) + "\n"
