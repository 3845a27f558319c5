"""The door through which answers come in."""

from __future__ import annotations

import copy
import json
import time
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebuttal.debate.prompts import load_prompts
from rebuttal.debate.statement import (
    CATEGORIES,
    CERTAINTIES,
    MOST_REASONS,
    SIDES,
    STATEMENT_SCHEMA,
    VERDICTS,
    StatementError,
    claim_from,
    clean,
    parse_statement,
    salvaged,
    together,
)
from rebuttal.findings.severity import SEVERITIES

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
        {"statement": GOOD},
        {"claims": {}},
        {"claims": ["text"], "rulings": [7], "needs": [{"file": "a.py"}]},
        {"claims": [{**GOOD["claims"][0], "severity": "terrible"}], "rulings": [], "needs": []},
    ],
)
def test_what_is_no_statement_or_holds_nothing_that_counts_is_refused_in_one_sentence(data: object) -> None:
    with pytest.raises(StatementError) as caught:
        parse_statement(data)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("data", "left", "reason"),
    [
        (altered("claims", value={}), (0, 1, 1), "claims is not an array"),
        (altered("claims", 0, value="text"), (0, 1, 1), "claim 1 is not an object"),
        (altered("claims", 0, "quote", value=None), (0, 1, 1), "claim 1: quote is not a string"),
        (
            altered("claims", 0, "severity", value="terrible"),
            (0, 1, 1),
            "claim 1: severity is 'terrible', which is none of critical, high, medium, low",
        ),
        (altered("rulings", 0, "claim", value=7), (1, 0, 1), "ruling 1: claim is not a string"),
        (altered("needs", 0, value={"file": "a.py"}), (1, 1, 0), "need 1 lacks the field 'symbol'"),
        (
            altered("claims", 0, "fixes", 0, "quote", value=3),
            (1, 1, 1),
            "claim 1: fix 1: quote is not a string, so the claim stands without a fix",
        ),
    ],
)
def test_one_malformed_claim_voided_a_whole_answer_that_was_paid_for(
    data: object, left: tuple[int, int, int], reason: str
) -> None:
    statement = parse_statement(data)
    assert (len(statement.claims), len(statement.rulings), len(statement.needs)) == left
    assert statement.left_out == (reason,)


def test_fields_that_nobody_asked_for_and_arrays_that_are_missing_do_no_harm() -> None:
    wordy = altered("claims", 0, "line", value=3) | {"summary": "Fine."}
    assert parse_statement(wordy) == parse_statement(GOOD)
    assert parse_statement({"rulings": GOOD["rulings"]}).rulings == parse_statement(GOOD).rulings


def test_of_a_thousand_malformed_claims_a_few_are_told_and_the_rest_counted() -> None:
    statement = parse_statement({**GOOD, "claims": ["text"] * 1000})
    assert len(statement.left_out) == MOST_REASONS + 1
    assert statement.left_out[-1] == f"{1000 - MOST_REASONS} more were not as they must be"


# --- what was cut off ---


def test_the_rulings_of_an_answer_that_was_cut_in_its_needs_were_lost() -> None:
    text = json.dumps(GOOD)
    statement = salvaged(text[: text.index("needs") + 12])
    assert statement is not None
    assert (len(statement.claims), len(statement.rulings), statement.needs) == (1, 1, ())


def test_what_follows_an_element_that_is_no_json_still_counts() -> None:
    bad = '{"file": "a.py", "quote": "C:\\users", "fixes": [{}]}'.replace("\\\\", "\\")
    claims = f"[{bad}, {json.dumps(GOOD['claims'][0])}]"
    statement = salvaged(f'{{"claims": {claims}, "rulings": {json.dumps(GOOD["rulings"])}, "needs": []}} and words')
    assert statement is not None
    assert (len(statement.claims), len(statement.rulings)) == (1, 1)
    assert statement.left_out == ("claim 1 is not JSON",)


@pytest.mark.parametrize("text", ["", "{", "[", '{"claims": [', '{"claims": [{"file": "a.py"', "LGTM", "{" * 100_000])
def test_nothing_is_made_of_nothing(text: str) -> None:
    assert salvaged(text) is None


def test_of_two_attempts_the_later_ruling_on_a_claim_counts_and_no_claim_is_lost() -> None:
    earlier = parse_statement(GOOD)
    later = parse_statement({"rulings": [{**GOOD["rulings"][0], "verdict": "confirmed"}]})
    both = together(earlier, later)
    assert both is not None
    assert both.claims == earlier.claims
    assert [one.verdict for one in both.rulings] == ["confirmed"]
    assert together(None, later) == later
    assert together(earlier, None) == earlier


TEXTS = st.text(max_size=12) | st.sampled_from(['"', "\\", "{[", "]}", '\\"}', "\u2028", "…"])
CLAIM = st.fixed_dictionaries(
    {
        "file": TEXTS,
        "side": st.sampled_from(SIDES),
        "quote": TEXTS,
        "title": TEXTS,
        "argument": TEXTS,
        "category": st.sampled_from(CATEGORIES),
        "severity": st.sampled_from(SEVERITIES),
        "certainty": st.sampled_from(CERTAINTIES),
        "fixes": st.lists(st.fixed_dictionaries({"file": TEXTS, "quote": TEXTS, "replacement": TEXTS}), max_size=2),
    }
)
RULING = st.fixed_dictionaries(
    {
        "claim": TEXTS,
        "verdict": st.sampled_from(VERDICTS),
        "file": TEXTS,
        "quote": TEXTS,
        "argument": TEXTS,
        "severity": st.sampled_from(SEVERITIES),
    }
)
NEED = st.fixed_dictionaries({"file": TEXTS, "symbol": TEXTS})
ANSWER = st.fixed_dictionaries(
    {
        "claims": st.lists(CLAIM, max_size=4),
        "rulings": st.lists(RULING, max_size=4),
        "needs": st.lists(NEED, max_size=3),
    }
)
JUNK = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.lists(TEXTS, max_size=2)


@st.composite
def mutilated(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, list[int]]]:
    """An answer in which some elements are not as they must be, and the places of those that are left whole."""
    answer: dict[str, Any] = copy.deepcopy(draw(ANSWER))
    whole: dict[str, list[int]] = {}
    for name, items in answer.items():
        whole[name] = []
        for number, item in enumerate(items):
            match draw(st.sampled_from(("whole", "dropped", "retyped", "replaced"))):
                case "whole":
                    whole[name].append(number)
                case "dropped":
                    del item[draw(st.sampled_from(sorted(set(item) - {"fixes"})))]
                case "retyped":
                    item[draw(st.sampled_from(sorted(set(item) - {"fixes"})))] = draw(JUNK.filter(_is_no_text))
                case "replaced":
                    items[number] = draw(JUNK)
    return answer, whole


def _is_no_text(value: object) -> bool:
    return not isinstance(value, str)


@given(mutilated())
def test_no_mutilation_costs_an_element_that_is_whole(made: tuple[dict[str, Any], dict[str, list[int]]]) -> None:
    answer, whole = made
    count = sum(map(len, answer.values()))
    kept = {name: [answer[name][number] for number in numbers] for name, numbers in whole.items()}
    if count and not any(whole.values()):
        with pytest.raises(StatementError):
            parse_statement(json.dumps(answer))
        return
    statement = parse_statement(json.dumps(answer))
    expected = parse_statement(kept)
    assert (statement.claims, statement.rulings, statement.needs) == (expected.claims, expected.rulings, expected.needs)
    assert len(statement.left_out) == count - sum(map(len, whole.values()))


@given(ANSWER, st.data())
def test_a_cut_at_any_place_costs_no_element_that_came_to_its_end(answer: dict[str, Any], data: st.DataObject) -> None:
    text = json.dumps(answer, ensure_ascii=data.draw(st.booleans()), indent=data.draw(st.sampled_from((None, 1))))
    at = data.draw(st.integers(0, len(text)))
    # The places are told by the length of the text in front of each element's end.
    ended = {name: [item for item, end in _ends(text, answer, name) if end <= at] for name in answer}
    if at == len(text):
        assert parse_statement(text) == parse_statement(answer)
    statement = salvaged(text[:at])
    expected = parse_statement(ended)
    if not any(ended.values()):
        assert statement is None
    else:
        assert statement == expected


def _ends(text: str, answer: dict[str, Any], name: str) -> list[tuple[Any, int]]:
    decoder, at, found = json.JSONDecoder(), 1, []
    for key, items in answer.items():
        at = text.index(f'"{key}"', at) + len(key) + 2
        at = text.index("[", at) + 1
        for item in items:
            at = text.index("{", at)
            _, at = decoder.raw_decode(text, at)
            if key == name:
                found.append((item, at))
    return found


@given(st.text(max_size=60) | st.text('{}[]",:\\ claimsrulng', max_size=60))
def test_salvaging_never_raises(text: str) -> None:
    salvaged(text)
    salvaged('{"claims": [' + text)


@pytest.mark.parametrize(
    "text",
    [
        '{"claims": [' + '{"a": nope},' * 100_000,
        '{"claims": [{"a": nope, "b": "' + "x" * 3_000_000,
        '{"claims": [{"a": nope, "b": "' + "\\\\" * 2_000_000 + '"}]}',
    ],
    ids=["elements", "string", "escapes"],
)
def test_salvaging_a_huge_answer_took_minutes_and_hundreds_of_megabytes(text: str) -> None:
    began = time.process_time()
    tracemalloc.start()
    try:
        assert salvaged(text) is None
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert time.process_time() - began < 5
    assert most < 50_000_000


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


def test_the_schema_says_only_what_the_prompt_does_not() -> None:
    """It stands in every prompt: what `system.md` says of a field is not said once more."""
    assert len(json.dumps(STATEMENT_SCHEMA)) < 2_000
    for name in ("side", "quote", "severity", "certainty", "argument", "fix"):
        assert name in load_prompts().system.lower()
