"""Errors that the change newly lets disappear: empty handlers, errors that are no longer looked at.

Not reported: handlers that say why in a comment, those of narrow errors in languages where passing on is an idiom
(Python, Ruby), cleaning up, tests. A bare `except:` is ruff's (E722).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator

from attrs import frozen

from rebuttal.change.model import Side
from rebuttal.evidence.folders import FOR_DEVELOPERS
from rebuttal.evidence.model import Fact, Material, one_line
from rebuttal.evidence.rules import Rule
from rebuttal.evidence.seats import CODE
from rebuttal.evidence.structure.dropped import dropped
from rebuttal.evidence.structure.lines import Lines, changed_files, place_of, plain
from rebuttal.text.languages import Language
from rebuttal.text.nodes import SyntaxNode

SWALLOWED = Rule(
    "structure:swallowed",
    "Error swallowed",
    "When it fails nobody learns of it, and the program goes on with wrong or missing data.",
    "medium",
    "correctness",
    CODE,
    "likely",
)
RULES = (SWALLOWED,)


@frozen
class _Handler:
    line: int
    last_line: int
    caught: str
    """What is caught, as written."""
    words: str
    """The handler's and what it guards, without layout: the same elsewhere is the same handler."""


Finder = Callable[[Lines, Side], Iterator[_Handler]]

_ASIDE = re.compile(FOR_DEVELOPERS)
_BROAD = re.compile(r"\b(?:Exception|BaseException)\b")
_NOTHING = re.compile(r"(?:pass|\.\.\.|continue|return|return None)\Z")
_CLEANUP = re.compile(
    r"\b\w*(?:close|shutdown|stop|cleanup|clean_up|terminate|kill|disconnect|unlink|remove|rmtree|dispose|destroy|cancel"
    r"|flush|release|abort|quit|detach|delete|rm|unsubscribe|teardown|closeQuietly|free|mkdir|mkdirs|makedirs)\w*[!?]?\s*(?:\(|$)",
    re.IGNORECASE,
)
_QUIET_PLACE = re.compile(
    r"clean_?up|tear_?down|close|__del__|__exit__|shutdown|dispose|finali[sz]e|destroy|quiet|silent|ignor|safe|try|suppress"
    r"|swallow|best_?effort|atexit",
    re.IGNORECASE,
)
_KEPT = re.compile(r"[\w.]+\[\w+\] = \w+")
"""What is only put by for the next time: without it that is as slow as this one."""
_MEANT = re.compile(r"^(?:ign|expected|unused|_|swallow|silent|ok$|never)", re.IGNORECASE)


def check(material: Material) -> Iterator[Fact]:
    """One fact for each handler that is new, or that was emptied, and for each error no longer looked at."""
    files = [
        one
        for one in changed_files(material)
        if one.diff.new_text is not None and not one.is_test and not _ASIDE.search(place_of(one.diff.path))
    ]
    stood = Counter(handler.words for lines in files for handler in _handlers(lines, "old"))
    for lines in files:
        for handler in _handlers(lines, "new"):
            if not _is_touched(lines, handler):
                continue
            if stood[handler.words] > 0:
                stood[handler.words] -= 1
            elif material.in_scope(lines.diff, range(handler.line, handler.last_line + 1)):
                yield _fact(lines, handler)
    for lines in files:
        for number, what in dropped(lines):
            if material.in_scope(lines.diff, (number,)):
                yield SWALLOWED.fact(lines.diff, number, number, what, title="Error no longer looked at")


def _is_touched(lines: Lines, handler: _Handler) -> bool:
    """Whether the change wrote in the handler, or took lines out of it: not only in what it guards."""
    return any(
        hunk.new_start <= handler.last_line and hunk.new_start + hunk.new_count > handler.line
        if hunk.new_count
        else handler.line < hunk.new_start <= handler.last_line + 1
        for hunk in lines.diff.hunks
    )


def _fact(lines: Lines, handler: _Handler) -> Fact:
    untyped = lines.language in ("javascript", "typescript", "tsx") or handler.caught in ("", "...")
    caught = "Every error" if untyped else f"`{one_line(handler.caught, 60)}`"
    return SWALLOWED.fact(
        lines.diff,
        handler.line,
        handler.last_line,
        f"{caught} is caught and dropped: when this fails nobody learns of it, and the code goes on regardless.",
    )


def _handlers(lines: Lines, side: Side) -> Iterator[_Handler]:
    finder = _FINDERS.get(lines.language) if lines.language else None
    if finder is not None and lines.diff.text(side) and _MAY.search(lines.diff.text(side) or ""):
        yield from finder(lines, side)


_MAY = re.compile(r"\b(?:except|catch|rescue|suppress|Catch)\b")
_EXCEPT = re.compile(r"^\s*except\b\s*(?P<what>[^:#]*?)\s*:")
_SUPPRESS = re.compile(r"^\s*(?:async\s+)?with\s+(?:contextlib\.)?suppress\((?P<what>[^)]*)\)\s*:")
_CATCH = re.compile(r"\bcatch\b")
_RESCUE = re.compile(r"^\s*rescue\b|\brescue\s+nil\b")


def _python(lines: Lines, side: Side) -> Iterator[_Handler]:
    for number, match in lines.near(side, _EXCEPT):
        what = match["what"]
        node = lines.node(side, number, match.start() + len(match[0]) - len(match[0].lstrip()))
        clause = node.nearest("except_clause") if node is not None else None
        # A bare one of the base counts as well: to narrow it is no fault.
        if clause is None or clause.first_line != number or clause.has_error:
            continue
        emptied = side == "new" and _passed_on_before(lines, number, clause.last_line)
        if not (emptied or _BROAD.search(what) or (side == "old" and not what)):
            continue
        if side == "new" and _was_empty_before(lines, number):
            continue
        block = next((one for one in clause.children if one.kind == "block"), None)
        if block is None or not _does_nothing(block) or _commented(lines, side, number, block.last_line):
            continue
        tried = clause.parent.field("body") if clause.parent is not None else None
        if tried is None or _is_cleanup(lines, side, number, tried.text):
            continue
        yield _Handler(number, block.last_line, what, plain(tried.text + block.text))
    for number, match in lines.near(side, _SUPPRESS):
        if _BROAD.search(match["what"]):
            node = lines.node(side, number, len(match[0]) - len(match[0].lstrip()))
            whole = node.nearest("with_statement") if node is not None else None
            body = whole.field("body") if whole is not None else None
            if whole is None or body is None or _commented(lines, side, number, number):
                continue
            if not _is_cleanup(lines, side, number, body.text):
                yield _Handler(number, number, match["what"], plain(whole.text))


def _was_empty_before(lines: Lines, number: int) -> bool:
    """Whether the head of the handler replaces that of one that did nothing either."""
    if number not in lines.diff.added_lines:
        return False
    text = lines.old
    return any(
        _EXCEPT.match(text[at]) and at + 1 < len(text) and _NOTHING.match(text[at + 1].strip())
        for at in lines.hunk("new", number).old_lines
    )


_PASSES_ON = re.compile(r"^\s*(?:raise|throw)\b")


def _passed_on_before(lines: Lines, first: int, last: int) -> bool:
    """Whether the handler stood in the base and passed the error on: then a narrow one counts as well."""
    if first in lines.diff.added_lines:
        return False
    return any(
        any(_PASSES_ON.match(lines.old[line]) for line in hunk.old_lines)
        for hunk in lines.diff.hunks
        if first < hunk.new_start <= last + 1
    )


def _does_nothing(block: SyntaxNode) -> bool:
    statements = [one for one in block.children if one.kind != "comment"]
    return len(statements) == 1 and _NOTHING.match(statements[0].text.strip()) is not None


def _is_cleanup(lines: Lines, side: Side, number: int, tried: str) -> bool:
    """Whether what is tried ends things, or the function says by its name that failing is all right."""
    statements = [line for line in tried.split("\n") if line.strip(" {};")]
    if len(statements) <= 2 and _CLEANUP.search(tried):
        return True
    if re.fullmatch(r"\{?\s*(?:import|from)\b.*", tried.strip(), re.DOTALL):
        return True
    if len(statements) == 1 and _KEPT.fullmatch(statements[0].strip(" \t{};")):
        return True
    around = lines.function(side, number)
    return around is not None and _QUIET_PLACE.search(around.name) is not None


def _commented(lines: Lines, side: Side, first: int, last: int) -> bool:
    """Whether a comment stands in the handler, on its lines, or just above its head."""
    text = lines.of(side)
    inside = text[first : last + 1]
    if any(_COMMENT.search(line) for line in inside):
        return True
    above = text[first - 1].strip() if first else ""
    return above.startswith(("#", "//", "*", "/*"))


_COMMENT = re.compile(r"(?:^|\s)(?:#(?!\{|if\b|endif\b|pragma\b)|//)|/\*|--\s")


def _braces(lines: Lines, side: Side) -> Iterator[_Handler]:
    """`catch` with an empty block, in the languages that have one; `.catch(() => {})` of promises."""
    for number, match in lines.near(side, _CATCH):
        node = lines.node(side, number, match.start())
        if node is None:
            continue
        clause = node.nearest("catch_clause", "catch_block")
        if clause is not None and node.kind.startswith("catch"):
            yield from _catch_clause(lines, side, number, clause)
        elif lines.language in ("javascript", "typescript", "tsx"):
            yield from _promise(lines, side, number, node)


_HEAD = re.compile(r"catch\s*(?:\((?P<what>[^{]*)\))?\s*\{(?P<body>[^{}]*)\}\s*\Z", re.DOTALL)
_NAME = re.compile(r"(?P<name>\$?\w+)\s*(?:(?::\s*[\w.]+)|\)\s*(?:when.*)?)?\s*\Z", re.DOTALL)
_BROAD_PHP = re.compile(r"(?:^|\\|\|)\s*(?:Exception|Throwable|Error)\b")
_DROPS = re.compile(r"\s*;?\s*(?:return\s*;?|return\s+(?:null|undefined|nil|None)\s*;?|continue\s*;?|pass\s*;?)?\s*\Z")


def _catch_clause(lines: Lines, side: Side, number: int, clause: SyntaxNode) -> Iterator[_Handler]:
    match = _HEAD.match(clause.text)
    if match is None or clause.has_error or not _empties(lines.language, match["body"]):
        return
    what = (match["what"] or "").strip()
    if _commented(lines, side, number, clause.last_line) or _is_meant(what):
        return
    whole = clause.parent
    tried = (whole.field("body") if whole is not None else None) or (
        next((one for one in whole.children if one.kind in ("block", "statements", "compound_statement")), None)
        if whole is not None
        else None
    )
    if tried is None or _is_cleanup(lines, side, number, tried.text):
        return
    if _is_probe(tried) and (side == "old" or not _failed_before(lines, tried)):
        return
    narrow = lines.language == "php" and not _BROAD_PHP.search(what)
    if narrow and not (side == "new" and _passed_on_before(lines, number, clause.last_line)):
        return
    yield _Handler(number, clause.last_line, what, plain(tried.text + match["body"]))


def _is_probe(tried: SyntaxNode) -> bool:
    """Whether the last thing tried sets a variable: where that fails, it keeps the value that it had."""
    statements = [one for one in tried.children if "comment" not in one.kind]
    last = statements[-1] if statements else None
    if last is not None and last.kind in ("return_statement", "break_statement", "continue_statement"):
        return True  # One way of several: where it fails, what follows tries the next.
    inner = last.children[0] if last is not None and last.children else None
    return any(one is not None and "assignment" in one.kind for one in (last, inner))


_TRY = re.compile(r"\btry\b")
_CALLED = re.compile(r"=\s*(?:await\s+)?(?P<call>[\w.$>:-]+\()")


def _failed_before(lines: Lines, tried: SyntaxNode) -> bool:
    """Whether the base did the same without a handler: its failure was heard, and now the default hides it."""
    called = _CALLED.search(tried.text)
    if called is None:
        return False
    for hunk in lines.diff.hunks:
        if hunk.new_start <= tried.last_line and hunk.new_start + hunk.new_count > tried.first_line:
            gone = [lines.old[line] for line in hunk.old_lines]
            if any(called["call"] in line for line in gone) and not any(_TRY.search(line) for line in gone):
                return True
    return False


def _empties(language: Language | None, body: str) -> bool:
    """Whether the handler has no statement; leaving a function of Java early is one, its result says so."""
    return not body.strip(" \t\r\n;") or (language == "php" and _DROPS.match(body) is not None and "return" not in body)


def _is_meant(what: str) -> bool:
    """Whether the error's name, or its kind, says that it is dropped on purpose."""
    name = _NAME.search(what.partition(":")[0] if ":" in what else what)
    if name is not None and _MEANT.match(name["name"].lstrip("$")):
        return True
    # Only these two tell that nothing is known of what went wrong, or that it was expected.
    return (
        re.search(r"\b(?:NumberFormat|NoSuch\w+|ClassNotFound|NotFound|Interrupted|Cancel\w*|EOF|Abort\w*)", what)
        is not None
    )


_EMPTY_FUNCTION = re.compile(
    r"(?:async\s*)?(?:\(\s*\w*\s*(?::\s*\w+\s*)?\)|\w+)\s*=>\s*"
    r"(?:\{\s*(?:return\s*;?|return (?:null|undefined)\s*;?)?\s*\}|"
    r"null|undefined|void 0)|(?:async\s+)?function\s*\w*\(\s*\w*\s*\)\s*\{\s*\}|noop|_\.noop|\(\s*\)\s*=>\s*noop\(\)"
)


_STATEMENTS = ("expression_statement", "unary_expression")


def _promise(lines: Lines, side: Side, number: int, node: SyntaxNode) -> Iterator[_Handler]:
    call = node.nearest("call_expression")
    target, given = (call.field("function"), call.field("arguments")) if call is not None else (None, None)
    if call is None or target is None or given is None or not target.text.endswith(".catch"):
        return
    above = call.parent
    if above is not None and above.kind == "await_expression":
        above = above.parent
    if above is None or above.kind not in _STATEMENTS:
        return  # Its value is used: what takes the place of a failure is a value like others.
    if node.text != "catch" or _commented(lines, side, number, call.last_line):
        return
    given_text = given.text[1:-1].strip()
    if _EMPTY_FUNCTION.fullmatch(given_text) and not _is_cleanup(lines, side, number, target.text[: -len(".catch")]):
        yield _Handler(number, call.last_line, "", plain(call.text))


def _ruby(lines: Lines, side: Side) -> Iterator[_Handler]:
    for number, match in lines.near(side, _RESCUE):
        node = lines.node(side, number, match.start() + match[0].index("rescue"))
        whole = node.parent if node is not None and node.text == "rescue" else node
        clause = whole.nearest("rescue", "rescue_modifier") if whole is not None else None
        if clause is None or clause.has_error or _commented(lines, side, number, clause.last_line):
            continue
        what = clause.field("exceptions")
        if clause.kind == "rescue_modifier":
            handler, tried = clause.field("handler"), clause.field("body")
            if (
                handler is None
                or handler.text != "nil"
                or tried is None
                or (_is_result(clause) and not _ran_before(lines, tried.text))
                or _is_cleanup(lines, side, number, tried.text)
            ):
                continue
            yield _Handler(number, clause.last_line, "StandardError", plain(clause.text))
        elif what is None or re.search(r"(?<![\w:])(?:StandardError|Exception)\b", what.text):
            body = clause.field("body")
            if body is not None and body.text.strip() not in ("", "nil", "then", "next", "return", "return nil"):
                continue
            above = clause.parent
            before = above.text.partition("rescue")[0] if above is not None else ""
            if body is not None and "nil" in body.text and not _ran_before(lines, before):
                continue  # Its caller gets nil, which says that there is nothing.
            if not _is_cleanup(lines, side, number, before.partition("\n")[2] or before):
                yield _Handler(number, clause.last_line, what.text if what else "", plain(before + clause.text))


def _ran_before(lines: Lines, tried: str) -> bool:
    """Whether what is tried stood in the base, where its failure was heard of: new code may give nil where it fails."""
    known = {plain(line) for line in lines.old}
    return any(len(line.strip()) > 3 and plain(line) in known for line in tried.split("\n"))


def _is_result(modifier: SyntaxNode) -> bool:
    """Whether the value is used: given to a name, passed on, or the last of a body, which gives it to its caller."""
    above = modifier.parent
    if above is None or above.kind not in ("body_statement", "then", "block_body", "do_block", "else", "program"):
        return True
    after = [
        one for one in above.children if one.first_line > modifier.last_line and one.kind not in ("comment", "end")
    ]
    return not after


_FINDERS: dict[Language, Finder] = {
    "python": _python,
    "ruby": _ruby,
    **dict.fromkeys(("javascript", "typescript", "tsx", "java", "csharp", "php", "cpp", "kotlin"), _braces),
}
