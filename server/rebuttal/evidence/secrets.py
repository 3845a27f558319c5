"""Secrets on added lines: in every changed file that is text, what is not reviewed of it included."""

from __future__ import annotations

import re
from collections.abc import Iterator

from attrs import evolve

from rebuttal.change.cells import CellMap
from rebuttal.change.model import FileDiff
from rebuttal.change.unreviewed import unreviewed
from rebuttal.evidence.model import Fact, LimitReached, Material, SecretFinder
from rebuttal.evidence.seats import SECURITY
from rebuttal.findings.model import CellRange, Certainty
from rebuttal.findings.severity import Severity
from rebuttal.text.languages import is_test
from rebuttal.text.positions import LineIndex, Position, Range
from rebuttal.text.secrets import Secret
from rebuttal.text.words import counted

MAX_CHARACTERS = 5_000_000
"""A longer text is not searched."""
_KEY_FILE = re.compile(r"\.(?:pem|key|crt|p8)$")
_CODECOV = re.compile(r"(?:^|/)\.?codecov\.ya?ml$", re.IGNORECASE)
_DIGEST = re.compile(r"[0-9a-fA-F]{32,128}")
_DIGEST_NAME = re.compile(r"(?i)(?:hash|digest|checksum|fingerprint|sha\d|md5)")
_PATTERN = re.compile(r"\[\^|[\])][+*?]|\(\?[:=!P]|\\[wsdS]")
MAX_UNREVIEWED = 10_000_000
"""Characters of files that are not reviewed, all together."""


def check(material: Material, find_secrets: SecretFinder) -> Iterator[Fact]:
    """One fact for each secret that is new: the same value does not stand in any old text of the change."""
    hidden = unreviewed(material.change, material.repository, MAX_UNREVIEWED)
    diffs = [*material.files, *hidden.files]
    known = {value for diff in diffs for value in _values(diff.old_text, diff.old_path or diff.path, find_secrets)}
    long = set[str]()
    for diff in diffs:
        if diff.new_text and len(diff.new_text) > MAX_CHARACTERS:
            long.add(diff.path)
        elif diff.new_text:
            yield from _new_secrets(material, diff, diff.new_text, find_secrets, known)
    for diff in material.files:
        if diff.new_cells is not None and diff.path not in material.change.only_lines:
            if len(diff.new_cells.json) > MAX_CHARACTERS:
                long.add(diff.path)
            else:
                yield from _in_outputs(diff, diff.new_cells, find_secrets, known)
    if left := hidden.left_out + len(long):
        files = f"{counted(left, 'file')} {'was' if left == 1 else 'were'}"
        raise LimitReached(f"Of what is not reviewed, {files} not searched for secrets: it is too much text.")


def _values(text: str | None, path: str, find_secrets: SecretFinder) -> set[str]:
    if not text or len(text) > MAX_CHARACTERS:
        return set()
    return {text[secret.start : secret.end] for secret in find_secrets(text, path)}


def _new_secrets(
    material: Material, diff: FileDiff, text: str, find_secrets: SecretFinder, known: set[str]
) -> Iterator[Fact]:
    secrets = find_secrets(text, diff.path)
    new = [
        one
        for one in secrets
        if one.sure and text[one.start : one.end] not in known and not _opens_nothing(text, one, diff.path)
    ]
    if not new:
        return
    index, added = LineIndex(text), diff.added_lines
    for secret in new:
        last = index.git_line_of(max(secret.end - 1, secret.start))
        lines = range(secret.line, last + 1)
        if any(line in added for line in lines) and material.in_scope(diff, lines):
            yield _fact(diff, index, secret, secrets)


def _opens_nothing(text: str, secret: Secret, path: str) -> bool:
    """Whether it lets nobody in: a digest of a secret, a pattern that finds logins, Codecov's token for uploads, the
    key of a certificate that tests serve with.

    Codecov's stands in `codecov.yml` for everyone to send reports with (docs.codecov.com, "Codecov Tokens").
    """
    if secret.kind == "private-key" and _KEY_FILE.search(path) and is_test(path):
        return True
    value = text[secret.start : secret.end]
    before = text[max(0, text.rfind("\n", 0, secret.start)) : secret.start]
    if secret.kind == "token" and _CODECOV.search(path):
        return True
    if _DIGEST.fullmatch(value) and _DIGEST_NAME.search(before):
        return True
    return secret.kind in ("basic-auth", "database-url") and _PATTERN.search(value) is not None


def _in_outputs(diff: FileDiff, cells: CellMap, find_secrets: SecretFinder, known: set[str]) -> Iterator[Fact]:
    """What a notebook holds besides the sources of its cells, which are the text that is reviewed."""
    secrets = find_secrets(cells.json, diff.path)
    sure = [one for one in secrets if one.sure and cells.json[one.start : one.end] not in known]
    if not sure:
        return
    known = known | _values(diff.old_cells.json if diff.old_cells else None, diff.path, find_secrets)
    file, index = evolve(diff, new_text=cells.json, new_cells=None), LineIndex(cells.json)
    for secret in sure:
        cell = cells.cell_around(secret.start)
        if cell is not None and cells.json[secret.start : secret.end] not in known:
            fact = _fact(file, index, secret, secrets)
            title = fact.title.replace("in the code", "in the outputs of a cell")
            yield evolve(fact, title=title, cell=CellRange(cell, Range(Position(0, 0), Position(0, 0))))


def rule_of(kind: str) -> str:
    """`secrets:aws` for the kind "aws-key": the rule names whose secret it is; a kind of nobody's stays whole."""
    owner = kind.removesuffix("-key").removesuffix("-token")
    return f"secrets:{kind if owner in ('private', 'api') else owner}"


def _fact(diff: FileDiff, index: LineIndex, secret: Secret, secrets: tuple[Secret, ...]) -> Fact:
    words = secret.kind.replace("-", " ")
    # Tests hold keys that open nothing; a real one among them is still worth a look.
    in_test = is_test(diff.path)
    severity, confidence = _weight(secret, in_test)
    return Fact(
        diff,
        rule_of(secret.kind),
        f"Secret in the code: {words}",
        _message(secret, words),
        severity,
        "security",
        SECURITY,
        secret.line,
        secret.line,
        confidence=confidence,
        where=index.range(secret.start, secret.end),
        quote=_masked(index, secret.line, secrets),
    )


def _weight(secret: Secret, in_test: bool) -> tuple[Severity, Certainty]:
    if secret.proof == "sandbox":
        return "low", "likely"
    if in_test:
        return "medium", "possible"
    return "critical", "certain" if secret.proof == "issued" else "likely"


def _message(secret: Secret, words: str) -> str:
    known = f"A value that looks like a secret ({words}) is written in the file"
    if secret.proof == "issued":
        known = f"A secret ({words}; its checksum or contents are those of an issued one) is written in the file"
    if secret.proof == "sandbox":
        return (
            f"{known}. By its form it opens a test environment only; everyone who can read the repository can use it "
            "there, so read it from the environment or a secret store."
        )
    return (
        f"{known}, so everyone who can read the repository or its history has it: revoke it, and read it from the "
        "environment or a secret store."
    )


def _masked(index: LineIndex, line: int, secrets: tuple[Secret, ...]) -> str:
    """The line with every secret on it replaced, the doubtful ones too."""
    start, end = index.git_line_span(line)
    pieces: list[str] = []
    place = start
    for secret in secrets:
        if secret.end > start and secret.start < end:
            pieces += [index.text[place : max(secret.start, start)], f"«redacted:{secret.kind}»"]
            place = min(secret.end, end)
    return "".join([*pieces, index.text[place:end]])
