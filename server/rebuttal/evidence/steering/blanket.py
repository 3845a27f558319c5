"""Newly added comments that silence all of a checker, or a rule of security or correctness without a reason.

A comment that names another rule (`# type: ignore[arg-type]`, `// eslint-disable-next-line no-console`), says why, or
reports itself when it is no longer needed (`@ts-expect-error`) is everyday work and none of this. Nor is one in a test,
or in a file whose custom it is already.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from attrs import frozen

from rebuttal.change.model import FileDiff
from rebuttal.evidence.model import Fact, Material, one_line
from rebuttal.evidence.rules import Rule
from rebuttal.evidence.seats import CODE
from rebuttal.evidence.steering import comments
from rebuttal.evidence.steering.comments import REASON, Kind, silence
from rebuttal.findings.model import Related
from rebuttal.text.languages import GLOBS, Language, family_of, is_test, language_of
from rebuttal.text.nodes import node_at
from rebuttal.text.parsing import Unparsed
from rebuttal.text.positions import LineIndex, git_lines
from rebuttal.text.words import counted

BLANKET = Rule(
    "steering:blanket",
    "A checker is silenced altogether",
    "A comment without the name of a rule hides every fault of its line, those of later edits too.",
    "low",
    "testing",
    CODE,
)
SERIOUS = Rule(
    "steering:silenced",
    "A check of security or correctness is silenced",
    "Nobody who reads it learns why the fault does not matter here.",
    "low",
    "testing",
    CODE,
)
RULES = (BLANKET, SERIOUS)
_RELATED = 20
_LONGEST = 500
_USUAL = 5
"""Files."""
_GREPPED = 5_000
"""Lines."""
_READ = 60
"""Files."""
_LONGEST_FILE = 500_000
_COMMENTED_OUT = re.compile(r"\s*(?:#|//)\s*\w+[^#]*[=(.\s]")
"""Code that is a comment now, before a comment of its own."""
_IMPORT = re.compile(r"\s*(?:from|import)\s")
"""What is only passed on to importers, and what must stand late: nothing but that can be wrong with it."""
_ABOUT_NEXT = re.compile(r"@ts-ignore|-next-line")
_SETTINGS = (".toml", ".cfg", ".ini", ".yml", ".yaml", ".json", ".neon", ".dist")

_SONAR = silence("NOSONAR", r"\bNOSONAR\b" + REASON, "name the rule in Sonar's settings")
_SEMGREP = silence("nosemgrep", r"\bnosemgrep\b(?!\s*:\s*\w)", "name the rule: `nosemgrep: rule-id`")
_BY_FAMILY: dict[Language, tuple[Kind, ...]] = {
    "python": (
        silence("ignore", r"#\s*type:\s*ignore\b(?!\s*\[)" + REASON, "give the code: `# type: ignore[code]`", "mypy"),
        silence(
            "ignore",
            r"#\s*pyright:\s*ignore\b(?!\s*\[)" + REASON,
            "give the rule: `# pyright: ignore[rule]`",
            "pyright basedpyright",
        ),
        silence(
            "noqa", r"(?i:#\s*noqa)\b(?!\s*:\s*[A-Za-z]+\d)" + REASON, "give the code: `# noqa: CODE`", "flake8 ruff"
        ),
        silence("nosec", r"#\s*nosec\b(?![\s:]*B\d)" + REASON, "give the test: `# nosec B101`", "bandit"),
        silence("pylint", r"#\s*pylint:\s*disable\s*=\s*all\b", "give the message: `# pylint: disable=name`"),
        _SEMGREP,
    ),
    "javascript": (
        silence("@ts-ignore", r"@ts-ignore\b" + REASON, "use `@ts-expect-error` and say why"),
        silence(
            "eslint",
            r"\beslint-disable-(?:next-)?line\s*(?:\*/|$)",
            "give the rule: `eslint-disable-next-line rule`",
        ),
        _SONAR,
        _SEMGREP,
    ),
    "go": (
        silence(
            "nolint",
            r"//\s*nolint(?:\s*:\s*all\b|\b(?!\s*:))" + REASON,
            "give the linter: `//nolint:name`",
            "golangci",
        ),
    ),
    "c": (
        silence("NOLINT", r"\bNOLINT(?:NEXTLINE|BEGIN)?\b(?!\s*\()" + REASON, "give the check: `NOLINT(check)`"),
        _SONAR,
    ),
    "csharp": (
        silence(
            "#pragma",
            r"^\s*#pragma\s+warning\s+disable\s*(?://.*)?$",
            "give the code: `#pragma warning disable CS0168`",
        ),
        _SONAR,
    ),
    "rust": (
        silence(
            "allow(",
            r"^\s*#!?\[allow\((?:[\w:, ]*\b)?(?:warnings|unused|clippy::all|clippy::pedantic)\b",
            "name the lint: `#[allow(lint)]`",
        ),
    ),
    "java": (
        silence("@SuppressWarnings", r"@SuppressWarnings\(\s*\{?\s*\"all\"", "name the warning"),
        silence("Suppress", r"@(?:file:)?Suppress\(\s*\"(?i:all|warnings)\"", "name the warning"),
        _SONAR,
        _SEMGREP,
    ),
    "php": (
        silence(
            "phpstan",
            r"@phpstan-ignore-(?:next-)?line\b" + REASON,
            "give the identifier: `@phpstan-ignore id`",
            "phpstan",
        ),
        silence("phpcs", r"phpcs:(?:ignore|disable)\s*(?:\*/|$)", "give the sniff: `phpcs:ignore Sniff.Name`"),
        silence(
            "codingStandardsIgnoreLine", r"@codingStandardsIgnoreLine\b", "give the sniff: `phpcs:ignore Sniff.Name`"
        ),
    ),
    "ruby": (silence("rubocop", r"#\s*rubocop:(?:disable|todo)\s+all\b", "name the cop"),),
    "swift": (silence("swiftlint", r"swiftlint:disable(?::\w+)?\s+all\b", "name the rule"),),
    "bash": (silence("shellcheck", r"#\s*shellcheck\s+disable\s*=\s*all\b", "give the code: `disable=SC2086`"),),
}


@frozen
class _Place:
    diff: FileDiff
    line: int
    comment: str


def check(material: Material, told: frozenset[tuple[str, int]]) -> Iterator[Fact]:
    """One fact for each kind of comment; `told` are lines (path, git line from 0) of which a fact says it already."""
    held = [
        (diff, kind)
        for diff in material.files
        for kind in _kinds(diff)
        if kind.sieve in (diff.new_text or "") and not _is_custom(kind, diff)
    ]
    if not held:
        return
    gone = Counter(line for diff in material.files for line in _removed(diff))
    by_kind: dict[Kind, list[_Place]] = {}
    for diff, kind in held:
        found = [place for place in _added(material, diff, kind, gone) if (diff.path, place.line) not in told]
        by_kind.setdefault(kind, []).extend(found)
    for kind, places in by_kind.items():
        if places and not _is_usual(material, kind, places[0].diff.path) and not _is_adopted(material, kind):
            yield _fact(kind, places)


def _kinds(diff: FileDiff) -> tuple[Kind, ...]:
    language = language_of(diff.path)
    if language is None or is_test(diff.path):
        return ()
    family = family_of(language)
    return (*_BY_FAMILY.get(family, ()), *comments.SERIOUS.get(family, ()))


def _is_custom(kind: Kind, diff: FileDiff) -> bool:
    """Whether the base's file has such a comment already."""
    return kind.sieve in (diff.old_text or "") and any(_is(kind, line) for line in git_lines(diff.old_text or ""))


def _is(kind: Kind, line: str) -> bool:
    return kind.sieve in line and len(line) <= _LONGEST and kind.pattern.search(line.rstrip()) is not None


def _is_usual(material: Material, kind: Kind, like: str) -> bool:
    """Whether several files of the base have such a comment: then it is how this repository works."""
    old, language = material.repository.old, language_of(like)
    globs = GLOBS[family_of(language)] if language is not None else ()
    seen: dict[str, None] = dict.fromkeys(match.path for match in islice(old.grep([kind.word], globs), _GREPPED))
    count = 0
    for path in islice((path for path in seen if not is_test(path)), _READ):
        text = old.read(path) or ""
        count += len(text) <= _LONGEST_FILE and any(_is(kind, line) for line in git_lines(text))
        if count >= _USUAL:
            return True
    return False


def _is_adopted(material: Material, kind: Kind) -> bool:
    """Whether the build runs the checker only from this change on: then these are what it found on its first day."""
    if not kind.tools:
        return False
    from rebuttal.evidence.steering.gates import is_gate

    words = re.compile(rf"\b(?:{'|'.join(kind.tools)})\b", re.IGNORECASE)
    settings = [diff for diff in material.change.files if diff.path.endswith(_SETTINGS) or is_gate(diff.path)]
    if not any(words.search(diff.new_text or "") and not words.search(diff.old_text or "") for diff in settings):
        return False
    old = material.repository.old
    return not any(words.search(old.read(path) or "") for path in sorted(old.paths()) if is_gate(path))


def _removed(diff: FileDiff) -> list[str]:
    old = git_lines(diff.old_text or "") if diff.old_text else []
    return [old[line].strip() for hunk in diff.hunks for line in hunk.old_lines]


def _added(material: Material, diff: FileDiff, kind: Kind, gone: Counter[str]) -> Iterator[_Place]:
    lines = git_lines(diff.new_text or "")
    for number in sorted(diff.added_lines):
        line = lines[number].rstrip()
        match = kind.pattern.search(line) if _is(kind, line) else None
        if match is None:
            continue
        if gone[line.strip()] > 0:  # moved, or indented anew
            gone[line.strip()] -= 1
        elif material.in_scope(diff, (number,)) and _is_meant(material, diff, number, match):
            yield _Place(diff, number, line[match.start() :].strip())


def _is_meant(material: Material, diff: FileDiff, line: int, match: re.Match[str]) -> bool:
    """A comment, an annotation or a directive, and not the text of a string."""
    language = language_of(diff.path)
    at = len(match.string) - len(match.string.lstrip()) if match.start() == 0 else match.start()
    try:
        node = node_at(diff.new_text or "", language, line, at, match.string, material.parser) if language else None
    except Unparsed:
        return True
    if _ABOUT_NEXT.search(match[0]) and _is_about_nothing(diff, line):
        return False
    if match[0].startswith(("#", "//")) and _COMMENTED_OUT.match(match.string[: match.start()]):
        return False
    if node is None or (match[0].lstrip("# ").lower().startswith("noqa") and _IMPORT.match(match.string)):
        return False
    return any("comment" in one.kind for one in node.around()) or (match[0].lstrip()[:1] in "@#" and node.is_code)


def _is_about_nothing(diff: FileDiff, line: int) -> bool:
    """Whether a comment about the line below it stands above another comment, or above an error that is thrown."""
    below = next((text.strip() for text in git_lines(diff.new_text or "")[line + 1 : line + 3] if text.strip()), "")
    return below.startswith(("//", "/*", "*", "throw "))


def _fact(kind: Kind, places: Sequence[_Place]) -> Fact:
    first, *others = places
    related = tuple(
        Related(one.diff.path, LineIndex(one.diff.new_text or "").range_of_git_lines(one.line, one.line), "here too")
        for one in others[:_RELATED]
    )
    comment = one_line(first.comment.removesuffix("*/"), 60)
    more = f" The change has {counted(len(places), 'such comment')}." if others else ""
    if not kind.advice:
        message = f"`{comment}` silences a check of security or correctness and does not say why it may.{more}"
        return SERIOUS.fact(first.diff, first.line, first.line, message, related=related)
    message = f"`{comment}` silences whatever its checker says here, faults of later edits too: {kind.advice}.{more}"
    return BLANKET.fact(first.diff, first.line, first.line, message, related=related)
