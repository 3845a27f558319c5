"""Our reader of ignore files against git's own, and what a review leaves out because of them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rebuttal.change.ignore import Ignored
from rebuttal.change.model import Scope, Skipped
from rebuttal.change.read import read_change
from tests.gitrepo import GitRepo

LINES = (
    *("*.log", "a", "a/", "/a", "a/*", "/a/*", "**/b", "a/**", "a/**/x.log", "foo/", "[ab]", "[!a]", "?", "*", "*/"),
    *("# a comment", "#c", "\\#c", "\\!a", "b/x.log", "/b/", "", "/", "  ", "a ", "a\\ ", "foo\r", "**", "x.*"),
    *("!a", "!a/", "!a/b", "!x.log", "!foo/", "!*/", "!*.py", "!**/foo", "!", "!/b"),
)
NAMES = ("a", "b", "foo", "x.log", "y.py", "#c", "!a", "a ")

lines = st.lists(st.sampled_from(LINES), max_size=5)
paths = st.lists(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4).map("/".join), min_size=1, max_size=12)


def _git_ignores(repo: GitRepo, wanted: list[str]) -> set[str]:
    stdin = b"".join(path.encode() + b"\0" for path in wanted)
    # check-ignore ends with 1 where nothing is ignored.
    out = repo.git("-c", "alias.ask=!git check-ignore --no-index -z --stdin || test $? = 1", "ask", stdin=stdin)
    return {path for path in out.split("\0") if path}


@given(root=lines, nested=lines, wanted=paths)
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_ignore_files_mean_what_they_mean_to_git(
    git_repo: GitRepo, root: list[str], nested: list[str], wanted: list[str]
) -> None:
    texts = {".rebuttalignore": "\n".join(root) + "\n", "b/.rebuttalignore": "\n".join(nested) + "\n"}
    for path, text in texts.items():
        git_repo.write(path.replace(".rebuttalignore", ".gitignore"), text)
    ours = Ignored(texts.get)
    # git takes a path that is a folder on disk for one.
    asked = [path for path in wanted if path != "b"]
    assert {path for path in asked if ours.reason(path)} == _git_ignores(git_repo, asked)


@given(st.text(alphabet='*ab/[]!\\ "#?-=\r\n', max_size=60), st.text(alphabet="ab/", min_size=1, max_size=40))
def test_no_ignore_file_breaks_the_reader(text: str, path: str) -> None:
    Ignored({".rebuttalignore": text}.get, (text,)).reason(path)


@pytest.mark.timeout(10)
def test_a_pattern_full_of_stars_does_not_hang_the_review() -> None:
    ignored = Ignored({".rebuttalignore": "*a" * 60 + "b\n" + "**/" * 60 + "nothing\n"}.get)
    assert ignored.reason("a" * 4000) is None
    assert ignored.reason("a/" * 200 + "a") is None


def _skipped(repo: GitRepo, before: Mapping[str, str], after: Mapping[str, str], *globs: str) -> tuple[Skipped, ...]:
    repo.commit("base", dict(before))
    for path, text in after.items():
        repo.write(path, text)
    with read_change(repo.root, Scope(), ignore=lambda base: globs) as reading:
        change = reading.change
    assert {one.path for one in change.files} | {one.file for one in change.skipped} == set(after)
    return change.skipped


def test_ignored_files_are_in_coverage_with_the_file_that_ignores_them(git_repo: GitRepo) -> None:
    before = {".rebuttalignore": "*.snap\n!keep.snap\n/old/\n", "docs/.rebuttalignore": "drafts/\n"}
    names = ("a.snap", "keep.snap", "old/a.py", "new/old/a.py", "docs/drafts/x.md", "drafts/x.md")
    assert _skipped(git_repo, before, dict.fromkeys(names, "x = 1\n")) == (
        Skipped("a.snap", "ignored by .rebuttalignore"),
        Skipped("docs/drafts/x.md", "ignored by docs/.rebuttalignore"),
        Skipped("old/a.py", "ignored by .rebuttalignore"),
    )


def test_a_change_that_adds_itself_to_the_ignore_file_is_reviewed_all_the_same(git_repo: GitRepo) -> None:
    after = {".rebuttalignore": "*\n", "a.py": "y = 2\n", "sub/.rebuttalignore": "*\n", "sub/b.py": "y = 2\n"}
    assert _skipped(git_repo, {"a.py": "x = 1\n"}, after) == ()


def test_a_change_that_takes_itself_out_of_the_ignore_file_is_still_ignored_once(git_repo: GitRepo) -> None:
    before = {".rebuttalignore": "a.py\n", "a.py": "x = 1\n"}
    after = {".rebuttalignore": "", "a.py": "y = 2\n"}
    assert _skipped(git_repo, before, after) == (Skipped("a.py", "ignored by .rebuttalignore"),)


def test_settings_ignore_by_the_same_patterns(git_repo: GitRepo) -> None:
    after = {"docs/a/b.md": "x\n", "c.py": "x = 1\n", "sub/gen/d.py": "x = 1\n"}
    assert _skipped(git_repo, {}, after, "docs/**", "gen/") == (
        Skipped("docs/a/b.md", "ignored by the setting ignore (docs/**)"),
        Skipped("sub/gen/d.py", "ignored by the setting ignore (gen/)"),
    )


def test_an_ignored_file_that_was_deleted_is_in_coverage_too(git_repo: GitRepo) -> None:
    git_repo.commit("base", {".rebuttalignore": "old/\n", "old/a.py": "x = 1\n"})
    git_repo.remove("old/a.py")
    with read_change(git_repo.root, Scope()) as reading:
        assert reading.change.skipped == (Skipped("old/a.py", "ignored by .rebuttalignore"),)
