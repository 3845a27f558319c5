"""Learns the weights: a conditional logit by Newton's method, with a penalty on large weights (numpy)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from attrs import frozen

from rebuttal.context.related.model import Signal

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    Floats = NDArray[numpy.float64]

PENALTY = 30.0
KEPT = 45
"""How many features keep a weight: chosen by what they contribute, then all are fitted anew."""
TEXT_FEATURES = ("gone_lines/log", "lists/log", "old_version", "twin/rank")
"""Chosen one after the other by what each adds."""
SUM = "sum"
_PER_SIGNAL = 10
_STEPS = 12
_STRONGEST = ("together_mean", "bm25", "likely_commits", "words", "by_folder", "popular", "just_now", "mentions")

HEAD = '''"""The weights of the ranking: what each feature of `fusion.features` adds to a file's sum.

Written by `python -m bench.retrieval fit`: a conditional logit over {cases} commits, with one file hidden each, of the
{repositories} repositories that bench/retrieval/histories.toml marks for tuning. How good they are on other
repositories is told in bench/retrieval/RESULTS.md.
"""

WEIGHTS: dict[str, float] = {{
{rows}
}}

TEXT_WEIGHTS: dict[str, float] = {{
{texts}
}}
"""What the texts of the likeliest files add: learned in the same way over those files only, the sum above being one of
the features."""
'''


@frozen
class Example:
    """One case: the features of the files that compete with the hidden one."""

    repository: str
    rivals: tuple[Mapping[str, float], ...]
    hidden: int


def example(repository: str, features: Mapping[str, Signal], hidden: str) -> Example | None:
    """None where no feature knows the hidden file. Files that no strong signal names teach nothing."""
    if not any(hidden in signal for signal in features.values()):
        return None
    kept = {hidden}
    for name in _STRONGEST:
        signal = features.get(name, {})
        kept.update(sorted(signal, key=lambda path: (-signal[path], path))[:_PER_SIGNAL])
    order = sorted(kept)
    rows = tuple({name: signal[path] for name, signal in features.items() if path in signal} for path in order)
    return Example(repository, rows, order.index(hidden))


def learn(examples: Sequence[Example], without: Collection[str] = ()) -> dict[str, float]:
    """The weights that make the hidden files likeliest; `without` leaves features out."""
    every = {name for one in examples for row in one.rivals for name in row}
    names = sorted(name for name in every if name not in without)
    strength = _fit(examples, names)[1]
    names = sorted(sorted(names, key=lambda name: (-strength[name], name))[:KEPT])
    return _fit(examples, names)[0]


def text_example(
    repository: str, sums: Signal, features: Mapping[str, Signal], read: Sequence[str], hidden: str
) -> Example | None:
    """Of the files that are read: their sums as they are, and what their texts tell."""
    if hidden not in read:
        return None
    known = {SUM: sums, **{name: features.get(name, {}) for name in TEXT_FEATURES}}
    rows = tuple({name: signal[path] for name, signal in known.items() if path in signal} for path in read)
    return Example(repository, rows, read.index(hidden))


def learn_texts(examples: Sequence[Example]) -> dict[str, float]:
    """The weights of texts, on the scale of the sums: they are of the weights that are there already, so fit twice."""
    found = _fit(examples, [SUM, *TEXT_FEATURES])[0]
    return {name: found[name] / found[SUM] for name in TEXT_FEATURES}


def write(weights: Mapping[str, float], texts: Mapping[str, float], examples: Sequence[Example]) -> str:
    """The text of `weights.py`."""
    repositories = len({one.repository for one in examples})
    return HEAD.format(cases=len(examples), repositories=repositories, rows=_rows(weights), texts=_rows(texts))


def _rows(weights: Mapping[str, float]) -> str:
    return "\n".join(f'    "{name}": {value:.3f},' for name, value in sorted(weights.items()) if abs(value) >= 0.0005)


def _fit(examples: Sequence[Example], names: Sequence[str]) -> tuple[dict[str, float], dict[str, float]]:
    """The weights, and how far each moves a sum by its usual spread."""
    import numpy as np

    place = {name: number for number, name in enumerate(names)}
    cases = []
    for one in examples:
        matrix = np.zeros((len(one.rivals), len(names)))
        for number, row in enumerate(one.rivals):
            for name, value in row.items():
                if name in place:
                    matrix[number, place[name]] = value
        cases.append(matrix)
    spread = np.vstack(cases).std(axis=0) + 1e-6
    cases = [matrix / spread for matrix in cases]
    weights = np.zeros(len(names))
    for _ in range(_STEPS):
        loss, slope, curve = _look(cases, examples, weights)
        step = np.linalg.solve(curve, slope)
        size = 1.0
        while size > 1e-3 and _look(cases, examples, weights - size * step)[0] > loss:
            size /= 2
        weights = weights - size * step
        if float(slope @ step) < 1e-2:
            break
    strength = {name: float(abs(weights[number])) for name, number in place.items()}
    return {name: float(weights[number] / spread[number]) for name, number in place.items()}, strength


def _look(cases: Sequence[Floats], examples: Sequence[Example], weights: Floats) -> tuple[float, Floats, Floats]:
    """Minus the logarithm of the likelihood with the penalty, its slope and its curvature."""
    import numpy as np

    loss = PENALTY / 2 * float(weights @ weights)
    slope = PENALTY * weights
    curve = PENALTY * np.eye(len(weights))
    for matrix, one in zip(cases, examples, strict=True):
        sums = matrix @ weights
        sums = sums - sums.max()
        chances = np.exp(sums)
        chances /= chances.sum()
        loss -= float(np.log(max(chances[one.hidden], 1e-300)))
        mean = chances @ matrix
        slope = slope + mean - matrix[one.hidden]
        root = matrix * np.sqrt(chances)[:, None]
        curve = curve + root.T @ root - np.outer(mean, mean)
    return loss, slope, curve
