"""What real histories showed to be no fault: each test is named after the false finding that it prevents."""

from __future__ import annotations

import pytest

from rebuttal.evidence.structure import debug, guards, swallowed
from rebuttal.evidence.structure import tests as removed_tests
from tests.evidence.structure.conftest import Told

QUIET = "export function g(a) {\n  return a;\n}\n"
BESIDE = {f"lib/{name}.js": QUIET for name in "abc"}


def test_a_dump_in_an_example_was_taken_for_a_leftover(told: Told) -> None:
    after = "fn f(a: i32) {\n    dbg!(a);\n}\n"
    assert told(debug.check, {"examples/a.rs": "fn f(a: i32) {}\n"}, {"examples/a.rs": after}) == []
    assert len(told(debug.check, {"src/a.rs": "fn f(a: i32) {}\n"}, {"src/a.rs": after})) == 1


@pytest.mark.parametrize(
    ("path", "after"),
    [
        ("lib/a.js", QUIET.replace("g(a) {", "logAll(a) {\n  console.log(a);")),
        ("lib/playground.js", QUIET.replace("g(a) {", "g(a) {\n  console.log(a);")),
        ("lib/a.js", "async function modify(a) {\n  console.log('changed', a);\n}\nmodify('./a.json');\n"),
    ],
)
def test_a_print_where_printing_is_meant_was_taken_for_a_leftover(told: Told, path: str, after: str) -> None:
    assert told(debug.check, {**BESIDE, path: QUIET}, {path: after}) == []


def test_a_message_that_begins_with_arrows_was_taken_for_a_mark(told: Told) -> None:
    before = "void f(int a) {\n    g(a);\n}\n"
    after = before.replace("g(a);", 'printf(">>> Check slots coverage now...\\n");\n    g(a);')
    assert told(debug.check, {"src/a.c": before}, {"src/a.c": after}) == []
    assert (
        len(told(debug.check, {"src/b.c": before}, {"src/b.c": after.replace("Check slots coverage now...", "x")})) == 1
    )


def test_a_leftover_in_the_build_s_copy_of_a_file_was_told_twice(told: Told) -> None:
    after = QUIET.replace("return", "console.log(a);\n  return")
    files = {**BESIDE, **{path.replace("lib", "deno"): text for path, text in BESIDE.items()}}
    assert len(told(debug.check, files, {"lib/a.js": after, "deno/a.js": after})) == 1


def test_a_condition_that_a_comment_explains_was_taken_for_a_leftover(told: Told) -> None:
    before = "int f(int a) {\n    return a;\n}\n"
    after = before.replace(
        "    return",
        "    /* Useful to look for faults: leave it here. */\n    if (0) {\n        g(a);\n    }\n    return",
    )
    assert told(debug.check, {"src/a.c": before}, {"src/a.c": after}) == []


def test_a_bare_handler_that_was_narrowed_was_taken_for_a_new_one(told: Told) -> None:
    before = "def f(a):\n    try:\n        g(a)\n    except:\n        pass\n    return 1\n"
    assert (
        told(swallowed.check, {"src/a.py": before}, {"src/a.py": before.replace("except:", "except Exception as e:")})
        == []
    )


def test_one_of_several_ways_was_taken_for_a_swallowed_error(told: Told) -> None:
    before = "export function f(a) {\n  throw new Error(a);\n}\n"
    after = before.replace("  throw", "  try {\n    check(a);\n    return a;\n  } catch {}\n  throw")
    assert told(swallowed.check, {"src/a.js": before}, {"src/a.js": after}) == []
    assert len(told(swallowed.check, {"src/b.js": before}, {"src/b.js": after.replace("    return a;\n", "")})) == 1


@pytest.mark.parametrize("body", ["    parse(s) rescue nil\n", "    parse(s)\n  rescue\n    nil\n"])
def test_a_new_method_that_gives_nil_where_it_fails_was_taken_for_a_swallowed_error(told: Told, body: str) -> None:
    before = "class A\n  def f(s)\n    s\n  end\nend\n"
    after = before.replace("class A\n", f"class A\n  def decode(s)\n{body}  end\n\n")
    assert told(swallowed.check, {"lib/a.rb": before}, {"lib/a.rb": after}) == []


def test_a_failure_that_a_comment_above_explains_was_taken_for_a_dropped_one(told: Told) -> None:
    before = "fn f() -> Result<(), E> {\n    out.flush()?;\n    Ok(())\n}\n"
    after = before.replace("    out.flush()?;", "    // The process ends anyway.\n    let _ = out.flush();")
    assert told(swallowed.check, {"src/a.rs": before}, {"src/a.rs": after}) == []
    assert (
        len(
            told(
                swallowed.check,
                {"src/b.rs": before},
                {"src/b.rs": after.replace("    // The process ends anyway.\n", "")},
            )
        )
        == 1
    )


def test_another_type_s_call_of_the_same_name_was_taken_for_the_one_that_was_checked(told: Told) -> None:
    before = "fn f(i: I) -> Result<(), E> {\n    i.parse::<Kw>()?;\n    Ok(())\n}\n"
    after = before.replace("i.parse::<Kw>()?;", "g(i)?;\n    let _ = i.parse::<Comma>();")
    assert told(swallowed.check, {"src/a.rs": before}, {"src/a.rs": after}) == []


def test_a_release_that_moved_into_a_helper_was_taken_for_a_lost_one(told: Told) -> None:
    before = (
        "async def take(self, a):\n    if a.is_dropped():\n        self.slots.release()\n        a = None\n"
        "    if a is None:\n        await self.slots.acquire()\n    return a\n"
    )
    after = (
        "async def take(self, a):\n    a = self.pop(a)\n    if a is None:\n        await self.slots.acquire()\n"
        "    return a\n\n\n"
        "def pop(self, a):\n    if a.is_dropped():\n        self.slots.release()\n        a = None\n    return a\n"
    )
    assert told(guards.check, {"src/a.py": before}, {"src/a.py": after}) == []


def test_a_filter_that_moved_to_another_controller_was_taken_for_a_lost_one(told: Told) -> None:
    line = "  before_filter :require_login, :only => :invite\n"
    users = "class UsersController < A\n  def show\n    @a = 1\n  end\nend\n"
    signup = "class SignupController < A\n  def index\n    @b = 1\n  end\nend\n"
    with_line = {name: text.replace("< A\n", f"< A\n{line}") for name, text in (("u", users), ("s", signup))}
    base = {"app/u.rb": with_line["u"], "app/s.rb": signup}
    assert told(guards.check, base, {"app/u.rb": users, "app/s.rb": with_line["s"]}) == []


def test_a_lock_that_the_callee_takes_now_was_taken_for_a_lost_one(told: Told) -> None:
    before = (
        "class A {\n  void f(W w) {\n    synchronized (w) {\n      w.reply();\n    }\n  }\n"
        "  void g(W w) {\n    synchronized (w) {\n      w.end();\n    }\n  }\n}\n"
    )
    after = before.replace("    synchronized (w) {\n      w.reply();\n    }\n", "    w.reply();\n")
    callee = "class W {\n  void reply() {\n    n++;\n  }\n}\n"
    files = {"src/A.java": before, "src/W.java": callee}
    assert (
        told(guards.check, files, {"src/A.java": after, "src/W.java": callee.replace("void", "synchronized void")})
        == []
    )
    assert len(told(guards.check, {"lib/A.java": before}, {"lib/A.java": after})) == 1


def test_a_function_after_one_that_lost_its_own_decorator_was_taken_for_the_unguarded_one(told: Told) -> None:
    before = (
        "class A {\n  @Synchronized override fun done(): Boolean = ended\n\n"
        "  private fun start() {\n    trace = stack()\n    listener.start(this)\n  }\n}\n"
    )
    after = before.replace(
        "@Synchronized override fun done(): Boolean = ended", "override fun done(): Boolean = ended.get()"
    )
    assert told(guards.check, {"src/A.kt": before}, {"src/A.kt": after}) == []


def test_tests_that_another_file_has_as_well_were_taken_for_lost_ones(told: Told) -> None:
    test = "import url\n\n\ndef test_it_trims_whitespace():\n    assert url.parse_whole(' a ') == 'a'\n"
    code = "def parse_whole(text):\n    return text.strip()\n"
    base = {"src/url.py": code, "tests/test_common.py": test, "tests/test_url.py": test}
    changed = {"src/url.py": code.replace("text.strip", "str(text).strip"), "tests/test_common.py": None}
    assert told(removed_tests.check, base, changed) == []
    alone = {"lib/url.py": code, "tests/test_alone.py": test.replace("trims", "cuts")}
    assert (
        len(told(removed_tests.check, alone, {"lib/url.py": changed["src/url.py"], "tests/test_alone.py": None})) == 1
    )


def test_a_helper_called_tester_was_taken_for_a_test(told: Told) -> None:
    before = (
        "<?php\nclass ATest\n{\n    public function tester($a)\n    {\n"
        "        assert($a);\n        run_it($a);\n    }\n}\n"
    )
    after = before.replace("        assert($a);\n", "")
    assert told(removed_tests.check, {"tests/ATest.php": before}, {"tests/ATest.php": after}) == []
    named = {"tests/BTest.php": before.replace("tester", "testIt")}
    assert len(told(removed_tests.check, named, {"tests/BTest.php": after.replace("tester", "testIt")})) == 1


def test_a_narrow_exception_of_php_that_was_renamed_was_taken_for_a_swallowed_error(told: Told) -> None:
    before = (
        "<?php\nfunction f($a) {\n    foreach ($a as $b) {\n        try {\n            g($b);\n"
        "        } catch (\\A\\Pass $e) {\n            continue;\n        }\n    }\n}\n"
    )
    assert told(swallowed.check, {"src/a.php": before}, {"src/a.php": before.replace("\\A\\Pass", "Pass")}) == []


def test_a_new_handler_in_place_of_an_empty_one_was_taken_for_a_new_fault(told: Told) -> None:
    before = "def f(a):\n    try:\n        g(a)\n    except:\n        pass\n    return 1\n"
    after = before.replace("        g(a)\n    except:", "        h(a)\n    except Exception as e:")
    assert told(swallowed.check, {"src/a.py": before}, {"src/a.py": after}) == []


def test_an_item_of_a_list_was_taken_for_a_mark(told: Told) -> None:
    before = "fn f(a: i32) {\n    g(a);\n}\n"
    after = before.replace("g(a);", 'g(a);\n    println!("- {}", a);')
    assert told(debug.check, {"src/a.rs": before}, {"src/a.rs": after}) == []


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        (
            "a.spec.js",
            (
                "it('should keep it', function (done) {\n  post('/foo');\n"
                "  get().then(function (r) {\n    testHeader(r);\n    done();\n  });\n});\n"
            ),
            (
                "it('should keep it', async function () {\n  post('/foo');\n"
                "  await get().then(function (r) {\n    testHeader(r);\n  });\n});\n"
            ),
        ),
        (
            "tests/test_a.py",
            "def test_speed():\n    tree = make_tree()\n    tree.add_and_check(1)\n    tree.add_whole(2)\n",
            "def test_speed():\n    tree = make_tree()\n    tree.add(1)\n    tree.add_whole(2)\n",
        ),
    ],
)
def test_a_test_that_checks_by_a_helper_was_taken_for_one_without_assertions(
    told: Told, path: str, before: str, after: str
) -> None:
    assert told(removed_tests.check, {path: before}, {path: after}) == []


def test_three_prints_in_a_row_were_three_findings(told: Told) -> None:
    after = QUIET.replace("return", "console.log(1);\n  console.log(a);\n  console.log(2);\n  return")
    (found,) = told(debug.check, {**BESIDE, "lib/a.js": QUIET}, {"lib/a.js": after})
    assert len(found.related) == 2


def test_a_block_that_is_other_code_now_was_taken_for_one_that_lost_its_transaction(told: Told) -> None:
    before = (
        "def clear(now):\n    with transaction.atomic():\n        old = tokens.filter(expires=now)\n"
        "        log.info(old.count())\n        old.delete()\n        grants.filter(expires=now).delete()\n"
        "    with transaction.atomic():\n        g(now)\n"
    )
    after = before.replace(
        "    with transaction.atomic():\n        old = tokens.filter(expires=now)\n        log.info(old.count())\n"
        "        old.delete()\n        grants.filter(expires=now).delete()\n",
        "    old = tokens.filter(expires=now)\n    in_batches(old)\n    in_batches(grants)\n",
    )
    assert told(guards.check, {"src/a.py": before}, {"src/a.py": after}) == []


def test_what_a_program_wrote_was_taken_for_an_author_s_fault(told: Told) -> None:
    before = "class A {\n  int f() {\n    return 1;\n  }\n}\n"
    after = before.replace("    return", "    try {\n      g();\n    } catch (IOException e) {\n    }\n    return")
    mark = "/* Generated By:JavaCC: Do not edit this line. */\n"
    assert told(swallowed.check, {"src/A.java": mark + before}, {"src/A.java": mark + after}) == []
    assert len(told(swallowed.check, {"src/B.java": before}, {"src/B.java": after})) == 1


def test_a_mark_that_is_switched_on_and_off_was_taken_for_a_test_newly_disabled(told: Told) -> None:
    on = "// @Ignore // needs the network\npublic class ATest {\n  @Test public void f() {\n    assertTrue(g());\n"
    on += "  }\n}\n"
    assert (
        told(removed_tests.check, {"src/test/ATest.java": on}, {"src/test/ATest.java": on.replace("// @", "@")}) == []
    )


def test_a_check_that_another_line_makes_as_well_was_taken_for_a_lost_one(told: Told) -> None:
    before = (
        "class A {\n  void add(String name, B b) {\n    check(name != null && !name.isEmpty());\n"
        "    Preconditions.checkNotNull(name);\n    members.put(name, b);\n  }\n}\n"
    )
    after = before.replace("    Preconditions.checkNotNull(name);\n", "")
    assert told(guards.check, {"src/A.java": before}, {"src/A.java": after}) == []


def test_a_mark_in_place_of_another_was_taken_for_a_test_newly_disabled(told: Told) -> None:
    old = "public class ATest {\n  @Test @Ignore\n  public void f() {\n    assertTrue(g());\n  }\n}\n"
    new = old.replace("@Test @Ignore", '@Test\n  @Disabled("api only")')
    assert told(removed_tests.check, {"src/test/ATest.java": old}, {"src/test/ATest.java": new}) == []
