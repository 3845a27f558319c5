"""Bars, drawn into an SVG that reads on light and dark pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

INK = "#767676"
COLOURS = ("#4c78a8", "#f58518", "#54a24b", "#b279a2")


def stacked(target: Path, title: str, names: Sequence[str], parts: Mapping[str, Sequence[float]], unit: str) -> None:
    """A horizontal bar for each name, its parts end to end. `parts`: label -> one value for each name."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams.update({"svg.hashsalt": title, "text.color": INK, "axes.edgecolor": INK, "font.size": 9})
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 0.36 * len(names) + 1.3), layout="constrained")
    left = [0.0] * len(names)
    for (label, values), colour in zip(parts.items(), COLOURS, strict=False):
        axes.barh(names, values, left=left, label=label, color=colour, height=0.66)
        left = [start + value for start, value in zip(left, values, strict=True)]
    axes.invert_yaxis()
    axes.set_title(title, color=INK)
    axes.set_xlabel(unit, color=INK)
    axes.tick_params(colors=INK)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, labelcolor=INK)
    figure.savefig(target, transparent=True, metadata={"Date": None})
    pyplot.close(figure)
