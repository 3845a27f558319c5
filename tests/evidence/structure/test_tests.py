from __future__ import annotations

import pytest

from rebuttal.evidence.structure import tests as check_tests
from tests.evidence.structure.conftest import Told, marked

LIB = "def total(rows):\n    return sum(rows)\n\n\ndef mean(rows):\n    return sum(rows) / len(rows)\n"
TESTS = """\
def test_total_of_rows():
    rows = [1, 2, 3]
    assert total(rows) == 6


def test_mean_of_rows():
    rows = [4, 5, 6]
    assert mean(rows) == 5
"""
LIB_NOW = LIB.replace("    return sum(rows)\n\n", "    return sum(row or 0 for row in rows)\n\n")
WITHOUT = TESTS.partition("\n\ndef test_mean")[2]
LEFT = "def test_mean" + WITHOUT
JS_LIB = "export function total(rows) {\n  return rows.length;\n}\n"
JS_TESTS = """\
describe('a', () => {
  it('counts the rows', () => {
    const rows = [1, 2];
    expect(total(rows)).toBe(2);
  });
  it('counts none', () => {
    expect(total([])).toBe(0);
  });
});
"""
GO_TESTS = """\
package a

func TestTotal(t *testing.T) {
\tif total([]int{1}) != 1 {
\t\tt.Fatal("one")
\t}
}
"""
JAVA_TESTS = """\
class ATest {
  @Test
  void totals() {
    assertEquals(1, total(1));
  }
}
"""
RUST_TESTS = "#[test]\nfn totals() {\n    assert_eq!(total(1), 1);\n}\n"
CS_TESTS = JAVA_TESTS.replace("@Test", "[Fact]").replace("void totals", "public void Totals")
RUBY_TESTS = "describe A do\n  it 'counts the rows' do\n    expect(total(1)).to eq 1\n  end\nend\n"
PHP_TESTS = "<?php\nclass ATest {\n  public function testTotal() {\n    $this->assertSame(1, total(1));\n  }\n}\n"

OFF = [
    ("test_a.py", TESTS, TESTS.replace("def test_mean", "@pytest.mark.skip\ndef test_mean"), "@pytest.mark.skip"),
    ("test_a.py", TESTS, TESTS.replace("    rows = [4", "    pytest.skip('x')\n    rows = [4"), "pytest.skip('x')"),
    ("test_a.py", TESTS, TESTS.replace("def test_mean", "def _test_mean"), "def _test_mean_of_rows():"),
    (
        "a.test.js",
        JS_TESTS,
        JS_TESTS.replace("it('counts none'", "it.skip('counts none'"),
        "it.skip('counts none', () => {",
    ),
    ("a.test.ts", JS_TESTS, JS_TESTS.replace("it('counts none'", "xit('counts none'"), "xit('counts none', () => {"),
    ("a_test.go", GO_TESTS, GO_TESTS.replace("\tif total", '\tt.Skip("flaky")\n\tif total'), 't.Skip("flaky")'),
    ("ATest.java", JAVA_TESTS, JAVA_TESTS.replace("  @Test", "  @Disabled\n  @Test"), "@Disabled"),
    ("tests/a.rs", RUST_TESTS, RUST_TESTS.replace("fn totals", "#[ignore]\nfn totals"), "#[ignore]"),
    ("ATests.cs", CS_TESTS, CS_TESTS.replace("[Fact]", '[Fact(Skip = "slow")]'), '[Fact(Skip = "slow")]'),
    ("a_spec.rb", RUBY_TESTS, RUBY_TESTS.replace("  it 'counts", "  xit 'counts"), "xit 'counts the rows' do"),
    (
        "ATest.php",
        PHP_TESTS,
        PHP_TESTS.replace("    $this->", "    $this->markTestSkipped('x');\n    $this->", 1),
        "$this->markTestSkipped('x');",
    ),
    (
        "a_test.go",
        GO_TESTS,
        GO_TESTS.replace("\nfunc", "\n// func").replace("\n\t", "\n// \t").replace("\n}", "\n// }"),
        "// func TestTotal(t *testing.T) {",
    ),
]
ON = [
    # New, and skipped from the start; under a condition; skipped before.
    ("test_a.py", TESTS, TESTS + "\n\n@pytest.mark.skip\ndef test_new():\n    assert 1\n"),
    ("test_a.py", TESTS, TESTS.replace("def test_mean", "@pytest.mark.skipif(OLD, reason='x')\ndef test_mean")),
    ("test_a.py", TESTS, TESTS.replace("    rows = [4", "    if OLD:\n        pytest.skip('x')\n    rows = [4")),
    ("a_test.go", GO_TESTS, GO_TESTS.replace("\tif total", "\tif short {\n\t\tt.Skip()\n\t}\n\tif total")),
    (
        "test_a.py",
        TESTS.replace("def test_mean", "@pytest.mark.skip\ndef test_mean"),
        TESTS.replace("def test_mean", "@pytest.mark.skip(reason='it is slow')\ndef test_mean"),
    ),
    ("a.test.js", JS_TESTS, JS_TESTS.replace("it('counts none'", "it('counts nothing'")),
    # What is to be tested does not run; a mark makes a test of any function; a class inside a test is no test.
    (
        "a.test.js",
        JS_TESTS.replace("it('counts none'", "it.todo('counts none'"),
        JS_TESTS.replace("it('counts none'", "it.skip('counts none'"),
    ),
    ("tests/a.rs", RUST_TESTS, RUST_TESTS.replace("fn totals", "fn no_totals")),
    (
        "ATest.java",
        JAVA_TESTS.replace("    assert", "    class Example {}\n    assert"),
        JAVA_TESTS.replace("    assert", "    class Example {}\n    assert").removesuffix("}\n")
        + '  @Ignore("https://example.org/229")\n  @Test public void custom() {\n    class Example {}\n  }\n}\n',
    ),
]


def test_a_test_removed_with_a_change_to_what_it_tests_is_told(told: Told) -> None:
    (found,) = told(check_tests.check, {"a.py": LIB, "test_a.py": TESTS}, {"a.py": LIB_NOW, "test_a.py": LEFT})
    assert (found.rule, found.side, marked(found)) == ("structure:test-removed", "old", "def test_total_of_rows():")
    assert "`total`" in found.message


def test_a_removed_file_of_tests_is_one_finding(told: Told) -> None:
    later = LIB_NOW.replace("/ len(rows)", "/ max(len(rows), 1)")
    (found,) = told(check_tests.check, {"a.py": LIB, "test_a.py": TESTS}, {"a.py": later, "test_a.py": None})
    assert "`test_total_of_rows`, `test_mean_of_rows` are removed" in found.message


def test_a_case_of_javascript_that_is_removed_is_told(told: Told) -> None:
    after = JS_TESTS.partition("  it('counts none'")[0] + "});\n"
    now = JS_LIB.replace("rows.length", "rows.filter(Boolean).length")
    (found,) = told(check_tests.check, {"a.js": JS_LIB, "a.test.js": JS_TESTS}, {"a.js": now, "a.test.js": after})
    assert marked(found) == "it('counts none', () => {"


@pytest.mark.parametrize(
    ("lib", "files"),
    [
        pytest.param(LIB, {"test_a.py": LEFT, "b.py": "x = 1\n"}, id="among changes to other code"),
        pytest.param(LIB, {"test_a.py": LEFT, "test_c.py": "def test_c():\n    assert f()\n"}, id="among new tests"),
        pytest.param(LIB, {"test_a.py": None}, id="all of its file went"),
        pytest.param(LIB_NOW, {"test_a.py": TESTS.replace("total_of_rows", "sum_of_rows")}, id="renamed"),
        pytest.param(LIB_NOW, {"test_a.py": LEFT, "test_b.py": TESTS.partition("\n\n\n")[0]}, id="moved"),
        pytest.param(
            LIB.partition("def mean")[2].join(("def mean", "")), {"test_a.py": LEFT}, id="its subject is gone"
        ),
        pytest.param(
            LIB_NOW,
            {"test_a.py": LEFT + "\n\n@table\ndef test_total(rows, wanted):\n    assert total(rows) == wanted\n"},
            id="made a table",
        ),
    ],
)
def test_a_test_that_is_not_missing_is_not_told(told: Told, lib: str, files: dict[str, str]) -> None:
    assert told(check_tests.check, {"a.py": LIB, "test_a.py": TESTS}, {"a.py": lib, **files}) == []


def test_a_test_that_goes_alone_is_not_told(told: Told) -> None:
    """Six of six such findings on real commits were of people who meant to take them out."""
    assert told(check_tests.check, {"a.py": LIB, "test_a.py": TESTS}, {"test_a.py": LEFT}) == []


def test_a_test_that_goes_while_another_checks_the_same_is_not_told(told: Told) -> None:
    twice = TESTS + "\n\ndef test_total_again():\n    rows = [1, 2, 3]\n    assert total(rows) == 6\n"
    assert told(check_tests.check, {"a.py": LIB, "test_a.py": twice}, {"test_a.py": TESTS}) == []


def test_a_test_beside_its_code_that_is_switched_off_is_told(told: Told) -> None:
    before = f"fn total(a: i32) -> i32 {{ a }}\n\n#[cfg(test)]\nmod tests {{\n{RUST_TESTS}}}\n"
    (found,) = told(
        check_tests.check, {"src/a.rs": before}, {"src/a.rs": before.replace("fn totals", "#[ignore]\nfn totals")}
    )
    assert (found.rule, marked(found)) == ("structure:test-disabled", "#[ignore]")


def test_a_test_that_lost_its_last_assertion_is_told(told: Told) -> None:
    (found,) = told(
        check_tests.check,
        {"test_a.py": TESTS},
        {"test_a.py": TESTS.replace("    assert mean(rows) == 5", "    mean(rows)")},
    )
    assert (marked(found), found.side) == ("assert mean(rows) == 5", "old")


def test_a_test_that_checks_in_another_way_is_not_told(told: Told) -> None:
    after = TESTS.replace("    assert mean(rows) == 5", "    check_mean(rows, 5)")
    assert told(check_tests.check, {"test_a.py": TESTS}, {"test_a.py": after}) == []


@pytest.mark.parametrize(("path", "before", "after", "line"), OFF)
def test_a_test_that_is_switched_off_is_told_once(told: Told, path: str, before: str, after: str, line: str) -> None:
    found = told(check_tests.check, {path: before}, {path: after})
    assert [(one.rule, marked(one)) for one in found] == [("structure:test-disabled", line)]


@pytest.mark.parametrize(("path", "before", "after"), ON)
def test_a_test_that_still_runs_is_not_told(told: Told, path: str, before: str, after: str) -> None:
    assert [one.message for one in told(check_tests.check, {path: before}, {path: after})] == []
