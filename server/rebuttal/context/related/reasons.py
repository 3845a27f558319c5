"""Why a file is ranked high, in words for the user."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from rebuttal.context.related.model import Query, Signal
from rebuttal.context.related.paths import Name, kind_of

_MOST = 3


@frozen
class Reasons:
    """Makes the reasons of one ranking."""

    query: Query
    signals: Mapping[str, Signal]

    def of(self, path: str) -> tuple[str, ...]:
        """At most three, the weightiest first; never none."""
        found = [
            (weight, text)
            for weight, text in (self._past(path), self._name(path), self._words(path), self._named(path))
            if weight > 0
        ]
        found.sort(key=lambda one: (-one[0], one[1]))
        return tuple(text for _, text in found[:_MOST]) or ("often changed together with files like these",)

    def _value(self, signal: str, path: str) -> float:
        return self.signals.get(signal, {}).get(path, 0.0)

    def _share(self, signal: str, path: str) -> float:
        values = self.signals.get(signal, {})
        highest = max(values.values(), default=0.0)
        return values.get(path, 0.0) / highest if highest > 0 else 0.0

    def _past(self, path: str) -> tuple[float, str]:
        together = self._value("together_either", path)
        if together >= 0.02:
            return together + 0.2, f"changed together with the changed files before ({together:.0%})"
        return self._value("by_folder", path), "changed together with files of the same folder before"

    def _name(self, path: str) -> tuple[float, str]:
        if not self._value("stem", path):
            return 0.0, ""
        stem = Name(path).stem
        like = next(one for one in self.query.paths if Name(one).stem == stem)
        return 0.9, f"{'test' if kind_of(path) == 'test' else 'namesake'} of {like}"

    def _words(self, path: str) -> tuple[float, str]:
        return self._share("shared", path) * 0.8, "shares rare names with the change"

    def _named(self, path: str) -> tuple[float, str]:
        return self._value("named", path) * 0.5, "named in the changed files"
