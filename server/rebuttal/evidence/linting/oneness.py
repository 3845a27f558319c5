"""Findings of several tools about one fact become one: the same place, and the same meaning."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from attrs import evolve

from rebuttal.evidence.linting.tools import BY_NAME
from rebuttal.evidence.model import Fact
from rebuttal.findings.severity import SEVERITIES
from rebuttal.text.words import joined

_SAME = (
    "ruff:F821 mypy:name-defined pyright:reportUndefinedVariable eslint:no-undef biome:noUndeclaredVariables",
    "ruff:F811 mypy:no-redef pyright:reportRedeclaration",
    "ruff:F632 pyright:reportUnnecessaryComparison",
    "ruff:B023 pyright:reportPossiblyUnbound pyright:reportPossiblyUnboundVariable mypy:possibly-undefined",
    "ruff:F823 mypy:used-before-def pyright:reportUnboundVariable",
    "ruff:T100 structure:debug-leftover eslint:no-debugger biome:noDebugger",
    "ruff:RUF006 mypy:unused-coroutine mypy:unused-awaitable pyright:reportUnusedCoroutine ruff:ASYNC105",
    "ruff:F631 mypy:assert-always-true pyright:reportAssertAlwaysTrue",
    "ruff:W605 pyright:reportInvalidStringEscapeSequence",
    "mypy:attr-defined mypy:union-attr pyright:reportAttributeAccessIssue pyright:reportOptionalMemberAccess",
    "mypy:arg-type mypy:call-overload pyright:reportArgumentType pyright:reportCallIssue mypy:call-arg",
    "mypy:return-value mypy:return pyright:reportReturnType",
    "mypy:index pyright:reportIndexIssue pyright:reportOptionalSubscript pyright:reportCallIssue",
    "mypy:operator pyright:reportOperatorIssue pyright:reportOptionalOperand",
    "mypy:assignment pyright:reportAssignmentType",
    "mypy:override pyright:reportIncompatibleMethodOverride",
    "mypy:abstract pyright:reportAbstractUsage",
    "eslint:no-eval eslint:no-implied-eval biome:noGlobalEval",
    "eslint:no-cond-assign biome:noAssignInExpressions",
    "eslint:no-constant-condition biome:noConstantCondition",
    "eslint:no-dupe-keys biome:noDuplicateObjectKeys",
    "eslint:no-dupe-args biome:noDuplicateParameters",
    "eslint:no-dupe-else-if biome:noDuplicateElseIf",
    "eslint:no-dupe-class-members biome:noDuplicateClassMembers",
    "eslint:no-func-assign biome:noFunctionAssign",
    "eslint:react-hooks/rules-of-hooks biome:useHookAtTopLevel",
    "eslint:react-hooks/exhaustive-deps biome:useExhaustiveDependencies",
    "eslint:react/jsx-key biome:useJsxKeyInIterable",
    "eslint:react/no-danger biome:noDangerouslySetInnerHtml",
    "eslint:array-callback-return biome:useIterableCallbackReturn",
    "eslint:@typescript-eslint/await-thenable biome:useAwaitThenable",
)
"""Rules that say the same of the same lines, from the tools' documentation."""
_CLASSES: dict[str, set[int]] = {}
for _number, _rules in enumerate(_SAME):
    for _rule in _rules.split():
        _CLASSES.setdefault(_rule, set()).add(_number)
_BANDITS = re.compile(r"(?:ruff:S|bandit:B)(\d{3})\Z")
_MOVED = {"602": "shell", "604": "shell", "605": "shell", "501": "501", "504": "502"}
"""Of bandit's numbers, which ruff has taken over: those that differ, or mean the same to a reader."""
_TOPICS = re.compile(
    r"shell|eval|exec|pickle|yaml|sql|md5|sha1|hash|tls|ssl|cert|timeout|mktemp|tarfile|redirect|xss|inner-?html|csrf"
    r"|deserial|traversal|ssrf",
    re.IGNORECASE,
)
_LIKE = 88
"""Of 100, by shared words: two tools that word one fault so alike mean the same one."""


def as_one(facts: Iterable[Fact]) -> list[Fact]:
    """The facts, those that say the same of the same lines as one: the most specific stays, and names the others."""
    given = list(facts)
    by_file: dict[tuple[str, str], list[int]] = {}
    for number, fact in enumerate(given):
        by_file.setdefault((fact.diff.path, fact.side), []).append(number)
    gone: set[int] = set()
    others: dict[int, list[Fact]] = {}
    for numbers in by_file.values():
        if any(_tool(given[number]) in BY_NAME for number in numbers):
            _merge(given, numbers, gone, others)
    return [
        _naming(fact, others[number]) if number in others else fact
        for number, fact in enumerate(given)
        if number not in gone
    ]


def _merge(given: Sequence[Fact], numbers: list[int], gone: set[int], others: dict[int, list[Fact]]) -> None:
    ranked = sorted(numbers, key=lambda number: (_rank(given[number]), number))
    for place, kept in enumerate(ranked):
        if kept in gone:
            continue
        for other in ranked[place + 1 :]:
            # Of one tool, two rules on one line are two faults: it would not say one twice.
            if other not in gone and _same(given[kept], given[other]):
                gone.add(other)
                others.setdefault(kept, []).append(given[other])


def _rank(fact: Fact) -> tuple[object, ...]:
    """The most specific first: ours, which know the change; with a fix; narrow; grave."""
    return (
        _tool(fact) in BY_NAME,
        fact.fix is None,
        SEVERITIES.index(fact.severity),
        fact.last_line - fact.first_line,
        list(BY_NAME).index(_tool(fact)) if _tool(fact) in BY_NAME else -1,
    )


def _same(one: Fact, other: Fact) -> bool:
    if _tool(one) == _tool(other) or (_tool(one) not in BY_NAME and _tool(other) not in BY_NAME):
        return False
    if one.first_line > other.last_line or other.first_line > one.last_line:
        return False
    if _CLASSES.get(one.rule, set()) & _CLASSES.get(other.rule, set()):
        return True
    if _plain(one.rule) == _plain(other.rule) or _bandits(one.rule) == _bandits(other.rule) != "":
        return True
    if one.category != other.category:
        return False
    return _topics(one) & _topics(other) != set() if one.category == "security" else _alike(one.message, other.message)


def _tool(fact: Fact) -> str:
    return fact.rule.partition(":")[0]


def _plain(rule: str) -> str:
    """`eslint:no-const-assign` and `biome:noConstAssign` are one rule."""
    return re.sub(r"[^a-z0-9]", "", rule.partition(":")[2].rpartition("/")[2].lower())


def _bandits(rule: str) -> str:
    match = _BANDITS.match(rule)
    return _MOVED.get(match[1], match[1]) if match else ""


def _topics(fact: Fact) -> set[str]:
    return {word.lower() for word in _TOPICS.findall(f"{fact.rule} {fact.message}")}


def _alike(one: str, other: str) -> bool:
    from rapidfuzz import fuzz

    return fuzz.token_sort_ratio(one, other, score_cutoff=_LIKE) > 0


def _naming(fact: Fact, others: Sequence[Fact]) -> Fact:
    names = list(dict.fromkeys(" ".join(other.rule.split(":", 1)) for other in others))
    says = "says" if len(names) == 1 else "say"
    return evolve(fact, message=f"{fact.message} {joined(names)} {says} the same.")
