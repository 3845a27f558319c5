"""What the worker answers to each method."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from attrs import asdict, define, field

from rebuttal.findings.reports.json_report import to_json
from rebuttal.findings.wire import finding_from_json, finding_to_json
from rebuttal.review import renamed
from rebuttal.review.checkup import Check, checks
from rebuttal.review.costs import write_cost_report
from rebuttal.review.fates import saved
from rebuttal.review.payload import payload
from rebuttal.review.request import Request, UsageError
from rebuttal.review.run import estimate, review
from rebuttal.review.services import Services
from rebuttal.review.threads import in_thread
from rebuttal.store.model import StoreError
from rebuttal.store.money import exact
from rebuttal.worker.door import EditorDoor, Send, totals_to_json
from rebuttal.worker.reading import narrowed, read_judgement, read_renames, read_saved, request_of, trusted


@define
class Answers:
    """Answers requests, each on its own."""

    send: Send
    services: Services
    doors: dict[int, EditorDoor] = field(factory=dict)
    """Of reviews under way, by the request's id: the user's answers go there."""

    async def to(self, id: int, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """What `done` says. Raises what `jobs.py` tells the editor of, and UsageError for parameters that are none."""
        match method:
            case "review" | "estimate" | "payload":
                return await self._of_change(
                    id, method, await in_thread(partial(request_of, self.services.settings, params))
                )
            case "ask_again":
                return await self._ask_again(id, params)
            case "doctor":
                return {"checks": [asdict(one) for one in await self._checks(params)]}
            case "saved" | "renamed":
                await (self._saved(params) if method == "saved" else self._renamed(params))
                return {}
            case "dismiss" | "restore":
                return {"known": await self._judge(method, params)}
            case "cost_report":
                return {"path": str(await write_cost_report(self.services, narrowed(self.services.settings, params)))}
            case _:
                raise UsageError(f"the worker does not know the method {method!r}")

    async def _of_change(self, id: int, method: str, request: Request) -> dict[str, Any]:
        if method == "review":
            return await self._review(id, request)
        if method == "payload":
            return {"payload": (await payload(request, self.services)).to_json()}
        worth = await estimate(request, self.services)
        told = {**worth.to_json(), **worth.shares_to_json(), "grounds": worth.grounds}
        return {"estimate": told, "totals": totals_to_json(self.services, request.settings, request.where)}

    async def _review(self, id: int, request: Request) -> dict[str, Any]:
        door = self.doors[id] = EditorDoor(id, self.send, self.services, request.settings)
        result = await review(request, self.services, door)
        with suppress(StoreError):  # the review is done: what the ledger cannot say does not lose it
            await self.services.totals(result.root)
        return {
            "root": str(result.root),
            "report": to_json(result.report),
            "transcript": result.transcript,
            "totals": totals_to_json(self.services, request.settings, result.root),
        }

    async def _ask_again(self, id: int, params: Mapping[str, Any]) -> dict[str, Any]:
        ask_again = await in_thread(_asking)
        request = await in_thread(partial(request_of, self.services.settings, params))
        door = self.doors[id] = EditorDoor(id, self.send, self.services, request.settings, root=request.where)
        try:
            finding = finding_from_json(dict(params["finding"]))
        except (KeyError, TypeError, ValueError) as error:
            raise UsageError(f"a finding that is asked about again is told whole ({error})") from None
        came = await ask_again(request, self.services, door, finding, str(params.get("comment") or ""))
        with suppress(StoreError):
            await self.services.totals(came.root)
        return {
            "finding": finding_to_json(came.finding),
            "decided": came.decided,
            "spent": exact(came.cost.spent + came.cost.assumed),
            "message": came.message,
            "totals": totals_to_json(self.services, request.settings, came.root),
        }

    async def _checks(self, params: Mapping[str, Any]) -> list[Check]:
        if not isinstance(params.get("root"), str):
            raise UsageError("a request names its repository: root")
        return await checks(Path(params["root"]), self.services, trusted(params))

    async def _saved(self, params: Mapping[str, Any]) -> None:
        await saved(self.services, *read_saved(params))

    async def _renamed(self, params: Mapping[str, Any]) -> None:
        root, pairs = read_renames(params)
        await renamed.remember(self.services.stores, root, pairs)

    async def _judge(self, method: str, params: Mapping[str, Any]) -> bool:
        """False: what is to be restored was not dismissed."""
        root, finding, expires = read_judgement(params)
        if method == "restore":
            return await self.services.restore(root, finding)
        await self.services.dismiss(root, finding, str(params.get("reason") or ""), expires)
        return True


def _asking() -> Callable[..., Any]:
    """Loaded when it is first needed: what argues costs a quarter of a second."""
    from rebuttal.review.again import ask_again

    return ask_again
