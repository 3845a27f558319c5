"""A trivial change costs nothing; what only looks trivial is argued about."""

from __future__ import annotations

import ast

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from rebuttal.change.model import Change
from rebuttal.debate.panel.choice import choose_panel
from tests.debate.conftest import change_of

Files = dict[str, tuple[str | None, str | None]]

TRIVIAL: list[tuple[str, Files]] = [
    ("documentation", {"README.md": ("# A\n", "# B\n")}),
    ("documentation", {"docs/guide.rst": ("old\n", "new\n"), "CHANGELOG": ("", "fixed\n")}),
    ("comments and blank lines", {"a.py": ("x = 1\n", "# why\nx = 1\n")}),
    ("comments and blank lines", {"a.py": ("x = 1\n# old words\ny = 2\n", "x = 1\n# new words\n\n\ny = 2\n")}),
    ("comments and layout", {"a.py": ("x = 1  # old\n", "x = 1  # new words\n")}),
    ("comments and blank lines", {"a.go": ("package a\n", "// Package a does it.\npackage a\n")}),
    ("comments and blank lines", {"a.ts": ("let x = 1\n", "/**\n * Says why.\n */\nlet x = 1\n")}),
    ("comments and blank lines", {"a.ts": ("let x = 1\n", "/*\nSays why, without stars.\n*/\nlet x = 1\n")}),
    ("comments and blank lines", {"a.js": ("let x = 1\n", "/* why */\nlet x = 1\n")}),
    ("comments and blank lines", {"a.rs": ("fn f() {}\n", "//! About it.\n/// Does nothing.\nfn f() {}\n")}),
    ("comments and blank lines", {"a.sh": ("ls\n", "# why\n\nls\n")}),
    ("comments and blank lines", {"a.yaml": ("a: 1\n", "# why\na: 1\n")}),
    ("layout", {"a.py": ("f(a,\n  b)\n", "f(\n    a,\n    b,\n)\n")}),
    ("layout", {"a.py": ("x = 'a'\n", 'x = "a"\n')}),
    ("layout", {"a.py": ("def f():\n  return 1\n", "def f():\n    return 1\n")}),
    ("layout", {"a.ts": ("function f() {\nreturn 1;\n}\n", "function f() {\n    return 1;\n}\n")}),
    ("layout", {"a.tsx": ("let a = <p>\n  one\n  <b/>\n</p>;\n", "let a = <p>\n      one\n      <b/>\n    </p>;\n")}),
    ("layout", {"A.java": ("class A{int x;}\n", "class A {\n    int x;\n}\n")}),
    ("layout", {"a.go": ("package a\n\nvar  x = 1\n", "package a\n\nvar x = 1\n")}),
    ("layout", {"a.cs": ("class A { int x; }\n", "class A\n{\n    int x;\n}\n")}),
    ("layout", {"a.json": ('{"a": [1, 2.0]}\n', '{\n  "a": [\n    1,\n    2.0\n  ]\n}\n')}),
    ("comments and blank lines and documentation", {"README.md": ("a\n", "b\n"), "a.py": ("x = 1\n", "x = 1\n\n")}),
]

NOT_TRIVIAL: dict[str, Files] = {
    "a value": {"a.py": ("x = 1\n", "x = 2\n")},
    "a new file": {"a.py": (None, "x = 2\n")},
    "a file that goes": {"a.py": ("x = 2\n", None)},
    # Layout that means something.
    "a python line that moves out of a block": {"a.py": ("if a:\n    x()\n    y()\n", "if a:\n    x()\ny()\n")},
    "a python block one level deeper": {
        "a.py": ("for a in b:\n    c()\nd()\n", "for a in b:\n    c()\n    d()\n"),
    },
    "a python else that changes sides": {
        "a.py": (
            "if a:\n    if b:\n        x()\n    else:\n        y()\n",
            "if a:\n    if b:\n        x()\nelse:\n    y()\n",
        )
    },
    "a comma that makes a tuple": {"a.py": ("x = (1)\n", "x = (1,)\n")},
    "a line end after return": {"a.js": ("function f() { return x }\n", "function f() { return\nx }\n")},
    "a line end between return and a bracket": {
        "a.js": ("function f() { return (x) }\n", "function f() { return\n(x) }\n")
    },
    "a line end before as": {"a.ts": ("let x = y as Z\n", "let x = y\nas Z\n")},
    "a python block that begins one column early": {
        "a.py": ("if a:\n    b()\n    c()\n", "if a:\n    b()\n   c()\n"),
    },
    "a python line that is indented for nothing": {
        "a.py": ("def f():\n    a()\n    return 1\n", "def f():\n    a()\n        return 1\n"),
    },
    "a line end after throw": {"a.js": ("throw x\n", "throw\nx\n")},
    "a line end after async": {"a.js": ("async function f() {}\n", "async\nfunction f() {}\n")},
    "a line end before ++": {"a.js": ("a\n++b\n", "a++\nb\n")},
    "a line end that ends a statement in go": {"a.go": ("package a\nvar x = a +\n\tb\n", "package a\nvar x = a\n+b\n")},
    "two words made of one": {"a.py": ("notx = 1\n", "not x\n")},
    "yaml that is indented": {"a.yaml": ("a:\n  b: 1\nc: 2\n", "a:\n  b: 1\n  c: 2\n")},
    "white space where nobody knows what it means": {"Makefile": ("a:\n\tb\n", "a:\n        b\n")},
    "line ends of a script": {"a.sh": ("ls\nls\n", "ls\r\nls\r\n")},
    # Strings.
    "white space in a string": {"a.py": ("x = 'a b'\n", "x = 'a  b'\n")},
    "white space in a template": {"a.js": ("let x = `a b`\n", "let x = `a  b`\n")},
    "white space in a regular expression": {"a.js": ("let x = /a b/\n", "let x = /a  b/\n")},
    "words of jsx": {"a.tsx": ("let a = <p>one two</p>;\n", "let a = <p>one  two</p>;\n")},
    "a line break that jsx shows as a space": {"a.tsx": ("let a = <p>one <b/></p>;\n", "let a = <p>one\n<b/></p>;\n")},
    "a comment in a string": {"a.py": ('x = """\nabc\n"""\n', 'x = """\n# abc\n"""\n')},
    "a docstring": {"a.py": ('def f():\n    """Old."""\n', 'def f():\n    """New."""\n')},
    "a comment in a template": {"a.js": ("let x = `\na\n`\n", "let x = `\n// a\n`\n")},
    "a comment in a block of yaml": {"ci.yml": ("run: |\n  ls\n", "run: |\n  ls\n  # rm -r\n")},
    "a comment in a shell string": {"a.sh": ('echo "\nabc\n"\n', 'echo "\n# abc\n"\n')},
    "a comment in a here document": {"a.sh": ("cat <<E\nabc\nE\n", "cat <<E\n# abc\nE\n")},
    "data behind the program": {"a.rb": ("x\n__END__\nabc\n", "x\n__END__\n# abc\n")},
    "a json string": {"a.json": ('{"a": "b c"}\n', '{"a": "b  c"}\n')},
    "a json number": {"a.json": ('{"a": 1}\n', '{"a": 1.0}\n')},
    "json in another order": {"a.json": ('{"a": 1, "b": 2}\n', '{"b": 2, "a": 1}\n')},
    "json where a key comes twice": {"a.json": ('{"a": 1}\n', '{"a": 1, "a": 1}\n')},
    # Comments that programs obey.
    "noqa": {"a.py": ("x = 1\n", "x = 1  # noqa\n")},
    "noqa on its line": {"a.py": ("x = f()\n", "# noqa: E501\nx = f()\n")},
    "type ignored": {"a.py": ("x = f()\n", "# type: ignore\nx = f()\n")},
    "an encoding": {"a.py": ("x = f()\n", "# -*- coding: latin-1 -*-\nx = f()\n")},
    "an encoding pushed down": {
        "a.py": ("# -*- coding: latin-1 -*-\nx = f()\n", "# a\n# -*- coding: latin-1 -*-\nx = f()\n")
    },
    "a shebang": {"run.sh": ("ls\n", "#!/bin/sh\nls\n")},
    "a shebang pushed down": {"run.py": ("#!/usr/bin/python\nx = 1\n", "\n#!/usr/bin/python\nx = 1\n")},
    "dependencies of a script": {
        "a.py": (
            "# /// script\n# dependencies = []\n# ///\nx = 1\n",
            '# /// script\n# dependencies = ["a"]\n# ///\nx = 1\n',
        )
    },
    "shellcheck": {"a.sh": ("ls $a\n", "# shellcheck disable=SC2086\nls $a\n")},
    "frozen strings": {"a.rb": ("x\n", "# frozen_string_literal: true\nx\n")},
    "ts-ignore": {"a.ts": ("f()\n", "// @ts-ignore\nf()\n")},
    "eslint": {"a.js": ("f()\n", "// eslint-disable-next-line\nf()\n")},
    "a comment between eslint and its line": {
        "a.js": ("// eslint-disable-next-line\nf()\n", "// eslint-disable-next-line\n// why\nf()\n")
    },
    "a type in jsdoc": {"a.js": ("function f(x) {}\n", "/** @param {string} x */\nfunction f(x) {}\n")},
    "a chunk's name": {"a.js": ("import('a')\n", "import(/* webpackChunkName: 'b' */ 'a')\n")},
    "a go build tag": {"a.go": ("package a\n", "//go:build linux\npackage a\n")},
    "a blank line that ends a go directive": {
        "a.go": ("package a\n\n//go:embed x\nvar s string\n", "package a\n\n//go:embed x\n\nvar s string\n")
    },
    "a c preamble of go": {
        "a.go": ('package a\n\n// #include <a.h>\nimport "C"\n', 'package a\n\n// #include <b.h>\nimport "C"\n')
    },
    "what a go example prints": {
        "a_test.go": (
            "package a\n\nfunc ExampleF() {\n\tf()\n\t// Output: 1\n}\n",
            "package a\n\nfunc ExampleF() {\n\tf()\n\t// Output: 2\n}\n",
        )
    },
    "nolint": {"a.cpp": ("int x;\n", "// NOLINTNEXTLINE\nint x;\n")},
    "a case that falls through": {"a.c": ("f();\n", "/* fall through */\nf();\n")},
    "deprecated": {"A.java": ("class A {}\n", "/** @deprecated use B */\nclass A {}\n")},
    # Lines that only look like comments.
    "a pointer": {"a.c": ("int x;\n", "*p = 1;\nint x;\n")},
    "code between comments": {"a.c": ("int x;\n", "/* a */ int y; /* b */\nint x;\n")},
    "a comment that goes on": {"a.c": ("int x;\n", "// continued \\\nint x;\n")},
    "a macro": {"a.c": ("int x;\n", "#define X 1\nint x;\n")},
    "a hidden line end": {"a.py": ("x = 1\n", "# harmless\u2028x = 2\nx = 1\n")},
    "a hidden line end in js": {"a.js": ("let x = 1\n", "// harmless\u2028evil()\nlet x = 1\n")},
    "a text that is not understood": {"a.py": ("x = (\n", "x = (\n# why\n")},
    # Texts that programs read.
    "requirements": {"requirements.txt": ("a==1\n", "a==2\n")},
    "instructions": {"AGENTS.md": ("a\n", "b\n")},
    "a prompt": {"prompts/system.md": ("a\n", "b\n")},
    "instructions in .github": {".github/copilot-instructions.md": ("a\n", "b\n")},
    "a fixture": {"tests/fixtures/page.md": ("a\n", "b\n")},
    "prose and code": {"README.md": ("a\n", "b\n"), "a.py": ("x = 1\n", "x = 2\n")},
    "an unknown file": {"notes": ("a\n", "b\n")},
    "a comment in a language that is not known": {"a.ex": ("x = 1\n", "# why\nx = 1\n")},
}


@pytest.mark.parametrize(("what", "files"), TRIVIAL)
def test_a_trivial_change_costs_nothing(what: str, files: Files) -> None:
    choice = choose_panel(change_of(files), "auto")
    assert (choice.panel, choice.seats, choice.rounds) == ("static", (), 0)
    assert choice.reasons == (f"the change touches only {what}",)


@pytest.mark.parametrize("files", NOT_TRIVIAL.values(), ids=NOT_TRIVIAL.keys())
def test_what_only_looks_trivial_is_argued_about(files: Files) -> None:
    assert choose_panel(change_of(files), "auto").panel == "small"


def test_a_change_of_mode_alone_is_trivial() -> None:
    change = change_of({"run.sh": ("ls\n", "ls\n")})
    file = evolve(change.files[0], status="mode_changed", hunks=())
    choice = choose_panel(evolve(change, files=(file,)), "auto")
    assert choice.reasons == ("the change touches only file modes",)


def test_a_comment_in_a_file_that_moves_is_argued_about() -> None:
    change = change_of({"b.py": ("x = 1\n", "# why\nx = 1\n")})
    file = evolve(change.files[0], status="renamed", old_path="a.py")
    assert choose_panel(evolve(change, files=(file,)), "auto").panel == "small"


def test_no_file_left_means_no_debate() -> None:
    choice = choose_panel(change_of({}), "auto")
    assert (choice.panel, choice.reasons) == ("static", ("no file is left to review",))


def test_a_trivial_change_is_argued_about_where_that_was_asked_for() -> None:
    change: Change = change_of({"README.md": ("a\n", "b\n")})
    assert len(choose_panel(change, "small").seats) == 3


# --- against Python's own reading ---

SAMPLE = '''\
class A:
    """Doc."""

    def f(self, a, b=(1,), *c):
        # says why
        if a and not b:
            return [x for x in c if x]
        elif b:
            with open('a b') as g:
                g.write(f"{a!r}  {b}")
        else:
            for i in range(3):
                if i: continue
                yield i
            else:
                x = a \\
                    + b
        t = a, b
        return (a,
                b)

y = {'a': 1, "b": [1, 2], }
print(-1 - -2, not y, y['a'], lambda a: a)
'''
EDIT = st.tuples(
    st.integers(0, len(SAMPLE) - 1),
    st.sampled_from([" ", "\n", "    ", "\n    ", "# new words\n", ",", "'", '"', ""]),
    st.booleans(),
)


def edited(text: str, edits: list[tuple[int, str, bool]]) -> str:
    for at, put, takes in edits:
        gap = text[at : at + 1]
        text = text[:at] + put + text[at + (takes and gap in " \n'\",") :]
    return text


@settings(max_examples=150)
@given(st.lists(EDIT, min_size=1, max_size=3).map(lambda edits: edited(SAMPLE, edits)))
def test_python_that_is_called_trivial_is_the_same_program_to_python(new: str) -> None:
    if new == SAMPLE or choose_panel(change_of({"a.py": (SAMPLE, new)}), "auto").panel != "static":
        return
    assert ast.dump(ast.parse(new)) == ast.dump(ast.parse(SAMPLE))
