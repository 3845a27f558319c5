"""Reads the name of a scope: `working`, `staged`, `branch`, `commit:REV`, `range:A..B`, `file:PATH`."""

from __future__ import annotations

import re
from typing import cast

from rebuttal.change.model import ChangeError, Scope, ScopeKind

_PLAIN = ("working", "staged", "branch")
_FORMS = "working, staged, branch, commit:REV, range:A..B, range:A...B or file:PATH"
_RANGE = re.compile(r"(?P<left>.*?)(?P<dots>\.{2,3})(?P<right>.*)")


def parse_scope(text: str) -> Scope:
    """The scope that `text` names.

    Raises ChangeError where it names none, or where the part after the colon is missing or not of its form.
    Whether a revision or a file exists is found out later, by `read_change`.
    """
    kind, colon, spec = text.strip().partition(":")
    if kind in _PLAIN:
        if colon:
            raise ChangeError(f"The scope {kind!r} takes nothing after it; write {kind!r} alone.")
        return Scope(cast(ScopeKind, kind))
    if kind not in ("commit", "range", "file"):
        raise ChangeError(f"There is no scope {text.strip()!r}; use {_FORMS}.")
    if not spec.strip():
        raise ChangeError(f"The scope {kind!r} needs a value: use {_FORMS}.")
    if kind == "range":
        split_range(spec)
    return Scope(cast(ScopeKind, kind), spec)


def split_range(spec: str) -> tuple[str, str, bool]:
    """Both ends of `A..B` or `A...B`, and whether it has three dots; an end left out is HEAD, as in git."""
    match = _RANGE.fullmatch(spec.strip())
    if (
        match is None
        or not (match["left"] or match["right"])
        or match["right"].startswith(".")
        or ".." in match["right"]
    ):
        raise ChangeError(f"The range {spec!r} is not of the form A..B or A...B; give two revisions.")
    return match["left"] or "HEAD", match["right"] or "HEAD", match["dots"] == "..."
