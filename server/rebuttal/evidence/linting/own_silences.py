"""Comments that silence the repository's linters, where the change itself brings them: they hide nothing of it.

A linter looks for such comments itself, so those of the change are made unreadable, at the same length, in the copies
that it is given; those of the base stay.
"""

from __future__ import annotations

import re

from attrs import frozen

from rebuttal.change.model import FileDiff
from rebuttal.text.positions import git_lines

_COMMENT = r"(?:#|//|/\*|<!--)[^\n]*?(?<![\w-])"
_WORDS = {
    "eslint": r"eslint-disable(?:-next-line|-line)?\b",
    "biome": r"biome-ignore(?:-all|-start)?\b",
    "mypy": r"type:\s*ignore\b|mypy:\s*(?:ignore-errors|disable-error-code)\b",
    "pyright": r"pyright:\s*(?:ignore|basic)\b|type:\s*ignore\b",
    "bandit": r"nosec\b",
    "semgrep": r"nosem(?:grep)?\b",
    "shellcheck": r"shellcheck\s+disable\b",
    "hadolint": r"hadolint\s+(?:global\s+)?ignore\b",
    "golangci-lint": r"nolint\b",
}
_NEXT_LINE = re.compile(r"next-line|biome-ignore\b|nosem|shellcheck|hadolint\s+ignore")
_REST_OF_FILE = re.compile(r"eslint-disable(?!-)|biome-ignore-(?:all|start)|mypy:|shellcheck|hadolint\s+global")


@frozen
class OwnSilence:
    """A comment that the change brings."""

    line: int
    """Git line of the new text, from 0."""
    comment: str
    word: str

    def covers(self, rule: str, first: int, last: int) -> bool:
        """Whether it is about a rule on these lines, were it heeded."""
        here = first <= self.line <= last
        above = self.line == first - 1 and _NEXT_LINE.search(self.word) is not None
        file = self.line < first and _REST_OF_FILE.search(self.word) is not None
        if not (here or above or file):
            return False
        after = self.comment.partition(self.word)[2].strip(" :*/->[]()=")
        return not after or rule in self.comment or not re.match(r"[\w@.-]*[\w/@-]{3,}", after.partition("--")[0])


def unsilenced(diff: FileDiff, tool: str) -> tuple[str, tuple[OwnSilence, ...]]:
    """The new text with the change's own comments made unreadable, and those comments."""
    text = diff.new_text or ""
    words = _WORDS.get(tool)
    if words is None or not re.search(words, text):
        return text, ()
    pattern = re.compile(f"(?P<before>{_COMMENT})(?P<word>{words})", re.IGNORECASE)
    lines, old = git_lines(text), git_lines(diff.old_text or "")
    stood = {" ".join(line.split()) for line in old if pattern.search(line)}
    found: list[OwnSilence] = []
    for hunk in diff.hunks:
        replaced = {_comment(match, old[number]) for number in hunk.old_lines if (match := pattern.search(old[number]))}
        for number in hunk.new_lines:
            match = pattern.search(lines[number])
            if match is None or " ".join(lines[number].split()) in stood:
                continue
            comment = _comment(match, lines[number])
            if comment in replaced:
                continue
            found.append(OwnSilence(number, comment, match["word"]))
            at = match.start("word")
            lines[number] = f"{lines[number][:at]}x{lines[number][at + 1 :]}"
    return "".join(lines), tuple(found)


def _comment(match: re.Match[str], line: str) -> str:
    return " ".join(line[match.start() :].split())
