"""Configurations of checkers that the change makes say less: a strict mode off, a threshold lowered, a rule off.

Line by line, without a parser for each format: a key, its value, and the keys that it stands under. What cannot be
read so is not told. A configuration that is new loosens nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from attrs import frozen

from rebuttal.change.model import FileDiff, Side
from rebuttal.evidence.model import Fact, Material, one_line
from rebuttal.evidence.rules import Rule
from rebuttal.evidence.seats import CODE
from rebuttal.findings.severity import Severity
from rebuttal.text.positions import git_lines

LOOSENED = Rule(
    "steering:loosened",
    "The change loosens a check",
    "What the checker no longer says, nobody hears of in later changes either.",
    "low",
    "testing",
    CODE,
)
RULES = (LOOSENED,)
_MOST = 200_000
_HEADER = re.compile(r"\s*\[+([^\[\]\n]+)\]+\s*(?:[#;].*)?$")
_ENTRY = re.compile(r"([ \t]*)(?:-[ \t]+)?[\"']?([\w@/.$-]{1,100})[\"']?[ \t]*(?:=>|[:=])[ \t]*(.*)$")
_ITEM = re.compile(r"([ \t]*)-[ \t]+[\"']?([\w/-]{1,80})[\"']?[ \t]*(?:#.*)?$")
_FIRST = re.compile(r"\[?[ \t]*[\"']?([\w.%+-]+)")
_ON, _OFF = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


@frozen
class _Entry:
    path: str
    """The keys above it, joined."""
    key: str
    value: str
    line: int


@frozen
class _Loosened:
    words: str
    line: int
    side: Side
    severity: Severity
    gone: str = ""
    """The key, where the file has it no more."""


_Entries = dict[tuple[str, str], _Entry]
"""By path and key; the first of several."""
_Judge = Callable[[_Entry | None, _Entry | None], Severity | None]
"""Old and new entry of one key -> how severe it is that this is less; None if it is not."""


def check(material: Material) -> Iterator[Fact]:
    """One fact for each configuration that asks less than the base's."""
    for diff in material.files:
        judge = _judge_of(diff.old_path or diff.path) if diff.old_text and diff.new_text else None
        if judge is None or max(len(diff.old_text or ""), len(diff.new_text or "")) > _MOST:
            continue
        found = [one for one in _compared(diff, judge) if _in_scope(material, diff, one)]
        if any(one.gone for one in found):
            elsewhere = _added_elsewhere(material, diff)
            found = [one for one in found if not _is_asked(one.gone, elsewhere)]
        if found:
            yield _fact(diff, found)


def _judge_of(path: str) -> _Judge | None:
    name = path.rpartition("/")[2]
    return next((judge for pattern, judge in _JUDGES if re.fullmatch(pattern, name)), None)


def _in_scope(material: Material, diff: FileDiff, one: _Loosened) -> bool:
    if one.side == "new":
        return material.in_scope(diff, (one.line,))
    hunk = next((hunk for hunk in diff.hunks if one.line in hunk.old_lines), None)
    return hunk is not None and material.in_scope(diff, hunk.new_lines or (hunk.new_start,))


def _added_elsewhere(material: Material, diff: FileDiff) -> dict[str, str]:
    """Keys and values that the change adds to other configurations: sections move from setup.cfg to pyproject.toml."""
    found: dict[str, str] = {}
    for other in material.change.files:
        if other is diff or not other.new_text or len(other.new_text) > _MOST or _judge_of(other.path) is None:
            continue
        entries = _entries(other.new_text).items()
        found.update({key: one.value for (_, key), one in entries if one.line in other.added_lines})
    return found


def _is_asked(key: str, elsewhere: dict[str, str]) -> bool:
    by_strict = elsewhere.get("strict", "").lower() in _ON and (_MYPY.fullmatch(key) or _TS.fullmatch(key))
    return key in elsewhere or bool(by_strict)


def _compared(diff: FileDiff, judge: _Judge) -> Iterator[_Loosened]:
    old, new = _entries(diff.old_text or ""), _entries(diff.new_text or "")
    sections = {path.partition("/")[0] for path, _ in old}
    told = set[str]()
    for place in [*new, *(one for one in old if one not in new)]:
        before, after, (path, key) = old.get(place), new.get(place), place
        if (before and after and before.value == after.value) or key in told or path.partition("/")[0] not in sections:
            continue
        moved = (before is None or after is None) and _stands_in_both(key, old, new)
        if moved or not _is_changed(diff, before, after):
            continue
        severity = None if after is None and key in _IMPLIED and _is_strict(path, new) else judge(before, after)
        if severity is not None:
            told.add(key)
            line = after.line if after else before.line if before else 0
            side: Side = "new" if after else "old"
            yield _Loosened(_words(key, before, after), line, side, severity, "" if after else key)


def _is_changed(diff: FileDiff, before: _Entry | None, after: _Entry | None) -> bool:
    if after is not None:
        return after.line in diff.added_lines
    return before is not None and before.line in diff.removed_lines


def _stands_in_both(key: str, old: _Entries, new: _Entries) -> bool:
    """Whether it only went to another place of the file."""
    return any(one == key for _, one in old) and any(one == key for _, one in new)


def _is_strict(path: str, entries: _Entries) -> bool:
    one = entries.get((path, "strict"))
    return one is not None and one.value.lower() in _ON


def _words(key: str, before: _Entry | None, after: _Entry | None) -> str:
    if before is None:
        return f"`{key}` is now {after.value if after else ''}"
    return f"`{key}` was {before.value} and is {'gone' if after is None else after.value}"


def _entries(text: str) -> _Entries:
    found: _Entries = {}
    above: list[tuple[int, str]] = []
    section = ""
    for number, line in enumerate(git_lines(text)):
        if len(line) > 500:
            continue
        if (header := _HEADER.match(line)) is not None:
            section, above = header[1].strip().replace('"', ""), []
            continue
        item = _ITEM.match(line)
        match = item or _ENTRY.match(line.rstrip())
        if match is None or line.lstrip().startswith(("#", "//", "*")):
            continue
        depth = len(match[1])
        while above and above[-1][0] >= depth + (1 if item else 0):
            above.pop()
        path = "/".join([section, *(key for _, key in above)])
        value = "listed" if item else _value(match[3])
        found.setdefault((path, match[2]), _Entry(path, match[2], value, number))
        if not item:
            above.append((depth, match[2]))
    return found


def _value(text: str) -> str:
    match = _FIRST.match(text)
    return match[1] if match is not None else ""


def _number(entry: _Entry | None) -> float | None:
    text = "" if entry is None else entry.value.rstrip("%")
    try:
        return 1e9 if text == "max" else float(text)
    except ValueError:
        return None


def _switch(before: _Entry | None, after: _Entry | None, severity: Severity) -> Severity | None:
    """A setting that makes a checker stricter is switched off, or no longer on."""
    was = before is not None and before.value.lower() in _ON
    if after is None:
        return severity if was else None
    return severity if after.value.lower() in _OFF and (was or before is None) else None


def _lower(before: _Entry | None, after: _Entry | None) -> Severity | None:
    old, new = _number(before), _number(after)
    if old is None:
        return None
    return "medium" if (after is None and old > 0) or (new is not None and new < old) else None


_TS = re.compile(
    "strict|strictNullChecks|strictFunctionTypes|strictBindCallApply|strictPropertyInitialization|alwaysStrict|noImplicit"
    "Any|noImplicitThis|noImplicitReturns|noUnusedLocals|noUnusedParameters|noFallthroughCasesInSwitch|noUncheckedIndexed"
    "Access|exactOptionalPropertyTypes|useUnknownInCatchVariables|noImplicitOverride"
)
_MYPY = re.compile(
    r"strict|disallow_\w+|warn_(?:return_any|unreachable|redundant_casts)|check_untyped_defs|no_implicit_\w+"
)
_MYPY_LESS = ("ignore_errors", "ignore_missing_imports", "implicit_optional")
_IMPLIED = frozenset(
    {
        *("disallow_any_generics", "disallow_subclassing_any", "disallow_untyped_calls", "disallow_untyped_defs"),
        *("disallow_incomplete_defs", "check_untyped_defs", "disallow_untyped_decorators", "warn_return_any"),
        *("warn_redundant_casts", "no_implicit_reexport", "no_implicit_optional"),
        *("noImplicitAny", "strictNullChecks", "strictFunctionTypes", "strictBindCallApply", "alwaysStrict"),
    }
)
"""What strict mode of mypy and TypeScript switches on by itself."""
_GONE = frozenset(
    {
        *(
            "deadcode",
            "structcheck",
            "varcheck",
            "golint",
            "interfacer",
            "maligned",
            "scopelint",
            "exportloopref",
            "gas",
        ),
        *("megacheck", "gosimple", "stylecheck", "ifshort", "nosnakecase", "exhaustivestruct", "execinquery", "gomnd"),
        *("tenv", "goerr113", "typecheck", "gofmt", "gofumpt", "goimports", "gci", "logrlint", "vetshadow"),
    }
)
"""Linters that golangci-lint has renamed, merged into others, made formatters or taken out."""
_MODES = ("off", "basic", "standard", "recommended", "strict", "all")
_LEVELS = {"off": 0, "0": 0, "allow": 0, "none": 0, "warn": 1, "1": 1, "error": 2, "2": 2, "deny": 2, "forbid": 3}
_THRESHOLD = re.compile(r"fail[_-]under|minimum_coverage|minimum_coverage_by_file|.*--(?:cov-)?fail-under")


def _tsconfig(before: _Entry | None, after: _Entry | None) -> Severity | None:
    one = after or before
    # In a file that extends another one a setting that goes may be the other one's.
    if one is None or after is None or not _TS.fullmatch(one.key):
        return None
    return _switch(before, after, "medium" if one.key == "strict" else "low")


def _python(before: _Entry | None, after: _Entry | None) -> Severity | None:
    one = after or before
    if one is None:
        return None
    section = one.path.partition("/")[0]
    if _THRESHOLD.fullmatch(one.key) and ("coverage" in section or "report" in section or "cov" in one.key):
        return _lower(before, after)
    if section in ("mypy", "tool.mypy"):
        if one.key in _MYPY_LESS:
            return "medium" if after is not None and after.value.lower() in _ON else None
        return _switch(before, after, "medium" if one.key == "strict" else "low") if _MYPY.fullmatch(one.key) else None
    if one.key == "typeCheckingMode" and before is not None and after is not None:
        known = before.value in _MODES and after.value in _MODES
        return "medium" if known and _MODES.index(after.value) < _MODES.index(before.value) else None
    return None


def _rules(before: _Entry | None, after: _Entry | None) -> Severity | None:
    """Of eslint and biome: a rule that was on, at least as a warning, and is off or a warning."""
    one = after or before
    if one is None or after is None or "rules" not in one.path:
        return None
    new = _LEVELS.get(after.value)
    old = _LEVELS.get(before.value) if before is not None else None
    return "low" if new is not None and old is not None and new < old else None


def _cargo(before: _Entry | None, after: _Entry | None) -> Severity | None:
    one = after or before
    if one is None or after is None or "lints." not in one.path or before is None:
        return None
    old, new = _LEVELS.get(before.value), _LEVELS.get(after.value)
    return "low" if old is not None and new is not None and new < old else None


def _golangci(before: _Entry | None, after: _Entry | None) -> Severity | None:
    one = after or before
    if one is None or one.value != "listed" or one.key in _GONE:
        return None
    if one.path.endswith("linters/enable"):
        return "low" if after is None else None
    return "low" if one.path.endswith("linters/disable") and before is None else None


def _phpstan(before: _Entry | None, after: _Entry | None) -> Severity | None:
    one = after or before
    return _lower(before, after) if one is not None and one.key == "level" and after is not None else None


def _rubocop(before: _Entry | None, after: _Entry | None) -> Severity | None:
    one = after or before
    if one is None or after is None or before is None or one.key not in ("Enabled", "DisabledByDefault"):
        return None
    off = after.value == ("false" if one.key == "Enabled" else "true")
    return "low" if off and before.value != after.value else None


def _codecov(before: _Entry | None, after: _Entry | None) -> Severity | None:
    one = after or before
    return _lower(before, after) if one is not None and one.key == "target" and after is not None else None


def _jest(before: _Entry | None, after: _Entry | None) -> Severity | None:
    one = after or before
    if one is None or not re.search("coverageThreshold|thresholds?", one.path):
        return None
    return _lower(before, after) if one.key in ("branches", "functions", "lines", "statements") else None


_JUDGES: tuple[tuple[str, _Judge], ...] = (
    (r"tsconfig[\w.-]*\.json", _tsconfig),
    (r"pyproject\.toml|setup\.cfg|\.?mypy\.ini|tox\.ini|\.coveragerc|pyrightconfig\.json|pytest\.ini", _python),
    (r"\.eslintrc(?:\.\w+)?|eslint\.config\.\w+|biome\.jsonc?", _rules),
    (r"Cargo\.toml", _cargo),
    (r"\.golangci\.\w+", _golangci),
    (r"phpstan[\w.-]*\.neon(?:\.dist)?", _phpstan),
    (r"\.rubocop\.yml", _rubocop),
    (r"\.?codecov\.ya?ml", _codecov),
    (r"jest\.config\.\w+|vite(?:st)?\.config\.\w+|package\.json|\.nycrc(?:\.json)?", _jest),
)


def _fact(diff: FileDiff, found: list[_Loosened]) -> Fact:
    first = next((one for one in found if one.severity == "medium"), found[0])
    words = one_line("; ".join(one.words for one in found), 200)
    message = f"{diff.path.rpartition('/')[2]} asks less than before: {words}. {LOOSENED.why}"
    return LOOSENED.fact(diff, first.line, first.line, message, side=first.side, severity=first.severity)
