"""A TODO that stays although the change does what it asks for.

Told only where the text shows it: the stub beside the TODO is replaced; code that the TODO names for the same function
comes with the change, or goes with it; the changelog names the very issue that the TODO waits for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from attrs import frozen

from rebuttal.change.model import FileDiff
from rebuttal.evidence.model import Fact, Material, one_line
from rebuttal.evidence.rules import Rule
from rebuttal.evidence.seats import CODE
from rebuttal.evidence.upkeep.functions import functions
from rebuttal.text.languages import language_of
from rebuttal.text.model import Symbol

TODO = Rule(
    "upkeep:todo",
    "A TODO that the change resolves is still there",
    "A note about work that is done sends the next reader looking for it.",
    "low",
    "documentation",
    CODE,
    "likely",
    # On though no case of it is labelled: 3,000 real commits hold none, so that it makes no noise either.
)
RULES = (TODO,)
_NEAR = 8
"""Lines around a TODO in which what it asks for must come."""
_MARK = re.compile(r"(?:#|//|/\*|^\s*\*|--|<!--)\s*@?(?:TODO|FIXME)\b[:\s]*(?:\([^)]*\))?[:\s-]*(.*)", re.IGNORECASE)
_COMMENT = re.compile(r"^\s*(?:#(?!\[|include|define|if|el|end)|//|/?\*)\s?(.*)")
_STUB = re.compile(
    r"^\s*(?:pass|\.\.\.|return|return\s+(?:None|null|nil|false|False)\s*;?|raise\s+NotImplementedError\b.*"
    r"|throw\s+new\s+(?:\w*NotImplemented\w*|UnsupportedOperation\w*)\b.*"
    r"|(?:throw\s+new\s+Error|panic|raise)\b.*not (?:yet )?(?:implemented|supported).*|(?:todo|unimplemented)!\(.*)"
    r"\s*\Z",
    re.IGNORECASE,
)
_SURE_STUB = re.compile(
    r"NotImplemented|UnsupportedOperation|not (?:yet )?implemented|todo!|unimplemented!", re.IGNORECASE
)
_ASKS = re.compile(
    r"^\W*(?:implement|write|fill|finish|complete|add (?:the )?(?:implementation|body))\b", re.IGNORECASE
)
_COMES = re.compile(
    r"\b(?:use|call|add|switch to|replace (?:this |it )?(?:with|by)|migrate to|convert to|move to|check|handle)"
    r"\s+"
    r"(?:the |a |an )?[`'\"]?([A-Za-z_$][\w$]*(?:(?:\.|::|->)\w+)*)(\(\))?[`'\"]?",
    re.IGNORECASE,
)
_GOES = re.compile(
    r"\b(?:remove|drop|get rid of|stop using|replace)\s+(?:the |this |use of |call to )*[`'\"]?"
    r"([A-Za-z_$][\w$]*(?:(?:\.|::|->)\w+)*)(\(\))?[`'\"]?",
    re.IGNORECASE,
)
_LATER = re.compile(
    r"\b(?:when|once|after|until|if|unless|in (?:the )?(?:next|v?\d)|someday|maybe)\b|\?", re.IGNORECASE
)
_CODE_LIKE = re.compile(r"_|\.|::|->|[a-z][A-Z]")
_CHANGELOG = re.compile(
    r"(?:^|/)(?:changes|changelog|history|news|release[-_]?notes|whats[-_]?new)[^/]*\Z", re.IGNORECASE
)
_FRAGMENT = re.compile(r"(?:^|/)(?:changes|changelog|news(?:fragments)?)(?:\.d)?/(\d{2,6})\.(?:bug|fix|feat|enh|misc)")
_ISSUE = re.compile(r"(?:(?<![\w&])#|\bGH-?|/issues/)(\d{2,6})\b", re.IGNORECASE)


@frozen
class _Note:
    """A TODO with the lines of comment that go on from it."""

    first: int
    last: int
    text: str
    issues: frozenset[str]
    """Numbers that it names, those in the parentheses after the mark too."""


def check(material: Material) -> Iterator[Fact]:
    """One fact for each TODO, at most once."""
    for diff in material.files:
        if language_of(diff.path) is None or not diff.new_text or not diff.old_text or not diff.added_lines:
            continue
        if re.search(r"\b(?:TODO|FIXME)\b", diff.new_text, re.IGNORECASE):
            yield from _done(material, diff)
    yield from _fixed(material)


def _notes(lines: list[str], skip: frozenset[int]) -> Iterator[_Note]:
    number = 0
    while number < len(lines):
        match = _MARK.search(lines[number]) if len(lines[number]) < 400 and number not in skip else None
        first, number = number, number + 1
        if match is None:
            continue
        words, whole = [match[1]], [match[0]]
        while number < len(lines) and number - first < 4 and (more := _COMMENT.match(lines[number])):
            if _MARK.search(lines[number]) or not more[1].strip():
                break
            words.append(more[1])
            whole.append(more[1])
            number += 1
        issues = frozenset(one[1] for one in _ISSUE.finditer(" ".join(whole)))
        yield _Note(first, number - 1, " ".join(words), issues)


def _done(material: Material, diff: FileDiff) -> Iterator[Fact]:
    lines, added = (diff.new_text or "").split("\n"), diff.added_lines
    old = (diff.old_text or "").split("\n")
    held = None
    for note in _notes(lines, added):
        near = [line for line in range(note.first - _NEAR, note.last + _NEAR + 1) if line in added]
        if not near or lines[note.first] not in old:
            continue
        held = held if held is not None else functions(material, diff, "new")
        around = [one for one in held if one.start_line <= note.first <= one.end_line]
        function = min(around, key=lambda one: one.end_line - one.start_line, default=None)
        why = function and _why(material, diff, note, function, near)
        if why and material.in_scope(diff, near):
            yield TODO.fact(
                diff, note.first, note.last, f'The change {why}, and "{one_line(_said(note), 60)}" is still said here.'
            )


def _said(note: _Note) -> str:
    return note.text.strip(" */->")


def _why(material: Material, diff: FileDiff, note: _Note, function: Symbol, near: list[int]) -> str | None:
    """What the change does of that which the note asks for."""
    lines = (diff.new_text or "").split("\n")
    inside = [line for line in near if function.start_line <= line <= function.end_line]
    came = "\n".join(lines[line] for line in inside if not _COMMENT.match(lines[line]))
    old = next((one for one in functions(material, diff, "old") if one.qualified == function.qualified), None)
    if not came.strip() or old is None:
        return None
    stood = (diff.old_text or "").split("\n")[old.start_line : old.end_line + 1]
    if _stub_replaced(diff, note, lines, stood):
        return "replaces the stub below this note"
    now = lines[function.start_line : function.end_line + 1]
    return None if _LATER.search(note.text) else _named_work(note.text, _code(stood), _code(now), came)


def _code(lines: list[str]) -> str:
    return "\n".join(line for line in lines if not _COMMENT.match(line) and not _MARK.search(line))


def _named_work(text: str, stood: str, now: str, came: str) -> str | None:
    """What a note names in code and the function gained, or names and the function lost."""
    for match in _COMES.finditer(text):
        if _is_code(match) and not _holds(stood, match[1]) and _holds(came, match[1]):
            return f"brings in {one_line(match[1], 40)}"
    for match in _GOES.finditer(text):
        if _is_code(match) and _holds(stood, match[1]) and not _holds(now, match[1]):
            return f"takes out {one_line(match[1], 40)}"
    return None


def _is_code(match: re.Match[str]) -> bool:
    return bool(match[2] or _CODE_LIKE.search(match[1])) and len(match[1]) > 3


def _holds(text: str, name: str) -> bool:
    return bool(re.search(rf"(?<![\w$]){re.escape(name)}(?![\w$])", text))


def _stub_replaced(diff: FileDiff, note: _Note, lines: list[str], stood: list[str]) -> bool:
    """Whether a stub followed the note in the base, and code that the change adds follows it now."""
    place = next((number for number, line in enumerate(stood) if line == lines[note.last]), None)
    if place is None or place + 1 >= len(stood) or note.last + 1 >= len(lines):
        return False
    stub, now = stood[place + 1], lines[note.last + 1]
    if not _STUB.match(stub) or note.last + 1 not in diff.added_lines or _STUB.match(now) or not now.strip():
        return False
    return bool(_SURE_STUB.search(stub) or _ASKS.match(note.text))


def _fixed(material: Material) -> Iterator[Fact]:
    """TODOs of the changed files that wait for an issue which the change's own changelog names."""
    issues = _issues(material)
    for diff in material.files if issues else ():
        text = diff.new_text or ""
        if language_of(diff.path) is None or not any(issue in text for issue in issues):
            continue
        for note in _notes(text.split("\n"), diff.added_lines):
            named = min(note.issues & issues, default=None)
            if named and not _LATER.search(note.text) and material.in_scope(diff, range(note.first, note.last + 1)):
                yield TODO.fact(
                    diff,
                    note.first,
                    note.last,
                    f"The changelog of this change names #{named}, for which this note waits: "
                    f'"{one_line(_said(note), 60)}".',
                )


def _issues(material: Material) -> set[str]:
    found: set[str] = set()
    for diff in material.change.files:
        if (match := _FRAGMENT.search(diff.path)) and diff.status == "added":
            found.add(match[1])
        if diff.new_text and diff.added_lines and _CHANGELOG.search(diff.path) and language_of(diff.path) is None:
            lines = diff.new_text.split("\n")
            for line in list(diff.added_lines)[:200]:
                found.update(match[1] for match in _ISSUE.finditer(lines[line]) if line < len(lines))
    return found
