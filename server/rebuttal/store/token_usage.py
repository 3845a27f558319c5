"""How many tokens models counted for text whose base count is known: running sums by model, for `budget.tokenizers`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from attrs import frozen

from rebuttal.store.clock import utc_now
from rebuttal.store.database import Connection, Database, Job

_KEPT = 0.995
"""What an earlier call still weighs after one more: some 200 calls count, so that a new tokenizer is learned."""
_SURE = 5
"""Weight from which a call is held to what is known."""
_OFF = 2.0
"""At most so many times above or below the mean a call counts as: one strange reply moves little."""

# One statement, so that several processes can add at the same time without reading first.
_ADD = """
INSERT INTO token_usage (model, calls, weight, inverse, inverse_squared, ratio, ratio_inverse, last_at)
VALUES (:model, 1, 1.0, :inverse, :inverse * :inverse, :ratio, :ratio * :inverse, :at)
ON CONFLICT (model) DO UPDATE SET
    calls = calls + 1,
    weight = weight * :kept + 1,
    inverse = inverse * :kept + :inverse,
    inverse_squared = inverse_squared * :kept + :inverse * :inverse,
    ratio = ratio * :kept + CASE WHEN weight < :sure THEN :ratio
        ELSE min(max(:ratio, ratio / weight / :off), ratio / weight * :off) END,
    ratio_inverse = ratio_inverse * :kept + :inverse * CASE WHEN weight < :sure THEN :ratio
        ELSE min(max(:ratio, ratio / weight / :off), ratio / weight * :off) END,
    last_at = :at
"""


@frozen
class UsageSums:
    """Of all calls of a model, the newer ones weighing more. For each call: `inverse` is 1000 / its base count,
    `ratio` what the model counted / its base count. They are what a line through the calls is fitted from."""

    calls: int = 0
    weight: float = 0.0
    inverse: float = 0.0
    inverse_squared: float = 0.0
    ratio: float = 0.0
    ratio_inverse: float = 0.0

    def __add__(self, other: UsageSums) -> UsageSums:
        return UsageSums(
            self.calls + other.calls,
            self.weight + other.weight,
            self.inverse + other.inverse,
            self.inverse_squared + other.inverse_squared,
            self.ratio + other.ratio,
            self.ratio_inverse + other.ratio_inverse,
        )


class TokenUsage:
    """The table, shared by all processes. No text is kept, only sums by model."""

    def __init__(self, database: Database, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._clock = clock

    def add(self, model: str, base: int, counted: int) -> Job[None]:
        """`model` counted `counted` tokens for a prompt of `base` tokens of the base encoding. Both above zero."""
        if base <= 0 or counted <= 0:
            raise ValueError(f"{counted} tokens for a base of {base}: both must be above zero")
        values: dict[str, Any] = {
            "model": model,
            "inverse": 1000.0 / base,
            "ratio": counted / base,
            "at": self._clock().astimezone(UTC).isoformat(timespec="seconds"),
            "kept": _KEPT,
            "sure": _SURE,
            "off": _OFF,
        }

        def work(connection: Connection) -> None:
            connection.execute(_ADD, values)

        return self._database.write(work)

    def sums(self) -> Job[Mapping[str, UsageSums]]:
        """What is known, by model."""

        def work(connection: Connection) -> Mapping[str, UsageSums]:
            rows = connection.execute(
                "SELECT model, calls, weight, inverse, inverse_squared, ratio, ratio_inverse FROM token_usage"
            )
            return {model: UsageSums(*sums) for model, *sums in rows}

        return self._database.read(work)
