"""What became of calls that the ledger could not write down: a full disk, a server that is away. It outlives the
review that made the calls, so that their worst case is not set aside for longer than it must be."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from rebuttal.store.model import UnknownCall

if TYPE_CHECKING:
    from rebuttal.store.ledger import Ledger

Entry = Callable[["Ledger"], Awaitable[Any]]
"""Writes down what became of one call."""


class Owed:
    """By call, the entry that the ledger still lacks. For one store; used on one event loop."""

    def __init__(self) -> None:
        self._entries: dict[int, Entry] = {}

    def __bool__(self) -> bool:
        return bool(self._entries)

    def add(self, call: int, entry: Entry) -> None:
        """What is written as soon as it can be; the last word about a call counts."""
        self._entries[call] = entry

    async def record(self, ledger: Ledger) -> None:
        """Write it down. Raises StoreError: before that, nothing more may be spent."""
        for call, entry in list(self._entries.items()):
            # It is in the ledger after all, or in one that is gone, of which nothing can be owed any more.
            with suppress(ValueError, UnknownCall):
                await entry(ledger)
            self._entries.pop(call, None)
