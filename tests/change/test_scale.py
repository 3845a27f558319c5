"""Changes that are too large, and repositories that are damaged: the review goes on and says what it left out."""

from __future__ import annotations

import os
import sys
import tracemalloc
from pathlib import Path

import pytest

from rebuttal.change import assemble, worktree
from rebuttal.change.model import ChangeError, Hunk
from rebuttal.change.read import read_change
from rebuttal.change.scope import parse_scope
from tests.change.test_read import change_of, reasons, statuses
from tests.gitrepo import GitRepo

posix = pytest.mark.skipif(sys.platform == "win32", reason="links or modes are different there")


def test_a_change_of_too_many_files_is_reviewed_in_part_tracked_ones_first(
    git_repo: GitRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assemble, "MAX_FILES", 4)
    git_repo.commit("base", {f"src/z{n}.py": f"{n}\n" for n in range(6)} | {"same.py": "1\n"})
    for number in range(6):
        git_repo.write(f"src/z{number}.py", f"{number + 1}\n")
    for number in range(5):
        git_repo.write(f"new/a{number}.py", "1\n")
    git_repo.write("top.py", "1\n")
    git_repo.write("uv.lock", "1\n")
    os.utime(git_repo.path("same.py"), (5, 5))
    change = change_of(git_repo)
    assert list(statuses(change)) == [f"src/z{n}.py" for n in range(4)]
    more = "more: a review takes at most 4; review them in parts"
    assert reasons(change) == {
        "src/": f"2 changed files {more}",
        "new/": f"5 changed files {more}",
        "./": f"1 changed file {more}",
        "uv.lock": "lock file",
    }
    assert statuses(change_of(git_repo, "file:new/a4.py")) == {"new/a4.py": "added"}


def test_3000_files_are_read_in_bounded_memory(git_repo: GitRepo) -> None:
    git_repo.commit("base", {"a.py": "1\n"})
    for number in range(3_100):
        git_repo.write(f"d{number // 500}/f{number}.py", f"x = {number}\n")
    change_of(git_repo, "staged")  # imports
    tracemalloc.start()
    try:
        change = change_of(git_repo)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(change.files) == 3_000
    assert reasons(change) == {"d6/": "100 changed files more: a review takes at most 3,000; review them in parts"}
    assert peak < 30_000_000


@pytest.mark.parametrize("tracked", [False, True])
def test_a_1_gb_file_is_never_read(git_repo: GitRepo, monkeypatch: pytest.MonkeyPatch, tracked: bool) -> None:
    git_repo.commit("base", {"big.txt": "small\n" if tracked else "", "a.py": "1\n"})
    path = git_repo.path("big.txt" if tracked else "new.txt")
    with path.open("wb") as file:
        file.truncate(1 << 30)  # takes no room on disk
    git_repo.write("a.py", "2\n")
    read = 0
    fdopen = os.fdopen

    def counting(descriptor: int, mode: str) -> object:
        nonlocal read
        file = fdopen(descriptor, mode)
        if os.fstat(descriptor).st_size == 1 << 30:
            read += 1
        return file

    monkeypatch.setattr(os, "fdopen", counting)
    tracemalloc.start()
    try:
        change = change_of(git_repo)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert reasons(change) == {path.name: "larger than 1 MB"}
    assert statuses(change) == {"a.py": "modified"}
    assert read <= 1
    assert peak < 10_000_000


def test_a_file_that_is_written_while_it_is_read_is_one_state_throughout(
    git_repo: GitRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    git_repo.commit("base", {"a.py": "1\n2\n3\n"})
    git_repo.write("a.py", "1\ntwo\n3\n")
    read = worktree.WorkTree.read

    def read_then_write(self: worktree.WorkTree, path: str, limit: int = 0) -> bytes:
        data = read(self, path, limit)
        git_repo.write(path, "something else\n" * 9)
        return data

    monkeypatch.setattr(worktree.WorkTree, "read", read_then_write)
    with read_change(git_repo.root, parse_scope("working")) as reading:
        (diff,) = reading.change.files
        assert (diff.new_text, diff.hunks) == ("1\ntwo\n3\n", (Hunk(1, 1, 1, 1),))
        assert reading.repository.new.read("a.py") == "1\ntwo\n3\n"


@posix
def test_a_loop_of_links_is_named_and_not_followed(git_repo: GitRepo) -> None:
    git_repo.commit("base", {"pkg/a.py": "1\n", "b.py": "1\n"})
    git_repo.path("one").symlink_to("two")
    git_repo.path("two").symlink_to("one")
    git_repo.path("pkg/up").symlink_to("..")
    git_repo.write("b.py", "2\n")
    change = change_of(git_repo)
    assert statuses(change) == {"b.py": "modified"}
    assert reasons(change) == {
        "one": "a symbolic link to two",
        "two": "a symbolic link to one",
        "pkg/up": "a symbolic link to ..",
    }


def test_another_git_at_work_is_no_obstacle(git_repo: GitRepo) -> None:
    git_repo.commit("base", {"a.py": "1\n"})
    git_repo.write("a.py", "2\n")
    for lock in ("index.lock", "HEAD.lock", "refs/heads/main.lock"):
        git_repo.write(f".git/{lock}", "")
    for scope in ("working", "staged", "commit:HEAD"):
        change_of(git_repo, scope)
    assert statuses(change_of(git_repo)) == {"a.py": "modified"}


def _damage(repo: GitRepo, what: str) -> None:
    if what == "index":
        repo.write(".git/index", b"DIRC\0\0\0\x09" + repo.path(".git/index").read_bytes()[8:])
        return
    if what == "HEAD":
        repo.path(".git/HEAD").write_bytes(b"\xff\xfe nonsense")
        return
    if what == "config":
        repo.write(".git/config", "[core\n")
        return
    oid = repo.git("rev-parse", {"blob": "HEAD:a.py", "tree": "HEAD^{tree}", "commit": "HEAD"}[what])
    stored = repo.path(f".git/objects/{oid[:2]}/{oid[2:]}")
    stored.chmod(0o644)
    stored.write_bytes(b"nonsense")


@pytest.mark.parametrize("scope", ["working", "staged", "branch", "commit:HEAD"])
@pytest.mark.parametrize("what", ["index", "HEAD", "config", "blob", "tree", "commit"])
def test_a_damaged_repository_gives_an_answer_or_one_sentence(git_repo: GitRepo, what: str, scope: str) -> None:
    git_repo.commit("first", {"a.py": "0\n", "b.py": "0\n"})
    git_repo.git("checkout", "-q", "-b", "topic")
    git_repo.commit("base", {"a.py": "1\n", "b.py": "one\n"})
    git_repo.write("a.py", "2\n")
    git_repo.write("b.py", "2\n")
    _damage(git_repo, what)
    if what == "blob":
        change = change_of(git_repo, scope)
        assert "a.py" not in statuses(change)
        assert reasons(change).keys() <= {"a.py"}
        assert "b.py" in statuses(change) or scope == "staged"
    else:
        with pytest.raises(ChangeError, match=r"\A[^\n]+\Z"):
            change_of(git_repo, scope)


def test_copies_are_found_as_git_finds_them(git_repo: GitRepo) -> None:
    text = "".join(f"line {n}\n" for n in range(40))
    git_repo.commit("base", {"a.py": text, "still.py": text.replace("line", "word")})
    git_repo.write("a.py", "first\n" + text)
    git_repo.write("copy.py", text + "last\n")
    git_repo.write("also.py", text.replace("line", "word"))
    git_repo.add()
    expected = git_repo.git("diff", "--cached", "-C", "--name-status").split("\n")
    change = change_of(git_repo)
    assert statuses(change) == {"a.py": "modified", "also.py": "added", "copy.py": "copied"}
    assert [row.split("\t")[0][0] + row.split("\t")[-1] for row in expected] == ["Ma.py", "Aalso.py", "Ccopy.py"]
    copy = change.file("copy.py")
    assert copy is not None
    assert (copy.old_path, copy.old_text, copy.hunks) == ("a.py", text, (Hunk(40, 0, 40, 1),))


def test_of_two_files_made_of_a_deleted_one_git_calls_one_the_copy(git_repo: GitRepo) -> None:
    text = "".join(f"line {n}\n" for n in range(40))
    git_repo.commit("base", {"a.py": text})
    git_repo.remove("a.py")
    git_repo.write("one.py", text)
    git_repo.write("two.py", text)
    assert sorted(statuses(change_of(git_repo)).values()) == ["copied", "renamed"]


def test_several_repositories_below_a_folder_are_named(git_repo: GitRepo, tmp_path: Path) -> None:
    for name in ("zeta", "alpha", "beta", "gamma"):
        GitRepo.create(tmp_path / "work" / name, tmp_path / "home")
    with pytest.raises(
        ChangeError, match=r"is not in a git repository but holds some \(alpha, beta, gamma and 1 more\)"
    ):
        read_change(tmp_path / "work", parse_scope("working"))
    (tmp_path / "plain").mkdir()
    with pytest.raises(ChangeError, match="or run `git init` there"):
        read_change(tmp_path / "plain", parse_scope("working"))


def test_a_submodule_with_changes_of_its_own_was_left_out_silently(git_repo: GitRepo, tmp_path: Path) -> None:
    inner = GitRepo.create(tmp_path / "inner", tmp_path / "home")
    inner.commit("inner", {"x.py": "1\n"})
    git_repo.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner.root), "sub")
    git_repo.commit("with a submodule")
    assert reasons(change_of(git_repo)) == {}
    own = {"sub": "a submodule with changes of its own; review it by itself"}
    git_repo.write("sub/x.py", "2\n")
    assert reasons(change_of(git_repo)) == own
    git_repo.git("-C", "sub", "add", "x.py")
    assert reasons(change_of(git_repo)) == own
    git_repo.git("-C", "sub", "reset", "-q", "--hard")
    os.utime(git_repo.path("sub/x.py"), (5, 5))
    assert reasons(change_of(git_repo)) == {}
    git_repo.write("sub/new.py", "1\n")
    assert reasons(change_of(git_repo)) == own
