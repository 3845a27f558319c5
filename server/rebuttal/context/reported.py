"""What other tools show on the changed lines, as facts for the panel.

An editor passes them on. They are text of others about text that may have moved on since, so a diagnostic counts only
where the line that it was about is still there, and is redacted and quoted as everything that is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rebuttal.change.model import Change, FileDiff
from rebuttal.context.model import Exhibit, ToolDiagnostic, ToolFact
from rebuttal.text.positions import LineIndex, Position, Range, git_lines
from rebuttal.text.redaction import Redactor

MOST = 50
"""Facts of one review."""
NEAR = 3
"""Lines on both sides of a changed one that count as near (what `git diff` shows around a change)."""
LONGEST = 300
"""Characters of a message or a line."""
LONGEST_NAME = 80
"""Characters of a rule; half of it for a tool."""
PROSE = "COMMIT_EDITMSG"
"""As what kind of file a message is searched for secrets."""

_RANK = {"error": 0, "warning": 1, "information": 2, "hint": 3}


def relevant(diagnostics: Iterable[ToolDiagnostic], change: Change) -> tuple[ToolDiagnostic, ...]:
    """Those on or near changed lines, at the line where their own now stands; errors first, at most MOST.

    A diagnostic without its line speaks of the file on disk: it says nothing of a change that ends elsewhere.
    """
    on_disk = change.head == "work tree"
    by_file: dict[str, list[ToolDiagnostic]] = {}
    for one in diagnostics:
        if one.quote is not None or on_disk:
            by_file.setdefault(one.file, []).append(one)
    found = (one for diff in change.files for one in _near(diff, by_file.get(diff.path, ())))
    return tuple(sorted(set(found), key=_order)[:MOST])


def tool_facts(
    diagnostics: Iterable[ToolDiagnostic], exhibits: Iterable[Exhibit], redactor: Redactor
) -> tuple[ToolFact, ...]:
    """Relevant diagnostics as they are shown, by file and line. What is not shown of the change has none."""
    new = {one.file: one for one in exhibits if one.side == "new"}
    facts = [_fact(one, new[one.file], redactor) for one in diagnostics if one.file in new]
    return tuple(sorted(facts, key=lambda one: (one.file, one.line, one.tool, one.rule, one.message)))


def _order(one: ToolDiagnostic) -> tuple[int, str, int, str, str, str]:
    return (_RANK[one.severity], one.file, one.line, one.tool, one.rule, one.message)


def _near(diff: FileDiff, given: Sequence[ToolDiagnostic]) -> Iterator[ToolDiagnostic]:
    if not given or diff.new_text is None:
        return
    index = LineIndex(diff.new_text)
    near = {
        line
        for hunk in diff.hunks
        for line in range(hunk.new_start - NEAR, hunk.new_start + max(hunk.new_count, 1) + NEAR)
    }
    for one in given:
        line = _standing(one, index)
        if line is not None and _git_line(index, line) in near:
            yield one.at(line)


def _standing(one: ToolDiagnostic, index: LineIndex) -> int | None:
    """The LSP line where the diagnostic's own now stands: where it was, else the only place it can have moved to."""
    if one.quote is None or _text(index, one.line) == one.quote.strip():
        return one.line
    wanted = one.quote.strip()
    lines = git_lines(index.text) if wanted else []
    places = [number for number, text in enumerate(lines) if text.strip() == wanted]
    return index.position(index.git_line_span(places[0])[0]).line if len(places) == 1 else None


def _text(index: LineIndex, line: int) -> str:
    return index.slice(Range(Position(line, 0), Position(line + 1, 0))).strip()


def _git_line(index: LineIndex, line: int) -> int:
    return index.git_line_of(index.offset(Position(line, 0)))


def _fact(one: ToolDiagnostic, exhibit: Exhibit, redactor: Redactor) -> ToolFact:
    lines = git_lines(exhibit.redacted)
    number = _git_line(LineIndex(exhibit.original), one.line)
    quote = lines[number].strip() if number < len(lines) else ""
    return ToolFact(
        file=one.file,
        line=one.line,
        quote=quote[:LONGEST],
        tool=_plain(one.tool, redactor, LONGEST_NAME // 2),
        rule=_plain(one.rule, redactor, LONGEST_NAME),
        severity=one.severity,
        message=_plain(one.message, redactor, LONGEST),
    )


def _plain(text: str, redactor: Redactor, longest: int) -> str:
    """Redacted before it is cut, so that no half of a secret is left; on one line, without control characters."""
    safe = "".join(letter if letter.isprintable() else " " for letter in redactor.redact_names(text))
    return " ".join(safe.split())[:longest]
