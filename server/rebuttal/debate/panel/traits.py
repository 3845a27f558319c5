"""What a change is like, by rules that cost nothing: is it trivial, how large is it, which areas does it touch.

The rules read text, not trees, so they err to one side on purpose: a line counts as a comment only where
nothing speaks against it, because a change that is called trivial is not argued about at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from attrs import frozen

from rebuttal.change.model import Change, FileDiff
from rebuttal.text.hidden import has_hidden
from rebuttal.text.positions import git_lines

Area = Literal["security", "database", "io", "concurrency", "loops", "ui", "interface", "messages", "docs", "tests"]


@frozen
class Traits:
    """What triage knows of a change. Lines count removed and added ones."""

    lines: int
    files: int
    areas: dict[Area, str]
    """Area -> the file in which it was first seen."""
    trivial: str | None
    """Why no model need be asked, in words for the user; None where one must."""


def traits_of(change: Change) -> Traits:
    """Read the change once."""
    kinds = {_trivial_kind(diff) for diff in change.files}
    areas: dict[Area, str] = {}
    for diff in change.files:
        for area in _areas(diff):
            areas.setdefault(area, diff.path)
    return Traits(
        lines=sum(_size(change, diff) for diff in change.files),
        files=len(change.files),
        areas=areas,
        trivial=_trivial(kinds),
    )


TrivialKind = Literal["prose", "comments", "mode"]
_WORDS: dict[TrivialKind, str] = {
    "prose": "documentation",
    "comments": "comments and blank lines",
    "mode": "file modes",
}


def _trivial(kinds: set[TrivialKind | None]) -> str | None:
    if not kinds:
        return "no file is left to review"
    named = sorted(_WORDS[kind] for kind in kinds if kind is not None)
    return None if None in kinds else f"the change touches only {' and '.join(named)}"


def _trivial_kind(diff: FileDiff) -> TrivialKind | None:
    if not diff.hunks:
        return "mode" if diff.status == "mode_changed" else None
    if is_prose(diff.path):
        return "prose"
    return "comments" if _only_comments(diff) else None


def _size(change: Change, diff: FileDiff) -> int:
    wanted = change.only_lines.get(diff.path)
    hunks = diff.hunks
    if wanted is not None:
        hunks = tuple(
            one for one in hunks if one.new_start < wanted.stop and one.new_start + one.new_count >= wanted.start
        )
    return sum(hunk.old_count + hunk.new_count for hunk in hunks)


# --- prose --------------------------------------------------------------------------------------------------

_PROSE_SUFFIXES = (".md", ".rst", ".adoc", ".markdown")
_PROSE_NAMES = re.compile(
    r"(readme|changelog|changes|history|news|contributing|authors|contributors|license|licence|notice|copying)"
    r"(\.(txt|md|rst))?",
    re.IGNORECASE,
)
_INSTRUCTIONS = re.compile(
    r"(^|/)(agents|claude|gemini|review|skill|copilot-instructions|[^/]*prompt[^/]*)\.md$|(^|/)(prompts?|\.github|\.claude|\.cursor)/",
    re.IGNORECASE,
)
"""Markdown that programs obey: it is no mere prose."""


def is_prose(path: str) -> bool:
    """Whether a file is documentation that nothing runs and no program obeys."""
    name = path.rpartition("/")[2]
    if _INSTRUCTIONS.search(path):
        return False
    return path.lower().endswith(_PROSE_SUFFIXES) or _PROSE_NAMES.fullmatch(name) is not None


# --- comments -----------------------------------------------------------------------------------------------

_HASH = frozenset({"py", "pyi", "sh", "bash", "rb", "toml", "yaml", "yml", "pl", "r"})
_SLASHES = frozenset(
    {
        "js",
        "jsx",
        "mjs",
        "cjs",
        "ts",
        "tsx",
        "mts",
        "cts",
        "go",
        "c",
        "h",
        "cc",
        "cpp",
        "hpp",
        "cs",
        "java",
        "kt",
        "rs",
        "swift",
    }
)
_DIRECTIVE = re.compile(
    r"!|type:|noqa|pragma|pylint|mypy|ruff|fmt:|isort|nosec|coding[:=]|/?/\s*(@|eslint|prettier|biome|go:|\+build|#|nolint)|"
    r"\s*(@ts-|eslint|istanbul|webpack|cspell|go:|\+build|nolint|swift-tools|cgo|export )",
    re.IGNORECASE,
)


def _only_comments(diff: FileDiff) -> bool:
    if diff.status in ("renamed", "copied", "type_changed"):
        return False
    sides = ((diff.old_text, diff.removed_lines), (diff.new_text, diff.added_lines))
    return all(_are_comments(diff.path, text or "", lines) for text, lines in sides)


def _are_comments(path: str, text: str, changed: frozenset[int]) -> bool:
    if not changed:
        return True
    suffix = path.rpartition(".")[2].lower()
    lines = [line.removesuffix("\n").removesuffix("\r") for line in git_lines(text)]
    if any(line >= len(lines) or has_hidden(lines[line]) for line in changed):
        return False
    if any(_in_string(lines, line) for line in changed):
        return False
    return all(not lines[line].strip() or _is_comment(suffix, lines, line) for line in changed)


def _in_string(lines: list[str], line: int) -> bool:
    before = "\n".join(lines[:line])
    return any(before.count(quote) % 2 for quote in ('"""', "'''", "`")) or "<<" in before


def _is_comment(suffix: str, lines: list[str], line: int) -> bool:
    text = lines[line].strip()
    if suffix in _HASH:
        return text.startswith("#") and not _DIRECTIVE.match(text.lstrip("#").lstrip() or " ") and text[:2] != "#!"
    if suffix not in _SLASHES:
        return False
    if line and lines[line - 1].endswith("\\"):
        return False
    if text.startswith("//"):
        return not text.endswith("\\") and not _DIRECTIVE.match(text[2:]) and not _DIRECTIVE.match(text)
    return _in_block_comment(lines, line)


def _in_block_comment(lines: list[str], line: int) -> bool:
    text = lines[line].strip()
    if text.find("*/") not in (-1, len(text) - 2):
        return False
    if text.startswith("/*"):
        return text.endswith("*/") or (line + 1 < len(lines) and lines[line + 1].strip().startswith("*"))
    return text.startswith("*") and _opened_above(lines, line)


def _opened_above(lines: list[str], line: int) -> bool:
    """Whether the run of lines that begin with a star goes back to the start of a comment."""
    for above in range(line - 1, -1, -1):
        upper = lines[above].strip()
        if "*/" in upper or not upper.startswith(("*", "/*")):
            return False
        if upper.startswith("/*"):
            return True
    return False


# --- areas --------------------------------------------------------------------------------------------------

_PATHS: tuple[tuple[Area, re.Pattern[str]], ...] = (
    ("ui", re.compile(r"\.(tsx|jsx|vue|svelte|css|scss|sass|less|html?|hbs|ejs|jinja2?)$", re.IGNORECASE)),
    ("database", re.compile(r"\.sql$|(^|/)(migrations?|alembic|schema)(/|\.)", re.IGNORECASE)),
    ("security", re.compile(r"(^|/|_|-)(auth|login|oauth|crypto|permissions?|security|session)", re.IGNORECASE)),
    ("docs", re.compile(r"\.(md|rst|adoc)$|(^|/)docs?/", re.IGNORECASE)),
    ("tests", re.compile(r"(^|/)(tests?|specs?|__tests__)/|(^|/)test_|[._](test|spec)\.", re.IGNORECASE)),
    ("messages", re.compile(r"(^|/)(cli|commands?|locales?|i18n|messages)(/|\.)", re.IGNORECASE)),
)
_LINES: tuple[tuple[Area, re.Pattern[str]], ...] = (
    (
        "security",
        re.compile(
            r"passw|secret|token|credential|authori[sz]|authenticat|login|permission|\brole|csrf|\bcors\b|jwt|oauth|cookie|"
            r"crypt|hmac|md5|sha1|\beval\b|\bexec\b|subprocess|shell|pickle|yaml\.load|innerhtml|dangerouslyset|"
            r"sanitiz|verify\s*=|chmod|random\.|math\.random",
            re.IGNORECASE,
        ),
    ),
    (
        "database",
        re.compile(
            r"\bselect\b.+\bfrom\b|\binsert\s+into\b|\bupdate\b.+\bset\b|\bdelete\s+from\b|(alter|create|drop)\s+table|"
            r"\.execute(many)?\(|cursor|\.objects\.|session\.(query|add|commit|execute|scalars)|transaction|rollback|"
            r"\.(findone|findmany|query|queryrow)\(|foreign.?key|queryset",
            re.IGNORECASE,
        ),
    ),
    (
        "io",
        re.compile(
            r"\bopen\(|\.read|\.write|requests?\.|https?:|fetch\(|urlopen|socket|upload|download|\bpath\b|readfile|writefile|"
            r"os\.(remove|rename|path)|fs\.",
            re.IGNORECASE,
        ),
    ),
    (
        "concurrency",
        re.compile(
            r"\basync\b|\bawait\b|thread|\block\b|mutex|\bgo func\b|\bchan\b|atomic|promise\.|queue|worker|"
            r"synchroni[sz]ed|\bselect \{|sync\.|asyncio|goroutine",
            re.IGNORECASE,
        ),
    ),
    ("loops", re.compile(r"^\s*(for|while)\b|\.(map|filter|reduce|foreach|sort)\(|cache|\.range\(", re.IGNORECASE)),
    (
        "interface",
        re.compile(
            r"^\s*(async\s+)?(def [a-z]|class [A-Z]|export |public |pub |func [A-Z]|func \(.*\) [A-Z])|"
            r"@app\.|@router\.|add_argument"
        ),
    ),
    (
        "messages",
        re.compile(
            r"raise \w+\(f?[\"']|print\(|console\.(log|error)|fmt\.(print|errorf)|add_argument|aria-|placeholder="
        ),
    ),
)


def _areas(diff: FileDiff) -> Iterator[Area]:
    for area, pattern in _PATHS:
        if pattern.search(diff.path):
            yield area
    lines = tuple(_changed_lines(diff))
    for area, pattern in _LINES:
        if any(pattern.search(line[:500]) for line in lines):
            yield area


def _changed_lines(diff: FileDiff) -> Iterator[str]:
    for text, wanted in ((diff.new_text, diff.added_lines), (diff.old_text, diff.removed_lines)):
        if text and wanted:
            lines = git_lines(text)
            yield from (lines[line].rstrip("\r\n") for line in sorted(wanted) if line < len(lines))
