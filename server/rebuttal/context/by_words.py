"""What no grammar reads, by its words: where other text names what changed, as paragraphs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from rebuttal.change.model import FileDiff, Skipped
from rebuttal.context.candidates import BY_WORDS
from rebuttal.context.changed import Changed
from rebuttal.context.code import Code
from rebuttal.context.packing import Candidate
from rebuttal.text.languages import language_of
from rebuttal.text.positions import git_lines

MAX_WORDS = 20
_RARE = 6
"""A word in more places says too little about any of them."""
_LONGEST = 24
"""Lines of one paragraph."""
_PROSE = ("*.md", "*.rst", "*.txt", "*.adoc", "*.toml", "*.yaml", "*.yml", "*.cfg", "*.ini", "Makefile", "Dockerfile")
_WORD = re.compile(r"[A-Za-z_][\w-]{6,}")
_TELLING = re.compile(r"[a-z][A-Z]|_|\d|[a-z]-[a-z]")
_CODE = frozenset(
    (
        "zig",
        "lua",
        "ex",
        "exs",
        "erl",
        "hs",
        "ml",
        "sql",
        "dart",
        "pl",
        "pm",
        "jl",
        "vue",
        "svelte",
        "clj",
        "groovy",
        "m",
    )
)
"""Endings of code that no grammar here reads."""
READ_BY_WORDS = "no grammar for its language: what else matters was looked for by words only"


def told_words(changed: Sequence[Changed]) -> dict[str, str]:
    """Names of what broke that other text may speak of, each with what happened to it."""
    broken = {
        one.symbol.name: f"{one.symbol.qualified}, {'which is gone' if one.gone else 'whose signature changed'}"
        for one in changed
        if one.broken and len(one.symbol.name) > 6 and _TELLING.search(one.symbol.name)
    }
    return dict(list(broken.items())[:MAX_WORDS])


def by_words(files: Sequence[FileDiff], changed: Sequence[Changed], code: Code) -> Iterator[Candidate]:
    """Paragraphs that name what broke, and code without a grammar that shares telling words with the change."""
    yield from _found(told_words(changed), _PROSE, files, code)
    for suffix in sorted({_ending(one.path) for one in files if _is_unread(one)}):
        words: dict[str, str] = {}
        for diff in files:
            if _is_unread(diff) and _ending(diff.path) == suffix:
                words.update(dict.fromkeys(_telling(diff), f"words of {diff.path}"))
        yield from _found(dict(list(words.items())[:MAX_WORDS]), (f"*.{suffix}",), files, code)


def unread(files: Iterable[FileDiff]) -> tuple[Skipped, ...]:
    """The changed files of code that no grammar reads."""
    return tuple(Skipped(one.path, READ_BY_WORDS) for one in files if _is_unread(one))


def _found(words: dict[str, str], globs: Sequence[str], files: Sequence[FileDiff], code: Code) -> Iterator[Candidate]:
    if not words:
        return
    changed = {one.path for one in files}
    places: dict[str, list[tuple[str, int]]] = {}
    for match in sorted(code.tree.grep(sorted(words), globs), key=lambda one: (one.path, one.line, one.word)):
        if match.path not in changed and match.word in words:
            places.setdefault(match.word, []).append((match.path, match.line))
    for word, some in places.items():
        if len(some) > _RARE:
            continue
        for path, line in some:
            lines = code.lines(path)
            if line < len(lines):
                first, last = _paragraph(lines, line)
                yield Candidate(path, "new", first, last, f"names {words[word]}", BY_WORDS, frozenset({word}))


def _telling(diff: FileDiff) -> Iterator[str]:
    lines = git_lines(diff.new_text or "")
    for line in sorted(diff.added_lines):
        for word in _WORD.findall(lines[line][:400]) if line < len(lines) else ():
            if _TELLING.search(word):
                yield word


def _paragraph(lines: Sequence[str], line: int) -> tuple[int, int]:
    """The lines around one that no empty line parts from it."""
    first = last = line
    while first > 0 and lines[first - 1].strip() and line - first < _LONGEST // 2:
        first -= 1
    while last + 1 < len(lines) and lines[last + 1].strip() and last - line < _LONGEST // 2:
        last += 1
    return first, last


def _is_unread(diff: FileDiff) -> bool:
    return language_of(diff.path) is None and _ending(diff.path) in _CODE


def _ending(path: str) -> str:
    return path.rpartition(".")[2].lower()
