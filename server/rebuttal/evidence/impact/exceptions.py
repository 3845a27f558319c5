"""A function that raises another error than before, while callers around it still provide for the old one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from attrs import frozen

from rebuttal.change.model import FileDiff
from rebuttal.evidence.impact.code import Source
from rebuttal.evidence.impact.errortypes import ancestors, own_name, simple
from rebuttal.evidence.impact.ground import RELATED, Ground, how_many, places, timely
from rebuttal.evidence.impact.model import Altered
from rebuttal.evidence.impact.users import BY_FAMILY, WHOLE, usages
from rebuttal.evidence.model import Fact, Material, one_line
from rebuttal.evidence.rules import Rule
from rebuttal.evidence.seats import ARCHITECT
from rebuttal.findings.model import Related
from rebuttal.text.failures import Guard, Throw, guards_of, throws_of
from rebuttal.text.languages import Language, family_of, language_of
from rebuttal.text.model import Reference, Symbol
from rebuttal.text.parsing import Unparsed
from rebuttal.text.positions import LineIndex
from rebuttal.text.symbols import references_of, symbols_of

EXCEPTION = Rule(
    "impact:exception",
    "Callers still catch the old error",
    "The error that is raised now passes by the handlers that were written for the old one.",
    "medium",
    "correctness",
    ARCHITECT,
    "likely",
)
RULES = (EXCEPTION,)

_SPOKEN: frozenset[Language] = frozenset(
    {"python", "javascript", "typescript", "tsx", "java", "csharp", "php", "ruby", "go", "cpp"}
)
_SIEVE = re.compile(r"\b(?:raise|throws?|fail)\b|\breturn\b.*\bErr[A-Z]")
_EVERYTHING = frozenset({"*", "Exception", "BaseException", "Throwable", "StandardError", "\\Throwable"})
_GIVES_NONE = re.compile(r"^[ \t]*return(?:[ \t]+None)?[ \t]*(?:#.*)?$", re.MULTILINE)
MANY_THROWS = 500
"""Raised errors of one file that are looked at: with more it is generated."""
_NEAR = 15
"""Lines after a call in which Go asks what error it gave."""


@frozen
class Refailed:
    """A function that raises something else than before."""

    diff: FileDiff
    language: Language
    old: Symbol
    new: Symbol
    lost: tuple[str, ...]
    """Types that it raised and does not any more; none where it gave None before."""
    fresh: tuple[Throw, ...]
    """What it raises now and did not."""

    @property
    def owner(self) -> str | None:
        return self.old.qualified.rpartition(".")[0] or None

    @property
    def altered(self) -> Altered:
        """As the search for callers knows it."""
        return Altered(self.diff, self.language, "signature", self.old, self.new, self.owner)


def refailed(material: Material) -> tuple[Refailed, ...]:
    return material.once(
        "impact refailed", lambda: tuple(one for diff in timely(material) for one in _refailed(material, diff))
    )


def words(material: Material) -> Iterator[str]:
    return (word for one in refailed(material) for word in (*one.altered.written, *one.lost))


def _refailed(material: Material, diff: FileDiff) -> Iterator[Refailed]:
    language = language_of(diff.path)
    if language not in _SPOKEN or diff.old_text is None or diff.new_text is None:
        return
    lines = diff.new_text.split("\n")
    if not any(_SIEVE.search(lines[line]) for line in diff.added_lines if line < len(lines)):
        return
    try:
        new_throws = throws_of(diff.new_text, language, material.parser)
        if not any(one.line in diff.added_lines for one in new_throws):
            return
        before = _by_function(diff.old_text, language, throws_of(diff.old_text, language, material.parser), material)
        after = _by_function(diff.new_text, language, new_throws, material)
    except Unparsed:
        return
    elsewhere = {own_name(one.type, language) for one in new_throws if one.line in diff.added_lines}
    for qualified, (new, now) in after.items():
        if qualified not in before or not material.in_scope(diff, (one.line for one in now)):
            continue
        old, was = before[qualified]
        types = {own_name(one.type, language) for one in was}
        fresh = tuple(one for one in now if own_name(one.type, language) not in types and one.line in diff.added_lines)
        left = {own_name(one.type, language) for one in now}
        # What moved into a function beside it is still raised.
        lost = tuple(sorted(types - left - elsewhere))
        if fresh and (lost or _gave_none(diff, language, old, new)):
            yield Refailed(diff, language, old, new, lost, fresh)


def _gave_none(diff: FileDiff, language: Language, old: Symbol, new: Symbol) -> bool:
    """Whether a function told of failure by None and does not any more."""
    if language != "python":
        return False
    was = (diff.old_text or "")[old.start_offset : old.end_offset]
    now = (diff.new_text or "")[new.start_offset : new.end_offset]
    gives = re.search(r"^[ \t]*return[ \t]+(?!None\b)\S", now, re.MULTILINE)
    return bool(gives) and _GIVES_NONE.search(was) is not None and _GIVES_NONE.search(now) is None


def _by_function(
    text: str, language: Language, throws: tuple[Throw, ...], material: Material
) -> dict[str, tuple[Symbol, list[Throw]]]:
    """The functions of a file by qualified name, each defined once, with what leaves them."""
    guards = guards_of(text, language, material.parser)
    symbols = [one for one in symbols_of(text, language, material.parser) if one.kind in ("function", "method")]
    names = Counter(one.qualified for one in symbols)
    found = {
        one.qualified: (one, list[Throw]())
        for one in symbols
        if names[one.qualified] == 1 and one.parent in (None, "class", "namespace")
    }
    for throw, inner in _placed(throws[:MANY_THROWS], symbols):
        if inner.qualified not in found:
            continue
        if not any(_holds(guard, throw.start_offset) and _is_caught(throw, guard) for guard in guards):
            found[inner.qualified][1].append(throw)
    return found


def _placed(throws: Sequence[Throw], symbols: list[Symbol]) -> Iterator[tuple[Throw, Symbol]]:
    """Each with the innermost function around it; both are in the order of the text."""
    waiting = sorted(symbols, key=lambda one: -one.start_offset)
    around: list[Symbol] = []
    for throw in sorted(throws, key=lambda one: one.start_offset):
        while waiting and waiting[-1].start_offset <= throw.start_offset:
            around.append(waiting.pop())
        around = [one for one in around if throw.start_offset < one.end_offset]
        if around:
            yield throw, around[-1]


def _holds(guard: Guard, offset: int) -> bool:
    return guard.start_offset <= offset < guard.end_offset


def _is_caught(throw: Throw, guard: Guard) -> bool:
    return not throw.declared and any(simple(one) == simple(throw.type) or one in _EVERYTHING for one in guard.caught)


def check(ground: Ground) -> Iterator[Fact]:
    """One fact for each function whose callers provide for an error that it no longer raises."""
    look = ground.deadline("handlers of errors")
    for one in refailed(ground.material):
        home = ground.code.source(one.diff.path)
        above = {throw.type: ancestors(ground, throw.type, home) for throw in one.fresh}
        only = _is_only(ground, one)
        found: dict[tuple[str, int], Related] = {}
        for source in ground.sources(one.altered.name, one.language):
            look()
            for place in _surprised(ground, one, source, above, only):
                found.setdefault((place.file, place.range.start.line), place)
        if found:
            yield _fact(one, list(found.values()))
        elif left := _left(ground, one, above):
            yield _fact(one, left)


def _left(ground: Ground, one: Refailed, above: dict[str, frozenset[str] | None]) -> list[Related]:
    """Handlers elsewhere of what nothing raises any more, which the new error passes by."""
    from rebuttal.evidence.impact.unraised import handlers_left

    for name in one.lost:
        for throw in one.fresh:
            kinds = above[throw.type]
            passes = one.language == "go" or (kinds is not None and name not in kinds)
            if passes and (left := handlers_left(ground, name, one.language, simple(throw.type))):
                return left
    return []


def _surprised(
    ground: Ground, one: Refailed, source: Source, above: dict[str, frozenset[str] | None], only: bool
) -> Iterator[Related]:
    for reference in _calls(ground, one, source, only):
        if one.new.start_offset <= reference.start_offset < one.new.end_offset and source.path == one.diff.path:
            continue
        if one.language == "cpp":
            continue  # Whose a call is is not told here.
        if one.language == "go":
            place = _asked_in_go(one, source, reference)
        else:
            place = _passed_by(ground, one, source, reference, above) if one.lost else None
            if not one.lost:
                place = _expects_none(ground, one, source, reference)
        if place is not None:
            line, message = place
            yield Related(source.path, source.index.range_of_git_lines(line, line), message)


def _calls(ground: Ground, one: Refailed, source: Source, only: bool) -> Iterator[Reference]:
    """Calls of the function, as far as it can be told that they are of it."""
    family = family_of(one.language)
    resolved = one.language in ("python", "javascript", "typescript", "tsx", "go") or (
        family in BY_FAMILY and family not in WHOLE
    )
    if resolved:
        for usage in usages(one.altered, source, ground.modules, only and one.altered.is_method):
            if usage.reference.kind == "call":
                yield usage.reference
        return
    if not only:
        return
    try:
        names = (one.altered.name,)
        for reference in references_of(source.text, one.language, names, ground.material.parser):
            if reference.kind == "call":
                yield reference
    except Unparsed:
        return


def _is_only(ground: Ground, one: Refailed) -> bool:
    """Whether no other function or method of the repository has the name."""
    name = one.old.name
    return sum(1 for it in ground.sources(name, one.language) for symbol in it.symbols if symbol.name == name) == 1


def _guards(ground: Ground, source: Source, offset: int) -> list[Guard]:
    """The guards around a place, in the function that holds it."""
    around = [one for one in source.around(offset) if one.kind in ("function", "method")]
    start = around[-1].start_offset if around else 0
    try:
        every = guards_of(source.text, source.language or "python", ground.material.parser)
    except Unparsed:
        return []
    return [guard for guard in every if _holds(guard, offset) and guard.start_offset >= start]


def _passed_by(
    ground: Ground,
    one: Refailed,
    source: Source,
    reference: Reference,
    above: dict[str, frozenset[str] | None],
) -> tuple[int, str] | None:
    """The handler of the old error that the new one passes by."""
    guards = _guards(ground, source, reference.start_offset)
    caught = {
        own_name(name, source.language): (guard, simple(name)) for guard in reversed(guards) for name in guard.caught
    }
    hit = next((caught[name] for name in one.lost if name in caught), None)
    if hit is None or caught.keys() & _EVERYTHING:
        return None
    guard, named = hit
    for throw in one.fresh:
        kinds = above[throw.type]
        if kinds is not None and not kinds & caught.keys():
            return guard.handler_line, f"catches `{named}`, not `{one_line(throw.type, 60)}`"
    return None


def _expects_none(ground: Ground, one: Refailed, source: Source, reference: Reference) -> tuple[int, str] | None:
    """A caller that asks whether it got None, where the function now raises."""
    if any(
        name in _EVERYTHING or simple(name) == simple(throw.type)
        for guard in _guards(ground, source, reference.start_offset)
        for name in guard.caught
        for throw in one.fresh
    ):
        return None
    lines = source.text.split("\n")
    end = source.text.count("\n", 0, reference.call_end_offset or reference.end_offset)
    message = f"expects None where `{one_line(one.fresh[0].type, 60)}` is raised now"
    rest = source.text[reference.call_end_offset or reference.end_offset :][:40]
    if asked := re.match(r"\s+is (not )?None\b", rest):
        # Who asserts that it is something does not expect nothing.
        is_sure = asked[1] and re.match(r"[ \t]*assert\b", _until(source.text, reference))
        return None if is_sure else (end, message)
    given = re.search(r"^[ \t]*(\w+)[ \t]*(?::[^=\n]+)?=[ \t]*(?:await[ \t]+)?[\w.]*$", _until(source.text, reference))
    if given is None:
        return None
    name = re.escape(given[1])
    asks = re.compile(
        rf"\b(?:if|while|return)\b.*\b(?:{name} is (?:not )?None|not {name})\b(?!\s*[.\[(])"
        rf"|\bassert\b.*\b(?:{name} is None|not {name})\b(?!\s*[.\[(])"
    )
    for line in range(end + 1, min(end + 4, len(lines))):
        if asks.search(lines[line]):
            return line, message
    return None


def _until(text: str, reference: Reference) -> str:
    """What stands on the call's line before its name."""
    start = text.rfind("\n", 0, reference.start_offset) + 1
    return text[start : reference.start_offset]


def _asked_in_go(one: Refailed, source: Source, reference: Reference) -> tuple[int, str] | None:
    """A line after the call that asks for the old error, where none asks for the new."""
    around = [it for it in source.around(reference.start_offset) if it.kind in ("function", "method")]
    if not around or not one.lost:
        return None
    lines = source.text.split("\n")[: around[-1].end_line + 1]
    near = lines[reference.line : reference.line + _NEAR]
    if any(re.search(rf"\b{re.escape(simple(throw.type))}\b", line) for throw in one.fresh for line in near):
        return None
    for name in one.lost:
        asks = re.compile(rf"(?:errors\.Is\(\s*\w+,|[=!]=|\bcase)\s*(?:\w+\.)?{name}\b")
        for number, line in enumerate(near, reference.line):
            if asks.search(line):
                return number, f"asks for `{name}`, not `{one_line(one.fresh[0].type, 60)}`"
    return None


def _fact(one: Refailed, found: list[Related]) -> Fact:
    label, first = f"`{one.new.qualified}()`", one.fresh[0]
    now = f"`{one_line(first.type, 60)}`"
    callers = how_many(found, "caller")
    s = "s" if len(found) == 1 else ""
    if not one.lost:
        message = f"{label} raises {now} where it gave None, which {callers} still expect{s}: {places(found)}."
    else:
        does = "return" if one.language == "go" else "raise" if one.language in ("python", "ruby") else "throw"
        message = (
            f"{label} {does}s {now} where it used to {does} `{one.lost[0]}`, which {callers} still expect{s}: "
            f"{places(found)}."
        )
    return EXCEPTION.fact(
        one.diff,
        first.line,
        first.line,
        message,
        title=f"Callers of {label} still expect {'`' + one.lost[0] + '`' if one.lost else 'None'}",
        where=LineIndex(one.diff.new_text or "").range(first.start_offset, first.end_offset),
        related=tuple(found[:RELATED]),
    )
