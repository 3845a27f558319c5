"""Checks that are gone: early exits on a missing value, validating calls, permission decorators, `if err != nil`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rebuttal.evidence.model import Material, one_line
from rebuttal.evidence.structure.lines import Lines, changed_files, moves, plain
from rebuttal.evidence.structure.pairs import Pair, pair_at, removed
from rebuttal.evidence.structure.refused import condition_at, is_made_anew, refusal_lost
from rebuttal.evidence.structure.unwrapped import Lost

_SUBJECT = r"(?P<{}>[A-Za-z_$@][\w$@]*(?:(?:\.|->|::|\?\.)[A-Za-z_]\w*)*)"
_NULL = r"(?:None|null|nil|NULL|nullptr|undefined)"
_IF = re.compile(
    r"^\s*(?:\}\s*else\s+)?if\b\s*\(?(?P<condition>.+?)\)?\s*(?::|\{|then)?\s*(?P<exit>(?:return|raise|throw|continue|break|panic|die|abort|goto)\b.*)?$"
)
_AFTER = re.compile(r"^\s*(?P<exit>(?:return|raise|throw|fail)\b.*?)\s+(?P<word>if|unless)\s+(?P<condition>.+?)\s*$")
_EXIT = re.compile(
    r"^\s*\{?\s*(?:return|raise|throw|continue|break|panic\(|die\b|abort|exit|goto|sys\.exit|os\.Exit)\b"
)
_MISSING = (
    re.compile(rf"^(?:not\s+|!\s*){_SUBJECT.format('a')}$"),
    re.compile(rf"^{_SUBJECT.format('a')}\s*(?:is|===?)\s*{_NULL}$"),
    re.compile(rf"^{_NULL}\s*===?\s*{_SUBJECT.format('a')}$"),
    re.compile(rf"^{_SUBJECT.format('a')}\.(?:nil\?|isNull\(\)|blank\?)$"),
    re.compile(rf"^is_null\(\s*{_SUBJECT.format('a')}\s*\)$"),
)
_BOUNDS = re.compile(
    rf"^{_SUBJECT.format('a')}\s*(?:>=|>)\s*(?:len\(\s*{_SUBJECT.format('b')}\s*\)|{_SUBJECT.format('c')}\.(?:length|size\(\)|Length|Count|len\(\)|count)(?:\(\))?)$"
)
_EMPTY = re.compile(
    rf"^(?:len\(\s*{_SUBJECT.format('a')}\s*\)\s*(?:==\s*0|<\s*1)|{_SUBJECT.format('b')}\.(?:isEmpty\(\)|empty\(\)|is_empty\(\)|empty\?)"
    rf"|!{_SUBJECT.format('c')}\.length|{_SUBJECT.format('d')}\.(?:length|size\(\)|Count|Length)\s*===?\s*0)$"
)
_PERMISSION = re.compile(
    r"(?i)permission|authori[sz]ed|is_?admin|is_?staff|is_?superuser|is_?authenticated|has_?perm|has_?role|can_?access|is_?owner|csrf"
    r"|is_?allowed|has_?access|logged_?in|check_?access|(?:\.|->)can(?:not)?\("
)
_ERROR = re.compile(r"^\s*if\s+(?P<name>\w*[eE]rr)\s*!=\s*nil\s*\{\s*$")
_VALIDATES = re.compile(
    r"^\s*(?:await\s+)?(?:[\w.$@]*(?:\.|->|::))?(?P<name>_{0,2}(?:validate|verify|ensure(?!_sync|_future)|authorize|authenticate|authorise|require"
    r"|check_?(?:perm|auth|access|valid|csrf|token|sig|bound|limit|quota|size|type|arg)|assert_?(?:perm|auth|valid|not_?null|can)|check[A-Z]\w"
    r"|requireNonNull|enforce|sanitize|preauthorize)\w*[!?]?)"
    r"\s*(?:\(.*\)|\s[\w:.,@ ]+)?\s*;?\s*$"
)
_ALIKE = re.compile(r"(?i)valid|check|verif|ensure|assert|requir|enforce|guard|sanit|auth|throw|raise")
_DECORATOR = re.compile(
    r"^\s*(?:@|\[|#\[)\s*(?P<name>[\w.]*(?:login_required|permission_required|permissions?_?classes|requires?_\w+|\w*_required|authenticated"
    r"|require_?(?:auth|login|role|permission|POST|GET)\w*|Authorize|PreAuthorize|PostAuthorize|Secured|RolesAllowed|UseGuards|Roles|Transactional"
    r"|atomic|csrf_protect|Valid|Validated|ValidateAntiForgeryToken|synchronized|Synchronized|user_passes_test|auth_required|rate_?limit\w*|throttle\w*|limiter\.\w+))\b"
)
_BEFORE = re.compile(
    r"^\s*(?P<name>before_action|before_filter|prepend_before_action|protect_from_forgery|validates?\b|validates_\w+)\s*:?(?P<what>[\w!?]*)"
)


_HOLDS_ITS_OWN = re.compile(r"\b(?:fun|def|fn|func|function|void|class|override|public|private|protected)\b")
_SAFE_OTHERWISE = re.compile(r"\bAtomic\w|\bConcurrent\w|\bsynchronized\b|[Ll]ock\b|@Volatile|\bvolatile\b")


def checks_lost(material: Material, lines: Lines) -> Iterator[Lost]:
    """Early exits and validating calls that are gone."""
    for number, line in lines.changed("old"):
        if moves(material).added[plain(line)]:
            continue
        condition = _left_on(lines, number, line)
        told = [] if condition is None else list(_early_exit(material, lines, number, condition))
        yield from told or refusal_lost(material, lines, number)
    for number, match, pair in removed(lines, _VALIDATES):
        yield from _validation(material, lines, number, match, pair)


def _left_on(lines: Lines, number: int, line: str) -> str | None:
    """The condition of an early exit on a removed line, if nothing was put in its place."""
    if lines.hunk("old", number).new_count > 1:
        return None
    if (match := _IF.match(line)) is not None and (match["exit"] or _only_exits(lines, number)):
        return condition_at(lines, number) or match["condition"].strip().rstrip(" {:")
    if lines.language == "ruby" and (match := _AFTER.match(line)) is not None:
        condition = match["condition"].strip()
        return f"!{condition}" if match["word"] == "unless" else condition
    return None


def _early_exit(material: Material, lines: Lines, number: int, condition: str) -> Iterator[Lost]:
    asks = _PERMISSION.search(condition) is not None
    subject, kind = _subject(condition)
    if not asks and subject in (None, "self", "this"):
        return
    node = lines.node("old", number, len(lines.old[number]) - len(lines.old[number].lstrip()))
    pair = pair_at(lines, number) if node is not None and node.is_code else None
    if pair is None or len(pair.added) > 4 or not pair.same_header:
        return
    if asks:
        yield from _permission(lines, pair, number, condition)
        return
    assert subject is not None
    at = _used(lines, pair, number, subject, kind)
    if at is None or _checked_otherwise(material, lines, pair, subject):
        return
    name = f"`{one_line(subject, 40)}`"
    effect = {
        "missing": f"{name} is still used here, and fails where it is missing",
        "bounds": f"{name} is still indexed here, and fails beyond its end",
        "empty": f"{name} is still indexed here, and fails where it is empty",
    }[kind]
    yield Lost(at, f"The early exit on `{one_line(condition, 50)}` is gone: {effect}.", f"Check of {name} removed")


def _only_exits(lines: Lines, number: int) -> bool:
    """Whether the block has one statement, which leaves, and went with the condition."""
    removed_lines = lines.diff.removed_lines
    if number + 1 not in removed_lines or number + 1 >= len(lines.old):
        return False
    after = lines.old[number + 1]
    if not _EXIT.match(after):
        return False
    text = lines.old[number]
    if text.rstrip().endswith("{"):
        end = next(
            (at for at in range(number + 2, min(number + 6, len(lines.old))) if lines.old[at].strip().startswith("}")),
            None,
        )
        return end is not None and end in removed_lines and "else" not in lines.old[end]
    follower = lines.old[number + 2].strip() if number + 2 < len(lines.old) else ""
    return not follower.startswith(("else", "elif"))


def _subject(condition: str) -> tuple[str | None, str]:
    condition = re.sub(r"^\((.*)\)$", r"\1", condition.strip())
    for pattern in _MISSING:
        if (match := pattern.match(condition)) is not None:
            return match["a"], "missing"
    if (match := _BOUNDS.match(condition)) is not None:
        return match["b"] or match["c"], "bounds"
    if (match := _EMPTY.match(condition)) is not None:
        return match["a"] or match["b"] or match["c"] or match["d"], "empty"
    return None, ""


def _used(lines: Lines, pair: Pair, number: int, subject: str, kind: str) -> int | None:
    """The new line where it is used as if the check were still there: an old line, as it was."""
    name = re.escape(subject)
    use = (
        rf"(?<![\w.]){name}(?:\.\w|->|\[|\()"
        if kind == "missing"
        else rf"(?<![\w.]){name}(?:\[|\.(?:get|at|first|front|last|back|pop|remove)\()"
    )
    kept = [text for at, text in pair.kept_after(number) if re.search(use, text) and not _GUARDED.search(text)]
    if not kept:
        return None
    words = plain(kept[0])
    removed_before = sum(hunk.old_count - hunk.new_count for hunk in lines.diff.hunks if hunk.old_start < number)
    floor = max(pair.new.start_line, number - removed_before - 1)
    return next(
        (at for at in range(floor, min(pair.new.end_line + 1, len(lines.new))) if plain(lines.new[at]) == words), None
    )


_GUARDED = re.compile(r"\?\.|\bif\b|\?\?|&&|\|\||\bor\b|\band\b|\bassert\b|^\s*(?:#|//|\*)")


_LOOKS = r"\b(?:if|elif|while|assert|unless|guard|require\w*|match|when|case|switch|check\w*|ensure\w*)\b"


def _checked_otherwise(material: Material, lines: Lines, pair: Pair, subject: str) -> bool:
    """Whether the value is looked at elsewhere, comes from elsewhere now, or is made sure of by its maker."""
    name = re.escape(subject)
    last = re.escape(subject.replace("->", ".").rpartition(".")[2])
    looked = rf"{_LOOKS}[^\n]*(?<![\w]){name}\b"
    if pair.holds(looked) or pair.holds(rf"(?<![\w.]){name}\s*(?:\?\?|\|\||&&|\?|!\.|\bor\b|\band\b)"):
        return True
    if any(re.search(rf"\b{last}\b", one) for one in pair.added):
        return True
    if any(re.search(rf"\b{last}\b", line) for _, line in lines.changed("new")):
        return True
    return is_made_anew(material, pair, subject)


def _permission(lines: Lines, pair: Pair, number: int, condition: str) -> Iterator[Lost]:
    """A permission that is no longer asked for."""
    kept = pair.kept_after(number)
    asked = _PERMISSION.search(pair.text.partition("\n")[2]) is not None
    if not kept or asked or any(_PERMISSION.search(line) for _, line in lines.changed("new")):
        return
    at = pair.place(kept[0][1])
    if at is not None:
        what = f"`{one_line(condition, 50)}` no longer stops anybody here: what follows runs for everyone."
        yield Lost(at, what, "Permission check removed", "security")


def error_checks_lost(lines: Lines) -> Iterator[Lost]:
    """Go: `if err != nil` gone, with the call that gave the error still there."""
    if lines.language != "go":
        return
    for number, match, pair in removed(lines, _ERROR):
        name, call = match["name"], lines.old[number - 1] if number else ""
        made = re.search(rf"\b{name}\b\s*:?=(?!=)\s*(?P<call>[\w.]+)\(", call)
        if made is None or number - 1 in lines.diff.removed_lines or lines.hunk("old", number).new_count:
            continue
        at = pair.place(call)
        if at is None:
            continue
        rest = "\n".join(lines.new[at + 1 : pair.new.end_line + 1])
        following = re.search(rf"\b{name}\b", rest)
        if following is not None:
            before = rest[: following.start()].rpartition("\n")[2]
            again = rest[following.end() :].lstrip()
            if not (re.match(r"\s*(?:[\w.]+\s*,\s*)*$", before) and again.startswith(("=", ":="))):
                continue
        yield Lost(
            at,
            f"The error of `{one_line(made['call'], 50)}` was checked, and no longer is: "
            "what follows runs even if it failed.",
            "Error check removed",
        )


def _validation(material: Material, lines: Lines, number: int, match: re.Match[str], pair: Pair) -> Iterator[Lost]:
    name = match["name"]
    word = re.compile(rf"\b{re.escape(name)}")
    hunk = lines.hunk("old", number)
    if hunk.new_count > 1 or len(pair.added) > 4 or not pair.same_header or word.search(pair.text):
        return
    if any(_ALIKE.search(one) for one in pair.added):
        return
    stem = re.sub(r"^_+", "", name)[:6].lower()
    for one in changed_files(material):
        if any(word.search(line) or (one is lines and stem in line.lower()) for _, line in one.changed("new")):
            return
        if any(
            re.search(rf"\b(?:def|func|function|fn|fun|void|bool|boolean)\s+(?:\([^)]*\)\s*)?{re.escape(name)}\b", line)
            for _, line in one.changed("old")
        ):
            return  # The check itself is gone with all its users.
    given = re.search(r"\(\s*(\w+)", lines.old[number])
    if given is not None and re.search(r"(?i)null", name) and pair.holds(rf"\b{given[1]}\s*[!=]==?\s*null\b"):
        return  # Another line looks at it.
    kept = [one for one in pair.kept_after(number) if re.search(r"[\w)\]]\s*(?:\(|=|\.)|\breturn\b", one[1])]
    if not kept:
        return
    at = pair.place(kept[0][1])
    if at is not None:
        yield Lost(
            at,
            f"`{one_line(name, 40)}` is no longer called before this: what it refused gets through.",
            f"Call of `{one_line(name, 40)}` removed",
            "security" if re.search(r"(?i)auth|perm|csrf|token|sig|sanit", name) else "correctness",
        )


def decorators_lost(material: Material, lines: Lines) -> Iterator[Lost]:
    """Decorators and attributes that guard a function, gone while the function stays."""
    for number, match in lines.found("old", _DECORATOR):
        after = next(
            (
                at
                for at in range(number, min(number + 12, len(lines.old)))
                if not re.match(r"\s*(?:[@\[#]|$)", lines.old[at])
                or (at == number and _HOLDS_ITS_OWN.search(lines.old[at]))
            ),
            None,
        )
        pair = None
        if after is not None:
            old = lines.function("old", after)
            new = (
                lines.counterpart(old)
                if old is not None and old.start_line <= after <= old.header_end_line + 1
                else None
            )
            pair = Pair(lines, old, new) if old is not None and new is not None else None
        if pair is None or not pair.kept:
            continue
        name = match["name"].rpartition(".")[2]
        head = "\n".join(lines.new[max(pair.new.start_line - 6, 0) : pair.new.header_end_line + 1])
        if lines.moved_away(number) or (name.lower() == "synchronized" and lines.is_added_anywhere(_SAFE_OTHERWISE)):
            continue
        if name in head or any(
            _DECORATOR.match(line) or _PERMISSION.search(line) or name in line for _, line in lines.changed("new")
        ):
            continue
        at = pair.new.name_line
        security = not re.search(r"(?i)transactional|atomic|valid|synchronized", name)
        effect = "anybody gets to it now" if security else "what it made sure of no longer holds"
        yield Lost(
            at,
            f"`{one_line(name, 40)}` no longer guards `{one_line(pair.new.name, 40)}`: {effect}.",
            f"`{one_line(name, 40)}` removed",
            "security" if security else "correctness",
        )
    if lines.language == "ruby":
        yield from _before_lost(lines)


_CONCERN = re.compile(r"^\s*(?:include|extend|prepend)\s+[A-Z]")
_ONLY = re.compile(r"\bonly:\s*(?:\[|%i\[)?(?P<actions>[^\]#]*)")


def _is_done_otherwise(lines: Lines, number: int) -> bool:
    """Whether a module is included instead, or every action that it guarded is written anew: both may see to it."""
    if any(_CONCERN.match(line) for _, line in lines.changed("new")):
        return True
    only = _ONLY.search(lines.old[number])
    actions = re.findall(r"\w+", only["actions"]) if only is not None else []
    added = lines.diff.added_lines
    bodies = {one.name: range(one.start_line, one.end_line + 1) for one in lines.symbols("new") if one.kind == "method"}
    return bool(actions) and all(not added.isdisjoint(bodies.get(action, ())) for action in actions)


def _before_lost(lines: Lines) -> Iterator[Lost]:
    """Rails: `before_action :authenticate` gone."""
    for number, match in lines.found("old", _BEFORE):
        name = match["name"]
        if not name.startswith(("before", "prepend", "protect")) or not re.search(
            r"(?i)auth|login|require|verify|ensure|permission|forgery", lines.old[number]
        ):
            continue
        if any((match["what"] and match["what"] in line) or name in line for _, line in lines.changed("new")):
            continue
        if lines.moved_away(number) or _is_done_otherwise(lines, number):
            continue
        holder = [
            one for one in lines.symbols("old") if one.kind == "class" and one.start_line <= number <= one.end_line
        ]
        new = [one for one in lines.symbols("new") if holder and one.qualified == holder[-1].qualified]
        if len(new) == 1:
            words, holder_name = one_line(plain(lines.old[number]), 50), one_line(new[0].name, 40)
            what = f"`{words}` no longer runs before the actions of `{holder_name}`."
            yield Lost(new[0].name_line, what, f"`{name}` removed", "security")
