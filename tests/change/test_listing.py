"""Many changes at once: ranges, commits and branches, each reviewed once."""

from __future__ import annotations

import pytest

from rebuttal.change.identity import framing
from rebuttal.change.listing import list_changes
from rebuttal.change.model import ChangeError
from rebuttal.change.read import read_change
from tests.gitrepo import GitRepo


@pytest.fixture
def branched(git_repo: GitRepo) -> GitRepo:
    git_repo.commit("base", {"a.py": "x = 1\n"})
    for name in ("feature/one", "feature/two", "fix"):
        git_repo.git("checkout", "-q", "-b", name, "main")
        git_repo.commit(f"work on {name}", {f"{name.replace('/', '_')}.py": "y = 2\n"})
    git_repo.git("checkout", "-q", "main")
    git_repo.commit("main moves on", {"b.py": "z = 3\n"})
    return git_repo


def test_branches_are_compared_with_where_they_left_the_default_branch(branched: GitRepo) -> None:
    listing = list_changes(branched.root, branches="*")
    assert [one.name for one in listing.changes] == ["feature/one", "feature/two", "fix"]
    fork = branched.git("rev-parse", "main~1")
    assert {one.base for one in listing.changes} == {fork}
    with read_change(branched.root, listing.changes[0].scope) as reading:
        assert [diff.path for diff in reading.change.files] == ["feature_one.py"]


def test_a_glob_picks_branches_and_one_that_fits_none_is_told(branched: GitRepo) -> None:
    assert [one.name for one in list_changes(branched.root, branches="feature/*").changes] == [
        "feature/one",
        "feature/two",
    ]
    with pytest.raises(ChangeError, match=r"No branch is named 'nothing\*'"):
        list_changes(branched.root, branches="nothing*")


def test_the_same_change_under_several_names_is_one(branched: GitRepo) -> None:
    branched.git("branch", "copy", "fix")
    (one,) = list_changes(branched.root, ["main...fix", "fix~1..fix", "fix"], branches="copy").changes[:1]
    listing = list_changes(branched.root, ["main...fix", "fix~1..fix", "fix"], branches="copy")
    assert len(listing.changes) == 1
    assert (one.name, one.others) == ("main...fix", ("fix~1..fix", "fix", "copy"))


def test_a_branch_without_a_commit_of_its_own_and_an_empty_range_are_named_not_reviewed(branched: GitRepo) -> None:
    branched.git("branch", "merged", "main~1")
    listing = list_changes(branched.root, ["main..main"], branches="merged")
    assert listing.changes == ()
    assert listing.empty == ("main..main", "merged")


def test_a_branch_without_common_history_fails_alone(branched: GitRepo) -> None:
    branched.git("checkout", "-q", "--orphan", "stranger")
    branched.commit("a world of its own", {"s.py": "s = 1\n"})
    listing = list_changes(branched.root, branches="*")
    assert [one.name for one in listing.changes] == ["feature/one", "feature/two", "fix"]
    ((name, reason),) = listing.failed
    assert name == "stranger"
    assert "no common history with main" in reason


def test_without_a_default_branch_a_base_must_be_named(git_repo: GitRepo) -> None:
    git_repo.git("checkout", "-q", "-b", "trunk")
    git_repo.commit("base", {"a.py": "x = 1\n"})
    git_repo.git("checkout", "-q", "-b", "work")
    git_repo.commit("more", {"a.py": "x = 2\n"})
    with pytest.raises(ChangeError, match="--base"):
        list_changes(git_repo.root, branches="*")
    assert [one.name for one in list_changes(git_repo.root, branches="*", base="trunk").changes] == ["work"]


@pytest.mark.parametrize("wrong", ["nowhere..main", "nowhere", "a....b", " "])
def test_a_range_that_is_not_there_is_told_at_once(branched: GitRepo, wrong: str) -> None:
    with pytest.raises(ChangeError):
        list_changes(branched.root, [wrong])


def test_a_base_that_is_not_there_is_told_at_once(branched: GitRepo) -> None:
    with pytest.raises(ChangeError, match="nowhere"):
        list_changes(branched.root, branches="*", base="nowhere")


def test_two_hundred_branches_are_listed(branched: GitRepo) -> None:
    head = branched.git("rev-parse", "fix")
    tree = branched.git("rev-parse", "fix^{tree}")
    commands = []
    for number in range(200):
        commit = branched.git("commit-tree", tree, "-p", head, "-m", f"number {number}")
        commands.append(f"create refs/heads/many/{number} {commit}\n")
    branched.git("update-ref", "--stdin", stdin="".join(commands).encode())
    assert len(list_changes(branched.root, branches="many/*").changes) == 200


def test_what_is_checked_out_does_not_frame_a_change_between_two_object_ids(branched: GitRepo) -> None:
    (listed,) = list_changes(branched.root, branches="fix").changes

    def framed() -> str:
        with read_change(branched.root, listed.scope) as reading:
            return framing(reading)

    on_main = framed()
    branched.git("checkout", "-q", "feature/one")
    assert framed() == on_main == "work on fix"
