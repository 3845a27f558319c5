"""What the editor's server asks for, read from JSON: what cannot be meant is refused in a sentence or left out."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from attrs import evolve

from rebuttal.change.scope import parse_scope
from rebuttal.context.model import ToolDiagnostic, ToolSeverity
from rebuttal.review.open_notebooks import notebook_buffers, read_cells
from rebuttal.review.request import Request, UsageError
from rebuttal.settings import Settings, narrow, widen

log = logging.getLogger("rebuttal.worker")

OPEN_FILES = 20
DIAGNOSTICS = 400
"""How many of an editor's open files and of other tools' diagnostics a request may name; the rest is not read."""
_SEVERITY: Mapping[Any, ToolSeverity] = {1: "error", 2: "warning", 3: "information", 4: "hint"}


def narrowed(settings: Settings, params: Mapping[str, Any]) -> Settings:
    """The user's settings as the editor narrows them. What it gives wrongly is left out, and in the log."""
    settings, problems = narrow(settings, params.get("settings") or {}, "editor")
    for problem in problems:
        log.warning(problem.message)
    return evolve(settings, trusted=(*settings.trusted, *trusted(params)))


def request_of(settings: Settings, params: Mapping[str, Any]) -> Request:
    """The review that is asked for. Raises UsageError and ChangeError; reads notebooks, so not for an event loop."""
    settings = narrowed(settings, params)
    chosen = {key: params[key] for key in ("panel", "profile", "protocol") if params.get(key)}
    settings, problems = widen(settings, chosen, "command")
    if problems:
        raise UsageError(problems[0].message)
    if not isinstance(params.get("root"), str):
        raise UsageError("a request names its repository: root")
    only = params.get("only")
    return Request(
        where=Path(params["root"]),
        settings=settings,
        scope=parse_scope(params.get("scope") or "working"),
        base=params.get("base"),
        include_working=bool(params.get("include_working")),
        buffers={**dict(params.get("buffers") or {}), **notebook_buffers(read_cells(params.get("notebooks")))},
        only_lines={only["file"]: range(only["start_line"], only["end_line"] + 1)} if only else {},
        open_files=read_open_files(params.get("open_files")),
        diagnostics=read_diagnostics(params.get("diagnostics")),
        urgency="save" if params.get("origin") in ("save", "commit") else "command",
        price_without_key=chosen.get("panel") != "static",
    )


def trusted(params: Mapping[str, Any]) -> tuple[str, ...]:
    """Folders that the user trusts because the editor has them open; the server tells it only where it was told so."""
    given = params.get("trusted")
    return tuple(one for one in given if isinstance(one, str) and one) if isinstance(given, list) else ()


def read_saved(params: Mapping[str, Any]) -> tuple[Path, str, list[str]]:
    """Root, file, and the findings in it."""
    root, file, findings = (params.get(key) for key in ("root", "file", "findings"))
    named = isinstance(findings, list) and all(isinstance(one, str) for one in findings)
    if not isinstance(root, str) or not isinstance(file, str) or not named:
        raise UsageError("a saved file is named by root and file, with the findings in it")
    return Path(root), file, findings or []


def read_renames(params: Mapping[str, Any]) -> tuple[Path, list[tuple[str, str]]]:
    """Root, and what files and folders were and are called."""
    root, files = params.get("root"), params.get("files")
    pairs = [tuple(one) for one in files if isinstance(one, list)] if isinstance(files, list) else []
    named = all(len(one) == 2 and all(isinstance(name, str) and name for name in one) for one in pairs)
    if not isinstance(root, str) or not pairs or not named:
        raise UsageError("renamed files are named by root and files: pairs of what they were and are called")
    return Path(root), [(old, new) for old, new in pairs]


def read_judgement(params: Mapping[str, Any]) -> tuple[Path, str, datetime | None]:
    """Root, finding, and until when it is dismissed."""
    try:
        root, finding = Path(params["root"]), str(params["finding"])
        # A time without a zone is the user's own.
        expires = datetime.fromisoformat(params["expires"]).astimezone() if params.get("expires") else None
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"a finding is named by root and id, and expires at a date of ISO 8601 ({error})") from None
    return root, finding, expires


def read_open_files(given: Any) -> tuple[str, ...]:
    """The editor's open files, the latest used first; what is no path is left out."""
    paths = [one for one in given if isinstance(one, str) and one] if isinstance(given, list) else []
    return tuple(dict.fromkeys(paths))[:OPEN_FILES]


def read_diagnostics(given: Any) -> tuple[ToolDiagnostic, ...]:
    """What other tools show in the editor; what cannot be read is left out."""
    found = [_diagnostic(one) for one in (given[:DIAGNOSTICS] if isinstance(given, list) else [])]
    return tuple(one for one in found if one is not None)


def _diagnostic(given: Any) -> ToolDiagnostic | None:
    if not isinstance(given, Mapping):
        return None
    file, line, quote, message = (given.get(key) for key in ("file", "line", "quote", "message"))
    if not isinstance(file, str) or not isinstance(line, int) or not isinstance(message, str) or line < 0:
        return None
    return ToolDiagnostic(
        file=file,
        line=line,
        quote=quote if isinstance(quote, str) else None,
        severity=_SEVERITY.get(given.get("severity"), "information"),
        tool=str(given.get("tool") or ""),
        rule=str(given.get("rule") or ""),
        message=message,
    )
