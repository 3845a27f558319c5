"""Time as the server uses it: one kind of timer, which a test can turn by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from typing import Protocol

from attrs import define, field


class Cancellable(Protocol):
    def cancel(self) -> None: ...


Timer = Callable[[float, Callable[[], None]], Cancellable]
"""Calls back after so many seconds, on the event loop."""


def loop_timer(seconds: float, callback: Callable[[], None]) -> Cancellable:
    return asyncio.get_running_loop().call_later(seconds, callback)


@define(eq=False)
class Debouncer:
    """Runs the latest callback of a key once nothing has asked again for a while."""

    timer: Timer
    _waiting: dict[Hashable, tuple[Cancellable, Callable[[], None]]] = field(factory=dict)

    def later(self, key: Hashable, seconds: float, callback: Callable[[], None]) -> None:
        """Run `callback` after `seconds`; an earlier one of the same key is dropped."""
        self.drop(key)

        def run() -> None:
            self._waiting.pop(key, None)
            callback()

        self._waiting[key] = self.timer(seconds, run), callback

    def put_off(self, kind: str, seconds: float) -> None:
        """Whatever waits under keys that begin with `kind` waits for `seconds` from now."""
        waiting = [key for key in self._waiting if isinstance(key, tuple) and key[0] == kind] if self._waiting else []
        for key in waiting:
            self.later(key, seconds, self._waiting[key][1])

    def drop(self, key: Hashable) -> None:
        if (waiting := self._waiting.pop(key, None)) is not None:
            waiting[0].cancel()

    def close(self) -> None:
        for key in list(self._waiting):
            self.drop(key)
