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


def lines(
    target: Path, title: str, panels: Mapping[str, Mapping[str, Sequence[tuple[float, float]]]], unit: str
) -> None:
    """A panel for each label of the x axis, in it a line for each name; both axes logarithmic."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams.update({"svg.hashsalt": title, "text.color": INK, "axes.edgecolor": INK, "font.size": 9})
    from matplotlib import pyplot

    figure, every = pyplot.subplots(1, len(panels), figsize=(8, 3), layout="constrained", sharey=True, squeeze=False)
    for axes, (label, series) in zip(every[0], panels.items(), strict=True):
        for (name, points), colour in zip(series.items(), COLOURS, strict=False):
            axes.plot(*zip(*points, strict=True), label=name, color=colour, marker="o", markersize=3)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel(label, color=INK)
        axes.tick_params(which="both", colors=INK)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, labelcolor=INK)
    every[0][0].set_ylabel(unit, color=INK)
    figure.suptitle(title, color=INK)
    figure.savefig(target, transparent=True, metadata={"Date": None})
    pyplot.close(figure)


def winners(
    target: Path,
    title: str,
    panels: Mapping[str, Sequence[Sequence[tuple[str, str]]]],
    columns: Sequence[str],
    rows: Sequence[str],
    names: Sequence[str],
) -> None:
    """A field of cells for each panel, in their winners' colours. `panels`: rows of (winner, what is written below)."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams.update({"svg.hashsalt": title, "text.color": INK, "axes.edgecolor": INK, "font.size": 8})
    from matplotlib import pyplot
    from matplotlib.patches import Rectangle

    colours = dict(zip(names, (*COLOURS, "#e45756", "#9d755d"), strict=False))
    figure, every = pyplot.subplots(1, len(panels), figsize=(9, 3.2), layout="constrained", sharey=True, squeeze=False)
    for axes, (label, cells) in zip(every[0], panels.items(), strict=True):
        for down, row in enumerate(cells):
            for along, (winner, below) in enumerate(row):
                axes.add_patch(Rectangle((along, down), 0.96, 0.94, color=colours[winner], alpha=0.75, linewidth=0))
                axes.text(along + 0.48, down + 0.47, f"{winner}\n{below}", ha="center", va="center", color="white")
        axes.set_xlim(0, len(columns))
        axes.set_ylim(len(rows), 0)
        axes.set_xticks([number + 0.48 for number in range(len(columns))], columns)
        axes.set_yticks([number + 0.47 for number in range(len(rows))], rows)
        axes.set_xlabel(f"finder ({label})", color=INK)
        axes.tick_params(colors=INK, length=0)
        axes.spines[:].set_visible(False)
    every[0][0].set_ylabel("examiner", color=INK)
    figure.suptitle(title, color=INK, fontsize=8)
    figure.savefig(target, transparent=True, metadata={"Date": None})
    pyplot.close(figure)
