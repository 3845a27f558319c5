"""Every kind of file a change can hold: what is reviewed, what is skipped, and the reason in words."""

from __future__ import annotations

import os
import sys
import tracemalloc
from pathlib import Path

import pytest

from rebuttal.change import worktree
from rebuttal.change.model import Hunk
from rebuttal.change.read import read_change
from rebuttal.change.scope import parse_scope
from tests.change.test_read import change_of, reasons, statuses
from tests.gitrepo import GitRepo

posix = pytest.mark.skipif(sys.platform == "win32", reason="such names, links or modes do not exist there")

BIG = b"x" * 1023 + b"\n"


def test_what_is_no_text_is_skipped_and_the_rest_reviewed(git_repo: GitRepo) -> None:
    before: dict[str, str | bytes] = {
        "image.bin": b"\0\1",
        "odd.txt": b"caf\x81\n",
        "package-lock.json": "{}\n",
        "good.py": "1\n",
    }
    git_repo.commit("base", before | {"big.txt": BIG * 2000})
    git_repo.write("image.bin", b"\0\2")
    git_repo.write("odd.txt", b"th\x81\n")
    git_repo.write("package-lock.json", "{ }\n")
    git_repo.write("big.txt", BIG * 2001)
    git_repo.write("good.py", "2\n")
    git_repo.write("node_modules/left-pad/index.js", "x\n")
    git_repo.write("dist/app.js", "x\n")
    git_repo.write("vendor/lib/a.go", "x\n")
    git_repo.write("app.min.js", "x\n")
    git_repo.write("bundle.js", "var a=1;" * 1000)
    for scope in ("working", "staged", "commit:HEAD"):
        change = change_of(git_repo, scope)
        assert statuses(change) == {"good.py": "modified"}
        assert reasons(change) == {
            "image.bin": "binary",
            "odd.txt": "not UTF-8 text, and its encoding cannot be told",
            "package-lock.json": "lock file",
            "big.txt": "larger than 1 MB",
            "node_modules/left-pad/index.js": "vendored",
            "dist/app.js": "generated",
            "vendor/lib/a.go": "vendored",
            "app.min.js": "minified",
            "bundle.js": "minified",
        }
        if scope == "working":
            git_repo.add()
        elif scope == "staged":
            git_repo.commit("next")


def test_touched_but_equal_files_are_not_listed(git_repo: GitRepo) -> None:
    git_repo.commit("base", {"a.py": "1\n", "uv.lock": "1\n", "b.bin": b"\0", "big.txt": BIG * 2000})
    for path in ("a.py", "uv.lock", "b.bin", "big.txt"):
        os.utime(git_repo.path(path), (5, 5))
    change = change_of(git_repo)
    assert (change.files, change.skipped) == ((), ())


def test_a_50_mb_file_is_not_read_into_memory(git_repo: GitRepo) -> None:
    git_repo.commit("base", {"old.txt": BIG * 50_000, "a.py": "1\n"})
    git_repo.write("new.txt", BIG * 50_000)
    git_repo.write("old.txt", BIG * 49_999 + b"y" + BIG[1:])
    git_repo.write("a.py", "2\n")
    change_of(git_repo)  # imports
    tracemalloc.start()
    try:
        change = change_of(git_repo)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert reasons(change) == {"new.txt": "larger than 1 MB", "old.txt": "larger than 1 MB"}
    assert statuses(change) == {"a.py": "modified"}
    assert peak < 5_000_000


def test_deleting_a_big_file_skips_it(git_repo: GitRepo) -> None:
    git_repo.commit("base", {"old.txt": BIG * 2000, "a.py": "1\n"})
    git_repo.remove("old.txt")
    assert reasons(change_of(git_repo)) == {"old.txt": "larger than 1 MB"}


def test_encodings_with_a_mark_are_read(git_repo: GitRepo) -> None:
    git_repo.commit("base", {"bom.py": b"\xef\xbb\xbfa\n", "wide.txt": "a\u20ac\n".encode("utf-16")})
    git_repo.write("bom.py", b"\xef\xbb\xbfb\n")
    git_repo.write("wide.txt", "b\u20ac\n".encode("utf-16"))
    change = change_of(git_repo)
    assert [(diff.old_text, diff.new_text) for diff in change.files] == [("a\n", "b\n"), ("a\u20ac\n", "b\u20ac\n")]
    git_repo.commit("next")
    git_repo.write("bom.py", b"b\n")
    assert reasons(change_of(git_repo)) == {"bom.py": "only its encoding or its byte order mark changed"}


def test_a_missing_last_line_end_is_a_change(git_repo: GitRepo) -> None:
    git_repo.commit("base", {"a.py": "1\n2\n"})
    git_repo.write("a.py", "1\n2")
    diff = change_of(git_repo).files[0]
    assert (diff.new_text, diff.hunks) == ("1\n2", (Hunk(1, 1, 1, 1),))


@pytest.mark.parametrize("how", ["autocrlf", "attributes"])
def test_crlf_that_git_would_store_as_lf_does_not_change_every_line(git_repo: GitRepo, how: str) -> None:
    git_repo.commit("base", {"a.py": "1\n2\n3\n", "b.py": "1\n2\n3\n", "raw.txt": "1\n2\n"})
    if how == "autocrlf":
        git_repo.git("config", "core.autocrlf", "true")
        git_repo.commit("attributes", {".gitattributes": "raw.txt -text\n"})
    else:
        git_repo.commit("attributes", {".gitattributes": "* text=auto\nraw.txt -text\n"})
    git_repo.write("a.py", "1\r\n2\r\n3\r\n")
    git_repo.write("b.py", "1\r\ntwo\r\n3\r\n")
    git_repo.write("raw.txt", "1\r\n2\r\n")
    change = change_of(git_repo)
    assert statuses(change) == {"b.py": "modified", "raw.txt": "modified"}
    assert change.files[0].hunks == (Hunk(1, 1, 1, 1),)
    assert change.files[0].old_text == "1\r\n2\r\n3\r\n"
    assert change.files[0].new_text == "1\r\ntwo\r\n3\r\n"
    assert change.files[1].hunks == (Hunk(0, 2, 0, 2),)


def test_crlf_without_such_a_setting_is_a_change(git_repo: GitRepo) -> None:
    git_repo.commit("base", {"a.py": "1\n2\n"})
    git_repo.write("a.py", "1\r\n2\r\n")
    assert change_of(git_repo).files[0].hunks == (Hunk(0, 2, 0, 2),)


@posix
@pytest.mark.parametrize(
    "path",
    [
        "with space.py",
        "q\"uo'te.py",
        "new\nline.py",
        "tab\there.py",
        "b\\ack.py",
        "h\u00e9\u4e2d.py",
        "-n.py",
        ":(top)x.py",
        "*.py",
    ],
)
def test_odd_names_are_read_on_both_sides(git_repo: GitRepo, path: str) -> None:
    git_repo.commit("base", {path: "one\n", "other.py": "1\n"})
    git_repo.write(path, "two\n")
    git_repo.write("fresh " + path, "two\n")
    with read_change(git_repo.root, parse_scope("working")) as reading:
        assert statuses(reading.change) == {path: "modified", "fresh " + path: "added"}
        new, old = reading.repository.new, reading.repository.old
        assert new.read(path) == "two\n"
        assert {match.path for match in new.grep(["two"])} == {path, "fresh " + path}
        assert {match.path for match in old.grep(["one"])} == {path}
        assert old.paths() == {path, "other.py"}
    git_repo.commit("next")
    with read_change(git_repo.root, parse_scope("commit:HEAD")) as reading:
        assert statuses(reading.change) == {path: "modified", "fresh " + path: "added"}
    with read_change(git_repo.root, parse_scope("range:HEAD..HEAD")) as reading:
        assert reading.repository.new.read(path) == "two\n"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps names that are not UTF-8")
def test_a_name_that_is_not_utf8_is_skipped(git_repo: GitRepo) -> None:
    git_repo.commit("base", {"a.py": "1\n"})
    git_repo.write(os.fsdecode(b"caf\xe9.py"), "x\n")
    assert reasons(change_of(git_repo)) == {"caf\\xe9.py": "its name is not UTF-8"}


@posix
def test_links_are_shown_and_never_followed(git_repo: GitRepo) -> None:
    git_repo.write("target.py", "1\n")
    git_repo.path("link.py").symlink_to("target.py")
    git_repo.path("was_link.py").symlink_to("target.py")
    git_repo.path("gone.py").symlink_to("target.py")
    git_repo.commit("base")
    for path in ("link.py", "was_link.py", "gone.py"):
        git_repo.remove(path)
    git_repo.path("link.py").symlink_to("nowhere.py")
    git_repo.path("broken.py").symlink_to("/does/not/exist")
    git_repo.write("was_link.py", "text\n")
    expected = {
        "link.py": "a symbolic link, now to nowhere.py",
        "broken.py": "a symbolic link to /does/not/exist",
        "gone.py": "a symbolic link, deleted",
    }
    change = change_of(git_repo)
    assert reasons(change) == expected
    assert statuses(change) == {"was_link.py": "type_changed"}
    assert change.files[0].hunks == (Hunk(0, 0, 0, 1),)
    git_repo.commit("next")
    change = change_of(git_repo, "commit:HEAD")
    assert reasons(change) == expected
    assert statuses(change) == {"was_link.py": "type_changed"}


@posix
def test_a_mode_alone_is_a_change_without_hunks(git_repo: GitRepo) -> None:
    git_repo.commit("base", {"run.sh": "x\n"})
    git_repo.path("run.sh").chmod(0o755)
    change = change_of(git_repo)
    assert statuses(change) == {"run.sh": "mode_changed"}
    assert change.files[0].hunks == ()
    git_repo.git("config", "core.fileMode", "false")
    assert statuses(change_of(git_repo)) == {}
    git_repo.git("config", "core.fileMode", "true")
    git_repo.add()
    assert statuses(change_of(git_repo, "staged")) == {"run.sh": "mode_changed"}


def test_renames_are_found_exact_and_similar(git_repo: GitRepo) -> None:
    lines = [f"line {n}\n" for n in range(20)]
    git_repo.commit("base", {"a.py": "".join(lines), "b.py": "".join(reversed(lines)), "c.py": "other\n" * 9})
    git_repo.path("a.py").rename(git_repo.path("exact.py"))
    git_repo.remove("b.py")
    git_repo.write("similar.py", "".join(["first\n", *reversed(lines)]))
    git_repo.remove("c.py")
    for scope in ("working", "staged", "commit:HEAD"):
        change = change_of(git_repo, scope)
        assert statuses(change) == {"c.py": "deleted", "exact.py": "renamed", "similar.py": "renamed"}
        exact, similar = change.file("exact.py"), change.file("similar.py")
        assert exact is not None
        assert similar is not None
        assert (exact.old_path, exact.hunks, exact.old_text) == ("a.py", (), "".join(lines))
        assert (similar.old_path, similar.hunks) == ("b.py", (Hunk(0, 0, 0, 1),))
        if scope == "working":
            git_repo.add()
        elif scope == "staged":
            git_repo.commit("next")


def test_a_submodule_is_skipped_and_not_entered(git_repo: GitRepo, tmp_path: Path) -> None:
    inner = GitRepo.create(tmp_path / "inner", tmp_path / "home")
    inner.commit("inner", {"x.py": "1\n"})
    git_repo.commit("base", {"a.py": "1\n"})
    git_repo.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner.root), "sub")
    git_repo.write("a.py", "2\n")
    git_repo.write("sub/x.py", "changed inside\n")
    change = change_of(git_repo)
    assert statuses(change) == {".gitmodules": "added", "a.py": "modified"}
    assert reasons(change) == {"sub": "submodule"}
    with read_change(git_repo.path("sub"), parse_scope("working")) as reading:
        assert statuses(reading.change) == {"x.py": "modified"}
        assert reading.change.root == git_repo.path("sub")


def test_a_submodule_that_moved_without_being_staged_was_left_out_silently(git_repo: GitRepo, tmp_path: Path) -> None:
    inner = GitRepo.create(tmp_path / "inner", tmp_path / "home")
    inner.commit("inner", {"x.py": "1\n"})
    git_repo.commit("base", {"a.py": "1\n"})
    git_repo.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner.root), "sub")
    git_repo.git("commit", "-q", "-m", "with a submodule")
    assert reasons(change_of(git_repo)) == {}
    git_repo.write("sub/x.py", "2\n")
    git_repo.git("-C", "sub", "commit", "-q", "-a", "-m", "moved")
    change = change_of(git_repo)
    assert statuses(change) == {}
    assert reasons(change) == {"sub": "submodule"}


def test_an_untracked_repository_inside_is_named_not_read(git_repo: GitRepo, tmp_path: Path) -> None:
    git_repo.commit("base", {"a.py": "1\n"})
    GitRepo.create(git_repo.path("inner"), tmp_path / "home").commit("inner", {"x.py": "1\n"})
    assert reasons(change_of(git_repo)) == {"inner": "a git repository of its own"}


def test_a_file_that_vanishes_while_it_is_read_is_skipped(git_repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    git_repo.commit("base", {"a.py": "1\n"})
    git_repo.write("a.py", "2\n")
    git_repo.write("b.py", "2\n")
    look = worktree.WorkTree.look

    def look_then_lose(self: worktree.WorkTree, path: str) -> worktree.DiskFile | None:
        found = look(self, path)
        if path == "b.py":
            git_repo.path(path).unlink(missing_ok=True)
        return found

    monkeypatch.setattr(worktree.WorkTree, "look", look_then_lose)
    change = change_of(git_repo)
    assert statuses(change) == {"a.py": "modified"}
    assert reasons(change) == {"b.py": "it vanished while it was read"}


@posix
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_skipped(git_repo: GitRepo) -> None:
    git_repo.commit("base", {"a.py": "1\n"})
    git_repo.write("b.py", "2\n").chmod(0)
    assert reasons(change_of(git_repo)) == {"b.py": "it may not be read (permission denied)"}


def test_a_merge_conflict_is_in_working_and_named_in_staged(git_repo: GitRepo) -> None:
    git_repo.commit("base", {"a.py": "1\n"})
    git_repo.git("checkout", "-q", "-b", "other")
    git_repo.commit("other", {"a.py": "other\n"})
    git_repo.git("checkout", "-q", "main")
    git_repo.commit("main", {"a.py": "main\n"})
    with pytest.raises(AssertionError, match="merge"):
        git_repo.git("merge", "other")
    change = change_of(git_repo)
    assert statuses(change) == {"a.py": "modified"}
    assert "<<<<<<<" in (change.files[0].new_text or "")
    assert change.files[0].old_text == "main\n"
    assert reasons(change_of(git_repo, "staged")) == {"a.py": "it has a merge conflict; resolve and stage it"}


def test_intent_to_add_is_added_once(git_repo: GitRepo) -> None:
    git_repo.commit("base", {"a.py": "1\n"})
    git_repo.write("b.py", "1\n")
    git_repo.git("add", "-N", "b.py")
    assert statuses(change_of(git_repo)) == {"b.py": "added"}
    assert statuses(change_of(git_repo, "staged")) == {}


def test_removed_from_the_index_but_kept_on_disk_is_modified(git_repo: GitRepo) -> None:
    git_repo.commit("base", {"a.py": "1\n", "b.py": "1\n"})
    git_repo.git("rm", "-q", "--cached", "a.py", "b.py")
    git_repo.write("a.py", "2\n")
    change = change_of(git_repo)
    assert statuses(change) == {"a.py": "modified"}
    assert change.untracked == ("a.py",)


def test_sparse_files_are_not_deleted(git_repo: GitRepo) -> None:
    git_repo.commit("base", {"a/a.py": "1\n", "b/b.py": "1\n"})
    git_repo.git("sparse-checkout", "set", "--cone", "a")
    assert not git_repo.path("b/b.py").exists()
    git_repo.write("a/a.py", "2\n")
    assert statuses(change_of(git_repo)) == {"a/a.py": "modified"}


def test_a_file_in_place_of_a_folder(git_repo: GitRepo) -> None:
    git_repo.commit("base", {"pkg/a.py": "1\n", "mod.py": "1\n"})
    git_repo.remove("pkg/a.py")
    git_repo.path("pkg").rmdir()
    git_repo.write("pkg", "now a file\n")
    git_repo.remove("mod.py")
    git_repo.write("mod.py/x.py", "y = 1\n")
    assert statuses(change_of(git_repo)) == {
        "pkg/a.py": "deleted",
        "pkg": "added",
        "mod.py": "deleted",
        "mod.py/x.py": "added",
    }


def test_sha256_repositories_are_read(git_repo: GitRepo, tmp_path: Path) -> None:
    root = tmp_path / "sha256"
    root.mkdir()
    repo = GitRepo(root.resolve(), git_repo.env)
    repo.git("init", "-q", "-b", "main", "--object-format=sha256")
    repo.write("a.py", "1\n")
    assert statuses(change_of(repo, "staged")) == {}
    assert statuses(change_of(repo)) == {"a.py": "added"}
    repo.commit("base")
    os.utime(repo.path("a.py"), (5, 5))
    assert statuses(change_of(repo)) == {}
    assert len(change_of(repo).base) == 64
