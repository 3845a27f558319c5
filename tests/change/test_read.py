"""Each scope against real repositories: what is in the change, from where, to where."""

from __future__ import annotations

from pathlib import Path

import pytest

from rebuttal.change.git import GitFailed
from rebuttal.change.model import Change, ChangeError, Hunk
from rebuttal.change.read import read_change
from rebuttal.change.scope import parse_scope
from tests.gitrepo import GitRepo


def change_of(repo: GitRepo, scope: str = "working", **options: object) -> Change:
    with read_change(repo.root, parse_scope(scope), **options) as reading:  # type: ignore[arg-type]  # test options
        return reading.change


def statuses(change: Change) -> dict[str, str]:
    return {diff.path: diff.status for diff in change.files}


def reasons(change: Change) -> dict[str, str]:
    return {item.file: item.reason for item in change.skipped}


def test_working_holds_staged_unstaged_and_untracked_but_not_ignored(git_repo: GitRepo) -> None:
    git_repo.commit("base", {"a.py": "1\n", "b.py": "1\n", "c.py": "1\n", "d.py": "1\n", ".gitignore": "*.log\n"})
    git_repo.write("a.py", "2\n")
    git_repo.add("a.py")
    git_repo.write("b.py", "2\n")
    git_repo.remove("c.py")
    git_repo.write("new.py", "x\ny\n")
    git_repo.write("noise.log", "x\n")

    change = change_of(git_repo)

    assert statuses(change) == {"a.py": "modified", "b.py": "modified", "c.py": "deleted", "new.py": "added"}
    assert change.untracked == ("new.py",)
    assert change.base == git_repo.git("rev-parse", "HEAD")
    assert (change.base_reason, change.head) == ("HEAD", "work tree")
    new = change.file("new.py")
    assert new is not None
    assert (new.old_text, new.new_text, new.hunks) == (None, "x\ny\n", (Hunk(0, 0, 0, 2),))
    gone = change.file("c.py")
    assert gone is not None
    assert (gone.old_text, gone.new_text, gone.hunks) == ("1\n", None, (Hunk(0, 1, 0, 0),))


def test_a_file_staged_and_then_put_back_is_unchanged(git_repo: GitRepo) -> None:
    git_repo.commit("base", {"a.py": "1\n"})
    git_repo.write("a.py", "2\n")
    git_repo.add()
    git_repo.write("a.py", "1\n")
    assert statuses(change_of(git_repo)) == {}
    assert statuses(change_of(git_repo, "staged")) == {"a.py": "modified"}


def test_staged_sees_neither_work_tree_nor_buffers(git_repo: GitRepo) -> None:
    git_repo.commit("base", {"a.py": "1\n", "b.py": "1\n"})
    git_repo.write("a.py", "staged\n")
    git_repo.add()
    git_repo.write("a.py", "later\n")
    git_repo.write("b.py", "later\n")
    with read_change(git_repo.root, parse_scope("staged"), buffers={"a.py": "unsaved\n"}) as reading:
        assert statuses(reading.change) == {"a.py": "modified"}
        assert reading.change.files[0].new_text == "staged\n"
        assert reading.change.head == "index"
        assert reading.repository.new.read("a.py") == "staged\n"
        assert reading.repository.new.read("b.py") == "1\n"


def test_no_change_is_a_change_without_files(git_repo: GitRepo) -> None:
    git_repo.commit("base", {"a.py": "1\n"})
    change = change_of(git_repo)
    assert (change.files, change.skipped) == ((), ())


def test_without_a_commit_everything_is_new(git_repo: GitRepo) -> None:
    git_repo.write("a.py", "1\n")
    git_repo.add()
    git_repo.write("b.py", "1\n")
    change = change_of(git_repo)
    assert statuses(change) == {"a.py": "added", "b.py": "added"}
    assert change.base == "empty"
    assert "no commit yet" in change.base_reason
    assert statuses(change_of(git_repo, "staged")) == {"a.py": "added"}
    with pytest.raises(ChangeError, match="no commit yet"):
        change_of(git_repo, "branch")


def test_commit_is_compared_with_its_first_parent(git_repo: GitRepo) -> None:
    first = git_repo.commit("one", {"a.py": "1\n"})
    git_repo.commit("two", {"a.py": "2\n", "b.py": "1\n"})
    git_repo.write("a.py", "work tree does not count\n")
    change = change_of(git_repo, "commit:HEAD")
    assert (change.base, change.base_reason) == (first, "its parent")
    assert statuses(change) == {"a.py": "modified", "b.py": "added"}
    root = change_of(git_repo, "commit:HEAD~1")
    assert root.base == "empty"
    assert statuses(root) == {"a.py": "added"}


def test_hunks_are_counted_from_zero_without_context(git_repo: GitRepo) -> None:
    git_repo.commit("base", {"a.py": "".join(f"{n}\n" for n in range(10))})
    git_repo.write("a.py", "0\n1\nnew\n2\n3\n4\n5\nsix\n7\n9\n")
    change = change_of(git_repo)
    assert change.files[0].hunks == (Hunk(2, 0, 2, 1), Hunk(6, 1, 7, 1), Hunk(8, 1, 9, 0))


def test_where_may_be_a_folder_inside(git_repo: GitRepo) -> None:
    git_repo.commit("base", {"sub/a.py": "1\n", "b.py": "1\n"})
    git_repo.write("sub/a.py", "2\n")
    git_repo.write("b.py", "2\n")
    with read_change(git_repo.path("sub"), parse_scope("working")) as reading:
        assert statuses(reading.change) == {"sub/a.py": "modified", "b.py": "modified"}
        assert reading.change.root == git_repo.root
    with read_change(git_repo.path("sub"), parse_scope("file:a.py")) as reading:
        assert statuses(reading.change) == {"sub/a.py": "modified"}
    with read_change(git_repo.root, parse_scope(f"file:{git_repo.path('b.py')}")) as reading:
        assert statuses(reading.change) == {"b.py": "modified"}
    with pytest.raises(ChangeError, match=r"no file 'none\.py'"):
        change_of(git_repo, "file:none.py")


def test_a_renamed_file_alone_was_taken_for_a_new_one(git_repo: GitRepo) -> None:
    lines = "".join(f"line {n}\n" for n in range(20))
    git_repo.commit("base", {"a.py": lines, "gone.py": "x = 1\n", "lock": "\0"})
    git_repo.git("mv", "a.py", "b.py")
    git_repo.git("rm", "-q", "gone.py", "lock")
    git_repo.write("b.py", lines + "more\n")
    change = change_of(git_repo, "file:b.py")
    assert statuses(change) == {"b.py": "renamed"}
    assert change.files[0].hunks == (Hunk(20, 0, 20, 1),)
    assert change.skipped == ()


def test_not_a_repository_says_what_to_do(tmp_path: Path, git_repo: GitRepo) -> None:
    (tmp_path / "plain").mkdir()
    with pytest.raises(ChangeError, match="is not in a git repository; choose a folder in one"):
        read_change(tmp_path / "plain", parse_scope("working"))
    with pytest.raises(ChangeError, match="There is no folder"):
        read_change(tmp_path / "a" / "b", parse_scope("working"))


def test_an_editors_buffer_given_by_its_absolute_path_is_not_lost(git_repo: GitRepo) -> None:
    git_repo.commit("base", {"src/a.py": "1\n"})
    change = change_of(
        git_repo, buffers={str(git_repo.path("src/a.py")): "2\n", str(git_repo.root.parent / "x"): "3\n"}
    )
    (diff,) = change.files
    assert (diff.path, diff.new_text, diff.unsaved) == ("src/a.py", "2\n", True)


def test_a_buffer_opened_through_a_linked_folder_is_not_lost(git_repo: GitRepo, tmp_path: Path) -> None:
    git_repo.commit("base", {"a.py": "1\n"})
    link = tmp_path / "link"
    try:
        link.symlink_to(git_repo.root, target_is_directory=True)
    except OSError:
        pytest.skip("this system makes no links")
    assert statuses(change_of(git_repo, buffers={str(link / "a.py"): "2\n"})) == {"a.py": "modified"}


@pytest.mark.parametrize("absolute", [True, False])
def test_a_selection_is_not_widened_to_the_whole_change(git_repo: GitRepo, absolute: bool) -> None:
    git_repo.commit("base", {"a.py": "1\n2\n", "b.py": "1\n"})
    git_repo.write("a.py", "one\n2\n")
    git_repo.write("b.py", "2\n")
    git_repo.write("c.bin", b"\0")
    path = str(git_repo.path("a.py")) if absolute else "a.py"
    change = change_of(git_repo, only_lines={path: range(1)})
    assert statuses(change) == {"a.py": "modified"}
    assert change.only_lines == {"a.py": range(1)}
    assert change.skipped == ()


def test_a_selection_elsewhere_does_not_become_a_review_of_everything(git_repo: GitRepo) -> None:
    git_repo.write("a.py", "1\n")
    with pytest.raises(ChangeError, match="is not inside"):
        change_of(git_repo, only_lines={str(git_repo.root.parent / "b.py"): range(1)})


def test_a_closed_reading_does_not_start_git_anew(git_repo: GitRepo) -> None:
    git_repo.commit("base", {"a.py": "1\n"})
    reading = read_change(git_repo.root, parse_scope("commit:HEAD"))
    reading.close()
    with pytest.raises(GitFailed):
        reading.repository.objects.get("HEAD")
