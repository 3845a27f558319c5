"""What ruff says of the change: only what is new, only what is worth a reader's time."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from attrs import frozen

from rebuttal.change.model import FileDiff, Hunk
from rebuttal.evidence.linting.config import Configurations
from rebuttal.evidence.linting.ruff import Diagnostic, Edit, Linted
from rebuttal.evidence.linting.ruff_exempt import (
    is_built,
    is_builtin,
    is_harmless_redefinition,
    is_python_2,
    is_tried,
    raises_again,
    takes_only_literals,
)
from rebuttal.evidence.linting.ruff_rules import RULES, RuffRule
from rebuttal.evidence.linting.silenced import Silence, Silences, self_silenced
from rebuttal.evidence.model import Fact, Material, one_line
from rebuttal.evidence.provenance import is_of_others
from rebuttal.findings.model import Fix, Related, TextEdit
from rebuttal.text.languages import is_test
from rebuttal.text.positions import LineIndex

_NOT_IN_NOTEBOOKS = frozenset({"B018", "F704", "PLE1142"})
_IPYTHON_NAMES = frozenset({"display", "get_ipython", "In", "Out", "_", "__", "___", "exit", "quit"})
_DEFINING_MAGIC = re.compile(r"^[ \t]*(?:pass  )?# %+(?:capture|load|pylab|run|sql|store)\b", re.MULTILINE)


@frozen
class _Spot:
    """A diagnostic of the new side, with its text."""

    diff: FileDiff
    index: LineIndex
    said: Diagnostic
    silence: Silence | None = None
    """What stands in the code so that it is not heard."""

    @property
    def added(self) -> bool:
        return any(line in self.diff.added_lines for line in range(self.said.first_line, self.said.last_line + 1))

    @property
    def key(self) -> tuple[str, str]:
        """Rule and line: the same text elsewhere or otherwise indented is the same fault."""
        return _key(self.said, self.index)


def check(material: Material, linted: Linted) -> Iterator[Fact]:
    """One fact for each fault that stands on added lines and did not stand in the base."""
    quiet = Configurations(material.repository.old)
    left = _standing(material.files, linted)
    spots = list(_spots(material, linted))
    for spot in spots:
        if not spot.added and left[spot.key] > 0:
            left[spot.key] -= 1
    new: list[_Spot] = []
    for spot in spots:
        if not _speaks(material, spot, quiet):
            continue
        if spot.added or RULES[spot.said.code].anywhere:
            if spot.added and left[spot.key] > 0:
                left[spot.key] -= 1
            elif spot.added or _is_caused(spot, linted):
                new.append(spot)
    unseen = (spot for spot in new if not _stood_in_hunk(spot, linted) and not _is_custom(spot, linted))
    yield from _facts(unseen)


def _spots(material: Material, linted: Linted) -> Iterator[_Spot]:
    for diff in material.files:
        said = linted.of("new", diff.path)
        # A file that does not parse gives faults that are none.
        if said and diff.new_text is not None and not linted.faults("new", diff.path):
            index = LineIndex(diff.new_text)
            silences = Silences(diff)
            yield from (_Spot(diff, index, one, _silence(silences, one)) for one in said)


def _silence(silences: Silences, said: Diagnostic) -> Silence | None:
    security = RULES[said.code].category == "security"
    return silences.of(said.code, said.noqa_line, security=security) or silences.of(
        said.code, said.first_line, security=security
    )


def _standing(diffs: Iterable[FileDiff], linted: Linted) -> Counter[tuple[str, str]]:
    """How often each fault stood in the base, over all files: code may have moved between them."""
    count: Counter[tuple[str, str]] = Counter()
    for diff in diffs:
        if diff.old_text is not None and (said := linted.of("old", diff.path)):
            index = LineIndex(diff.old_text)
            count.update(_key(one, index) for one in said)
    return count


def _key(said: Diagnostic, index: LineIndex) -> tuple[str, str]:
    start, end = index.git_line_span(said.first_line)
    return said.code, " ".join(index.text[start:end].split())


def _speaks(material: Material, spot: _Spot, quiet: Configurations) -> bool:
    rule, path = RULES[spot.said.code], spot.diff.path
    if quiet.ignores(rule.code, path):
        return False
    if is_test(path) and not rule.in_tests:
        return False
    if spot.diff.new_cells is not None and _is_usual_in_notebooks(spot):
        return False
    if spot.silence is not None and (is_test(path) or not spot.silence.by_the_change):
        return False  # What a test does wrong it mostly does on purpose, and says so.
    if not re.search(rule.only_near or "", spot.key[1], re.IGNORECASE) or _is_exempt(material, spot, rule):
        return False
    return material.in_scope(spot.diff, range(spot.said.first_line, spot.said.last_line + 1))


def _is_exempt(material: Material, spot: _Spot, rule: RuffRule) -> bool:
    text, said = spot.index.text, spot.said
    excuses = ((rule.unless, spot.key[1]), (rule.not_in, spot.diff.path))
    if any(pattern is not None and re.search(pattern, where) for pattern, where in excuses):
        return True
    if said.code == "F821" and spot.diff.path.endswith("conf.py") and text[said.start : said.end] == "tags":
        return True  # Sphinx gives the file that name.
    if (
        is_of_others(spot.diff.path)
        or is_built(said, spot.diff.path)
        or raises_again(said, text)
        or is_tried(said, text)
        or takes_only_literals(said, text)
    ):
        return True
    if said.code == "F811":
        return is_harmless_redefinition(spot.diff.path, text, said)
    if said.code == "PLW0127" and is_builtin(text[said.start : said.end]):
        return True  # It gives the module or class a name of its own for it.
    return is_python_2(material, said.code, said.message, spot.key[1], text)


def _is_usual_in_notebooks(spot: _Spot) -> bool:
    """What IPython allows, shows or defines: a last expression, `await` anywhere, names that its commands bring."""
    if spot.said.code in _NOT_IN_NOTEBOOKS:
        return True
    flagged = spot.index.text[spot.said.start : spot.said.end]
    return spot.said.code == "F821" and (
        flagged in _IPYTHON_NAMES or _DEFINING_MAGIC.search(spot.index.text) is not None
    )


def _is_custom(spot: _Spot, linted: Linted) -> bool:
    """Whether it is a habit that the file of the base has already."""
    return RULES[spot.said.code].together and bool(
        [one for one in linted.of("old", spot.diff.path) if one.code == spot.said.code]
    )


def _is_caused(spot: _Spot, linted: Linted) -> bool:
    """Whether the change caused a fault on a line that it did not touch: the base did not have this very one."""
    old = spot.diff.old_text
    if old is None:
        return False
    flagged = spot.index.text[spot.said.start : spot.said.end]
    same = (one for one in linted.of("old", spot.diff.path) if one.code == spot.said.code)
    return all(old[one.start : one.end] != flagged for one in same)


def _stood_in_hunk(spot: _Spot, linted: Linted) -> bool:
    """Whether the lines that these replaced had the same fault: of a name in the same words, else as often."""
    old = spot.diff.old_text
    hunk = _hunk_of(spot)
    if old is None or hunk is None:
        return False
    before = _in_lines(linted.of("old", spot.diff.path), spot.said.code, hunk.old_lines)
    flagged = " ".join(spot.index.text[spot.said.start : spot.said.end].split())
    if any(" ".join(old[one.start : one.end].split()) == flagged for one in before):
        return True
    after = _in_lines(linted.of("new", spot.diff.path), spot.said.code, hunk.new_lines)
    return not RULES[spot.said.code].anywhere and len(before) >= len(after)


def _in_lines(said: Iterable[Diagnostic], code: str, lines: range) -> list[Diagnostic]:
    return [one for one in said if one.code == code and (one.first_line in lines or one.last_line in lines)]


def _hunk_of(spot: _Spot) -> Hunk | None:
    lines = range(spot.said.first_line, spot.said.last_line + 1)
    return next((hunk for hunk in spot.diff.hunks if any(line in hunk.new_lines for line in lines)), None)


def _facts(spots: Iterable[_Spot]) -> Iterator[Fact]:
    """An undefined name is one fault of a file, wherever it is used; so is a habit of its author."""
    by_name: dict[tuple[str, str, str], list[_Spot]] = {}
    for spot in spots:
        rule = RULES[spot.said.code]
        name = "" if rule.together else spot.said.message if rule.anywhere else str(spot.said.first_line)
        by_name.setdefault((spot.diff.path, rule.code, name), []).append(spot)
    for same in by_name.values():
        yield _fact(same[0], RULES[same[0].said.code], same[1:])


def _fact(spot: _Spot, rule: RuffRule, others: list[_Spot]) -> Fact:
    said, index = spot.said, spot.index
    message = one_line(said.message, 160).rstrip(".")
    return Fact(
        spot.diff,
        f"ruff:{rule.code}",
        rule.title,
        f"{message}: {rule.why}." + (self_silenced(spot.silence.comment) if spot.silence else ""),
        "low" if spot.silence else rule.severity,
        rule.category,
        rule.seat,
        said.first_line,
        said.last_line,
        confidence=rule.confidence,
        where=index.range(said.start, said.end),
        related=tuple(
            Related(other.diff.path, index.range(other.said.start, other.said.end), "here too")
            for other in {one.said.first_line: one for one in others if one.said.first_line != said.first_line}.values()
        ),
        fix=_fix(spot.diff, index, said.fix),
    )


def _fix(diff: FileDiff, index: LineIndex, edits: tuple[Edit, ...]) -> Fix | None:
    if not edits:
        return None
    return Fix(tuple(TextEdit(diff.path, index.range(edit.start, edit.end), edit.text) for edit in edits))
