"""What was put in to look for a fault and should not be merged: debuggers, dumps, conditions that are switched off.

In Python ruff tells of debuggers (T100), in tests not: there this check does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from attrs import evolve, frozen

from rebuttal.evidence.folders import SHOWING
from rebuttal.evidence.model import Fact, Material, one_line
from rebuttal.evidence.provenance import name_in_copies
from rebuttal.evidence.rules import Rule
from rebuttal.evidence.seats import CODE
from rebuttal.evidence.structure.lines import Lines, changed_files, moves, plain
from rebuttal.evidence.structure.prints import prints
from rebuttal.findings.model import Fix, Related, TextEdit
from rebuttal.text.languages import Language
from rebuttal.text.positions import LineIndex

DEBUG = Rule(
    "structure:debug",
    "Debug leftover",
    "It was put in to look for a fault; merged, it stops the program or floods its output.",
    "medium",
    "correctness",
    CODE,
)
FOCUSED = Rule(
    "structure:focused-test",
    "Only this test runs",
    "All other tests of the file are silently left out.",
    "medium",
    "testing",
    CODE,
)
CONSTANT = Rule(
    "structure:constant-condition",
    "Condition switched off",
    "A literal decides the condition, so the rest of it has no say.",
    "medium",
    "correctness",
    CODE,
    "likely",
)
RULES = (DEBUG, FOCUSED, CONSTANT)

_JS: tuple[Language, ...] = ("javascript", "typescript", "tsx")


@frozen
class _Leftover:
    languages: tuple[Language, ...]
    written: str
    """What it looks like, as a regular expression."""
    what: str
    in_tests: bool = True
    tests_only: bool = False
    in_examples: bool = True
    whole: bool = False
    """The pattern is a whole statement on a line of its own, which can be deleted."""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Compiled for the first file of its languages: most changes have none of most."""
        return re.compile(self.written)


def _left(languages: tuple[Language, ...], pattern: str, what: str, **more: bool) -> _Leftover:
    return _Leftover(languages, pattern, what, **more)


_STOPS = "the program stops here and waits for a debugger"
_WAITS = "the program stops here and waits for input"
_LEFTOVERS = (
    _left(
        ("python",),
        r"^\s*(?:import\s+i?pdb\s*;\s*i?pdb\.set_trace\(\)|(?:breakpoint|i?pdb\.set_trace|pudb\.set_trace)\(\))\s*(?:#.*)?$",
        _WAITS,
        tests_only=True,
    ),
    _left(_JS, r"^\s*debugger\s*;?\s*(?://.*)?$", _STOPS, whole=True),
    _left(
        ("ruby",),
        r"^\s*(?:binding\.(?:pry|irb|break)|byebug|debugger)\b\s*(?:if\b.*|unless\b.*|#.*)?$",
        _WAITS,
        whole=True,
    ),
    _left(("rust",), r"(?<![\w!])dbg!\s*\(", "it writes to standard error each time it runs", in_examples=False),
    _left(("csharp",), r"\bDebugger\.(?:Break|Launch)\s*\(\s*\)\s*;", _STOPS),
    _left(("go",), r"\b(?:runtime\.Breakpoint|spew\.Dump)\s*\(", "it stops the program or dumps a value"),
    _left(("java", "kotlin", "scala"), r"\bThread\.dumpStack\s*\(\s*\)", "it writes a stack trace each time it runs"),
    _left(
        ("php",),
        r"(?<![\w>:$\\])(?:var_dump|dd|ddd|xdebug_break|debug_zval_refcount|debug_print_backtrace)\s*\(",
        "it writes internal values into the output, or ends the request",
        in_tests=False,
    ),
)
_EXAMPLE = re.compile(SHOWING)
_DEFINES = re.compile(r"\b(?:function|def|fn|func|macro_rules!)\s+[&\w]*$")
_FOCUS_JS = re.compile(
    r"^\s*(?P<name>(?:it|test|describe|context|suite|specify)(?P<only>\.only)|fit|fdescribe|fcontext)"
    r"(?:\.each\b.*|\s*[(<`].*)$"
)
_FOCUS_RUBY = re.compile(
    r"^\s*(?:(?:fit|fdescribe|fcontext|fspecify)\s+['\"]|(?:it|describe|context)\s.*,\s*:?focus\b)"
)
_FOCUS_SWIFT = re.compile(r"^\s*(?:fit|fdescribe|fcontext)\(\s*\"")
_FOCUS: dict[Language, re.Pattern[str]] = {
    **dict.fromkeys(_JS, _FOCUS_JS),
    "ruby": _FOCUS_RUBY,
    "swift": _FOCUS_SWIFT,
}
_JS_TEST_NAME = re.compile(
    r"[.\-_](?:test|spec|e2e|cy)[.\-_]|(?:^|/)(?:tests?|__tests__|specs?|e2e|cypress)/", re.IGNORECASE
)
_CONSTANT_WORDS = re.compile(r"\b(?P<or>True or)\b|\b(?P<or2>or True)\b|\b(?P<and>False and)\b|\b(?P<and2>and False)\b")
_CONSTANT_SIGNS = re.compile(
    r"(?P<or>\btrue\s*\|\|)|(?P<or2>\|\|\s*true\b)|(?P<and>\bfalse\s*&&)|(?P<and2>&&\s*false\b)"
    r"|(?P<or3>[(!]\s*1\s*\|\|)|(?P<and3>\(\s*0\s*&&)"
)
_DECIDES = re.compile(
    r"\A(?:(?:true|1)\s*(?:\|\||or\b)|(?:false|0)\s*(?:&&|and\b))|(?:(?:\|\||\bor)\s*true|(?:&&|\band)\s*false)\Z",
    re.IGNORECASE,
)
_ASSERTS = re.compile(r"(?i)assert\w*\s*\($|unreachable\w*\s*\($")
_NEVER = re.compile(r"^\s*(?:\}\s*)?(?:else\s+|el)?if\b\s*\(?\s*(?:false|False|0)\s*\)?\s*(?:\{|:|then\b|$)")
_BINARY = (
    "boolean_operator",
    "binary_expression",
    "binary",
    "conjunction_expression",
    "disjunction_expression",
    "infix_expression",
    "logical_and_expression",
)
_NO_CONDITIONS: tuple[Language, ...] = ("bash",)


def check(material: Material) -> Iterator[Fact]:
    """One fact for each leftover on an added line; what moved, or stood in the lines it replaced, is none."""
    told: dict[tuple[str, str, str], str] = {}
    for lines in changed_files(material):
        if lines.diff.new_text is None or lines.language is None:
            continue
        new: list[Fact] = []
        for fact in (*_leftovers(lines), *_focused(lines), *_conditions(lines), *prints(material, lines, DEBUG)):
            if _is_new(material, lines, fact) and material.in_scope(lines.diff, (fact.first_line,)):
                # The same line in a file of the same name: a copy that a build made, told of once.
                copy = (fact.rule, name_in_copies(lines.diff.path), plain(lines.new[fact.first_line]))
                if told.setdefault(copy, lines.diff.path) == lines.diff.path:
                    new.append(fact)
        yield from _near_ones_together(lines, new)


def _near_ones_together(lines: Lines, facts: list[Fact]) -> Iterator[Fact]:
    """Leftovers of one kind in one hunk are one fact: whoever takes out the first sees the others."""
    groups: dict[tuple[str, str, int], list[Fact]] = {}
    for fact in facts:
        hunk = lines.hunk("new", fact.first_line)
        groups.setdefault((fact.rule, fact.title, hunk.new_start), []).append(fact)
    index = LineIndex(lines.diff.new_text or "")
    for first, *others in groups.values():
        places = (index.range_of_git_lines(one.first_line, one.last_line) for one in others)
        yield evolve(first, related=tuple(Related(lines.diff.path, place, "and here") for place in places))


def _is_new(material: Material, lines: Lines, fact: Fact) -> bool:
    text = plain(lines.new[fact.first_line])
    known = moves(material)
    return known.removed[text] < known.added[text]


def _leftovers(lines: Lines) -> Iterator[Fact]:
    for one in _LEFTOVERS:
        if lines.language not in one.languages:
            continue
        if lines.is_test if not one.in_tests else (one.tests_only and not lines.is_test):
            continue
        if not one.in_examples and _EXAMPLE.search(lines.diff.path):
            continue
        for number, match in lines.found("new", one.pattern):
            line = lines.new[number]
            name = one_line(match[0].strip().split("(")[0].rstrip("; "), 40)
            if _DEFINES.search(line[: match.start()]) or _stood(lines, number, one.pattern):
                continue
            fix = _without_line(lines, number) if one.whole else None
            yield DEBUG.fact(
                lines.diff,
                number,
                number,
                f"`{name}` is left in: {one.what}.",
                title=f"`{name}` left in",
                fix=fix,
            )


def _stood(lines: Lines, number: int, pattern: re.Pattern[str]) -> bool:
    """Whether the lines that these replaced held as many of them."""
    hunk = lines.hunk("new", number)
    before = sum(1 for line in hunk.old_lines if pattern.search(lines.old[line]))
    after = sum(1 for line in hunk.new_lines if pattern.search(lines.new[line]))
    return before >= after


def _without_line(lines: Lines, number: int) -> Fix | None:
    """Deletes the line, where it stands among other statements of a block."""
    column = len(lines.new[number]) - len(lines.new[number].lstrip())
    node = lines.node("new", number, column)
    block = node.nearest("statement_block", "program", "body_statement") if node is not None else None
    if block is None or len(block.children) < 2 or (node is not None and node.has_error):
        return None
    if not any(one.first_line == number == one.last_line for one in block.children):
        return None
    index = LineIndex(lines.diff.new_text or "")
    start = index.git_line_span(number)[0]
    end = index.git_line_span(number + 1)[0] if number + 1 < index.git_line_count else index.git_line_span(number)[1]
    return Fix((TextEdit(lines.diff.path, index.range(start, end), ""),))


def _focused(lines: Lines) -> Iterator[Fact]:
    pattern = _FOCUS.get(lines.language) if lines.language else None
    if pattern is None or not (lines.is_test or _JS_TEST_NAME.search(lines.diff.path)):
        return
    for number, match in lines.found("new", pattern):
        if _stood(lines, number, pattern):
            continue
        fix, name = None, match[0].strip().split("(")[0].split()[0]
        if lines.language in _JS and match["only"]:
            index = LineIndex(lines.diff.new_text or "")
            start = index.git_line_span(number)[0]
            where = index.range(start + match.start("only"), start + match.end("only"))
            fix, name = Fix((TextEdit(lines.diff.path, where, ""),)), match["name"]
        yield FOCUSED.fact(
            lines.diff,
            number,
            number,
            f"`{one_line(name, 40)}` makes this the only test that runs: all others are silently left out.",
            fix=fix,
        )


def _conditions(lines: Lines) -> Iterator[Fact]:
    if lines.language in _NO_CONDITIONS:
        return
    pattern = _CONSTANT_WORDS if lines.language == "python" else _CONSTANT_SIGNS
    for number, match in lines.found("new", pattern):
        if _ASSERTS.search(lines.new[number][: match.start() + 1]):
            continue  # `assert(0 && "why")` always fails, on purpose.
        if _is_explained(lines, number):
            continue
        if _is_operand(lines, number, match) and not _stood(lines, number, pattern):
            always = "true" if (match.lastgroup or "").startswith("or") else "false"
            yield CONSTANT.fact(
                lines.diff,
                number,
                number,
                f"`{one_line(match[0], 40)}` makes the condition always {always}: the rest of it has no say.",
                title=f"Condition is always {always}",
            )
    for number, match in lines.found("new", _NEVER):
        if not _stood(lines, number, _NEVER) and not _is_idiom(lines, number):
            yield CONSTANT.fact(
                lines.diff,
                number,
                number,
                f"`{one_line(match[0], 40).rstrip('{: ')}` switches off what follows: it never runs.",
                title="Code switched off",
            )


def _is_operand(lines: Lines, number: int, match: re.Match[str]) -> bool:
    """Whether the literal itself is a side of the operator: not `x == True or y`, and in no default of a value."""
    column = lines.new[number].lower().find("true" if "rue" in match[0] else "false", match.start())
    if column < 0 or column >= match.end():
        column = next(
            (at for at in range(match.start(), match.end()) if lines.new[number][at].isdigit()), match.start()
        )
    node = lines.node("new", number, column)
    literal = None
    for one in node.around() if node is not None else ():
        if one.text.strip().lower() not in ("true", "false", "0", "1"):
            break
        literal = one
    above = literal.parent if literal is not None else None
    if above is None or above.has_error or above.kind not in _BINARY:
        return False
    return _DECIDES.search(above.text) is not None


def _is_explained(lines: Lines, number: int) -> bool:
    """Whether a comment stands on the line or right above."""
    above = lines.new[number - 1].strip() if number else ""
    return (
        above.startswith(("#", "//", "*", "/*"))
        or above.endswith("*/")
        or re.search(r"//|/\*|\s#\s", lines.new[number]) is not None
    )


def _is_idiom(lines: Lines, number: int) -> bool:
    """Whether it makes a generator, is for type checkers, or a comment on or above it says why."""
    if _is_explained(lines, number):
        return True
    text = " ".join(line.strip() for line in lines.new[number : number + 6])
    return re.search(r"\byield\b|\bimport\b|TYPE_CHECKING|\bclass\b|@deprecated", text) is not None
