"""Secrets become placeholders before text leaves the machine; the map back keeps quotes anchored.

A placeholder never adds or removes a line, so line N of the redacted text is line N of the original.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from attrs import frozen

from rebuttal.text.facts import Facts
from rebuttal.text.positions import LineIndex
from rebuttal.text.secrets import Secret, find_secrets, tokens_of_name

_LINE_END = re.compile(r"(\r\n|\n|\r)")
_SPREAD_FROM = 8
"""A value at least this long is replaced wherever it stands; a shorter one could be an ordinary word elsewhere."""
_WORD_LIKE = re.compile(r"[A-Za-z_-]*\d{0,4}|\W*")
"""`user_name1` may be a weak password in one place and a variable in another."""
_KEY_LINE = 32
_PROSE = "COMMIT_EDITMSG"
"""As what kind of file a sentence is searched for secrets."""
_FEW = 64


@frozen
class Redaction:
    """A secret that was replaced. `line` is counted from 1, as a person reads it; the secret itself is not kept."""

    file: str
    line: int
    kind: str


@frozen
class Redacted:
    """A text without its secrets. Line N is line N of the original."""

    text: str
    redactions: tuple[Redaction, ...] = ()


class Redactor:
    """Redacts the texts of one review: the same secret has the same placeholder in all of them.

    Placeholders look like `«redacted:aws-key:1»`; the number counts the distinct values of a kind by first
    appearance. A value that is known from one text is also replaced where nothing else gives it away,
    so `learn` every text of the review before the first `redact`.
    """

    def __init__(self, facts: Facts | None = None) -> None:
        """`facts`: where secrets stood in texts that were seen before (places only, never a value)."""
        self._facts = facts
        self._placeholders: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self._spread: dict[str, tuple[str, str]] = {}
        self._found: dict[tuple[str, str], tuple[Secret, ...]] = {}

    def learn(self, text: str, path: str) -> None:
        """Know the secrets of `text` before other texts are redacted."""
        for secret in self._secrets(text, path):
            self._placeholder(secret.kind, text[secret.start : secret.end])

    def learn_name(self, name: str) -> None:
        """Know the tokens of a name (of a file, say) before texts are redacted that may speak of it."""
        for secret in tokens_of_name(name):
            self._placeholder(secret.kind, name[secret.start : secret.end])

    def redact_names(self, text: str) -> str:
        """Words about files, branches and symbols without secrets, also without those that `_` joins to a name."""
        found = {text[one.start : one.end]: one.kind for one in tokens_of_name(text)}
        for value in sorted(found, key=len, reverse=True):
            text = text.replace(value, self._placeholder(found[value], value))
        return self.redact(text, _PROSE).text

    def redact(self, text: str, path: str) -> Redacted:
        """`text` with every secret replaced, found by its form, its name, or known from another text."""
        self.learn(text, path)
        spans = _joined([*self._found_spans(text, path), *self._known_spans(text)])
        if not spans:
            return Redacted(text)
        index = LineIndex(text)
        parts, at = list[str](), 0
        for start, end, _, placeholder in spans:
            parts += [text[at:start], _in_place_of(text[start:end], placeholder)]
            at = end
        parts.append(text[at:])
        redactions = tuple(Redaction(path, index.git_line_of(start) + 1, kind) for start, _, kind, _ in spans)
        return Redacted("".join(parts), redactions)

    def _secrets(self, text: str, path: str) -> tuple[Secret, ...]:
        known = self._found.get((path, text))
        if known is None:
            known = self._found[(path, text)] = self._find(text, path)
        return known

    def _find(self, text: str, path: str) -> tuple[Secret, ...]:
        if self._facts is None:
            return find_secrets(text, path)
        return self._facts.remember(("secrets", path), text, lambda: find_secrets(text, path))

    def _placeholder(self, kind: str, value: str) -> str:
        known = self._placeholders.get(value)
        if known is None:
            number = self._counts[kind] = self._counts.get(kind, 0) + 1
            known = self._placeholders[value] = f"«redacted:{kind}:{number}»"
            for part in _spreading(value):
                self._spread.setdefault(part, (kind, known))
        return known

    def _found_spans(self, text: str, path: str) -> Iterator[_Span]:
        for secret in self._secrets(text, path):
            placeholder = self._placeholder(secret.kind, text[secret.start : secret.end])
            yield secret.start, secret.end, secret.kind, placeholder

    def _known_spans(self, text: str) -> Iterator[_Span]:
        for start, value in _occurrences(text, self._spread):
            kind, placeholder = self._spread[value]
            yield start, start + len(value), kind, placeholder


_Span = tuple[int, int, str, str]
"""Start, end, kind, placeholder."""


def has_placeholder(text: str) -> bool:
    """Whether a text holds a placeholder, or part of one: what stands for a secret must not be edited."""
    return "«redacted:" in text


def redact(text: str, path: str) -> Redacted:
    """One text on its own; a review with several uses one `Redactor` for all."""
    return Redactor().redact(text, path)


def _spreading(value: str) -> list[str]:
    """What of a value is replaced wherever it stands: all of it, or the long lines of a key."""
    lines = [line.strip() for line in _LINE_END.split(value)]
    if len(lines) > 1:
        return [line for line in lines if len(line) >= _KEY_LINE]
    return [value] if len(value) >= _SPREAD_FROM and not _WORD_LIKE.fullmatch(value) else []


def _occurrences(text: str, values: Iterable[str]) -> Iterator[tuple[int, str]]:
    wanted = list(values)
    if len(wanted) > _FEW:
        yield from _many_occurrences(text, wanted)
        return
    for value in wanted:
        at = text.find(value)
        while at >= 0:
            yield at, value
            at = text.find(value, at + len(value))


def _many_occurrences(text: str, values: list[str]) -> Iterator[tuple[int, str]]:
    """One pass for all values, by their first characters: many secrets must not multiply the work."""
    by_head: dict[str, list[str]] = {}
    for value in values:
        by_head.setdefault(value[:_SPREAD_FROM], []).append(value)
    for at in range(len(text) - _SPREAD_FROM + 1):
        for value in by_head.get(text[at : at + _SPREAD_FROM], ()):
            if text.startswith(value, at):
                yield at, value


def _joined(spans: list[_Span]) -> list[_Span]:
    """In order; overlapping ones become one, named after the first."""
    joined: list[_Span] = []
    for start, end, kind, placeholder in sorted(spans, key=lambda span: (span[0], -span[1])):
        if joined and start < joined[-1][1]:
            first = joined[-1]
            joined[-1] = (first[0], max(first[1], end), first[2], first[3])
        else:
            joined.append((start, end, kind, placeholder))
    return joined


def _in_place_of(value: str, placeholder: str) -> str:
    """The placeholder, once for each line of the value; the ends of the lines and their indentation stay."""
    parts = _LINE_END.split(value)
    if len(parts) == 1:
        return placeholder
    lines = [_indentation(part) + placeholder if part.strip() else part for part in parts[::2]]
    ends = [*parts[1::2], ""]
    return "".join(line + end for line, end in zip(lines, ends, strict=True))


def _indentation(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]
