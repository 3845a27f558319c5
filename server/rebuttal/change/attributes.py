"""`.gitattributes` as it stands in the base, so that a change cannot write what steers its own review.

Git itself can read attributes of a tree only since 2.40 (`check-attr --source`); this small reader knows the
documented pattern rules (gitattributes(5), gitignore(5)) without negation, which attributes do not have.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from attrs import define, field, frozen

from rebuttal.change.patterns import Pattern

_LINE = re.compile(r'[ \t]*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^ \t"#]\S*|#\S+))[ \t]+(?P<values>.*)')
_MAX_LINES = 10_000


@frozen
class Rule:
    """One line: a pattern and the values it gives."""

    pattern: Pattern
    values: dict[str, str | bool | None]


@define
class Attributes:
    """Attribute values by path. `read` gives the text of a file of the base, or None."""

    read: Callable[[str], str | None]
    _rules: dict[str, list[Rule]] = field(factory=dict)

    def get(self, path: str, name: str) -> str | bool | None:
        """True (set), False (unset), a value, or None (unspecified); the deepest file and its last line win."""
        parts = path.split("/")
        value: str | bool | None = None
        for depth in range(len(parts)):
            folder = "".join(part + "/" for part in parts[:depth])
            for rule in self._rules_of(folder):
                if name in rule.values and rule.pattern.matches(tuple(parts[depth:])):
                    value = rule.values[name]
        return value

    def _rules_of(self, folder: str) -> list[Rule]:
        if folder not in self._rules:
            self._rules[folder] = parse_attributes(self.read(folder + ".gitattributes") or "")
        return self._rules[folder]


def parse_attributes(text: str) -> list[Rule]:
    """The rules of one file, in order; comments, macros and lines git ignores are left out."""
    rules = []
    for line in text.split("\n")[:_MAX_LINES]:
        match = _LINE.match(line.rstrip("\r"))
        if match is None or line.lstrip().startswith(("#", "[attr]")):
            continue
        pattern = match["plain"] or re.sub(r"\\(.)", r"\1", match["quoted"])
        if pattern and not pattern.startswith("!") and not pattern.endswith("/"):
            rules.append(Rule(Pattern.of(pattern), _values(match["values"])))
    return rules


def _values(text: str) -> dict[str, str | bool | None]:
    values: dict[str, str | bool | None] = {}
    for word in text.split():
        if word == "binary":
            values |= {"binary": True, "diff": False, "merge": False, "text": False}
        elif word.startswith("-"):
            values[word[1:]] = False
        elif word.startswith("!"):
            values[word[1:]] = None
        else:
            name, equals, value = word.partition("=")
            values[name] = (
                True if not equals or value.lower() == "true" else False if value.lower() == "false" else value
            )
    return values
