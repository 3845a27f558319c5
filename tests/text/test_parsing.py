from __future__ import annotations

import pytest

from rebuttal.text.languages import Language, language_of
from rebuttal.text.parsing import MAX_BYTES, Parser, ParseTimeout, Unparsed, syntax_errors
from rebuttal.text.symbols import imports_of, references_of, symbols_of

GOOD: dict[Language, str] = {
    "python": "def f(a, *, b: int = 1) -> None:\n    match a:\n        case [1, *_]: pass\n",
    "javascript": "export const f = async ({ a }, ...b) => a?.b ?? b;\n",
    "typescript": "export function f<T>(a: T, b?: string): asserts a is T {}\n",
    "tsx": "const A = (p: { n: number }) => <b key={p.n}>é</b>;\n",
    "go": "package p\n\nfunc F[T any](a T, b ...string) (int, error) { return 0, nil }\n",
}
BAD: dict[Language, str] = {
    "python": "x = 'é'\ndef f(:\n    pass\n",
    "javascript": "const x = {;\n",
    "typescript": "function f(a: ) { return 1\n",
    "tsx": "const A = <b key={>x</b>;\n",
    "go": "package p\n\nfunc F( {\n",
}


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("a.py", "python"),
        ("a/b.pyi", "python"),
        ("a.JS", "javascript"),
        ("a.mjs", "javascript"),
        ("a.d.ts", "typescript"),
        ("a.cts", "typescript"),
        ("a.tsx", "tsx"),
        ("a.go", "go"),
        ("a.rs", "rust"),
        ("a.h", "cpp"),
        ("A.KTS", "kotlin"),
        ("a.hs", None),
        ("py", None),
        (".py", None),
        ("dir.py/file", None),
    ],
)
def test_a_language_is_known_by_the_name_of_the_file(path: str, language: Language | None) -> None:
    assert language_of(path) == language


@pytest.mark.parametrize("language", GOOD)
def test_good_text_has_no_faults(language: Language) -> None:
    assert syntax_errors(GOOD[language], language) == ()


@pytest.mark.parametrize("language", BAD)
def test_a_fault_is_found_and_kept_within_one_line(language: Language) -> None:
    text = BAD[language]
    faults = syntax_errors(text, language)
    assert faults
    for fault in faults:
        assert 0 <= fault.start_offset <= fault.end_offset <= len(text)
        assert "\n" not in text[fault.start_offset : fault.end_offset]
        assert fault.message


def test_offsets_are_code_points_also_behind_wide_characters() -> None:
    text = "x = '😀é'\ny = )\n"
    (fault,) = syntax_errors(text, "python")
    assert text[fault.start_offset : fault.end_offset].strip().endswith(")")


@pytest.mark.parametrize(
    "text", ["", "\0", "a\0b\n", "\ud800 = 1\n", "\ufeffx = 1\n", "\r\n\r\n", "x" * 100_000, "f(" * 20_000]
)
def test_hostile_text_is_parsed_without_an_exception(text: str) -> None:
    for language in GOOD:
        syntax_errors(text, language)


def test_a_text_of_megabytes_is_left_unparsed() -> None:
    with pytest.raises(Unparsed, match="too long"):
        syntax_errors("x" * (MAX_BYTES + 1), "python")


def test_parsing_ends_at_its_time_limit() -> None:
    ticks = iter(range(1_000_000))
    parser = Parser(seconds=5, clock=lambda: float(next(ticks)))
    with pytest.raises(ParseTimeout):
        parser.parse("x = 1\n" * 100_000, "python")


def test_a_tree_is_remembered_by_content_and_forgotten_when_there_is_no_room() -> None:
    parser = Parser(remembered_bytes=20)
    first = parser.parse("x = 1\n", "python")
    assert parser.parse("x = 1\n", "python") is first
    parser.parse("y = 1234567890123456\n", "python")
    assert parser.parse("x = 1\n", "python") is not first


def test_a_text_that_took_too_long_is_not_parsed_once_more_by_the_same_parser() -> None:
    asked: list[float] = []

    def clock() -> float:
        asked.append(len(asked) * 10.0)
        return asked[-1]

    parser = Parser(seconds=1.0, clock=clock)
    text = "def f(a):\n    return a\n" * 2_000
    with pytest.raises(ParseTimeout):
        symbols_of(text, "python", parser)
    before = len(asked)
    for again in (symbols_of, imports_of, references_of):
        with pytest.raises(ParseTimeout):
            again(text, "python", parser=parser)
    assert len(asked) == before
