"""The report as one page that needs nothing else: no script, no font, no address, no network.

A policy in its head forbids all of that as well, whatever a name in the ledger may hold.
"""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files

from rebuttal.budget.reports import charts, sections
from rebuttal.budget.reports.brought import brought
from rebuttal.budget.reports.markup import Element, el, render
from rebuttal.budget.reports.model import CostReport
from rebuttal.budget.reports.notes import notes
from rebuttal.budget.reports.tables import said
from rebuttal.budget.reports.words import day, spoken


def to_html(report: CostReport) -> str:
    """The whole page, UTF-8."""
    style = files("rebuttal.budget.reports").joinpath("report.css").read_text("utf-8")
    body = el("body", charts.patterns(), el("main", _header(report), _notes(report), _parts(report), _footer(report)))
    return render(el("html", _head(style), body, lang="en"), style)


def _head(style: str) -> Element:
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=policy),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="referrer", content="no-referrer"),
        el("meta", name="color-scheme", content="light dark"),
        el("title", "Rebuttal: cost report"),
        el("style"),
    )


def _header(report: CostReport) -> Element:
    about = [el("div", _period(report))]
    if report.repository is not None:
        about.append(el("div", f"only {report.repository}"))
    made = report.made_at
    about.append(el("div", f"made {day(made.date())}, {made:%H:%M} {made:%Z}".rstrip()))
    bubble = "M2 3.5h9.5v6.5H7.2L4.6 12.3V10H2z"
    answer = "M8.8 12.2v1.3h4.4l2.6 2.3v-2.3H18V7h-3.6"
    mark = el(
        "svg",
        el("path", d=bubble, class_="mark"),
        el("path", d=answer, class_="mark2"),
        viewBox="0 0 20 18",
        aria_hidden="true",
    )
    title = el("div", el("div", mark, "Rebuttal", class_="brand"), el("h1", "Cost report"))
    return el("header", title, el("div", about, class_="about"))


def _period(report: CostReport) -> str:
    since, until = report.period.since, report.period.until
    bars = report.course.bars
    first = since or (bars[0].first if bars else None)
    if first is None:
        return "no review has been paid for yet"
    last = until or report.made_at.date()
    return f"{day(first)} to {day(last)}" if first != last else day(first)


def _notes(report: CostReport) -> Element | None:
    found = notes(report)
    if not found:
        return None
    return el("ul", [el("li", said(one.text), class_="bad" if one.is_bad else None) for one in found], class_="notes")


def _parts(report: CostReport) -> list[Element | None]:
    if not report.summary.calls and not report.summary.reserved:
        return [sections.budgets(report), _empty()]
    # Two columns of about the same height.
    left = (
        sections.group(report, "phase", "By phase", spoken),
        sections.group(report, "model", "By model"),
        sections.group(report, "repository", "By repository"),
        sections.costly(report),
        sections.assumed(report),
    )
    right = (
        sections.group(report, "user", "By user"),
        sections.group(report, "seat", "By seat", spoken),
        sections.accuracy(report),
        brought(report),
        sections.cache(report),
    )
    return [
        sections.figures(report),
        sections.budgets(report),
        sections.course(report) if report.course.bars else None,
        el("div", _stack(*left), _stack(*right), class_="grid"),
    ]


def _stack(*parts: Element | None) -> Element:
    """One column: what stands in it does not wait for its neighbours."""
    return el("div", parts, class_="stack")


def _empty() -> Element:
    return el(
        "section",
        el("h2", "Nothing was spent"),
        el(
            "p",
            "No call was paid for in this time. A review that asks models appears here; static findings are free.",
            class_="soft",
        ),
        class_="card wide empty",
    )


def _footer(report: CostReport) -> Element:
    prices = report.prices
    said = None
    if prices is not None:
        said = el("p", f"Prices: {prices.words}.")
    return el(
        "footer",
        said,
        el("p", "Amounts are rounded up. Days, weeks and months are yours, by this machine's clock."),
        el("p", "This page holds no scripts and loads nothing; it is as private as the file that it is in."),
    )
