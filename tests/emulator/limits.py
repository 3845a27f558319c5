"""Rate limits as the API has them: token buckets that refill continuously, for each key and pool of models.

A request takes one of the requests, and its prompt without what it reads from the cache; output counts as it really
was, once it is known, so that its bucket can be overdrawn. Headers tell the state with every response.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime

from attrs import define, evolve, field, frozen

from tests.emulator.errors import ApiError
from tests.emulator.models import ServiceModel

MINUTE = 60.0


@frozen
class Limits:
    """Of one pool of models, by the minute."""

    requests: int = 1_000
    input_tokens: int = 2_000_000
    """Without those read from the cache."""
    output_tokens: int = 400_000
    counting: int = 2_000
    """Requests to count_tokens, which have a pool of their own."""
    enforced: bool = True
    """False: the headers tell them, nothing is refused."""


START = Limits(enforced=False)
"""Of the tier in which an account starts."""
_START_FABLE = Limits(input_tokens=500_000, output_tokens=100_000, enforced=False)


@define
class Bucket:
    """Holds `size`, refills in a minute."""

    size: float
    left: float
    at: float

    def refill(self, now: float) -> None:
        self.left = min(self.size, self.left + max(now - self.at, 0.0) * self.size / MINUTE)
        self.at = now

    def wait(self, wanted: float) -> float:
        """Seconds until `wanted` is there; more than the bucket holds waits until it is full."""
        return max(min(wanted, self.size) - self.left, 0.0) * MINUTE / self.size

    def full_in(self) -> float:
        return (self.size - self.left) * MINUTE / self.size


@define
class Pool:
    """The three buckets of one key and pool."""

    limits: Limits
    requests: Bucket
    input: Bucket
    output: Bucket

    @classmethod
    def of(cls, limits: Limits, now: float) -> Pool:
        sizes = (limits.requests, limits.input_tokens, limits.output_tokens)
        return cls(limits, *(Bucket(size, size, now) for size in sizes))

    def take(self, tokens: int, now: float) -> None:
        """Let a request in that pays for so many tokens of its prompt. Raises ApiError 429."""
        for bucket in (self.requests, self.input, self.output):
            bucket.refill(now)
        if self.limits.enforced:
            self._refuse(tokens)
        self.requests.left -= 1
        self.input.left -= tokens

    def _refuse(self, tokens: int) -> None:
        waits = (
            (self.requests.wait(1), f"{self.limits.requests:,} requests per minute"),
            (self.input.wait(tokens), f"{self.limits.input_tokens:,} input tokens per minute"),
            (self.output.wait(1), f"{self.limits.output_tokens:,} output tokens per minute"),
        )
        seconds, limit = max(waits, key=lambda one: one[0])
        if seconds > 0:
            raise ApiError(
                429,
                f"This request would exceed your organization's rate limit of {limit}.",
                headers={"retry-after": str(math.ceil(seconds))},
            )

    def headers(self, now: float, date: Callable[[float], datetime]) -> dict[str, str]:
        """What a response tells of them; the name without a kind stands for the tighter of the two kinds of tokens."""
        for bucket in (self.requests, self.input, self.output):
            bucket.refill(now)
        tighter = min(self.input, self.output, key=lambda one: one.left)
        kinds = {"requests": self.requests, "input-tokens": self.input, "output-tokens": self.output, "tokens": tighter}
        found: dict[str, str] = {}
        for kind, bucket in kinds.items():
            left = max(bucket.left, 0.0)
            # Tokens are told in thousands.
            shown = int(left) if kind == "requests" else round(left / 1000) * 1000
            reset = date(now + bucket.full_in()).isoformat(timespec="seconds").replace("+00:00", "Z")
            found[f"anthropic-ratelimit-{kind}-limit"] = str(int(bucket.size))
            found[f"anthropic-ratelimit-{kind}-remaining"] = str(shown)
            found[f"anthropic-ratelimit-{kind}-reset"] = reset
        return found


@define
class Pools:
    """All of them. Models of one line share a pool; 5 and 5.5 have others than those of 4."""

    limits: Limits | Mapping[str, Limits]
    """For all pools, or by line of models: haiku, sonnet, opus, fable."""
    _pools: dict[tuple[str, str], Pool] = field(factory=dict)

    def of(self, model: ServiceModel, key: str, now: float) -> Pool:
        older = "-4-" in model.id
        name = (key, f"{model.line}{'-4' if older else ''}")
        if name not in self._pools:
            self._pools[name] = Pool.of(self._limits(model.line), now)
        return self._pools[name]

    def counting(self, key: str, now: float) -> Pool:
        """For count_tokens."""
        name = (key, "count_tokens")
        if name not in self._pools:
            limits = self._limits("")
            self._pools[name] = Pool.of(evolve(limits, requests=limits.counting), now)
        return self._pools[name]

    def _limits(self, line: str) -> Limits:
        if not isinstance(self.limits, Limits):
            return self.limits.get(line, START)
        return _START_FABLE if self.limits is START and line == "fable" else self.limits
