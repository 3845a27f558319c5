"""Tables, folds and sentences of the page."""

from __future__ import annotations

from collections.abc import Sequence

from rebuttal.budget.reports.markup import Child, Element, el


def said(sentence: str) -> list[Child]:
    """A sentence; what stands between back quotes in it is for a terminal or a file."""
    return [el("code", part) if place % 2 else part for place, part in enumerate(sentence.split("`"))]


def table(
    heads: Sequence[str],
    rows: Sequence[tuple[Child, Sequence[Child]]],
    *,
    aside: Sequence[int] = (),
    narrow: bool = False,
) -> Element:
    """The first column is text and names its row, the others are figures. `aside`: columns that a narrow screen leaves
    out; `narrow`: all between the first and the last."""
    hidden = set(range(1, len(heads) - 1)) if narrow else set(aside)

    def kind(column: int) -> str:
        return "n aside" if column in hidden else "n"

    head: list[Child] = [el("th", heads[0], scope="col")]
    head += [el("th", one, scope="col", class_=kind(place)) for place, one in enumerate(heads[1:], 1)]
    body = [
        el(
            "tr",
            el("th", name, scope="row"),
            [el("td", cell, class_=kind(place)) for place, cell in enumerate(cells, 1)],
        )
        for name, cells in rows
    ]
    return el("table", el("thead", el("tr", head)), el("tbody", body), class_="names" if narrow else None)


def folded(name: str, inside: Child) -> Element:
    return el("details", el("summary", name), inside)
