"""Both sides of a change as trees, and buffers laid over the new one."""

from __future__ import annotations

import os
import subprocess
import threading

import pytest

from rebuttal.change import search, trees
from rebuttal.change.git import Git, Running
from rebuttal.change.model import Hunk, Match, Repository
from rebuttal.change.read import read_change
from rebuttal.change.scope import parse_scope
from tests.change.test_read import statuses
from tests.gitrepo import GitRepo


@pytest.fixture
def repo(git_repo: GitRepo) -> GitRepo:
    git_repo.commit(
        "base",
        {
            "a.py": "def old():\n    pass\n",
            "sub/b.py": "old()\nolder()\n x.old\n",
            "c.txt": "old\n",
            ".gitignore": "secret.env\n",
        },
    )
    git_repo.write("a.py", "def new():\n    pass\n")
    git_repo.write("fresh.py", "old()\n")
    git_repo.write("secret.env", "old=1\n")
    return git_repo


def test_words_are_found_on_both_sides_as_whole_words(repo: GitRepo) -> None:
    with read_change(repo.root, parse_scope("working")) as reading:
        sides: Repository = reading.repository
        assert set(sides.new.grep(["old"], ["*.py"])) == {
            Match("fresh.py", 0, "old"),
            Match("sub/b.py", 0, "old"),
            Match("sub/b.py", 2, "old"),
        }
        assert set(sides.old.grep(["old", "older"])) == {
            Match("a.py", 0, "old"),
            Match("c.txt", 0, "old"),
            Match("sub/b.py", 0, "old"),
            Match("sub/b.py", 1, "older"),
            Match("sub/b.py", 2, "old"),
        }
        assert list(sides.new.grep([])) == []
        assert list(sides.new.grep(["", "a\nb", "-e", "ol.*"])) == []


def test_the_index_and_commits_are_searched_too(repo: GitRepo) -> None:
    repo.git("add", "a.py")
    repo.write("a.py", "later\n")
    with read_change(repo.root, parse_scope("staged")) as reading:
        assert list(reading.repository.new.grep(["new", "later"])) == [Match("a.py", 0, "new")]
        assert reading.repository.new.paths() == {"a.py", "sub/b.py", "c.txt", ".gitignore"}
    repo.commit("next")
    with read_change(repo.root, parse_scope("commit:HEAD")) as reading:
        assert list(reading.repository.new.grep(["later"], ["*.py"])) == [Match("a.py", 0, "later")]
        assert list(reading.repository.old.grep(["later"], ["*.py"])) == []
    with read_change(repo.root, parse_scope("commit:HEAD~1")) as reading:
        assert list(reading.repository.old.grep(["old"])) == []
        assert reading.repository.old.paths() == frozenset()
        assert reading.repository.old.read("a.py") is None


def test_buffers_hide_the_disk_everywhere(repo: GitRepo) -> None:
    buffers = {
        "sub/b.py": "\nunsaved()\n",
        "brand_new.py": "unsaved()\n",
        "secret.env": "unsaved\n",
        "../x.py": "unsaved\n",
    }
    with read_change(repo.root, parse_scope("working"), buffers=buffers) as reading:
        change, new = reading.change, reading.repository.new
        assert statuses(change) == {
            "a.py": "modified",
            "brand_new.py": "added",
            "fresh.py": "added",
            "sub/b.py": "modified",
        }
        changed = change.file("sub/b.py")
        assert changed is not None
        assert changed.unsaved
        assert changed.hunks == (Hunk(0, 3, 0, 2),)
        assert set(new.grep(["old", "unsaved"], ["*.py"])) == {
            Match("fresh.py", 0, "old"),
            Match("sub/b.py", 1, "unsaved"),
            Match("brand_new.py", 0, "unsaved"),
        }
        assert new.read("sub/b.py") == "\nunsaved()\n"
        assert "brand_new.py" in new.paths()
        assert new.read("secret.env") is None
        assert reading.repository.old.read("sub/b.py") == "old()\nolder()\n x.old\n"


def test_a_buffer_like_the_disk_is_not_unsaved_and_one_like_the_base_is_no_change(repo: GitRepo) -> None:
    buffers = {"fresh.py": "old()\n", "a.py": "def old():\n    pass\n", "c.txt": "old\n"}
    with read_change(repo.root, parse_scope("working"), buffers=buffers) as reading:
        assert statuses(reading.change) == {"fresh.py": "added"}
        assert not reading.change.files[0].unsaved
        assert reading.change.files[0].untracked


def test_a_buffer_of_a_file_deleted_on_disk_counts(repo: GitRepo) -> None:
    repo.remove("c.txt")
    with read_change(repo.root, parse_scope("file:c.txt"), buffers={"c.txt": "kept\n"}) as reading:
        assert statuses(reading.change) == {"c.txt": "modified"}


def test_a_buffer_with_crlf_of_a_normalised_file_shows_only_its_edit(git_repo: GitRepo) -> None:
    git_repo.commit("base", {"a.py": "1\n2\n", ".gitattributes": "* text=auto\n"})
    git_repo.write("a.py", "1\r\n2\r\n")
    with read_change(git_repo.root, parse_scope("working"), buffers={"a.py": "1\r\n3\r\n"}) as reading:
        assert reading.change.files[0].hunks == (Hunk(1, 1, 1, 1),)
    with read_change(git_repo.root, parse_scope("working"), buffers={"a.py": "1\r\n2\r\n"}) as reading:
        assert reading.change.files == ()


def test_a_lone_surrogate_in_a_buffer_is_no_crash(repo: GitRepo) -> None:
    with read_change(repo.root, parse_scope("working"), buffers={"c.txt": "old\n\ud800\n"}) as reading:
        diff = reading.change.file("c.txt")
        assert diff is not None
        assert diff.hunks == (Hunk(1, 0, 1, 1),)


def test_the_new_side_stays_what_the_change_showed(repo: GitRepo) -> None:
    with read_change(repo.root, parse_scope("working")) as reading:
        repo.write("a.py", "written after\n")
        assert reading.repository.new.read("a.py") == "def new():\n    pass\n"


def test_an_ignored_file_is_never_read(repo: GitRepo) -> None:
    with read_change(repo.root, parse_scope("working")) as reading:
        assert reading.repository.new.read("secret.env") is None
        assert "secret.env" not in reading.repository.new.paths()


def test_a_word_that_is_too_common_is_named_and_hides_no_other(repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(30):
        repo.write(f"many{number:02}.py", "word\n" * 3 + "flood\n" * 5_000)
    repo.write("rare.py", "rare\n")
    repo.commit("many")
    repo.write("z.py", "flood\n")
    repo.commit("last")
    monkeypatch.setattr(trees, "MAX_LINES", 9)
    monkeypatch.setattr(search, "FLOOD", 18)
    monkeypatch.setattr(search, "FILE_LINES", 4)
    for seconds, output in ((60.0, 10_000_000), (0.0, 100_000), (0.0, 10_000_000)):
        monkeypatch.setattr(search, "EARLY_SECONDS", seconds)
        monkeypatch.setattr(search, "MAX_OUTPUT", output)
        with read_change(repo.root, parse_scope("commit:HEAD")) as reading:
            new = reading.repository.new
            found = list(new.grep(["word", "flood", "rare"]))
        assert [match for match in found if match.word == "word"] == [
            Match(f"many0{number}.py", line, "word") for number in range(3) for line in range(3)
        ]
        floods = [Match(f"many0{number}.py", line, "flood") for number in range(3) for line in range(3, 7)][:9]
        # The changed file counts always.
        assert [match for match in found if match.word == "flood"] == [*floods, Match("z.py", 0, "flood")]
        assert [match for match in found if match.word == "rare"] == [Match("rare.py", 0, "rare")]
        assert new.common == {"word", "flood"}


def test_a_line_of_a_megabyte_is_found_once(repo: GitRepo) -> None:
    repo.write("long.txt", "needle " * 200_000 + "\n")
    with read_change(repo.root, parse_scope("working")) as reading:
        assert list(reading.repository.new.grep(["needle"])) == [Match("long.txt", 0, "needle")]


def test_attributes_of_the_change_cannot_hide_a_file_from_grep(repo: GitRepo) -> None:
    repo.write(".gitattributes", "* binary\n")
    with read_change(repo.root, parse_scope("working")) as reading:
        assert Match("sub/b.py", 0, "old") in set(reading.repository.new.grep(["old"]))


def test_closing_ends_the_helper_process_and_twice_is_harmless(repo: GitRepo) -> None:
    with read_change(repo.root, parse_scope("working")) as reading:
        running = reading.repository.objects._running
        assert running is not None
    assert running.process.returncode is not None
    reading.close()


def test_reading_changes_nothing_in_the_repository(repo: GitRepo) -> None:
    os.utime(repo.path("c.txt"), (5, 5))  # git status would refresh the index for it
    before = _everything(repo)
    with read_change(repo.root, parse_scope("working"), buffers={"x.py": "1\n"}) as reading:
        list(reading.repository.new.grep(["old"]))
    assert _everything(repo) == before


def _everything(repo: GitRepo) -> dict[str, tuple[int, bytes]]:
    files = (path for path in repo.root.rglob("*") if path.is_file())
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


@pytest.mark.parametrize("globs", [("*.py",), ("*.txt", "*.py"), ("Makefile", "sub/*"), ("*.md",)])
def test_what_is_looked_for_along_with_expected_words_is_the_same(
    git_repo: GitRepo, monkeypatch: pytest.MonkeyPatch, globs: tuple[str, ...]
) -> None:
    monkeypatch.setattr(trees, "MAX_LINES", 9)
    monkeypatch.setattr(search, "FLOOD", 18)
    line = "word flood rare\n"
    git_repo.commit(
        "base",
        {
            **{f"a{number}.txt": line * 4 for number in range(5)},
            **{f"b{number}.py": line * (number % 3) for number in range(9)},
            "sub/c.py": "rare other\n",
            "Makefile": "word\n",
            "z.py": "flood\n",
        },
    )
    git_repo.write("b1.py", "rare word\n")
    git_repo.write("new.py", "other flood\n")
    words = ["word", "flood", "rare", "other"]
    with read_change(git_repo.root, parse_scope("working")) as reading:
        alone = (list(reading.repository.new.grep(words, globs)), reading.repository.new.common)
    with read_change(git_repo.root, parse_scope("working")) as reading:
        reading.repository.new.expect(["rare", "word", "absent", ""])
        assert (list(reading.repository.new.grep(words, globs)), reading.repository.new.common) == alone


def test_expected_words_are_found_by_one_search(git_repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    git_repo.commit("base", {"a.py": "one\n", "b.txt": "two one\n"})
    git_repo.write("c.py", "")
    started: list[str] = []
    start = Git.start

    def noted(self: Git, *args: str, stdin: bool = False, stderr: int = subprocess.PIPE) -> Running:
        started.append(args[0])
        return start(self, *args, stdin=stdin, stderr=stderr)

    monkeypatch.setattr(Git, "start", noted)
    with read_change(git_repo.root, parse_scope("working")) as reading:
        tree = reading.repository.new
        tree.expect(["two"])
        assert list(tree.grep(["one"], ["*.py"])) == [Match("a.py", 0, "one")]
        assert list(tree.grep(["two"])) == [Match("b.txt", 0, "two")]
    assert started.count("grep") == 1


def test_what_was_found_in_all_files_is_not_searched_again_for_some_of_them(
    git_repo: GitRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    git_repo.commit("base", {"a.py": "one\n", "b.txt": "two one\n"})
    git_repo.write("c.py", "")
    started: list[str] = []
    start = Git.start

    def noted(self: Git, *args: str, stdin: bool = False, stderr: int = subprocess.PIPE) -> Running:
        started.append(args[0])
        return start(self, *args, stdin=stdin, stderr=stderr)

    monkeypatch.setattr(Git, "start", noted)
    with read_change(git_repo.root, parse_scope("working")) as reading:
        tree = reading.repository.new
        tree.expect(["two"])
        assert tree.find(["one"]) == {"one": {"a.py": (0,), "b.txt": (0,)}}
        assert list(tree.grep(["one", "two"], ["*.txt"])) == [Match("b.txt", 0, "one"), Match("b.txt", 0, "two")]
    assert started.count("grep") == 1


def test_a_search_that_is_ended_is_told(git_repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    class Impatient(threading.Timer):
        def start(self) -> None:
            self.function(*self.args, **self.kwargs)

    git_repo.commit("base", {"a.py": "one\n"})
    with read_change(git_repo.root, parse_scope("working")) as reading:
        assert list(reading.repository.new.grep(["one"])) == [Match("a.py", 0, "one")]
        assert not reading.repository.notes
        monkeypatch.setattr(threading, "Timer", Impatient)
        list(reading.repository.new.grep(["other"]))
        assert "some may be missing" in reading.repository.notes[0]
