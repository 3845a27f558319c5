"""Regressions for few observations: an assumption, corrected by a factor that depends on what is known beforehand.

What is seen is taken to be `assumed` x exp(theta . x) on average. Theta is fitted by quasi-likelihood and held to zero,
that is to the assumption, as if that had been seen already: one observation moves it a little, many decide, and no
threshold says when it is believed. Observations that lie far off count as if they lay at the edge of what is usual.
Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, sqrt

from attrs import frozen

STEPS = 25
FAR = 2.5
"""Standard deviations beyond which an observation counts as if it lay there."""
MOST = 3.0
"""Of the logarithm of a correction: twenty times more, or less, than is assumed is not believed of anything."""


@frozen
class Observation:
    """What was seen of one debate."""

    x: tuple[float, ...]
    """The first is 1: of the correction that all have."""
    seen: float
    assumed: float
    """Above zero."""
    weight: float = 1.0
    sureness: float | None = None
    """1 / the variance of `seen` / its expectation; None: a count, whose variance is its expectation (Poisson)."""
    at_least: bool = False
    """It was cut short: it would have been as much or more."""


@frozen
class Fit:
    """A correction. Outside of what was seen it stays as it is at the edge."""

    theta: tuple[float, ...] = ()
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    observations: int = 0

    def factor(self, x: Sequence[float]) -> float:
        """By how much what is assumed is to be corrected."""
        seen = (min(max(one, low), high) for one, low, high in zip(x, self.low, self.high, strict=False))
        return _correction(self.theta, tuple(seen))


def fit(observations: Sequence[Observation], within: Sequence[float]) -> Fit:
    """The correction; `within`: how far each part of theta is thought to lie from zero (standard deviation)."""
    usable = [one for one in observations if one.assumed > 0 and one.weight > 0]
    if not usable:
        return Fit()
    width = len(within)
    held = [1 / sd**2 for sd in within]
    theta = [0.0] * width
    for _ in range(STEPS):
        step = _step(usable, theta, held)
        theta = [min(max(one + move, -MOST), MOST) for one, move in zip(theta, step, strict=True)]
        if max(map(abs, step)) < 1e-4:
            break
    columns = list(zip(*(one.x for one in usable), strict=True))
    return Fit(tuple(theta), tuple(map(min, columns)), tuple(map(max, columns)), len(usable))


def _step(observations: Sequence[Observation], theta: Sequence[float], held: Sequence[float]) -> list[float]:
    width = len(theta)
    score = [-hold * one for hold, one in zip(held, theta, strict=True)]
    curve = [[held[row] if row == column else 0.0 for column in range(width)] for row in range(width)]
    for one in observations:
        expected = one.assumed * _correction(theta, one.x)
        sureness = expected if one.sureness is None else one.sureness
        off = one.seen / expected - 1
        if one.at_least and off < 0:
            continue
        # A count of one where little was expected is no stranger than one where one was.
        edge = FAR / sqrt(max(sureness, 0.25))
        pull = one.weight * sureness
        for row in range(width):
            score[row] += pull * min(max(off, -edge), edge) * one.x[row]
            for column in range(width):
                curve[row][column] += pull * one.x[row] * one.x[column]
    step = solved(curve, score)
    longest = max(map(abs, step))
    return [move / longest for move in step] if longest > 1 else step


def _correction(theta: Sequence[float], x: Sequence[float]) -> float:
    return exp(min(max(sum(a * b for a, b in zip(theta, x, strict=False)), -MOST), MOST))


def solved(matrix: Sequence[Sequence[float]], right: Sequence[float]) -> list[float]:
    """The solution of a few linear equations; the matrix is symmetric and positive definite."""
    size = len(right)
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for pivot in range(size):
        for row in range(pivot + 1, size):
            share = rows[row][pivot] / rows[pivot][pivot]
            for column in range(pivot, size + 1):
                rows[row][column] -= share * rows[pivot][column]
    found = [0.0] * size
    for row in reversed(range(size)):
        known = sum(rows[row][column] * found[column] for column in range(row + 1, size))
        found[row] = (rows[row][size] - known) / rows[row][row]
    return found
