"""What the last reviews of a repository found: open, held back, dismissed. For `rebuttal findings`.

Kept in the user's own file, redacted, without fixes and traces: enough to see what is left to do. Best effort: no
review fails because of it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from rebuttal.change.identity import repository_id
from rebuttal.change.model import ChangeError
from rebuttal.findings.model import Finding, FindingStatus, Related
from rebuttal.findings.wire import WireError, finding_from_json, finding_to_json
from rebuttal.review.fates import WITHDRAWN
from rebuttal.review.request import Request, Result
from rebuttal.review.threads import in_thread
from rebuttal.store.last_findings import Kind, LastFindings, Listed
from rebuttal.store.model import BRIEF, StoreError

if TYPE_CHECKING:
    from rebuttal.review.parts import Memory
    from rebuttal.review.services import Services
    from rebuttal.store.verdicts import Dismissal

log = logging.getLogger(__name__)


@frozen
class Source:
    """A review that findings are listed of."""

    scope: str
    kind: Kind
    at: datetime


@frozen
class Listing:
    """What is known of a repository's findings, each finding once and as it stands now."""

    sources: tuple[Source, ...]
    findings: tuple[Finding, ...]
    """Open, held back, dismissed and fixed ones: by their status."""
    dismissals: Mapping[str, Dismissal]
    """By finding, also of those that no kept review has."""


async def keep(request: Request, services: Services, memory: Memory | None, result: Result) -> None:
    """Keep what this review found in the place of what the last one of its scope did. Raises nothing."""
    report = result.report
    if memory is None or request.replay is not None or not request.counts:
        return
    try:
        dismissed = await services.dismissed(result.root)

        def texts() -> dict[Kind, str]:
            found = [_as_found(one, dismissed) for one in (*report.findings, *report.held_back)]
            debated = report.panel != "static" and report.not_spent in (None, "cap")
            kinds: tuple[Kind, ...] = ("static", "debate") if debated else ("static",)
            return {kind: _written([one for one in found if one.source == kind]) for kind in kinds}

        kept = LastFindings(await services.stores.own_at_hand(), patience=BRIEF)
        await kept.keep(repository_id(result.root), memory.scope, str(report.scope), await in_thread(texts))
    except (StoreError, ChangeError) as error:
        log.info("the findings are not kept: %s", error)
    except Exception as error:
        # Of an unforeseen error only the kind: its message may hold code.
        log.warning("the findings are not kept: %s", type(error).__name__)


async def listed(services: Services, root: Path, scope: str | None = None, *, everything: bool = False) -> Listing:
    """The findings of the last review, of the last one of `scope`, or of all scopes that are kept. Raises StoreError,
    ChangeError."""
    kept = await LastFindings(await services.stores.own()).of(repository_id(root))
    dismissed = await services.dismissed(root)
    fates, repository = await services.fates(), services.repository(root)
    fixed, withdrawn = await fates.accepted(repository), await fates.dismissed_for(repository, WITHDRAWN)
    chosen = _chosen(kept, scope, everything=everything)
    found: dict[str, Finding] = {}
    for one in chosen:
        for finding in _read(one.text):
            found.setdefault(finding.id, evolve(finding, status=_status(finding, dismissed, fixed, withdrawn)))
    sources = tuple(Source(one.title, one.kind, one.at) for one in chosen)
    return Listing(sources, tuple(found.values()), dismissed)


def _chosen(kept: Iterable[Listed], scope: str | None, *, everything: bool) -> list[Listed]:
    """Of each scope that is asked for the newest review: another branch's of the same name is an older one."""
    newest: dict[str, str] = {}
    for one in kept:
        newest.setdefault(one.title, one.scope)
    if not everything:
        wanted = scope or next(iter(newest), "")
        newest = {title: digest for title, digest in newest.items() if title == wanted}
    return [one for one in kept if newest.get(one.title) == one.scope]


def _status(
    finding: Finding, dismissed: Mapping[str, Any], fixed: frozenset[str], withdrawn: frozenset[str]
) -> FindingStatus:
    if finding.id in dismissed:
        return "dismissed"
    if finding.id in withdrawn:
        return "held_back"
    return "fixed" if finding.id in fixed else finding.status


def _as_found(finding: Finding, dismissed: Mapping[str, Any]) -> Finding:
    """Without the user's dismissal, which may be taken back; one by a comment in the code stays."""
    return evolve(finding, status="open") if finding.status == "dismissed" and finding.id in dismissed else finding


def _written(findings: Iterable[Finding]) -> str:
    from rebuttal.text.redaction import Redactor

    redactor = Redactor()

    def clean(text: str, file: str) -> str:
        return redactor.redact(text, file).text

    def kept(one: Finding) -> Finding:
        # The line of a secret is the secret: it is not written down at all.
        quote = "" if one.rule.startswith("secrets:") else clean(one.quote, one.file)
        related = tuple(Related(it.file, it.range, redactor.redact_names(it.message)) for it in one.related)
        title, message = redactor.redact_names(one.title), redactor.redact_names(one.message)
        return evolve(one, quote=quote, title=title, message=message, related=related, fix=None, trace=())

    return json.dumps([finding_to_json(kept(one)) for one in findings], ensure_ascii=False, separators=(",", ":"))


def _read(text: str) -> list[Finding]:
    try:
        return [finding_from_json(one) for one in json.loads(text)]
    except (WireError, ValueError):
        return []  # of another version of Rebuttal
