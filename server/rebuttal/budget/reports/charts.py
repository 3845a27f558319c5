"""Charts as inline SVG. Places are percentages, so that a chart fits any width while its text keeps its size.

Each is one image to a screen reader, with a sentence of what it shows; a table beside it has the figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log10

from rebuttal.budget.reports.accuracy import BAND, Accuracy, Guess, spread
from rebuttal.budget.reports.axis import Axis, axis, log_axis
from rebuttal.budget.reports.course import Bar, Course
from rebuttal.budget.reports.markup import Child, Element, el
from rebuttal.budget.reports.words import amount, day, mark, percent, span
from rebuttal.store.currency import Money

_WIDEST = 6.0
"""Percent of the chart's width that one bar takes at most."""
_SHARE = 0.74
"""Of its place that a bar takes."""
_LEAST = 0.7
"""Percent of the height: what cost anything shows."""
_POINTS = 400
"""The newest debates; more would be one blot."""
HATCH = "hatch"
"""The pattern of what is assumed."""


def patterns() -> Element:
    """What charts refer to; once in a page."""
    lines = el("path", d="M-1,1 l2,-2 M0,6 l6,-6 M5,7 l2,-2", class_="hatch")
    pattern = el("pattern", el("rect", width=6, height=6, class_="hatched"), lines, id=HATCH, width=6, height=6)
    return el("svg", el("defs", _with(pattern, patternUnits="userSpaceOnUse")), class_="defs", aria_hidden="true")


def bars(course: Course, money: Money) -> Element:
    """Spending over time, the models one on the other, what is assumed on top."""
    # A cap far above all bars would flatten them, one far below would hide behind them.
    capped = course.cap is not None and course.highest / 10 <= course.cap <= course.highest * 3
    top = max(course.highest, course.cap) if capped and course.cap is not None else course.highest
    scale = axis(top, money)
    drawn: list[Child] = [_lines_across(scale)]
    slot = 100 / len(course.bars)
    drawn += [_stack(bar, number * slot, slot, course, scale, money) for number, bar in enumerate(course.bars)]
    if capped and course.cap is not None:
        y = f"{100 - scale.place(course.cap):.2f}%"
        drawn.append(el("line", x1="0%", x2="100%", y1=y, y2=y, class_="cap"))
        drawn.append(el("text", f"cap {amount(money, course.cap)}", x="100%", y=y, dy=-5, class_="caplabel"))
    highest = max(course.bars, key=lambda bar: bar.cost)
    told = (
        f"Spending by {course.unit}, from {day(course.bars[0].first)} to {day(course.bars[-1].last)}."
        f" The highest is {amount(money, highest.cost)}, {span(highest, course.unit)}. The table below has all figures."
    )
    return _plot(told, scale, drawn, _under(course))


def _stack(bar: Bar, left: float, slot: float, course: Course, scale: Axis, money: Money) -> Element:
    width = min(slot * _SHARE, _WIDEST)
    x, base = left + (slot - width) / 2, 100.0
    parts: list[Child] = []
    shares = [(value, f"s{number}", None) for number, value in enumerate(bar.by_model)]
    for value, colour, fill in (*shares, (bar.assumed, "assumed", f"url(#{HATCH})")):
        if not value:
            continue
        height = max(scale.place(value), _LEAST)
        base -= height
        where = {"x": f"{x:.3f}%", "y": f"{base:.2f}%", "width": f"{width:.3f}%", "height": f"{height:.2f}%"}
        parts.append(el("rect", **where, fill=fill, class_=colour))
    # Over the whole height, so that a small bar is as easily pointed at.
    parts.append(el("rect", x=f"{left:.3f}%", y="0%", width=f"{slot:.3f}%", height="100%", class_="touch"))
    return el("g", el("title", _bar_words(bar, course, money)), parts, class_="bar")


def _bar_words(bar: Bar, course: Course, money: Money) -> str:
    parts = [f"{name} {amount(money, value)}" for name, value in zip(course.models, bar.by_model, strict=True) if value]
    parts += [f"assumed {amount(money, bar.assumed)}"] if bar.assumed else []
    detail = f" ({', '.join(parts)})" if parts else ""
    return f"{span(bar, course.unit)}: {amount(money, bar.cost)}{detail}"


def _under(course: Course) -> list[Child]:
    """Four or five names of bars, the first and the last among them."""
    count = len(course.bars)
    wanted = min(count, 4)
    chosen = sorted({round(number * (count - 1) / max(wanted - 1, 1)) for number in range(wanted)})
    slot = 100 / count
    return [
        _below(mark(course.bars[one], course.unit), one * slot + slot / 2, one in (0, count - 1) and count > 6)
        for one in chosen
    ]


def _below(label: str, at: float, at_edge: bool) -> Element:
    anchor = "middle" if not at_edge else "start" if at < 50 else "end"
    x = at if not at_edge else 0.0 if at < 50 else 100.0
    return _with(el("text", label, x=f"{x:.2f}%", y=14), **{"text-anchor": anchor})


def scatter(accuracy: Accuracy, money: Money) -> Element:
    """What was expected, to the right, against what it cost, upwards, with the band in which an estimate is kept."""
    guesses = accuracy.guesses[:_POINTS]
    least, highest = spread(guesses)
    scale = log_axis(least, highest, money)
    drawn: list[Child] = [_lines_across(scale), _lines_up(scale), _band(scale)]
    # Those that missed the band lie on top.
    drawn += [_point(guess, scale, money) for guess in sorted(guesses, key=lambda one: not one.is_kept)]
    below = [_below(tick.label, tick.at, tick.at in (0.0, 100.0)) for tick in scale.ticks]
    told = (
        f"What {len(guesses)} debates were expected to cost against what they cost: "
        f"{percent(accuracy.share or 0)} within {percent(float(BAND))} of it."
    )
    return _plot(told, scale, drawn, below, "scatter")


def _band(scale: Axis) -> Element:
    """Between two lines beside the diagonal, cut off at the edges."""
    width = log10(scale.high) - log10(scale.low)
    above, below = (min(abs(100 * log10(factor) / width), 100.0) for factor in (1 + float(BAND), 1 - float(BAND)))
    corners = [(0, 0), (0, above), (100 - above, 100), (100, 100), (100, 100 - below), (below, 0)]
    points = " ".join(f"{x:.2f},{100 - y:.2f}" for x, y in corners)
    middle = el("line", x1=0, y1=100, x2=100, y2=0, class_="even")
    drawn = el("svg", el("polygon", points=points, class_="band"), middle, viewBox="0 0 100 100")
    return _with(drawn, width="100%", height="100%", preserveAspectRatio="none")


def _point(guess: Guess, scale: Axis, money: Money) -> Element:
    words = (
        f"{guess.repository}, {day(guess.day)}: expected {amount(money, guess.expected)}, "
        f"cost {amount(money, guess.spent)}"
    )
    place = {"cx": f"{scale.place(guess.expected):.2f}%", "cy": f"{100 - scale.place(guess.spent):.2f}%"}
    return el(
        "circle", el("title", words), **place, r=4 if guess.is_kept else 4.5, class_="kept" if guess.is_kept else "off"
    )


def meter(share: float, colour: str) -> Element:
    """A bar from left to right, for one share of a whole; the words beside it say the same."""
    width = f"{100 * min(max(share, 0.0), 1.0):.2f}%"
    bar = el("rect", width=width, height="100%", rx=3, class_=colour)
    return el(
        "svg", el("rect", width="100%", height="100%", rx=3, class_="track"), bar, class_="meter", aria_hidden="true"
    )


def stacked(shares: Sequence[tuple[float, str]]) -> Element:
    """Shares of one whole, side by side."""
    parts: list[Child] = []
    left = 0.0
    for share, colour in shares:
        parts.append(el("rect", x=f"{left:.2f}%", width=f"{100 * share:.2f}%", height="100%", class_=colour))
        left += 100 * share
    return el("svg", parts, class_="meter tall", aria_hidden="true")


def swatch(colour: str) -> Element:
    """The colour of a name."""
    fill = f"url(#{HATCH})" if colour == "assumed" else None
    return el(
        "svg",
        el("rect", width="100%", height="100%", rx=2, class_=colour, fill=fill),
        class_="swatch",
        aria_hidden="true",
    )


def _plot(told: str, scale: Axis, drawn: Sequence[Child], below: Sequence[Child], kind: str = "bars") -> Element:
    beside = [el("text", tick.label, x="100%", y=f"{100 - tick.at:.2f}%", dy=4) for tick in scale.ticks]
    return el(
        "div",
        el("svg", beside, class_="yaxis"),
        el("svg", drawn, class_="area"),
        el("svg", below, class_="xaxis"),
        class_=f"plot {kind}",
        role="img",
        aria_label=told,
    )


def _lines_across(scale: Axis) -> list[Child]:
    places = [f"{100 - tick.at:.2f}%" for tick in scale.ticks]
    return [el("line", x1="0%", x2="100%", y1=y, y2=y, class_="grid") for y in places]


def _lines_up(scale: Axis) -> list[Child]:
    places = [f"{tick.at:.2f}%" for tick in scale.ticks]
    return [el("line", x1=x, x2=x, y1="0%", y2="100%", class_="grid") for x in places]


def _with(element: Element, **attributes: str) -> Element:
    """With attributes whose names are written as they are."""
    return Element(element.tag, (*element.attributes, *attributes.items()), element.children)
