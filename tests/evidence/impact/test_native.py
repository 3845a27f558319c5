"""C and C++: the fault and its nearest innocent neighbours."""

from __future__ import annotations

import pytest

from tests.evidence.conftest import Review, callers, of

HEADER = "int add(int a);\n"
BODY = '#include "add.h"\nint add(int a) { return a; }\n'
USER = '#include "add.h"\nint go(void) { return add(1); }\n'
C = {"inc/add.h": HEADER, "src/add.c": BODY, "src/go.c": USER}
AFTER = {"inc/add.h": "int add(int a, int b);\n", "src/add.c": BODY.replace("(int a)", "(int a, int b)")}


def test_a_call_through_a_header_names_the_caller(review: Review) -> None:
    (found,) = of(review(C, AFTER), "impact:")
    assert (found.rule, found.file, found.severity) == ("impact:signature", "src/add.c", "high")
    assert callers(found) == [("src/go.c", 2)]


@pytest.mark.parametrize(
    "go",
    [
        USER.replace("add(1)", "add(1, 2)"),
        USER.replace('#include "add.h"\n', ""),
        USER.replace('#include "add.h"\n', "static int add(int a) { return a; }\n"),
        USER.replace('#include "add.h"\n', '#include "add.h"\n#define add(x) (x)\n'),
        USER.replace("(void)", "(int (*add)(int))"),
        USER.replace("return add", "int (*add)(int) = 0; return add"),
        USER.replace("add(1)", "it->add(1)"),
        "/* A Bison parser, made by GNU Bison 3.8. */\n" + USER,
    ],
)
def test_a_call_that_fits_or_means_something_else_is_not_named(review: Review, go: str) -> None:
    assert of(review({**C, "src/go.c": go}, AFTER), "impact:") == []


@pytest.mark.parametrize(
    "before",
    [
        "#ifdef X\nint add(int a) { return a; }\n#else\nint add(int a) { return -a; }\n#endif\n",
        "int add(a) int a; { return a; }\n",
        "int add(ARGS) { return a; }\n",
    ],
)
def test_a_function_under_conditions_or_of_unknown_parameters_is_left_out(review: Review, before: str) -> None:
    files = {"src/add.c": before + "int go(void) { return add(1); }\n"}
    after = (
        before.replace("int a)", "int a, int b)")
        .replace("(a) int a;", "(a, b) int a, b;")
        .replace("ARGS", "int a, int b")
    )
    assert of(review(files, {"src/add.c": after + "int go(void) { return add(1); }\n"}), "impact:") == []


def test_a_static_function_has_its_callers_in_its_own_file(review: Review) -> None:
    static, use = "static int add(int a) { return a; }\n", "int go(void) { return add(1); }\n"
    files = {"a.c": static + use, "b.c": static + use.replace("go", "og")}
    (found,) = of(review(files, {"a.c": static.replace("(int a)", "(int a, int b)") + use}), "impact:")
    assert callers(found) == [("a.c", 2)]


@pytest.mark.parametrize(("after", "count"), [("int a, ...", 0), ("int a, int b, ...", 1), ("void", 1)])
def test_more_arguments_may_follow(review: Review, after: str, count: int) -> None:
    changed = {"inc/add.h": f"int add({after});\n", "src/add.c": BODY.replace("(int a)", f"({after})")}
    assert len(of(review(C, changed), "impact:signature")) == count


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        (
            {"src/add.c": BODY.replace("(int a)", "(int a, int b)"), "src/go.c": USER.replace("1", "1, 2")},
            ["src/add.c"],
        ),
        ({"inc/add.h": "int add(int a, int b);\n", "src/go.c": USER.replace("1", "1, 2")}, ["inc/add.h"]),
        ({"src/add.c": BODY.replace("(int a)", "(char *a)")}, ["src/add.c"]),
        ({"src/add.c": BODY.replace("(int a)", "(const int other)")}, []),
        ({**AFTER, "src/go.c": USER.replace("1", "1, 2")}, []),
    ],
)
def test_a_declaration_and_its_definition_agree(review: Review, changed: dict[str, str], rule: list[str]) -> None:
    assert [one.file for one in of(review(C, changed), "impact:declaration")] == rule


def test_a_renamed_function_is_missed_by_its_callers(review: Review) -> None:
    files = {"a.c": "static int add_two(int a) { return a; }\nint go(void) { return add_two(1); }\n"}
    (found,) = of(review(files, {"a.c": files["a.c"].replace("int add_two(int", "int add_both(int")}), "impact:removed")
    assert callers(found) == [("a.c", 2)]


CLASS = """namespace ns {
class Base {
 public:
  virtual void drawAll(int a);
  void fillUp(int a, int b = 1) {}
};
}
"""
HEIR = """#include "base.hpp"
class Heir : public ns::Base {
  void drawAll(int a) {}
};
void go(ns::Base &x) { x.fillUp(1); }
"""
CPP = {"base.hpp": CLASS, "heir.cpp": HEIR}


def test_what_overrode_a_virtual_function_no_longer_does(review: Review) -> None:
    (found,) = of(review(CPP, {"base.hpp": CLASS.replace("drawAll(int a", "drawAll(int a, int b")}), "impact:override")
    assert callers(found) == [("heir.cpp", 3)]


@pytest.mark.parametrize(
    ("parameters", "count"), [("int a, int b", 1), ("int a, int b = 1, int c = 2", 0), ("int a, int b = 7", 0)]
)
def test_default_arguments_count(review: Review, parameters: str, count: int) -> None:
    found = of(review(CPP, {"base.hpp": CLASS.replace("int a, int b = 1", parameters)}), "impact:signature")
    assert [callers(one) for one in found] == [[("heir.cpp", 5)]] * count


def test_an_overload_beside_it_may_take_the_call(review: Review) -> None:
    more = CLASS.replace("  void fillUp", "  void fillUp(int a) {}\n  void fillUp")
    after = more.replace("int a, int b = 1", "int a, int b, int c")
    assert of(review({**CPP, "base.hpp": more}, {"base.hpp": after}), "impact:") == []
