"""Errors that the base looked at and the change does not: `if err != nil` gone, `?` gone, `_` in the error's place."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rebuttal.evidence.model import one_line
from rebuttal.evidence.structure.lines import Lines

_GO_IGNORED = re.compile(r"^\s*(?:[\w.\[\], ]*,\s*)?_\s*:?=\s*(?P<call>[\w.]+(?:\[[^\]]*\])?)\(")
_GO_SELF = re.compile(r"^\s*_\s*=\s*(?P<name>\w*[eE]rr)\s*$")
_GO_BARE = re.compile(r"^\s*(?P<whole>(?P<call>[\w.]+)\(.*\))\s*$")
_GO_EMPTY = re.compile(r"^\s*if\s+(?:.*;\s*)?(?P<name>\w*[eE]rr\w*)\s*!=\s*nil\s*\{\s*(?P<end>\})?\s*$")
_GO_EMPTIED = re.compile(r"\bif\b[^\n{]*\berr\w*\s*!=\s*nil\s*\{\s*\}")
_RUST_DROPPED = re.compile(
    r"^\s*(?:let\s+_\s*=\s*(?P<let>[\w:.!]+)(?P<of><[^()]*>)?\s*\(|(?P<ok>[\w:.!]+)\s*\(.*\)\.ok\(\)\s*;)"
)
_SWIFT_TRIED = re.compile(r"(?<![=\w(]\s)(?<![=(])^\s*(?:_\s*=\s*)?try\?\s+(?P<call>[\w.]+)\(")
_PASSED_ON = re.compile(r"\?\s*;|//")
"""Passed on after all, or with a comment that says why not."""


def dropped(lines: Lines) -> Iterator[tuple[int, str]]:
    """The line, and what is wrong there in one sentence."""
    if lines.language == "go":
        yield from _go(lines)
    elif lines.language == "rust":
        yield from _rust(lines)
    elif lines.language == "swift":
        yield from _swift(lines)


def _go(lines: Lines) -> Iterator[tuple[int, str]]:
    for number, match in lines.found("new", _GO_IGNORED):
        call = match["call"]
        if ".(" in lines.new[number] or "//" in lines.new[number] or _is_explained(lines, number):
            continue
        if _was_checked_in_go(lines, number, call):
            name = one_line(call, 60)
            yield number, f"The error of `{name}` was checked, and now it is assigned to `_`: a failure goes unnoticed."
    for number, match in lines.found("new", _GO_BARE):
        call = " ".join(match["whole"].split())
        gone = (" ".join(lines.old[one].split()) for one in lines.hunk("new", number).old_lines)
        if any(re.match(rf"if \w*[eE]rr :?= {re.escape(call)}; \w*[eE]rr != nil", one) for one in gone):
            name = one_line(match["call"], 60)
            yield number, f"The error of `{name}` was checked, and now nobody looks at it: a failure goes unnoticed."
    for number, match in lines.found("new", _GO_SELF):
        name = match["name"]
        hunk = lines.hunk("new", number)
        if any(
            re.search(rf"\bif\b.*\b{name}\s*!=\s*nil|\breturn\b.*\b{name}\b", lines.old[one]) for one in hunk.old_lines
        ):
            yield number, f"`{name}` was looked at, and now it is assigned to `_`: a failure goes unnoticed."
    stood = len(_GO_EMPTIED.findall(lines.diff.old_text or ""))
    for number, match in lines.near("new", _GO_EMPTY):
        after = lines.new[number + 1].strip() if number + 1 < len(lines.new) else ""
        if (match["end"] or after == "}") and len(_GO_EMPTIED.findall(lines.diff.new_text or "")) > stood:
            yield number, f"`{match['name']}` is checked, but nothing is done about it: a failure goes unnoticed."


def _is_explained(lines: Lines, number: int) -> bool:
    """Whether the line above is a comment."""
    return number > 0 and lines.new[number - 1].strip().startswith(("//", "/*", "*"))


def _was_checked_in_go(lines: Lines, number: int, call: str) -> bool:
    """Whether a removed line nearby made the same call and kept its error, which the base looked at."""
    hunk = lines.hunk("new", number)
    kept = re.compile(rf"(?P<name>\b\w*[eE]rr\w*)\s*:?=\s*{re.escape(call)}\(")
    if _was_returned_in_go(lines, number, call):
        return True
    for one in hunk.old_lines:
        match = kept.search(lines.old[one])
        if match is None:
            continue
        looked = re.compile(
            rf"\b{match['name']}\b\s*(?:!=|==)\s*nil|\breturn\b.*\b{match['name']}\b|\(.*\b{match['name']}\b"
        )
        return any(looked.search(line) for line in lines.old[one : one + 4])
    return False


def _was_returned_in_go(lines: Lines, number: int, call: str) -> bool:
    """Whether a removed line gave the call's error to the caller, in a function that has nothing but one to give."""
    function = lines.function("new", number)
    if function is None or not re.match(rf"\s*_\s*=\s*{re.escape(call)}\(", lines.new[number]):
        return False
    header = " ".join(lines.new[function.start_line : function.header_end_line + 1])
    gone = [lines.old[one] for one in lines.hunk("new", number).old_lines]
    return re.search(r"\)\s*error\s*\{", header) is not None and any(
        re.match(rf"\s*return\s+{re.escape(call)}\(.*\)\s*$", line) for line in gone
    )


def _rust(lines: Lines) -> Iterator[tuple[int, str]]:
    for number, match in lines.found("new", _RUST_DROPPED):
        call = match["let"] or match["ok"]
        if _PASSED_ON.search(lines.new[number]) or _is_explained(lines, number):
            continue
        hunk = lines.hunk("new", number)
        before = " ".join(lines.old[one].strip() for one in hunk.old_lines)
        given = match["of"] or ""  # `parse::<A>()` is another call than `parse::<B>()`.
        if re.search(rf"{re.escape(call + given)}\s*[(<][^;]*\)\s*(?:\?|\.unwrap\(\)|\.expect\()", before):
            yield number, f"A failure of `{one_line(call, 60)}` was passed on, and now it is dropped."


def _swift(lines: Lines) -> Iterator[tuple[int, str]]:
    for number, match in lines.found("new", _SWIFT_TRIED):
        call = match["call"]
        hunk = lines.hunk("new", number)
        if any(re.search(rf"\btry!?\s+{re.escape(call)}\(", lines.old[one]) for one in hunk.old_lines):
            yield number, f"A failure of `{one_line(call, 60)}` was passed on, and now it is dropped."
