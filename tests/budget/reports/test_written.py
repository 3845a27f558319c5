"""The report as text, JSON and CSV, and the file that the page is kept in."""

from __future__ import annotations

import csv
import io
import json
import stat
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from rebuttal.budget.reports.csv_report import to_csv
from rebuttal.budget.reports.files import NAME, keep
from rebuttal.budget.reports.json_report import to_json
from rebuttal.budget.reports.model import CostReport, Period
from rebuttal.budget.reports.text_report import to_text
from rebuttal.store.currency import Money
from rebuttal.store.model import Caps, Tokens
from rebuttal.text.hidden import in_json
from tests.budget.reports.conftest import report, row
from tests.budget.reports.test_html import HOSTILE, hostile

FORMULAS = ("=HYPERLINK(A1)", "+1", "-1", "@SUM(A1)", "\t=1", '=cmd|" /C calc"!A0')


def lines(told: CostReport, by: str = "model") -> list[str]:
    return to_text(told, by).splitlines()  # type: ignore[arg-type]  # a name of a group


def test_columns_stand_under_each_other_and_what_nobody_has_is_left_out() -> None:
    rows = (row("haiku", "0.5", 12345), row("claude-opus-5-5", "1234.56789", 1))
    _, _, _, head, first, second, total, *_ = lines(report(rows={"model": rows}))
    assert head.split() == ["model", "spent", "share", "calls", "cache", "read"]
    assert first.split() == ["claude-opus-5-5", "1,234.5679", "99", "%", "1", "75", "%"]
    assert second.split() == ["haiku", "0.5000", "<1", "%", "12,345", "75", "%"]
    assert total.split()[:2] == ["all", "1,235.0679"]
    assert len({len(line) for line in (head, first, second, total)}) == 1


def test_days_stand_in_their_order() -> None:
    rows = (row("2026-11-01", "1"), row("2026-11-02", "3"))
    assert [line.split()[0] for line in lines(report(rows={"day": rows}), "day")[4:6]] == ["2026-11-01", "2026-11-02"]


def test_what_is_left_is_rounded_down_and_what_is_used_up() -> None:
    first, second, *_ = lines(report(held_day=Decimal("0.44499"), held_month=Decimal(60)))
    assert first.split() == ["today", "$0.4450", "of", "$5.00", "$4.55", "left"]
    assert second.split() == ["this", "month", "$60.00", "of", "$50.00", "$0.00", "left"]


def test_a_month_without_a_cap_has_none() -> None:
    assert lines(report(limits=Caps(day=Decimal(5))))[1].split() == ["this", "month", "$0.00", "no", "cap"]


def test_amounts_are_in_the_currency_of_the_user_but_for_programs() -> None:
    told = report(rows={"model": (row("opus", "2", assumed="1"),)}, money=Money("EUR", Decimal("0.5")))
    assert "€1.00" in lines(told)[4]
    assert to_json(told)["rows"]["model"][0]["spent"] == "2"
    assert ",2,1,0,1," in to_csv(told, "model")


def test_no_name_steers_the_terminal() -> None:
    text = to_text(hostile(), "repository")
    assert "\x00" not in text
    assert "\u202e" not in text
    assert max(map(len, text.splitlines()[4:8])) < 120, "the table keeps its columns"
    assert "\u202e" not in in_json(to_json(hostile()))


def test_an_empty_time_is_said() -> None:
    assert lines(report(period=Period()))[-1] == "No call has been made yet."
    assert lines(report(repository="x"))[-1] == "No call was paid for in that time and place."


@pytest.mark.parametrize("name", FORMULAS)
def test_no_name_is_a_formula(name: str) -> None:
    told = report(rows={"repository": (row("a1"),), "seat": (row(name),)}, names={"a1": name})
    for by in ("repository", "seat"):
        (cells,) = csv.DictReader(io.StringIO(to_csv(told, by)))
        shown = cells["name"] if by == "repository" else cells["seat"]
        assert shown[0] in ("'", "<"), "text to a spreadsheet"


def test_csv_is_rfc_4180() -> None:
    text = to_csv(report(rows={"seat": (row('say "x", y'), row(HOSTILE))}), "seat")
    assert text.endswith("\r\n")
    assert '"say ""x"", y",1,0,0,1,' in text
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert len({len(cells) for cells in rows}) == 1
    assert not text.startswith("\ufeff")


def test_csv_that_is_not_ascii_is_told_to_be_utf_8() -> None:
    told = report(rows={"repository": (row("a1"),)}, names={"a1": "Zürich"})
    assert to_csv(told, "repository").encode("utf-8").startswith(b"\xef\xbb\xbfrepository,name,")


def test_small_and_huge_amounts_have_no_exponent() -> None:
    told = report(rows={"model": (row("a", "0.000000001"), row("b", "123456789012345"))})
    assert "\r\na,0.000000001," in to_csv(told, "model").replace("b,123456789012345,0,0", "")
    assert [one["spent"] for one in to_json(told)["rows"]["model"]] == ["0.000000001", "123456789012345"]
    json.dumps(to_json(told))


def test_tokens_are_counted_in_full(year: CostReport) -> None:
    told = to_json(year)
    sums = Tokens()
    for one in told["rows"]["seat"]:
        sums += Tokens(**one["tokens"])
    assert vars_of(sums) == told["totals"]["tokens"]


def vars_of(tokens: Tokens) -> dict[str, int]:
    return {name: getattr(tokens, name) for name in ("input", "cache_write", "cache_read", "output")}


def test_the_page_replaces_the_last_one_whole(tmp_path: Path) -> None:
    assert keep(tmp_path, "one") == keep(tmp_path, "two")
    (only,) = (tmp_path / "reports").iterdir()
    assert (only.name, only.read_text("utf-8")) == (NAME, "two")
    if sys.platform != "win32":
        assert stat.S_IMODE(only.stat().st_mode) == 0o600


def test_the_page_is_put_elsewhere_where_the_home_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("a file where the folder should be", "utf-8")
    path = keep(tmp_path, "page")
    assert not path.is_relative_to(tmp_path)
    assert path.read_text("utf-8") == "page"
    if sys.platform != "win32":
        assert (stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(path.parent.stat().st_mode)) == (0o600, 0o700)
    path.unlink()
    path.parent.rmdir()


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_where_the_page_should_be_is_replaced_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "precious"
    elsewhere.write_text("mine", "utf-8")
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / NAME).symlink_to(elsewhere)
    assert keep(tmp_path, "page").read_text("utf-8") == "page"
    assert elsewhere.read_text("utf-8") == "mine"
