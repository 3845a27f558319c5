"""What the kinds of impact besides callers stand on: one search for all their words, and the files that it found."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cached_property

from rebuttal.change.model import FileDiff, Places
from rebuttal.evidence.impact.code import Code, Source
from rebuttal.evidence.impact.modules import Modules
from rebuttal.evidence.model import CheckFailed, Material
from rebuttal.findings.model import Related
from rebuttal.text.languages import Language, family_of, language_of

SECONDS = 5.0
"""Of the processor's time: after so long a kind ends, and says so."""
MANY_FILES = 60
"""A word in more files than this is too common to say whose it is."""
NAMED = 3
RELATED = 50
READING_SECONDS = 4.0
"""For one kind to read what the change altered; of a change that takes longer the rest is told as not looked at."""


class Ground:
    """The repository as the kinds look at it. `words` are those of all kinds: they are searched for together."""

    def __init__(
        self, material: Material, words: Collection[str], clock: Callable[[], float] = time.thread_time
    ) -> None:
        self.material = material
        self.words = frozenset(words)
        self._clock = clock

    @cached_property
    def places(self) -> Places:
        """Words to files to lines, in all files of the new side."""
        return self.material.repository.new.find(sorted(self.words)) if self.words else {}

    @cached_property
    def code(self) -> Code:
        return Code(self.material.change, self.material.repository.new, self.material.parser, self.words)

    @cached_property
    def modules(self) -> Modules:
        gone = frozenset(diff.path for diff in self.material.files if diff.new_text is None)
        return Modules(self.code, gone)

    def deadline(self, what: str) -> Callable[[], None]:
        """Called now and then; raises CheckFailed once the time is over."""
        end = self._clock() + SECONDS

        def look() -> None:
            if self._clock() > end:
                raise CheckFailed(
                    f"The search for {what} stopped after {SECONDS:g} s: review a smaller scope to have it whole."
                )

        return look

    def sources(self, word: str, language: Language) -> Iterator[Source]:
        """The files of the language's family that hold `word`; none where it is too common."""
        family = family_of(language)
        paths = [path for path in self.places.get(word, {}) if _family(path) == family]
        if len(paths) > MANY_FILES:
            return
        for path in sorted(paths):
            source = self.code.source(path)
            if source is not None and source.language is not None:
                yield source


def timely(material: Material, clock: Callable[[], float] = time.thread_time) -> Iterator[FileDiff]:
    """The changed files, as long as READING_SECONDS last; what is left over is noted in `unread`."""
    end = clock() + READING_SECONDS
    for number, diff in enumerate(material.files):
        if clock() > end:
            unread(material).update(left.path for left in material.files[number:])
            return
        yield diff


def unread(material: Material) -> set[str]:
    """Changed files that some kind had no time for."""
    return material.once("impact unread", set[str])


def _family(path: str) -> Language | None:
    language = language_of(path)
    return family_of(language) if language else None


def places(found: Iterable[Related]) -> str:
    """The first few places, in words: "a.py:3, b.py:9 and 2 more"."""
    every = list(found)
    more = f" and {len(every) - NAMED} more" if len(every) > NAMED else ""
    return ", ".join(f"{one.file}:{one.range.start.line + 1}" for one in every[:NAMED]) + more


def how_many(found: Collection[Related], what: str) -> str:
    """ "one place", "3 places"."""
    return f"one {what}" if len(found) == 1 else f"{len(found)} {what}s"
