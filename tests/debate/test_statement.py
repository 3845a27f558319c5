"""The door through which answers come in."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from rebuttal.debate.statement import STATEMENT_SCHEMA, StatementError, claim_from, clean, parse_statement

GOOD: dict[str, Any] = {
    "claims": [
        {
            "file": "a.py",
            "side": "new",
            "quote": "x = 1",
            "title": "It is wrong",
            "argument": "It is wrong. Always.",
            "category": "correctness",
            "severity": "high",
            "certainty": "likely",
            "fixes": [{"file": "a.py", "quote": "x = 1", "replacement": "x = 2"}],
        }
    ],
    "rulings": [
        {"claim": "c-1", "verdict": "refuted", "file": "a.py", "quote": "x", "argument": "No.", "severity": "low"}
    ],
    "needs": [{"file": "a.py", "symbol": "f"}],
}
SUPPORTED = {"type", "properties", "required", "additionalProperties", "items", "enum", "description"}


def altered(*path: Any, value: Any) -> dict[str, Any]:
    """The good statement with one place of it replaced; the last element of the path may be a new key."""
    data = copy.deepcopy(GOOD)
    at: Any = data
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return data


def objects(schema: dict[str, Any]) -> list[dict[str, Any]]:
    found = [schema]
    for part in (*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])):
        found += objects(part)
    return found


def test_schema_stays_inside_the_subset_of_the_api() -> None:
    for part in objects(STATEMENT_SCHEMA):
        assert set(part) <= SUPPORTED
        assert isinstance(part["type"], str), "a union"
        if part["type"] == "object":
            assert part["additionalProperties"] is False
            assert part["required"] == list(part["properties"])


def test_schema_is_the_contracts() -> None:
    def shape(schema: dict[str, Any]) -> Any:
        if schema["type"] == "object":
            return {name: shape(part) for name, part in schema["properties"].items()}
        if schema["type"] == "array":
            return [shape(schema["items"])]
        return "|".join(schema["enum"]) if "enum" in schema else "string"

    severity = "critical|high|medium|low"
    assert shape(STATEMENT_SCHEMA) == {
        "claims": [
            {
                "file": "string",
                "side": "new|old|file",
                "quote": "string",
                "title": "string",
                "argument": "string",
                "category": "correctness|security|performance|architecture|usability|documentation|testing",
                "severity": severity,
                "certainty": "certain|likely|possible",
                "fixes": [{"file": "string", "quote": "string", "replacement": "string"}],
            }
        ],
        "rulings": [
            {
                "claim": "string",
                "verdict": "confirmed|refuted|unsure",
                "file": "string",
                "quote": "string",
                "argument": "string",
                "severity": severity,
            }
        ],
        "needs": [{"file": "string", "symbol": "string"}],
    }


def test_a_good_answer_is_taken_as_text_and_as_object() -> None:
    statement = parse_statement(GOOD)
    assert parse_statement(json.dumps(GOOD)) == statement
    assert statement.claims[0].fixes[0].replacement == "x = 2"
    assert statement.rulings[0].verdict == "refuted"
    assert statement.needs[0].symbol == "f"


def test_the_case_of_enum_values_is_forgiven() -> None:
    assert parse_statement(altered("claims", 0, "severity", value="HIGH")).claims[0].severity == "high"
    assert parse_statement(altered("rulings", 0, "verdict", value=" Refuted ")).rulings[0].verdict == "refuted"


@pytest.mark.parametrize(
    "data",
    [
        "",
        "[]",
        '{"claims": []',
        "null",
        "[" * 100_000,
        b"\xff",
        42,
        {},
        altered("extra", value=1),
        altered("claims", value={}),
        altered("claims", 0, value="text"),
        altered("claims", 0, "line", value=3),
        altered("claims", 0, "quote", value=None),
        altered("claims", 0, "severity", value="terrible"),
        altered("claims", 0, "fixes", 0, "note", value=""),
        altered("rulings", 0, "claim", value=7),
        altered("needs", 0, value={"file": "a.py"}),
    ],
)
def test_anything_else_is_refused_in_one_sentence(data: object) -> None:
    with pytest.raises(StatementError) as caught:
        parse_statement(data)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_one_claim_of_a_stream_is_taken_alone() -> None:
    assert claim_from(GOOD["claims"][0]) == parse_statement(GOOD).claims[0]
    with pytest.raises(StatementError):
        claim_from({"file": "a.py"})


def test_prose_is_cleaned_and_quotes_are_not() -> None:
    claim = {**GOOD["claims"][0], "title": "\x1b[31mred\x1b[0m\u202e\nline", "quote": "\tx = '\u202e'  "}
    assert claim_from(claim).title == "red line"
    assert claim_from(claim).quote == "\tx = '\u202e'  "


def test_half_a_surrogate_pair_cannot_reach_a_request_or_a_file() -> None:
    claim = {**GOOD["claims"][0], "quote": json.loads('"a\\ud800b"')}
    claim_from(claim).quote.encode("utf-8")


def test_terminal_escapes_go() -> None:
    assert clean("a\x1b]8;;http://x\x07b\x1b]8;;\x07\x9b31mc\x00") == "ab31mc"
