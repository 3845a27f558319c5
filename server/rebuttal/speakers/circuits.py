"""Which models were too busy a moment ago, so that not every seat finds it out for itself.

A circuit breaker for each model (M. Nygard, Release It!, "Circuit Breaker"): open while the pause lasts, then half-open
for one call, whose answer closes it and whose failure opens it again for longer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from attrs import define

from rebuttal.debate.model import Failure

PAUSE = 20.0
"""Seconds for which a model that was too busy is passed over; each time it is so again, for twice as long."""
LONGEST = 300.0
"""Seconds. A service that names a longer time is believed."""
LONGEST_NAMED = 3600.0
"""Seconds for which it is believed: what names years names no time, and a server runs for weeks."""


@define
class _Circuit:
    failure: Failure
    until: float
    pause: float
    trying: bool = False
    """One call finds out whether the model answers again."""


class Circuits:
    """Of one endpoint. `clock` in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._open: dict[str, _Circuit] = {}
        self._streaks: dict[str, int] = {}

    def open(self, model: str) -> Failure | None:
        """Why the model should not be asked now; None where it may be."""
        circuit = self._open.get(model)
        if circuit is None or (self._clock() >= circuit.until and not circuit.trying):
            return None
        return circuit.failure

    def doubted(self, model: str) -> bool:
        """Whether the model was too busy and has not answered since: then it is asked once, not several times."""
        return model in self._open

    @contextmanager
    def asking(self, model: str) -> Iterator[bool]:
        """While a model is asked. True: it is doubted, and this call finds out for the others, who do not ask it."""
        circuit = self._open.get(model)
        tries = circuit is not None and not circuit.trying
        if circuit is not None and tries:
            circuit.trying = True
        try:
            yield tries
        finally:
            if circuit is not None and tries:
                circuit.trying = False

    def streak(self, model: str) -> int:
        """How often in a row the model was too busy since it answered last."""
        return self._streaks.get(model, 0)

    def stumbled(self, model: str, before: int) -> int:
        """The model was too busy for one attempt, which began when the streak was `before`; the streak now. Attempts
        that were under way together find out the same thing once."""
        now = self.streak(model)
        self._streaks[model] = now + 1 if now <= before else now
        return self._streaks[model]

    def too_busy(self, model: str, failure: Failure, wait: float | None) -> None:
        """The model did not answer though it was asked again. `wait`: seconds that the service named."""
        now = self._clock()
        circuit = self._open.get(model)
        if circuit is None:
            circuit = self._open[model] = _Circuit(failure, now + PAUSE, PAUSE)
        elif now >= circuit.until:
            circuit.pause = min(circuit.pause * 2, LONGEST)
            circuit.until = now + circuit.pause
        circuit.failure = failure
        circuit.until = max(circuit.until, now + min(wait or 0.0, LONGEST_NAMED))

    def answers(self, model: str) -> None:
        """The model has answered, so it may be asked like any other."""
        self._open.pop(model, None)
        self._streaks.pop(model, None)
