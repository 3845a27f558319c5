"""Every state a repository can be in: our answer against git's own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rebuttal.change.model import Change
from rebuttal.change.read import read_change
from rebuttal.change.scope import parse_scope
from rebuttal.change.trees import SideTree
from tests.change.test_read import change_of, reasons
from tests.gitrepo import GitRepo

posix = pytest.mark.skipif(sys.platform == "win32", reason="such names do not exist there")
TEXT = "".join(f"line {number}\n" for number in range(30))
OTHER = "".join(f"other {number * 7}\n" for number in range(30))


def fork(repo: GitRepo) -> None:
    """main and topic both change a.py in the same place, and one file each."""
    repo.commit("base", {"a.py": TEXT, "b.py": TEXT, "c.py": OTHER})
    repo.git("checkout", "-q", "-b", "topic")
    repo.commit("topic", {"a.py": TEXT.replace("line 5\n", "topic\n"), "b.py": TEXT + "topic\n"})
    repo.git("checkout", "-q", "main")
    repo.commit("main", {"a.py": TEXT.replace("line 5\n", "main\n"), "c.py": OTHER + "main\n"})


def stopped(repo: GitRepo, *command: str) -> None:
    """A git command that stops at a conflict."""
    done = subprocess.run(["git", *command], cwd=repo.root, env=dict(repo.env), capture_output=True, check=False)
    assert done.returncode != 0, command


def merging(repo: GitRepo) -> None:
    fork(repo)
    stopped(repo, "merge", "topic")


def rebasing(repo: GitRepo) -> None:
    fork(repo)
    repo.git("checkout", "-q", "topic")
    stopped(repo, "rebase", "main")


def picking(repo: GitRepo) -> None:
    fork(repo)
    stopped(repo, "cherry-pick", "topic")


def reverting(repo: GitRepo) -> None:
    fork(repo)
    repo.commit("more", {"a.py": TEXT.replace("line 5\n", "third\n")})
    stopped(repo, "revert", "--no-edit", "HEAD~1")


def bisecting(repo: GitRepo) -> None:
    fork(repo)
    repo.git("bisect", "start", "main", "main~1")
    repo.write("a.py", OTHER)


def stash_conflict(repo: GitRepo) -> None:
    repo.commit("base", {"a.py": TEXT})
    repo.write("a.py", TEXT.replace("line 5\n", "stashed\n"))
    repo.git("stash", "-q")
    repo.commit("next", {"a.py": TEXT.replace("line 5\n", "committed\n")})
    stopped(repo, "stash", "pop")


def deleted_by_them(repo: GitRepo) -> None:
    repo.commit("base", {"a.py": TEXT, "b.py": OTHER})
    repo.git("checkout", "-q", "-b", "topic")
    repo.remove("a.py")
    repo.commit("topic")
    repo.git("checkout", "-q", "main")
    repo.commit("main", {"a.py": TEXT + "main\n"})
    stopped(repo, "merge", "topic")


def detached(repo: GitRepo) -> None:
    fork(repo)
    repo.git("checkout", "-q", "--detach", "topic")
    repo.write("b.py", OTHER)


def unborn(repo: GitRepo) -> None:
    repo.write("a.py", TEXT)
    repo.write("b.py", OTHER)
    repo.add("a.py")


def orphan(repo: GitRepo) -> None:
    fork(repo)
    repo.git("checkout", "-q", "--orphan", "fresh")
    repo.write("a.py", OTHER)


def intent_to_add(repo: GitRepo) -> None:
    repo.commit("base", {"a.py": TEXT})
    repo.write("b.py", OTHER)
    repo.write("empty.py", "")
    repo.git("add", "-N", "b.py", "empty.py")


def intent_then_deleted(repo: GitRepo) -> None:
    intent_to_add(repo)
    repo.remove("b.py")


def sparse(repo: GitRepo) -> None:
    repo.commit("base", {"in/a.py": TEXT, "out/b.py": OTHER, "out/deep/c.py": "c\n", "top.py": "1\n"})
    repo.git("sparse-checkout", "set", "--cone", "in")
    repo.write("in/a.py", TEXT + "more\n")
    repo.write("out/b.py", OTHER + "present again\n")


def sparse_index(repo: GitRepo) -> None:
    repo.commit("base", {"in/a.py": TEXT, "out/b.py": OTHER, "out/deep/c.py": "c\n", "top.py": "1\n"})
    repo.git("sparse-checkout", "set", "--cone", "--sparse-index", "in")
    repo.write("in/a.py", TEXT + "more\n")
    repo.write("top.py", "2\n")


def split_index(repo: GitRepo) -> None:
    fork(repo)
    repo.git("update-index", "--split-index")
    repo.write("a.py", OTHER)
    repo.write("b.py", OTHER)
    repo.add("b.py")


def untracked_cache(repo: GitRepo) -> None:
    fork(repo)
    repo.git("update-index", "--force-untracked-cache")
    repo.write("a.py", OTHER)
    repo.write("new.py", "1\n")
    repo.git("status")
    repo.write("newer.py", "1\n")


def index_version_4(repo: GitRepo) -> None:
    fork(repo)
    repo.git("update-index", "--index-version", "4")
    repo.write("a.py", OTHER)


def many_files_setting(repo: GitRepo) -> None:
    repo.git("config", "feature.manyFiles", "true")
    repo.git("config", "index.skipHash", "true")
    split_index(repo)


def assume_unchanged(repo: GitRepo) -> None:
    fork(repo)
    repo.git("update-index", "--assume-unchanged", "a.py")
    repo.git("update-index", "--skip-worktree", "b.py")
    repo.write("a.py", OTHER)
    repo.write("b.py", OTHER)
    repo.write("c.py", TEXT)


def packed(repo: GitRepo) -> None:
    fork(repo)
    repo.git("gc", "-q")
    repo.git("commit-graph", "write", "--reachable")
    repo.write("a.py", OTHER)


def mixed_ends(repo: GitRepo) -> None:
    repo.commit("base", {"a.py": "1\r\n2\n3\r\n", "b.py": "1\n2", "c.py": "1\r2\r3", "d.py": "1\n2\n"})
    repo.write("a.py", "1\r\n2\r\n3\n")
    repo.write("b.py", "1\n2\n")
    repo.write("c.py", "1\r2\r4")
    repo.write("d.py", "1\n2")


def odd_names(repo: GitRepo) -> None:
    names = [
        "with space.py",
        "tr\u00e9s.py",
        "tre\u0301s.py",
        "\u65e5\u672c/\U0001f600.py",
        "a{b}.py",
        "-x.py",
        "#.py",
        "!.py",
    ]
    if sys.platform != "win32":
        names += ["q\"uo'te.py", "new\nline.py", "trailing .py ", "tab\t.py", "back\\slash.py", ":(glob)*.py", "*.py"]
    repo.commit("base", dict.fromkeys(names, TEXT))
    for number, name in enumerate(names):
        repo.write(name, f"{number}\n" + TEXT)


def case_only_rename(repo: GitRepo) -> None:
    repo.commit("base", {"Readme.py": TEXT, "other.py": OTHER})
    repo.git("mv", "-f", "Readme.py", "README.py")


def type_changes(repo: GitRepo) -> None:
    repo.path("link.py").symlink_to("a.py")
    repo.commit("base", {"a.py": TEXT, "run.sh": "x\n"})
    repo.remove("link.py")
    repo.write("link.py", OTHER)
    repo.path("run.sh").chmod(0o755)


def many_kinds(repo: GitRepo) -> None:
    repo.commit("base", {"a.py": TEXT, "b.py": OTHER, "empty.py": "", "gone.py": "gone\n", "staged.py": "1\n2\n3\n"})
    repo.git("mv", "a.py", "moved.py")
    repo.write("moved.py", TEXT + "more\n")
    repo.write("empty.py", "now something\n")
    repo.remove("gone.py")
    repo.write("staged.py", "1\ntwo\n3\n")
    repo.add("staged.py")
    repo.write("staged.py", "1\ntwo\nthree\n")
    repo.write("new.py", "1\n")


STATES: dict[str, Callable[[GitRepo], None]] = {
    one.__name__: one
    for one in (
        merging, rebasing, picking, reverting, bisecting, stash_conflict, deleted_by_them, detached, unborn, orphan,
        intent_to_add, intent_then_deleted, sparse, sparse_index, split_index, untracked_cache, index_version_4,
        many_files_setting, assume_unchanged, packed, mixed_ends, odd_names, case_only_rename, many_kinds,
    )
}  # fmt: skip
if sys.platform != "win32":
    STATES["type_changes"] = type_changes


def by_git(repo: GitRepo, *options: str) -> dict[str, tuple[int, int]]:
    """Added and removed lines by path, as `git diff --numstat` counts them without renames."""
    out = repo.git("diff", "--numstat", "-z", "--no-renames", "--no-ext-diff", *options)
    rows = (row.split("\t", 2) for row in out.split("\0") if row)
    return {path: (int(added), int(removed)) for added, removed, path in rows}


def by_us(change: Change) -> dict[str, tuple[int, int]]:
    """The same of our hunks; a rename counts as both of its ends, as git was told."""
    found: dict[str, tuple[int, int]] = {}
    for diff in change.files:
        if diff.status == "renamed":
            assert diff.old_path is not None
            found[diff.path] = (_lines(diff.new_text), 0)
            found[diff.old_path] = (0, _lines(diff.old_text))
        else:
            found[diff.path] = (
                sum(hunk.new_count for hunk in diff.hunks),
                # The target of a link counts as a line to git.
                sum(hunk.old_count for hunk in diff.hunks) + (diff.status == "type_changed"),
            )
    return found


def _lines(text: str | None) -> int:
    return (text or "").count("\n") + (0 if not text or text.endswith("\n") else 1)


@pytest.mark.parametrize("state", STATES)
def test_our_answer_is_gits(git_repo: GitRepo, state: str) -> None:
    STATES[state](git_repo)
    born = state not in ("unborn", "orphan")
    base = "HEAD" if born else git_repo.git("hash-object", "-t", "tree", "--stdin", stdin=b"")
    unmerged = {row.partition("\t")[2] for row in git_repo.git("ls-files", "-u", "-z").split("\0") if row}

    working, staged = change_of(git_repo), change_of(git_repo, "staged")

    expected = by_git(git_repo, "--cached", "--ita-invisible-in-index", base)
    assert by_us(staged) == {path: count for path, count in expected.items() if path not in unmerged}
    assert set(reasons(staged)) == unmerged
    untracked = [path for path in git_repo.git("ls-files", "-o", "--exclude-standard", "-z").split("\0") if path]
    expected = by_git(git_repo, base) | {
        path: (_lines(git_repo.path(path).read_text("utf-8")), 0) for path in untracked
    }
    assert by_us(working) == expected
    assert set(working.untracked) == set(untracked)
    assert working.skipped == ()
    with read_change(git_repo.root, parse_scope("working")) as reading:
        for diff in reading.change.files:
            if diff.new_text is not None:
                assert reading.repository.new.read(diff.path) == diff.new_text
                assert git_repo.path(diff.path).read_bytes().decode() == diff.new_text


@pytest.mark.parametrize("state", ["merging", "rebasing", "picking", "detached", "packed", "mixed_ends", "odd_names"])
def test_commits_and_ranges_are_gits_in_every_state(git_repo: GitRepo, state: str) -> None:
    STATES[state](git_repo)
    if state in ("mixed_ends", "odd_names"):
        git_repo.commit("next")
    first = git_repo.git("rev-list", "--max-parents=0", "HEAD")
    assert by_us(change_of(git_repo, "commit:HEAD")) == by_git(git_repo, "HEAD^", "HEAD")
    assert by_us(change_of(git_repo, f"range:{first}..HEAD")) == by_git(git_repo, first, "HEAD")
    empty = git_repo.git("hash-object", "-t", "tree", "--stdin", stdin=b"")
    assert by_us(change_of(git_repo, f"commit:{first}")) == by_git(git_repo, empty, first)


def test_what_git_is_told_not_to_look_at_is_not_read(git_repo: GitRepo) -> None:
    git_repo.commit("base", {"config.py": "KEY = ''\n", "same.py": "x = 1\n", "a.py": "1\n"})
    git_repo.git("update-index", "--assume-unchanged", "config.py", "same.py")
    git_repo.write("config.py", "KEY = 'private'\n")
    git_repo.write("a.py", "2\n")
    with read_change(git_repo.root, parse_scope("working")) as reading:
        assert [diff.path for diff in reading.change.files] == ["a.py"]
        new = reading.repository.new
        assert new.read("config.py") is None
        assert list(new.grep(["private"])) == []
    with read_change(git_repo.root, parse_scope("working"), buffers={"config.py": "KEY = 'typed'\n"}) as reading:
        assert [diff.path for diff in reading.change.files] == ["a.py", "config.py"]  # it is open, so it is looked at


def test_a_partial_clone_reviews_what_it_has_and_fetches_nothing(git_repo: GitRepo, tmp_path: Path) -> None:
    git_repo.commit("first", {"a.py": "1\n", "b.py": "old\n"})
    git_repo.commit("second", {"a.py": "2\n", "b.py": "new\n"})
    git_repo.git("config", "uploadpack.allowFilter", "true")
    url, place = git_repo.root.as_uri(), str(tmp_path / "part")
    git_repo.git("-c", "protocol.file.allow=always", "clone", "-q", "--filter=blob:none", url, place)
    part = GitRepo((tmp_path / "part").resolve(), git_repo.env)
    part.write("a.py", "3\n")
    change = change_of(part)
    assert by_us(change) == {"a.py": (1, 1)}
    missing = "its content is not in this clone (a partial clone); fetch it first"
    assert reasons(change_of(part, "commit:HEAD")) == {"a.py": missing, "b.py": missing}
    assert part.git("rev-list", "--objects", "--missing=print", "HEAD").count("?") == 2


@pytest.mark.parametrize("option", ["--object-format=sha256", "--ref-format=reftable"])
def test_other_formats_of_repositories(git_repo: GitRepo, tmp_path: Path, option: str) -> None:
    root = tmp_path / "other"
    root.mkdir()
    made = subprocess.run(["git", "init", "-q", "-b", "main", option], cwd=root, env=dict(git_repo.env), check=False)
    if made.returncode:
        pytest.skip("this git knows no such repository")
    repo = GitRepo(root.resolve(), git_repo.env)
    merging(repo)
    assert by_us(change_of(repo)) == by_git(repo, "HEAD")
    assert by_us(change_of(repo, "commit:main~1")) == {"a.py": (30, 0), "b.py": (30, 0), "c.py": (30, 0)}
    assert change_of(repo, "range:main...topic").base == repo.git("merge-base", "main", "topic")


@pytest.mark.parametrize("state", ["merging", "rebasing", "picking", "bisecting", "detached"])
def test_the_base_and_its_reason_in_the_middle_of_things(git_repo: GitRepo, state: str) -> None:
    STATES[state](git_repo)
    working, branch = change_of(git_repo), change_of(git_repo, "branch")
    assert (working.base, working.base_reason) == (git_repo.git("rev-parse", "HEAD"), "HEAD")
    assert branch.base == git_repo.git("merge-base", "main", "HEAD")
    assert branch.base_reason == "merge base with main (there is no upstream and no remote HEAD)"
    assert by_us(branch) == by_git(git_repo, branch.base, "HEAD")


def test_pointers_of_lfs_are_named(git_repo: GitRepo) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 12345\n"
    git_repo.commit(
        "base", {"model.bin": pointer.format("a" * 64), "nb.ipynb": pointer.format("a" * 64), "a.py": "1\n"}
    )
    git_repo.write("model.bin", pointer.format("b" * 64))
    git_repo.write("nb.ipynb", pointer.format("b" * 64))
    git_repo.write("new.txt", pointer.format("c" * 64))
    change = change_of(git_repo)
    assert change.files == ()
    assert reasons(change) == dict.fromkeys(("model.bin", "nb.ipynb", "new.txt"), "stored by Git LFS")


@pytest.mark.parametrize("state", sorted(STATES))
@pytest.mark.parametrize("scope", ["working", "staged"])
def test_the_files_of_the_base_are_gits_in_every_state(git_repo: GitRepo, state: str, scope: str) -> None:
    STATES[state](git_repo)
    with read_change(git_repo.root, parse_scope(scope)) as reading:
        old, base = reading.repository.old, reading.change.base
        listed = "" if state in ("unborn", "orphan") else git_repo.git("ls-tree", "-r", "-z", base)
        rows = [row.partition("\t")[::2] for row in listed.split("\0") if row]
        assert old.paths() == {path for meta, path in rows if " blob " in meta}
        oids = {path: meta.rpartition(" ")[2] for meta, path in rows if meta.startswith("100")}
        assert isinstance(old, SideTree)
        assert old.source.keys() == oids
