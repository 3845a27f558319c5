"""Tests that ran before the change and no longer do: skip marks, new names, commented out. CI is steering's (gates)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from attrs import frozen

from rebuttal.evidence.model import Material, one_line
from rebuttal.evidence.rules import Rule
from rebuttal.evidence.seats import CODE
from rebuttal.evidence.structure.cases import Case, cases
from rebuttal.evidence.structure.lines import Lines, changed_files, moves, plain
from rebuttal.findings.severity import Severity
from rebuttal.text.languages import Language

DISABLED = Rule(
    "structure:test-disabled",
    "Test disabled",
    "It ran before; from now on nothing shows when what it checks breaks.",
    "medium",
    "testing",
    CODE,
)

_JS: tuple[Language, ...] = ("javascript", "typescript", "tsx")
_JVM = re.compile(r"^\s*@(?:Disabled|Ignore)\b(?!If|For|On|Unless)")
_MARKS: dict[Language, re.Pattern[str]] = {
    "python": re.compile(r"^\s*@(?:(?:pytest\.)?mark\.skip\b(?!if)|(?:unittest\.)?skip\s*\()"),
    **dict.fromkeys(_JS, re.compile(r"^\s*(?:xit|xtest|xdescribe|(?:it|test|describe|context|suite)\.skip)\s*\(")),
    "go": re.compile(r"^\t(?:t|b)\.Skip(?:f|Now)?\("),
    "rust": re.compile(r"^\s*#\[ignore\b"),
    "java": _JVM,
    "kotlin": _JVM,
    "csharp": re.compile(r"^\s*\[.*(?:\bIgnore\b|\b(?:Fact|Theory)\s*\([^\])]*\bSkip\s*=)"),
    "ruby": re.compile(r"^\s*(?:xit|xdescribe|xcontext|xspecify)\b"),
    "php": re.compile(r"^\s*(?:\$this->|self::|static::)markTest(?:Skipped|Incomplete)\("),
    "swift": re.compile(r"^\s*(?:xit|xdescribe|xcontext)\("),
}
_INSIDE: dict[Language, re.Pattern[str]] = {
    "python": re.compile(r"^\s*(?:pytest\.skip|self\.skipTest|raise (?:unittest\.)?SkipTest)\("),
    "ruby": re.compile(r"^\s*(?:skip|pending)(?:\s+['\"(]|\(|$)"),
}
_MARK_IN_COMMENT = re.compile(r"^(\s*)(?://|#)\s?(?=[@\[])")
_OTHER_MARK = re.compile(r"@(?:Ignore|Disabled)\b|\[Ignore\b|#\[ignore\b|\.skip\b")
_TODO = re.compile(r"^\s*(?:it|test)\.todo\b")
"""Says what is to be tested; what stands in it does not run."""
_QUOTED = re.compile(r"(['\"`])((?:\\.|(?!\1).){3,})\1")
_REASON = re.compile(r"reason\s*=|Skip\s*=|['\"][^'\"]{8,}['\"]\s*\)|//|#\d|https?://")
_NAME_ABOVE = re.compile(r"\b(?:def|func|fn|fun|function|void|Task|class)\s+(?P<name>\w+)")
_MARKED_TESTS: tuple[Language | None, ...] = ("rust", "csharp")
"""Where a mark makes a test of any function."""
_ANNOTATIONS = re.compile(r"^\s*(?:@\w+(?:\([^()]*\))?\s+)+")
_RENAMED = ("_{}", "x{}", "x_{}", "disabled_{}", "DISABLED_{}", "no_{}", "skip_{}", "_disabled_{}", "off_{}", "no{}")


@frozen
class Off:
    """One test or check that is off."""

    lines: Lines
    line: int
    name: str
    what: str
    title: str
    severity: Severity = "medium"


def disabled(material: Material) -> tuple[Off, ...]:
    """What ran before and no longer does."""
    return material.once("structure disabled", lambda: tuple(_disabled(material)))


def _disabled(material: Material) -> Iterator[Off]:
    for lines in changed_files(material):
        if (
            (lines.is_test or lines.language == "rust")
            and lines.diff.old_text is not None
            and lines.diff.new_text is not None
        ):
            for one in (*_marked(lines), *_renamed(lines), *_commented(lines)):
                if _is_new(material, one) and material.in_scope(lines.diff, (one.line,)):
                    yield one


def _is_new(material: Material, one: Off) -> bool:
    text = plain(one.lines.new[one.line])
    return moves(material).removed[text] < moves(material).added[text]


def _marked(lines: Lines) -> Iterator[Off]:
    language = lines.language
    if language is None:
        return
    for pattern, inside in ((_MARKS.get(language), False), (_INSIDE.get(language), True)):
        if pattern is None:
            continue
        for number, match in lines.found("new", pattern):
            # A mark that was in a comment was there: it is switched on and off.
            if any(
                pattern.search(_MARK_IN_COMMENT.sub(r"\1", lines.old[at])) for at in lines.hunk("new", number).old_lines
            ):
                continue
            if any(_OTHER_MARK.search(lines.old[at]) for at in lines.hunk("new", number).old_lines):
                continue
            name = _inside_of(lines, number) if inside or language in ("go", "php") else _below(lines, number)
            if name and _ran_before(lines, name):
                reason = (
                    _REASON.search(" ".join(lines.new[max(number - 1, 0) : number + 3])) is not None
                    or re.match(r"\s*(?://|#(?!\[)|\*)", lines.new[max(number - 2, 0)]) is not None
                )
                what = f"`{one_line(name, 50)}` ran before and is skipped now (`{one_line(match[0].strip(), 30)}`)"
                tail = "" if reason else ", without a reason"
                yield Off(
                    lines,
                    number,
                    name,
                    f"{what}{tail}: from now on nothing shows when what it checks breaks.",
                    "Test disabled",
                    "low" if reason else "medium",
                )


def _below(lines: Lines, number: int) -> str:
    """The name of what the mark stands on: in a string on its line, or the definition that follows."""
    if lines.language in (*_JS, "ruby", "swift"):
        quoted = _QUOTED.search(lines.new[number])
        return quoted[2] if quoted else ""
    for line in lines.new[number : number + 12]:
        code = _ANNOTATIONS.sub("", line)
        match = _NAME_ABOVE.search(code)
        if match is not None and not code.strip().startswith(("@", "#[", "//", "*")):
            return match["name"]
    return ""


def _inside_of(lines: Lines, number: int) -> str:
    """The name of the test whose first statement it is; "" where it stands under a condition."""
    function = lines.function("new", number)
    if lines.language == "ruby" or function is None:
        return _ruby_case(lines, number) if lines.language == "ruby" else ""
    between = [line for line in lines.new[function.header_end_line + 1 : number] if line.strip(" \t\r\n{")]
    node = lines.node("new", number, len(lines.new[number]) - len(lines.new[number].lstrip()))
    condition = node.nearest("if_statement", "try_statement", "with_statement", "for_statement") if node else None
    if condition is not None and condition.first_line > function.start_line:
        return ""
    return function.name if len(between) <= 2 else ""


def _ruby_case(lines: Lines, number: int) -> str:
    around = [one for one in cases(lines, "new") if one.first_line < number <= one.last_line]
    first = around and not any(line.strip() for line in lines.new[around[-1].first_line + 1 : number])
    return around[-1].name if first else ""


def _ran_before(lines: Lines, name: str) -> bool:
    """Whether the base had it, and did not skip it."""
    pattern = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    marks = _MARKS.get(lines.language) if lines.language else None
    for number, line in enumerate(lines.old):
        if pattern.search(line) and not _TODO.match(line):
            above = lines.old[max(number - 3, 0) : number + 1]
            return marks is None or not any(marks.search(one) for one in above)
    return False


def _renamed(lines: Lines) -> Iterator[Off]:
    """`test_x` that is now `_test_x`: no runner that looks for names finds it."""
    if lines.language in _MARKED_TESTS:
        return
    new = {one.name: one for one in lines.symbols("new") if one.name_line in lines.diff.added_lines}
    for case in _removed_cases(lines) if new else ():
        for form in _RENAMED:
            found = new.get(form.format(case.name))
            if found is not None:
                name, called = one_line(case.name, 50), one_line(found.name, 60)
                what = f"`{name}` is now called `{called}`, which no test runner looks for."
                yield Off(lines, found.name_line, case.name, what, "Test disabled")


def _removed_cases(lines: Lines) -> list[Case]:
    removed = lines.diff.removed_lines
    if not any("est" in line or "EST" in line or "it" in line for _, line in lines.changed("old")):
        return []
    return [
        one
        for one in cases(lines, "old")
        if one.first_line in removed
        or any(at in removed for at in range(one.first_line, min(one.first_line + 3, one.last_line + 1)))
    ]


_COMMENT = re.compile(r"^\s*(?:#|//)\s?(?P<code>.*)$")


def _commented(lines: Lines) -> Iterator[Off]:
    """A test that the change put into comments."""
    comments = {
        plain(match["code"]): number
        for number, line in lines.changed("new")
        if (match := _COMMENT.match(line)) is not None and match["code"].strip()
    }
    for case in _removed_cases(lines) if comments else ():
        text = [plain(line) for line in lines.old[case.first_line : case.last_line + 1] if len(line.strip()) > 3]
        hits = [comments[line] for line in text if line in comments]
        if len(text) >= 2 and len(hits) >= 0.8 * len(text):
            what = f"`{one_line(case.name, 50)}` ran before and is commented out now: nothing shows when it breaks."
            yield Off(lines, min(hits), case.name, what, "Test commented out")
