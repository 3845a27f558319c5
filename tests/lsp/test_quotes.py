"""Where quotes stand, also in long files and where something was redacted of them."""

from __future__ import annotations

import time

from rebuttal.lsp.quotes import is_gone, quoted_line
from rebuttal.lsp.workspace import split_lines

TEXT = split_lines('a = 1\nKEY = "AKIA" + "X"\nb = 2\na = 1\nlast')


def test_quote_stands_where_it_was_reported_else_where_it_is_unique() -> None:
    assert quoted_line("a = 1", 3, TEXT) == 3
    assert quoted_line("b = 2\na = 1", 0, TEXT) == 2
    assert quoted_line("a = 1", 1, TEXT) is None
    assert quoted_line("last", 0, TEXT) == 4
    assert quoted_line("", 0, TEXT) is None


def test_what_was_redacted_may_be_anything_and_the_rest_must_follow_in_order() -> None:
    assert quoted_line('KEY = "«redacted:aws:1»" + "«redacted:aws:2»"', 0, TEXT) == 1
    assert is_gone('"X" = "«redacted:aws:1»"', TEXT)
    assert not is_gone("«redacted:aws:1»", TEXT)  # nothing of it can be looked for
    assert not is_gone("gone\nb = 2", TEXT)


def test_quotes_that_are_gone_from_a_long_file_held_the_editor_up_for_seconds() -> None:
    long = split_lines("\n".join(f"value_{number} = compute({number})" for number in range(100_000)))
    started = time.perf_counter()
    for number in range(50):
        assert quoted_line(f"gone_{number}", number, long) is None
        assert is_gone(f"gone_{number}", long)
    assert time.perf_counter() - started < 5  # it took 12 on two idle cores, and takes 0.2
