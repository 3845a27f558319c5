"""What the repository's linters say of the change: only what is new, only what is worth a reader's time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rebuttal.change.model import FileDiff
from rebuttal.evidence.linting.own_silences import OwnSilence
from rebuttal.evidence.linting.repository import Heard
from rebuttal.evidence.linting.silenced import self_silenced
from rebuttal.evidence.linting.tool import Meaning, Said
from rebuttal.evidence.model import Fact, LimitReached, Material, one_line
from rebuttal.evidence.seats import CODE, PERFORMANCE, SECURITY
from rebuttal.text.languages import is_test
from rebuttal.text.positions import git_lines

MOST = 60
"""Of one linter: more of it is a flood that nobody reads."""
_WIDE = 6
"""Lines; what a linter says of more is about what begins there."""
_SEATS = {"security": SECURITY, "performance": PERFORMANCE}

Key = tuple[str, str]


def check(material: Material, heard: Heard) -> Iterator[Fact]:
    """One fact for each fault that the change brings. Raises LimitReached after MOST."""
    new = list(_new(material, heard))
    for diff, said, meaning in new[:MOST]:
        yield _fact(heard, diff, said, meaning)
    if len(new) > MOST:
        raise LimitReached(f"{heard.task.tool.name} says {len(new)} things of this change: the first {MOST} are shown.")


def _new(material: Material, heard: Heard) -> Iterator[tuple[FileDiff, Said, Meaning]]:
    left = _standing(material, heard)
    spots = []
    for diff in heard.task.files:
        lines = git_lines(diff.new_text or "")
        for said in sorted(heard.new.get(diff.path, ()), key=lambda one: (one.first_line, one.rule)):
            meaning = heard.task.tool.means(said) if said.rule and said.first_line < len(lines) else None
            if meaning is not None:
                spots.append((diff, said, meaning, _key(said, lines)))
    for diff, said, _, key in spots:
        if not _is_added(diff, said) and left[key] > 0:
            left[key] -= 1
    for diff, said, meaning, key in spots:
        added = _is_added(diff, said)
        if added and left[key] > 0:
            left[key] -= 1
            continue
        if not added and (not meaning.anywhere or heard.old is None or _stood(diff, said, heard)):
            continue
        if added and _stood_in_hunk(diff, said, heard):
            continue
        if (is_test(diff.path) and not meaning.in_tests) or not material.in_scope(diff, _lines(said)):
            continue
        yield diff, said, meaning


def _standing(material: Material, heard: Heard) -> Counter[Key]:
    """How often each fault stood in the base. Of linters that do not look at the base, a line that stood there in the
    same words counts as if it had had the fault."""
    count: Counter[Key] = Counter()
    if heard.old is not None:
        for diff in material.files:
            lines = git_lines(diff.old_text or "")
            count.update(_key(said, lines) for said in heard.old.get(diff.path, ()) if said.first_line < len(lines))
        return count
    rules = {said.rule for found in heard.new.values() for said in found}
    for diff in material.files:
        removed = diff.removed_lines
        lines = git_lines(diff.old_text or "")
        for number in removed:
            text = " ".join(lines[number].split())
            count.update((rule, text) for rule in rules)
    return count


def _key(said: Said, lines: list[str]) -> Key:
    """Rule and line: the same text elsewhere or otherwise indented is the same fault."""
    return said.rule, " ".join(lines[said.first_line].split())


def _lines(said: Said) -> range:
    last = said.last_line if said.last_line - said.first_line < _WIDE else said.first_line
    return range(said.first_line, last + 1)


def _is_added(diff: FileDiff, said: Said) -> bool:
    return any(line in hunk.new_lines for hunk in diff.hunks for line in _lines(said))


def _stood(diff: FileDiff, said: Said, heard: Heard) -> bool:
    """Whether the base's file had a fault of the rule in the same words: then one more is not the change's."""
    before = (heard.old or {}).get(diff.path)
    if before is None:
        return True
    return any((one.rule, one.message) == (said.rule, said.message) for one in before)


def _stood_in_hunk(diff: FileDiff, said: Said, heard: Heard) -> bool:
    """Whether the lines that these replaced had the same fault in the same words."""
    hunk = next((one for one in diff.hunks if any(line in one.new_lines for line in _lines(said))), None)
    if hunk is None:
        return False
    return any(
        (one.rule, one.message) == (said.rule, said.message) and any(line in hunk.old_lines for line in _lines(one))
        for one in (heard.old or {}).get(diff.path, ())
    )


def _fact(heard: Heard, diff: FileDiff, said: Said, meaning: Meaning) -> Fact:
    name = heard.task.tool.name
    silence = _silence(heard, diff, said)
    message = one_line(said.message, 240).rstrip(".")
    return Fact(
        diff,
        f"{name}:{said.rule}",
        one_line(message, 80),
        f"{message} ({name} {said.rule})." + (self_silenced(silence.comment) if silence else ""),
        "low" if silence else meaning.severity,
        meaning.category,
        _SEATS.get(meaning.category, CODE),
        said.first_line,
        _lines(said)[-1],
        confidence=meaning.confidence,
    )


def _silence(heard: Heard, diff: FileDiff, said: Said) -> OwnSilence | None:
    lines = _lines(said)
    own = heard.silences.get(diff.path, ())
    return next((one for one in own if one.covers(said.rule, lines[0], lines[-1])), None)
