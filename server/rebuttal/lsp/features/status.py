"""`$/rebuttal.status`: state, cost and findings of a repository, at every change; and a line in the log at the end."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import define, field
from lsprotocol import types

from rebuttal.lsp.features.intake import summary
from rebuttal.lsp.session import Job, Repository
from rebuttal.settings import has_key
from rebuttal.store.currency import Money
from rebuttal.store.money import exact
from rebuttal.text.words import counted

if TYPE_CHECKING:
    from rebuttal.lsp.server import RebuttalServer

STATUS = "$/rebuttal.status"


def currency_of(money: Money) -> dict[str, Any]:
    """What a client needs to show amounts in the user's currency; nothing where that is US dollars."""
    if money.rate is None or not money.is_converted:
        return {}
    return {"currency": {"code": money.currency, "rate": exact(money.rate), "places": money.places}}


def _withheld(stale: int, beyond: int) -> dict[str, int]:
    return {key: count for key, count in (("stale", stale), ("beyond", beyond)) if count}


def _told(withheld: Mapping[str, int]) -> str:
    told: list[str] = []
    if stale := withheld.get("stale"):
        which = "its lines were" if stale == 1 else "their lines were"
        told.append(f"{counted(stale, 'finding')} not shown: {which} changed since the review.")
    if beyond := withheld.get("beyond"):
        told.append(
            f"{counted(beyond, 'further finding')} not shown: the worst come first, mend them and review again."
        )
    return " ".join(told)


@define(eq=False)
class StatusReporter:
    """Sends what has changed, and nothing twice."""

    ls: RebuttalServer
    _sent: dict[Path, dict[str, Any]] = field(factory=dict)

    def update(self, repository: Repository) -> None:
        status = self.status(repository)
        if self._sent.get(repository.root) != status:
            self._sent[repository.root] = status
            self.ls.protocol.notify(STATUS, status)

    def update_all(self) -> None:
        for repository in list(self.ls.session.repositories.values()):
            self.update(repository)

    def forget(self, repository: Repository) -> None:
        """Its folder was closed: the last word of it is that nothing runs there."""
        if repository.root in self._sent:
            repository.job, repository.outcome, repository.message = None, "idle", None
            self.update(repository)
            del self._sent[repository.root]

    def log_end(self, repository: Repository, job: Job) -> None:
        """For clients that do not know the notification."""
        totals, told = self.ls.session.totals, self.ls.session.words.told
        if job.state == "done":
            money = self.ls.money
            today = f"{money(Decimal(totals.day_spent))} of {money.deciding(Decimal(totals.day_cap))}"
            cost = f"{money(Decimal(job.spent))} spent (today {today})"
            text = f"Review of {repository.root.name}: {summary(repository)}; {cost}."
        else:
            text = f"Review of {repository.root.name}: {told(job.message or job.state)}"
        note = f" {told(repository.message)}" if job.state == "done" and repository.message else ""
        self.ls.window_log_message(types.LogMessageParams(types.MessageType.Info, text + note))

    def status(self, repository: Repository) -> dict[str, Any]:
        """The contract's object; what is not known is left out."""
        job, totals = self.ls.session.job_to_show(repository), self.ls.session.totals
        state, message = self._state(repository, job)
        status: dict[str, Any] = {"state": state, "repository": str(repository.root)}
        if job is not None:
            status["job"] = job.id
            if job.running and job.phase:
                status["phase"] = job.phase
            if job.estimate is not None:
                status["estimate"] = dict(job.estimate)
        status["review"] = {"spent": job.spent if job is not None else "0"}
        status["day"] = {"spent": totals.day_spent, "cap": totals.day_cap}
        status["month"] = {"spent": totals.month_spent, "cap": totals.month_cap}
        budget = self.ls.session.budget_of(repository.root)
        if budget.message:
            status["budget"] = {
                "state": budget.state,
                "cause": budget.cause,
                "message": self.ls.session.words.told(budget.message),
            }
            message = message or budget.message
        status |= currency_of(self.ls.money)
        status["findings"] = repository.counts()
        if withheld := _withheld(repository.withheld(), self.ls.publisher.not_shown(repository)):
            status["withheld"] = withheld
            message = " ".join(filter(None, (message, _told(withheld))))
        if message:
            status["message"] = self.ls.session.words.told(message)
        return status

    def _state(self, repository: Repository, job: Job | None) -> tuple[str, str | None]:
        if job is not None and job.running:
            return job.state, job.message
        if repository.outcome != "idle":
            return repository.outcome, repository.message
        if not has_key(self.ls.deps.environment, self.ls.session.user_settings):
            return "noKey", repository.message or self.ls.session.words.without_key
        return "idle", repository.message
