"""The parts of the page, each from the report alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rebuttal.budget.reports import charts
from rebuttal.budget.reports.accuracy import BAND, Guess
from rebuttal.budget.reports.markup import Child, Element, el
from rebuttal.budget.reports.model import Budget, CostReport, Line, largest_first
from rebuttal.budget.reports.tables import folded, table
from rebuttal.budget.reports.words import amount, day, number, percent, short, span, spoken
from rebuttal.store.model import LedgerKey

_SHOWN = 8
"""Rows of a group that stand in the open; the rest is folded."""
_FOLDED = 200
"""Rows that are folded: a page stays a page. JSON and CSV have all."""
_ENOUGH = 5
"""Debates from which on a share of them is told as a figure."""
_STATES = {"open": "", "near": "nearly used up", "reached": "used up"}


def figures(report: CostReport) -> Element:
    """The numbers to look at first."""
    summary, money = report.summary, report.money
    cells = [_spent(report)]
    if summary.per_review is not None:
        most = f"the most expensive {amount(money, report.costly[0].cost)}" if report.costly else None
        cells.append(_figure("Per review", amount(money, summary.per_review), most))
    if summary.read is not None:
        cells.append(_figure("Prompt from cache", percent(summary.read), _saved(report)))
    if report.accuracy.share is not None and len(report.accuracy.guesses) >= _ENOUGH:
        known = len(report.accuracy.guesses)
        of = f"of {number(known)} debates cost what was expected, ±{percent(float(BAND))}"
        cells.append(_figure("Estimates kept", percent(report.accuracy.share), of))
    total = report.returns.total
    if total.per_accepted is not None:
        said = f"{number(total.accepted)} of {number(total.shown)} findings were acted upon"
        cells.append(_figure("Per finding acted upon", amount(money, total.per_accepted), said))
    return el("dl", cells, class_="figures")


def _spent(report: CostReport) -> Element:
    summary = report.summary
    noun = "review" if summary.reviews == 1 else "reviews"
    note = f"{number(summary.reviews)} {noun}, {number(summary.calls)} calls"
    if summary.assumed:
        note += f"; {amount(report.money, summary.assumed)} of it assumed"
    return _figure("Spent", amount(report.money, summary.cost), note, "lead")


def _saved(report: CostReport) -> str | None:
    saved = report.summary.cache.saved
    if saved > 0:
        return f"{amount(report.money, saved, is_saving=True)} saved by it"
    return f"{amount(report.money, -saved)} spent on writing it" if saved < 0 else None


def _figure(name: str, value: str, note: str | None, kind: str = "") -> Element:
    said = el("dd", note, class_="note") if note else None
    return el("div", el("dt", name), el("dd", value, class_="value"), said, class_=f"figure {kind}".strip())


def budgets(report: CostReport) -> Element:
    """What is left of each cap, now."""
    first = [one for one in report.budgets if one.kind != "repository"]
    repositories = [one for one in report.budgets if one.kind == "repository"]
    cards = [_budget(one, report) for one in (*first, *repositories[:4])]
    return el("div", cards, _each(report), class_="grid budgets")


def _each(report: CostReport) -> Element | None:
    """Caps that every review and every call has for itself."""
    limits, money = report.limits, report.money
    if limits.review is None:
        return None
    others = [(limits.call, "a call"), (limits.hour, "an hour")]
    said = [f"{name} at most {amount(money, cap)}" for cap, name in others if cap is not None]
    if report.costly:
        said.append(f"the most expensive so far cost {amount(money, report.costly[0].cost)}")
    return el(
        "section",
        el("h2", "Each review"),
        el("p", el("span", f"{amount(money, limits.review)} at most", class_="left"), class_="amounts"),
        el("p", "; ".join(said), class_="meta") if said else None,
        class_="card",
    )


def _budget(budget: Budget, report: CostReport) -> Element:
    money = report.money
    names = {"day": "Today", "month": "This month", "repository": f"{budget.name}, this month"}
    if budget.cap is None or budget.left is None:
        body: Child = el("p", f"{amount(money, budget.used)} used, without a cap", class_="soft")
    else:
        tag = el("span", _STATES[budget.state], class_=f"tag {budget.state}") if _STATES[budget.state] else None
        body = [
            el(
                "p",
                el("span", f"{amount(money, budget.left, is_saving=True)} left", class_="left"),
                tag,
                class_="amounts",
            ),
            charts.meter(budget.share, budget.state),
            el("p", f"{amount(money, budget.used)} of {amount(money, budget.cap)} used", class_="meta"),
        ]
    return el("section", el("h2", names[budget.kind]), body, class_="card")


def course(report: CostReport) -> Element:
    """Spending over time, by model."""
    money, shown = report.money, report.course
    legend = [
        el("li", charts.swatch(f"s{place}"), el("span", f"{name} {amount(money, cost)}"))
        for place, (name, cost) in enumerate(zip(shown.models, shown.by_model, strict=True))
    ]
    if report.summary.assumed:
        legend.append(el("li", charts.swatch("assumed"), f"assumed {amount(money, report.summary.assumed)}"))
    return el(
        "section",
        el("h2", f"Spending by {shown.unit}"),
        charts.bars(shown, money),
        el("ul", legend, class_="legend"),
        folded(f"The figures by {shown.unit}", _course_table(report)),
        class_="card wide",
    )


def _course_table(report: CostReport) -> Element:
    money, shown = report.money, report.course
    assumed = any(bar.assumed for bar in shown.bars)
    rows = [
        (
            span(bar, shown.unit),
            [
                *(amount(money, value) if value else "" for value in bar.by_model),
                *([amount(money, bar.assumed) if bar.assumed else ""] if assumed else []),
                amount(money, bar.cost),
            ],
        )
        for bar in shown.bars
        if bar.cost
    ]
    heads = (shown.unit.capitalize(), *shown.models, *(["Assumed"] if assumed else []), "All")
    return table(heads, rows, narrow=True)


def group(report: CostReport, by: LedgerKey, title: str, words: Callable[[str], str] = str) -> Element | None:
    """What each of a group has cost, largest first, as bars that are a table."""
    lines = largest_first(report.groups.get(by, ()))
    if not lines:
        return None
    shown, rest = lines[:_SHOWN], lines[_SHOWN : _SHOWN + _FOLDED]
    more = folded(f"{number(len(lines) - _SHOWN)} more", _shares(rest, lines[0], report, by, words)) if rest else None
    return el("section", el("h2", title), _shares(shown, lines[0], report, by, words), more, class_="card")


def _shares(lines: Sequence[Line], largest: Line, report: CostReport, by: str, words: Callable[[str], str]) -> Element:
    rows = [_share(line, largest, report, words) for line in lines]
    return el(
        "table",
        el("caption", f"Cost by {by}, its share of the whole, and calls", class_="unseen"),
        el("tbody", rows),
        class_="share",
    )


def _share(line: Line, largest: Line, report: CostReport, words: Callable[[str], str]) -> Element:
    calls = "1 call" if line.row.calls == 1 else f"{number(line.row.calls)} calls"
    parts = [calls, f"{short(line.row.tokens.prompt + line.row.tokens.output)} tokens"]
    parts += [f"{percent(line.read)} of the prompt from cache"] if line.read is not None else []
    parts += [f"{amount(report.money, line.row.assumed)} assumed"] if line.row.assumed else []
    share = float(line.cost / largest.cost) if largest.cost else 0.0
    name = el(
        "th",
        el("span", words(line.title), class_="name"),
        charts.meter(share, "s0"),
        el("span", ", ".join(parts), class_="meta"),
        scope="row",
    )
    cost = el("td", amount(report.money, line.cost), el("div", percent(line.of_money), class_="meta"), class_="n")
    return el("tr", name, cost)


def accuracy(report: CostReport) -> Element | None:
    """Estimates against what debates cost."""
    found = report.accuracy
    if not found.guesses or not any(guess.spent for guess in found.guesses):
        return None
    money = report.money
    middle = f"{found.middle:.2f}" if found.middle is not None else "-"
    within = percent(float(BAND))
    kept = (
        f"{percent(found.share or 0)} of {number(len(found.guesses))} debates cost within {within} of what was "
        f"expected; {number(found.cheaper)} cost less than that, {number(found.dearer)} more."
    )
    together = (
        f"Together {amount(money, found.expected)} was expected and {amount(money, found.spent)} spent; the middle "
        f"debate cost {middle} times its estimate."
    )
    facts = [kept, together]
    if found.left_out:
        facts.append(f"{number(found.left_out)} that were cut short or lost a call's usage are not counted.")
    legend = [
        el("li", _dot("kept"), "estimate kept"),
        el("li", _dot("off"), "missed"),
    ]
    off = _furthest(found.furthest, report) if found.furthest else None
    return el(
        "section",
        el("h2", "Estimate against actual"),
        el("p", "Each point is a debate: the expected cost to the right, the actual one upwards.", class_="soft"),
        charts.scatter(found, money),
        el("ul", legend, class_="legend"),
        [el("p", fact, class_="says") for fact in facts],
        off,
        class_="card",
    )


def _dot(kind: str) -> Element:
    return el("svg", el("circle", cx=5.5, cy=5.5, r=4.2, class_=kind), class_="swatch", aria_hidden="true")


def _furthest(guesses: Sequence[Guess], report: CostReport) -> Element:
    money = report.money
    rows = [
        (
            f"{guess.repository}, {day(guess.day)}",
            [amount(money, guess.expected), amount(money, guess.spent), f"{guess.ratio:.2f}"],
        )
        for guess in guesses
    ]
    return folded("Those that missed by most", table(("Debate", "Expected", "Cost", "Times"), rows))


def costly(report: CostReport) -> Element | None:
    """The most expensive reviews."""
    if not report.costly:
        return None
    money = report.money
    rows = [
        (
            [
                el("span", one.repository, class_="name"),
                el("span", f"{day(one.day)}, review ", el("code", one.review), class_="meta"),
            ],
            [
                number(one.calls),
                amount(money, one.expected) if one.expected is not None else "-",
                amount(money, one.cost),
            ],
        )
        for one in report.costly
    ]
    figures_of = table(("Review", "Calls", "Expected", "Cost"), rows, aside=(1,))
    return el("section", el("h2", "The most expensive reviews"), figures_of, class_="card")


def cache(report: CostReport) -> Element | None:
    """What the prompt cache did."""
    summary = report.summary
    if not summary.tokens.prompt:
        return None
    tokens = summary.tokens
    whole = tokens.prompt
    shares = [
        ("read from cache", tokens.cache_read, "s1"),
        ("written to it", tokens.cache_write, "s2"),
        ("sent without", tokens.input, "s4"),
    ]
    legend = [
        el("li", charts.swatch(colour), el("span", f"{name}: {short(count)} tokens, {percent(count / whole)}"))
        for name, count, colour in shares
    ]
    facts = []
    if summary.cache.rate is not None:
        facts.append(f"Of what should have been read from the cache, {percent(summary.cache.rate)} was.")
    if (saved := _saved(report)) is not None:
        facts.append(f"{saved[:1].upper()}{saved[1:]}, against the same tokens without a cache.")
    missed = ", ".join(
        f"{reason} ({number(count)})" for reason, count in sorted(summary.cache.missed.items(), key=lambda one: -one[1])
    )
    if missed:
        facts.append(f"Calls that read less than expected, by reason: {missed}.")
    return el(
        "section",
        el("h2", "Prompt cache"),
        charts.stacked([(count / whole, colour) for _, count, colour in shares]),
        el("ul", legend, class_="legend"),
        [el("p", fact, class_="says") for fact in facts],
        class_="card",
    )


def assumed(report: CostReport) -> Element | None:
    """Calls whose usage will never be known, and how to release them."""
    if not report.assumed:
        return None
    money = report.money
    rows = [
        (
            [
                el("span", f"Call {one.id}", class_="name"),
                el("span", f"{one.repository}, {one.day}, {spoken(one.seat)}, {one.model}", class_="meta"),
            ],
            [amount(money, one.amount)],
        )
        for one in report.assumed[:_FOLDED]
    ]
    more = len(report.assumed) - _FOLDED
    return el(
        "section",
        el("h2", "Assumed amounts"),
        el(
            "p",
            "The usage of these calls will never be known, so their worst case counts against your caps. Where the "
            "service's own bill shows that one cost nothing, release it in a terminal: ",
            el("code", "rebuttal ledger --release CALL"),
            ", or ",
            el("code", "all"),
            " for all of them.",
            class_="soft",
        ),
        table(("Call", "Worst case"), rows),
        el("p", f"{number(more)} more: rebuttal ledger --format json has all.", class_="meta") if more > 0 else None,
        class_="card",
    )
