"""The kinds of impact besides callers, side by side: their words are searched for in one go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

from rebuttal.evidence.impact import cases, documents, exceptions, exports, overrides
from rebuttal.evidence.impact.ground import Ground, unread
from rebuttal.evidence.model import CheckFailed, Fact, Material
from rebuttal.text.languages import Language, language_of

_DECLARING: tuple[Language, ...] = ("c", "cpp", "rust")
"""Languages in which a function is declared in one place and defined in another."""


def _has(material: Material, languages: tuple[Language, ...]) -> bool:
    """Whether the change has a file of one of these: what only they need is loaded for no other."""
    return any(language_of(diff.path) in languages for diff in material.files)


def _go_words(material: Material) -> Iterator[str]:
    if _has(material, ("go",)):
        from rebuttal.evidence.impact import gointerfaces

        yield from gointerfaces.words(material)


def _declared_words(material: Material) -> Iterator[str]:
    if _has(material, _DECLARING):
        from rebuttal.evidence.impact import declared

        yield from declared.words(material)


_WORDS: tuple[Callable[[Material], Iterator[str]], ...] = (
    cases.words,
    overrides.words,
    _go_words,
    _declared_words,
    exceptions.words,
    exports.words,
    documents.words,
)


def words(material: Material) -> frozenset[str]:
    """What will be searched for."""
    return ground(material).words


def ground(material: Material) -> Ground:
    return material.once("impact ground", lambda: Ground(material, _words(material)))


def _words(material: Material) -> set[str]:
    found: set[str] = set()
    for words in _WORDS:
        with suppress(Exception):  # The kind itself stumbles over it again, and is then told to have failed.
            found.update(words(material))
    return found


def check_cases(material: Material) -> Iterator[Fact]:
    """`impact:case`."""
    yield from cases.check(ground(material))
    if left := unread(material):
        raise CheckFailed(
            f"Files not looked at whole for what they may break elsewhere, as there was no time: {len(left)}; "
            "review a smaller scope to have them all."
        )


def check_overrides(material: Material) -> Iterator[Fact]:
    """`impact:override`."""
    yield from overrides.check(ground(material))
    if _has(material, ("go",)):
        from rebuttal.evidence.impact import gointerfaces

        yield from gointerfaces.check(ground(material))


def check_declarations(material: Material) -> Iterator[Fact]:
    """`impact:declaration`, and `impact:override` in C++ and Rust."""
    if _has(material, _DECLARING):
        from rebuttal.evidence.impact import declared

        yield from declared.check(ground(material))


def check_exceptions(material: Material) -> Iterator[Fact]:
    """`impact:exception`."""
    return exceptions.check(ground(material))


def check_exports(material: Material) -> Iterator[Fact]:
    """`impact:export`."""
    return exports.check(ground(material))


def check_documents(material: Material) -> Iterator[Fact]:
    """`impact:document`."""
    return documents.check(ground(material))


CHECKS: tuple[tuple[str, Callable[[Material], Iterator[Fact]]], ...] = (
    ("impact of new cases", check_cases),
    ("impact on overrides", check_overrides),
    ("impact on declarations", check_declarations),
    ("impact of other errors", check_exceptions),
    ("impact on exports", check_exports),
    ("impact on documents", check_documents),
)
"""As in the panel's table."""
