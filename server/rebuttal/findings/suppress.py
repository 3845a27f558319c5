"""Findings that the user does not want: dismissed by id, or by a comment that the base carries.

A comment counts only as it stands in the base: else a change could silence its own review.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping

from attrs import evolve, frozen

from rebuttal.change.model import Change, FileDiff
from rebuttal.findings.model import Finding
from rebuttal.text.positions import LineIndex, git_lines

_PATTERN = re.compile(r"(?:#|//|/\*|--|<!--|;|%)\s*rebuttal:\s*ignore\[([^\]\n]+)\]\s*(\S[^\n]*)")


@frozen
class Directive:
    """A comment that dismisses findings of some rules."""

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


def own_directives(diff: FileDiff) -> Iterator[tuple[int, int, Directive]]:
    """The comments that the change itself brings, each with its git line and the one it is about: they do not count."""
    if diff.new_text is None or "rebuttal:" not in diff.new_text:
        return
    old = [] if diff.old_text is None else git_lines(diff.old_text)
    lines = git_lines(diff.new_text)
    for hunk in diff.hunks:
        stood = "".join(old[line] for line in hunk.old_lines)
        for number in hunk.new_lines:
            found = _directive(lines[number])
            if found is not None and found[0].text not in stood:
                yield number, number + found[1], found[0]


def _is_ignored(finding: Finding, lines: Mapping[str, Mapping[tuple[str, int], list[Directive]]]) -> bool:
    at = (finding.side, finding.range.start.line)
    # One that has its cell counts in a notebook's file, not in the text that carries comments.
    return finding.cell is None and any(
        directive.covers(finding.rule) for directive in lines.get(finding.file, {}).get(at, ())
    )


def _ignored_lines(diff: FileDiff) -> dict[tuple[str, int], list[Directive]]:
    """Directives by side and LSP line."""
    if diff.old_text is None or "rebuttal:" not in diff.old_text:
        return {}
    old = _directives(diff.old_text)
    lines: dict[tuple[str, int], list[Directive]] = {}
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


def _directives(text: str) -> dict[int, list[Directive]]:
    """Directives by the git line that they are about."""
    found: dict[int, list[Directive]] = {}
    for number, line in enumerate(git_lines(text)):
        match = _directive(line)
        if match is not None:
            found.setdefault(number + match[1], []).append(match[0])
    return found


def _directive(line: str) -> tuple[Directive, int] | None:
    """The comment on a line, and how many lines below the one stands that it is about."""
    match = _PATTERN.search(line)
    if match is None:
        return None
    rules = frozenset(rule.strip() for rule in match.group(1).split(","))
    return Directive(rules, match.group(0).strip()), 0 if line[: match.start()].strip() else 1


def _counterparts(diff: FileDiff, old: Mapping[int, list[Directive]]) -> dict[int, list[Directive]]:
    """Directives by the new git line whose counterpart they are about.

    A line outside the hunks has its like. In a hunk lines pair up where both sides have as many; else a
    line that still carries the comment is the one.
    """
    assert diff.new_text is not None
    new_lines = git_lines(diff.new_text)
    found: dict[int, list[Directive]] = {}
    for number, directives in old.items():
        for line in _new_lines(diff, number, directives, new_lines):
            found.setdefault(line, []).extend(directives)
    return found


def _new_lines(diff: FileDiff, old_line: int, directives: list[Directive], new_lines: list[str]) -> list[int]:
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
