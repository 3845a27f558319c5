"""Token counts: tiktoken's own vectors, bounds that hold, and no network."""

from __future__ import annotations

import pytest
from tiktoken import Encoding

from rebuttal.text import tokens
from rebuttal.text.tokens import TokenCounter


@pytest.fixture(scope="module")
def encoding() -> Encoding:
    return tokens.load_encoding()


@pytest.fixture(scope="module")
def counter() -> TokenCounter:
    return TokenCounter()


@pytest.mark.parametrize(
    ("text", "ids"),
    # From tiktoken's own tests and documentation of o200k_base.
    [("hello world", [24912, 2375]), ("x = 1", [87, 314, 220, 16]), ("<|endoftext|>", None)],
)
def test_the_encoding_is_o200k_base(encoding: Encoding, text: str, ids: list[int] | None) -> None:
    if ids is None:
        assert encoding.encode(text, allowed_special="all") == [199999]
    else:
        assert encoding.encode(text) == ids


def test_all_ranks_are_there(encoding: Encoding) -> None:
    assert encoding.n_vocab == 200019
    assert encoding.decode([199997, 0, 24912]).endswith("!hello")


@pytest.mark.parametrize(
    ("model", "newer"),
    [
        ("claude-haiku-5-5", True),
        ("claude-opus-4-7", True),
        ("claude-fable-5-2", True),
        (None, True),
        ("some-other-model", True),
        ("claude-haiku-4-5-20251001", False),
        ("claude-sonnet-4-6", False),
        ("claude-sonnet-4-20250514", False),
        ("claude-3-5-sonnet-20241022", False),
    ],
)
def test_the_name_of_a_model_tells_its_tokenizer(model: str | None, newer: bool) -> None:
    assert tokens.generation(model) == ("newer" if newer else "older")
