"""Conflict markers that a merge left behind: whole triples, on lines that the change added."""

from __future__ import annotations

import re
from collections.abc import Iterator

from attrs import evolve

from rebuttal.change.model import FileDiff
from rebuttal.change.notebook import UNREADABLE
from rebuttal.change.unreviewed import unreviewed
from rebuttal.evidence.model import Fact, Material
from rebuttal.evidence.seats import CODE
from rebuttal.findings.model import Related
from rebuttal.text.languages import TRUSTED, language_of
from rebuttal.text.parsing import Unparsed, syntax_errors
from rebuttal.text.positions import LineIndex, git_lines

MAX_CHARACTERS = 10_000_000
"""Of notebooks that are no valid JSON, all together."""
_OPENING = re.compile(r"<{7}(?:[ \t].*)?\r?\n?\Z")
_MIDDLE = re.compile(r"={7}\r?\n?\Z")
_CLOSING = re.compile(r">{7}(?:[ \t].*)?\r?\n?\Z")
_PROSE = (".md", ".markdown", ".rst", ".adoc", ".txt")
_FENCE = re.compile(r"\s{0,3}(?:```|~~~)")


def check(material: Material) -> Iterator[Fact]:
    """One fact for each file with conflicts. Text in fenced examples of prose, and in string literals, is none."""
    for diff in (*material.files, *_unreadable(material)):
        if diff.new_text and "<<<<<<<" in diff.new_text and ">>>>>>>" in diff.new_text:
            yield from _conflicts(material, diff, diff.new_text)


def _unreadable(material: Material) -> Iterator[FileDiff]:
    """Notebooks that a conflict left without valid JSON; the base's own one is no news."""
    change = material.change
    notebooks = tuple(one for one in change.skipped if one.reason == UNREADABLE)
    if notebooks:
        found = unreviewed(evolve(change, skipped=notebooks), material.repository, MAX_CHARACTERS).files
        yield from (diff for diff in found if "<<<<<<<" not in (diff.old_text or ""))


def _conflicts(material: Material, diff: FileDiff, text: str) -> Iterator[Fact]:
    triples = list(_triples(git_lines(text), diff))
    if not triples or _is_literal(material, diff, text):
        return
    triples = [one for one in triples if material.in_scope(diff, range(one[0], one[1] + 1))]
    if triples:
        (first, last), *others = triples
        index = LineIndex(text)
        more = f" So {'is 1 more' if len(others) == 1 else f'are {len(others)} more'} of this file." if others else ""
        yield Fact(
            diff,
            "conflict:marker",
            "Merge conflict left in the file",
            f"A conflict is not resolved: both sides and the markers stand in lines {first + 1} to {last + 1}, "
            f"and whatever reads the file will fail on them or take both sides.{more}",
            "critical" if language_of(diff.path) else "high",
            "correctness",
            CODE,
            first,
            first,
            related=tuple(
                Related(diff.path, index.range_of_git_lines(one, one), "another conflict") for one, _ in others
            ),
        )


def _triples(lines: list[str], diff: FileDiff) -> Iterator[tuple[int, int]]:
    added = diff.added_lines
    prose, fenced = diff.path.lower().endswith(_PROSE), False
    opened, parted = -1, False
    for number, line in enumerate(lines):
        if prose and _FENCE.match(line):
            fenced = not fenced
        if fenced or number not in added:
            continue
        if _OPENING.match(line):
            opened, parted = number, False
        elif _MIDDLE.match(line) and opened >= 0:
            parted = True
        elif _CLOSING.match(line) and parted:
            yield opened, number
            opened, parted = -1, False


def _is_literal(material: Material, diff: FileDiff, text: str) -> bool:
    """Whether the language takes the text as it stands: then the markers are inside a string."""
    language = language_of(diff.path)
    if language is None or language not in TRUSTED:
        return False  # To a shell, the markers may well be redirections.
    try:
        return not syntax_errors(text, language, material.parser)
    except Unparsed:
        return False
