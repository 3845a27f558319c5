"""Positions against naive models: text taken apart one character at a time, UTF-16 by the codec."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rebuttal.text.positions import LineIndex, Position, Range, git_lines, utf16_length

# Every line end, what str.splitlines wrongly takes for one, astral characters, and a lone surrogate.
PIECES = st.sampled_from(
    [
        "\n",
        "\r\n",
        "\r",
        "\x0b",
        "\x0c",
        "\x1c",
        "\x85",
        "\u2028",
        "a",
        "b c",
        "é",
        "中",
        "𝄞",
        "👩‍💻",
        "\ud800",
        "\ufeff",
    ]
)
TEXTS = st.lists(PIECES, max_size=24).map("".join)


def naive_lsp_lines(text: str) -> list[tuple[str, str]]:
    """(content, end) of every line as LSP counts them; the last one has no end."""
    lines = []
    content = ""
    at = 0
    while at < len(text):
        if text[at] in "\r\n":
            end = "\r\n" if text.startswith("\r\n", at) else text[at]
            lines.append((content, end))
            content = ""
            at += len(end)
        else:
            content += text[at]
            at += 1
    return [*lines, (content, "")]


def naive_git_lines(text: str) -> list[str]:
    lines = [""]
    for char in text:
        lines[-1] += char
        if char == "\n":
            lines.append("")
    return lines if lines[-1] else lines[:-1]


def naive_units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def naive_position(text: str, offset: int) -> Position:
    start = 0
    lines = naive_lsp_lines(text)
    for number, (content, end) in enumerate(lines):
        stop = start + len(content) + len(end)
        if offset < stop or number == len(lines) - 1:
            return Position(number, naive_units(content[: offset - start]))
        start = stop
    raise AssertionError


def naive_offset(text: str, position: Position) -> int:
    lines = naive_lsp_lines(text)
    if position.line < 0:
        return 0
    if position.line >= len(lines):
        return len(text)
    start = sum(len(content) + len(end) for content, end in lines[: position.line])
    content = lines[position.line][0]
    for taken in range(len(content) + 1):
        if naive_units(content[:taken]) >= position.character:
            return start + taken
    return start + len(content)


@given(TEXTS)
def test_git_lines_put_together_are_the_text(text: str) -> None:
    assert git_lines(text) == naive_git_lines(text)
    assert "".join(git_lines(text)) == text
    assert LineIndex(text).git_line_count == len(git_lines(text))


@given(TEXTS)
def test_utf16_length_is_the_codecs(text: str) -> None:
    assert utf16_length(text) == naive_units(text)


@given(TEXTS, st.integers(-3, 60))
@example("a\r\nb", 2)
@example("\r\n", 1)
def test_position_of_an_offset(text: str, offset: int) -> None:
    clamped = min(max(offset, 0), len(text))
    assert LineIndex(text).position(offset) == naive_position(text, clamped)


@given(TEXTS, st.integers(-2, 26), st.integers(-2, 12))
@example("𝄞", 0, 1)
def test_offset_of_a_position(text: str, line: int, character: int) -> None:
    assert LineIndex(text).offset(Position(line, character)) == naive_offset(text, Position(line, character))


@given(TEXTS)
def test_positions_and_offsets_undo_each_other(text: str) -> None:
    index = LineIndex(text)
    for offset in range(len(text) + 1):
        inside_crlf = text[offset - 1 : offset + 1] == "\r\n" and offset > 0
        assert index.offset(index.position(offset)) == (offset - 1 if inside_crlf else offset)


@given(TEXTS, st.data())
def test_positions_keep_the_order_of_offsets(text: str, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(text)))
    second = data.draw(st.integers(first, len(text)))
    index = LineIndex(text)
    assert index.position(first) <= index.position(second)


@given(TEXTS)
def test_spans_of_git_lines_hold_their_content(text: str) -> None:
    index = LineIndex(text)
    lines = naive_git_lines(text)
    start = 0
    for number, line in enumerate(lines):
        content = line.removesuffix("\n").removesuffix("\r")
        assert index.git_line_span(number) == (start, start + len(content))
        for offset in range(start, start + len(line)):
            assert index.git_line_of(offset) == number
        start += len(line)
    assert index.git_line_span(len(lines)) == (len(text), len(text))
    assert index.git_line_span(len(lines) + 5) == (len(text), len(text))
    assert index.git_line_of(-4) == 0
    assert index.git_line_of(len(text) + 9) == index.git_line_of(len(text))


@pytest.mark.parametrize("line", [-1, -2, -9])
def test_a_negative_git_line_is_the_first_one(line: int) -> None:
    assert LineIndex("ab\ncd\n").git_line_span(line) == (0, 2)


@given(TEXTS, st.data())
def test_a_range_of_git_lines_covers_them_without_the_last_end(text: str, data: st.DataObject) -> None:
    lines = naive_git_lines(text)
    if not lines:
        assert LineIndex(text).range_of_git_lines(0, 0) == Range(Position(0, 0), Position(0, 0))
        return
    first = data.draw(st.integers(0, len(lines) - 1))
    last = data.draw(st.integers(first, len(lines) - 1))
    index = LineIndex(text)
    expected = "".join(lines[first : last + 1]).removesuffix("\n").removesuffix("\r")
    assert index.slice(index.range_of_git_lines(first, last)) == expected


@given(TEXTS, st.data())
def test_replacing_what_a_range_covers_by_itself_changes_nothing(text: str, data: st.DataObject) -> None:
    index = LineIndex(text)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    where = index.range(start, end)
    left, right = index.offset(where.start), index.offset(where.end)
    assert text[:left] + index.slice(where) + text[right:] == text


def test_the_empty_text() -> None:
    index = LineIndex("")
    assert index.git_line_count == 0
    assert index.position(5) == Position(0, 0)
    assert index.offset(Position(3, 3)) == 0
    assert index.git_line_span(0) == (0, 0)
