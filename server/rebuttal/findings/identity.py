"""What makes two findings the same one: where they stand and what they quote, never a model's words.

A digest over paths and prose broke elsewhere as soon as a work tree moved or a model said the same thing
differently; so only the root-relative path, the quoted code, the symbol around it and a count go in.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable

from attrs import evolve

from rebuttal.findings.model import Finding

BEFORE = "before the change: "
"""Before the symbol of what stood before the change: it takes no id of a finding, so that to dismiss it never hides one
that the change brings on a line that reads the same."""
ID_LENGTH = 16
"""Hexadecimal digits: 64 bits, so that a collision within one repository is out of question."""


def normalised_quote(quote: str) -> str:
    """The quote with every run of white space made one space: reindented code keeps its identity."""
    return " ".join(quote.split())


def finding_id(file: str, quote: str, symbol: str, ordinal: int) -> str:
    """The id of the finding number `ordinal` (from 0) among those with the same file, quote and symbol.

    `file` is relative to the root, with forward slashes; `symbol` is the enclosing symbol, "" at top level.
    """
    parts = json.dumps([file, normalised_quote(quote), symbol, ordinal], ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(parts.encode("ascii")).hexdigest()[:ID_LENGTH]


def assign_ids(findings: Iterable[Finding], symbol_of: Callable[[Finding], str]) -> tuple[Finding, ...]:
    """The findings with their ids, in the order given. The ids do not depend on that order.

    Findings of one file, quote and symbol are counted static ones first (they are shown before a debate ends
    and must keep their ids when it adds its own), then by position, then rule.
    """
    given = tuple(findings)
    groups: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for index, finding in enumerate(given):
        symbol = BEFORE + symbol_of(finding) if finding.pre_existing else symbol_of(finding)
        groups[finding.file, normalised_quote(finding.quote), symbol].append(index)
    ids: dict[int, str] = {}
    for (file, quote, symbol), members in groups.items():
        for ordinal, index in enumerate(sorted(members, key=lambda one: _order(given[one]))):
            ids[index] = finding_id(file, quote, symbol, ordinal)
    return tuple(evolve(finding, id=ids[index]) for index, finding in enumerate(given))


def _order(finding: Finding) -> tuple[object, ...]:
    # What follows the rule only makes the order total, so that the ids do not depend on who came first.
    return (
        finding.source != "static",
        finding.range,
        finding.rule,
        finding.side,
        finding.severity,
        finding.title,
        finding.message,
    )
