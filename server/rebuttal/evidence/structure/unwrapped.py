"""Lines that the change leaves as they were but for a guard: `await`, a timeout, an escaping call, `with`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from attrs import frozen

from rebuttal.change.model import Hunk
from rebuttal.evidence.model import Material, one_line
from rebuttal.evidence.structure.lines import Lines, changed_files
from rebuttal.evidence.structure.pairs import Pair, pair_at
from rebuttal.findings.model import Category
from rebuttal.findings.severity import Severity
from rebuttal.text.languages import GLOBS, Language, family_of
from rebuttal.text.nodes import SyntaxNode


@frozen
class Lost:
    """A guard that is gone. The line is the new side's, where what was guarded stands."""

    line: int
    what: str
    title: str
    category: Category = "correctness"
    severity: Severity = "medium"


_AWAIT = re.compile(r"\bawait\s+(?=[\w(\[])|\.await\b(?!\s*\()")
_TIMEOUT = re.compile(
    r"(?:,\s*\b(?:timeout|connect_timeout|read_timeout|timeoutMs|timeout_seconds)\s*[=:]\s*(?P<a>[\w.]+(?:\([^()]*\))?)"
    r"|\b(?:timeout|connect_timeout|read_timeout)\s*[=:]\s*(?P<b>[\w.]+(?:\([^()]*\))?)\s*,\s*)"
)
_ESCAPE = re.compile(
    r"(?<![\w.])(?P<name>(?:[\w$]+(?:\.|::))*(?:escape|escape_\w+|escapeHtml\w*|escapeHTML|html_escape|conditional_escape|"
    r"sanitize\w*|sanitise\w*|encodeURIComponent|encodeURI|htmlspecialchars|htmlentities|quote_plus|clean_html|"
    r"escapeRegExp|escapeRegex|escapeshellarg|escapeshellcmd|mysqli_real_escape_string|secure_filename|"
    r"HtmlEncode|UrlEncode|HTMLEscapeString|QueryEscape|PathEscape|escapeJava\w*|encodeForHtml|quote_identifier|quote_ident|realpath|"
    r"(?<=shlex\.)quote|(?<=bleach\.)clean|(?<=regexp\.)QuoteMeta))\((?P<inner>[^()]*(?:\([^()]*\)[^()]*)*)\)"
)
_OF_ADDRESSES = re.compile(r"^(?:CGI|URI|ERB::Util)\.|encodeURI|quote_plus|UrlEncode|QueryEscape|PathEscape|url")
_INTO_TEXT = re.compile(r"[#$]\{|\+\s*[\w(]|[\"'`]\s*[+.%]|\bf[\"']|\.format\(|[Ss]printf|\.join\(|<<|`|<%")
_WITH = re.compile(r"^\s*(?:async\s+)?with\s+(?P<value>.+?)\s+as\s+(?P<name>\w+)\s*:\s*$")
_USING = re.compile(
    r"^\s*(?:await\s+)?using\s+(?:\()?\s*(?P<rest>(?:var|[\w<>.?]+)\s+(?P<name>\w+)\s*=\s*.+?)\)?\s*;?\s*\{?\s*$"
)
_TRY_WITH = re.compile(r"^\s*try\s*\(\s*(?P<rest>(?:final\s+)?(?:var|[\w<>.?]+)\s+(?P<name>\w+)\s*=\s*.+?)\)\s*\{\s*$")
_CONSTANT_TIME = re.compile(
    r"\b(?:compare_digest|timingSafeEqual|ConstantTimeCompare|secure_compare|fixed_length_secure_compare|hash_equals"
    r"|constant_time_compare|FixedTimeEquals|isEqual)\s*\("
)


def unwrapped(material: Material, lines: Lines) -> Iterator[Lost]:
    """What lost its guard and is otherwise as it was."""
    for hunk in lines.diff.hunks:
        if hunk.old_count and hunk.new_count and max(hunk.old_count, hunk.new_count) <= 80:
            yield from _in_hunk(material, lines, hunk)


def _in_hunk(material: Material, lines: Lines, hunk: Hunk) -> Iterator[Lost]:
    added: dict[str, int] = {}
    for number in hunk.new_lines:
        added.setdefault(_squeezed(lines.new[number]), number)
    still = {_squeezed(lines.new[number]) for number in hunk.new_lines}
    for number in hunk.old_lines:
        line = lines.old[number]
        if len(line) > 400 or _squeezed(line) in still:
            continue
        for make in (_await_lost, _timeout_lost, _escape_lost, _closed_no_more):
            yield from make(material, lines, number, line, added)


def _squeezed(line: str) -> str:
    """A line without what a guard's going leaves behind: spaces, a last semicolon or comma."""
    return re.sub(r"\s+", "", line).rstrip(";,{")


def _code(lines: Lines, number: int, column: int) -> bool:
    node = lines.node("old", number, column)
    return node is not None and node.is_code


def _await_lost(material: Material, lines: Lines, number: int, line: str, added: dict[str, int]) -> Iterator[Lost]:
    match = _AWAIT.search(line)
    if match is None:
        return
    without = line[: match.start()] + line[match.end() :]
    # `(await f()).x` may have lost its parentheses too.
    forms = (without, re.sub(r"\(([\w.]+\([^()]*\))\)", r"\1", without), re.sub(r"\)\?(?=;|$)", ")", without))
    at = next((added[one] for one in map(_squeezed, forms) if one in added), None)
    if at is None or not _code(lines, number, match.start()):
        return
    pair = pair_at(lines, number)
    called = re.match(r"\(*\s*(?:new\s+)?(?P<name>[\w.$:]*?(?P<last>\w+))\s*[(<]", line[match.end() :])
    if match[0].startswith(".await"):
        called = re.search(r"(?P<name>[\w.:]*?(?P<last>\w+))\s*\([^()]*(?:\([^()]*\)[^()]*)*\)$", line[: match.start()])
    if pair is None or called is None or not _is_dropped(lines, pair, at, called["last"]):
        return
    if not _still_async(material, lines, pair, called["last"]):
        return
    name = one_line(called["name"], 60)
    yield Lost(
        at,
        f"`{name}` was awaited and no longer is: what follows runs before it is done, and its failure is lost.",
        f"`{name}` is no longer awaited",
    )


_JS: tuple[Language, ...] = ("javascript", "typescript", "tsx")
_GREPPED = 100
"""Lines."""
_DEFINES_JS = r"\bfunction\s+{0}\s*\(|\b{0}\s*[:=]\s*(?:async\b|function|\()|^\s*(?:\w+\s+)*{0}\s*\([^\n]*\{{\s*$"
_DEFINES: dict[Language, str] = {
    **dict.fromkeys(_JS, _DEFINES_JS),
    "python": r"\bdef\s+{0}\s*\(",
    "rust": r"\bfn\s+{0}\s*[<(]",
}
_NO_DEFINITION = re.compile(r"\s*(?:if|for|while|switch|return|await)\b")
_CALLS = ("call", "call_expression", "invocation_expression", "method_invocation")
_CHAINS = (*_CALLS, "member_expression", "attribute", "parenthesized_expression")
_AT_ONCE = (
    *("expression_statement", "if_statement", "comparison_operator", "binary_expression"),
    *("not_operator", "unary_expression"),
)


def _is_dropped(lines: Lines, pair: Pair, at: int, last: str) -> bool:
    """Whether nobody waits for it in another way: it is a statement of its own, or a value used at once."""
    node = lines.node("new", at, lines.new[at].find(last))
    call = node.nearest(*_CALLS) if node is not None else None
    above = call.parent if call is not None else None
    while call is not None and above is not None and above.kind in _CHAINS and above.first_line == at:
        if not above.text.startswith(call.text):
            return False  # It is passed to something that may wait for it.
        call, above = above, above.parent
    if above is None:
        return False
    if above.kind in ("assignment", "variable_declarator"):
        target = above.field("left") or above.field("name")
        return target is not None and _is_used_unready(lines, pair, at, target)
    return above.kind in _AT_ONCE


def _is_used_unready(lines: Lines, pair: Pair, at: int, target: SyntaxNode) -> bool:
    """Whether the name that now holds a promise is used as if it held the value."""
    if target.kind in ("object_pattern", "array_pattern", "tuple", "pattern_list"):
        return True
    name = re.escape(target.text)
    later = "\n".join(lines.new[at + 1 : pair.new.end_line + 1])
    waited = rf"await[^\n]*\b{name}\b|\breturn\s+{name}\b(?!\s*[.\[])|\bPromise\.\w+\([^\n]*\b{name}\b"
    used = rf"(?<![\w.]){name}(?:\.(?!then\b|catch\b|finally\b|add_done_callback|cancel\b)|\[)"
    if lines.language in _JS:
        used += rf"|\bJSON\.stringify\({name}\b|\$\{{{name}\}}|(?<![\w.]){name}\s*[=!]==?"
    return re.search(used, later) is not None and re.search(waited, later) is None


def _still_async(material: Material, lines: Lines, pair: Pair, name: str) -> bool:
    """Whether the caller can still wait, and the called function was not made synchronous by the same change."""
    if not pair.new.is_async and lines.language not in ("csharp", "rust"):
        return False
    if lines.language in ("csharp", "rust") and not re.search(
        r"\basync\b", "\n".join(lines.new[pair.new.start_line : pair.new.header_end_line + 1])
    ):
        return False
    defined = [
        symbol
        for one in changed_files(material)
        if name in (one.diff.new_text or "")
        for symbol in one.symbols("new")
        if symbol.name == name and symbol.kind in ("function", "method")
    ]
    if defined:
        return all(one.is_async for one in defined)
    if lines.language == "csharp" and name.endswith("Async"):
        return True
    if pair.holds(r"\bawait\b"):
        return True
    return lines.language in _DEFINES and not _is_synchronous(material, lines.language, name)


def _is_synchronous(material: Material, language: Language, name: str) -> bool:
    """Whether the repository defines it, and never as something to wait for."""
    defines = re.compile(_DEFINES[language].format(re.escape(name)))
    globs = GLOBS[family_of(language)]
    found = []
    for match in islice(material.repository.new.grep([name], globs), _GREPPED):
        text = material.repository.new.read(match.path) or ""
        line = text.split("\n", match.line + 1)[match.line : match.line + 1]
        if line and defines.search(line[0]) and not _NO_DEFINITION.match(line[0]):
            found.append(line[0])
    return bool(found) and not any(re.search(r"\basync\b|Promise", one) for one in found)


def _timeout_lost(material: Material, lines: Lines, number: int, line: str, added: dict[str, int]) -> Iterator[Lost]:
    match = _TIMEOUT.search(line)
    if match is None or (match["a"] or match["b"]) in ("None", "null", "nil", "0"):
        return
    at = added.get(_squeezed(line[: match.start()] + line[match.end() :]))
    if (
        at is None
        or not _code(lines, number, match.start() + 1)
        or re.match(r"\s*(?:async\s+)?(?:def|function|class|func|fn)\b", line)
    ):
        return
    pair = pair_at(lines, number)
    if pair is None or any("timeout" in one.lower() for one in pair.added) or not pair.same_header:
        return
    if re.search(r"\b(?:requests|httpx)\.\w+\(", line):
        return  # ruff tells of these (S113).
    before = line[: match.start()]
    called = re.search(r"([\w.]+)\s*\([^()]*$", before)
    if called is None or called[1] in ("super", "super().__init__"):
        return
    name = one_line(called[1], 60)
    yield Lost(at, f"`{name}` had a timeout and no longer has: it can now wait for ever.", "Timeout removed")


def _escape_lost(material: Material, lines: Lines, number: int, line: str, added: dict[str, int]) -> Iterator[Lost]:
    for match in _ESCAPE.finditer(line):
        inner = match["inner"]
        choices = (inner, inner.split(",")[0])
        at = next(
            (
                added[key]
                for one in choices
                if (key := _squeezed(line[: match.start()] + one + line[match.end() :])) in added
            ),
            None,
        )
        if at is None or not inner.strip() or not _code(lines, number, match.start()):
            continue
        around = f"{line[: match.start()]}()\n{line[match.end() :]}"
        if _OF_ADDRESSES.search(match["name"]) and not _INTO_TEXT.search(around):
            continue  # Whoever takes the value by itself, as a field of a form, encodes it.
        name, pair = match["name"].rpartition(".")[2], pair_at(lines, number)
        if pair is not None and any(name in one or "escape" in one.lower() for one in pair.added):
            continue
        yield Lost(
            at,
            f"`{one_line(inner, 40)}` went through `{one_line(match['name'], 40)}` and now is used as it comes: "
            "what its author puts into it gets through.",
            f"`{one_line(match['name'], 40)}` removed",
            "security",
        )
        return


def _closed_no_more(material: Material, lines: Lines, number: int, line: str, added: dict[str, int]) -> Iterator[Lost]:
    if (match := _WITH.match(line)) is not None:
        rest = f"{match['name']}={match['value']}"
    elif (match := _USING.match(line) if lines.language == "csharp" else None) is not None or (
        match := _TRY_WITH.match(line) if lines.language == "java" else None
    ) is not None:
        rest = match["rest"] + ")" * (match["rest"].count("(") - match["rest"].count(")"))
    else:
        return
    at = added.get(_squeezed(rest))
    pair = pair_at(lines, number)
    if at is None or pair is None or not _code(lines, number, len(line) - len(line.lstrip())):
        return
    name = match["name"]
    if pair.holds(rf"\b{name}\??\.\w*(?:close|Close|dispose|Dispose|release|exit|shutdown|stop)\w*\(") or pair.holds(
        rf"\b(?:return|yield)\b.*\b{name}\b(?!\.)|[(,]\s*{name}\s*[,)]|=\s*{name}\b(?!\.)|enter_context\(|closing\("
    ):
        return
    yield Lost(
        at,
        f"`{name}` was closed at the end of its block, whatever happened; now nothing closes it.",
        f"`{name}` is no longer closed",
    )


def constant_time_lost(lines: Lines) -> Iterator[Lost]:
    """Comparison of secrets in constant time that became an ordinary one."""
    for number, match in lines.found("old", _CONSTANT_TIME):
        if match[0].startswith("isEqual") and "MessageDigest" not in lines.old[number]:
            continue
        pair, hunk = pair_at(lines, number), lines.hunk("old", number)
        if pair is None or _CONSTANT_TIME.search(pair.text):
            continue
        given = re.findall(r"\w+", lines.old[number][match.end() :])
        for at in hunk.new_lines:
            new = lines.new[at]
            if re.search(r"[=!]==?", new) and sum(1 for word in set(given) if re.search(rf"\b{word}\b", new)) >= 2:
                yield Lost(
                    at,
                    f"`{match[0].rstrip('( ')}` took the same time whatever it compared; an ordinary comparison tells "
                    "by its duration how much of a guess was right.",
                    "Comparison in constant time removed",
                    "security",
                )
                break
