"""Quotes are found where they stand, and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rebuttal.findings.anchor import Located, locate, locate_all

CODE = """\
import os


def average(prices):
    total = sum(prices)
    return total / len(prices)


def largest(prices):
    prices.sort()
    return prices[-1]


def smallest(prices):
    prices.sort()
    return prices[0]
"""

lines = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\r\n"), max_size=12)
texts = st.lists(lines, min_size=1, max_size=12)


def test_a_whole_line_is_found_exactly() -> None:
    assert locate("    return total / len(prices)", CODE) == Located(5, 5, exact=True)


def test_several_lines_are_found_exactly() -> None:
    assert locate("    prices.sort()\n    return prices[0]\n", CODE) == Located(14, 15, exact=True)


def test_a_line_that_stands_twice_has_no_place_but_two() -> None:
    assert locate("    prices.sort()", CODE) is None
    assert locate_all("    prices.sort()", CODE) == (Located(9, 9, exact=True), Located(14, 14, exact=True))


def test_overlapping_runs_are_all_found() -> None:
    assert [place.first_line for place in locate_all("a\na", "a\na\na\nb\n")] == [0, 1]


def test_indent_trailing_blanks_and_tabs_are_forgiven() -> None:
    assert locate("return total  /  len(prices)  ", CODE) == Located(5, 5, exact=False)
    assert locate("\treturn\ttotal / len(prices)", CODE) == Located(5, 5, exact=False)


def test_blank_lines_lost_or_added_are_forgiven() -> None:
    assert locate("import os\ndef average(prices):", CODE) == Located(0, 3, exact=False)
    assert locate("\n\nimport os\n\n", CODE) == Located(0, 0, exact=False)


def test_windows_line_ends_do_not_hinder() -> None:
    assert locate("b\nc", "a\r\nb\r\nc\r\n") == Located(1, 2, exact=True)
    assert locate("b\r\nc\r\n", "a\nb\nc\n") == Located(1, 2, exact=True)


def test_form_feeds_and_separators_end_no_line() -> None:
    text = "a\x0cb\nc\u2028d\nwanted\n"
    assert locate("wanted", text) == Located(2, 2, exact=True)
    assert locate("c\u2028d", text) == Located(1, 1, exact=True)


def test_a_copied_diff_prefix_is_forgiven() -> None:
    assert locate("+    total = sum(prices)\n+    return total / len(prices)", CODE) == Located(4, 5, exact=False)
    assert locate(" def average(prices):\n+    total = sum(prices)", CODE) == Located(3, 4, exact=False)


def test_a_copied_diff_of_both_sides_finds_the_side_that_is_there() -> None:
    quote = "-    total = add(prices)\n+    total = sum(prices)\n     return total / len(prices)"
    assert locate(quote, CODE) == Located(4, 5, exact=False)


def test_a_line_that_begins_with_a_dash_is_not_a_diff() -> None:
    assert locate("- first item", "first item\n- first item\n") == Located(1, 1, exact=True)


def test_a_part_of_one_line_is_found() -> None:
    assert locate("total / len(prices)", CODE) == Located(5, 5, exact=False)
    assert locate("sum(prices)\n    return total", CODE) == Located(4, 5, exact=False)


def test_a_part_that_stands_in_two_lines_has_no_place() -> None:
    assert locate("prices.sort", CODE) is None
    assert len(locate_all("prices.sort", CODE)) == 2


def test_a_part_does_not_end_within_a_word() -> None:
    assert locate_all("return total / len(price", CODE) != (Located(5, 5, exact=True),)
    assert locate("size = 1", "maxsize = 10\n") is None


def test_a_rewrapped_statement_is_found() -> None:
    text = "call(\n    one,\n    two,\n)\nother()\n"
    assert locate("call( one, two, )", text) == Located(0, 3, exact=False)


def test_a_small_slip_is_forgiven() -> None:
    assert locate("    return totl / len(prices)", CODE) == Located(5, 5, exact=False)


def test_a_slip_between_two_like_lines_is_not_guessed_at() -> None:
    text = "timeout_of_reader_1 = 30\ntimeout_of_reader_2 = 30\n"
    assert locate("timeout_of_reader_3 = 30", text) is None


def test_a_slip_in_a_repeated_block_is_not_guessed_at() -> None:
    text = "row = fetch(1)\nrow = fetch(2)\nrow = fetch(3)\n"
    assert locate("row = fetch(4)\nrow = fetch(5)", text) is None


def test_something_else_is_not_found() -> None:
    assert locate_all("    raise ValueError(prices)", CODE) == ()
    assert locate_all("", CODE) == ()
    assert locate_all(" \n\t\n", CODE) == ()
    assert locate_all("anything", "") == ()


@pytest.mark.timeout(60)
def test_a_long_file_does_not_make_the_search_hang() -> None:
    text = "".join(f"    value_{number} = compute({number}, 'some words that are alike')\n" for number in range(60_000))
    assert locate("    value_777 = compute(777, 'some words that are alike')", text) == Located(777, 777, exact=True)
    assert locate_all("    nothing_of_the_kind = anywhere(in_this, 'file')\n" * 5, text) == ()


@pytest.mark.timeout(60)
def test_a_repetitive_file_does_not_make_the_search_hang() -> None:
    assert len(locate_all("}\n" * 500, "}\n" * 20_000)) == 19_501
    assert locate("}\n" * 500 + "{\n", "}\n" * 20_000) is None


@given(texts, st.data())
def test_any_whole_lines_that_stand_once_are_found_exactly(text_lines: list[str], data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(text_lines) - 1))
    last = data.draw(st.integers(first, len(text_lines) - 1))
    wanted = text_lines[first : last + 1]
    starts = [start for start in range(len(text_lines)) if text_lines[start : start + len(wanted)] == wanted]
    assume("".join(wanted).strip() and starts == [first])
    # Git ends a line at a line feed only; every line gets its own so that an empty last one counts too.
    text = "".join(line + "\n" for line in text_lines)
    assert locate("".join(line + "\n" for line in wanted), text) == Located(first, last, exact=True)


code_words = st.sampled_from(["total", "price", "sum", "len", "(", ")", "=", "+", "return", "if", "items", "0", "1.5"])
code_lines = st.lists(code_words, min_size=2, max_size=8).map(" ".join)


@st.composite
def slips(draw: st.DrawFn) -> tuple[list[str], int, str]:
    """A text, a line of it, and a copy of that line with blanks or one letter changed."""
    text_lines = draw(st.lists(code_lines, min_size=2, max_size=10))
    meant = draw(st.integers(0, len(text_lines) - 1))
    line = text_lines[meant]
    kind = draw(st.sampled_from(["indent", "trailing", "prefix", "letter", "loss"]))
    at = draw(st.integers(0, len(line) - 1))
    copies = {
        "indent": "    " + line,
        "trailing": line + "\t ",
        "prefix": "+" + line,
        "letter": line[:at] + "§" + line[at + 1 :],
        "loss": line[:at] + line[at + 1 :],
    }
    return text_lines, meant, copies[kind]


@given(slips())
def test_a_miscopied_line_is_found_or_rejected_but_never_claimed_exact(
    given_slip: tuple[list[str], int, str],
) -> None:
    text_lines, meant, quote = given_slip
    found = locate(quote, "\n".join(text_lines))
    if found is None:
        return
    if found.exact:
        assert text_lines[found.first_line] == quote.removesuffix("\n")
    elif text_lines.count(text_lines[meant]) == 1 and "§" in quote:
        assert found.first_line <= meant <= found.last_line


@given(texts, lines)
def test_places_lie_within_the_text_and_in_order(text_lines: list[str], quote: str) -> None:
    places = locate_all(quote, "".join(line + "\n" for line in text_lines))
    assert list(places) == sorted(places, key=lambda place: (place.first_line, place.last_line))
    assert all(0 <= place.first_line <= place.last_line < len(text_lines) for place in places)


def test_a_quote_of_a_shortened_line_stands_where_the_line_does() -> None:
    words = " ".join(f"word{number}" for number in range(2_000))
    text = f"first = 1\nvalue = {words}\nlast = 2\n"
    said = "… (of this line of 14,898 characters, 2,000 are shown)"
    for part in (f"…ord700 word701 word702 wor… {said}", f"value = word0 word1 wo… {said}", "word701 word702 wor…"):
        for mark in ("", "+"):
            assert locate(mark + part, text) == Located(1, 1, exact=False), (mark, part)


def test_a_quote_over_a_gap_stands_where_its_longest_part_does() -> None:
    text = "def f():\n    a = 1\n    b = 2\n    c = 3\n    d = start(a)\n    return d\n"
    assert locate(" def f():\n…\n+    d = start(a)\n+    return d", text) == Located(4, 5, exact=False)
    assert locate("def f():\n… (3 lines: only spaces and line ends differ)\n    d = start(a)", text) == Located(
        4, 4, False
    )
    assert locate("…", text) is None
    assert locate("… (3 lines: only spaces and line ends differ)", text) is None


def test_an_elision_of_the_code_itself_is_quoted_as_it_stands() -> None:
    text = "say('wait…')\nsay('wait')\n"
    assert locate("say('wait…')", text) == Located(0, 0, exact=True)
