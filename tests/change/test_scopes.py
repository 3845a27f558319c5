"""Names of scopes, the base that is chosen, and the places a repository can be in."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from pathlib import Path

import pytest

from rebuttal.change.identity import framing, repository_id, repository_name, shared_id
from rebuttal.change.model import ChangeError, Scope
from rebuttal.change.read import read_change
from rebuttal.change.scope import parse_scope
from tests.change.test_read import change_of, statuses
from tests.gitrepo import GitRepo


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("working", Scope("working")),
        ("staged", Scope("staged")),
        ("branch", Scope("branch")),
        ("commit:HEAD~2", Scope("commit", "HEAD~2")),
        ("commit::/fix the", Scope("commit", ":/fix the")),
        ("range:a..b", Scope("range", "a..b")),
        ("range:a...b", Scope("range", "a...b")),
        ("range:v1.0..", Scope("range", "v1.0..")),
        ("file:src/a:b.py", Scope("file", "src/a:b.py")),
    ],
)
def test_scopes_are_read_and_written_alike(text: str, scope: Scope) -> None:
    assert parse_scope(text) == scope
    assert str(scope) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "all",
        "working:x",
        "commit",
        "commit:",
        "commit: ",
        "range:a",
        "range:..",
        "range:a..b..c",
        "range:a....b",
        "file:",
    ],
)
def test_what_is_no_scope_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(ChangeError) as caught:
        parse_scope(text)
    assert "\n" not in str(caught.value)


@pytest.fixture
def branched(git_repo: GitRepo) -> GitRepo:
    """main: fork, ahead; feature (checked out): fork, one, two."""
    git_repo.commit("fork", {"a.py": "1\n", "b.py": "1\n"})
    git_repo.git("tag", "fork")
    git_repo.git("checkout", "-q", "-b", "feature")
    git_repo.commit("one", {"a.py": "2\n"})
    git_repo.commit("two\n\nbody", {"c.py": "1\n"})
    git_repo.git("checkout", "-q", "main")
    git_repo.commit("ahead", {"b.py": "2\n"})
    git_repo.git("checkout", "-q", "feature")
    return git_repo


def test_branch_starts_at_the_merge_base(branched: GitRepo) -> None:
    branched.write("a.py", "not committed\n")
    with read_change(branched.root, parse_scope("branch")) as reading:
        change = reading.change
        assert statuses(change) == {"a.py": "modified", "c.py": "added"}
        assert change.base == branched.git("rev-parse", "fork")
        assert change.base_reason == "merge base with main (there is no upstream and no remote HEAD)"
        assert change.head == branched.git("rev-parse", "feature")
        assert change.files[0].new_text == "2\n"
        assert framing(reading) == "Branch: feature\n\ntwo\n\nbody\n\none"


def test_branch_in_an_editor_adds_what_working_holds(branched: GitRepo) -> None:
    branched.write("a.py", "not committed\n")
    branched.write("d.py", "new\n")
    with read_change(
        branched.root, parse_scope("branch"), include_working=True, buffers={"c.py": "unsaved\n"}
    ) as reading:
        assert statuses(reading.change) == {"a.py": "modified", "c.py": "added", "d.py": "added"}
        texts = {diff.path: (diff.new_text, diff.untracked, diff.unsaved) for diff in reading.change.files}
        assert texts == {
            "a.py": ("not committed\n", False, False),
            "c.py": ("unsaved\n", False, True),
            "d.py": ("new\n", True, False),
        }
        assert reading.change.head == "work tree"
        assert framing(reading).startswith("Branch: feature\n\ntwo")


def test_the_base_is_given_else_upstream_else_remote_head_else_main_else_master(branched: GitRepo) -> None:
    oid = branched.git("rev-parse", "fork")
    assert change_of(branched, "branch", base="fork").base_reason == "merge base with fork (given)"
    branched.git("remote", "add", "origin", "https://example.invalid/x.git")
    branched.git("update-ref", "refs/remotes/origin/trunk", "main")
    branched.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
    assert change_of(branched, "branch").base_reason == "merge base with origin/trunk (the default branch of origin)"
    branched.git("update-ref", "refs/remotes/origin/feature", "feature~1")
    branched.git("branch", "-q", "--set-upstream-to=origin/feature", "feature")
    change = change_of(branched, "branch")
    assert change.base_reason == "merge base with origin/feature (the upstream)"
    assert change.base == branched.git("rev-parse", "feature~1")
    branched.git("branch", "-q", "--set-upstream-to=main", "feature")
    assert change_of(branched, "branch").base_reason == "merge base with main (the upstream)"
    branched.git("checkout", "-q", "--detach")
    change = change_of(branched, "branch")
    assert (change.base, change.base_reason) == (oid, "merge base with origin/trunk (the default branch of origin)")


def test_without_any_base_branch_says_how_to_name_one(git_repo: GitRepo) -> None:
    git_repo.commit("base", {"a.py": "1\n"})
    git_repo.git("branch", "-q", "-m", "topic")
    with pytest.raises(ChangeError, match="name one with --base REV"):
        change_of(git_repo, "branch")
    git_repo.git("branch", "-q", "master")
    assert "merge base with master" in change_of(git_repo, "branch").base_reason


def test_histories_without_a_common_commit(branched: GitRepo) -> None:
    branched.git("checkout", "-q", "--orphan", "alone")
    branched.commit("alone")
    with pytest.raises(ChangeError, match="no common history with main;"):
        change_of(branched, "branch")


def test_two_dots_compare_trees_and_three_start_at_the_merge_base(branched: GitRepo) -> None:
    two = change_of(branched, "range:main..feature")
    assert statuses(two) == {"a.py": "modified", "b.py": "modified", "c.py": "added"}
    assert two.base == branched.git("rev-parse", "main")
    three = change_of(branched, "range:main...feature")
    assert statuses(three) == {"a.py": "modified", "c.py": "added"}
    assert three.base_reason == "merge base of main and feature"
    assert statuses(change_of(branched, "range:main...")) == statuses(three)
    with pytest.raises(ChangeError, match="leave out --base"):
        change_of(branched, "range:main..feature", base="main")


def test_working_and_staged_take_a_given_base(branched: GitRepo) -> None:
    branched.write("d.py", "1\n")
    change = change_of(branched, base="fork")
    assert statuses(change) == {"a.py": "modified", "c.py": "added", "d.py": "added"}
    assert (change.base, change.base_reason) == (branched.git("rev-parse", "fork"), "fork (given)")
    assert statuses(change_of(branched, "staged", base="fork")) == {"a.py": "modified", "c.py": "added"}


def test_a_merge_commit_is_compared_with_its_first_parent(branched: GitRepo) -> None:
    branched.git("merge", "-q", "--no-edit", "main")
    change = change_of(branched, "commit:HEAD")
    assert statuses(change) == {"b.py": "modified"}
    assert change.base_reason == "its first parent (it is a merge)"


def test_an_annotated_tag_names_its_commit(branched: GitRepo) -> None:
    branched.git("tag", "-a", "-m", "release", "v1", "feature")
    with read_change(branched.root, parse_scope("commit:v1")) as reading:
        assert statuses(reading.change) == {"c.py": "added"}
        assert framing(reading) == "Branch: feature\n\ntwo\n\nbody"


def test_framing_is_empty_where_no_commit_is_reviewed(branched: GitRepo) -> None:
    for scope in ("working", "staged", "file:a.py"):
        with read_change(branched.root, parse_scope(scope)) as reading:
            assert framing(reading) == ""


def test_the_parent_of_a_shallow_clone_is_asked_for(branched: GitRepo, tmp_path: Path) -> None:
    url = branched.root.as_uri()
    branched.git("-c", "protocol.file.allow=always", "clone", "-q", "--depth=1", url, str(tmp_path / "shallow"))
    shallow = GitRepo((tmp_path / "shallow").resolve(), branched.env)
    with pytest.raises(ChangeError, match="not in this shallow clone; fetch more history"):
        change_of(shallow, "commit:HEAD")
    shallow.write("a.py", "3\n")
    assert statuses(change_of(shallow)) == {"a.py": "modified"}


def test_a_linked_worktree_is_its_own_place_in_the_same_repository(branched: GitRepo, tmp_path: Path) -> None:
    branched.git("worktree", "add", "-q", str(tmp_path / "linked"), "main")
    linked = GitRepo((tmp_path / "linked").resolve(), branched.env)
    linked.write("b.py", "3\n")
    change = change_of(linked)
    assert (change.root, statuses(change)) == (linked.root, {"b.py": "modified"})
    assert statuses(change_of(branched)) == {}
    assert repository_id(linked.root) == repository_id(branched.root)
    assert repository_name(linked.root) == repository_name(branched.root) == branched.root.name


def test_repositories_have_different_ids(git_repo: GitRepo, tmp_path: Path) -> None:
    other = GitRepo.create(tmp_path / "other", tmp_path / "home")
    assert repository_id(git_repo.root) != repository_id(other.root)
    assert repository_id(git_repo.root) == repository_id(Path(str(git_repo.root) + "/."))
    with pytest.raises(ChangeError, match="not the top of a git repository"):
        repository_id(tmp_path)


@pytest.mark.parametrize(
    "origin",
    [
        "git@git.example.org:Acme/Shop.git",
        "https://git.example.org/acme/shop",
        "https://ada:token@git.example.org:8443/acme/shop.git/",
        "ssh://git@GIT.example.org:2222/acme/shop.git",
    ],
)
def test_clones_of_one_origin_are_one_repository_to_a_team(git_repo: GitRepo, origin: str) -> None:
    git_repo.git("remote", "add", "upstream", "https://git.example.org/another/shop")
    assert shared_id(git_repo.root) == repository_id(git_repo.root)
    git_repo.git("remote", "add", "origin", origin)
    git_repo.git("config", "branch.main.url", "https://git.example.org/no/remote")
    expected = hashlib.sha256(b"origin git.example.org/acme/shop").hexdigest()[:32]
    assert shared_id(git_repo.root) == expected != repository_id(git_repo.root)


@pytest.mark.parametrize(
    "origin", ["/srv/git/shop.git", "../shop", "file:///srv/git/shop.git", "C:\\git\\shop", "c:/x"]
)
def test_an_origin_on_this_machine_is_nobody_elses(git_repo: GitRepo, origin: str) -> None:
    git_repo.git("config", "remote.origin.url", origin)
    assert shared_id(git_repo.root) == repository_id(git_repo.root)


def test_a_bare_repository_and_the_git_folder_are_refused(branched: GitRepo, tmp_path: Path) -> None:
    branched.git("clone", "-q", "--bare", str(branched.root), str(tmp_path / "bare.git"))
    for place in (tmp_path / "bare.git", branched.path(".git")):
        with pytest.raises(ChangeError, match=r"bare repository or the inside of a \.git folder"):
            read_change(place, parse_scope("working"))


def test_a_missing_git_is_named(git_repo: GitRepo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    git_repo.commit("base", {"a.py": "1\n"})
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ChangeError, match="Git was not found: install git"):
        read_change(git_repo.root, parse_scope("working"))
    # On Windows GitPython looks for git when it is imported first: the other way to find that there is none.
    loaded = [name for name in sys.modules if name == "git" or name.startswith("git.")]
    for name in loaded:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(ChangeError, match="Git was not found: install git"):
        read_change(git_repo.root, parse_scope("working"))
    for name in [name for name in sys.modules if name == "git" or name.startswith("git.")]:
        del sys.modules[name]


def test_a_damaged_repository_says_so(branched: GitRepo) -> None:
    branched.write(".git/index", b"nonsense")
    with pytest.raises(ChangeError) as caught:
        change_of(branched)
    assert "git status" in str(caught.value)
    assert "\n" not in str(caught.value)
    shutil.rmtree(branched.path(".git/refs"))
    with pytest.raises(ChangeError, match="not in a git repository"):
        change_of(branched)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may give files away")
def test_a_repository_of_another_user_is_read_only_when_declared_safe(git_repo: GitRepo) -> None:
    git_repo.commit("base", {"a.py": "1\n"})
    for path in (git_repo.root, git_repo.path(".git")):
        os.chown(path, 12345, 12345)
    with pytest.raises(ChangeError, match=r"belongs to another user; if you trust it, run `git config --global --add"):
        change_of(git_repo)
    git_repo.git("config", "--file", git_repo.env["GIT_CONFIG_GLOBAL"], "safe.directory", str(git_repo.root))
    assert change_of(git_repo).files == ()
