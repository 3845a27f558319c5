"""What is found in one realistic file of each language: beside each sample stands what a reader would find in it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import get_args

import pytest

from rebuttal.text.languages import TRUSTED, Language, language_of
from rebuttal.text.model import Symbol
from rebuttal.text.parsing import Parser, ParseTimeout, Unparsed, syntax_errors
from rebuttal.text.symbols import enclosing, imports_of, references_of, symbols_of
from tests.text.rendering import rendered

SAMPLES = sorted((Path(__file__).parent / "samples").glob("sample.*"))
TAGGED = tuple(one for one in get_args(Language) if one not in TRUSTED)


def _read(path: Path) -> tuple[str, Language]:
    language = language_of(path.name)
    assert language is not None
    return path.read_text("utf-8").replace("\r\n", "\n"), language


def _found(path: Path) -> str:
    text, language = _read(path)
    parser = Parser(seconds=20)
    return rendered(
        symbols_of(text, language, parser),
        imports_of(text, language, parser),
        references_of(text, language, parser=parser),
    )


def test_every_language_of_the_query_files_has_a_sample() -> None:
    assert sorted(_read(path)[1] for path in SAMPLES) == sorted(TAGGED)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_a_sample_gives_its_symbols_imports_and_references(path: Path) -> None:
    expected = path.with_name(f"{path.suffix[1:]}.found").read_text("utf-8").replace("\r\n", "\n")
    assert _found(path) == expected


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_asking_for_some_names_gives_the_same_as_asking_for_all(path: Path) -> None:
    text, language = _read(path)
    parser = Parser(seconds=20)
    names = {"weight", "carry", "leg", "Parcel"}
    every = references_of(text, language, parser=parser)
    assert references_of(text, language, names, parser) == tuple(one for one in every if one.name in names)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_spans_lie_in_the_text_and_names_stand_where_they_are_said_to(path: Path) -> None:
    text, language = _read(path)
    text = f"// 😀 é\n{text}" if language not in ("ruby", "bash", "php") else f"{text}\n# 😀 é\n"
    parser = Parser(seconds=20)
    symbols = symbols_of(text, language, parser)
    for one in symbols:
        named = text[one.name_offset : one.name_offset + len(one.name)]
        assert one.name in (named, f"operator{named[:2]}", named.lstrip(":")) or language in ("cpp", "ruby")
        assert one.start_line <= one.name_line <= one.header_end_line <= one.end_line
        assert text.count("\n", 0, one.name_offset) == one.name_line
    for use in references_of(text, language, parser=parser):
        assert use.name in text[use.start_offset : use.end_offset]


def _longest(symbols: tuple[Symbol, ...]) -> Symbol:
    return max(symbols, key=lambda one: one.end_line - one.start_line if one.kind in ("function", "method") else 0)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_a_line_of_a_function_is_enclosed_by_it(path: Path) -> None:
    text, language = _read(path)
    symbols = symbols_of(text, language, Parser(seconds=20))
    function = _longest(symbols)
    assert enclosing(symbols, function.end_line) == function


def test_definitions_after_broken_code_are_still_found() -> None:
    broken = "fn f( { let x = ;\n\nstruct Later { a: u8 }\nfn g() {}\n"
    assert {"Later", "g"} <= {one.name for one in symbols_of(broken, "rust")}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("language", TAGGED)
@pytest.mark.parametrize(
    "text",
    [
        "(" * 60_000,
        "<<A " * 20_000,
        '"${a' * 15_000,
        "f(b, " * 12_000,
        "class A { " * 6_000,
        "\0\x01]})" * 12_000,
        "/*\n" * 20_000,
        '"${a\n' * 12_000,
        "(\n" * 30_000,
    ],
    ids=[
        "parentheses",
        "heredocs",
        "interpolations",
        "calls",
        "classes",
        "noise",
        "comment lines",
        "interpolation lines",
        "parenthesis lines",
    ],
)
def test_hostile_text_is_understood_or_refused_but_never_hangs(language: Language, text: str) -> None:
    # Without the limits some of these take minutes, which the test run's own time limit refuses.
    parser = Parser(seconds=0.2)
    for find in (symbols_of, references_of):
        with suppress(Unparsed):
            find(text, language, parser=parser)


def test_many_loose_tokens_are_refused_because_queries_over_them_take_quadratic_time() -> None:
    with pytest.raises(Unparsed, match="not in the language"):
        symbols_of("(\n" * 200_000, "bash", Parser(seconds=60))


def test_a_line_that_the_scanner_of_scala_would_look_through_for_minutes_is_refused() -> None:
    with pytest.raises(Unparsed, match="data, not code"):
        symbols_of("`" * 50_000, "scala", Parser())


def test_time_runs_out_between_the_parts_of_a_long_text() -> None:
    ticks = iter(range(10_000_000))
    text = "int f(int a) { return a; }\n" * 20_000
    with pytest.raises(ParseTimeout):
        symbols_of(text, "c", Parser(seconds=1_000, clock=lambda: float(next(ticks))))


def test_a_long_text_gives_each_symbol_once() -> None:
    text = "class A {\n" + "".join(f"  void m{n}() {{ f(); }}\n" for n in range(4_000)) + "}\n"
    names = [one.qualified for one in symbols_of(text, "java", Parser(seconds=60))]
    assert names == ["A", *(f"A.m{n}" for n in range(4_000))]


def test_syntax_errors_are_told_of_trusted_languages_only_by_choice() -> None:
    # A macro that the grammar cannot know: good C, and an error to the parser.
    assert syntax_errors("#define LOOP for(;;)\nint f(void) { LOOP { if (x) } }\n", "c")
    assert "c" not in TRUSTED
