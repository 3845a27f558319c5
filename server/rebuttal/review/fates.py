"""What a review has shown, and what became of what earlier ones showed: for the return on what was spent.

Best effort: no review fails because of it. Of what is played from a recording, and of reviews that are held to measure
models (`Request.counts`), nothing is written.
"""

from __future__ import annotations

import hashlib
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from rebuttal.change.model import ChangeError
from rebuttal.findings.model import Finding
from rebuttal.review.request import Request, Result
from rebuttal.review.threads import in_thread
from rebuttal.store.clock import utc_now
from rebuttal.store.model import ZERO, StoreError

if TYPE_CHECKING:
    from rebuttal.change.read import Reading
    from rebuttal.debate.model import Outcome
    from rebuttal.findings.marks import Seen
    from rebuttal.review.parts import Memory, Parts
    from rebuttal.review.services import Services
    from rebuttal.store.fates import Fates, Pending, Shown

log = logging.getLogger(__name__)

SILENCED = "silenced by a comment in the code"
WITHDRAWN = "did not stand when it was asked about again"
_ELSEWHERE = 40
"""Files that the change does not touch and that are read all the same: a static review must stay quick."""
_MOST_BYTES = 8_000_000
"""Of a file that is read again when it is saved."""

Examined = dict[tuple[str, str], Decimal]


async def look_again(request: Request, services: Services, reading: Reading, memory: Memory | None) -> None:
    """Whether what earlier reviews of the same scope showed was acted upon. While the repository is open."""
    if memory is None or not _counts(request):
        return
    try:
        root = reading.change.root
        repository, fates = services.repository(root), await services.fates(at_hand=True)
        pending = await services.stores.soon(fates.pending(repository, memory.scope))
        if pending:
            await _settle(fates, repository, pending, await in_thread(lambda: _seen(reading, pending)))
    except Exception as error:
        _left_out(error)


async def record(request: Request, services: Services, parts: Parts, result: Result, begun: datetime) -> None:
    """What this review has shown. `begun`: when it read the change; what became of a finding since then stands."""
    outcome = parts.outcome
    if outcome is None or not _counts(request):
        return
    try:
        repository = services.repository(result.root)
        shown, examined = await in_thread(
            lambda: (shown_by(parts, outcome, result.report.findings), examined_by(outcome))
        )
        fates = await services.fates()
        await fates.record(repository, parts.review_id or "", shown, examined, begun)
        silenced = [one.id for one in result.report.findings if (one.source, one.status) == ("debate", "dismissed")]
        if silenced:
            await fates.silence(repository, silenced, SILENCED)
    except Exception as error:
        _left_out(error)


async def asked_again(
    request: Request, services: Services, root: Path, finding: Finding, review: str, cost: Decimal
) -> None:
    """One finding was argued about anew, as `review`, and stands so now: what that cost is an examination of what its
    seats claimed; one that did not stand was shown for nothing. Raises nothing.

    Of what debates are expected to cost it teaches nothing: it is none.
    """
    if not _counts(request):
        return
    try:
        repository, fates = services.repository(root), await services.fates()
        await fates.record(repository, review, (), _examined_again(finding, cost), utc_now())
        if finding.status == "held_back":
            await fates.silence(repository, (finding.id,), WITHDRAWN)
        elif finding.id in await fates.dismissed_for(repository, WITHDRAWN):
            await fates.restore(repository, finding.id)
    except Exception as error:
        _left_out(error)


async def saved(services: Services, root: Path, file: str, findings: Iterable[str]) -> None:
    """A file in which a debate has found something was edited and saved: whether it was acted upon. Raises nothing."""
    try:
        repository, fates = services.repository(root), await services.fates()
        pending = await fates.pending_of(repository, findings)
        here = tuple(one for one in pending if one.file == name_of(file))
        if here:
            from rebuttal.findings.marks import Seen

            seen = await in_thread(lambda: Seen.of(_read(root, file), file))
            await _settle(fates, repository, here, {name_of(file): seen})
    except Exception as error:
        _left_out(error)


async def _settle(fates: Fates, repository: str, pending: Iterable[Pending], texts: Mapping[str, Seen | None]) -> None:
    def judge() -> tuple[list[str], list[str]]:
        from rebuttal.findings.marks import became

        said = [(one, became(one.marks, texts.get(one.file))) for one in pending]
        acted = [one.finding for one, now in said if now == "acted" and not one.accepted]
        return acted, [one.finding for one, now in said if now == "open" and one.accepted]

    acted, undone = await in_thread(judge)
    if acted:
        await fates.accept(repository, acted)
    if undone:
        await fates.reopen(repository, undone)


def shown_by(parts: Parts, outcome: Outcome, findings: Iterable[Finding]) -> tuple[Shown, ...]:
    """The debate's findings as they were shown, with what tells later what became of them."""
    from rebuttal.findings.marks import marks_of
    from rebuttal.store.fates import Shown

    # As they are in the texts that were reviewed: a notebook's are shown elsewhere.
    reviewed = {_key(one): one for one in outcome.findings}
    scope = parts.memory.scope if parts.memory is not None else ""
    shown = []
    for one in findings:
        if one.source != "debate" or one.status != "open":
            continue
        origin, diff = reviewed.get(_key(one)), parts.change.file(one.file)
        marks = marks_of(origin, diff) if origin is not None and diff is not None else ""
        shown.append(Shown(one.id, _seats(one), one.category, one.severity, scope, name_of(one.file), marks))
    return tuple(shown)


def examined_by(outcome: Outcome) -> Examined:
    """What was paid now for asking about claims, by the seats that made them and the models that they spoke with: each
    call's cost in equal parts for the claims that it was about, each part in equal parts for those who raised it."""
    from rebuttal.budget.returns import OWN_PHASE, shared_out

    models = {one.number: one.reply.model for one in outcome.exchanges}
    raisers = {
        one.id: tuple(dict.fromkeys((raised.seat, models.get(raised.turn, "")) for raised in one.raised))
        for one in outcome.contentions
    }
    amounts: Examined = defaultdict(Decimal)
    for exchange in outcome.exchanges:
        cost = exchange.reply.spent + exchange.reply.assumed
        about = [raisers[one] for one in exchange.asked if one in raisers]
        if exchange.earlier or exchange.turn.phase == OWN_PHASE or not cost or not about:
            continue
        for seats, part in zip(about, shared_out(cost, [1] * len(about)), strict=True):
            for seat, share in zip(seats, shared_out(part, [1] * len(seats)), strict=True):
                amounts[seat] += share
    return {seat: amount for seat, amount in amounts.items() if amount > ZERO}


def _examined_again(finding: Finding, cost: Decimal) -> Examined:
    from rebuttal.budget.returns import shared_out

    seats = list(_seats(finding).items())
    shares = zip(seats, shared_out(cost, [1] * len(seats)), strict=True) if seats and cost else ()
    return {seat: share for seat, share in shares if share > ZERO}


def name_of(file: str) -> str:
    """What the store calls a file: a digest of its root-relative path."""
    return hashlib.sha256(file.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _seats(finding: Finding) -> dict[str, str]:
    """Who raised it, with the model that each spoke with then: the first step of the trace that is theirs."""
    models: dict[str, str] = {}
    for step in finding.trace:
        if step.model and step.seat in finding.raised_by:
            models.setdefault(step.seat, step.model)
    return {seat: models.get(seat, "") for seat in finding.raised_by}


def _key(finding: Finding) -> tuple[str, str, str, str]:
    return finding.file, finding.quote, finding.title, finding.message


def _seen(reading: Reading, pending: Iterable[Pending]) -> dict[str, Seen | None]:
    """What the files of findings hold now, by the name that the store has for them."""
    from rebuttal.findings.marks import Seen

    wanted = dict.fromkeys(one.file for one in pending)
    texts: dict[str, tuple[str, str | None]] = {}
    for diff in reading.change.files:
        paths = (diff.old_path, diff.path) if diff.old_path is not None else (diff.path,)
        texts |= {name_of(path): (path, diff.new_text) for path in paths}
    missing = set([name for name in wanted if name not in texts][:_ELSEWHERE])
    if missing:
        # Files that the change does not touch any more: what was done about a finding may be committed by now.
        tree = reading.repository.new
        named = ((path, name_of(path)) for path in tree.paths())
        texts |= {name: (path, tree.read(path)) for path, name in named if name in missing}
    return {name: Seen.of(text, path) for name, (path, text) in texts.items() if name in wanted}


def _read(root: Path, file: str) -> str | None:
    """A file of the work tree; None where there is none, or it is none of the repository's."""
    path = root / PurePosixPath(file)
    if ".." in path.parts or not path.resolve().is_relative_to(root.resolve()):
        return None
    try:
        if not path.is_file() or path.stat().st_size > _MOST_BYTES:
            return None
        return path.read_bytes().decode("utf-8-sig", "replace")
    except OSError:
        return None


def _counts(request: Request) -> bool:
    return request.counts and request.replay is None


def _left_out(error: Exception) -> None:
    known = isinstance(error, StoreError | ChangeError)
    told: Callable[..., None] = log.info if known else log.warning
    # Of an unforeseen error only the kind: its message may hold code.
    told("what became of findings is not recorded: %s", error if known else type(error).__name__)
