"""The report as text for a terminal."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from difflib import SequenceMatcher

from attrs import evolve, frozen

from rebuttal.findings.fixes import FixError, apply_edits
from rebuttal.findings.model import CellRange, Finding, Fix, TextEdit
from rebuttal.findings.report import New, NotSpent, Report
from rebuttal.findings.severity import SEVERITIES, Severity
from rebuttal.store.currency import DOLLARS, Money
from rebuttal.text.hidden import written_out
from rebuttal.text.positions import Position, Range, git_lines, utf16_length
from rebuttal.text.words import counted

MARGIN = 4
"""Columns that everything below a finding's first line is set in."""
SHOWN_LINES = 6
"""Lines of a quote or a fix that are shown; the rest is counted."""
LEAST_WIDTH = 40

_COLOURS: dict[Severity, str] = {"critical": "1;31", "high": "31", "medium": "33", "low": "36"}
_WHY_NOT: dict[NotSpent, str] = {
    "no_key": "no model was asked: there is no API key",
    "no_consent": "no model was asked: sending was not agreed to",
    "cap": "stopped by a cap",
    "static_panel": "no model was asked: static panel",
    "trivial": "no model was asked: the change is trivial",
}


def to_text(report: Report, *, colour: bool, width: int) -> str:
    """What a developer wants to read: findings by file, then what was not reviewed, what failed, and the cost.

    `width` in columns (code is cut there, prose wrapped); `colour`: ANSI colours. Control characters in
    code or in a model's words are written out, so that they cannot steer the terminal.
    """
    return "".join(
        line.rstrip() + "\n" for line in _Writer(colour, max(width, LEAST_WIDTH), report.money).report(report)
    )


@frozen
class _Writer:
    colour: bool
    width: int
    money: Money = DOLLARS

    def report(self, report: Report) -> Iterator[str]:
        shown = sorted(
            (one for one in report.findings if one.status in ("open", "stale")),
            key=lambda one: (one.file, one.range, SEVERITIES.index(one.severity), one.rule),
        )
        for finding in shown:
            yield from self._finding(finding)
            yield ""
        yield from self._section(
            "Failed", [(f"{one.seat} ({_words(one.phase)})", one.reason) for one in report.degraded]
        )
        yield from self._section(
            "Not reviewed", [(_skipped(one.file, one.hunks), one.reason) for one in report.coverage.skipped]
        )
        yield from self._stood(report.pre_existing or ())
        yield from self._summary(report, shown)

    def _finding(self, finding: Finding) -> Iterator[str]:
        severity = self._paint(finding.severity, _COLOURS[finding.severity])
        marks = [] if finding.cell is None else [_in_cell(finding.cell)]
        marks += ["in the base"] if finding.side == "old" else []
        marks += ["stale"] if finding.status == "stale" else []
        mark = self._dim(f" ({', '.join(marks)})") if marks else ""
        place = self._paint(_place(finding), "1")
        yield f"{place}{mark} {severity} {self._paint(_safe(finding.title), '1')}"
        yield from self._quote(finding)
        for paragraph in finding.message.split("\n"):
            yield from self._wrapped(_safe(paragraph))
        yield from self._wrapped(_why(finding, self.money), dim=True)
        for one in finding.related:
            if f"{one.file}:{one.range.start.line + 1} {one.message}" in finding.message:
                continue  # The message has said so, place and all.
            where = f"{_safe(one.file)}:{_at(one.range)}"
            yield from self._wrapped(f"see {where}  {_safe(one.message)}", hang=MARGIN + 4)
        if finding.fix is not None:
            yield from self._labelled("fix", list(self._fix(finding, finding.fix)))

    def _quote(self, finding: Finding) -> Iterator[str]:
        lines = _dedented(_in_place(finding))
        if finding.side == "file" or not lines:
            return
        number = finding.range.start.line + 1
        digits = len(str(number + len(lines) - 1))
        for offset, line in enumerate(lines[:SHOWN_LINES]):
            yield self._cut(f"{' ' * MARGIN}{self._dim(f'{number + offset:>{digits}} |')} {line}")
        if len(lines) > SHOWN_LINES:
            yield " " * MARGIN + self._dim(f"{'':>{digits}} | and {counted(len(lines) - SHOWN_LINES, 'more line')}")

    def _fix(self, finding: Finding, fix: Fix) -> Iterator[str]:
        inside, outside = _split_edits(finding, fix)
        if inside:
            yield from self._diff(finding, inside)
        for edit in outside:
            yield f"{_safe(edit.file)}:{_at(edit.range)}"
            for line in _dedented(edit.new_text) or ["(taken out)"]:
                yield self._paint(f"+ {line}", "32")

    def _diff(self, finding: Finding, edits: Sequence[TextEdit]) -> Iterator[str]:
        quote = _in_place(finding)
        fixed = apply_edits(quote, edits)
        indent = _indent([*quote.split("\n"), *fixed.split("\n")])
        old = [_safe(line[indent:].rstrip("\r\n")) for line in git_lines(quote)]
        new = [_safe(line[indent:].rstrip("\r\n")) for line in git_lines(fixed)]
        for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            if tag == "equal":
                yield from (f"  {line}" for line in old[a:b])
                continue
            yield from (self._paint(f"- {line}", "31") for line in old[a:b])
            yield from (self._paint(f"+ {line}", "32") for line in new[c:d])

    def _labelled(self, label: str, lines: Sequence[str]) -> Iterator[str]:
        shown, rest = lines[: 2 * SHOWN_LINES], len(lines) - 2 * SHOWN_LINES
        for number, line in enumerate(shown):
            head = self._dim(label) if number == 0 else " " * len(label)
            yield self._cut(f"{' ' * MARGIN}{head} {line}")
        if rest > 0:
            more = f"and {counted(rest, 'more line')}"
            yield " " * (MARGIN + len(label) + 1) + self._dim(more)

    def _section(self, title: str, rows: Sequence[tuple[str, str]]) -> Iterator[str]:
        if not rows:
            return
        yield self._paint(title, "1")
        by_reason: dict[str, list[str]] = {}
        for name, reason in rows:
            by_reason.setdefault(reason, []).append(name)
        for reason, names in by_reason.items():
            yield from self._wrapped(f"{_safe(', '.join(names))}: {_safe(reason)}", indent=2, hang=4)
        yield ""

    def _stood(self, findings: Sequence[Finding]) -> Iterator[str]:
        """What stood before the change, a line each: it is not what the reader is about."""
        shown = sorted(
            (one for one in findings if one.status == "open"), key=lambda one: (one.file, one.range, one.rule)
        )
        if not shown:
            return
        yield f"{self._paint('Stood before the change', '1')} {self._dim('(not counted)')}"
        for one in shown:
            mark = "" if one.cell is None else f" ({_in_cell(one.cell)})"
            yield self._cut(f"  {_place(one)}{mark}  {_safe(one.title)} {self._dim(f'({_safe(one.rule)})')}")
        yield ""

    def _summary(self, report: Report, shown: Sequence[Finding]) -> Iterator[str]:
        hunks = sum(one.hunks for one in report.coverage.reviewed)
        parts = [
            _tally(shown, degraded=bool(report.degraded)),
            f"{counted(len(report.coverage.reviewed), 'file')}, {counted(hunks, 'hunk')} reviewed",
        ]
        dismissed = sum(one.status == "dismissed" for one in report.findings)
        parts += [f"{dismissed} dismissed"] if dismissed else []
        parts += [f"{len(report.held_back)} held back"] if report.held_back else []
        parts.append(f"{report.timing.total_ms / 1000:.1f} s")
        yield from self._wrapped(" · ".join(parts), indent=0, strong=True)
        scope = f"{report.scope} change against {report.scope.base_reason}, {report.panel} panel"
        yield from self._wrapped(_safe(scope), indent=0, dim=True)
        if report.coverage.new is not None:
            yield from self._wrapped(_new(report.coverage.new), indent=0, dim=True)
        yield from self._wrapped(_cost(report), indent=0, dim=True)
        if report.cost.cache.words:
            yield from self._wrapped(f"cache: {report.cost.cache.words}", indent=0, dim=True)
        for note in report.notes:
            yield from self._wrapped(_safe(note), indent=0)

    def _wrapped(
        self, text: str, *, indent: int = MARGIN, hang: int | None = None, dim: bool = False, strong: bool = False
    ) -> Iterator[str]:
        lines = textwrap.wrap(
            text,
            min(self.width, 100),
            initial_indent=" " * indent,
            subsequent_indent=" " * (indent if hang is None else hang),
            break_long_words=False,
            break_on_hyphens=False,
        )
        style = "2" if dim else "1" if strong else ""
        yield from (self._paint(line, style) if style else line for line in lines)

    def _cut(self, line: str) -> str:
        """The line without what does not fit; colours take no room."""
        room, parts = self.width, list[str]()
        for part in re.split("(\x1b\\[[0-9;]*m)", line):
            if part.startswith("\x1b"):
                parts.append(part)
                continue
            parts.append(part if len(part) <= room else part[: max(room - 1, 0)] + "…" * (room > 0))
            room = max(room - len(part), 0)
        return "".join(parts)

    def _paint(self, text: str, style: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self.colour else text

    def _dim(self, text: str) -> str:
        return self._paint(text, "2")


def _place(finding: Finding) -> str:
    return _safe(finding.file) if finding.side == "file" else f"{_safe(finding.file)}:{_at(finding.range)}"


def _in_cell(cell: CellRange) -> str:
    """As a person counts; what is about a cell's outputs has no line of its source."""
    start = cell.range.start
    return f"cell {cell.index + 1}" + ("" if cell.range.end == Position(0, 0) else f", line {start.line + 1}")


def _at(where: Range) -> str:
    return f"{where.start.line + 1}:{where.start.character + 1}"


def _why(finding: Finding, money: Money) -> str:
    """Why it stood: who raised it, who confirmed it, who objected, and what that cost."""
    if finding.source == "static":
        return _safe(finding.rule)
    parts = [f"raised by {', '.join(finding.raised_by)}"] if finding.raised_by else []
    for verdict, words in (("confirmed", "confirmed by"), ("refuted", "disputed by")):
        steps = (step for step in finding.trace if step.verdict == verdict and step.phase != "verdict")
        seats = dict.fromkeys(step.seat for step in steps)
        parts += [f"{words} {', '.join(seats)}"] if seats else []
    if not any(part.startswith("confirmed") for part in parts) or finding.verdict != "confirmed":
        parts.append(finding.verdict)
    cost = sum((step.spent for step in finding.trace), Decimal(0))
    return _safe(" · ".join([*parts, finding.confidence, finding.rule, *([money(cost)] if cost else [])]))


def _in_place(finding: Finding) -> str:
    """The quote with the indent that its first line has in the file: a quote may begin where the range does."""
    quote, where = finding.quote, finding.range
    if not quote or quote[0].isspace() or where.start.character == 0:
        return quote
    whole = where.start.line == where.end.line
    covers = utf16_length(quote.rstrip("\r\n")) == where.end.character - where.start.character
    return quote if whole and not covers else " " * where.start.character + quote


def _split_edits(finding: Finding, fix: Fix) -> tuple[list[TextEdit], list[TextEdit]]:
    """Edits inside the quoted lines, moved to count from them, and the others."""
    lines = git_lines(finding.quote)
    first = finding.range.start.line
    inside: list[TextEdit] = []
    outside: list[TextEdit] = []
    for edit in fix.edits:
        fits = edit.file == finding.file and finding.side == "new"
        fits = fits and first <= edit.range.start.line and edit.range.end.line < first + len(lines)
        (inside if fits else outside).append(edit)
    moved = [evolve(edit, range=_moved(edit.range, -first)) for edit in inside]
    try:
        apply_edits(_in_place(finding), moved)
    except FixError:
        return [], list(fix.edits)
    return moved, outside


def _moved(where: Range, lines: int) -> Range:
    start, end = where.start, where.end
    return Range(Position(start.line + lines, start.character), Position(end.line + lines, end.character))


def _tally(shown: Sequence[Finding], *, degraded: bool) -> str:
    if not shown:
        return "No findings in what could be reviewed" if degraded else "No findings"
    counts = {severity: sum(one.severity == severity for one in shown) for severity in SEVERITIES}
    each = ", ".join(f"{number} {severity}" for severity, number in counts.items() if number)
    return f"{counted(len(shown), 'finding')} ({each})"


def _new(new: New) -> str:
    """What is new since the last review, by the clock on the wall."""
    since = f"since the last review ({new.since.astimezone():%Y-%m-%d %H:%M})"
    fresh, gone = new.added + new.modified, f", {new.removed} gone" if new.removed else ""
    if not fresh:
        return f"nothing new {since}{gone}"
    return f"{counted(fresh, 'hunk')} new {since}, {new.unchanged} unchanged{gone}"


def _cost(report: Report) -> str:
    cost, estimate = report.cost, report.estimate
    money = report.money
    parts = [f"cost {money(cost.spent)}"]
    if cost.calls:
        tokens = cost.tokens
        parts[0] += f" (expected {money(estimate.expected)}, at most {money.deciding(estimate.at_most)})"
        parts.append(counted(cost.calls, "call"))
        parts.append(f"{tokens.prompt:,} tokens in ({tokens.cache_read:,} from the cache), {tokens.output:,} out")
    if cost.assumed:
        parts.append(f"{money(cost.assumed)} more assumed for calls whose cost is not known")
    if report.notes and report.not_spent != "static_panel":
        return " · ".join(parts)  # they say why nothing was spent, and what a debate would cost
    if report.not_spent is not None:
        parts.append(_WHY_NOT[report.not_spent])
    if not cost.calls and estimate.expected:
        parts.append(f"a debate: about {money(estimate.expected)}, at most {money.deciding(estimate.at_most)}")
    return " · ".join(parts)


def _skipped(file: str, hunks: int | None) -> str:
    return file if hunks is None else f"{file} ({counted(hunks, 'hunk')})"


def _words(name: str) -> str:
    return name.replace("_", " ")


def _dedented(code: str) -> list[str]:
    lines = [line.rstrip("\r\n") for line in git_lines(code)]
    indent = _indent(lines)
    return [_safe(line[indent:]) for line in lines]


def _indent(lines: Iterable[str]) -> int:
    """How many characters of white space all lines begin with."""
    return min((len(line) - len(line.lstrip(" \t")) for line in lines if line.strip()), default=0)


def _safe(text: str) -> str:
    """Without characters that steer a terminal or turn the direction of reading; a tab is four blanks."""
    return written_out(text.replace("\t", "    ").replace("\n", " "))
