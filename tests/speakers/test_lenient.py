"""The answer within what a model says that was only told in words to answer with JSON: found, and not mistaken."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebuttal.debate.model import Statement
from rebuttal.debate.statement import StatementError, parse_statement, salvaged
from rebuttal.speakers.endpoints.lenient import Preamble, json_within
from rebuttal.speakers.hearing import Hearing
from tests.speakers.conftest import claim, statement

FIELDS = frozenset({"claims", "rulings", "needs"})
OWN = json.dumps(statement(claim(1, "Its own")))
QUOTED = json.dumps(statement(*(claim(number, "Of the code under review") for number in range(5))))


def read(text: str) -> list[str]:
    return [one.title for one in parse_statement(json_within(text, FIELDS)).claims]


@pytest.mark.parametrize(
    "text",
    [
        OWN,
        f"```json\n{OWN}\n```",
        f"Here it is:\n```json\n{OWN}\n```\nThat is {{all}}.",
        f"<think>perhaps {QUOTED}</think>{OWN}",
        f"perhaps {QUOTED}\n</think>\n\n{OWN}",
        f"<thinking>a</thinking><think>b {{</think>\n```\n{OWN}```",
        f"{OWN}\nAnother would be {QUOTED}",
        f"The file holds {QUOTED}, which is odd. My answer:\n{OWN}",
        f"```json\n{QUOTED}\n``` was my draft. ".join(["Well: ", f"```json\n{OWN}\n```"]),
        f'{{foo}} and {{"note": 1}}: {OWN} {{"done": true}}',
        OWN.replace("Its own", "Its own").replace("It breaks", "It says </think> and breaks"),
    ],
)
def test_the_answer_is_what_the_model_says_and_not_what_it_quotes_or_thinks(text: str) -> None:
    assert read(text) == ["Its own"]


@pytest.mark.parametrize(
    "text",
    [
        f"<think>I would say {QUOTED}",
        f"I would say {QUOTED}</think> nothing.",
        "The change is fine.",
        '{"note": "no findings"}',
        f"It says {QUOTED}, but I say {OWN[:-40]}",
        "{" * 5000,
        "",
    ],
)
def test_where_there_is_no_answer_nothing_is_taken_for_one(text: str) -> None:
    with pytest.raises(StatementError):
        read(text)


@pytest.mark.parametrize("before", ["", "```json\n", "Here it is: ", "<think>{</think>"])
def test_claims_of_an_answer_that_was_cut_off_are_kept(before: str) -> None:
    cut = json.dumps(statement(claim(1, "One"), claim(2, "Two"), claim(3, "Three")))
    cut = cut[: cut.index("Three")]
    kept = salvaged(json_within(before + cut, FIELDS))
    assert isinstance(kept, Statement)
    assert [one.title for one in kept.claims] == ["One", "Two"]


def streamed(pieces: list[str]) -> tuple[list[str], Hearing]:
    """The titles of claims that are heard while the answer arrives."""
    hearing = Hearing(within=FIELDS)
    hearing.hear(SimpleNamespace(type="content_block_start", index=0, content_block=SimpleNamespace(type="text")))
    heard: list[str] = []
    for piece in pieces:
        delta = SimpleNamespace(type="text_delta", text=piece)
        event = SimpleNamespace(type="content_block_delta", index=0, delta=delta)
        heard += [one.title for one in hearing.hear(event)]
    return heard, hearing


@given(
    before=st.sampled_from(
        ["", "  ", "```json\n", "<think>a {b} ```</think>\n", f"Draft: {QUOTED}\n", f"<think>{QUOTED}"]
    ),
    after=st.sampled_from(["", "\n```", f" or {QUOTED}", "</think>"]),
    size=st.integers(1, 60),
)
def test_what_is_heard_while_an_answer_arrives_stands_at_its_end(before: str, after: str, size: int) -> None:
    whole = before + OWN + after
    heard, hearing = streamed([whole[at : at + size] for at in range(0, len(whole), size)])
    if heard:
        assert heard == [one.title for one in parse_statement(hearing.text).claims]
    if before in ("", "  ", "```json\n") or before.endswith("</think>\n"):
        assert heard == ["Its own"]


def test_long_thoughts_in_small_pieces_take_no_long_time() -> None:
    preamble = Preamble()
    for _ in range(100_000):
        assert preamble.feed("a = b\n") == ""
    assert preamble.feed("{") == ""
    thinking = Preamble()
    thinking.feed("<think>")
    for _ in range(20_000):
        assert thinking.feed("a < b ") == ""
    assert thinking.feed("</think>{") == ""
    assert thinking.feed('"') == '{"'
