"""Java, C# and PHP: types that have names in packages, members with overloads, and hierarchies."""

from __future__ import annotations

from collections.abc import Iterable

from rebuttal.evidence.model import Fact, Material
from rebuttal.text.languages import Language, language_of

NOMINAL: tuple[Language, ...] = ("java", "csharp", "php")


def check(material: Material) -> Iterable[Fact]:
    """One fact for each altered name with broken users. Raises CheckFailed where the search took too long.

    What it takes is loaded for changes that have such a file: others are to be shown without waiting for it.
    """
    if not any(language_of(diff.old_path or diff.path) in NOMINAL for diff in material.files):
        return ()
    from rebuttal.evidence.impact.nominal.check import check as search

    return search(material)
