"""A repository that names programs wherever git lets it: reading its change must run none of them."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from rebuttal.change.git import git_environment
from rebuttal.change.identity import framing
from rebuttal.change.model import ChangeError
from rebuttal.change.read import read_change
from rebuttal.change.scope import parse_scope
from tests.gitrepo import GitRepo

posix = pytest.mark.skipif(sys.platform == "win32", reason="the traps are shell scripts")

SETTINGS = (
    "core.fsmonitor",
    "core.sshCommand",
    "core.pager",
    "core.editor",
    "core.askPass",
    "core.gitProxy",
    "core.alternateRefsCommand",
    "credential.helper",
    "diff.external",
    "diff.trap.textconv",
    "diff.trap.command",
    "filter.trap.clean",
    "filter.trap.smudge",
    "filter.trap.process",
    "gpg.program",
    "gpg.ssh.program",
    "gpg.x509.program",
    "gpg.ssh.defaultKeyCommand",
    "log.format",
    "trailer.x.command",
    "pager.diff",
    "pager.grep",
    "interactive.diffFilter",
    "merge.trap.driver",
    "uploadpack.packObjectsHook",
    "remote.origin.uploadpack",
)
HOOKS = (
    "pre-commit",
    "post-checkout",
    "post-index-change",
    "fsmonitor-watchman",
    "reference-transaction",
    "query-watchman",
)


@pytest.fixture
def trap(git_repo: GitRepo, tmp_path: Path) -> Path:
    """Set the traps in a repository with a change; the returned file appears when one of them springs."""
    sprung = tmp_path / "sprung"
    program = tmp_path / "trap.sh"
    program.write_text(f'#!/bin/sh\necho "$0 $*" >> "{sprung}"\nexit 0\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    git_repo.commit("base", {"a.py": "one\n", "b.py": "two\n", "moved.py": "x\n" * 50, "racy.py": "three\n"})
    git_repo.commit("attributes", {".gitattributes": "* filter=trap diff=trap merge=trap\n"})
    git_repo.git("checkout", "-q", "-b", "feature")
    git_repo.commit("more", {"c.py": "c\n"})
    for name in HOOKS:
        hook = git_repo.path(f".git/hooks/{name}")
        hook.parent.mkdir(exist_ok=True)
        hook.write_bytes(program.read_bytes())
        hook.chmod(0o755)
    for setting in SETTINGS:
        git_repo.git("config", setting, str(program))
    for name, value in {
        "alias.diff": f"!{program}",
        "alias.ls-files": f"!{program}",
        "alias.cat-file": f"!{program}",
        "log.showSignature": "true",
        "log.follow": "true",
        "log.diffMerges": "combined",
        "log.mailmap": "true",
        "mailmap.file": str(program),
        "format.pretty": "%(trailers:key=x)",
        "diff.relative": "true",
        "diff.renames": "copies",
        "diff.noprefix": "true",
        "diff.submodule": "diff",
        "core.quotePath": "true",
        "core.untrackedCache": "true",
        "core.hooksPath": str(git_repo.path(".git/hooks")),
        "diff.trap.cachetextconv": "true",
        "remote.origin.url": f"ext::{program}",
        "remote.origin.promisor": "true",
        "extensions.partialClone": "origin",
    }.items():
        git_repo.git("config", name, value)
    sprung.unlink(missing_ok=True)  # setting the traps may have sprung them
    git_repo.write("a.py", "changed\n")
    git_repo.write("racy.py", "THREE\n")
    git_repo.write("untracked.py", "new\n")
    git_repo.path("moved.py").rename(git_repo.path("elsewhere.py"))
    os.utime(git_repo.path("b.py"), (1, 1))
    return sprung


@posix
@pytest.mark.parametrize(
    "scope", ["working", "staged", "branch", "commit:HEAD", "range:main..feature", "range:main...feature", "file:a.py"]
)
def test_reading_a_hostile_repository_runs_nothing_of_it(git_repo: GitRepo, trap: Path, scope: str) -> None:
    with read_change(
        git_repo.root, parse_scope(scope), buffers={"b.py": "unsaved two\n", "fresh.py": "two\n"}
    ) as reading:
        repository = reading.repository
        for tree in (repository.new, repository.old):
            assert {match.path for match in tree.grep(["two"], ["*.py"])} >= {"b.py"}
            assert tree.read("b.py") in ("two\n", "unsaved two\n")
            assert "b.py" in tree.paths()
        framing(reading)
        assert {"a.py", "racy.py"} <= {path for one in repository.history(50) for path in one.paths}
    assert not trap.exists(), trap.read_text()


@posix
def test_the_traps_work_so_that_the_test_above_can_fail(git_repo: GitRepo, trap: Path) -> None:
    git_repo.git("config", "--unset", "filter.trap.process")
    git_repo.git("diff")
    assert trap.exists()


@posix
def test_a_missing_object_of_a_partial_clone_is_not_fetched(git_repo: GitRepo, trap: Path) -> None:
    oid = git_repo.git("rev-parse", "HEAD:a.py")
    git_repo.path(f".git/objects/{oid[:2]}/{oid[2:]}").unlink()
    with read_change(git_repo.root, parse_scope("working")) as reading:
        assert {item.file: item.reason for item in reading.change.skipped} == {
            "a.py": "its content is not in this clone (a partial clone); fetch it first"
        }
        assert reading.change.file("racy.py") is not None
    assert not trap.exists(), trap.read_text()


def test_core_worktree_cannot_point_the_review_at_another_folder(git_repo: GitRepo, tmp_path: Path) -> None:
    git_repo.commit("base", {"a.py": "1\n"})
    (tmp_path / "private.txt").write_text("secret")
    git_repo.git("config", "core.worktree", str(tmp_path))
    with pytest.raises(ChangeError, match=r"core\.worktree"):
        read_change(git_repo.root, parse_scope("working"))


def test_variables_of_a_hook_do_not_redirect_git(
    git_repo: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = GitRepo.create(tmp_path / "other", tmp_path / "home")
    other.commit("other", {"other.py": "1\n"})
    git_repo.commit("base", {"a.py": "1\n"})
    git_repo.write("a.py", "2\n")
    monkeypatch.setenv("GIT_DIR", str(other.path(".git")))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.root))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other.path(".git/index")))
    monkeypatch.setenv("GIT_LITERAL_PATHSPECS", "1")
    with read_change(git_repo.root, parse_scope("working")) as reading:
        assert [diff.path for diff in reading.change.files] == ["a.py"]
        assert [match.path for match in reading.repository.new.grep(["2"], ["*.py"])] == ["a.py"]


def test_the_index_of_a_running_commit_is_used(git_repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    git_repo.commit("base", {"a.py": "1\n"})
    git_repo.write("a.py", "2\n")
    next_index = git_repo.path(".git/next-index-1.lock")
    next_index.write_bytes(git_repo.path(".git/index").read_bytes())
    GitRepo(git_repo.root, {**git_repo.env, "GIT_INDEX_FILE": str(next_index)}).git("add", "a.py")
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/next-index-1.lock")
    with read_change(git_repo.root, parse_scope("staged")) as reading:
        assert [diff.path for diff in reading.change.files] == ["a.py"]


@pytest.mark.parametrize("revision", ["--output=x", "-h", "", " ", "main\nHEAD", "no-such-branch"])
def test_a_revision_that_is_none_is_refused(git_repo: GitRepo, revision: str) -> None:
    git_repo.commit("base", {"a.py": "1\n"})
    with pytest.raises(ChangeError):
        read_change(git_repo.root, parse_scope("working"), base=revision)
    assert not git_repo.path("x").exists()


def test_a_branch_named_like_an_option_is_only_a_name(git_repo: GitRepo) -> None:
    oid = git_repo.commit("base", {"a.py": "1\n"})
    git_repo.git("update-ref", "refs/heads/--output=x", oid)
    git_repo.git("symbolic-ref", "HEAD", "refs/heads/--output=x")
    git_repo.commit("more", {"a.py": "2\n"})
    with read_change(git_repo.root, parse_scope("branch"), base=oid) as reading:
        assert [diff.path for diff in reading.change.files] == ["a.py"]
        assert framing(reading) == "Branch: --output=x\n\nmore"


@posix
def test_nothing_outside_is_read_through_links(git_repo: GitRepo, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.py").write_text("secret\n")
    git_repo.commit("base", {"pkg/a.py": "1\n", "b.py": "1\n"})
    git_repo.remove("pkg/a.py")
    git_repo.path("pkg").rmdir()
    git_repo.path("pkg").symlink_to(outside)
    git_repo.remove("b.py")
    git_repo.path("b.py").symlink_to(outside / "a.py")
    with read_change(git_repo.root, parse_scope("working")) as reading:
        change, new = reading.change, reading.repository.new
        assert {diff.path: diff.status for diff in change.files} == {"pkg/a.py": "deleted"}
        assert {item.file for item in change.skipped} == {"pkg", "b.py"}
        for path in ("pkg/a.py", "b.py", "../outside/a.py", str(outside / "a.py"), ".git/config", "pkg"):
            assert new.read(path) is None
        assert list(new.grep(["secret"])) == []


@posix
def test_a_fifo_does_not_hang_the_review(git_repo: GitRepo) -> None:
    git_repo.commit("base", {"a.py": "1\n", "b.py": "1\n"})
    git_repo.remove("a.py")
    os.mkfifo(git_repo.path("a.py"))
    git_repo.write("b.py", "2\n")
    with read_change(git_repo.root, parse_scope("working")) as reading:
        assert [diff.path for diff in reading.change.files] == ["b.py"]
        assert reading.change.skipped[0].reason == "not a regular file"


def test_a_change_cannot_exempt_itself_by_attributes_or_a_mark(git_repo: GitRepo) -> None:
    git_repo.commit(
        "base", {"a.py": "1\n", "gen.py": "# @generated\n1\n", ".gitattributes": "api/** linguist-generated\n"}
    )
    git_repo.write(".gitattributes", "*.py linguist-generated\n")
    git_repo.write("a.py", "# @generated\n2\n")
    git_repo.write("gen.py", "# @generated\n2\n")
    git_repo.write("api/x.py", "1\n")
    with read_change(git_repo.root, parse_scope("working")) as reading:
        assert {diff.path for diff in reading.change.files} == {".gitattributes", "a.py"}
        assert {item.file: item.reason for item in reading.change.skipped} == {
            "api/x.py": "generated (linguist-generated in .gitattributes)",
            "gen.py": "generated (marked so in its first lines)",
        }


@posix
@pytest.mark.timeout(30)
def test_an_object_that_is_a_pipe_does_not_hang_the_review(git_repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    git_repo.commit("base", {"a.py": "1\n", "b.py": "1\n1\n"})
    oid = git_repo.git("rev-parse", "HEAD:a.py")
    stored = git_repo.path(f".git/objects/{oid[:2]}/{oid[2:]}")
    stored.unlink()
    os.mkfifo(stored)
    git_repo.write("a.py", "2\n")
    git_repo.write("b.py", "2\n")
    monkeypatch.setattr("rebuttal.change.git.TIMEOUT_SECONDS", 1.0)
    with read_change(git_repo.root, parse_scope("working")) as reading:
        assert [diff.path for diff in reading.change.files] == ["b.py"]
        assert [item.file for item in reading.change.skipped] == ["a.py"]


@posix
@pytest.mark.timeout(30)
def test_an_index_that_is_a_pipe_ends_in_a_sentence(git_repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    git_repo.commit("base", {"a.py": "1\n"})
    git_repo.remove(".git/index")
    os.mkfifo(git_repo.path(".git/index"))
    monkeypatch.setattr("rebuttal.change.git.TIMEOUT_SECONDS", 1.0)
    with pytest.raises(ChangeError, match="gave no answer"):
        read_change(git_repo.root, parse_scope("working"))


def test_git_is_not_given_our_keys_nor_what_redirects_it() -> None:
    given = {
        "PATH": "/bin",
        "HOME": "/home/a",
        "ANTHROPIC_API_KEY": "secret",
        "REBUTTAL_STORE_URL": "postgresql://u:secret@host/db",
        "GIT_DIR": "/x",
        "GIT_EXTERNAL_DIFF": "/x",
        "GIT_SSH_COMMAND": "/x",
        "GIT_CONFIG_GLOBAL": "/home/a/config",
        "GIT_CONFIG_KEY_0": "safe.directory",
    }
    made = git_environment(given)
    assert set(given) & set(made) == {"PATH", "HOME", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_KEY_0"}
    assert "secret" not in " ".join(made.values())


@posix
def test_a_filter_of_notebooks_is_not_run_and_its_work_is_no_change(git_repo: GitRepo, trap: Path) -> None:
    """nbstripout takes the outputs out of what git stores; the work tree keeps them."""
    bare = '{"cells": [{"cell_type": "code", "source": ["x = 1"], "outputs": []}]}'
    git_repo.git("config", "--unset", "filter.trap.clean")
    git_repo.git("config", "--unset", "filter.trap.process")
    git_repo.write("nb.ipynb", bare)
    git_repo.git("add", "nb.ipynb")
    git_repo.git("config", "filter.trap.clean", str(trap.parent / "trap.sh"))
    trap.unlink(missing_ok=True)
    git_repo.write("nb.ipynb", bare.replace('"outputs": []', '"outputs": [{"text": "1"}]'))
    with read_change(git_repo.root, parse_scope("file:nb.ipynb")) as reading:
        assert reading.change.file("nb.ipynb") is not None
    git_repo.git("-c", "core.hooksPath=/dev/null", "commit", "-q", "--no-verify", "-m", "notebook")
    trap.unlink(missing_ok=True)
    with read_change(git_repo.root, parse_scope("file:nb.ipynb")) as reading:
        assert [one.reason for one in reading.change.skipped] == ["only outputs or metadata of the notebook changed"]
    assert not trap.exists(), trap.read_text()


def test_replaced_and_grafted_commits_are_read_as_they_are(git_repo: GitRepo) -> None:
    first = git_repo.commit("first", {"a.py": "1\n"})
    second = git_repo.commit("second", {"a.py": "2\n", "evil.py": "1\n"})
    harmless = git_repo.git("commit-tree", "-p", first, "-m", "second", f"{first}^{{tree}}")
    git_repo.git("replace", second, harmless)
    git_repo.write(".git/info/grafts", f"{second} {harmless}\n")
    with read_change(git_repo.root, parse_scope("commit:HEAD")) as reading:
        assert [diff.path for diff in reading.change.files] == ["a.py", "evil.py"]
        assert reading.change.base == first


@pytest.mark.parametrize("content", [b"", b"nonsense" * 100, b"CGPH\x01\x01\x04\x00" + b"\xff" * 2000])
def test_a_broken_commit_graph_gives_a_right_answer_or_a_sentence(git_repo: GitRepo, content: bytes) -> None:
    git_repo.commit("base", {"a.py": "1\n"})
    git_repo.git("checkout", "-q", "-b", "topic")
    git_repo.commit("more", {"a.py": "2\n"})
    git_repo.write(".git/objects/info/commit-graph", content)
    for scope in ("working", "branch", "commit:HEAD"):
        with read_change(git_repo.root, parse_scope(scope)) as reading:
            assert [diff.path for diff in reading.change.files] == ([] if scope == "working" else ["a.py"])
            assert len(reading.repository.history(5)) <= 2
