"""A review with a memory and one without it give the same, whatever happened to the repository in between."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rebuttal.change import memory as memory_module
from rebuttal.change import search
from rebuttal.change.git import Git
from rebuttal.change.history import read_history
from rebuttal.change.memory import Memory, Searched
from rebuttal.change.model import Change, ChangeError, Match
from rebuttal.change.read import read_change
from rebuttal.change.scope import parse_scope
from rebuttal.change.search import Hits
from tests.gitrepo import GitRepo

WORD = "word\n"
WORDS = ("alpha", "beta", "gamma", "naïve", "common")
FILES = ("a.py", "b.py", "sub/c.py", "sub/d.txt", "e.py")
SCOPES = ("working", "staged", "commit:HEAD", "file:a.py")


def look(
    repo: GitRepo, scope: str, memory: Memory | None, buffers: Mapping[str, str], words: tuple[str, ...]
) -> tuple[Change | str, list[Match], list[Match], object, object]:
    try:
        with read_change(repo.root, parse_scope(scope), buffers=buffers, memory=memory) as reading:
            new, old = reading.repository.new, reading.repository.old
            found = list(new.grep(words)), list(old.grep(words, ["*.py"]))
            return reading.change, *found, (new.paths(), new.common), reading.repository.history(3)
    except ChangeError as error:
        return str(error), [], [], None, None


_TEXT = st.lists(st.sampled_from([*WORDS, "other", "x.alpha"]), max_size=6).map("\n".join)
_FILE = st.sampled_from(FILES)
_STEP = st.one_of(
    st.tuples(st.just("write"), _FILE, _TEXT),
    st.tuples(st.just("same size"), _FILE, st.sampled_from(["alpha", "gamma", "other"])),
    st.tuples(st.just("remove"), _FILE, st.just("")),
    st.tuples(st.just("touch"), _FILE, st.just("")),
    st.tuples(st.just("add"), st.just(""), st.just("")),
    st.tuples(st.just("commit"), st.just(""), st.just("")),
    st.tuples(st.just("branch"), st.sampled_from(["one", "two"]), st.just("")),
    st.tuples(st.just("gc"), st.just(""), st.just("")),
    st.tuples(st.just("age"), st.just(""), st.just("")),
    st.tuples(st.just("buffer"), _FILE, _TEXT),
)
_LOOK = st.tuples(st.sampled_from(SCOPES), st.lists(st.sampled_from(WORDS), min_size=1, unique=True))


def _do(repo: GitRepo, step: tuple[str, str, str], buffers: dict[str, str]) -> None:
    what, name, text = step
    path = repo.path(name) if name else repo.root
    if what == "write":
        repo.write(name, text)
    elif what == "same size" and path.exists():
        # Neither its size nor the time of its content tells that it is another one.
        before = path.stat()
        data = path.read_bytes().replace(b"alpha", text.encode())
        path.write_bytes(data)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    elif what == "remove":
        path.unlink(missing_ok=True)
    elif what == "touch" and path.exists():
        path.touch()
    elif what == "add":
        repo.add()
    elif what == "commit":
        repo.commit(files={})
    elif what == "branch":
        repo.add()
        repo.git("commit", "-q", "--allow-empty", "-m", "before the switch")
        repo.git("switch", "-q", *(() if f"refs/heads/{name}" in repo.git("show-ref") else ("-c",)), name)
    elif what == "gc":
        repo.git("gc", "-q", "--prune=now")
    elif what == "age":
        for one in [*repo.root.glob("*.*"), *repo.root.glob("sub/*")]:
            if one.is_file():
                os.utime(one, (5, 5))
    elif what == "buffer":
        buffers[name] = text


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(_STEP, _LOOK), min_size=2, max_size=7), st.booleans())
def test_with_and_without_a_memory_everything_is_the_same(
    steps: list[tuple[tuple[str, str, str], tuple[str, list[str]]]], vouch: bool
) -> None:
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(memory_module, "YOUNG_NS", 20_000_000 if vouch else memory_module.YOUNG_NS)
        patch.setattr(memory_module, "MAX_STALE", 60)
        repo = GitRepo.create(Path(folder) / "repo", Path(folder) / "home")
        repo.commit("base", {name: f"alpha {name}\n" for name in FILES})
        kept, buffers = Memory(), dict[str, str]()
        for step, (scope, words) in steps:
            _do(repo, step, buffers)
            expected = look(repo, scope, None, buffers, tuple(words))
            assert look(repo, scope, kept, buffers, tuple(words)) == expected
            assert look(repo, scope, kept, buffers, tuple(words)) == expected


def test_a_file_edited_within_one_tick_of_the_clock_is_searched_again(git_repo: GitRepo) -> None:
    git_repo.commit("base", {"a.py": "alpha\n", "b.py": "x\n"})
    memory = Memory()
    for word, other in (("alpha", "gamma"), ("gamma", "alpha")) * 5:
        # Same size, and often the same times.
        git_repo.write("b.py", f"{word}\n")
        found = look(git_repo, "file:a.py", memory, {}, ("alpha", "gamma"))[1]
        assert Match("b.py", 0, word) in found
        assert Match("b.py", 0, other) not in found


class _Counted:
    """Notes what is really searched."""

    def __init__(self, texts: dict[str, list[str]]) -> None:
        self.texts = texts
        self.everywhere_for: list[list[str]] = []
        self.within_paths: list[list[str]] = []

    def search(self, searched: Searched, *words: str) -> dict[str, Hits]:
        return searched.search(
            sorted(words), (), {path: str(text) for path, text in self.texts.items()}, set(), self._all, self._some
        )[0]

    def _all(self, words: Sequence[str]) -> tuple[dict[str, Hits], dict[str, str], bool]:
        self.everywhere_for.append(list(words))
        found = {word: self._hits(word, self.texts) for word in self.everywhere_for[-1]}
        return found, {}, True

    def _some(self, wanted: Mapping[str, object]) -> dict[str, Hits]:
        self.within_paths.append(list(wanted))
        return {word: self._hits(word, wanted) for word in ("one", "two")}

    def _hits(self, word: str, paths: Mapping[str, object]) -> Hits:
        found = {path: tuple(at for at, one in enumerate(self.texts[path]) if one == word) for path in paths}
        return {path: lines for path, lines in found.items() if lines}


def test_only_new_words_and_altered_files_are_searched() -> None:
    files = _Counted({f"{number}.py": ["one", "two"] for number in range(200)})
    searched = Searched()
    files.search(searched, "one")
    files.texts["7.py"] = ["two", "one", "one"]
    del files.texts["8.py"]
    files.texts["new.py"] = ["one"]
    found = files.search(searched, "one", "two")
    assert files.everywhere_for == [["one"], ["two"]]
    assert files.within_paths == [["7.py", "new.py"]]
    assert found["one"]["7.py"] == (1, 2)
    assert found["one"]["new.py"] == (0,)
    assert found["two"]["7.py"] == (0,)
    assert "8.py" not in found["one"]


def test_after_most_files_changed_everything_is_searched_at_once() -> None:
    files = _Counted({f"{number}.py": ["one"] for number in range(200)})
    searched = Searched()
    files.search(searched, "one")
    files.texts = {path: ["two", "one"] for path in files.texts}
    assert files.search(searched, "one")["one"]["3.py"] == (1,)
    assert files.everywhere_for == [["one"], ["one"]]
    assert files.within_paths == []


def test_what_is_remembered_takes_no_more_room_than_allowed() -> None:
    files = _Counted({f"{number}.py": ["one", "two"] for number in range(20)})
    searched = Searched(room=50)
    for word in ("one", "two", "one"):
        files.search(searched, word)
    assert files.everywhere_for == [["one"], ["two"], ["one"]]


def test_a_word_stays_too_common_until_that_is_in_doubt(git_repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (search, memory_module):
        monkeypatch.setattr(module, "MAX_LINES" if module is search else "TOO_COMMON", 9)
    monkeypatch.setattr("rebuttal.change.trees.MAX_LINES", 9)
    monkeypatch.setattr(search, "FLOOD", 18)
    monkeypatch.setattr(memory_module, "YOUNG_NS", 0)
    monkeypatch.setattr(search, "FILE_LINES", 4)
    git_repo.commit("base", {f"{number}.py": "word\n" * 4 for number in range(20)})
    memory = Memory()

    def lines() -> int:
        expected = look(git_repo, "file:0.py", None, {}, ("word",))
        assert look(git_repo, "file:0.py", memory, {}, ("word",)) == expected
        assert (expected[3][1] == {"word"}) is (len(expected[1]) == 9)  # type: ignore[index]  # paths and common
        return len(expected[1])

    assert lines() == 9
    assert lines() == 9
    git_repo.commit("fewer", {f"{number}.py": "x\n" for number in range(18)})
    assert lines() == 8
    git_repo.commit("one more", {"17.py": "word\nword\n"})
    assert lines() == 9
    git_repo.commit("all again", {f"{number}.py": "word\n" * 9 for number in range(18)})
    assert lines() == 9
    for number in (1, 11, 3, 19, 12):
        git_repo.write(f"{number}.py", f"x\n{WORD * (number % 3)}")
        assert lines() == 9


def test_history_goes_on_where_it_was_left(git_repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    git = Git(git_repo.root, git_repo.env)
    memory = Memory()
    for number in range(6):
        git_repo.commit(f"{number}", {f"{number}.py": "x\n", "all.py": f"{number}\n"})
        tip = git_repo.git("rev-parse", "HEAD")
        assert read_history(git, tip, 4, memory) == read_history(git, tip, 4)
    head = git_repo.git("rev-parse", "HEAD")
    asked: list[tuple[str, ...]] = []
    real = Git.start

    def counted(self: Git, *args: str, **rest: object) -> object:
        asked.append(args)
        return real(self, *args, **rest)  # type: ignore[arg-type]  # passed on as it comes

    monkeypatch.setattr(Git, "start", counted)
    assert len(read_history(git, head, 4, memory)) == 4
    assert len(read_history(git, head, 2, memory)) == 2
    assert asked == []
    git_repo.git("switch", "-q", "-c", "side", "HEAD~2")
    git_repo.commit("side", {"side.py": "x\n"})
    git_repo.git("merge", "-q", "--no-edit", "main")
    git_repo.commit("after", {"after.py": "x\n"})
    head = git_repo.git("rev-parse", "HEAD")
    assert read_history(git, head, 4, memory) == read_history(git, head, 4)
    assert read_history(git, head, 9, memory) == read_history(git, head, 9)


def test_a_commit_of_everything_says_nothing_about_any_two_files(git_repo: GitRepo) -> None:
    git_repo.commit("huge", {f"{number}.py": "x\n" for number in range(301)})
    git_repo.commit("small", {"1.py": "y\n", "2.py": "y\n"})
    found = read_history(Git(git_repo.root, git_repo.env), "HEAD", 10)
    assert [one.paths for one in found] == [("1.py", "2.py")]


def test_a_shallow_clone_tells_the_history_it_has(git_repo: GitRepo, tmp_path: Path) -> None:
    for number in range(5):
        git_repo.commit(f"{number}", {f"{number}.py": "x\n"})
    git_repo.git("clone", "-q", "--depth", "2", git_repo.root.as_uri(), str(tmp_path / "clone"))
    clone = GitRepo(tmp_path / "clone", git_repo.env)
    memory = Memory()
    git = Git(clone.root, clone.env)
    first = read_history(git, "HEAD", 10, memory)
    assert first[0].paths == ("4.py",)
    assert read_history(git, clone.git("rev-parse", "HEAD"), 10, memory) == first


def test_a_memory_may_be_shared_by_threads(git_repo: GitRepo) -> None:
    git_repo.commit("base", {f"{number}.py": f"alpha\nw{number}\n" for number in range(30)})
    memory = Memory()
    words = ("alpha", *(f"w{number}" for number in range(30)))
    expected = look(git_repo, "commit:HEAD", None, {}, words)
    results: list[bool] = []

    def run(scope: str) -> None:
        for start in range(3):
            wanted = words[start:]
            results.append(
                look(git_repo, scope, memory, {}, wanted)[1] == [one for one in expected[1] if one.word in wanted]
            )

    threads = [threading.Thread(target=run, args=(scope,)) for scope in ("commit:HEAD", "working", "staged", "working")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 12
