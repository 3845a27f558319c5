"""Findings that the user does not want: dismissed by id, or by a comment that the base carries.

A comment counts only as it stands in the base: else a change could silence its own review.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping

from attrs import evolve, frozen

from rebuttal.change.model import Change, FileDiff
from rebuttal.findings.model import Finding
from rebuttal.text.positions import LineIndex, git_lines

_DIRECTIVE = re.compile(r"(?:#|//|/\*|--|<!--|;|%)\s*rebuttal:\s*ignore\[([^\]\n]+)\]\s*(\S[^\n]*)")


@frozen
class _Directive:
    rules: frozenset[str]
    text: str

    def covers(self, rule: str) -> bool:
        """`ruff:B006` is covered by itself and by `ruff`."""
        return rule in self.rules or rule.partition(":")[0] in self.rules


def suppress(findings: Iterable[Finding], change: Change, dismissed: Container[str] = ()) -> tuple[Finding, ...]:
    """The findings, those that are dismissed marked so.

    Dismissed is what has its id in `dismissed`, and what stands on a line whose counterpart in the base
    carries `rebuttal: ignore[rule] reason` in a comment, or follows a line that is only such a comment.
    A comment without a reason does not count.
    """
    lines = {diff.path: _ignored_lines(diff) for diff in change.files}
    return tuple(
        evolve(finding, status="dismissed") if finding.id in dismissed or _is_ignored(finding, lines) else finding
        for finding in findings
    )


def _is_ignored(finding: Finding, lines: Mapping[str, Mapping[tuple[str, int], list[_Directive]]]) -> bool:
    at = (finding.side, finding.range.start.line)
    return any(directive.covers(finding.rule) for directive in lines.get(finding.file, {}).get(at, ()))


def _ignored_lines(diff: FileDiff) -> dict[tuple[str, int], list[_Directive]]:
    """Directives by side and LSP line."""
    if diff.old_text is None or "rebuttal:" not in diff.old_text:
        return {}
    old = _directives(diff.old_text)
    lines: dict[tuple[str, int], list[_Directive]] = {}
    for number, directives in old.items():
        lines["old", _lsp_line(diff.old_text, number)] = directives
    if diff.new_text is not None:
        counterparts = _counterparts(diff, old)
        for number, directives in counterparts.items():
            lines["new", _lsp_line(diff.new_text, number)] = directives
    return lines


def _lsp_line(text: str, git_line: int) -> int:
    index = LineIndex(text)
    return index.position(index.git_line_span(git_line)[0]).line


def _directives(text: str) -> dict[int, list[_Directive]]:
    """Directives by the git line that they are about."""
    found: dict[int, list[_Directive]] = {}
    for number, line in enumerate(git_lines(text)):
        match = _DIRECTIVE.search(line)
        if match is None:
            continue
        directive = _Directive(frozenset(rule.strip() for rule in match.group(1).split(",")), match.group(0).strip())
        about = number if line[: match.start()].strip() else number + 1
        found.setdefault(about, []).append(directive)
    return found


def _counterparts(diff: FileDiff, old: Mapping[int, list[_Directive]]) -> dict[int, list[_Directive]]:
    """Directives by the new git line whose counterpart they are about.

    A line outside the hunks has its like. In a hunk lines pair up where both sides have as many; else a
    line that still carries the comment is the one.
    """
    assert diff.new_text is not None
    new_lines = git_lines(diff.new_text)
    found: dict[int, list[_Directive]] = {}
    for number, directives in old.items():
        for line in _new_lines(diff, number, directives, new_lines):
            found.setdefault(line, []).extend(directives)
    return found


def _new_lines(diff: FileDiff, old_line: int, directives: list[_Directive], new_lines: list[str]) -> list[int]:
    shift = 0
    for hunk in sorted(diff.hunks, key=lambda one: (one.old_start, one.new_start)):
        if old_line < hunk.old_start:
            break
        if old_line in hunk.old_lines:
            if hunk.old_count == hunk.new_count:
                return [hunk.new_start + old_line - hunk.old_start]
            return [line for line in hunk.new_lines if any(one.text in new_lines[line] for one in directives)]
        shift += hunk.new_count - hunk.old_count
    return [old_line + shift]
