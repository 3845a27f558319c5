"""Comments that silence a whole checker are told once; with a rule or a reason, moved or usual ones are not."""

from __future__ import annotations

import pytest

from rebuttal.findings.model import Finding
from tests.evidence.conftest import Files, Review, of


def told(review: Review, before: Files, after: Files) -> list[Finding]:
    return of(review(before, after), "steering:blanket")


PLACES = [
    ("src/a.py", "x = int()  # type: ignore", "x = int()  # type: ignore[arg-type]"),
    ("src/a.py", "x = int()  # type: ignore", "x = int()  # type: ignore # the stubs are wrong"),
    ("src/a.py", "x = int()  # noqa", "x = int()  # noqa: S301"),
    ("src/a.py", "x = int()  # noqa", "from .b import c  # noqa"),
    ("src/a.py", "x = int()  # nosec", "x = int()  # nosec B301"),
    ("src/a.py", "x = int()  # pyright: ignore", "x = int()  # pyright: ignore[reportAny]"),
    ("src/a.py", "# pylint: disable=all", "# pylint: disable=invalid-name"),
    ("src/a.py", "x = int()  # type: ignore", 'x = "use # type: ignore"'),
    ("src/a.py", "x = int()  # type: ignore", "#     x = int() # type: ignore"),
    ("src/a.ts", "// @ts-ignore", "// @ts-expect-error"),
    ("src/a.ts", "// @ts-ignore", "// @ts-ignore the types of v3 are wrong"),
    ("src/a.ts", "// @ts-ignore\nf();", "// @ts-ignore\n// f();"),
    (
        "a.php",
        "<?php\n/** @phpstan-ignore-next-line */\nf();",
        "<?php\n/** @phpstan-ignore-next-line */\nthrow new E();",
    ),
    ("src/a.js", "// eslint-disable-next-line", "// eslint-disable-next-line no-console"),
    ("src/a.js", "f(); // eslint-disable-line", 'f("// eslint-disable-line");'),
    ("a.go", "package a\n\nvar x = f() //nolint", "package a\n\nvar x = f() //nolint:errcheck"),
    ("a.go", "package a\n\nvar x = f() //nolint:all", "package a\n\nvar x = f() //nolint // f never fails here"),
    ("a.cpp", "int x = f(); // NOLINT", "int x = f(); // NOLINT(cert-err58-cpp)"),
    ("a.cs", "#pragma warning disable", "#pragma warning disable CS0168"),
    ("a.rs", "#![allow(warnings)]", "#![allow(dead_code)]"),
    ("a.rs", "#[allow(clippy::all)]\nfn f() {}", "#[allow(clippy::too_many_arguments)]\nfn f() {}"),
    ("A.java", '@SuppressWarnings("all")\nclass A {}', '@SuppressWarnings("unchecked")\nclass A {}'),
    ("A.kt", '@Suppress("ALL")\nclass A', '@Suppress("UNCHECKED_CAST")\nclass A'),
    ("a.php", "<?php\nf(); // @phpstan-ignore-line", "<?php\nf(); // @phpstan-ignore argument.type"),
    ("a.php", "<?php\nf(); // phpcs:ignore", "<?php\nf(); // phpcs:ignore Squiz.Commenting"),
    ("a.rb", "f # rubocop:disable all", "f # rubocop:disable Metrics/MethodLength"),
    ("a.sh", "# shellcheck disable=all\nf", "# shellcheck disable=SC2086\nf"),
]


@pytest.mark.parametrize(("path", "blanket", "narrow"), PLACES)
def test_a_blanket_comment_is_told_and_one_with_a_rule_or_a_reason_is_not(
    review: Review, path: str, blanket: str, narrow: str
) -> None:
    (found,) = told(review, {path: "\n"}, {path: f"{blanket}\n"})
    assert (found.severity, found.raised_by) == ("low", ("code-reviewer",))
    assert told(review, {path: "\n"}, {path: f"{narrow}\n"}) == []


def test_the_end_of_a_comment_is_no_part_of_what_is_quoted(review: Review) -> None:
    (found,) = told(review, {"a.php": "<?php\n"}, {"a.php": "<?php\n/** @phpstan-ignore-next-line */\nf();\n"})
    assert "`@phpstan-ignore-next-line`" in found.message


def test_several_of_one_kind_are_one_finding(review: Review) -> None:
    text = "x = int()  # type: ignore\ny = int()\nz = int()  # type: ignore\n"
    (found,) = told(review, {}, {"a.py": text, "b.py": "v = 1  # type: ignore\n"})
    assert [(one.file, one.range.start.line) for one in found.related] == [("a.py", 2), ("b.py", 0)]
    assert "3 such comments" in found.message


def test_moved_indented_and_tested_ones_and_customs_of_the_file_are_not_told(review: Review) -> None:
    line = "x = int()  # type: ignore"
    assert told(review, {"a.py": f"{line}\n", "b.py": ""}, {"a.py": "", "b.py": f"if x:\n    {line}\n"}) == []
    assert told(review, {"c.py": f"{line}\n"}, {"c.py": f"{line}\ny = int()  # type: ignore\n"}) == []
    assert told(review, {}, {"tests/test_d.py": f"{line}\n"}) == []


def test_what_many_files_of_the_repository_have_is_its_custom(review: Review) -> None:
    line = "x = int()  # type: ignore\n"
    before = {f"src/m{number}.py": line for number in range(5)}
    assert told(review, before, {"src/new.py": line}) == []


def test_what_few_files_of_the_repository_have_is_told(review: Review) -> None:
    line = "x = int()  # type: ignore\n"
    assert len(told(review, {f"src/m{number}.py": line for number in range(2)}, {"src/new.py": line})) == 1


def test_comments_that_came_with_the_checker_itself_are_not_told(review: Review) -> None:
    after = {"src/a.py": "x = int()  # type: ignore\n"}
    assert (
        told(review, {"pyproject.toml": "[project]\n"}, after | {"pyproject.toml": "[tool.mypy]\nstrict = true\n"})
        == []
    )
    with_build = {"pyproject.toml": "[tool.mypy]\n", "tox.ini": "[testenv]\ncommands = pytest\n"}
    now_run = {"tox.ini": "[testenv]\ncommands =\n    pytest\n    mypy\n"}
    assert told(review, with_build, {"src/b.py": after["src/a.py"]} | now_run) == []


def test_comments_in_a_change_that_only_moves_the_checkers_settings_are_told(review: Review) -> None:
    before = {"mypy.ini": "[mypy]\n", "tox.ini": "[testenv]\ncommands = mypy\n"}
    after = {"mypy.ini": None, "pyproject.toml": "[tool.mypy]\n", "src/a.py": "x = int()  # type: ignore\n"}
    assert len(told(review, before, after)) == 1


SERIOUS = [
    ("src/a.py", "x = load(f)  # noqa: S301", "x = load(f)  # noqa: S301 - our own file"),
    ("src/a.py", "x = load(f)  # noqa: E501, S506", "x = load(f)  # noqa: E501"),
    ("src/a.py", "x = load(f)  # nosec B301", "assert x  # nosec B101"),
    ("src/a.js", "// eslint-disable-next-line no-eval", "// eslint-disable-next-line no-eval -- a constant"),
    ("src/a.js", "/* eslint-disable no-fallthrough */", "/* eslint-disable max-len */"),
    (
        "src/a.ts",
        "f(); // eslint-disable-line @typescript-eslint/no-floating-promises",
        "f(); // eslint-disable-line eqeqeq",
    ),
    ("a.go", "package a\n\nvar x = f() //nolint:gosec", "package a\n\nvar x = f() //nolint:gosec // a constant"),
    ("a.cpp", "int x = f(); // NOLINT(bugprone-use-after-move)", "int x = f(); // NOLINT(readability-magic-numbers)"),
    ("a.cs", "#pragma warning disable CA5350", "#pragma warning disable CA5350 // an old format"),
    ("a.rs", "#[allow(unused_must_use)]\nfn f() {}", "#[allow(dead_code)]\nfn f() {}"),
    ("a.rb", "f # rubocop:disable Security/Eval", "f # rubocop:disable Security/Eval -- a constant"),
]


@pytest.mark.parametrize(("path", "silent", "explained"), SERIOUS)
def test_a_rule_of_security_or_correctness_that_is_silenced_without_a_reason_is_told(
    review: Review, path: str, silent: str, explained: str
) -> None:
    (found,) = of(review({path: "\n"}, {path: f"{silent}\n"}), "steering:silenced")
    assert found.severity == "low"
    assert of(review({path: "\n"}, {path: f"{explained}\n"}), "steering:silenced") == []
