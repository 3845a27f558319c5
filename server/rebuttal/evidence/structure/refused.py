"""Checks that refused something with an error, and are gone while what they looked at is still used as it was."""

from __future__ import annotations

import re
from collections.abc import Iterator

from attrs import frozen

from rebuttal.evidence.model import Material, one_line
from rebuttal.evidence.structure.lines import Lines, changed_files, plain
from rebuttal.evidence.structure.pairs import Pair, pair_at
from rebuttal.evidence.structure.unwrapped import Lost
from rebuttal.text.nodes import SyntaxNode

_IFS = ("if_statement", "if_expression", "if", "unless", "if_modifier", "unless_modifier")
_HEAD = re.compile(r"\b(?:if|unless)\b")
_MOST_LINES = 8
"""A longer block does more than refuse."""
_FAILS = re.compile(
    r"^(?:raise\b|throw\b|panic!?\(|die\b|bail!|fail\b|abort\(|(?:sys\.|os\.)?[eE]xit\(|halt\b"
    r"|return\s+(?:.*,\s*)?(?:Err\(|Promise\.reject\(|&?(?:\w+\.)?(?:errors?|Errorf?|fmt|status|Err\w*|err[A-Z]\w*)\b)"
    r"|return\s+(?:this\.|await\s+)?(?:BadRequest|Unauthorized|Forbid|NotFound|Conflict|ValidationProblem"
    r"|HttpResponse(?:BadRequest|Forbidden|NotFound)|abort|ResponseEntity\.(?:badRequest|status|notFound))\b"
    r"|goto\s+\w*(?:err|fail|oom|bad|invalid)\w*)",
)
_FAILS_IN_C = re.compile(r"^return\s+(?:NULL|nullptr|-\s*\w+|\w*(?:ERR|FAIL|INVALID|EINVAL)\w*)\s*;")
_ANSWERS = re.compile(
    r"\bhttp\.Error\(|\bAbort\w*\(|\.(?:sendStatus|status|code|WriteHeader)\(\s*(?:4\d\d|http\.Status[BFU])"
)
"""A refusal in the words of a server, before a bare `return`."""
_NO_FAULT = re.compile(
    r"(?i)not\s?(?:yet\s|be\s|currently\s)?(?:implement|support)|unsupported|unimplemented|deprecat|no longer"
    r"|unreachable|experimental|NotImplemented|TODO|StopIteration|\bskip"
)
"""What is refused until somebody builds it: the change did."""
_PLATFORM = re.compile(
    r"(?i)version|platform|\bPY\d|hasattr|python_implementation|feature|\bos\.name\b|_WIN32|defined\("
    r"|typeof (?:window|process|require)|_enabled\b"
)
_LITERAL = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|`[^`]*`|/(?:\\.|[^/\\\s])+/")
_CHAIN = re.compile(r"(?P<chain>[$@]{0,2}[A-Za-z_]\w*(?:(?:\.|->|::|\?\.|&\.)[A-Za-z_]\w*[?!]?)*)(?P<call>\s*\()?")
_STEP = re.compile(r"\.|->|::|\?\.|&\.")
_NO_NAMES = frozenset(
    re.findall(
        r"\w+",
        "if unless not and or is in as new None null nil NULL nullptr undefined true false True False self this typeof"
        " instanceof let mut const sizeof await std Some Ok Err math Math Number Array Object String string int float"
        " str bool err error ok ex",
    )
)


@frozen
class _Refusal:
    """A check of the base."""

    first: int
    last: int
    condition: str
    message: str


def refusal_lost(material: Material, lines: Lines, number: int) -> Iterator[Lost]:
    """The check that begins on a removed line, if it is gone altogether and nothing took its place."""
    refusal = _refusal(lines, number)
    pair = pair_at(lines, number) if refusal is not None else None
    if refusal is None or pair is None or not pair.same_header or len(pair.added) > 2:
        return
    names = _names(refusal.condition)
    if not names or _stands_elsewhere(material, lines, pair, refusal, names):
        return
    if _is_meant(material, pair) or any(is_made_anew(material, pair, one) for one in names):
        return
    at = _used(lines, pair, refusal, names)
    if at is not None:
        condition = f"`{one_line(refusal.condition, 60)}`"
        yield Lost(
            at,
            f"The check {condition} is gone, which ended `{one_line(pair.new.name, 40)}` with an error: "
            "what it refused now gets through to here.",
            "Check removed",
        )


_ASSERTION = re.compile(
    r"^\s*(?:assert\s+(?P<plain>[^,]+?)(?:,.*)?$|(?P<name>assert|(?:debug_)?assert(?:_eq|_ne)?!|ensure!|Debug\.Assert"
    r"|console\.assert|Contract\.Requires|\w+Exception\.ThrowIf\w+|Preconditions\.check\w+|Guard\.[\w.]+)\s*\((?P<given>.*)\)\s*;?\s*$)"
)
_OF_TYPES = re.compile(
    r"\bisinstance\b|\bcallable\b|\bis\s+not\s+None$|\bis\s+None$|^\w+$|static_assert|\bFalse\b|^false\b"
)
"""In Python an assertion is how a checker of types is told what it cannot see."""


def assertions_lost(material: Material, lines: Lines) -> Iterator[Lost]:
    """Assertions outside of tests that are gone, while what they were about is used as before."""
    for number, match in lines.found("old", _ASSERTION):
        given = plain(match["plain"] or match["given"] or "")
        pair = pair_at(lines, number)
        if pair is None or not pair.same_header or pair.added or not given:
            continue
        if lines.language in ("python", "javascript", "typescript", "tsx") and _OF_TYPES.search(given):
            continue
        if re.fullmatch(r"\w+", given) and pair.holds(rf"\b{given}\s*!==?\s*(?:null|None|nil)\b"):
            continue  # Another line asks the same.
        refusal = _Refusal(number, number, given, match[0])
        names = _names(given)
        if not names or _stands_elsewhere(material, lines, pair, refusal, names) or _is_meant(material, pair):
            continue
        at = _used(lines, pair, refusal, names)
        if at is not None and not any(is_made_anew(material, pair, one) for one in names):
            yield Lost(
                at,
                f"The assertion `{one_line(given, 60)}` is gone: where it does not hold, what follows now goes on.",
                "Assertion removed",
                severity="low",
            )


def _refusal(lines: Lines, number: int) -> _Refusal | None:
    whole = _whole(lines, number)
    if whole is None or any(at not in lines.diff.removed_lines for at in range(number, whole.last_line + 1)):
        return None
    condition, body = whole.field("condition"), whole.field("consequence") or whole.field("body")
    if condition is None or body is None:
        return None
    last = _last_statement(body)
    in_c = lines.language in ("c", "cpp")
    refuses = _FAILS.match(last) or (in_c and _FAILS_IN_C.match(last))
    if not refuses and not (last.startswith("return") and _ANSWERS.search(body.text)):
        return None
    text = re.sub(r"^\((.*)\)$", r"\1", plain(condition.text))
    return _Refusal(number, whole.last_line, text, plain(body.text))


def condition_at(lines: Lines, number: int) -> str | None:
    """The condition of the statement that begins on an old line, without its parentheses."""
    whole = _whole(lines, number)
    condition = whole.field("condition") if whole is not None else None
    return None if condition is None else re.sub(r"^\((.*)\)$", r"\1", plain(condition.text))


def _whole(lines: Lines, number: int) -> SyntaxNode | None:
    """The statement with a condition that begins on the line and has no other branch."""
    line = lines.old[number]
    head = None if line.lstrip().startswith(("}", "else", "elif", "elsif")) else _HEAD.search(line)
    node = lines.node("old", number, head.start()) if head is not None else None
    above = node.parent if node is not None and node.is_code else None  # The node is the word itself.
    whole = above.nearest(*_IFS) if above is not None else None
    if whole is None or whole.first_line != number or whole.last_line - number > _MOST_LINES or whole.has_error:
        return None
    is_else = whole.parent is not None and whole.parent.kind.startswith("else")
    return None if is_else or whole.field("alternative") is not None else whole


def _last_statement(body: SyntaxNode) -> str:
    children = [one for one in body.children if "comment" not in one.kind]
    if (
        not body.kind.endswith(("block", "statement_list", "then", "compound_statement", "body_statement"))
        or not children
    ):
        return plain(body.text)
    last = children[-1]
    # Go wraps the statements of a block once more.
    return _last_statement(last) if last.kind in ("statement_list", "block") else plain(last.text)


def _names(condition: str) -> frozenset[str]:
    """What the condition looks at, each by its last name but calls: `job.ID`, `len(a.b)` give `ID`, `b`."""
    found: set[str] = set()
    for match in _CHAIN.finditer(_LITERAL.sub("''", condition)):
        steps = _STEP.split(match["chain"])
        if match["call"]:
            steps = steps[:-1]
        names = [one.strip("$@?!") for one in steps]
        names = [one for one in names if one not in _NO_NAMES and not one.isupper()]
        if names:
            found.add(names[-1])
            found.add(names[0])
    return frozenset(found)


def _stands_elsewhere(material: Material, lines: Lines, pair: Pair, refusal: _Refusal, names: frozenset[str]) -> bool:
    """Whether the value is looked at in another way: by a line that the change adds, or by another check that stays."""
    text = f"{refusal.condition} {refusal.message}"
    if _NO_FAULT.search(text) or _PLATFORM.search(refusal.condition):
        return True
    named = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, sorted(names)))})(?!\w)")
    if any(named.search(line) for line in pair.added):
        return True
    telling = [one for one in _LITERAL.findall(refusal.message) if len(one) > 8]
    raised = re.search(r"(?:raise|throw(?:\s+new)?|Err\(|return)\s+\\?(?P<name>[\w.:\\]+)", refusal.message)
    for one in changed_files(material):
        for _, line in one.changed("new"):
            if any(words in line for words in telling):
                return True
            if (
                one is lines
                and named.search(line)
                and re.search(r"\b(?:if|unless|assert|check|require|ensure|guard|when)\b", line)
            ):
                return True
            if raised is not None and len(raised["name"]) > 3 and re.search(rf"\b{re.escape(raised['name'])}\b", line):
                return True
    return False


def is_made_anew(material: Material, pair: Pair, subject: str) -> bool:
    """Whether the value comes from a function that a file of the change defines, which may make sure of it now."""
    name = re.escape(subject)
    made = re.search(
        rf"(?<![\w.]){name}(?:\s*,\s*\w+)*\s*:?=(?!=)\s*(?:await\s+)?(?:[\w.:>\-$]*?(?P<last>\w+))\(", pair.text
    )
    return made is not None and any(
        symbol.name == made["last"]
        for one in changed_files(material)
        if made["last"] in (one.diff.new_text or "")
        for symbol in one.symbols("new")
        if symbol.kind in ("function", "method", "class")
    )


def _is_meant(material: Material, pair: Pair) -> bool:
    """Whether the same change says so: its tests no longer ask for the error, or ask for what was refused."""
    name = re.compile(rf"(?<!\w){re.escape(pair.new.name)}(?!\w)")
    for one in changed_files(material):
        if one.is_test and name.search(one.diff.new_text or one.diff.old_text or ""):
            return True
    return False


def _used(lines: Lines, pair: Pair, refusal: _Refusal, names: frozenset[str]) -> int | None:
    """The first new line of the function that uses the value, as it did before."""
    named = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, sorted(names)))})(?!\w)")
    if any(named.search(text) for _, text in pair.kept_after(refusal.last) if not text.startswith(("#", "//", "*"))):
        hunk = lines.hunk("old", refusal.first)
        place = range(hunk.new_start + hunk.new_count, min(pair.new.end_line + 1, len(lines.new)))
        return next((at for at in place if lines.new[at].strip()), None)
    # A constructor of C++ uses it in its initializers.
    head = pair.new.header_end_line
    header = "\n".join(lines.new[pair.new.start_line : head + 1])
    return head if lines.language == "cpp" and len(named.findall(header)) > 1 else None
