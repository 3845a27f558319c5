"""A change that is too large is compressed before anything of it is left out; what changed behaviour stays."""

from __future__ import annotations

import os

from hypothesis import given, settings
from hypothesis import strategies as st

from rebuttal.change.hunks import compare, whole
from rebuttal.change.model import FileDiff, Scope, Status
from rebuttal.change.read import read_change
from rebuttal.context.build import build
from rebuttal.context.diff import Plan, show_file
from rebuttal.context.folds import FileLines, layout, moved
from rebuttal.context.limit import TOO_LARGE, Compression, compress
from rebuttal.context.model import Context
from rebuttal.text.facts import Facts
from rebuttal.text.languages import language_of
from rebuttal.text.model import Symbol
from rebuttal.text.parsing import Parser
from rebuttal.text.positions import git_lines
from rebuttal.text.symbols import symbols_of
from tests.gitrepo import GitRepo

PARSER = Parser()


def diffs_of(*given: tuple[str, str | None, str | None]) -> list[FileDiff]:
    hunks = compare([(old, new) for _, old, new in given], os.environ).hunks
    found = []
    for place, (path, old, new) in enumerate(given):
        status: Status = "added" if old is None else "deleted" if new is None else "modified"
        both = hunks.get(place, ()) if old is not None and new is not None else whole(old, new)
        found.append(FileDiff(path, status, old, new, both))
    return found


def symbols(diff: FileDiff) -> tuple[tuple[Symbol, ...], tuple[Symbol, ...]]:
    language = language_of(diff.path)
    if language is None:
        return (), ()
    old, new = (symbols_of(text, language, PARSER) if text else () for text in (diff.old_text, diff.new_text))
    return old, new


def compressed(files: list[FileDiff], limit: int = 10) -> Compression:
    return compress(files, symbols, PARSER, limit)


def notes(compression: Compression, path: str) -> list[str]:
    return [one.note for one in compression.plan(path).folds]


def shown(diff: FileDiff, plan: Plan) -> str:
    return show_file(diff, diff.old_text, diff.new_text, *symbols(diff), plan).text


BODY = "".join(f"    step_{n} = call_{n}(value)\n" for n in range(12))


def test_a_change_that_fits_is_shown_as_it_is() -> None:
    files = diffs_of(("a.py", "x = 1\n", "x =  1\n"))
    assert compress(files, symbols, PARSER) == Compression({})


def test_spaces_between_words_are_said_not_shown() -> None:
    tight, loose = ("".join(f"var x{n}{equals}{n}\n" for n in range(30)) for equals in ("=", " = "))
    files = diffs_of(("a.go", f"package a\n\n{tight}\nvar y = 2\n", f"package a\n\n{loose}\nvar y = 3\n"))
    compression = compressed(files, 200)
    assert notes(compression, "a.go") == ["30 lines: only spaces and line ends differ"]
    assert "+var y = 3" in shown(files[0], compression.plan("a.go"))
    assert "spaces and line ends" in compression.said[0].reason


def test_indentation_of_python_is_never_layout() -> None:
    old = "def f(x):\n    if x:\n        a()\n        b()\n"
    files = diffs_of(("a.py", old, old.replace("        b()", "    b()")))
    assert notes(compressed(files), "a.py") == []


def test_spaces_in_a_string_are_never_layout() -> None:
    files = diffs_of(("a.py", 'x = """a\n  b"""\n', 'x = """a\n b"""\n'), ("b.js", "f('a b')\n", "f('a  b')\n"))
    compression = compressed(files)
    assert [notes(compression, one.path) for one in files] == [[], []]


def test_a_line_end_that_ends_a_statement_is_never_layout() -> None:
    files = diffs_of(("a.js", "function f() {\n  return a\n}\n", "function f() {\n  return\n  a\n}\n"))
    assert notes(compressed(files), "a.js") == []


def test_what_a_formatter_does_to_python_is_said_not_shown() -> None:
    old = "def f(x):\n    call(x, 'one', key='two')\n    rows = [1,\n            2]\n    if x:\n        g(h('a'))\n"
    new = (
        'def f(x):\n    call(\n        x,\n        "one",\n        key="two",\n    )\n'
        '    rows = [1, 2]\n    if x:\n        g(h("a"))\n'
    )
    files = diffs_of(("a.py", old, new))
    compression = compressed(files, 80)
    text = shown(files[0], compression.plan("a.py"))
    assert "+" not in text
    assert "only layout, the quotes around strings and commas at the end of lists differ" in text
    assert "quotes around strings" in compression.said[0].reason


def test_what_only_looks_like_a_formatter_is_shown() -> None:
    for old, new in (
        ("x = (1)\n", "x = (1,)\n"),
        ("x[1]\n", "x[1,]\n"),
        ("x = 'a\"b'\n", 'x = "a"\n'),
        ("x = 'a\\n'\n", "x = 'a\\\\n'\n"),
        ("if a:\n    if b:\n        x()\n    else:\n        y()\n", "if a:\n    if b:\n        x()\nelse:\n    y()\n"),
        ("for a in b:\n    x(\n        a)\n    y()\n", "for a in b:\n    x(a)\ny()\n"),
        ("x = b'a'\n", "x = 'a'\n"),
        ("f(a)\n(b)\n", "f(a)(b)\n"),
        ("return_\nx\n", "return_, x\n"),
    ):
        (diff,) = diffs_of(("a.py", old, new))
        assert layout(FileLines.of(diff), PARSER).folds == ()
    for old, new in (("x = [,]\n", "x = [,,]\n"), ("x = `a`\n", 'x = "a"\n')):
        (diff,) = diffs_of(("a.js", old, new))
        assert layout(FileLines.of(diff), PARSER).folds == ()


def test_comments_are_found_wherever_they_stand_and_code_is_not_parsed_for_nothing() -> None:
    code = "class A {\n  int a = 1;\n  /* one\n     two\n     three */\n  int b = 2; // tail\n}\n"
    (inside, tail, edit) = diffs_of(
        ("A.java", code, code.replace("     two\n", "     2\n")),
        ("B.java", code, code.replace("// tail", "// other")),
        ("C.java", code, code.replace("int b = 2", "int b = 3")),
    )
    facts = Facts()
    found = [layout(FileLines.of(one), Parser(facts=facts)) for one in (inside, tail, edit)]
    assert [sorted(one.comments) for one in found] == [[3], [], []]
    (python,) = diffs_of(("a.py", "# one\nx = 1\n", "# two\nx = 1\n"))
    assert [layout(FileLines.of(python), Parser(facts=facts)).comments for _ in range(2)] == [frozenset({0})] * 2


def test_imports_in_another_order() -> None:
    names = [f"import module_{n}\n" for n in range(30)]
    files = diffs_of(("a.py", "".join([*names, "\nx = 1\n"]), "".join([*names[15:], *names[:15], "\nx = 2\n"])))
    compression = compressed(files, 200)
    assert all("same imports in another order" in one for one in notes(compression, "a.py"))
    assert notes(compression, "a.py")


def test_an_import_that_is_new_is_shown() -> None:
    files = diffs_of(("a.py", "import os\nimport re\n", "import re\nimport sys\n"))
    assert notes(compressed(files), "a.py") == []


def test_a_moved_block_is_shown_where_it_is_added() -> None:
    files = diffs_of(
        ("a.py", f"x = 1\n\n\ndef moved(value):\n{BODY}\n\ny = 2\n", "x = 1\n\n\ny = 2\n"),
        ("b.py", "z = 1\n", f"z = 1\n\n\ndef moved(value):\n{BODY}"),
    )
    compression = compressed(files, 1000)
    assert compress(files, symbols, PARSER, 1000) == compression
    compression = compressed(files, 300)
    (note,) = notes(compression, "a.py")
    assert "stand unchanged in b.py" in note
    assert "step_3" not in shown(files[0], compression.plan("a.py"))
    assert "+    step_3" in shown(files[1], compression.plan("b.py"))


def test_a_block_whose_new_place_is_left_out_is_shown_where_it_was() -> None:
    more = "".join(f"other_{n} = work({n})\n" for n in range(400))
    files = diffs_of(
        ("a.py", f"x = 1\n\n\ndef moved(value):\n{BODY}\n\ny = 2\n", "x = 1\n\n\ny = 2\n"),
        ("b.py", "z = 1\n", f"z = 1\n\n\ndef moved(value):\n{BODY}{more}"),
    )
    compression = compressed(files, 900)
    assert compression.left_out == {"b.py"}
    assert "-    step_3" in shown(files[0], compression.plan("a.py"))
    assert (compression.said[0].file, compression.said[0].reason) == ("b.py", TOO_LARGE)


def test_the_same_edit_in_many_places_is_shown_twice_and_said() -> None:
    call = "(first_argument, second_argument, third_argument, fourth_argument)"
    given = [(f"m{n}.py", f"a = {n}\nvalue = fetch{call}\n", f"a = {n}\nvalue = load{call}\n") for n in range(9)]
    files = diffs_of(*given)
    compression = compressed(files, 600)
    assert [bool(notes(compression, one.path)) for one in files] == [False] * 2 + [True] * 7
    assert notes(compression, "m5.py") == ["line 2: 'fetch' became 'load', as in m0.py and m1.py, and nothing else"]


def test_the_same_edit_of_a_value_or_an_operator_is_shown_everywhere() -> None:
    for old, new in (("True", "False"), ("10", "100"), ("a < b", "a <= b"), ("private", "public"), ("int", "long")):
        tail = "(first_argument, second_argument, third_argument, fourth_argument)"
        given = [(f"m{n}.py", f"a_{n} = f{tail}, {old}\n", f"a_{n} = f{tail}, {new}\n") for n in range(9)]
        files = diffs_of(*given)
        assert [notes(compressed(files, 600), one.path) for one in files] == [[]] * 9, (old, new)


def test_a_moved_block_is_said_with_the_function_that_it_left() -> None:
    head, tail = (
        "def first(value):\n    begin()\n",
        "    end()\n\n\ndef second(value):\n" + "".join(f"    at({n})\n" for n in range(40)),
    )
    (diff,) = diffs_of(("a.py", f"{head}{BODY}{tail}", f"{head}{tail}{BODY}"))
    text = shown(diff, Plan(around=1, small=0, folds=tuple(moved([FileLines.of(diff)], {})["a.py"])))
    assert text.index("@@ first") < text.index("stand unchanged in this file") < text.index("+    step_3")


def test_of_two_copies_removed_and_one_added_only_one_is_said_to_be_moved() -> None:
    files = diffs_of(
        ("a.py", f"x = 1\n\n\ndef one(value):\n{BODY}", "x = 1\n"),
        ("b.py", f"y = 1\n\n\ndef one(value):\n{BODY}", "y = 1\n"),
        ("c.py", "z = 1\n", f"z = 1\n\n\ndef one(value):\n{BODY}"),
    )
    found = moved([FileLines.of(one) for one in files], {})
    assert [len(found[one.path]) for one in files] == [1, 0, 0]


def test_code_is_kept_before_tests_prose_and_data_whatever_notes_refer_to() -> None:
    call = "(first_argument, second_argument, third_argument, fourth_argument)"
    given = [
        (f"tests/test_{n}.py", f"a = {n}\nvalue = fetch{call}\n", f"a = {n}\nvalue = load{call}\n") for n in range(9)
    ]
    code = "".join(f"other_{n} = work({n})\n" for n in range(60))
    files = diffs_of(*given, ("z.py", "x = 1\n", f"x = 1\n{code}"), ("a.md", "a\n", "a " * 900))
    compression = compressed(files, 900)
    assert "z.py" not in compression.left_out
    assert "a.md" in compression.left_out
    for diff in files:
        for fold in compression.plan(diff.path).folds:
            assert not compression.left_out.intersection(fold.refers)


def test_a_deleted_file_is_named_by_what_it_defined() -> None:
    old = f"def first(value):\n{BODY}\n\nclass Second:\n    pass\n"
    (diff,) = diffs_of(("a.py", old, None))
    compression = compressed([diff], 60)
    assert "it defined first, Second" in shown(diff, compression.plan("a.py"))


def test_data_loses_its_middle_and_coverage_says_so() -> None:
    rows = "".join(f'  "key{n}": {n},\n' for n in range(500))
    (diff,) = diffs_of(("fixtures/a.json", "{\n}\n", "{\n" + rows + "}\n"))
    compression = compressed([diff], 800)
    assert "460 lines of data left out" in shown(diff, compression.plan(diff.path))
    assert compression.left_out == frozenset()
    assert "the middle of long data" in compression.said[0].reason


def large(repo: GitRepo) -> Context:
    same = ", 'the same long tail of arguments that nobody changes'"
    repo.commit("base", {f"m{n}.py": f"def f{n}(value):\n    return fetch(value{same})\n" for n in range(600)})
    for n in range(600):
        repo.write(f"m{n}.py", f"def f{n}(value):\n    return load(value{same})\n")
    repo.write("core.py", "".join(f"def g{n}(value):\n    return value + {n}\n\n\n" for n in range(1200)))
    with read_change(repo.root, Scope()) as reading:
        return build(reading.change, reading.repository, budget_tokens=2000)


def test_a_large_change_is_told_whole(git_repo: GitRepo) -> None:
    context = large(git_repo)
    assert "+    return value + 1199" in context.diff
    assert context.diff.count("'fetch' became 'load'") == 598, context.skipped[:3]
    assert not [one for one in context.skipped if one.reason == TOO_LARGE]
    assert sum("the same edit" in one.reason for one in context.skipped) == 598
    assert context.exhibit("m599.py", "new") is not None


text = st.lists(
    st.sampled_from(
        ["import os", "import re", "a = 1", "a  =  1", "b = load(a)", "b = fetch(a)", "", "def f():", "    go()"]
    ),
    max_size=40,
).map(lambda lines: "".join(f"{x}\n" for x in lines))


@settings(max_examples=60)
@given(st.lists(st.tuples(text, text), min_size=1, max_size=4), st.sampled_from([20, 60, 150, 400]))
def test_every_changed_line_is_shown_or_said(pairs: list[tuple[str, str]], limit: int) -> None:
    files = diffs_of(*((f"f{n}.py", old, new) for n, (old, new) in enumerate(pairs)))
    compression = compressed(files, limit)
    for diff in files:
        if diff.path in compression.left_out:
            assert diff.path in {one.file for one in compression.said}
            continue
        plan = compression.plan(diff.path)
        lines = shown(diff, plan).split("\n")
        old, new = git_lines(diff.old_text or ""), git_lines(diff.new_text or "")
        said_old = {line for fold in plan.folds for line in fold.old}
        said_new = {line for fold in plan.folds for line in fold.new}
        assert [one[1:] for one in lines if one.startswith("-")] == [
            old[line].rstrip("\n") for hunk in diff.hunks for line in hunk.old_lines if line not in said_old
        ]
        assert [one[1:] for one in lines if one.startswith("+")] == [
            new[line].rstrip("\n") for hunk in diff.hunks for line in hunk.new_lines if line not in said_new
        ]
        for fold in plan.folds:
            assert f"… ({fold.note})" in lines
            assert not compression.left_out.intersection(fold.refers)
