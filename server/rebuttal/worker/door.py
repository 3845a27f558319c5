"""The worker's side of a review's door: its events become lines, its question waits for the user's answer."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from attrs import define, evolve, field

from rebuttal.budget.breaker import cause_of
from rebuttal.budget.standing import standing_of
from rebuttal.debate.events import ArgumentEnded, ClaimRaised, PhaseStarted, SeatFinished
from rebuttal.findings.wire import finding_to_json
from rebuttal.review.request import Answer, BudgetWarned, Estimated, Question, Resumed, ReviewEvent, StaticReady
from rebuttal.review.services import Services
from rebuttal.settings import Settings
from rebuttal.store.money import exact
from rebuttal.text.words import counted

Send = Callable[[Mapping[str, Any]], None]

_BEGIN = 10
_SHARE = {"opening": 40, "cross_examination": 30, "rebuttal": 12, "consensus": 6}
"""Percent of the progress bar by phase, in their order."""


@define
class EditorDoor:
    """Passes a review's events to the language server and its question to the user."""

    id: int
    send: Send
    services: Services
    settings: Settings
    _asked: asyncio.Future[Answer] | None = None
    _root: Path | None = None
    _spent: Decimal = Decimal(0)
    _phase: str = "opening"
    _turns: dict[str, int] = field(factory=dict)
    """By phase that has begun: the calls that it was said to make."""
    _done: Counter[str] = field(factory=Counter)

    def tell(self, event: ReviewEvent) -> None:
        match event:
            case StaticReady(root=root, findings=findings, with_linters=with_linters, hunks=hunks, pre_existing=stood):
                self._root = root
                shown = [finding_to_json(one) for one in findings]
                more = {"pre_existing": [finding_to_json(one) for one in stood]} if stood else {}
                self._event("static", root=str(root), findings=shown, with_linters=with_linters, hunks=hunks, **more)
            case Estimated(estimate=estimate):
                self._event("estimated", estimate=estimate.to_json(), totals=self._totals())
            case PhaseStarted(phase=phase, turns=turns):
                self._phase, self._turns[phase] = phase, max(turns, 1)
                self._progress(phase.replace("_", "-").capitalize())
            case SeatFinished(seat=seat, phase=phase, spent=spent, claims=claims, rulings=rulings, failure=failure):
                self._spent += spent
                self.services.note_spent(spent, self._root)
                self._done[phase] += 1
                said = failure or f"{counted(claims, 'claim')}, {counted(rulings, 'ruling')}"
                self._progress(f"{seat}: {said}")
            case ClaimRaised(seat=seat, title=title):
                self._progress(f"{seat}: {title}")
            case BudgetWarned(warning=warning, message=message):
                self._event("warned", cause=cause_of(warning), message=message)
                self._progress(message)
            case Resumed(message=message):
                self._progress(message)
            case ArgumentEnded(by=by, round=round_):
                self._progress(f"argument ended after round {round_}: {by.replace('_', ' ')}")
            case _:
                pass

    async def agree(self, question: Question) -> Answer:
        self._asked = asyncio.get_running_loop().create_future()
        self._event(
            "consent",
            question={
                "repository": question.repository,
                "host": question.host,
                "files": question.files,
                "untracked": list(question.untracked),
                "redactions": question.redactions,
                **question.estimate.to_json(),
                "grounds": question.estimate.grounds,
            },
        )
        return await self._asked

    def answer(self, answer: Answer) -> None:
        """The user's answer. It counts only while the question is open: nothing is agreed to before it was read."""
        if self._asked is not None and not self._asked.done():
            self._asked.set_result(answer)

    def _progress(self, message: str) -> None:
        self._event(
            "progress",
            phase=self._phase,
            message=message,
            percentage=self._percentage(),
            spent=exact(self._spent),
            totals=self._totals(),
        )

    def _percentage(self) -> int:
        """Claims are examined while seats still open: no phase counts for more than the one before it has come to."""
        reached, least = float(_BEGIN), 1.0
        for phase, share in _SHARE.items():
            turns = self._turns.get(phase)
            # One that was left out holds none up.
            least = min(least, self._done[phase] / turns) if turns else least
            reached += share * least if turns or self._is_past(phase) else 0
        return int(reached)

    def _is_past(self, phase: str) -> bool:
        order = list(_SHARE)
        return any(later in self._turns for later in order[order.index(phase) + 1 :])

    def _totals(self) -> dict[str, Any]:
        return totals_to_json(self.services, self.settings, self._root)

    def _event(self, event: str, **values: Any) -> None:
        self.send({"id": self.id, "event": event, **values})


def totals_to_json(services: Services, settings: Settings, root: Path | None) -> dict[str, Any]:
    """Day and month: spent, as far as is known, and the cap that binds; and where spending stands by all caps, those of
    the repository at `root` too. What the ledger was asked last may have been about another one."""
    of_root = services.known_repositories.get(root) if root is not None else None
    before = services.known_totals
    known = evolve(before, repository=of_root or Decimal(0), under_way=evolve(before.under_way, repository=Decimal(0)))
    now = standing_of(settings, known, repository=of_root is not None)
    return {
        "budget": {"state": now.state, "cause": now.cause, "cap": now.cap, "message": now.words},
        "day": {"spent": exact(known.day), "cap": exact(settings.max_cost_per_day)},
        "month": {"spent": exact(known.month), "cap": exact(settings.max_cost_per_month)},
    }
