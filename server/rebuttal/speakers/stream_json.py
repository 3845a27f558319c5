"""Complete elements of an array in a JSON text that is still arriving.

Linear: every character is looked at once, however the text is cut into chunks; only the element that is under way
is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from attrs import define, field

_STRUCTURE = re.compile(r'["{}\[\],:]')
_IN_STRING = re.compile(r'["\\]')


@define
class ArrayElements:
    """Objects of the array under `key` of the top-level object, each as its JSON text, as soon as it is complete.

    It checks no grammar: of a text that is no JSON it may find nothing, or nonsense that the JSON parser then refuses.
    """

    key: str
    _depth: int = field(default=0, init=False)
    _in_string: bool = field(default=False, init=False)
    _escaped: bool = field(default=False, init=False)
    """The next character belongs to an escape that the last chunk began."""
    _name: list[str] = field(factory=list, init=False)
    """The string under way, or the last one, at depth 1."""
    _current: str | None = field(default=None, init=False)
    """The key whose value is under way."""
    _inside: bool = field(default=False, init=False)
    """Within the wanted array."""
    _parts: list[str] | None = field(default=None, init=False)
    """The element under way."""
    _over: bool = field(default=False, init=False)
    """The top-level object has ended: whatever follows is none of it."""

    def feed(self, text: str) -> Iterator[str]:
        """The elements that this piece of text completes. Take them all before the next piece."""
        at, taken = 0, 0
        while at < len(text) and not self._over:
            if self._in_string:
                at = self._string(text, at)
                continue
            found = _STRUCTURE.search(text, at)
            if found is None:
                break
            at = found.end()
            mark = found.group()
            if mark == "{" and self._inside and self._depth == 2:
                self._parts, taken = [], at - 1
            self._step(mark)
            if mark == "}" and self._parts is not None and self._depth == 2:
                self._parts.append(text[taken:at])
                element, self._parts = "".join(self._parts), None
                yield element
        if self._parts is not None:
            self._parts.append(text[taken:])

    def _string(self, text: str, at: int) -> int:
        """Go on in a string; returns where it ends, or where the text does."""
        if self._escaped:
            self._escaped = False
            at += 1
        start = at
        while (found := _IN_STRING.search(text, at)) is not None:
            at = found.end()
            if found.group() == '"':
                self._in_string = False
                self._keep(text[start : at - 1])
                return at
            if at == len(text):
                self._escaped = True
            at += 1
        self._keep(text[start:])
        return len(text)

    def _keep(self, piece: str) -> None:
        if self._depth == 1:
            self._name.append(piece)

    def _step(self, mark: str) -> None:
        match mark:
            case '"':
                self._in_string = True
                if self._depth == 1:
                    self._name.clear()
            case "{" | "[":
                self._inside = self._inside or (mark == "[" and self._depth == 1 and self._current == self.key)
                self._depth += 1
            case "}" | "]":
                self._depth -= 1
                self._inside = self._inside and self._depth > 1
                self._over = self._depth <= 0
            case ":":
                if self._depth == 1:
                    self._current = "".join(self._name)
            case ",":
                if self._depth == 1:
                    self._current = None
