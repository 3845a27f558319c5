from __future__ import annotations

import json

import pytest

from rebuttal.evidence.model import Completed
from tests.evidence.conftest import Review, of

GOOD = {
    "python": ("a.py", "def f(a):\n    return a\n", "def f(a:\n    return a\n"),
    "javascript": ("a.js", "function f(a) {\n  return a;\n}\n", "function f(a {\n  return a;\n}\n"),
    "typescript": ("a.ts", "const f = (a: number) => a;\n", "const f = (a: number => a;\n"),
    "tsx": ("a.tsx", "const A = () => <b>x</b>;\n", "const A = () => <b key={>x</b>;\n"),
    "go": ("a.go", "package a\n\nfunc f(a int) {}\n", "package a\n\nfunc f(a int {}\n"),
}
CONFLICT = "x = 0\n<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> theirs\n"


@pytest.mark.parametrize("language", GOOD)
def test_a_syntax_error_that_the_change_brings_is_found_once(review: Review, language: str) -> None:
    path, good, bad = GOOD[language]
    (found,) = review({path: good}, {path: bad}).findings
    assert (found.rule, found.file, found.side, found.severity) == ("syntax:error", path, "new", "critical")
    assert found.quote in bad


@pytest.mark.parametrize("language", GOOD)
def test_a_file_that_was_broken_before_is_no_news(review: Review, language: str) -> None:
    path, _, bad = GOOD[language]
    assert review({path: bad}, {path: bad + "\n\n"}).findings == ()


def test_a_broken_python_file_gives_no_other_faults(review: Review) -> None:
    after = "import os\n\n\ndef g(b=[]):\n    return undefined_name(\n"
    assert [one.rule for one in review({"a.py": "x = 1\n"}, {"a.py": after}).findings] == ["syntax:error"]


def test_without_ruff_our_own_parser_tells_of_python(review: Review) -> None:
    evidence = review({"a.py": "x = 1\n"}, {"a.py": "x = (1\ny = )\n"}, run=lambda _a, _b: Completed(2, "", ""))
    assert [one.rule for one in evidence.findings] == ["syntax:error"]


@pytest.mark.parametrize("path", ["{{cookiecutter.name}}/a.py", "project/templates/a.py"])
def test_a_template_of_code_is_not_code(review: Review, path: str) -> None:
    assert review({}, {path: "import {{ name }}\n\nclass {{ name }}:\n    pass\n"}).findings == ()


def test_deleting_a_bracket_anchors_on_a_line_of_the_change(review: Review) -> None:
    before = "a = [\n    1,\n    2,\n]\nb = 1\n" + "c = 1\n" * 20
    (found,) = review({"a.py": before}, {"a.py": before.replace("    2,\n]\n", "    3,\n")}).findings
    assert found.quote == "    3,"


def test_a_conflict_left_in_code_is_one_critical_finding(review: Review) -> None:
    (found,) = review({"a.py": "x = 0\n"}, {"a.py": CONFLICT}).findings
    assert (found.rule, found.severity, found.range.start.line) == ("conflict:marker", "critical", 1)
    assert found.quote == "<<<<<<< HEAD"


def test_every_conflict_is_told_and_prose_and_diff3_too(review: Review) -> None:
    three = "<<<<<<< a\n1\n||||||| base\n0\n=======\n2\n>>>>>>> b\n"
    (found,) = of(review({}, {"notes.md": three + "\n" + three}), "conflict:")
    assert [one.range.start.line for one in found.related] == [8]
    assert found.message.endswith("So is 1 more of this file.")


def test_a_field_of_a_class_that_begins_with_a_bracket_is_no_syntax_error(review: Review) -> None:
    after = "class A {\n  #abort\n\n  [key] = null\n\n  b () {}\n}\n"
    assert of(review({"a.js": ""}, {"a.js": after}), "syntax:") == []
    assert len(of(review({"b.js": ""}, {"b.js": after.replace("[key]", "(")}), "syntax:")) == 1


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.rst", "Title\n=======\n\n>>>>>>> not a conflict\n"),
        ("a.md", "```\n" + CONFLICT + "```\n"),
        ("a.py", 'TEXT = """\n' + CONFLICT + '"""\n'),
        ("a.txt", "<<<<<<< only\n=======\n"),
        ("a.txt", "  <<<<<<< a\n  =======\n  >>>>>>> b\n"),
        ("a.txt", ">>>>>>> b\n=======\n<<<<<<< a\n"),
    ],
)
def test_what_only_looks_like_a_conflict_is_none(review: Review, path: str, text: str) -> None:
    assert of(review({}, {path: text}), "conflict:") == []


def test_a_conflict_that_stood_in_the_base_is_no_news(review: Review) -> None:
    assert of(review({"a.txt": CONFLICT}, {"a.txt": "new\n" + CONFLICT}), "conflict:") == []


def test_a_form_that_only_declaration_files_allow_is_no_syntax_error(review: Review) -> None:
    after = "declare const _default: number;\nexport default function (): {\n  name: string;\n};\n"
    assert review({"a.d.ts": "export {};\n"}, {"a.d.ts": after}).findings == ()


@pytest.mark.parametrize(
    ("path", "good", "strange"),
    [
        ("a.c", "int f(void) { return 1; }\n", "#define LOOP for(;;)\nint f(void) { LOOP { if (x) } }\n"),
        ("A.java", "class A {}\n", "import module java.base;\nclass A { A() { f(); super(); } }\n"),
        ("a.rb", "def f = 1\n", "def f = puts 1\n"),
        ("b.rb", "def f\n  1\nend\n", "def f\n  a = <<~END\n    if (\n  END\n  b if a unless %r{[(]} =~ a\nend\n"),
        ("a.cpp", "int f() { return 1; }\n", "int f() { return g(R\"(()\", 1'000, '(') OP h(); }\n"),
        (
            "b.c",
            "int f(void) {\n}\n",
            "#ifdef A\nint f(int a) {\n#elif B\nint f() {\n#else\nint f(void) {\n#endif\n}\n",
        ),
        ("a.rs", 'extern "C" { fn f(); }\n', 'unsafe extern "C" { safe fn f(); }\n'),
    ],
)
def test_what_only_the_grammar_does_not_know_is_no_syntax_error(
    review: Review, path: str, good: str, strange: str
) -> None:
    assert review({path: good}, {path: strange}).findings == ()


UNCLOSED = [
    ("a.c", "int f(int a)\n{\n\tif (a) {\n\t\treturn g(a);\n\t}\n\treturn 0;\n}\n", "g(a);", "g(a;", "return g(a;"),
    ("a.cpp", "int A::f() {\n  while (b()) {\n    c('(');\n  }\n  return 1;\n}\n", "b()) {", "b())", "while (b())"),
    ("a.rs", "fn f<'a>(a: &'a str) -> char {\n    if a.len() > 1 { g(); }\n    '{'\n}\n", "g(); }", "g();", "if a.len"),
    ("A.java", "class A {\n  int f() {\n    return g(1);\n  }\n}\n", "f() {", "f()) {", "int f()) {"),
    ("A.cs", 'class A {\n  string F() {\n    return $"{G(1)}" + @"\\";\n  }\n}\n', "F() {", "F( {", "string F( {"),
    ("a.php", "<?php\nfunction f($a) {\n    return [$a, '('];\n}\n", "'(']", "'('", "return [$a"),
    ("a.rb", "def f(a)\n  a.each do |one|\n    puts one\n  end\nend\n", "one|\n", "one|\n    if one\n", "if one"),
    ("b.rb", "def f(a)\n  g(a) if a\n  h = %w[( x]\nend\n", "g(a) if", "g(a if", "g(a if a"),
]


@pytest.mark.parametrize(("path", "good", "piece", "instead", "quote"), UNCLOSED)
def test_a_bracket_that_no_longer_closes_is_told_of_languages_whose_grammar_errs(
    review: Review, path: str, good: str, piece: str, instead: str, quote: str
) -> None:
    (found,) = of(review({path: good}, {path: good.replace(piece, instead)}), "syntax:")
    assert quote in found.quote


@pytest.mark.parametrize(("path", "good", "piece", "instead", "quote"), UNCLOSED)
def test_a_bracket_that_the_base_left_open_is_no_news(
    review: Review, path: str, good: str, piece: str, instead: str, quote: str
) -> None:
    bad = good.replace(piece, instead)
    assert of(review({path: bad}, {path: bad.replace("f", "ff")}), "syntax:") == []


@pytest.mark.parametrize("path", ["a.sh", "a.rb", "a.rs", "a.cpp"])
def test_a_conflict_is_told_though_a_grammar_takes_its_markers_for_code(review: Review, path: str) -> None:
    (found,) = review({path: ""}, {path: CONFLICT}).findings
    assert (found.rule, found.severity) == ("conflict:marker", "critical")


def test_overloads_and_macros_of_other_languages_are_no_broken_callers(review: Review) -> None:
    before = {
        "src/A.java": "class A {\n  static int f(int a) { return a; }\n}\n",
        "src/B.java": "class B {\n  int g() { return A.f(1); }\n}\n",
    }
    after = {
        "src/A.java": "class A {\n  static int f(int a) { return a; }\n  static int f(int a, int b) { return a; }\n}\n"
    }
    assert review(before, after).findings == ()


def test_a_conflict_that_left_a_notebook_without_valid_json_was_no_finding(review: Review) -> None:
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "source": ["x = 1\n", "y = 2\n"]}
    text = json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1)
    ours = '    "x = 1\\n",\n'
    assert ours in text
    broken = text.replace(ours, f"<<<<<<< HEAD\n{ours}=======\n{ours.replace('1', '3')}>>>>>>> topic\n")
    (found,) = of(review({"a.ipynb": text}, {"a.ipynb": broken}), "conflict:")
    assert (found.file, found.severity, found.cell) == ("a.ipynb", "critical", None)
    assert broken.split("\n")[found.range.start.line] == "<<<<<<< HEAD"
    assert of(review({"b.ipynb": broken}, {"b.ipynb": broken + "\n"}), "conflict:") == []


@pytest.mark.parametrize(
    ("path", "text"),
    [("tests/out/app.ts", "\x1b[38;2;1;2;3mimport\x1b[0m * as React"), ("src/fixtures/broken.ts", "let = ;\n")],
)
def test_what_tests_read_was_taken_for_code(review: Review, path: str, text: str) -> None:
    assert of(review({"a.ts": ""}, {path: text}), "syntax:") == []


def test_generic_call_signatures_without_semicolons_were_taken_for_syntax_errors(review: Review) -> None:
    text = (
        "interface A {\n  <T = B>(a: T, b?: C): R\n  <T = B>(a: T): R\n}\n\n"
        "interface H {\n  <E extends X, S extends {}>(a: H<E>): (\n    b: B\n  ) => R | Promise<R>\n"
        "  /** @deprecated */\n  <E extends X, S extends {}>(a: H<E>, p: string): (b: B) => R\n}\n"
    )
    assert of(review({"a.ts": ""}, {"a.ts": text}), "syntax:") == []
