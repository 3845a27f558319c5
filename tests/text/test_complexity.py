"""Cognitive complexity, each language against a count by hand."""

from __future__ import annotations

import pytest

from rebuttal.text.complexity import Complexity, complexity_of
from rebuttal.text.languages import Language
from rebuttal.text.symbols import symbols_of

PYTHON = """\
def f(m):
    for i in range(m):            # 1
        for j in range(i):        # 2
            if i % j == 0 and m or i:  # 3, and two runs of operators
                break
        else:                     # 1
            pass
    try:
        x = 1 if m else 2         # 1
    except ValueError:            # 1
        if m:                     # 2
            pass
        elif x:                   # 1
            pass
        else:                     # 1
            pass
    def inner():
        if m:
            pass
    return x
"""
SCRIPT = """\
const f = (a) => {
  out: for (;;) { for (const x of y) { if (a && b && c || d) { continue out; } } }
  if (a) {} else if (b) {} else {}
  list.map((x) => { if (x) {} });
}
"""
CHAIN = "{ if (a) { } else if (b) { } else { while (c) { if (d && e) {} } } }"


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("python", PYTHON, Complexity(15, 3, 7, 2)),
        ("javascript", SCRIPT, Complexity(14, 3, 6, 2)),
        ("typescript", SCRIPT, Complexity(14, 3, 6, 2)),
        ("go", "package p\nfunc f() { if a { } else if b { } else { }\n switch x { case 1: }\n g(func() { if a {} }) }",
         Complexity(6, 2, 4, 0)),
        ("rust", "fn f() { if a && b { } else if c { } else { } match x { _ => if a {} } }", Complexity(7, 2, 4, 1)),
        ("java", f"class A {{ void f() {CHAIN} }}", Complexity(9, 3, 4, 1)),
        ("csharp", f"class A {{ void f() {CHAIN} }}", Complexity(9, 3, 4, 1)),
        ("c", f"void f() {CHAIN}", Complexity(9, 3, 4, 1)),
        ("cpp", f"void f() {CHAIN}", Complexity(9, 3, 4, 1)),
        ("php", "<?php function f() { if ($a) { } elseif ($b) { } else { } foreach ($x as $y) { if ($a && $b) {} } }",
         Complexity(7, 2, 4, 1)),
        ("ruby", "def f\n  if a\n  elsif b\n  else\n    a ? b : c\n  end\n  l.each do |x|\n  y if x && y\n end\nend",
         Complexity(8, 2, 4, 1)),
    ],
)  # fmt: skip
def test_counted_by_hand(language: Language, text: str, expected: Complexity) -> None:
    function = next(one for one in symbols_of(text, language) if one.name == "f")
    assert complexity_of(text, language, function) == expected


def test_letters_of_several_bytes_before_the_function_do_not_move_it() -> None:
    text = "x = 'äöü€𝄞'\n\n\ndef f():\n    if x:\n        pass\n"
    assert complexity_of(text, "python", symbols_of(text, "python")[-1]) == Complexity(1, 1, 1, 0)


def test_a_language_without_a_table_has_none() -> None:
    text = "f() { if a; then b; fi; }\n"
    assert complexity_of(text, "bash", symbols_of(text, "bash")[0]) is None


def test_deep_nesting_does_not_end_the_process() -> None:
    text = "function f() {" + "if (a) {" * 5000 + "}" * 5000 + "}"
    found = complexity_of(text, "javascript", symbols_of(text, "javascript")[0])
    assert found is not None
    assert found.nesting == 5000
