"""What is new since the last finished review of the same scope, and what is remembered of this one."""

from __future__ import annotations

import hashlib
import logging
from typing import TYPE_CHECKING

from attrs import evolve

from rebuttal.change.base import branch_name
from rebuttal.change.model import ChangeError
from rebuttal.change.novelty import MAX_HUNKS, Fingerprint, Prints
from rebuttal.review.parts import Memory, Since
from rebuttal.review.request import Request, Result
from rebuttal.review.threads import in_thread
from rebuttal.store.model import StoreError
from rebuttal.store.reviews import LastReview, ReviewKind

if TYPE_CHECKING:
    from rebuttal.change.read import Reading
    from rebuttal.debate.panel.choice import PanelChoice
    from rebuttal.review.services import Services

log = logging.getLogger(__name__)


async def recall(
    request: Request, services: Services, reading: Reading, choice: PanelChoice, own: str = ""
) -> Memory | None:
    """What the last reviews of this scope had. None for a selection, and for a change that is too large.

    `own`: the version of the user's own seats and templates.
    """
    if request.only_lines:
        return None
    change = reading.change
    made = await in_thread(lambda: _memory(request, reading, choice, own))
    if made is None:
        return None
    memory, prints = made
    try:
        found = {kind: await services.last_review(change.root, memory.scope, kind) for kind in _KINDS}
    except (StoreError, ChangeError):
        return memory  # what is wrong with the store is told where it matters: at the ledger

    def compare() -> dict[ReviewKind, Since]:
        return {kind: since for kind, last in found.items() if (since := _since(last, prints)) is not None}

    return evolve(memory, since=await in_thread(compare))


_KINDS: tuple[ReviewKind, ...] = ("static", "debate")


def _memory(request: Request, reading: Reading, choice: PanelChoice, own: str) -> tuple[Memory, Prints] | None:
    change = reading.change
    if sum(len(diff.hunks) for diff in change.files) > MAX_HUNKS:
        return None
    prints = Prints.of(change)
    # A commit is one, however it was named: `HEAD` is another one tomorrow.
    scope = f"commit:{change.head}" if change.scope.kind == "commit" else str(change.scope)
    # Worktrees of one repository may not share a branch, but any number of them may be on none.
    branch = branch_name(reading.repository.git) or f"none in {change.root}"
    key = _digest(scope, branch, request.base or "", str(request.include_working))
    return Memory(key, tuple(map(str, prints.fingerprints)), _made_by(request, choice, own)), prints


def _made_by(request: Request, choice: PanelChoice, own: str) -> str:
    if choice.panel == "static":
        return ""
    from rebuttal.debate.prompts import prompts_version

    one = request.settings
    models = (one.model_haiku, one.model_sonnet, one.model_opus)
    held = (
        choice.panel,
        *(one.id for one in choice.seats),
        str(choice.rounds),
        one.protocol,
        one.profile,
        one.minimum_severity,
        str(one.max_findings),
    )
    return _digest(prompts_version(own), *held, *models, str(one.context_tokens))


def _since(last: LastReview | None, prints: Prints) -> Since | None:
    if last is None:
        return None
    try:
        before = [Fingerprint.parse(text) for text in last.hunks]
    except ValueError:
        return None  # of another version of Rebuttal
    return Since(last.at, last.made_by, prints.against(before))


async def remember(request: Request, services: Services, memory: Memory | None, result: Result) -> None:
    """Keep what a finished review had before it. One of which a part failed is not finished."""
    report = result.report
    if memory is None or report.degraded or request.replay is not None:
        return
    debated = report.panel != "static" and report.not_spent is None
    try:
        await services.remember_review(result.root, memory, _KINDS if debated else ("static",))
    except (StoreError, ChangeError) as error:
        # Of a static review only what is new next time is lost: a read-only home must not say it at each run.
        log.log(logging.WARNING if debated else logging.INFO, "the review is not remembered: %s", error)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
