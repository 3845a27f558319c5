"""The page: it stands alone, runs nothing, and no name becomes markup."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from decimal import Decimal
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from rebuttal.budget.reports.html_report import to_html
from rebuttal.budget.reports.model import CostReport
from rebuttal.budget.reports.words import amount, percent, short
from rebuttal.budget.returns import Return, Returns, Silent
from rebuttal.store.currency import DOLLARS, Money
from rebuttal.store.database import Database
from rebuttal.store.model import Caps, ReviewCost
from rebuttal.store.spending import DaySpending
from tests.budget.reports.conftest import Reported, report, row
from tests.budget.reports.test_model import debate
from tests.demo_ledger import fill, insert, plausible

HOSTILE = "</title></style><script>alert(1)</script><img src=x onerror=alert(1)>\" onload='x' & \u202egnp.exe\x00"
_VOID = {"meta", "br"}


class Page(HTMLParser):
    """The elements of a page, checked for being closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        assert not self._open, f"never closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(self.words)

    def all(self, tag: str) -> Iterator[dict[str, str]]:
        return (attributes for name, attributes in self.elements if name == tag)


def hostile() -> CostReport:
    rows = (row(HOSTILE, "3"), row("plain", "1", assumed="1"))
    total = Return(HOSTILE, HOSTILE, Decimal(3), Decimal(1), 1, 2, 3)
    return report(
        rows=dict.fromkeys(("phase", "seat", "model", "repository"), rows),
        days=(DaySpending("2026-11-20", HOSTILE, Decimal(3), Decimal(0)),),
        reviews=2,
        repository=HOSTILE,
        names={HOSTILE: HOSTILE},
        costly=(ReviewCost(HOSTILE, HOSTILE, "2026-11-20", Decimal(3), Decimal(0), Decimal(0), 4),),
        debates=[debate("1", "3", review=HOSTILE), debate("1", "1")],
        returns=Returns(total, by_seat=(total,), silent=(Silent(HOSTILE, HOSTILE, HOSTILE, 9, Decimal(1)),)),
    )


def test_no_name_becomes_markup_and_what_does_not_show_is_named() -> None:
    text = to_html(hostile())
    page = Page(text)
    assert "<script" not in text
    assert "<img" not in text
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert "<script>alert(1)</script>" in page.text, "it is shown as it is called"
    assert "<U+202E>gnp.exe<U+0000>" in page.text
    assert "\u202e" not in text
    assert "\x00" not in text


def test_the_page_needs_nothing_and_allows_nothing(year: CostReport) -> None:
    text = to_html(year)
    page = Page(text)
    assert {name for name, _ in page.elements}.isdisjoint(
        {"script", "link", "img", "iframe", "object", "base", "form", "a"}
    )
    assert not re.search(r"https?:|//|@import|data:", text.replace("<!doctype html>", ""))
    assert not [1 for _, attributes in page.elements if {"style", "href", "src"} & attributes.keys()]
    assert re.findall(r"url\([^)]*\)", text) in ([], ["url(#hatch)"] * text.count("url(#hatch)"))
    style = text[text.index("<style>") + 7 : text.index("</style>")]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    (policy,) = [one["content"] for one in page.all("meta") if one.get("http-equiv") == "Content-Security-Policy"]
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert len(text) < 300_000


def test_every_chart_has_words_and_a_table_with_its_figures(year: CostReport) -> None:
    page = Page(to_html(year))
    charts = [attributes for _, attributes in page.elements if attributes.get("role") == "img"]
    assert len(charts) == 2
    assert all(len(one["aria-label"]) > 40 for one in charts)
    drawn = [attributes for attributes in page.all("svg") if attributes.get("aria-hidden") != "true"]
    assert len(drawn) == 3 * len(charts) + 1, "any other drawing says again what words beside it say"
    for bar in year.course.bars:
        if bar.cost:
            assert amount(DOLLARS, bar.cost) in page.text
    assert {one["scope"] for one in page.all("th")} == {"row", "col"}
    assert [name for name, _ in page.elements if name == "h1"] == ["h1"]
    assert next(page.all("html"))["lang"] == "en"


def test_what_is_left_and_what_to_do_is_said() -> None:
    text = Page(to_html(report(held_day=Decimal(5), held_month=Decimal(36), rows={"model": (row("haiku"),)}))).text
    assert "The cap of $5.00 for today is used up: no model is asked until tomorrow" in text
    assert "$36.00 of the cap of $50.00 for this month is used" in text
    assert "$14.00 left" in text


def test_an_empty_ledger_is_a_page_too(reported: Reported) -> None:
    page = Page(to_html(reported()))
    assert "Nothing was spent" in page.text
    assert "$5.00 left" in page.text
    assert not [one for _, one in page.elements if one.get("role") == "img"]


def test_one_call_is_a_page_too(database: Database, reported: Reported) -> None:
    only = next(plausible(30))
    insert(database, only.calls)
    page = Page(to_html(reported()))
    assert amount(DOLLARS, only.cost) in page.text


def test_a_ledger_in_which_all_was_free_is_a_page_too() -> None:
    told = report(rows={by: (row("local", "0"),) for by in ("phase", "seat", "model")}, debates=[debate("1", "0")])
    assert "local" in Page(to_html(told)).text


def test_huge_amounts_keep_their_places() -> None:
    huge = "123456789012.345678901"
    days = (DaySpending("2026-11-20", "opus", Decimal(huge), Decimal(0)),)
    told = report(rows={"model": (row("opus", huge, 10**9),)}, days=days, reviews=3, limits=Caps(day=Decimal(10**6)))
    text = Page(to_html(told)).text
    assert "$123,456,789,012.35" in text
    assert "$150G" in text


def test_five_hundred_repositories_are_folded() -> None:
    rows = {by: tuple(row(f"{number:04}") for number in range(500)) for by in ("model", "repository")}
    page = Page(to_html(report(rows=rows)))
    assert "492 more" in page.text
    assert len(list(page.all("details"))) == 2


def test_a_currency_of_the_user_is_on_the_axis_too(database: Database, reported: Reported) -> None:
    fill(database, days=3)
    from rebuttal.settings import Settings

    text = Page(to_html(reported(Settings(currency="EUR", exchange_rate=Decimal("0.5"))))).text
    assert "€2.50" in text
    assert "$" not in text


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("0.0312", "$0.0312"),
        ("0.445", "$0.4450"),
        ("0.5", "$0.50"),
        ("3.14159", "$3.15"),
        ("1234567.001", "$1,234,567.01"),
    ],
)
def test_amounts_are_rounded_up(value: str, written: str) -> None:
    assert amount(DOLLARS, Decimal(value)) == written
    assert amount(DOLLARS, Decimal("4.555"), is_saving=True) == "$4.55"
    assert amount(Money("EUR", Decimal(1)), Decimal("1234.5")).startswith("€1,234.5")


def test_shares_are_rounded_down() -> None:
    assert [percent(share) for share in (0, 0.001, 0.999, 1)] == ["0 %", "<1 %", "99 %", "100 %"]
    assert [short(count) for count in (999, 1000, 1_500_000, 2 * 10**9)] == ["999", "1k", "1.5M", "2G"]


def _light_and_dark(style: str) -> list[dict[str, str]]:
    blocks = re.findall(r":root[^{]*\{([^}]*)\}", style)
    found = [dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", block)) for block in blocks]
    return [block for block in found if block]


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_contrasts_are_those_of_wcag_aa(year: CostReport) -> None:
    """WCAG 2.2: 4.5 for text (1.4.3), 3 for what a chart is made of (1.4.11)."""
    schemes = _light_and_dark(to_html(year))
    assert len(schemes) == 3
    assert schemes[1] == schemes[2], "dark by the system and dark by the editor are one"
    for colours in schemes:
        for text in ("ink", "soft", "accent", "good", "warn", "bad"):
            for behind in ("page", "card"):
                assert _contrast(colours[text], colours[behind]) >= 4.5, (text, behind)
        for behind in ("warnback", "badback", "track"):
            assert _contrast(colours["ink"], colours[behind]) >= 4.5, behind
        for part in ("s0", "s1", "s2", "s3", "s4", "bad"):
            assert _contrast(colours[part], colours["card"]) >= 3, part


def test_headings_skip_no_level(year: CostReport) -> None:
    levels = [int(name[1]) for name, _ in Page(to_html(year)).elements if re.fullmatch(r"h\d", name)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
