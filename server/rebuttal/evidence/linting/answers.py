"""What linters print, read into one shape. Each function knows the format of one of them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from rebuttal.evidence.linting.tool import Level, Said, Unreadable
from rebuttal.evidence.model import Completed

_ESLINT_LEVELS: Mapping[int, Level] = {1: "warning", 2: "error"}
_GOLANGCI_PREFIX = re.compile(r"(?P<rule>[A-Z]{1,3}\d{3,5}): ")


def eslint(done: Completed) -> list[Said]:
    """`--format json`. Lines from 1; a message without a rule says that the file could not be parsed."""
    return [
        _said(file["filePath"], one, one.get("ruleId") or "", one["message"], _ESLINT_LEVELS[one["severity"]])
        for file in _list(json.loads(done.stdout))
        for one in file["messages"]
        # "File ignored": the project does not want it linted.
        if one.get("ruleId") or one.get("fatal")
    ]


def biome(done: Completed) -> list[Said]:
    """`--reporter=json` of versions 1.9 and 2."""
    found = []
    for one in _list(json.loads(_object_in(done.stdout))["diagnostics"]):
        level: Level = "error" if one["severity"] in ("error", "fatal") else "warning"
        category = str(one.get("category") or "")
        if category.startswith("lint/"):
            group, _, rule = category.removeprefix("lint/").partition("/")
            path, line, last = _biome_place(one["location"])
            message = one.get("message") or one.get("description") or rule
            found.append(Said(path, line - 1, last - 1, rule, _text(message), level, group))
    return found


def _biome_place(place: Mapping[str, Any]) -> tuple[str, int, int]:
    path = place["path"]
    if isinstance(path, dict):  # 1.9: offsets in bytes, with the text beside them
        source, (start, end) = place["sourceCode"].encode(), place["span"]
        return path["file"], source[:start].count(b"\n") + 1, source[:end].count(b"\n") + 1
    return path, place["start"]["line"], place["end"]["line"]


def mypy(done: Completed) -> list[Said]:
    """`--output json`: one object a line. Notes belong to the error before them."""
    found = []
    for line in done.stdout.splitlines():
        if not line.startswith("{"):
            continue
        one = json.loads(line)
        if one["severity"] == "error":
            found.append(_said(one["file"], one, one["code"] or "", one["message"], "error"))
    if done.stdout.strip() and not found and "{" not in done.stdout and "Success" not in done.stdout:
        raise Unreadable
    return found


def pyright(done: Completed) -> list[Said]:
    """`--outputjson`. Lines from 0."""
    return [
        Said(
            one["file"],
            one["range"]["start"]["line"],
            one["range"]["end"]["line"],
            one.get("rule") or "",
            _text(one["message"].splitlines()[0]),
            "error",
        )
        for one in _list(json.loads(_object_in(done.stdout))["generalDiagnostics"])
        if one["severity"] == "error" and "range" in one
    ]


def bandit(done: Completed) -> list[Said]:
    """`-f json`. What cannot be parsed is among `errors`."""
    answer = json.loads(_object_in(done.stdout))
    found = [
        Said(
            one["filename"],
            one["line_number"] - 1,
            max(one["line_range"][-1:] or [one["line_number"]]) - 1,
            one["test_id"],
            _text(one["issue_text"]),
            "error" if one["issue_severity"] == "HIGH" else "warning" if one["issue_severity"] == "MEDIUM" else "info",
            one["issue_confidence"],
        )
        for one in _list(answer["results"])
    ]
    return found + [Said(one["filename"], 0, 0, "", _text(one["reason"])) for one in _list(answer["errors"])]


def semgrep(done: Completed) -> list[Said]:
    """`--json`. The rule's name is the last part of its id, which begins with the folders of its file."""
    levels: dict[str, Level] = {"ERROR": "error", "HIGH": "error", "CRITICAL": "error", "INFO": "info", "LOW": "info"}
    return [
        Said(
            one["path"],
            one["start"]["line"] - 1,
            one["end"]["line"] - 1,
            one["check_id"].rpartition(".")[2],
            _text(one["extra"]["message"]),
            levels.get(one["extra"]["severity"], "warning"),
            str((one["extra"].get("metadata") or {}).get("category") or ""),
        )
        for one in _list(json.loads(_object_in(done.stdout))["results"])
    ]


def shellcheck(done: Completed) -> list[Said]:
    """`-f json1`."""
    levels: dict[str, Level] = {"error": "error", "warning": "warning"}
    return [
        Said(
            one["file"],
            one["line"] - 1,
            one["endLine"] - 1,
            f"SC{one['code']}",
            _text(one["message"]),
            levels.get(one["level"], "info"),
        )
        for one in _list(json.loads(done.stdout)["comments"])
    ]


def hadolint(done: Completed) -> list[Said]:
    """`--format json`. DL1000 says that the file could not be parsed."""
    levels: dict[str, Level] = {"error": "error", "warning": "warning"}
    return [
        Said(
            one["file"],
            max(one["line"], 1) - 1,
            max(one["line"], 1) - 1,
            "" if one["code"] == "DL1000" else one["code"],
            _text(one["message"]),
            levels.get(one["level"], "info"),
        )
        for one in _list(json.loads(done.stdout))
    ]


def golangci(done: Completed) -> list[Said]:
    """`--output.json.path stdout` (version 2) or `--out-format json` (1). The linter is the kind; its own code,
    where the message begins with one, the rule."""
    found = []
    for one in _list(json.loads(_object_in(done.stdout))["Issues"] or []):
        place, linter, text = one["Pos"], one["FromLinter"], _text(one["Text"])
        own = _GOLANGCI_PREFIX.match(text)
        span = one.get("LineRange") or {}
        last = max(span.get("To") or place["Line"], place["Line"])
        rule = own["rule"] if own else linter
        found.append(Said(place["Filename"], place["Line"] - 1, last - 1, rule, text, "error", linter))
    return found


def clippy(done: Completed) -> list[Said]:
    """cargo's `--message-format json`: one object a line. Only what the compiler says of a place in a file."""
    found, read = [], False
    for line in done.stdout.splitlines():
        if not line.startswith("{"):
            continue
        given = json.loads(line)
        read = True
        if given["reason"] != "compiler-message":
            continue
        message = given["message"]
        spans = [span for span in message["spans"] if span["is_primary"]]
        code = (message.get("code") or {}).get("code") or ""
        if spans and code and message["level"] in ("error", "warning"):
            rule = code.removeprefix("clippy::")
            kind = "clippy" if code.startswith("clippy::") else "rustc"
            span = spans[0]
            place = (span["file_name"], span["line_start"] - 1, span["line_end"] - 1)
            found.append(Said(*place, rule, _text(message["message"]), message["level"], kind))
    if not read:
        raise Unreadable
    return found


def _said(path: str, one: Mapping[str, Any], rule: str, message: str, level: Level) -> Said:
    first = max(one.get("line") or 1, 1)
    last = max(one.get("endLine") or one.get("end_line") or first, first)
    return Said(path, first - 1, last - 1, rule, _text(message), level)


def _object_in(output: str) -> str:
    """The JSON object in an output before and after which there may be lines for people."""
    start, end = output.find("{"), output.rfind("}")
    if start < 0 or end < start:
        raise Unreadable
    return output[start : end + 1]


def _list(given: Any) -> list[Any]:
    if not isinstance(given, list):
        raise Unreadable
    return given


def _text(message: Any) -> str:
    """A message on one line, not endless."""
    return " ".join(str(message).split())[:400]
