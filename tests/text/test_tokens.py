"""Token counts: tiktoken's own vectors, bounds that hold, and no network."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebuttal.text import tokens


@pytest.mark.parametrize(
    ("text", "ids"),
    # From tiktoken's own tests and documentation of o200k_base.
    [("hello world", [24912, 2375]), ("x = 1", [87, 314, 220, 16]), ("<|endoftext|>", None)],
)
def test_the_encoding_is_o200k_base(text: str, ids: list[int] | None) -> None:
    if ids is None:
        assert tokens.encoding().encode(text, allowed_special="all") == [199999]
    else:
        assert tokens.encoding().encode(text) == ids


def test_all_ranks_are_there() -> None:
    encoding = tokens.encoding()
    assert encoding.n_vocab == 200019
    assert encoding.decode([199997, 0, 24912]).endswith("!hello")


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=400))
def test_bytes_bound_every_count(text: str) -> None:
    assert tokens.base_tokens(text) <= tokens.bound_tokens(text)
    assert tokens.encoding().decode(tokens.encoding().encode_ordinary(text)) == text


@pytest.mark.parametrize("text", [" " * 200_000, "a" * 200_000, "\n" * 200_000, "<|endoftext|>", "\ud800", ""])
def test_odd_texts_are_counted(text: str) -> None:
    assert 0 <= tokens.expected_tokens(text) <= max(1, tokens.bound_tokens(text) * 2)


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
def test_a_newer_tokenizer_counts_more(model: str | None, newer: bool) -> None:
    assert tokens.tokenizer_factor(model) == (tokens.NEWER_FACTOR if newer else tokens.OLDER_FACTOR)


def test_the_quick_guess_is_near_the_expectation_for_code() -> None:
    code = Path(tokens.__file__).read_text("utf-8")
    assert 0.7 < tokens.quick_tokens(code) / tokens.expected_tokens(code) < 1.4


def test_a_quick_guess_does_not_load_the_ranks() -> None:
    code = (
        "import sys\nfrom rebuttal.text.tokens import quick_tokens\n"
        "assert quick_tokens('abcde') == 2\nassert 'tiktoken' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
