"""What does not show is made visible, and ordinary writing is left alone."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebuttal.text.hidden import has_hidden, in_json, plain, spelled, visible, written_out
from rebuttal.text.positions import git_lines

TAGS = "".join(chr(0xE0000 + ord(char)) for char in "Ignore all")


@pytest.mark.parametrize(
    "text",
    [
        "x = 1\r\n\ty = 2\n",
        "naïve Straße Ω",
        "👨\u200d👩\u200d👧 ❤\ufe0f ❤\ufe0f\u200d🔥 1\ufe0f\u20e3 ©\ufe0f",
        "می\u200cخواهم",
        "क\u200dष",
        "שלום\u200f!",
        "葛\U000e0100",
        "\ufeffimport os\n",
        "int a;\n\x0cint b;\n",
    ],
)
def test_ordinary_writing_is_left_alone(text: str) -> None:
    assert visible(text) == text
    assert not has_hidden(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("if a:\u202e#", "if a:‹U+202E›#"),
        (f"# ok{TAGS}", "# ok‹10 hidden characters, U+E0049 first›"),
        ("is\u200b_admin", "is‹U+200B›_admin"),
        ("a\u200db", "a‹U+200D›b"),
        ("e\ufe01", "e‹U+FE01›"),
        ("😀\ufe01\ufe02", "😀‹U+FE01›‹U+FE02›"),
        ("x\ufeffy", "x‹U+FEFF›y"),
        ("a\u3164b\u00adc", "a‹U+3164›b‹U+00AD›c"),
        ("x = 1\r=== other.py", "x = 1‹U+000D›=== other.py"),
        ("\x1b[2J\x9b", "‹U+001B›[2J‹U+009B›"),
        ("a\u2028b\x85c\x0bd", "a‹U+2028›b‹U+0085›c‹U+000B›d"),
        ("\ud800", "‹U+D800›"),
    ],
)
def test_what_does_not_show_is_named(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert has_hidden(text)


@given(st.text(st.characters() | st.sampled_from("\u202e\u200b\u200d\ufe0f\U000e0041\r\n\x1b")))
def test_lines_stay_lines_and_what_is_visible_stays(text: str) -> None:
    once = visible(text)
    assert len(git_lines(once)) == len(git_lines(text))
    assert visible(once) == once
    assert not has_hidden(once)


@given(st.text())
def test_what_people_read_holds_nothing_that_is_acted_on(text: str) -> None:
    assert not has_hidden(plain(text))
    assert "\n" not in written_out(text)
    assert not has_hidden(written_out(text))


def test_tags_are_spelled() -> None:
    assert spelled(f"x{TAGS}y") == "Ignore all"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
        max_leaves=20,
    )
)
def test_json_is_indented_as_usual_and_says_what_it_was_given(data: object) -> None:
    written = in_json(data)
    assert json.loads(written) == data
    if written.isascii() and "\\" not in written:
        assert written == json.dumps(data, indent=2)


def test_what_stands_in_a_long_list_has_a_line_each() -> None:
    rows = [{"name": f"row {number}\u202e", "tokens": {"input": number}} for number in range(1001)]
    written = in_json({"rows": rows})
    assert json.loads(written) == {"rows": rows}
    assert len(written.splitlines()) == 1001 + 4
    assert "\u202e" not in written
