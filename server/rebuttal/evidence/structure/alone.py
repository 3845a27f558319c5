"""Tests that go in a change which alters nothing that they test: what they watched stays, and nobody watches it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from rebuttal.change.model import Side
from rebuttal.evidence.model import Material
from rebuttal.evidence.structure.cases import Case, body, cases
from rebuttal.evidence.structure.lines import Lines, changed_files, plain
from rebuttal.text.languages import GLOBS, family_of, is_test

_CALLED = re.compile(r"(?<![\w.])(?:new\s+)?(?:[\w$]+(?:\.|::|->))*(?P<name>[A-Za-z_$][\w$]{2,})!?\s*\(")
_MOST = 5
"""More that go at once are an arrangement of tests, not a test."""
_ALIKE = 0.6
"""This share of a test's lines in one that stays tells that it checks the same."""
_ASSERTS = re.compile(r"(?i)assert|expect|should|throws|raises|verif|check|fail|\bis\.")
_GREPPED = 200
_TELLING = 8


def removed_alone(material: Material, lines: Lines, missing: Sequence[Case]) -> Iterator[tuple[Case, str]]:
    """Each case with the function that it calls and that stays."""
    if not missing or len(missing) > _MOST or not _only_takes(material) or not cases(lines, "new"):
        return
    stand = [_telling(lines, case, "new") for case in cases(lines, "new")]
    defined = {one.name for one in lines.symbols("old")}
    for case in missing:
        mine = _telling(lines, case, "old")
        asserting = {line for line in mine if _ASSERTS.search(line)}
        if not mine or any(len(mine & one) > _ALIKE * len(mine) and asserting <= one for one in stand):
            continue
        names = [
            match["name"]
            for line in body(lines, "old", case)[1:]
            for match in _CALLED.finditer(line.partition("//")[0])
        ]
        about = _that_stays(material, lines, [one for one in dict.fromkeys(names) if one not in defined])
        if about:
            yield case, about


def _telling(lines: Lines, case: Case, side: Side) -> frozenset[str]:
    return frozenset(plain(line) for line in body(lines, side, case)[1:] if len(line) >= _TELLING)


def _only_takes(material: Material) -> bool:
    """Whether the change alters tests alone, and writes no new ones."""
    files = changed_files(material)
    if len(files) != len(material.files) or not all(one.is_test for one in files):
        return False
    for one in files:
        old = {case.name for case in cases(one, "old")} if one.diff.old_text is not None else set()
        if one.diff.new_text is not None and any(case.name not in old for case in cases(one, "new")):
            return False
    added = sum(1 for one in files for _ in one.changed("new"))
    return added <= 3


def _that_stays(material: Material, lines: Lines, names: Sequence[str]) -> str:
    """The first of these that code of the repository, and not of its tests, defines."""
    if not names or lines.language is None:
        return ""
    globs = GLOBS[family_of(lines.language)]
    for name in names[:8]:
        defines = re.compile(
            rf"(?:\b(?:def|func|function|fn|class|struct|fun)\s+(?:\([^)]*\)\s*)?(?:self\.)?{re.escape(name)}\b"
            rf"|\b{re.escape(name)}\s*[:=]\s*(?:async\b|function|\()|^[^=(]*\b{re.escape(name)}\s*\([^;]*\{{?\s*$)"
        )
        for match in islice(material.repository.new.grep([name], globs), _GREPPED):
            if is_test(match.path):
                continue
            text = (material.repository.new.read(match.path) or "").split("\n", match.line + 1)
            if match.line < len(text) and defines.search(text[match.line]):
                return name
    return ""
