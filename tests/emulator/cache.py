"""The prompt cache by the documented rules.

An entry is a prefix (tools, system, messages; bytes of each block in order) of one model, one key and one set
of settings. It is written only at breakpoints, is read from a breakpoint back over at most 20 positions, can be read
once the first response that writes it has begun, and lives from the start of the request that wrote or read it.
"""

from __future__ import annotations

import hashlib
from itertools import accumulate

from attrs import define, field, frozen

from tests.emulator.validate import Request

LOOKBACK = 20
SECONDS = {"5m": 300.0, "1h": 3600.0}


@frozen
class Plan:
    """What a request reads and writes; it takes effect by `Cache.begin` when the response begins."""

    read: int
    write_5m: int
    write_1h: int
    started: float
    hit: str | None = None
    """The prefix of the entry that it reads."""
    writes: tuple[tuple[str, str], ...] = ()
    """(prefix, ttl) of the entries that it leaves behind."""

    @property
    def written(self) -> int:
        return self.write_5m + self.write_1h


@define
class _Entry:
    ttl: str
    expires: float


@define
class Cache:
    """Entries of all keys and models."""

    _entries: dict[str, _Entry] = field(factory=dict)

    def plan(self, request: Request, key: str, now: float) -> Plan:
        """What a request that starts at `now` finds; `refresh` it where the request is let in."""
        prefixes = _prefixes(request, key)
        totals = [request.base_tokens + n for n in accumulate(block.tokens for block in request.blocks)]
        points = [
            (number, block.ttl)
            for number, block in enumerate(request.blocks)
            if block.ttl is not None and totals[number] >= request.model.min_cache
        ]
        hit = self._hit(prefixes, [number for number, _ in points], now)
        read = totals[hit] if hit is not None else 0
        fresh = [(number, ttl) for number, ttl in points if hit is None or number > hit]
        hour = max((totals[number] for number, ttl in fresh if ttl == "1h"), default=read)
        last = max((totals[number] for number, _ in fresh), default=hour)
        writes = tuple((prefixes[number], ttl) for number, ttl in fresh)
        return Plan(read, last - hour, hour - read, now, None if hit is None else prefixes[hit], writes)

    def refresh(self, plan: Plan) -> None:
        """The entry that it reads lives on from the start of the request."""
        entry = self._entries.get(plan.hit or "")
        if entry is not None:
            entry.expires = max(entry.expires, plan.started + SECONDS[entry.ttl])

    def begin(self, plan: Plan) -> None:
        """The response has begun: what the request wrote can be read by others."""
        for prefix, ttl in plan.writes:
            self._entries[prefix] = _Entry(ttl, plan.started + SECONDS[ttl])

    def _hit(self, prefixes: list[str], points: list[int], now: float) -> int | None:
        within = {n for point in points for n in range(max(0, point - LOOKBACK + 1), point + 1)}
        for number in sorted(within, reverse=True):
            entry = self._entries.get(prefixes[number])
            if entry is not None and entry.expires > now:
                return number
        return None


def _prefixes(request: Request, key: str) -> list[str]:
    digest = hashlib.sha256(f"{key}\0{request.model.id}\0{request.settings}".encode())
    found = []
    for block in request.blocks:
        digest.update(block.key.encode())
        digest.update(b"\0")
        found.append(digest.hexdigest())
    return found
