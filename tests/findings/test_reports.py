"""The three reports: JSON by our schema, SARIF by OASIS', text by what a developer must be able to read."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator, Draft202012Validator
from referencing import Registry, Resource

from rebuttal.change.model import Skipped
from rebuttal.findings.model import CellRange, Finding, Fix, Related, TextEdit, TraceStep
from rebuttal.findings.report import (
    Coverage,
    Degraded,
    EstimateTotal,
    New,
    NotSpent,
    Report,
    Reviewed,
    ScopeReport,
    Timing,
)
from rebuttal.findings.reports.json_report import to_json
from rebuttal.findings.reports.sarif_report import to_sarif
from rebuttal.findings.reports.text_report import to_text
from rebuttal.findings.wire import finding_from_json, finding_to_json
from rebuttal.store.model import CacheSum, Cost, Spent, Tokens
from tests.findings.conftest import findings, make_finding, money, paths, span, tuples, words

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "docs" / "schemas"


def schema(name: str) -> Draft202012Validator:
    found = {path.name: json.loads(path.read_text("utf-8")) for path in SCHEMAS.glob("*.schema.json")}
    registry: Registry[Any] = Registry().with_resources(
        (file, Resource.from_contents(contents)) for file, contents in found.items()
    )
    return Draft202012Validator(found[name], registry=registry)


REVIEW, FINDING = schema("review.schema.json"), schema("finding.schema.json")
SARIF = Draft4Validator(json.loads((Path(__file__).parent / "data" / "sarif-schema-2.1.0.json").read_text("utf-8")))

counts = st.integers(0, 10**9)
token_counts = st.builds(Tokens, counts, counts, counts, counts)
shares = st.dictionaries(st.sampled_from(["opening", "triage"]), st.builds(Spent, money, counts, token_counts))
cached = st.builds(
    lambda expected, missing, saved, missed: CacheSum(expected, max(expected - missing, 0), saved, missed),
    *(counts, counts, st.decimals(-1000, 1000, places=9)),
    st.dictionaries(st.sampled_from(["dropped", "expired"]), st.integers(1, 9)),
)
reports = st.builds(
    Report,
    scope=st.builds(
        ScopeReport, st.sampled_from(["working", "staged", "branch", "commit", "range", "file"]), words, words, words
    ),
    panel=st.sampled_from(["static", "small", "medium", "large"]),
    findings=tuples(findings),
    held_back=tuples(findings),
    coverage=st.builds(
        Coverage,
        tuples(st.builds(Reviewed, paths, counts, st.none() | counts)),
        tuples(st.builds(Skipped, paths, words.filter(bool), st.none() | counts)),
        st.none() | st.builds(New, st.datetimes(timezones=st.just(UTC)), counts, counts, counts, counts),
    ),
    degraded=tuples(st.builds(Degraded, words, words, words)),
    estimate=st.builds(EstimateTotal, money, money),
    cost=st.builds(Cost, money, money, token_counts, counts, shares, shares, shares, cached),
    timing=st.builds(Timing, counts, counts, counts, counts, counts),
    not_spent=st.none() | st.sampled_from(get_args(NotSpent)),
    notes=tuples(words),
)


def report(*given_findings: Finding, **changes: Any) -> Report:
    tokens = Tokens(input=2_000, cache_write=9_000, cache_read=27_000, output=3_100)
    values: dict[str, Any] = {
        "scope": ScopeReport("working", "3f2a1bc0" * 5, "HEAD", "work tree"),
        "panel": "small",
        "findings": given_findings,
        "held_back": (),
        "coverage": Coverage((Reviewed("shop/cart.py", 2), Reviewed("shop/views.py", 1))),
        "degraded": (),
        "estimate": EstimateTotal(Decimal("0.04"), Decimal("1.00")),
        "cost": Cost(
            Decimal("0.0312"), Decimal(0), tokens, 7, {"opening": Spent(Decimal("0.0200"), 3, tokens)}, {}, {}
        ),
        "timing": Timing(total_ms=12_345),
    }
    return Report(**{**values, **changes})


# JSON


def test_json_says_what_the_cache_did() -> None:
    cost = Cost(cache=CacheSum(1000, 996, Decimal("-0.00010"), {"dropped": 1}))
    assert to_json(report(cost=cost))["cost"]["cache"] == {
        "expected": 1000,
        "read": 996,
        "rate": 0.996,
        "saved": "-0.0001",
        "missed": {"dropped": 1},
    }
    assert to_json(report())["cost"]["cache"]["rate"] is None


@given(reports)
@settings(max_examples=50)
def test_any_report_obeys_the_published_schema(any_report: Report) -> None:
    REVIEW.validate(json.loads(json.dumps(to_json(any_report))))


@given(findings)
@settings(max_examples=50)
def test_any_finding_obeys_the_published_schema(finding: Finding) -> None:
    FINDING.validate(finding_to_json(finding))


def test_the_schema_refuses_what_it_should() -> None:
    assert not FINDING.is_valid({**finding_to_json(make_finding()), "file": "/home/me/cart.py"})
    assert not FINDING.is_valid({**finding_to_json(make_finding()), "severity": "awful"})
    assert not REVIEW.is_valid({**to_json(report()), "findings": [{}]})


def test_json_has_the_contracts_fields() -> None:
    given_json = to_json(report(make_finding()))
    contract = ["schema", "scope", "panel", "findings", "held_back", "coverage", "degraded", "cost", "timing"]
    assert [key for key in given_json if key in contract] == contract
    cost = given_json["cost"]
    assert list(cost)[:6] == ["currency", "estimate", "spent", "assumed", "tokens", "calls"]
    assert list(cost)[6:] == ["by_phase", "by_seat", "by_model", "cache"]
    assert (cost["spent"], cost["assumed"], cost["calls"]) == ("0.0312", "0", 7)
    assert cost["by_phase"]["opening"]["spent"] == "0.02"
    assert finding_from_json(given_json["findings"][0]) == make_finding()


# SARIF


@given(reports)
@settings(max_examples=30)
def test_any_report_is_valid_sarif(any_report: Report) -> None:
    SARIF.validate(json.loads(json.dumps(to_sarif(any_report))))


def test_sarif_places_a_result_where_the_finding_stands(rich_finding: Finding) -> None:
    run = to_sarif(report(rich_finding))["runs"][0]
    result = run["results"][0]
    assert run["columnKind"] == "utf16CodeUnits"
    assert result["level"] == "error"
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "debate:correctness"
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "shop/cart.py"
    assert (place["region"]["startLine"], place["region"]["startColumn"]) == (12, 5)
    assert (place["region"]["endLine"], place["region"]["endColumn"]) == (12, 39)
    assert result["partialFingerprints"] == {"rebuttalFindingId/v1": rich_finding.id}
    assert result["relatedLocations"][0]["message"]["text"] == "called here for a new cart"
    replacement = result["fixes"][0]["artifactChanges"][0]["replacements"][0]
    assert replacement["deletedRegion"] == {"startLine": 12, "startColumn": 1, "endLine": 12, "endColumn": 37}


def test_sarif_suppresses_what_is_dismissed_and_leaves_out_what_is_fixed() -> None:
    results = to_sarif(report(make_finding(status="dismissed"), make_finding(status="fixed")))["runs"][0]["results"]
    assert [result.get("suppressions") for result in results] == [[{"kind": "external", "status": "accepted"}]]


def test_sarif_of_a_degraded_review_is_no_success() -> None:
    degraded = report(degraded=(Degraded("architect", "opening", "the service was overloaded"),))
    invocation = to_sarif(degraded)["runs"][0]["invocations"][0]
    assert invocation["executionSuccessful"] is False
    assert "overloaded" in invocation["toolExecutionNotifications"][0]["message"]["text"]
    assert to_sarif(report())["runs"][0]["invocations"][0]["executionSuccessful"] is True


def test_sarif_paths_are_escaped_and_a_models_words_make_no_link() -> None:
    finding = make_finding(file="a b/ü#.py", message="see [this](https://evil.example)", side="file")
    result = to_sarif(report(finding))["runs"][0]["results"][0]
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "a%20b/%C3%BC%23.py", "uriBaseId": "SRCROOT"}
    }
    assert "](" not in result["message"]["text"]


# Text


def test_the_text_report_reads_well(rich_finding: Finding) -> None:
    low = make_finding(
        file="shop/views.py",
        severity="low",
        rule="ruff:F401",
        source="static",
        verdict="static",
        title="`os` is imported but not used",
        message="",
        quote="import os",
        range=span(0, 7, 9),
        raised_by=(),
    )
    skipped = (Skipped("package-lock.json", "lock file"), Skipped("yarn.lock", "lock file"))
    coverage = Coverage((Reviewed("shop/cart.py", 2), Reviewed("shop/views.py", 1)), skipped)
    text = to_text(report(low, rich_finding, coverage=coverage), colour=False, width=100)
    assert (
        text
        == """\
shop/cart.py:12:5 high An empty cart divides by zero
    12 | return sum(prices) / len(prices)
    average_price() is called for new carts, which hold no prices yet.
    raised by code-reviewer · confirmed by architect · certain · debate:correctness · $0.0164
    see shop/views.py:31:9  called here for a new cart
    fix - return sum(prices) / len(prices)
        + return sum(prices) / len(prices) if prices else Decimal(0)

shop/views.py:1:8 low `os` is imported but not used
    1 | import os
    ruff:F401

Not reviewed
  package-lock.json, yarn.lock: lock file

2 findings (1 high, 1 low) · 2 files, 3 hunks reviewed · 12.3 s
working change against HEAD, small panel
cost $0.0312 (expected $0.04, at most $1.00) · 7 calls · 38,000 tokens in (27,000 from the cache),
3,100 out
"""
    )


@pytest.mark.parametrize(
    ("cache", "line"),
    [
        (CacheSum(1000, 999, Decimal("0.012399")), "cache: 99 % of the shared context read from cache, $0.0123 saved"),
        (CacheSum(0, 0, Decimal("-0.00121")), "cache: $0.0013 spent on writing it"),
        (CacheSum(10, 0, Decimal(0)), "cache: 0 % of the shared context read from cache"),
    ],
)
def test_text_says_in_a_line_what_the_cache_did(cache: CacheSum, line: str) -> None:
    text = to_text(report(cost=Cost(Decimal("0.03"), calls=7, cache=cache)), colour=False, width=100)
    assert text.splitlines()[-1] == line


def test_text_is_silent_about_a_cache_that_was_not_used() -> None:
    assert "cache:" not in to_text(report(), colour=False, width=100)


def test_no_key_is_told_with_the_price_of_a_debate() -> None:
    text = to_text(report(panel="static", cost=Cost(), not_spent="no_key"), colour=False, width=200)
    assert "No findings · " in text
    assert "cost $0.00 · no model was asked: there is no API key · a debate: about $0.04, at most $1.00" in text


def test_a_degraded_review_without_findings_is_not_called_clean() -> None:
    text = to_text(
        report(degraded=(Degraded("architect", "cross_examination", "the service was overloaded"),)),
        colour=False,
        width=80,
    )
    assert text.startswith("Failed\n  architect (cross examination): the service was overloaded\n")
    assert "No findings in what could be reviewed" in text


def test_what_is_new_since_the_last_review_is_one_line() -> None:
    since = datetime(2026, 11, 22, 12, 4).astimezone()
    reviewed = (Reviewed("shop/cart.py", 10, 3),)

    def line(new: New) -> str:
        text = to_text(report(coverage=Coverage(reviewed, new=new)), colour=False, width=100)
        (found,) = [one for one in text.splitlines() if "since" in one]
        return found

    assert line(New(since, 2, 1, 0, 7)) == "3 hunks new since the last review (2026-11-22 12:04), 7 unchanged"
    assert line(New(since, 0, 1, 4, 0)) == "1 hunk new since the last review (2026-11-22 12:04), 0 unchanged, 4 gone"
    assert line(New(since, 0, 0, 3, 0)) == "nothing new since the last review (2026-11-22 12:04), 3 gone"
    assert line(New(since, 0, 0, 0, 9)) == "nothing new since the last review (2026-11-22 12:04)"
    assert to_json(report(coverage=Coverage(reviewed, new=New(since, 2, 1, 0, 7))))["coverage"] == {
        "reviewed": [{"file": "shop/cart.py", "hunks": 10, "new": 3}],
        "skipped": [],
        "new": {"since": since.isoformat(), "added": 2, "modified": 1, "removed": 0, "unchanged": 7},
    }


def test_what_is_not_open_is_counted_not_shown() -> None:
    text = to_text(
        report(make_finding(status="dismissed", title="Hidden"), held_back=(make_finding(title="Doubtful"),)),
        colour=False,
        width=100,
    )
    assert "Hidden" not in text
    assert "Doubtful" not in text
    assert "1 dismissed · 1 held back" in text


def test_a_dispute_is_told() -> None:
    steps = (TraceStep("cross_examination", "architect", "New carts hold a price.", verdict="refuted"),)
    finding = make_finding(verdict="contested", trace=steps)
    text = to_text(report(finding), colour=False, width=100)
    assert "raised by code-reviewer · disputed by architect · contested · certain" in text


def test_a_fix_elsewhere_shows_where() -> None:
    fix = Fix((TextEdit("shop/views.py", span(30, 0, 0), "    check()\n"),))
    text = to_text(report(make_finding(fix=fix)), colour=False, width=100)
    assert "    fix shop/views.py:31:1\n        + check()\n" in text


def test_a_quote_that_begins_where_its_range_does_is_shown_with_its_indent() -> None:
    fix = Fix((TextEdit("shop/cart.py", span(11, 4, 19, last=12), "except OSError:\n        break"),))
    finding = make_finding(quote="except OSError:\n        continue", range=span(11, 4, 16, last=12), fix=fix)
    text = to_text(report(finding), colour=False, width=100)
    assert "    12 | except OSError:\n    13 |     continue\n" in text
    assert "    fix   except OSError:\n        -     continue\n        +     break\n" in text


def test_a_long_related_message_is_wrapped_not_cut() -> None:
    finding = make_finding(related=(Related("shop/views.py", span(30, 8, 29), "word " * 40),))
    text = to_text(report(finding), colour=False, width=80)
    assert "…" not in text
    assert text.count("word") == 40


def test_escape_sequences_in_code_and_words_do_not_reach_the_terminal() -> None:
    finding = make_finding(quote="x = '\x1b[2J\u202e'", title="\x1b]0;owned\x07", message="a\rb")
    text = to_text(report(finding, notes=("\x1b[31m",)), colour=False, width=100)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e]", text)
    assert "<U+001B>" in text


def test_long_lines_are_cut_and_long_quotes_counted() -> None:
    finding = make_finding(quote="".join(f"{'x' * 300}{number}\n" for number in range(20)))
    lines = to_text(report(finding), colour=True, width=60).splitlines()
    bare = [re.sub("\x1b\\[[0-9;]*m", "", line) for line in lines]
    assert all(len(line) <= 60 for line in bare if "|" in line)
    assert any("and 14 more lines" in line for line in bare)


@given(reports, st.integers(0, 200))
@settings(max_examples=50)
def test_colours_change_nothing_but_colours(any_report: Report, width: int) -> None:
    plain = to_text(any_report, colour=False, width=width)
    coloured = to_text(any_report, colour=True, width=width)
    assert re.sub("\x1b\\[[0-9;]*m", "", coloured).split() == plain.split()
    assert "\x1b" not in plain


def test_reports_are_of_any_status_of_a_finding(rich_finding: Finding) -> None:
    stale = evolve(rich_finding, status="stale")
    assert "(stale)" in to_text(report(stale), colour=False, width=100)
    old = evolve(rich_finding, side="old", fix=None)
    assert "(in the base)" in to_text(report(old), colour=False, width=100)


def test_a_notebooks_finding_named_only_a_line_of_json(rich_finding: Finding) -> None:
    in_cell = evolve(rich_finding, side="new", cell=CellRange(2, span(1, 0, 4)))
    of_outputs = evolve(in_cell, cell=CellRange(2, span(0, 0, 0)))
    assert "(cell 3, line 2) " in to_text(report(in_cell), colour=False, width=100)
    assert "(cell 3) " in to_text(report(of_outputs), colour=False, width=100)


def test_that_no_model_was_asked_is_said_beside_notes_about_other_things() -> None:
    told = report(panel="static", cost=Cost(), not_spent="static_panel", notes=("a.py was read as windows-1252.",))
    assert "no model was asked: static panel" in to_text(told, colour=False, width=100)


def test_a_place_that_the_message_names_is_not_told_twice() -> None:
    related = (
        Related("a.py", span(30, 4, 9), "passes 1 argument"),
        Related("b.py", span(2, 0, 9), "passes 1 argument"),
    )
    finding = make_finding(message="`f()` changed: a.py:31 passes 1 argument.", related=related)
    text = to_text(report(finding), colour=False, width=100)
    assert [line.split()[1] for line in text.splitlines() if line.strip().startswith("see ")] == ["b.py:3:1"]
