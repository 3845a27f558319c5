"""Plants a broken signature into real packages and looks whether the static panel names the callers.

For each package: module-level functions whose name is defined once in the package and called in it. One at a time gets
a new required parameter, as an unsaved buffer (nothing is written). Found: there is an `impact:signature` finding on
it. A name that is defined once and called is mostly, not always, that function, so 100 % cannot be expected.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from attrs import frozen

from bench.packages import RELEASES, NotDownloaded, Release, repository
from bench.table import table
from rebuttal.change.model import Scope
from rebuttal.change.read import read_change
from rebuttal.evidence.panel import collect
from rebuttal.text.languages import is_test, language_of
from rebuttal.text.symbols import references_of, symbols_of

PLANTS = 12
"""In each package, spread over its functions."""


@frozen
class Plant:
    path: str
    name: str
    text: str
    callers: int


def plants(where: Path) -> list[Plant]:
    """Functions of the package with a parameter added, in a fixed order."""
    texts: dict[str, str] = {}
    with read_change(where, Scope()) as reading:
        tree = reading.repository.new
        for path in sorted(tree.paths()):
            if language_of(path) == "python" and (text := tree.read(path)) is not None:
                texts[path] = text
    defined: Counter[str] = Counter()
    called: Counter[str] = Counter()
    for text in texts.values():
        defined.update(symbol.name for symbol in symbols_of(text, "python"))
        called.update(one.name for one in references_of(text, "python") if one.kind == "call" and one.receiver is None)
    found = [plant for path, text in texts.items() if not is_test(path) for plant in _of(path, text, defined, called)]
    step = max(len(found) // PLANTS, 1)
    return found[::step][:PLANTS]


def _of(path: str, text: str, defined: Counter[str], called: Counter[str]) -> Iterator[Plant]:
    for symbol in symbols_of(text, "python"):
        plain = symbol.kind == "function" and "." not in symbol.qualified and not symbol.decorators
        if not plain or defined[symbol.name] != 1 or not called[symbol.name]:
            continue
        changed, count = re.subn(rf"(?m)^((?:async )?def {symbol.name}\()", r"\1planted_parameter, ", text)
        if count == 1:
            yield Plant(path, symbol.name, changed, called[symbol.name])


@frozen
class Score:
    planted: int
    found: int
    named: int
    """Calls that the findings name."""
    calls: int
    """Calls by that name, as far as syntax tells."""
    other: int
    """Findings about anything else: false alarms."""


def score(where: Path) -> Score:
    """Plant and look, one function at a time."""
    planted = plants(where)
    found = named = calls = other = 0
    for plant in planted:
        with read_change(where, Scope(), buffers={plant.path: plant.text}) as reading:
            findings = collect(reading.change, reading.repository).findings
        mine = [one for one in findings if one.rule == "impact:signature" and plant.name in one.title]
        found += bool(mine)
        named += sum(len(one.related) for one in mine)
        calls += plant.callers
        other += len(findings) - len(mine)
    return Score(len(planted), found, named, calls, other)


def measure() -> list[tuple[Release, Score]]:
    scores = []
    for release in RELEASES:
        if "Python" not in release.kind:
            continue
        try:
            scores.append((release, score(repository(release))))
        except NotDownloaded:
            continue
    return scores


def section() -> str:
    """This benchmark's part of RESULTS.md."""
    scores = measure()
    rows = [[one.name, s.planted, s.found, s.calls, s.named, s.other] for one, s in scores]
    planted, found = sum(s.planted for _, s in scores), sum(s.found for _, s in scores)
    head = ["package", "planted", "found", "calls by that name", "calls named", "other findings"]
    total = f"{found} of {planted} ({found / planted:.0%})" if planted else "nothing was planted"
    return "\n".join(
        [
            "## Planted signatures\n",
            (
                "A required parameter is added to a function of a real package, its callers are left alone "
                "(`python -m bench.planted`).\n"
            ),
            table(head, rows),
            f"\nFound: {total}.\n",
        ]
    )


if __name__ == "__main__":
    print(section())
