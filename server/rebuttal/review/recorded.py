"""What a recording says of the review that it is of, and whether a replay came to the same (docs/recordings.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from attrs import evolve

from rebuttal import __version__
from rebuttal.findings.model import Finding
from rebuttal.findings.report import Degraded
from rebuttal.review.threads import in_thread
from rebuttal.settings import Settings
from rebuttal.text.hidden import written_out
from rebuttal.text.words import counted

if TYPE_CHECKING:
    from rebuttal.debate.model import Brief
    from rebuttal.review.parts import Parts
    from rebuttal.review.request import Request, Result
    from rebuttal.review.services import Services

_STEERING = ("max_cost", "minimum_severity", "max_findings", "context_tokens", "fallback")
"""Settings that a debate goes by, besides those that have a name of their own."""
_TOLD = 3
"""Findings that are named where a replay came to others."""


def about(settings: Settings, parts: Parts, brief: Brief) -> dict[str, Any]:
    """What is reviewed, by whom and how: the first line of a recording."""
    from rebuttal.debate.prompts import prompts_version
    from rebuttal.review.means import means_to_json

    return {
        "rebuttal": __version__,
        "prompts": prompts_version(parts.own.version if parts.own is not None else ""),
        "scope": parts.change.scope.kind,
        "panel": brief.panel,
        "protocol": brief.protocol,
        "profile": brief.profile,
        "rounds": brief.rounds,
        "means": means_to_json(brief.means),
        "seats": [seat.id for seat in brief.seats],
        "doubtful": sorted(brief.doubtful),
        "kinds": [kind.id for kind in brief.kinds],
        "models": {"haiku": settings.model_haiku, "sonnet": settings.model_sonnet, "opus": settings.model_opus},
        "settings": {name: getattr(settings, name) for name in _STEERING},
    }


def names(brief: Brief) -> tuple[str, ...]:
    """Of all files that the panel may read of, each once."""
    changed = (name for diff in brief.change.files for name in (diff.path, diff.old_path) if name)
    return tuple(dict.fromkeys((*changed, *(one.file for one in brief.context.exhibits))))


def came_to(result: Result) -> dict[str, Any]:
    """What a debate came to, as far as two of them can be compared: the last line of a recording."""
    report, outcome = result.report, result.outcome
    return {
        "findings": _listed(one for one in report.findings if one.source == "debate"),
        "held_back": _listed(report.held_back),
        "degraded": [{"seat": one.seat, "phase": one.phase} for one in (outcome.degraded if outcome else ())],
        "stopped_by": outcome.stopped_by.kind if outcome and outcome.stopped_by else None,
        "ended": outcome.ended.by if outcome and outcome.ended else None,
    }


def _listed(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    return [{"id": one.id, "verdict": one.verdict, "severity": one.severity, "title": one.title} for one in findings]


async def finished(request: Request, services: Services, result: Result) -> Result:
    """The result of a review that was recorded or replayed: the recording is whole, and how the replay went is told."""
    recording, replay = services.recording, services.replay
    # The next review of these services may hold no debate, and is none that this recording is of.
    services.recording = services.replay = None
    if recording is not None:
        await in_thread(lambda: recording.finish(came_to(result)))
        result = _with_problem(result, recording.problem)
    if replay is not None:
        said = compared(replay.outcome, came_to(result))
        result = evolve(result, replayed="\n".join(filter(None, (said, replay.difference))))
    return result


def _with_problem(result: Result, problem: str | None) -> Result:
    if problem is None or any(one.seat == "recording" for one in result.report.degraded):
        return result
    one = Degraded("recording", "debate", problem)
    return evolve(result, report=evolve(result.report, degraded=(*result.report.degraded, one)))


def compared(recorded: Mapping[str, Any] | None, now: Mapping[str, Any]) -> str:
    """Whether a replay came to what was recorded, in one sentence."""
    from rebuttal.speakers.recordings.replay import breaks_off

    if recorded is None or breaks_off(recorded):
        return "the recording breaks off, so whether the replay came to the same cannot be told"
    then_found, now_found = (_by_id(one) for one in (recorded, now))
    missing = [title for id_, (title, _) in then_found.items() if id_ not in now_found]
    added = [title for id_, (title, _) in now_found.items() if id_ not in then_found]
    other = [title for id_, (title, what) in now_found.items() if id_ in then_found and then_found[id_][1] != what]
    parts = [("missing", missing), ("new", added), ("with another verdict", other)]
    told = [f"{counted(len(ones), 'finding')} {what} ({_named(ones)})" for what, ones in parts if ones]
    if recorded.get("degraded", []) != now["degraded"]:
        told.append("other seats failed")
    if told:
        return f"the replay did not come to what was recorded: {'; '.join(told)}"
    return f"the replay came to what was recorded: {counted(len(now['findings']), 'finding')} of the debate"


def _by_id(outcome: Mapping[str, Any]) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Finding id -> its title, and what became of it. Of a file that others have written: it may hold anything."""
    listed = ((name, one) for name in ("findings", "held_back") for one in _list(outcome.get(name)))
    return {
        str(one.get("id")): (str(one.get("title", "")), (name, str(one.get("verdict")), str(one.get("severity"))))
        for name, one in listed
        if isinstance(one, Mapping)
    }


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _named(titles: list[str]) -> str:
    shown = ", ".join(f"“{written_out(title)}”" for title in titles[:_TOLD])
    return shown if len(titles) <= _TOLD else f"{shown} and {len(titles) - _TOLD} more"
