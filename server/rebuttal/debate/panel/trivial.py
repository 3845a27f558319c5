"""Whether a changed file needs no model at all: prose, comments, layout, modes. Rules that cost nothing.

They err to one side on purpose, because a change that is called trivial is not argued about: a comment that a
program may obey, an indentation that means something, a text inside a string are no trifles, and where a rule
cannot tell, the change is argued about.
"""

from __future__ import annotations

import json
import re
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from attrs import evolve, frozen

from rebuttal.change.model import FileDiff
from rebuttal.debate.panel.obeyed import is_obeyed
from rebuttal.text.hidden import has_hidden
from rebuttal.text.languages import Language, language_of
from rebuttal.text.leaves import STYLED, TOLD_BY_LEAVES, Leaf, leaves_of, unstyled
from rebuttal.text.parsing import Parser, Unparsed
from rebuttal.text.positions import git_lines

TrivialKind = Literal["prose", "comments", "layout", "comments_and_layout", "mode"]

WORDS: dict[TrivialKind, str] = {
    "prose": "documentation",
    "comments": "comments and blank lines",
    "comments_and_layout": "comments and layout",
    "layout": "layout",
    "mode": "file modes",
}


@frozen
class _Side:
    """One side of a changed file, and which of its lines were changed. Lines without their ends."""

    text: str
    lines: Sequence[str]
    changed: frozenset[int]
    beside: frozenset[int]
    """The unchanged lines next to them, of code or comments: what they say may be about the changed ones."""


def trivial_kind(diff: FileDiff, parser: Parser) -> TrivialKind | None:
    """Why nobody need argue about a changed file; None where somebody must."""
    if not diff.hunks:
        return "mode" if diff.status == "mode_changed" else None
    if is_prose(diff.path):
        return "prose"
    return None if diff.status in ("renamed", "copied", "type_changed") else _of_code(diff, parser)


def _of_code(diff: FileDiff, parser: Parser) -> TrivialKind | None:
    sides = (_side(diff.old_text, diff.removed_lines), _side(diff.new_text, diff.added_lines))
    if any(line >= len(side.lines) or has_hidden(side.lines[line]) for side in sides for line in side.changed):
        return None
    language = language_of(diff.path)
    if language in TOLD_BY_LEAVES and _may_be_trivial(sides):
        return _by_tree(language, sides, parser)
    if diff.path.endswith(".json"):
        return "layout" if _same_json(diff) else None
    return "comments" if all(_are_comments(diff.path, side) for side in sides) else None


def _side(text: str | None, changed: frozenset[int]) -> _Side:
    lines = [line.removesuffix("\n").removesuffix("\r") for line in git_lines(text or "")]
    return _Side(text or "", lines, changed, frozenset(_beside(lines, changed)))


def _beside(lines: Sequence[str], changed: frozenset[int]) -> Iterator[int]:
    for line in changed:
        for step in (-1, 1):
            at = line + step
            while 0 <= at < len(lines) and (at in changed or not lines[at].strip()):
                at += step
            if 0 <= at < len(lines):
                yield at


# --- prose --------------------------------------------------------------------------------------------------

_PROSE_SUFFIXES = (".md", ".rst", ".adoc", ".markdown")
_PROSE_NAMES = re.compile(
    r"(readme|changelog|changes|history|news|contributing|authors|contributors|license|licence|notice|copying)"
    r"(\.(txt|md|rst))?",
    re.IGNORECASE,
)
_READ_BY_PROGRAMS = re.compile(
    r"(^|/)(agents|claude|gemini|review|skill|copilot-instructions|[^/]*prompt[^/]*)\.md$"
    r"|(^|/)(prompts?|templates?|fixtures?|testdata|snapshots?|__snapshots__|\.github|\.claude|\.cursor|\.rebuttal)/",
    re.IGNORECASE,
)
"""Markdown that programs obey or are tested with: it is no mere prose."""


def is_prose(path: str) -> bool:
    """Whether a file is documentation that nothing runs and no program obeys."""
    name = path.rpartition("/")[2]
    if _READ_BY_PROGRAMS.search(path):
        return False
    return path.lower().endswith(_PROSE_SUFFIXES) or _PROSE_NAMES.fullmatch(name) is not None


# --- layout and comments by the syntax tree -----------------------------------------------------------------

_COMMENT_TAIL = re.compile(r"\s*(?:#|//).*")
_BLOCK_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_STYLE_MARKS = str.maketrans("", "", "'\",`")


def _may_be_trivial(sides: tuple[_Side, _Side]) -> bool:
    """A quick look: most changes alter a word, and need not be parsed to know it."""
    old, new = (_inked(side) for side in sides)
    return old == new


def _inked(side: _Side) -> str:
    """What is written on the changed lines, without what may be a comment."""
    lines = side.lines
    if "/*" in side.text:
        lines = _BLOCK_COMMENT.sub(lambda found: "\n" * found.group().count("\n"), "\n".join(lines)).split("\n")
    kept = (_COMMENT_TAIL.sub("", lines[line]) for line in sorted(side.changed))
    return "".join("".join(kept).translate(_STYLE_MARKS).split())


def _by_tree(language: Language, sides: tuple[_Side, _Side], parser: Parser) -> TrivialKind | None:
    """Both texts are the same program: the same words at the same places of the tree, comments aside."""
    try:
        trees = [leaves_of(side.text, language, parser) for side in sides]
    except Unparsed:
        return None
    old, new = trees
    if old is None or new is None or _code(old, language) != _code(new, language):
        return None
    if language == "python" and not _same_blocks(*(side.text for side in sides)):
        return None
    if any(_obeys(leaves, side, language) for leaves, side in zip((old, new), sides, strict=True)):
        return None
    before, after = ([one.text for one in leaves if "comment" in one.kind] for leaves in (old, new))
    if any(_has_code(leaves, side) for leaves, side in zip((old, new), sides, strict=True)):
        return "layout" if before == after else "comments_and_layout"
    return "comments"


def _code(leaves: Sequence[Leaf], language: Language) -> list[tuple[str, str, str, int]]:
    words = [one for one in leaves if "comment" not in one.kind]
    if language in STYLED:
        words = unstyled(words)
    shown = [evolve(one, text=_jsx(one.text)) if one.kind == "jsx_text" else one for one in words]
    return [(one.kind, one.parent, one.text, one.depth) for one in shown if one.text]


def _same_blocks(old: str, new: str) -> bool:
    """Whether logical lines and blocks begin and end at the same words, as Python's own tokenizer has it: the grammar
    takes indentation that Python refuses."""
    try:
        return _blocks(old) == _blocks(new)
    except (tokenize.TokenError, SyntaxError):
        return False


def _blocks(text: str) -> list[tuple[int, int]]:
    """The kind of each begin and end, with the number of words in front of it. A comma that ends a list is no word."""
    found: list[tuple[int, int]] = []
    words, was_comma = 0, False
    for token in tokenize.generate_tokens(iter(git_lines(text)).__next__):
        if token.type in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT):
            found.append((token.type, words))
        elif token.type not in (tokenize.NL, tokenize.COMMENT):
            words += 1 - (was_comma and token.string in (")", "]", "}"))
            was_comma = token.string == ","
    return found


def _jsx(text: str) -> str:
    """As it is shown: what JSX leaves of white space around line ends (react.dev, and its compilers)."""
    lines = text.replace("\t", " ").split("\n")
    kept = [
        (line if number == 0 else line.lstrip(" "))
        if number == len(lines) - 1
        else (line.rstrip(" \r") if number == 0 else line.strip(" \r"))
        for number, line in enumerate(lines)
    ]
    return " ".join(line for line in kept if line)


def _obeys(leaves: Iterable[Leaf], side: _Side, language: Language) -> bool:
    """Whether a comment on or beside the changed lines is one that a program may obey."""
    near = side.changed | side.beside
    if side.lines and 0 in near and side.lines[0].startswith("#!"):
        return True
    for one in leaves:
        is_near = "comment" in one.kind and not near.isdisjoint(range(one.first_line, one.last_line + 1))
        if is_near and is_obeyed(one.text, language, side.text):
            return True
    return False


def _has_code(leaves: Iterable[Leaf], side: _Side) -> bool:
    return any(
        "comment" not in one.kind and not side.changed.isdisjoint(range(one.first_line, one.last_line + 1))
        for one in leaves
    )


def _same_json(diff: FileDiff) -> bool:
    """The same names in the same order with the same values, numbers as they are written."""
    if diff.old_text is None or diff.new_text is None:
        return False
    try:
        old, new = (
            json.loads(text, object_pairs_hook=tuple, parse_float=_number, parse_int=_number, parse_constant=_number)
            for text in (diff.old_text, diff.new_text)
        )
        return bool(old == new)
    except (ValueError, RecursionError):
        return False


def _number(text: str) -> tuple[str, str]:
    return ("number", text)


# --- comments by line, where there is no tree to ask ---------------------------------------------------------

_HASH = frozenset({"sh", "bash", "rb", "toml", "yaml", "yml", "pl", "r"})
_SLASHES = frozenset({"c", "h", "cc", "cpp", "hpp", "kt", "swift"})
_BLOCK_SCALAR = re.compile(r"(?:^|\s)[|>][+-]?\d?[+-]?\s*(?:#.*)?$")
"""Of YAML: what follows is text, whatever it begins with."""


def _are_comments(path: str, side: _Side) -> bool:
    if not side.changed:
        return True
    suffix = path.rpartition(".")[2].lower()
    if suffix not in _HASH | _SLASHES:
        return False
    if any(_in_string(side.lines, line, suffix) for line in side.changed):
        return False
    if any(is_obeyed(side.lines[line].strip(), None, side.text) for line in side.beside if _looks(suffix, side, line)):
        return False
    return all(not side.lines[line].strip() or _is_comment(suffix, side, line) for line in side.changed)


def _looks(suffix: str, side: _Side, line: int) -> bool:
    return side.lines[line].lstrip().startswith("#" if suffix in _HASH else ("//", "/*", "*"))


def _in_string(lines: Sequence[str], line: int, suffix: str) -> bool:
    """Whether the line may stand within a string that began above it."""
    above = lines[:line]
    before = "\n".join(above)
    if any(before.count(quote) % 2 for quote in ('"""', "'''", "`")) or "<<" in before or 'R"' in before:
        return True
    if suffix not in _HASH:
        return False
    code = [one for one in above if not one.lstrip().startswith("#")]
    if any(one.count('"') % 2 or one.count("'") % 2 for one in code) or any("__END__" in one for one in code):
        return True
    return suffix in ("yaml", "yml") and any(_BLOCK_SCALAR.search(one) for one in code)


def _is_comment(suffix: str, side: _Side, line: int) -> bool:
    lines, text = side.lines, side.lines[line].strip()
    if is_obeyed(text, None, side.text):
        return False
    if suffix in _HASH:
        return text.startswith("#")
    if line and lines[line - 1].endswith("\\"):
        return False
    if text.startswith("//"):
        return not text.endswith("\\")
    return _in_block_comment(lines, line)


def _in_block_comment(lines: Sequence[str], line: int) -> bool:
    text = lines[line].strip()
    if text.find("*/") not in (-1, len(text) - 2):
        return False
    if text.startswith("/*"):
        return text.endswith("*/") or (line + 1 < len(lines) and lines[line + 1].strip().startswith("*"))
    return text.startswith("*") and _opened_above(lines, line)


def _opened_above(lines: Sequence[str], line: int) -> bool:
    """Whether the run of lines that begin with a star goes back to the start of a comment."""
    for above in range(line - 1, -1, -1):
        upper = lines[above].strip()
        if "*/" in upper or not upper.startswith(("*", "/*")):
            return False
        if upper.startswith("/*"):
            return True
    return False
