"""What the search for broken users speaks of: altered symbols and the places that use them."""

from __future__ import annotations

from typing import Literal

from attrs import frozen

from rebuttal.change.model import FileDiff
from rebuttal.evidence.impact.code import Source
from rebuttal.findings.model import Certainty
from rebuttal.text.languages import Language
from rebuttal.text.model import Reference, Symbol

CONSTRUCTORS = ("__init__", "constructor", "__construct")
CONSTRUCTORS_OF: dict[Language, tuple[str, ...]] = {"ruby": ("initialize",)}
"""Where a language has names of its own for them."""


@frozen
class Altered:
    """A symbol whose users must be looked at."""

    diff: FileDiff
    language: Language
    how: Literal["signature", "removed"]
    old: Symbol
    new: Symbol | None
    """None where it was removed."""
    owner: str | None = None
    """The qualified name of the class of a method; of a constructor's class too."""

    @property
    def name(self) -> str:
        """What users write: a constructor is called by its class's name."""
        if self.is_constructor and self.owner:
            return self.owner.rpartition(".")[2]
        return self.old.name

    @property
    def is_constructor(self) -> bool:
        if self.owner is not None and self.language in ("java", "csharp"):
            return self.old.name == self.owner.rpartition(".")[2]
        return self.owner is not None and self.old.name in CONSTRUCTORS_OF.get(self.language, CONSTRUCTORS)

    @property
    def written(self) -> tuple[str, ...]:
        """The names under which it is used."""
        made = ("new",) if self.language == "ruby" and self.is_constructor else ()
        return (self.name, self.old.name, *made)

    @property
    def is_method(self) -> bool:
        return self.owner is not None and not self.is_constructor


@frozen
class Usage:
    """A place that uses an altered symbol."""

    source: Source
    reference: Reference
    confidence: Certainty
