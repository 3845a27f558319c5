"""What steers a review and is altered by the change under review.

All of it is read from the base, so the change hides nothing of itself; that it tries to is a finding of its own, one
for each altered place. What does not steer (another line of `.gitattributes`, a linter rule that this panel never
speaks of) is none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from attrs import evolve, frozen

from rebuttal.change.attributes import Attributes, parse_attributes
from rebuttal.change.ignore import IGNORE_FILE, Ignored, parse_ignore
from rebuttal.change.model import FileDiff, Hunk, Side
from rebuttal.change.skipping import marked_line, skip_by_name
from rebuttal.change.unreviewed import unreviewed
from rebuttal.context.guidelines import GUIDELINES
from rebuttal.evidence.linting.config import (
    CONFIG_FILES,
    Configuration,
    Configurations,
    Loosened,
    loosened,
    selects,
    strings,
)
from rebuttal.evidence.linting.ruff_rules import RULES
from rebuttal.evidence.linting.silenced import SELF_SILENCED
from rebuttal.evidence.model import Fact, Material, one_line
from rebuttal.evidence.seats import CODE
from rebuttal.evidence.steering import blanket
from rebuttal.evidence.steering.moved import moved_away
from rebuttal.evidence.steering.wholefile import names_generator, switched_off
from rebuttal.findings.model import Category, Related
from rebuttal.findings.severity import Severity
from rebuttal.findings.suppress import own_directives
from rebuttal.settings import repository_values
from rebuttal.text.languages import is_test, language_of
from rebuttal.text.positions import LineIndex, git_lines
from rebuttal.text.words import counted

_SETTINGS_FILES = (".rebuttal.toml", "pyproject.toml")
_EDITOR_SETTING = re.compile(r'^\s*"rebuttal\.[\w.]+"\s*:')
_EDITOR_FILE = ".vscode/settings.json"
_PANEL_FILE = re.compile(r"\.rebuttal/(seats|templates)/[^/]+\.md")
_ATTRIBUTES = ("linguist-generated", "linguist-vendored")
_NAMED = 3
_ROOM = 1_000_000
_BY_THE_BASE = "This review goes by the base's version, so nothing is hidden from it."


@frozen
class _Place:
    """A run of altered lines: the hunk, and the lines of one side that are meant, from 0."""

    hunk: Hunk
    side: Side
    lines: tuple[int, ...]


def check(material: Material, facts: Sequence[Fact]) -> Iterator[Fact]:
    """The facts of the other checks, and one more for each place where the change alters what steers its review.

    A fact that the change silences by a comment of its own says so itself: that is not told twice.
    """
    given = list(facts)
    told = frozenset(fact.diff.path for fact in facts if SELF_SILENCED in fact.message)
    files = (*material.files, *_left_out(material))
    given += switched_off(material, files, told)
    for diff in files:
        given += [
            *_by_name(material, diff),
            *_dismissed(material, diff, given),
        ]
    yield from given
    yield from _linter(material, files, facts)
    yield from _marks(material)
    yield from moved_away(material)
    yield from _of_the_build(material)
    yield from _unseen(material, facts)
    yield from blanket.check(
        material, frozenset((one.diff.path, one.first_line) for one in given if SELF_SILENCED in one.message)
    )


def _of_the_build(material: Material) -> Iterator[Fact]:
    """What the build checks, and how strictly, for which no change of mere code has to be searched."""
    if any(_may_configure(path) for diff in material.files for path in (diff.path, diff.old_path or diff.path)):
        from rebuttal.evidence.steering import gates, strictness

        yield from gates.check(material)
        yield from strictness.check(material)


def _may_configure(path: str) -> bool:
    """Whether a file is no code, or code that tools are configured with (`eslint.config.js`, `noxfile.py`)."""
    name = path.rpartition("/")[2]
    return language_of(path) is None or name.startswith(".") or ".config." in name or name == "noxfile.py"


def _unseen(material: Material, facts: Sequence[Fact]) -> Iterator[Fact]:
    """Text that does not show, for which no change of plain ASCII has to be searched."""
    if not all((diff.new_text or "").isascii() for diff in material.files):
        from rebuttal.evidence.steering import hidden

        yield from hidden.check(material, facts)


def _left_out(material: Material) -> tuple[FileDiff, ...]:
    """Files that steer and are themselves ignored: as the base wants it, but a change to them is told."""
    change = material.change
    skipped = tuple(one for one in change.skipped if one.reason.startswith("ignored") and _steers(one.file))
    return unreviewed(evolve(change, skipped=skipped), material.repository, _ROOM).files if skipped else ()


def _steers(path: str) -> bool:
    name = path.rpartition("/")[2]
    return (
        name in (IGNORE_FILE, ".gitattributes")
        or path in _SETTINGS_FILES
        or _is_linter_config(path)
        or path.endswith(_EDITOR_FILE)
        or _is_guideline(path)
        or _PANEL_FILE.fullmatch(path) is not None
    )


def _is_guideline(path: str) -> bool:
    return any(path == one or path.endswith("/" + one) for one in GUIDELINES)


def _by_name(material: Material, diff: FileDiff) -> Iterator[Fact]:
    name = diff.path.rpartition("/")[2]
    if name == IGNORE_FILE:
        yield from _ignore_file(material, diff)
    elif name == ".gitattributes":
        yield from _attributes(material, diff)
    elif diff.path.endswith(_EDITOR_FILE):
        yield from _editor_settings(material, diff)
    elif _is_guideline(diff.path):
        what, title = "Reviewers read this file as their guidelines.", "The change alters the guidelines for reviewers"
        yield from _once(material, diff, "guidelines", title, what)
    elif _PANEL_FILE.fullmatch(diff.path):
        what = "Where this repository is trusted, the file says who sits on the panel, or what it looks for."
        yield from _once(material, diff, "panel", "The change alters the panel of its reviews", what)
    elif diff.path in _SETTINGS_FILES:
        yield from _settings(material, diff)


def _dismissed(material: Material, diff: FileDiff, given: list[Fact]) -> Iterator[Fact]:
    """Comments that dismiss findings. Those in `given` that one is about say so; without any it is a fact itself."""
    for number, about, directive in own_directives(diff):
        hit = [
            place
            for place, fact in enumerate(given)
            if (fact.diff.path, fact.side, fact.first_line) == (diff.path, "new", about) and directive.covers(fact.rule)
        ]
        for place in hit:
            note = f"{SELF_SILENCED} ({one_line(directive.text, 60)}): that counts once the base has it."
            fact = given[place]
            # Shown quietly, as with a linter's own comments; a secret is out, whatever is said of it.
            severity = fact.severity if fact.rule.startswith("secrets:") else "low"
            given[place] = evolve(fact, message=f"{fact.message} {note}", severity=severity)
        if not hit and material.in_scope(diff, (number, about)):
            rules = one_line(", ".join(sorted(directive.rules)), 80)
            yield _suppression(diff, number, f"A comment dismisses findings of {rules} here")


def _suppression(diff: FileDiff, line: int, what: str) -> Fact:
    place = _Place(Hunk(line, 0, line, 1), "new", (line,))
    return _fact(diff, place, "suppression", "The change silences its own review", f"{what}.")


def _fact(
    diff: FileDiff,
    place: _Place,
    rule: str,
    title: str,
    what: str,
    *,
    severity: Severity = "low",
    category: Category = "testing",
    related: tuple[Related, ...] = (),
) -> Fact:
    message = f"{what} {_BY_THE_BASE}"
    first, last = place.lines[0], place.lines[-1]
    if place.lines != tuple(range(first, last + 1)):
        last = first
    return Fact(
        diff, f"steering:{rule}", title, message, severity, category, CODE, first, last, place.side, related=related
    )


def _places(diff: FileDiff, added: Callable[[str], bool], removed: Callable[[str], bool]) -> Iterator[_Place]:
    """For each hunk that has such lines: the added ones, else the removed ones."""
    new, old = git_lines(diff.new_text or ""), git_lines(diff.old_text or "")
    for hunk in diff.hunks:
        stood = {old[line].strip() for line in hunk.old_lines}
        stands = {new[line].strip() for line in hunk.new_lines}
        put_in = tuple(line for line in hunk.new_lines if new[line].strip() not in stood and added(new[line]))
        taken = tuple(line for line in hunk.old_lines if old[line].strip() not in stands and removed(old[line]))
        if put_in:
            yield _Place(hunk, "new", put_in)
        elif taken:
            yield _Place(hunk, "old", taken)


def _in_scope(material: Material, diff: FileDiff, hunk: Hunk) -> bool:
    return material.in_scope(diff, hunk.new_lines or (hunk.new_start,))


def _named(paths: Sequence[str]) -> str:
    more = f" and {counted(len(paths) - _NAMED, 'more file')}" if len(paths) > _NAMED else ""
    return ", ".join(paths[:_NAMED]) + more


def _would_hide(hidden: Sequence[str]) -> tuple[str, Severity]:
    """The words for files of this very change that would be left out, and how severe that is."""
    if not hidden:
        return "", "low"
    return f" Of this change it would leave out {_named(hidden)}.", "medium"


def _hidden(material: Material, old: Callable[[str], str | None], new: Callable[[str], str | None]) -> list[str]:
    paths = [diff.path for diff in material.files]
    return [path for path in paths if new(path) is not None and old(path) is None]


def _ignore_file(material: Material, diff: FileDiff) -> Iterator[Fact]:
    before = Ignored(material.repository.old.read).reason
    hidden = _hidden(material, before, Ignored(material.repository.new.read).reason)
    lines = git_lines(diff.new_text or "")
    for place in _places(diff, _ignores, _takes_back):
        own = hidden
        if place.side == "new":
            only = {diff.path: "".join(lines[line] for line in place.lines)}
            alone = Ignored(only.get).reason
            own = [path for path in hidden if alone(path) is not None]
        words, severity = _would_hide(own)
        if _in_scope(material, diff, place.hunk):
            what = f"Once this is in the base, reviews leave more files out.{words}"
            yield _fact(diff, place, "ignore", "The change leaves files out of reviews", what, severity=severity)


def _ignores(line: str) -> bool:
    return any(not rule.negated for rule in parse_ignore(line.rstrip("\n")))


def _takes_back(line: str) -> bool:
    return any(rule.negated for rule in parse_ignore(line.rstrip("\n")))


def _attributes(material: Material, diff: FileDiff) -> Iterator[Fact]:
    old, new = Attributes(material.repository.old.read), Attributes(material.repository.new.read)
    hidden = _hidden(material, lambda path: skip_by_name(path, old), lambda path: skip_by_name(path, new))
    lines = git_lines(diff.new_text or "")
    for place in _places(diff, _marks_as_made, _marks_as_written):
        own = hidden
        if place.side == "new":
            alone = Attributes({diff.path: "".join(lines[line] for line in place.lines)}.get)
            own = [path for path in hidden if any(alone.get(path, name) for name in _ATTRIBUTES)]
        words, severity = _would_hide(own)
        if _in_scope(material, diff, place.hunk):
            what = "Once this is in the base, more files count as generated or vendored, and reviews leave them out."
            what += words
            yield _fact(diff, place, "attributes", "The change marks files as generated", what, severity=severity)


def _marks_as_made(line: str) -> bool:
    return any(rule.values.get(name) not in (None, False) for rule in parse_attributes(line) for name in _ATTRIBUTES)


def _marks_as_written(line: str) -> bool:
    return any(rule.values.get(name, True) is False for rule in parse_attributes(line) for name in _ATTRIBUTES)


def _marks(material: Material) -> Iterator[Fact]:
    """Files that the change itself marks as generated, in one fact: a generator writes many at once."""
    marked = [
        (diff, line)
        for diff in material.files
        if diff.new_text is not None
        and (line := marked_line(diff.new_text)) is not None
        and line in diff.added_lines
        and material.in_scope(diff, (line,))
        # A new file that names its generator is what it says, as a rule; this review reads it whole anyway.
        and not (diff.old_text is None and names_generator(diff.new_text))
    ]
    # One that was written by hand until now comes first.
    marked.sort(key=lambda one: (one[0].old_text is None, one[0].path))
    if not marked:
        return
    (diff, line), others = marked[0], marked[1:]
    severity: Severity = "low" if diff.old_text is None else "medium"
    related = tuple(
        Related(other.path, LineIndex(other.new_text or "").range_of_git_lines(at, at), "here too")
        for other, at in others
    )
    names = _named([one.path for one, _ in marked])
    what = f"A comment says that it is generated: once that is in the base, reviews leave it out ({names})."
    place = _Place(Hunk(line, 0, line, 1), "new", (line,))
    yield _fact(
        diff, place, "attributes", "The change marks itself as generated", what, severity=severity, related=related
    )


def _once(material: Material, diff: FileDiff, rule: str, title: str, what: str) -> Iterator[Fact]:
    """One for the file: prose is rewritten in many places at once."""
    hunk = next((one for one in diff.hunks if _in_scope(material, diff, one)), None)
    if hunk is None:
        return
    side: Side = "new" if hunk.new_count else "old"
    first = hunk.new_start if hunk.new_count else hunk.old_start
    yield _fact(diff, _Place(hunk, side, (first,)), rule, title, what, category="documentation")


def _editor_settings(material: Material, diff: FileDiff) -> Iterator[Fact]:
    for place in _places(diff, _is_editor_setting, _is_editor_setting):
        if _in_scope(material, diff, place.hunk):
            what = "An editor that trusts this folder would pass these settings to its own reviews."
            yield _fact(diff, place, "settings", "The change alters the settings of reviews", what)


def _is_editor_setting(line: str) -> bool:
    return _EDITOR_SETTING.match(line) is not None


def _settings(material: Material, diff: FileDiff) -> Iterator[Fact]:
    old, _ = repository_values(diff.old_text or "", diff.path)
    new, _ = repository_values(diff.new_text or "", diff.path)
    keys = [key for key in {**old, **new} if old.get(key) != new.get(key)]
    if not keys:
        return
    place = _place_of(diff, keys)
    if place is None or not _in_scope(material, diff, place.hunk):
        return
    globs = tuple(one for one in strings(new.get("ignore")) if one not in strings(old.get("ignore")))
    hidden = _hidden(material, lambda path: None, Ignored(lambda path: None, globs).reason)
    words, severity = _would_hide(hidden)
    what = f"What the repository asks of its reviews changes: {one_line(', '.join(map(str, keys)), 80)}.{words}"
    yield _fact(diff, place, "settings", "The change alters the settings of reviews", what, severity=severity)


def _place_of(diff: FileDiff, *choices: Sequence[str]) -> _Place | None:
    """The first altered place that holds a word of the first choice, else of the next one, else the first of all."""
    for words in choices:
        holds = partial(_holds, words)
        found = next(_places(diff, holds, holds), None)
        if found is not None:
            return found
    return next(_places(diff, lambda line: True, lambda line: True), None)


def _holds(words: Sequence[str], line: str) -> bool:
    return any(word in line for word in words)


def _linter(material: Material, files: Sequence[FileDiff], facts: Sequence[Fact]) -> Iterator[Fact]:
    changed = {diff.path: diff for diff in files if _is_linter_config(diff.path)}
    before, after = Configurations(material.repository.old), Configurations(material.repository.new)
    for folder in sorted({path.rpartition("/")[0] for path in changed}):
        old, new = before.nearest(folder), after.nearest(folder)
        diff = changed.get(new.path) or changed.get(old.path)
        if diff is not None and diff.path.rpartition("/")[0] == folder:
            governed = [fact for fact in facts if after.nearest(fact.diff.path.rpartition("/")[0]) == new]
            yield from _loosened(material, diff, old, new, governed)


def _loosened(
    material: Material, diff: FileDiff, old: Configuration, new: Configuration, facts: Sequence[Fact]
) -> Iterator[Fact]:
    by_place: dict[_Place, list[Loosened]] = {}
    for one in loosened(old.settings, new.settings):
        heard = one.key == "exclude" or any(selects(one.value, rule) for rule in RULES)
        heard = heard and not (_is_aside(one) and not any(_hides([one], fact, new) for fact in facts))
        place = _place_of(diff, ["select"] if one.key == "select" else [], [one.pattern or one.value])
        if heard and place is not None:
            by_place.setdefault(place, []).append(one)
    for place, told in by_place.items():
        hidden = sum(_hides(told, fact, new) for fact in facts)
        # A first configuration loosens nothing, unless it is about this very change.
        if (old.path or hidden) and _in_scope(material, diff, place.hunk):
            words = one_line("; ".join(one.words for one in told), 160)
            what = f"Ruff is told to say less: {words}."
            what += f" Of this change it would hide {counted(hidden, 'finding')}." if hidden else ""
            severity: Severity = "medium" if hidden else "low"
            yield _fact(diff, place, "linter", "The change loosens the linter", what, severity=severity)


def _is_aside(one: Loosened) -> bool:
    """Whether it is about tests, documents or examples only: they do what linters warn of."""
    pattern = one.value if one.key == "exclude" else one.pattern
    example = pattern if pattern.endswith(".py") else f"{pattern}/a.py"
    return bool(pattern) and (is_test(example) or example.lstrip("./").startswith("doc/"))


def _hides(told: Iterable[Loosened], fact: Fact, config: Configuration) -> bool:
    tool, _, code = fact.rule.partition(":")
    return tool == "ruff" and any(one.hides(code, config.within(fact.diff.path)) for one in told)


def _is_linter_config(path: str) -> bool:
    return path.rpartition("/")[2] in CONFIG_FILES
