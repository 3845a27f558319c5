"""The server's copy of a buffer is the editor's, after any edits, in any encoding, with any line ends."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types
from pygls.workspace import PositionCodec, Workspace

from rebuttal.lsp.encoding import clean, code_points, convert, length_in
from rebuttal.lsp.workspace import Edit, LspTextDocument, LspWorkspace, line_starts, split_lines
from rebuttal.text.positions import LineIndex, Position

# Line ends that Python knows and LSP does not are the point; so are characters of every width.
TEXT = st.text(st.sampled_from("ab \n\r\t\x0b\x0c\x1c\x85\u2028éß€💛"), max_size=40)
ENCODINGS = st.sampled_from(["utf-8", "utf-16", "utf-32"])
WIDTH = {"utf-8": lambda t: len(t.encode()), "utf-16": lambda t: len(t.encode("utf-16-le")) // 2, "utf-32": len}


def client_position(text: str, offset: int, encoding: str) -> types.Position:
    """Where a client says that an offset is; written plainly, to hold the server's way against it."""
    before = text[:offset].replace("\r\n", "\n\n")[: offset - text[:offset].count("\r\n")]
    line = text[:offset].replace("\r\n", "\n").replace("\r", "\n").count("\n")
    start = max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1
    assert before is not None
    return types.Position(line, WIDTH[encoding](text[start:offset]))


def splits_a_line_end(text: str, offset: int) -> bool:
    return text[offset - 1 : offset + 1] == "\r\n"


@given(TEXT, st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60), TEXT), max_size=6), ENCODINGS)
def test_buffer_became_wrong_after_a_form_feed(text: str, edits: list[tuple[int, int, str]], encoding: str) -> None:
    document = LspTextDocument(
        "file:///x.py", source=text, version=1, position_codec=PositionCodec(types.PositionEncodingKind(encoding))
    )
    for one, other, new in edits:
        start, end = sorted((min(one, len(text)), min(other, len(text))))
        if splits_a_line_end(text, start) or splits_a_line_end(text, end):
            continue
        where = types.Range(client_position(text, start, encoding), client_position(text, end, encoding))
        document.apply_change(types.TextDocumentContentChangePartial(range=where, text=new))
        text = text[:start] + new + text[end:]
        assert document.source == text
    assert document.bare_lines == split_lines(text)
    assert "".join(document.lines) == text


@given(st.text("ab\r\n\u2028", max_size=30), st.lists(st.tuples(st.integers(), st.integers(), TEXT), max_size=8))
def test_where_lines_begin_is_kept_through_edits(text: str, edits: list[tuple[int, int, str]]) -> None:
    document = LspTextDocument("file:///a.py", source=text, version=1)
    for one, other, new in edits:
        start, end = sorted((one % (len(document.source) + 1), other % (len(document.source) + 1)))
        where = types.Range(*(client_position(document.source, at, "utf-16") for at in (start, end)))
        document.apply_change(types.TextDocumentContentChangePartial(range=where, text=new))
        assert document._line_starts() == line_starts(document.source)


@given(TEXT, st.integers(0, 60), st.integers(0, 60), TEXT)
def test_edits_are_remembered_in_utf16(text: str, one: int, other: int, new: str) -> None:
    start, end = sorted((min(one, len(text)), min(other, len(text))))
    after = text[:start] + new + text[end:]
    if any(splits_a_line_end(*at) for at in ((text, start), (text, end), (after, start), (after, start + len(new)))):
        return
    document = LspTextDocument("file:///x.py", source=text, version=1)
    where = types.Range(client_position(text, start, "utf-16"), client_position(text, end, "utf-16"))
    document.apply_change(types.TextDocumentContentChangePartial(range=where, text=new))
    [edit] = document.take_edits() or []
    assert (edit.start, edit.old_end) == (LineIndex(text).position(start), LineIndex(text).position(end))
    assert edit.new_end == LineIndex(after).position(start + len(new))
    assert document.take_edits() == []


def test_position_beyond_the_last_line_was_one_too_early() -> None:
    document = LspTextDocument("file:///x.py", source="abc", version=1)
    far = types.Position(0, 100)
    document.apply_change(types.TextDocumentContentChangePartial(range=types.Range(far, far), text="!"))
    assert document.source == "abc!"
    beyond = types.Position(99, 7)
    document.apply_change(types.TextDocumentContentChangePartial(range=types.Range(beyond, beyond), text="\n"))
    assert document.source == "abc!\n"


def test_edit_that_ends_before_it_starts_is_an_insertion() -> None:
    document = LspTextDocument("file:///x.py", source="abc", version=1)
    where = types.Range(types.Position(0, 2), types.Position(0, 1))
    document.apply_change(types.TextDocumentContentChangePartial(range=where, text="-"))
    assert document.source == "ab-c"


def test_whole_text_replaced_tells_which_lines_are_others() -> None:
    document = LspTextDocument("file:///x.py", source="a\nb\nc\n", version=1)
    document.apply_change(types.TextDocumentContentChangeWholeDocument(text="a\nnew\nb\nc\n"))
    assert document.source == "a\nnew\nb\nc\n"
    assert document.take_edits() == [Edit(Position(1, 0), Position(1, 0), Position(2, 0))]
    document.apply_change(types.TextDocumentContentChangeWholeDocument(text="a\n"))
    document.forget_edits()
    assert document.take_edits() == []


def test_workspace_kept_neither_folders_nor_encoding() -> None:
    folder = types.WorkspaceFolder("file:///shop", "shop")
    given = Workspace("file:///shop", types.TextDocumentSyncKind.Incremental, [folder], types.PositionEncodingKind.Utf8)
    workspace = LspWorkspace.of(given)
    assert workspace.units == "utf-8"
    assert list(workspace.folders) == ["file:///shop"]


@given(TEXT.map(lambda text: text.replace("\n", "").replace("\r", "")), ENCODINGS, st.integers(-3, 60))
def test_character_is_clamped_and_never_splits_one(line: str, encoding: str, character: int) -> None:
    units: types.PositionEncodingKind | str = encoding
    count = code_points(line, character, units)  # type: ignore[arg-type]  # one of the three
    assert 0 <= count <= len(line)
    assert length_in(line[:count], units) <= max(character, 0)  # type: ignore[arg-type]  # one of the three
    there = convert(line, length_in(line[:count], "utf-16"), "utf-16", units)  # type: ignore[arg-type]  # one of the three
    assert there == WIDTH[encoding](line[:count])


@given(TEXT)
def test_lines_are_those_of_positions(text: str) -> None:
    index = LineIndex(text)
    assert [index.position(start).character for start in line_starts(text)] == [0] * len(line_starts(text))
    assert len(split_lines(text)) == len(line_starts(text)) == index.position(len(text)).line + 1


def test_terminal_escapes_and_direction_marks_are_left_out() -> None:
    assert clean("a\x1b[31mred\u202eevil\x00") == "a[31mredevil"


def test_positions_are_frozen() -> None:
    assert Position(1, 2) < Position(2, 0)
