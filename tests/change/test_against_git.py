"""The change of random work against what git itself says of it."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rebuttal.change.model import Change
from rebuttal.change.read import read_change
from rebuttal.change.scope import parse_scope
from tests.gitrepo import GitRepo, isolated_environment

PATHS = st.sampled_from(["a.py", "d/a.py", "d/e/f f.py"])
CONTENT = st.lists(st.sampled_from("ab"), max_size=3).map(lambda lines: "".join(line + "\n" for line in lines))
STEP = st.one_of(
    st.tuples(st.just("write"), PATHS, CONTENT),
    st.tuples(st.just("remove"), PATHS, st.just("")),
    st.tuples(st.just("stage"), PATHS, st.just("")),
    st.tuples(st.just("forget"), PATHS, st.just("")),
    st.tuples(st.just("commit"), PATHS, st.just("")),
)


def play(repo: GitRepo, steps: list[tuple[str, str, str]]) -> None:
    for action, path, text in steps:
        exists = repo.path(path).exists()
        tracked = action in ("stage", "forget") and bool(repo.git("ls-files", "--", path))
        if action == "write":
            repo.write(path, text)
        elif action == "remove" and exists:
            repo.remove(path)
        elif action == "stage" and (exists or tracked):
            repo.add(path)
        elif action == "forget" and tracked:
            repo.git("rm", "-q", "-f", "--cached", path)
        elif action == "commit":
            repo.git("commit", "-q", "--allow-empty", "-m", "step")


def git_hunks(repo: GitRepo, *options: str) -> dict[str, list[str]]:
    """Hunk headers by path, as `git diff` prints them."""
    patch = repo.git("-c", "core.quotePath=false", "diff", "-U0", "--no-renames", *options)
    hunks: dict[str, list[str]] = {}
    for part in re.split(r"^diff --git ", patch, flags=re.MULTILINE)[1:]:
        path = re.match(r"a/(.*) b/\1\n", part)
        assert path is not None
        hunks[path[1]] = re.findall(r"^@@ (.*?) @@", part, flags=re.MULTILINE)
    return hunks


def our_hunks(change: Change) -> dict[str, list[str]]:
    def side(start: int, count: int) -> str:
        return f"{start + (1 if count else 0)}" + ("" if count == 1 else f",{count}")

    return {
        diff.path: [
            f"-{side(hunk.old_start, hunk.old_count)} +{side(hunk.new_start, hunk.new_count)}" for hunk in diff.hunks
        ]
        for diff in change.files
        if diff.status != "renamed"
    }


@settings(max_examples=30)
@given(st.lists(STEP, min_size=1, max_size=10), st.lists(STEP, max_size=8))
@example(
    [("write", "a.py", "a\nb\n"), ("write", "d/a.py", "a\n")],
    [("write", "a.py", "b\nb\n"), ("stage", "a.py", ""), ("write", "a.py", "b\n"), ("forget", "d/a.py", "")],
)
@example([("remove", "a.py", "")], [("write", "a.py", ""), ("stage", "a.py", ""), ("remove", "a.py", "")])
def test_random_work_is_read_as_git_reads_it(
    before: list[tuple[str, str, str]], after: list[tuple[str, str, str]]
) -> None:
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        home = Path(name).resolve() / "home"
        for variable, value in isolated_environment(home).items():
            patch.setenv(variable, value)
        repo = GitRepo.create(Path(name) / "repo", home)
        play(repo, before)
        repo.commit("base")
        play(repo, after)

        with read_change(repo.root, parse_scope("staged")) as reading:
            assert_same(reading.change, git_hunks(repo, "--cached"))
        # `git add -N` makes git's diff show untracked files too; it changes nothing else.
        repo.git("add", "-N", "--ignore-removal", "--", ".")
        expected = git_hunks(repo, "HEAD")
        if intended := _intended(repo):
            repo.git("reset", "-q", "--", *intended)
        with read_change(repo.root, parse_scope("working")) as reading:
            assert_same(reading.change, expected)


def assert_same(change: Change, expected: dict[str, list[str]]) -> None:
    """Hunk for hunk, but for files we pair as renamed, which git was told not to pair."""
    renamed = {path for diff in change.files if diff.status == "renamed" for path in (diff.path, diff.old_path)}
    assert our_hunks(change) == {path: hunks for path, hunks in expected.items() if path not in renamed}
    assert renamed <= expected.keys()


def _intended(repo: GitRepo) -> list[str]:
    rows = repo.git("diff", "--name-only", "--diff-filter=A", "-z").split("\0")
    return [path for path in rows if path]
