"""Secrets become placeholders before text leaves the machine; the map back keeps quotes anchored.

A placeholder never adds or removes a line, so line N of the redacted text is line N of the original.
"""

from __future__ import annotations

from attrs import frozen


@frozen
class Redaction:
    """A secret that was replaced. `line` is counted from 1, as a person reads it; the secret itself is not kept."""

    file: str
    line: int
    kind: str
