"""New public functions and classes that no test names, where tests name those beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from attrs import frozen

from rebuttal.change.model import FileDiff
from rebuttal.evidence.folders import NO_TESTS
from rebuttal.evidence.model import Fact, Material, one_line
from rebuttal.evidence.rules import Rule
from rebuttal.evidence.seats import CODE
from rebuttal.evidence.upkeep.functions import is_own_code, own_lines, removed_text, symbols
from rebuttal.findings.model import Related
from rebuttal.text.languages import Language, family_of, is_test, language_of
from rebuttal.text.model import Symbol
from rebuttal.text.positions import LineIndex

UNTESTED = Rule(
    "upkeep:untested",
    "New public API without a test",
    "Tests name what stands beside it, so the gap is likely an oversight, and nothing will show when it breaks.",
    "low",
    "testing",
    CODE,
    "likely",
)
RULES = (UNTESTED,)
SIBLINGS = 3
"""Public definitions of the same file that a judgment needs at least."""
TESTED = 0.7
"""The share of them that tests name."""
_NO_TESTS = re.compile(NO_TESTS)
_LISTED = 4
_MOST = 40
"""New names of one change that are looked for."""
_ASKED = 16
"""Names beside them that are looked for in tests."""
_SHORTEST = 4
"""Lines of a function's whole definition: what is shorter is seldom tested for itself."""
_RUST_IMPL = re.compile(r"^\s*(?:unsafe\s+)?impl\b[^{;]*\bfor\b")
_COMMON = 3
"""Characters: tests name shorter ones by chance."""


@frozen
class _New:
    """A new definition, and names of those of its sort that its file had."""

    diff: FileDiff
    symbol: Symbol
    siblings: frozenset[str]


def check(material: Material) -> Iterator[Fact]:
    """At most one fact, which lists them all. A change that touches tests is left alone: they may reach what is new."""
    new = _all_new(material)
    named = _named(material, {one.symbol.name for one in new})
    new = tuple(one for one in new if one.symbol.name not in named)
    named = _named(material, {name for one in new for name in one.siblings})
    given = [one for one in new if len(one.siblings & named) >= TESTED * len(one.siblings)]
    if given:
        yield _fact(given)


def words(material: Material) -> Iterator[str]:
    """What will be searched for."""
    for one in _all_new(material):
        yield from (one.symbol.name, *one.siblings)


def _all_new(material: Material) -> tuple[_New, ...]:
    return material.once("upkeep:untested", lambda: _find_new(material))


def _find_new(material: Material) -> tuple[_New, ...]:
    if any(_holds_tests(diff.path) and diff.added_lines for diff in material.change.files):
        return ()
    families = material.of_paths("upkeep:tested", _tested_families)
    new: list[_New] = []
    for diff in material.files:
        language = language_of(diff.path)
        if language is None or family_of(language) not in families or not is_own_code(diff.path):
            continue
        if diff.status in ("modified", "renamed") and len(diff.added_lines) >= _SHORTEST and _has_no_tests(diff):
            new += _beside(material, diff)
    return tuple(new[:_MOST])


def _beside(material: Material, diff: FileDiff) -> Iterator[_New]:
    """What is new in a file, each with a sample of what stands beside it: classes with classes."""
    found = list(_new(material, diff))
    stood = [one for one in symbols(material, diff, "old") if _counts(diff, one)] if found else []
    for is_class in (True, False):
        siblings = _sample({one.name for one in stood if (one.kind == "class") == is_class})
        if len(siblings) >= SIBLINGS:
            yield from (_New(diff, one, siblings) for one in found if (one.kind == "class") == is_class)


def _holds_tests(path: str) -> bool:
    """Whether a file tests, and is no example or document (text/languages.py counts those with tests)."""
    return is_test(path) and language_of(path) is not None and not _NO_TESTS.search(path.lower())


def _tested_families(paths: frozenset[str]) -> frozenset[Language]:
    """Languages that tests are written in here: those of others do not name functions of C."""
    tests = (path for path in paths if _holds_tests(path))
    return frozenset(family_of(language) for path in tests if (language := language_of(path)))


def _sample(names: set[str]) -> frozenset[str]:
    """At most so many that one search finds them soon, from all over the file's names."""
    ordered = sorted(names)
    return frozenset(ordered[:: max(len(ordered) // _ASKED, 1)][:_ASKED])


def _has_no_tests(diff: FileDiff) -> bool:
    """Whether no tests stand in the file itself, as Rust's may."""
    text = diff.new_text or ""
    return own_lines(diff.path, text) > text.count("\n")


def _new(material: Material, diff: FileDiff) -> Iterator[Symbol]:
    stood = {one.name for one in symbols(material, diff, "old")}
    text = (diff.new_text or "").split("\n")
    removed = removed_text(material)
    for one in symbols(material, diff, "new"):
        lines = range(one.start_line, one.end_line + 1)
        if one.name in stood or len(lines) < _SHORTEST or not _counts(diff, one) or one.decorators:
            continue
        added = sum(line in diff.added_lines and text[line].strip() not in removed for line in lines)
        if _is_of_a_trait(diff, one, text) or _is_plain(one, text) or _is_not_for_others(one, text):
            continue
        if one.kind == "class" and _only_holds(one, symbols(material, diff, "new")):
            continue
        if added > 0.8 * len(lines) and material.in_scope(diff, lines):
            yield one


_PLAIN = re.compile(r"(?:return\s+)?[&*]?[$@]?\w+(?:(?:\.|->|::)\$?\w+)*(?:\s*=\s*\$?\w+)?\s*;?")
_NOT_FOR_OTHERS = re.compile(r"@api\s+private|@internal\b|@private\b|doc\(hidden\)|\bdeprecated\b", re.IGNORECASE)


def _is_plain(one: Symbol, text: list[str]) -> bool:
    """Whether it gives or takes one field, and no more."""
    inside = [line.strip() for line in text[one.header_end_line : one.end_line + 1] if line.strip(" \t\r{}")]
    statements = [line for line in inside if line != text[one.header_end_line].strip()]
    return one.kind != "class" and len(statements) == 1 and _PLAIN.fullmatch(statements[0]) is not None


def _is_not_for_others(one: Symbol, text: list[str]) -> bool:
    """Whether the comment above says that nobody is to use it, or it says so itself when it is called."""
    above: list[str] = []
    for line in reversed(text[max(one.start_line - 12, 0) : one.start_line]):
        if not line.strip():
            if above:
                break
            continue
        if not line.lstrip().startswith(("*", "/", "#", "@", "--")):
            break
        above.append(line)
    return _NOT_FOR_OTHERS.search("\n".join((*above, *text[one.start_line : one.end_line + 1][:8]))) is not None


_HOLDERS = frozenset({"NamedTuple", "TypedDict", "Enum", "IntEnum", "StrEnum", "Flag", "Protocol"})


def _only_holds(one: Symbol, found: Sequence[Symbol]) -> bool:
    """Whether a class only names values: it is tested by what uses it."""
    holds = {base.rpartition(".")[2] for base in one.bases} & _HOLDERS
    return bool(holds) and not any(
        each.kind == "method" and each.qualified.startswith(f"{one.qualified}.") for each in found
    )


def _is_of_a_trait(diff: FileDiff, one: Symbol, text: list[str]) -> bool:
    """Whether it is Rust's form of a trait's method: tests reach it by the trait."""
    if not diff.path.endswith(".rs") or one.kind != "method":
        return False
    above = (line for line in reversed(text[: one.start_line]) if line.lstrip().startswith(("impl", "unsafe impl")))
    return bool(_RUST_IMPL.match(next(above, "")))


def _counts(diff: FileDiff, one: Symbol) -> bool:
    """Whether a definition is one that others call, so that a test would name it."""
    if not one.is_public or one.without_body or len(one.name) < _COMMON or one.name.startswith(("_", "operator")):
        return False
    if one.kind in ("class", "function"):
        return one.parent in (None, "namespace")
    return one.kind == "method" and one.parent in (None, "class") and language_of(diff.path) != "cpp"


def _named(material: Material, names: set[str]) -> set[str]:
    if not names:
        return set()
    places = material.repository.new.find(sorted(names))
    return {name for name, files in places.items() if any(_holds_tests(path) for path in files)}


def _fact(given: list[_New]) -> Fact:
    first = given[0]
    names = ", ".join(one_line(one.symbol.qualified, 60) for one in given[:_LISTED])
    more = f" and {len(given) - _LISTED} more" if len(given) > _LISTED else ""
    return UNTESTED.fact(
        first.diff,
        first.symbol.name_line,
        first.symbol.name_line,
        f"No test names {names}{more}, which {'is' if len(given) == 1 else 'are'} new, while tests name most of what "
        "stands beside it, and the change touches no test.",
        related=tuple(_related(one) for one in given[1:_LISTED]),
    )


def _related(one: _New) -> Related:
    index = LineIndex(one.diff.new_text or "")
    line = one.symbol.name_line
    return Related(one.diff.path, index.range_of_git_lines(line, line), "so is this")
