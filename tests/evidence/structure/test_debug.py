from __future__ import annotations

import pytest

from rebuttal.evidence.structure import debug
from tests.evidence.structure.conftest import Told, marked

JS = "export function f(a) {\n  const b = a + 1;\n  return b;\n}\n"
RUBY = "def f(a)\n  b = a + 1\n  b\nend\n"
RUST = "fn f(a: i32) -> i32 {\n    let b = a;\n    b\n}\n"
PHP = "<?php\nfunction f($a) {\n    $b = $a;\n    return $b;\n}\n"
CS = "class A {\n  int F(int a) {\n    var b = a;\n    return b;\n  }\n}\n"
PY_TEST = "def test_a():\n    b = 1\n    assert b\n"
JS_TEST = "describe('a', () => {\n  it('b', () => { expect(1).toBe(1); });\n  it('c', () => {});\n});\n"
PY = "def f(a, b):\n    if a and b:\n        return 1\n    return 2\n"
GO = "package a\n\nfunc f(a bool) int {\n\tif a {\n\t\treturn 1\n\t}\n\treturn 2\n}\n"

LEFT = [
    ("src/a.js", JS, JS.replace("  return", "  debugger;\n  return"), "debugger;"),
    ("src/a.ts", JS, JS.replace("  return", "  debugger\n  return"), "debugger"),
    ("lib/a.rb", RUBY, RUBY.replace("  b\n", "  binding.pry\n  b\n"), "binding.pry"),
    ("lib/a.rb", RUBY, RUBY.replace("  b\n", "  byebug\n  b\n"), "byebug"),
    ("src/a.rs", RUST, RUST.replace("= a;", "= dbg!(a);"), "let b = dbg!(a);"),
    ("src/a.php", PHP, PHP.replace("    return", "    var_dump($b);\n    return"), "var_dump($b);"),
    ("src/a.php", PHP, PHP.replace("    return", "    dd($b);\n    return"), "dd($b);"),
    ("A.cs", CS, CS.replace("    return", "    Debugger.Break();\n    return"), "Debugger.Break();"),
    ("tests/test_a.py", PY_TEST, PY_TEST.replace("    assert", "    breakpoint()\n    assert"), "breakpoint()"),
    (
        "test/a.test.js",
        JS_TEST,
        JS_TEST.replace("it('b'", "it.only('b'"),
        "it.only('b', () => { expect(1).toBe(1); });",
    ),
    ("test/a.test.js", JS_TEST, JS_TEST.replace("it('c'", "fit('c'"), "fit('c', () => {});"),
    ("a.test.ts", JS_TEST, JS_TEST.replace("describe(", "fdescribe("), "fdescribe('a', () => {"),
    ("src/a.py", PY, PY.replace("if a and b", "if True or a and b"), "if True or a and b:"),
    ("src/a.py", PY, PY.replace("if a and b", "if a and False"), "if a and False:"),
    ("src/a.js", JS, JS.replace("  return b", "  if (a && false) return 1;\n  return b"), "if (a && false) return 1;"),
    ("src/a.go", GO, GO.replace("if a {", "if a || true {"), "if a || true {"),
    ("src/a.go", GO, GO.replace("if a {", "if false {"), "if false {"),
    ("src/a.py", PY, PY.replace("    return 2", '    print("here")\n    return 2'), 'print("here")'),
    ("src/a.js", JS, JS.replace("  return", "  console.log('XXX', b);\n  return"), "console.log('XXX', b);"),
    ("src/a.go", GO, GO.replace("\treturn 2", '\tfmt.Println("DEBUG", a)\n\treturn 2'), 'fmt.Println("DEBUG", a)'),
]
FINE = [
    ("src/a.js", JS, JS.replace("  return", "  // debugger;\n  return")),
    ("src/a.js", JS, JS.replace("  return", "  const s = 'debugger;';\n  return")),
    (
        "src/a.js",
        JS.replace("  return", "  debugger;\n  return"),
        JS.replace("  return", "  b;\n    debugger;\n  return"),
    ),
    ("lib/a.rb", RUBY, RUBY.replace("  b\n", "  debugger_port(b)\n  b\n")),
    ("src/a.rs", RUST, RUST.replace("= a;", '= log("dbg!(a)");')),
    ("src/a.php", PHP, PHP.replace("    return", "    $this->dd($b);\n    return")),
    ("src/a.php", PHP, PHP + "function dd($a) {}\n"),
    ("test/a.test.js", JS_TEST, JS_TEST.replace("it('b'", "it.each([1])('b'")),
    ("src/model.js", JS, JS.replace("  return", "  fit(b);\n  return")),
    ("src/a.py", PY, PY.replace("if a and b", "if a == True or b")),
    ("src/a.js", JS, JS.replace("  return b", "  if (a !== false && b) return 1;\n  return b")),
    ("src/a.js", JS, JS.replace("  return b", "  if (a === true || b) return 1;\n  return b")),
    ("src/a.py", PY, PY.replace("    return 2", "    if False:\n        yield\n    return 2")),
    ("a.sh", "a\n", "a || true\n"),
    ("src/cli.py", PY, PY.replace("    return 2", '    print("here")\n    return 2')),
    ("src/a.py", PY, PY.replace("    return 2", '    print("Done: all files written")\n    return 2')),
    ("scripts/a.js", JS, JS.replace("  return", "  console.log('XXX', b);\n  return")),
]


@pytest.mark.parametrize(("path", "before", "after", "line"), LEFT)
def test_a_leftover_on_an_added_line_is_found_once(told: Told, path: str, before: str, after: str, line: str) -> None:
    assert [marked(one) for one in told(debug.check, {path: before}, {path: after})] == [line]


@pytest.mark.parametrize(("path", "before", "after"), FINE)
def test_what_only_looks_like_a_leftover_is_not_told(told: Told, path: str, before: str, after: str) -> None:
    assert told(debug.check, {path: before}, {path: after}) == []


def test_a_print_in_a_package_that_prints_nothing_is_told(told: Told) -> None:
    quiet = {f"src/{name}.js": JS for name in "abcd"}
    (found,) = told(debug.check, quiet, {"src/a.js": JS.replace("  return", "  console.log(b);\n  return")})
    assert (marked(found), found.severity) == ("console.log(b);", "low")


def test_a_print_in_a_package_that_prints_is_not_told(told: Told) -> None:
    loud = {f"src/{name}.js": JS for name in "abc"} | {"src/d.js": "function g() {\n  console.log('started');\n}\n"}
    assert told(debug.check, loud, {"src/a.js": JS.replace("  return", "  console.log(b);\n  return")}) == []


def test_a_leftover_that_moved_to_another_file_is_not_new(told: Told) -> None:
    left = JS.replace("  return", "  debugger;\n  return")
    assert told(debug.check, {"src/a.js": left}, {"src/a.js": JS, "src/b.js": left}) == []


def test_the_fix_takes_the_debugger_out(told: Told) -> None:
    (found,) = told(debug.check, {"src/a.js": JS}, {"src/a.js": JS.replace("  return", "  debugger;\n  return")})
    assert found.fix is not None
    (edit,) = found.fix.edits
    assert (edit.range.start.line, edit.range.end.line, edit.new_text) == (2, 3, "")


def test_the_only_statement_of_a_branch_is_not_taken_out(told: Told) -> None:
    after = JS.replace("  return", "  if (b)\n    debugger;\n  return")
    (found,) = told(debug.check, {"src/a.js": JS}, {"src/a.js": after})
    assert found.fix is None
