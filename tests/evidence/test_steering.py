"""A change that would steer its own review hides nothing by it, and is told; what does not steer is not."""

from __future__ import annotations

import pytest

from rebuttal.change.model import Scope
from rebuttal.change.read import read_change
from rebuttal.evidence.panel import collect
from rebuttal.findings.model import Finding
from tests.evidence.conftest import Files, Review, commit, of
from tests.gitrepo import GitRepo

FAULT = "def g(b=[]):\n    return b\n"


def told(review: Review, before: Files, after: Files) -> list[tuple[str, str, str]]:
    """Rule, file and severity; every finding, so that nothing is hidden and nothing is told twice."""
    return [(one.rule, one.file, one.severity) for one in of(review(before, after), "")]


def only(review: Review, before: Files, after: Files) -> Finding:
    (found,) = of(review(before, after), "steering:")
    return found


def test_a_change_that_ignores_itself_is_reviewed_and_told(review: Review) -> None:
    after = {".rebuttalignore": "# new\nsrc/\n", "src/a.py": FAULT}
    assert told(review, {}, after) == [
        ("steering:ignore", ".rebuttalignore", "medium"),
        ("ruff:B006", "src/a.py", "medium"),
    ]


def test_the_message_says_what_would_have_been_hidden_and_by_what_this_review_went(review: Review) -> None:
    found = only(review, {}, {".rebuttalignore": "# new\nsrc/\n", "src/a.py": FAULT})
    assert found.message == (
        "Once this is in the base, reviews leave more files out. Of this change it would leave out src/a.py. "
        "This review goes by the base's version, so nothing is hidden from it."
    )
    assert found.quote == "src/"


def test_taking_back_an_exception_ignores_too(review: Review) -> None:
    before = {".rebuttalignore": "*.py\n!a.py\n", "a.py": "x = 1\n"}
    found = only(review, before, {".rebuttalignore": "*.py\n", "a.py": FAULT})
    assert (found.side, found.quote, found.severity) == ("old", "!a.py", "medium")


def test_ignoring_less_is_not_told(review: Review) -> None:
    assert told(review, {".rebuttalignore": "a/\nb/\n"}, {".rebuttalignore": "# only\nb/\n!b\n"}) == []


def test_one_finding_for_each_altered_place(review: Review) -> None:
    before = {".rebuttalignore": "a/\n\n\nb/\n"}
    after = {".rebuttalignore": "a/\nx/\ny/\n\n\nb/\nz/\n"}
    assert told(review, before, after) == [("steering:ignore", ".rebuttalignore", "low")] * 2


def test_an_ignore_file_that_ignores_itself_is_still_told(review: Review) -> None:
    before = {".rebuttalignore": ".rebuttalignore\n", "a.py": ""}
    after = {".rebuttalignore": ".rebuttalignore\na.py\n", "a.py": FAULT}
    assert told(review, before, after) == [
        ("steering:ignore", ".rebuttalignore", "medium"),
        ("ruff:B006", "a.py", "medium"),
    ]


def test_a_change_that_marks_its_files_as_generated_is_reviewed_and_told(review: Review) -> None:
    after = {".gitattributes": "*.txt text=auto\n*.py linguist-generated\n", "a.py": FAULT}
    assert told(review, {}, after) == [
        ("steering:attributes", ".gitattributes", "medium"),
        ("ruff:B006", "a.py", "medium"),
    ]


@pytest.mark.parametrize("line", ["* text=auto", "*.png binary", "gen/** -linguist-generated", "*.py diff=python"])
def test_attributes_that_steer_no_review_are_not_told(review: Review, line: str) -> None:
    assert told(review, {".gitattributes": "# none\n"}, {".gitattributes": f"# none\n{line}\n"}) == []


def test_a_file_that_the_change_marks_as_generated_is_reviewed_and_told(review: Review) -> None:
    after = "# @generated\n" + FAULT
    assert told(review, {"a.py": "x = 1\n"}, {"a.py": after}) == [
        ("steering:attributes", "a.py", "medium"),
        ("ruff:B006", "a.py", "medium"),
    ]


def test_new_files_of_a_generator_are_told_once(review: Review) -> None:
    after = {f"gen/{name}.py": "# @generated\nx = 1\n" for name in "abcde"}
    found = only(review, {}, after)
    assert (found.file, found.severity, len(found.related)) == ("gen/a.py", "low", 4)
    assert "gen/a.py, gen/b.py, gen/c.py and 2 more files" in found.message


def test_a_loosened_linter_hides_nothing_and_is_told(review: Review) -> None:
    before = {"pyproject.toml": '[tool.ruff.lint]\nignore = ["E501"]\n', "a.py": ""}
    after = {"pyproject.toml": '[tool.ruff.lint]\nignore = ["E501", "B006"]\n', "a.py": FAULT}
    assert told(review, before, after) == [
        ("ruff:B006", "a.py", "medium"),
        ("steering:linter", "pyproject.toml", "medium"),
    ]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("", '[lint.per-file-ignores]\n"src/*" = ["S"]\n', "ignore S in src/*"),
        ('lint.select = ["E", "S"]\n', 'lint.select = ["E"]\n', "no longer select S"),
        ("", 'extend-exclude = ["src"]\n', "exclude src"),
        ('lint.ignore = ["B006"]\n', 'lint.ignore = ["B006", "B", "E501"]\n', "ignore B"),
    ],
)
def test_what_makes_ruff_say_less_is_told_in_its_words(review: Review, before: str, after: str, words: str) -> None:
    head = "line-length = 100\n"
    found = only(review, {"ruff.toml": head + before}, {"ruff.toml": head + after})
    assert (found.rule, found.severity) == ("steering:linter", "low")
    assert f"is told to say less: {words}." in found.message


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('ignore = ["B006"]\n', "line-length = 100\n"),
        ('ignore = ["E501"]\n', 'ignore = ["E501", "D100"]\n'),
        ('ignore = ["B"]\n', 'ignore = ["B"]\n[per-file-ignores]\n"a.py" = ["B"]\n'),
        ('select = ["E", "S1"]\n', 'select = ["E", "S"]\n'),
        ('select = ["E"]\n', 'select = ["E"]\nline-length = 100\n'),
        ('ignore = ["E501"]\n', "this is no TOML ["),
    ],
)
def test_a_linter_that_says_as_much_as_before_is_not_told(review: Review, before: str, after: str) -> None:
    assert told(review, {"ruff.toml": before}, {"ruff.toml": after}) == []


def test_a_first_configuration_of_the_linter_is_not_told(review: Review) -> None:
    assert told(review, {}, {"ruff.toml": 'lint.ignore = ["B006"]\n'}) == []


def test_settings_of_reviews_are_told_with_their_keys(review: Review) -> None:
    before = {"pyproject.toml": '[project]\nname = "x"\n', "docs/a.md": "x\n"}
    after = {
        "pyproject.toml": '[project]\nname = "x"\n\n[tool.rebuttal]\npanel = "static"\nignore = ["docs/"]\n',
        "docs/a.md": "y\n",
    }
    found = only(review, before, after)
    assert (found.rule, found.severity) == ("steering:settings", "medium")
    assert "changes: panel, ignore. Of this change it would leave out docs/a.md." in found.message
    assert found.quote == 'panel = "static"\nignore = ["docs/"]'


def test_another_change_of_the_project_file_is_not_told(review: Review) -> None:
    before = '[project]\nname = "x"\n\n[tool.rebuttal]\npanel = "static"\n'
    assert told(review, {"pyproject.toml": before}, {"pyproject.toml": before.replace('"x"', '"y"')}) == []


def test_an_editors_settings_of_reviews_are_told_and_its_others_are_not(review: Review) -> None:
    path, before = ".vscode/settings.json", '{\n  "editor.tabSize": 2\n}\n'
    after = '{\n  "editor.tabSize": 4,\n  "rebuttal.ignore": ["**"]\n}\n'
    assert told(review, {path: before}, {path: after}) == [("steering:settings", path, "low")]
    assert told(review, {path: before}, {path: before.replace("2", "4")}) == []


@pytest.mark.parametrize("path", ["AGENTS.md", "sub/CLAUDE.md", ".github/copilot-instructions.md", ".cursorrules"])
def test_guidelines_are_told_once_for_a_file(review: Review, path: str) -> None:
    after = {path: "new\nb\nc\nd\nnew\n"}
    assert told(review, {path: "a\nb\nc\nd\ne\n"}, after) == [("steering:guidelines", path, "low")]
    assert told(review, {}, {path: None}) == [("steering:guidelines", path, "low")]


def test_a_comment_that_dismisses_a_fault_of_the_change_is_part_of_its_finding(review: Review) -> None:
    after = "def g(b=[]):  # rebuttal: ignore[ruff:B006] wanted\n    return b\n"
    (found,) = of(review({"a.py": ""}, {"a.py": after}), "")
    assert (found.rule, found.status) == ("ruff:B006", "open")
    assert found.message.endswith(
        "The change itself silences this (# rebuttal: ignore[ruff:B006] wanted): that counts once the base has it."
    )


def test_a_comment_that_dismisses_what_is_not_found_yet_is_told(review: Review) -> None:
    found = only(review, {"a.py": "x = 1\n"}, {"a.py": "# rebuttal: ignore[debate] wanted\nx = 2\n"})
    assert (found.rule, found.severity) == ("steering:suppression", "low")
    assert "A comment dismisses findings of debate here." in found.message


def test_a_comment_that_the_base_has_is_not_told(review: Review) -> None:
    before = "x = 1\n# rebuttal: ignore[debate] wanted\ny = 1\n"
    assert told(review, {"a.py": before}, {"a.py": before.replace("x = 1", "x = 2")}) == []
    moved = "x = 2  \n  # rebuttal: ignore[debate] wanted\ny = 1\n"
    assert told(review, {"a.py": before}, {"a.py": moved}) == []


@pytest.mark.parametrize(
    ("path", "comment"),
    [
        ("a.py", "# ruff: noqa"),
        ("a.py", "# flake8: NOQA"),
        ("a.py", "# mypy: ignore-errors"),
        ("a.py", "# pylint: skip-file"),
        ("a.ts", "// @ts-nocheck"),
        ("a.js", "/* eslint-disable */"),
    ],
)
def test_a_checker_that_is_switched_off_for_a_file_is_told(review: Review, path: str, comment: str) -> None:
    assert told(review, {path: ""}, {path: f"{comment}\n"}) == [("steering:suppression", path, "low")]


def test_a_switched_off_linter_is_told_in_the_finding_that_it_would_hide(review: Review) -> None:
    assert told(review, {"a.py": ""}, {"a.py": "# ruff: noqa\n" + FAULT}) == [("ruff:B006", "a.py", "low")]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("a.py", "x = f()  # type: ignore[no-untyped-call]"),
        ("a.py", "import os  # noqa: F401"),
        ("a.py", "x = 1  # pylint: disable=invalid-name"),
        ("a.ts", "// @ts-expect-error"),
        ("a.js", "// eslint-disable-next-line no-console"),
        ("a.js", "/* eslint-disable no-console */"),
    ],
)
def test_everyday_comments_about_one_line_or_rule_are_not_told(review: Review, path: str, line: str) -> None:
    assert [
        one for one in told(review, {path: "f = int\n"}, {path: f"f = int\n{line}\n"}) if "steering" in one[0]
    ] == []


def test_a_selection_hears_only_of_its_own_lines(git_repo: GitRepo) -> None:
    commit(git_repo, {".rebuttalignore": "a/\n\n\nb/\n"})
    git_repo.write(".rebuttalignore", "a/\nx/\n\n\nb/\nz/\n")
    with read_change(git_repo.root, Scope(), only_lines={".rebuttalignore": range(1, 2)}) as reading:
        found = collect(reading.change, reading.repository).findings
    assert [one.quote for one in found] == ["x/"]


def test_a_loosened_linter_counted_findings_that_another_line_hides(review: Review) -> None:
    before = {"ruff.toml": 'lint.select = ["E", "B"]\n', "a.py": "x = 1\n"}
    after = {"ruff.toml": 'lint.select = ["E"]\n\n[lint.per-file-ignores]\n"b.py" = ["E722"]\n', "a.py": FAULT}
    found = of(review(before, after), "steering:")
    (select,) = [one for one in found if "no longer select B" in one.message]
    assert (select.side, select.range.start.line, select.severity) == ("new", 0, "medium")
    assert "Of this change it would hide 1 finding." in select.message


def test_a_sub_folders_linter_configuration_is_obeyed_and_its_loosening_told(review: Review) -> None:
    quiet = '[tool.ruff.lint]\nignore = ["B006"]\n'
    assert told(review, {"sub/pyproject.toml": quiet}, {"sub/deep/a.py": FAULT, "sub/b.py": FAULT}) == []
    assert told(review, {}, {"other/ruff.toml": 'lint.ignore = ["B006"]\n', "other/a.py": FAULT}) == [
        ("ruff:B006", "other/a.py", "medium"),
        ("steering:linter", "other/ruff.toml", "medium"),
    ]


def test_patterns_of_a_sub_folders_linter_configuration_count_from_it(review: Review) -> None:
    before = {"sub/ruff.toml": '[lint.per-file-ignores]\n"gen/*" = ["B006"]\n'}
    assert told(review, before, {"sub/gen/a.py": FAULT, "gen/a.py": FAULT}) == [("ruff:B006", "gen/a.py", "medium")]


BODY = "".join(f"value_{number} = {number}\n" for number in range(12))


def test_a_file_moved_into_a_vendored_folder_slipped_out_of_the_review(review: Review) -> None:
    found = only(review, {"c.py": BODY}, {"c.py": None, "vendor/c.py": BODY + 'eval("1")\n'})
    assert (found.rule, found.file, found.side, found.severity) == ("steering:moved", "c.py", "old", "medium")
    assert found.message == (
        "It becomes vendor/c.py, which reviews leave out (vendored). "
        "What the change alters in it on the way was not reviewed."
    )
    assert [one.file for one in found.related] == ["vendor/c.py"]
    found = only(review, {"d.py": BODY}, {"d.py": None, "vendor/other.py": BODY})
    assert (found.severity, "was not reviewed" in found.message) == ("low", False)


def test_a_deletion_beside_new_vendored_code_is_no_move(review: Review) -> None:
    other = "".join(f"def call_{number}(): return {number}\n" for number in range(12))
    assert told(review, {"c.py": BODY}, {"c.py": None, "vendor/c.py": other}) == []
