"""A finding survives the way over the wire, and what is no finding is refused."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebuttal.findings.model import Finding
from rebuttal.findings.wire import WireError, finding_from_json, finding_to_json
from rebuttal.store.money import exact
from tests.findings.conftest import findings, make_finding


@given(findings)
def test_any_finding_comes_back_as_it_was(finding: Finding) -> None:
    assert finding_from_json(json.loads(json.dumps(finding_to_json(finding)))) == finding


def test_later_fields_are_left_out() -> None:
    assert finding_from_json({**finding_to_json(make_finding()), "new_in_2030": 1}) == make_finding()


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        ("0.0312", "0.0312"),
        ("0", "0"),
        ("0E-9", "0"),
        ("1.50", "1.5"),
        ("100", "100"),
        ("1E+2", "100"),
        ("3E-7", "0.0000003"),
        ("-0.00", "0"),
    ],
)
def test_money_is_written_without_exponent_or_idle_zeros(amount: str, written: str) -> None:
    assert exact(Decimal(amount)) == written


@given(st.decimals(min_value=0, max_value=10**6, places=9))
def test_money_loses_nothing(amount: Decimal) -> None:
    assert Decimal(exact(amount)) == amount


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"severity": "awful"}, "severity"),
        ({"id": 5}, "id"),
        ({"range": None}, "malformed"),
        ({"range": {"start": {"line": "1", "character": 0}, "end": {"line": 1, "character": 0}}}, "whole numbers"),
        ({"related": "none"}, "related"),
        ({"trace": [{"phase": "opening", "seat": "x", "text": "y", "spent": "much"}]}, "malformed"),
    ],
)
def test_a_malformed_finding_is_refused_in_one_sentence(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(WireError, match=named) as caught:
        finding_from_json({**finding_to_json(make_finding()), **changes})
    assert "\n" not in str(caught.value)


def test_a_missing_field_is_named() -> None:
    given_json = finding_to_json(make_finding())
    del given_json["quote"]
    with pytest.raises(WireError, match="'quote'"):
        finding_from_json(given_json)
