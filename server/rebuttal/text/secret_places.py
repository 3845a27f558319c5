"""Where secrets stand without `name = value` on one line: options of commands, tuples, blocks that have a default.

What is tried at an anchor has bounded length, as in `secrets.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from attrs import frozen

from rebuttal.text.secret_values import WORDS, is_literal_secret, is_sure, kind_of, name_in

_VALUE = (
    r"(?:\"([^\"\n]{4,200}+)\"|'([^'\n]{4,200}+)'|([^\s\"'`<>|;&$(){}\[\],-][^\s\"'`|;&]{3,200}+)(?=[\s\"'`|;&]|\Z))"
)
_REACH = 150
"""Characters after a command that are not looked through again for the same one."""
_COMMANDS = tuple(
    (anchor, re.compile(pattern + _VALUE))
    for anchor, pattern in (
        ("mysql", r"[\w-]{0,20}[ \t][^\n|;&]{0,300}?(?<=[ \t])-p(?!assword)"),
        ("mariadb", r"[\w-]{0,20}[ \t][^\n|;&]{0,300}?(?<=[ \t])-p(?!assword)"),
        ("sshpass", r"[ \t]{1,4}-p[ \t]{0,4}"),
        ("curl ", r"[^\n|;]{0,300}?(?<=[ \t])(?:-u|--user)[ \t=]{0,3}[\"']?[\w.@-]{1,64}:"),
        ("redis-cli", r"[^\n|;]{0,200}?(?<=[ \t])-a[ \t]{1,4}"),
        ("docker login", r"[^\n|;]{0,200}?(?<=[ \t])-p[ \t]{1,4}"),
        ("--password ", r""),
        ("--token ", r""),
        ("--api-key ", r""),
        ("--secret ", r""),
        ("--passphrase ", r""),
    )
)
_LITERAL = r"(?:\"[^\"\n]{0,200}+\"|'[^'\n]{0,200}+'|`[^`\n]{0,200}+`|[\w.]{1,60}+)"
_TUPLE = re.compile(
    r"[ \t]{0,100}+(?:(?:const|let|var|my|local|auto|val)[ \t]{1,4})?[\[({]{0,1}"
    r"([$@\w.]{1,60}+(?:[ \t]{0,4},[ \t]{0,4}[$@\w.]{1,60}+){1,6})[\])}]?[ \t]{0,4}:?=[ \t]{0,4}[\[(]?"
    rf"({_LITERAL}(?:[ \t]{{0,4}},[ \t]{{0,4}}{_LITERAL}){{1,6}})"
)
_PIECE = re.compile(_LITERAL)
_VARIABLE = re.compile(r"variable \"([\w-]{1,80}+)\"\s{0,4}\{")
_DEFAULT = re.compile(r"\bdefault[ \t]{0,20}=[ \t]{0,20}\"([^\"\n]{4,500}+)\"")
_BLOCK = 1500
_KEY_BEFORE = re.compile(r"\b(?:name|key)[\"']?[ \t]{0,4}[:=][ \t]{0,4}[\"']?[\w.-]{0,40}\Z", re.I)
_VALUE_AFTER = re.compile(
    r"\w{0,40}+[\"']?,?[ \t]{0,10}+\r?\n?[ \t]{0,60}+[\"']?[vV]alue[\"']?[ \t]{0,4}[:=][ \t]{0,4}"
    r"(?:\"([^\"\n]{4,500}+)\"|'([^'\n]{4,500}+)'|([^\s\"'{}$<>,]{4,500}+))"
)


@frozen
class Place:
    """A value that is a secret by where it stands."""

    kind: str
    start: int
    end: int
    sure: bool


def in_commands(text: str) -> Iterator[Place]:
    """`mysql -psecret`, `curl -u user:secret`, `--password secret`."""
    for anchor, pattern in _COMMANDS:
        at = done = text.find(anchor)
        while at >= 0:
            match = pattern.match(text, at + len(anchor)) if at >= done else None
            if match is not None:
                done = match.end()
                yield from _option(match)
            elif at >= done:
                done = at + min(_REACH, len(anchor) if anchor.startswith("--") else _REACH)
            at = text.find(anchor, max(at + len(anchor), done))


def _option(match: re.Match[str]) -> Iterator[Place]:
    group = match.lastindex or 1
    value = match[group]
    # Prose names options too: `--password option`.
    if is_literal_secret("password", value) and not (WORDS.match(value) and group == 3):
        yield Place("password", match.start(group), match.end(group), is_sure("password", value))


def in_tuples(text: str, names: list[tuple[int, int]]) -> Iterator[Place]:
    """`user, password = "a", "b"`; `names` is where the words stand that a secret is assigned to."""
    read = -1
    for start, end in names:
        line = text.rfind("\n", max(0, start - 200), start) + 1
        if line == read or (line == 0 and start > 200) or "," not in text[line : end + 80]:
            continue
        read = line
        match = _TUPLE.match(text, line)
        if match is None:
            continue
        targets, pieces = match[1].split(","), list(_PIECE.finditer(text, match.start(2), match.end(2)))
        if len(targets) == len(pieces):
            yield from chain.from_iterable(_assigned(*both) for both in zip(targets, pieces, strict=True))


def _assigned(target: str, piece: re.Match[str]) -> Iterator[Place]:
    target = target.strip().lower()
    word = name_in(target)
    word = word if word is not None and target.endswith(word) else None
    value = piece[0][1:-1]
    if word is not None and piece[0][0] in "\"'`" and value and is_literal_secret(kind_of(word), value):
        sure = is_sure(kind_of(word), value)
        yield Place(kind_of(word), piece.start() + 1, piece.end() - 1, sure)


def in_blocks(text: str) -> Iterator[Place]:
    """`variable "db_password" { default = "..." }` of Terraform."""
    at = text.find('variable "')
    while at >= 0:
        match, done = _VARIABLE.match(text, at), at + 10
        word = name_in(match[1].lower()) if match is not None else None
        if match is not None and word is not None:
            stop = text.find("\n}", match.end(), match.end() + _BLOCK)
            done = stop if stop >= 0 else match.end() + _BLOCK
            value = _DEFAULT.search(text, match.end(), done)
            if value is not None and is_literal_secret(kind_of(word), value[1]):
                yield Place(kind_of(word), value.start(1), value.end(1), is_sure(kind_of(word), value[1]))
        at = text.find('variable "', done)


def in_pairs_of_name_and_value(text: str, names: list[tuple[int, int]]) -> Iterator[Place]:
    """`name: DB_PASSWORD` and `value: ...`, on the same line or the next, as in the environment of a container."""
    for start, end in names:
        match = _VALUE_AFTER.match(text, end)
        if match is None or _KEY_BEFORE.search(text, max(0, start - 60), start) is None:
            continue
        group, kind = match.lastindex or 1, kind_of(text[start:end].lower())
        value = match[group]
        if is_literal_secret(kind, value) and not (WORDS.match(value) and group == 3):
            yield Place(kind, match.start(group), match.end(group), is_sure(kind, value))
