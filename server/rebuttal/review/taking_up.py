"""Debates that were cut short: kept when they end early, and found again when the same review is asked for."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from rebuttal.review.request import Request
from rebuttal.review.services import Services
from rebuttal.review.threads import in_thread
from rebuttal.store.model import StoreError

if TYPE_CHECKING:
    from cattrs import Converter

    from rebuttal.debate.model import Brief, Outcome
    from rebuttal.debate.resumption import Record

log = logging.getLogger(__name__)

SCHEMA = 1


@frozen
class TakenUp:
    """A debate that was cut short, and when."""

    at: datetime
    record: Record

    def note(self, brief: Brief) -> str:
        """What is not asked again, in one sentence for the user."""
        from rebuttal.debate.panel.triage import taken_up
        from rebuttal.debate.resumption import opened

        spoken = opened(self.record.exchanges)
        left = [seat.name for seat in taken_up(brief, self.record.exchanges).seats if seat.id not in spoken]
        again = (
            f"only {_listed(left)} {'is' if len(left) == 1 else 'are'} asked again"
            if left
            else "every seat has spoken, and only what is open is argued"
        )
        return f"The debate of {self.at.astimezone():%Y-%m-%d %H:%M} was cut short and is taken up: {again}."


async def find(request: Request, services: Services, root: Path, brief: Brief) -> TakenUp | None:
    """The debate about the very same brief that was cut short; None where there is none that can be taken up, or the
    user wants it anew."""
    if request.fresh:
        return None
    if request.replay is not None or request.record is not None:
        return None  # a recording is of one whole debate
    key = _key(request, brief)
    try:
        kept = await services.unfinished(root, key)
        record = await in_thread(lambda: _record(kept.text)) if kept is not None else None
    except (StoreError, ValueError) as error:
        log.info("an earlier debate cannot be taken up: %s", error)
        return None
    return TakenUp(kept.at, record) if kept is not None and record is not None and record.brief == key else None


async def keep(
    request: Request, services: Services, root: Path, brief: Brief, outcome: Outcome, earlier: TakenUp | None
) -> None:
    """Keep what can be taken up later; forget what was taken up, or held anew, and is whole now."""
    from rebuttal.debate.resumption import opened, record_of

    if request.replay is not None:
        return
    key = _key(request, brief)
    record = record_of(outcome, key)
    try:
        if record is not None:
            await services.keep_unfinished(root, key, await in_thread(lambda: _text(record)))
        elif earlier is not None or (request.fresh and opened(outcome.exchanges)):
            await services.forget_unfinished(root, key)
    except StoreError as error:
        log.info("what was said is not kept for later: %s", error)


def _key(request: Request, brief: Brief) -> str:
    from rebuttal.debate.prompts import prompts_version
    from rebuttal.debate.resumption import brief_key

    one = request.settings
    return brief_key(brief, prompts_version(), one.model_haiku, one.model_sonnet, one.model_opus)


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _text(record: Record) -> str:
    return json.dumps({"schema": SCHEMA, "record": _converter().unstructure(record)}, ensure_ascii=False)


def _record(text: str) -> Record | None:
    """Raises ValueError for what this version did not write."""
    from cattrs.errors import BaseValidationError

    from rebuttal.debate.resumption import Record

    data: Mapping[str, Any] = json.loads(text)
    if data.get("schema") != SCHEMA:
        return None
    try:
        return _converter().structure(data["record"], Record)
    except (BaseValidationError, KeyError) as error:
        raise ValueError(f"it was written by another version ({type(error).__name__})") from None


def _converter() -> Converter:
    from cattrs import Converter

    converter = Converter()
    converter.register_unstructure_hook(Decimal, str)
    converter.register_structure_hook(Decimal, lambda value, _: Decimal(value))
    return converter
