"""The frozen data of the ranking of files."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

Signal = dict[str, float]
"""What one signal says of files, by path: more is better; a file that is not named has 0."""


@frozen
class RankedFile:
    """A file that is not part of the change, and how much a reviewer of the change needs it."""

    path: str
    score: float
    """From 0 to 1, all files together 1: how likely the file is the one that is missing from the change."""
    reasons: tuple[str, ...]
    """In words for the user, the weightiest first; none where only the habits of the repository speak for it."""


@frozen
class Query:
    """What is asked: the change, reduced to what the signals read."""

    paths: tuple[str, ...]
    """The changed files as they are named now and were named before, sorted."""
    terms: Mapping[str, float]
    """Words of changed lines, with how much each matters (0 to 1)."""
    around: Mapping[str, float] = field(factory=dict)
    """Words of the definitions that hold the changed lines, and names that changed lines define."""
    mentioned: Mapping[str, float] = field(factory=dict)
    """Lower-case words of the changed files' texts: 1 on changed lines, less elsewhere."""
    imported: frozenset[str] = frozenset()
    """Lower-case words of the changed files' import lines."""
    joined: Mapping[str, float] = field(factory=dict)
    """Words of changed lines without case and separators (`UrlMap`, `url_map`: urlmap), with how much each matters."""
    parts: Mapping[str, float] = field(factory=dict)
    """The words that names on changed lines are made of, lower-case, with how much each matters (0 to 1)."""
    gone: Mapping[str, float] = field(factory=dict)
    """Those of `terms` that a changed file held before and holds no more: a name that was taken out or renamed."""
    repeated: Mapping[str, float] = field(factory=dict)
    """Those of `terms` that stand on changed lines of several files."""
