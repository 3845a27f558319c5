from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebuttal.text.languages import Language
from rebuttal.text.model import Arguments, Symbol
from rebuttal.text.parsing import Parser
from rebuttal.text.symbols import bindings_of, enclosing, imports_of, references_of, symbols_of

PYTHON = """\
import os, a.b as ab
from .x import y as z
LIMIT = 3


@deco(1)
async def f(a, b: int, /, c=1, *args, e, **kw):
    def inner(q):
        return z(q)

    return g(1, *a, k=2)


class A(B):
    F = 1

    @staticmethod
    def s(a):
        pass

    @classmethod
    def c(cls, a):
        pass

    def _m(self, x=1):
        # é
        self.c(x, y=1)
        return ab.foo.bar
"""
GO = """\
package p

import (
	"fmt"
	x "example.org/a/b"
)

const A = 1

type T[K any] struct{ a int }

type I interface{ M(a int) error }

func (t *T[K]) M(a, b int, c ...string) error {
	t.M(1, 2)
	fmt.Println(x.N, c...)
	return nil
}

func f(int, string) {}
"""
TS = """\
import d, { e as f2 } from './p';
import * as q from 'q';
export * from './r';

export default function f(this: T, a: number, b?: string, c = 1, ...rest: any[]): void {}

export abstract class A extends B<T> implements C {
  private x = 1;
  static async m(a) {}
  h = (a: string) => a;
}
const k = (x: number) => x;
interface I { m(a: number): void }
f(1, ...rest);
new A(1);
q.z();
export { k };
"""


def by_name(symbols: tuple[Symbol, ...]) -> dict[str, Symbol]:
    return {one.qualified: one for one in symbols}


def signature(symbol: Symbol) -> list[tuple[str, bool, str]]:
    return [(one.name, one.required, one.kind) for one in symbol.parameters or ()]


def test_python_definitions_carry_their_containers_lines_and_signatures() -> None:
    found = by_name(symbols_of(PYTHON, "python"))
    assert set(found) == {"LIMIT", "f", "f.inner", "A", "A.F", "A.s", "A.c", "A._m"}
    assert signature(found["f"]) == [
        ("a", True, "positional_only"),
        ("b", True, "positional_only"),
        ("c", False, "positional"),
        ("args", False, "variadic"),
        ("e", True, "keyword"),
        ("kw", False, "keyword_variadic"),
    ]
    assert found["f"].is_async
    assert found["f"].decorators == ("deco",)
    assert (found["f"].start_line, found["f"].name_line, found["f"].end_line) == (5, 6, 10)
    assert signature(found["A.s"]) == [("a", True, "positional")]
    assert signature(found["A.c"]) == [("a", True, "positional")]
    assert signature(found["A._m"]) == [("x", False, "positional")]
    assert found["A.c"].kind == "method"
    assert found["A"].bases == ("B",)
    assert not found["A._m"].is_public
    assert (found["LIMIT"].kind, found["A.F"].kind) == ("constant", "field")


def test_a_keyword_only_parameter_follows_a_bare_star() -> None:
    (symbol,) = symbols_of("def g(a, *, b, c=1): ...\n", "python")
    assert [one.kind for one in symbol.parameters or ()] == ["positional", "keyword", "keyword"]


def test_typescript_definitions() -> None:
    found = by_name(symbols_of(TS, "typescript"))
    assert {"f", "A", "A.x", "A.m", "A.h", "k", "I", "I.m"} <= set(found)
    assert signature(found["f"]) == [
        ("a", True, "positional_only"),
        ("b", False, "positional_only"),
        ("c", False, "positional_only"),
        ("rest", False, "variadic"),
    ]
    assert found["A.m"].is_async
    assert found["A.m"].decorators == ("static",)
    assert found["A.h"].kind == "method"
    assert found["A"].is_public
    assert found["k"].is_public
    assert not found["I"].is_public
    assert found["I.m"].without_body


def test_javascript_exports_of_both_kinds_are_public() -> None:
    text = "function f() {}\nfunction g() {}\nexports.h = (a) => a;\nmodule.exports = { f };\n"
    found = by_name(symbols_of(text, "javascript"))
    assert (found["f"].is_public, found["g"].is_public, found["h"].is_public) == (True, False, True)
    assert signature(found["h"]) == [("a", True, "positional_only")]


def test_go_definitions() -> None:
    found = by_name(symbols_of(GO, "go"))
    assert {"A", "T", "T.a", "I", "I.M", "T.M", "f"} == set(found)
    assert signature(found["T.M"]) == [
        ("a", True, "positional_only"),
        ("b", True, "positional_only"),
        ("c", False, "variadic"),
    ]
    assert signature(found["f"]) == [("", True, "positional_only"), ("", True, "positional_only")]
    assert (found["T"].kind, found["I"].kind) == ("class", "interface")
    assert found["T.M"].is_public
    assert not found["f"].is_public


def test_python_references_tell_calls_from_attributes_and_imports() -> None:
    found = {(one.name, one.kind, one.receiver): one for one in references_of(PYTHON, "python")}
    assert found["z", "call", None].arguments == Arguments(1)
    assert found["g", "call", None].arguments == Arguments(1, ("k",), has_spread=True)
    assert found["c", "call", "self"].arguments == Arguments(1, ("y",))
    assert ("bar", "attribute", "ab.foo") in found
    assert ("y", "import", None) in found
    names = {one.name for one in references_of(PYTHON, "python")}
    assert names.isdisjoint({"inner", "_m", "args", "kw", "k"})


def test_go_and_typescript_references() -> None:
    go = {(one.name, one.receiver): one for one in references_of(GO, "go")}
    assert go["M", "t"].arguments == Arguments(2)
    assert go["Println", "fmt"].arguments == Arguments(2, (), has_spread=True)
    ts = {(one.name, one.kind, one.receiver): one for one in references_of(TS, "typescript")}
    assert ts["f", "call", None].arguments == Arguments(2, (), has_spread=True)
    assert ts["A", "call", None].arguments == Arguments(1)
    assert ("z", "call", "q") in ts


@pytest.mark.parametrize(("text", "language"), [(PYTHON, "python"), (GO, "go"), (TS, "typescript")])
def test_asking_for_some_names_gives_the_same_as_asking_for_all(text: str, language: Language) -> None:
    everything = references_of(text, language)
    for name in {one.name for one in everything}:
        assert references_of(text, language, {name}) == tuple(one for one in everything if one.name == name)


@pytest.mark.parametrize(("text", "language"), [(PYTHON, "python"), (GO, "go"), (TS, "typescript")])
def test_offsets_cut_out_the_name(text: str, language: Language) -> None:
    for one in references_of(text, language):
        if one.kind != "import":
            assert text[one.start_offset : one.end_offset] == one.name


def test_imports_name_module_name_and_local_name() -> None:
    python = {(one.module, one.name, one.local) for one in imports_of(PYTHON, "python")}
    assert python == {("os", None, "os"), ("a.b", None, "ab"), (".x", "y", "z")}
    go = {(one.module, one.name, one.local) for one in imports_of(GO, "go")}
    assert go == {("fmt", None, "fmt"), ("example.org/a/b", None, "x")}
    ts = {(one.module, one.name, one.local, one.is_reexport) for one in imports_of(TS, "typescript")}
    assert ts == {
        ("./p", "default", "d", False),
        ("./p", "e", "f2", False),
        ("q", None, "q", False),
        ("./r", "*", "", True),
    }
    js = {(one.module, one.name, one.local) for one in imports_of("const { s, t: u } = require('./s')\n", "javascript")}
    assert js == {("./s", "s", "s"), ("./s", "t", "u")}


def test_star_and_relative_imports_of_python() -> None:
    text = "from . import a\nfrom ..b.c import *\nimport d.e\n"
    assert [(one.module, one.name, one.local) for one in imports_of(text, "python")] == [
        (".", "a", "a"),
        ("..b.c", "*", ""),
        ("d.e", None, "d"),
    ]


def test_a_binding_holds_in_its_own_scope_only() -> None:
    text = "def f(g):\n    return g()\n\n\ndef h():\n    return g()\n"
    (one,) = bindings_of(text, "python", {"g"})
    assert one.scope == "function"
    assert one.start_offset <= text.index("return g") < one.end_offset
    assert not one.start_offset <= text.rindex("g()") < one.end_offset


def test_a_function_is_bound_outside_of_itself() -> None:
    (one,) = bindings_of("def f():\n    pass\n", "python", {"f"})
    assert one.scope == "module"


def test_the_innermost_symbol_is_the_enclosing_one() -> None:
    symbols = symbols_of(PYTHON, "python")
    around = [enclosing(symbols, line) for line in (8, 10, 16, 0)]
    assert [one.qualified if one else None for one in around] == ["f.inner", "f", "A.s", None]


@pytest.mark.parametrize("language", get_args(Language))
@given(text=st.text(alphabet="def f(a,*=1):\n\té😀class{}[]'\"`<>./\\ import from;\0", max_size=120))
def test_any_text_gives_symbols_within_it(language: Language, text: str) -> None:
    parser = Parser()
    lines = text.count("\n")
    for symbol in symbols_of(text, language, parser):
        assert 0 <= symbol.start_line <= symbol.name_line <= symbol.end_line <= lines
        assert 0 <= symbol.start_offset <= symbol.name_offset <= symbol.end_offset <= len(text)
    for reference in references_of(text, language, parser=parser):
        assert 0 <= reference.start_offset < reference.end_offset <= len(text)
    imports_of(text, language, parser)
    bindings_of(text, language, parser=parser)


def test_deep_nesting_does_not_overflow_the_stack() -> None:
    for text in ("f(" * 5000, "[" * 5000, "def f():\n" + "".join(" " * n + "if a:\n" for n in range(1, 90))):
        symbols_of(text, "python")
        references_of(text, "python")


def test_what_is_assigned_to_objects_and_exports_is_a_symbol() -> None:
    text = (
        "var app = exports = module.exports = {};\n"
        "app.handle = function handle(req, res) {\n"
        "  this.x = function () {};\n"
        "  inner.y = function () {};\n"
        "};\n"
        "function Route() {}\n"
        "Route.prototype.dispatch = function dispatch(req) {};\n"
        "Route.prototype = { all: function all(a) {}, get: (b) => b, n: 3, [x]() {} };\n"
        "exports.etag = createETag({ weak: false });\n"
        "exports.same = app;\n"
        "module.exports = { parse: function (z) {}, own };\n"
        "const api = { load: async (id) => id, nested: { deep() {} } };\n"
    )
    found = {one.qualified: one for one in symbols_of(text, "javascript")}
    assert list(found) == [
        *("app", "app.handle", "Route", "Route.dispatch", "Route.all", "Route.get", "etag", "parse"),
        *("api", "api.load"),
    ]
    assert [one.name for one in found["app.handle"].parameters or ()] == ["req", "res"]
    assert (found["app.handle"].start_line, found["app.handle"].end_line) == (1, 4)
    assert found["parse"].is_public
    assert not found["Route.all"].is_public
    assert found["api.load"].is_async


def test_calls_inside_the_brackets_of_a_rust_macro_are_calls() -> None:
    text = 'rgtest!(f1, |dir: Dir| {\n    dir.create("a");\n    eqnice!(1, Foo::new(2));\n    assert!(a.b);\n});\n'
    found = {one.name: (one.kind, one.receiver) for one in references_of(text, "rust")}
    assert found["create"] == ("call", "dir")
    assert found["new"] == ("call", "Foo")
    assert found["eqnice"] == ("call", None)
    assert found["b"] == ("attribute", "a")
    assert found["Dir"] == ("use", None)


def test_parameters_of_records_and_params_arrays_and_constructor_chains_are_told() -> None:
    java = 'record Leg(int from, String... to) {\n  Leg(int one) { this(one, "a"); }\n}\n'
    leg = symbols_of(java, "java")[0]
    assert [(one.name, one.kind) for one in leg.parameters or ()] == [("from", "positional_only"), ("to", "variadic")]
    (chained,) = references_of(java, "java", {"this"})
    assert (chained.kind, chained.arguments) == ("call", Arguments(2))
    csharp = "class A(int q) : B {\n  A(string s, params int[] rest) : base(s, y: 1) {}\n}\n"
    first, second = symbols_of(csharp, "csharp")
    assert [(one.name, one.required) for one in first.parameters or ()] == [("q", True)]
    assert [(one.name, one.kind, one.type) for one in second.parameters or ()] == [
        ("s", "positional", "string"),
        ("rest", "variadic", "int[]"),
    ]
    (chained,) = references_of(csharp, "csharp", {"base"})
    assert chained.arguments == Arguments(1, ("y",))
    assert not any(one.name in ("this", "base") for one in references_of(csharp, "csharp"))
