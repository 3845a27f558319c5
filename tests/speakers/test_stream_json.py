"""Complete claims in a text that is still arriving."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebuttal.speakers.stream_json import ArrayElements

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text(max_size=6) | st.just("claims"), JSON, max_size=4)


def elements(text: str, cuts: list[int]) -> list[Any]:
    scanner = ArrayElements("claims")
    marks = [0, *sorted(cut % (len(text) + 1) for cut in cuts), len(text)]
    pieces = [text[start:stop] for start, stop in pairwise(marks)]
    return [json.loads(element) for piece in pieces for element in scanner.feed(piece)]


@given(
    claims=st.lists(OBJECTS, max_size=5),
    others=st.lists(OBJECTS, max_size=3),
    cuts=st.lists(st.integers(0, 2000), max_size=30),
    ascii_only=st.booleans(),
    indent=st.sampled_from([None, 2]),
    first=st.booleans(),
)
def test_every_element_is_found_however_the_text_is_cut(
    claims: list[Any], others: list[Any], cuts: list[int], ascii_only: bool, indent: int | None, first: bool
) -> None:
    parts = {"claims": claims, "rulings": others, "needs": [{"claims": others}]}
    if not first:
        parts = dict(reversed(parts.items()))
    text = json.dumps(parts, ensure_ascii=ascii_only, indent=indent)
    assert elements(text, cuts) == claims


@given(text=st.text(alphabet='{}[]",:\\ claims', max_size=60), cuts=st.lists(st.integers(0, 60), max_size=5))
def test_no_text_makes_the_scanner_fail(text: str, cuts: list[int]) -> None:
    scanner = ArrayElements("claims")
    for start in range(0, len(text), max(1, len(cuts))):
        list(scanner.feed(text[start : start + max(1, len(cuts))]))


def test_an_element_is_given_with_the_very_character_that_completes_it() -> None:
    scanner = ArrayElements("claims")
    text = '{"claims": [{"quote": "a \\" } ]"}'
    assert list(scanner.feed(text[:-1])) == []
    assert list(scanner.feed(text[-1])) == ['{"quote": "a \\" } ]"}']


def test_the_same_key_deeper_down_is_not_meant() -> None:
    assert elements('{"rulings": [{"claims": [{"a": 1}]}], "claims": [{"b": 2}]}', []) == [{"b": 2}]


def test_a_value_that_is_called_like_the_key_is_not_meant() -> None:
    assert elements('{"a": "claims", "b": [{"c": 1}], "claims": []}', []) == []


# 300,000 characters: a scanner that looked at everything again for each piece would need minutes.
@pytest.mark.timeout(60)
@pytest.mark.parametrize("size", [1, 7])
def test_a_long_answer_in_tiny_pieces_does_not_hang_the_scanner(size: int) -> None:
    text = json.dumps({"claims": [{"quote": "x" * 2000, "fixes": [{"a": "}"}]} for _ in range(150)]})
    scanner = ArrayElements("claims")
    found = sum(len(list(scanner.feed(text[at : at + size]))) for at in range(0, len(text), size))
    assert found == 150
