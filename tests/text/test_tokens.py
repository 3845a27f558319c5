"""Token counts: tiktoken's own vectors, bounds that hold, and no network."""

from __future__ import annotations

import base64
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiktoken import Encoding

from rebuttal.text import tokens
from rebuttal.text.tokens import TokenCounter
from tests.text.samples import samples


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


SAMPLES = samples()


@pytest.mark.parametrize("kind", SAMPLES)
def test_bytes_bound_the_count_and_the_count_is_that_of_the_encoding(
    encoding: Encoding, counter: TokenCounter, kind: str
) -> None:
    text = SAMPLES[kind]
    whole = len(encoding.encode_ordinary(text))
    assert whole <= counter.count(text) <= whole * 1.01 + 1
    assert counter.count(text) <= tokens.bound_tokens(text)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(codec=None), max_size=400))
def test_bytes_bound_every_count(counter: TokenCounter, text: str) -> None:
    assert (1 if text else 0) <= counter.count(text) <= tokens.bound_tokens(text)
    assert 0 <= tokens.quick_tokens(text) <= 4 * tokens.bound_tokens(text)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=400))
def test_no_token_is_without_a_byte(encoding: Encoding, text: str) -> None:
    """What the bound rests on holds for every tokenizer that works on bytes; here it is looked at for this one."""
    parts = [encoding.decode_single_token_bytes(one) for one in encoding.encode_ordinary(text)]
    assert all(parts)
    assert b"".join(parts) == text.encode()


_ODD = {
    "one letter": "a" * 1_000_000,
    "blanks": " " * 1_000_000,
    "line ends": "\n" * 1_000_000,
    "blank lines": " \n" * 500_000,
    "base64": base64.b64encode(random.Random(1).randbytes(750_000)).decode(),
    "hexadecimal": random.Random(1).randbytes(500_000).hex(),
    "Chinese": "".join(chr(random.Random(n).randrange(0x4E00, 0x9FFF)) for n in range(3000)) * 333,
    "one Chinese character": "中" * 1_000_000,
    "marks": "e" + "\u0301" * 1_000_000,
    "anything": "".join(map(chr, range(0x110000))),
    "lone surrogates": "\ud800\udc00\udfff" * 300_000,
    "one of many": "<|endoftext|>" * 70_000,
}


@pytest.mark.parametrize("kind", _ODD)
def test_a_million_characters_of_anything_are_counted_in_time(counter: TokenCounter, kind: str) -> None:
    text = _ODD[kind]
    start = time.process_time()
    count = counter.count(text)
    # Ordinary text takes 0.1 s; the limit is for what would take minutes.
    assert time.process_time() - start < 10
    assert 0 < count <= tokens.bound_tokens(text)
    assert tokens.quick_tokens(text) > 0


def test_a_text_is_encoded_once_by_content_and_the_oldest_count_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[str] = []
    pieces = tokens._pieces

    def noted(text: str) -> Iterator[str]:
        encoded.append(text)
        return pieces(text)

    monkeypatch.setattr(tokens, "_pieces", noted)
    counter = TokenCounter(remembered=2)
    words = ["one", "".join(["o", "ne"]), "two", "one", "three", "two", "one"]
    assert [counter.count(word) for word in words] == [1] * 7
    # "one" was used again when "three" came, so "two" was the oldest.
    assert encoded == ["one", "two", "three", "two", "one"]


def test_two_threads_that_want_the_same_text_encode_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[str] = []
    pieces = tokens._pieces
    other_came = threading.Event()

    def slowly(text: str) -> Iterator[str]:
        encoded.append(text)
        if len(encoded) > 1:
            other_came.set()
        other_came.wait(0.3)
        return pieces(text)

    monkeypatch.setattr(tokens, "_pieces", slowly)
    counter = TokenCounter()
    with ThreadPoolExecutor(4) as pool:
        counts = set(pool.map(counter.count, ["the same text"] * 4))
    assert len(counts) == 1
    assert encoded == ["the same text"]


def test_threads_share_one_encoding(monkeypatch: pytest.MonkeyPatch) -> None:
    loads: list[int] = []
    load = tokens.load_encoding

    def noted() -> Encoding:
        loads.append(1)
        return load()

    monkeypatch.setattr(tokens, "load_encoding", noted)
    counter = TokenCounter()
    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(counter.count, [f"text number {number % 5}" for number in range(200)]))
    assert loads == [1]
    assert len(set(counts)) == 1


@pytest.mark.parametrize("kind", SAMPLES)
def test_the_quick_guess_is_near_the_count(counter: TokenCounter, kind: str) -> None:
    text = SAMPLES[kind]
    near = tokens.quick_tokens(text) / (counter.count(text) * tokens.NEWER_FACTOR)
    if kind == "blanks":
        assert 0.1 < near < 4
    else:
        assert 0.6 < near < 1.5


def test_the_guess_by_length_alone_was_off_by_half() -> None:
    """Of base64, numbers and logs three times as much was packed as fits."""
    counter = TokenCounter()
    for kind in ("base64", "hexadecimal", "numbers", "log"):
        text = SAMPLES[kind]
        real = counter.count(text) * tokens.NEWER_FACTOR
        assert len(text.encode()) / 2.5 < 0.75 * real
        assert tokens.quick_tokens(text) == pytest.approx(real, rel=0.3)


def test_a_guess_of_a_text_is_about_the_sum_of_its_lines() -> None:
    text = SAMPLES["Python"]
    lines = text.splitlines(keepends=True)
    assert sum(map(tokens.quick_tokens, lines)) == pytest.approx(tokens.quick_tokens(text), rel=0.12)


def test_a_quick_guess_does_not_load_the_ranks() -> None:
    code = (
        "import sys\nfrom rebuttal.text.tokens import quick_tokens\n"
        "assert quick_tokens('abcde') == 2\nassert 'tiktoken' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_counting_needs_no_network_and_no_folder_to_write_in(tmp_path: Path) -> None:
    code = (
        "import socket\n"
        "def refused(*_, **__): raise AssertionError('network')\n"
        "socket.socket.connect = socket.getaddrinfo = refused\n"
        "from rebuttal.text.tokens import TokenCounter\nassert TokenCounter().count('hello world') == 2"
    )
    environment = {**os.environ, "TIKTOKEN_CACHE_DIR": str(tmp_path / "cache"), "TMPDIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
    assert list(tmp_path.iterdir()) == []
