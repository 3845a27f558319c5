"""What was found in texts, remembered by content: the same file of the next review is not parsed again.

Frozen data only, no trees: a tree takes some twenty times its text.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar, cast

T = TypeVar("T")

ROOM = 150_000
"""Symbols, imports and references in all, some 200 bytes each."""
_LATEST = 2
"""Of a kind: a review asks for both sides of its change."""
_ENTRY = 4
"""What an entry weighs by itself, in the same unit."""


class Facts:
    """Tuples of facts by kind, language and text; the least lately used give way. May be shared by threads."""

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._held = 0
        self._kept: OrderedDict[Hashable, tuple[Any, ...]] = OrderedDict()
        self._lock = Lock()
        self._latest: dict[Hashable, list[tuple[Hashable, Any]]] = {}

    def latest(self, kind: Hashable, key: Hashable, make: Callable[[], T]) -> T:
        """What was made for this key, if it is one of the latest few keys of its kind; else what `make` gives now."""
        with self._lock:
            kept = self._latest.setdefault(kind, [])
            for known, value in kept:
                if known == key:
                    return cast(T, value)
        made = make()
        with self._lock:
            kept.insert(0, (key, made))
            del kept[_LATEST:]
        return made

    def remember(self, kind: Hashable, text: str, find: Callable[[], tuple[T, ...]]) -> tuple[T, ...]:
        """What `find` gave for this kind (language included) and text before, or gives now; its errors are not kept."""
        # The digest and not the text is kept: 9 kB of text for some 2 kB of facts.
        digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        key = (kind, digest)
        with self._lock:
            if (known := self._kept.get(key)) is not None:
                self._kept.move_to_end(key)
                return known
        found = find()
        with self._lock:
            if key not in self._kept and len(found) + _ENTRY <= self._room:
                self._kept[key] = found
                self._held += len(found) + _ENTRY
            while self._held > self._room:
                self._held -= len(self._kept.popitem(last=False)[1]) + _ENTRY
        return found
