"""What calls pass and what definitions take, where a language writes it in a way of its own."""

from __future__ import annotations

import pytest

from rebuttal.text.languages import Language
from rebuttal.text.model import Arguments, Parameter
from rebuttal.text.symbols import references_of, symbols_of


def call(text: str, language: Language, name: str = "go") -> Arguments | None:
    return next(one.arguments for one in references_of(text, language, (name,)) if one.kind == "call")


def parameters(text: str, language: Language, name: str = "go") -> tuple[Parameter, ...] | None:
    return next(one.parameters for one in symbols_of(text, language) if one.name == name)


@pytest.mark.parametrize(
    ("text", "passed"),
    [
        ("go(1, [2], {a: 3})", Arguments(3)),
        ("go 1, a: 2, 'b': 3, :c => 4, d:", Arguments(1, ("a", "b", "c", "d"))),
        ("go(1, KEY => 2)", Arguments(1, (), True)),
        ("go(*all)", Arguments(0, (), True)),
        ("go(1, **options)", Arguments(1, (), True)),
        ("def x(...) = go(...)", Arguments(0, (), True)),
        ("go(1, &block)", Arguments(1)),
        ("go(1) { |one| one }", Arguments(1)),
        ("it.go", Arguments(0)),
    ],
)
def test_a_call_in_ruby_tells_position_name_and_splat_apart(text: str, passed: Arguments) -> None:
    assert call(text, "ruby") == passed


def test_ruby_takes_parts_of_an_array_and_everything_there_is() -> None:
    takes = parameters("def go(a, (b, c), ...) = 1\n", "ruby")
    assert [(one.kind, one.required) for one in takes or ()] == [
        ("positional_only", True),
        ("positional_only", True),
        ("variadic", False),
    ]


@pytest.mark.parametrize(
    ("text", "static"),
    [
        ("class A\n  def go; end\nend\n", False),
        ("class A\n  def self.go; end\nend\n", True),
        ("class A\n  class << self\n    def go; end\n  end\nend\n", True),
        ("class A\n  class << self\n    private def go; end\n  end\nend\n", True),
        ("class A\n  class << self\n    attr_reader :x\n  end\n  def go; end\nend\n", False),
    ],
)
def test_a_method_of_a_ruby_class_itself_is_static(text: str, static: bool) -> None:
    found = next(one for one in symbols_of(text, "ruby") if one.name == "go")
    assert found.decorators == (("static",) if static else ())


@pytest.mark.parametrize(
    ("tokens", "passed"),
    [
        ("go(1, 2)", Arguments(2)),
        ("go()", Arguments(0)),
        ("go(1, f(2, 3),)", Arguments(2)),
        ("go(|a, b| a)", Arguments(0, (), True)),
        ("go(one::<A, B>())", Arguments(0, (), True)),
    ],
)
def test_a_call_inside_a_rust_macro_passes_what_its_tokens_tell(tokens: str, passed: Arguments) -> None:
    assert call(f"fn x() {{ assert!({tokens}); }}\n", "rust") == passed


@pytest.mark.parametrize(
    ("written", "types"),
    [
        ("const char *a, int b[3]", ["const char *", "int [3]"]),
        ("void (*each)(int, int), struct foo **at", ["void (* )(int, int)", "struct foo **"]),
        ("void (*)(int)", ["void (*)(int)"]),
        ("void", []),
        ("void *", ["void *"]),
    ],
)
def test_the_type_of_a_c_parameter_is_what_stands_around_its_name(written: str, types: list[str]) -> None:
    assert [one.type for one in parameters(f"int go({written});\n", "c") or ()] == types


@pytest.mark.parametrize("language", ["c", "cpp"])
def test_more_arguments_may_follow_in_both_grammars_of_c(language: Language) -> None:
    takes = parameters("int go(int a, ...);\n", language)
    assert [(one.name, one.required, one.kind) for one in takes or ()] == [
        ("a", True, "positional_only"),
        ("", False, "variadic"),
    ]
