"""Whole words are the same everywhere: in what git has, in the work tree, and in texts that only an editor has."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rebuttal.change import search, trees
from rebuttal.change.git import Git
from rebuttal.change.model import Match
from rebuttal.change.read import read_change
from rebuttal.change.scope import parse_scope
from rebuttal.change.search import GitSearch, _Rows, find_word, glob_matches, in_order, passed, searchable
from tests.gitrepo import GitRepo

_PIECES = st.sampled_from(
    [
        "a",
        "ab",
        "b",
        "_",
        "1",
        "é",
        "日",
        " ",
        "-e",
        ".",
        "$",
        "?",
        "\\",
        "(",
        "[",
        "|",
        "\t",
        "\r",
        "\n",
        "\x00",
        "^",
        "#",
    ]
)
_TEXTS = st.lists(_PIECES, max_size=40).map("".join)
_WORDS = st.lists(st.lists(_PIECES, min_size=1, max_size=4).map("".join), min_size=1, max_size=6)


def _expected(text: str, word: str) -> tuple[int, ...]:
    """The rule itself, line by line."""
    data, sought = text.encode(), word.encode()
    found = []
    for number, line in enumerate(data.split(b"\n")):
        places = [at for at in range(len(line)) if line.startswith(sought, at)]
        if any(not _letter(line[at - 1 : at]) and not _letter(line[at + len(sought) :][:1]) for at in places):
            found.append(number)
    return tuple(found)


def _letter(byte: bytes) -> bool:
    return byte.isalnum() or byte == b"_"


@pytest.fixture(scope="module")
def shared() -> GitRepo:
    folder = Path(tempfile.mkdtemp())
    return GitRepo.create(folder / "repo", folder / "home")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_TEXTS, _WORDS)
@example("naïve ve na\nvalid? valid\n$x x", ["naïve", "ve", "na", "valid?", "valid", "$x", "x"])
@example("x-e -e -e-e\n", ["-e", "-e-e", "e", "e-"])
@example("aé", ["a", "é"])
@example("a$b\n$a$b", ["a", "$a", "$b"])
def test_every_way_to_search_finds_the_same(shared: GitRepo, text: str, words: list[str]) -> None:
    shared.write("a.txt", text)
    wanted = searchable(words)
    expected = {word: _expected(text, word) for word in wanted}
    assert {word: find_word(text.encode(), word.encode()) for word in wanted} == expected
    if not wanted:
        return
    shared.git("add", "a.txt")
    git = Git(shared.root, shared.env)
    for perl in (True, False):
        search = GitSearch(git, perl)
        for where in ((), ("--cached",), ("--untracked",)):
            found = search.search(wanted, [], where)
            assert {word: hits.get("a.txt", ()) for word, hits in found.items()} == expected, (perl, where)
        assert search.perl is perl


def test_a_git_without_perls_expressions_searches_all_the_same(git_repo: GitRepo) -> None:
    git_repo.commit("base", {"a.py": "one two\nthree\n"})
    # An expression it refuses ends git as one it was built without.
    search = _WithoutPerl(Git(git_repo.root, git_repo.env))
    assert search.search(["one", "three"], [], ("--cached",)) == {"one": {"a.py": (0,)}, "three": {"a.py": (1,)}}
    assert not search.perl


class _WithoutPerl(GitSearch):
    def _patterns(self, words: object) -> tuple[bytes, tuple[str, ...]]:
        patterns, options = super()._patterns(words)  # type: ignore[arg-type]  # passed on as it comes
        return (b"(\n" if self.perl else patterns), options


def test_a_search_that_takes_too_long_says_so(git_repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    git_repo.commit("base", {f"{number}.py": "word\n" * 2_000 for number in range(500)})
    monkeypatch.setattr("rebuttal.change.search.SECONDS", 0.0)
    search = GitSearch(Git(git_repo.root, git_repo.env))
    search.search(["word"], [], ("--cached",))
    assert search.late


@pytest.mark.parametrize(
    ("glob", "path", "expected"),
    [
        ("*.py", "deep/down/a.py", True),
        ("*.py", "a.pyc", False),
        ("sub", "sub/a.py", True),
        ("sub/", "sub/a.py", True),
        ("sub", "subway/a.py", False),
    ],
)
def test_globs_mean_what_git_means(git_repo: GitRepo, glob: str, path: str, expected: bool) -> None:
    git_repo.commit("base", {path: "word\n"})
    assert glob_matches(path, (glob,)) is expected
    found = GitSearch(Git(git_repo.root, git_repo.env)).search(["word"], [f":(top){glob}"], ("--cached",))
    assert (path in found["word"]) is expected


def test_untracked_files_are_found_however_many_and_however_large(
    git_repo: GitRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    git_repo.commit("base", {"a.py": "word\n"})
    git_repo.write("large.txt", "x\n" * 600_000 + "word\n")
    for number in range(5):
        git_repo.write(f"new{number}.py", "word\n")
    expected = {"a.py", "large.txt", *(f"new{number}.py" for number in range(5))}
    for limit in (2_000, 2):
        monkeypatch.setattr("rebuttal.change.trees.MAX_SCANNED", limit)
        with read_change(git_repo.root, parse_scope("file:a.py")) as reading:
            assert {match.path for match in reading.repository.new.grep(["word"])} == expected


_PARTS = st.text(alphabet="a-/b.é\udcff", min_size=1, max_size=3).filter(lambda part: "/" not in part)
_PATHS = st.lists(_PARTS, min_size=1, max_size=4).map("/".join)


@given(st.sets(_PATHS, max_size=30), _PATHS)
def test_what_a_search_has_passed_is_all_before_a_path_and_nothing_after(paths: set[str], begin: str) -> None:
    # Nothing is both a file and a folder.
    files = {one for one in paths | {begin} if not any(other.startswith(f"{one}/") for other in paths | {begin})}
    done = passed(files, begin)
    for path in files:
        left_out = any(path == one or path.startswith(f"{one}/") for one in done)
        assert left_out == (in_order(path) < in_order(begin)), (path, done)


@pytest.mark.parametrize("scope", ["working", "commit:HEAD"])
def test_a_search_that_is_taken_up_again_finds_what_a_whole_one_finds(
    git_repo: GitRepo, monkeypatch: pytest.MonkeyPatch, scope: str
) -> None:
    files = {
        f"{folder}/{number}.txt": f"rare{number % 5}\n" * 3 + "first\n" * 9 + "second\n" * (number % 4)
        for folder in ("a", "a-b", "a/é", "b", "b/c/d", "c")
        for number in range(20)
    }
    git_repo.commit("base", files)
    git_repo.commit("next", {"z.txt": "rare1 first\n"})
    words = ["first", "second", *(f"rare{number}" for number in range(5))]

    def found() -> tuple[list[Match], set[str]]:
        with read_change(git_repo.root, parse_scope(scope)) as reading:
            return list(reading.repository.new.grep(words)), reading.repository.new.common

    whole, _ = found()
    monkeypatch.setattr(trees, "MAX_LINES", 40)
    monkeypatch.setattr(search, "FLOOD", 80)
    runs = []
    once = GitSearch._run

    def counted(self: GitSearch, rows: _Rows, pathspecs: Sequence[str], where: Sequence[str]) -> bool:
        runs.append(rows.begin)
        return once(self, rows, pathspecs, where)

    monkeypatch.setattr(GitSearch, "_run", counted)
    monkeypatch.setattr(search, "_PIECE", 512)
    monkeypatch.setattr(search, "_LINGER", 0.0)
    monkeypatch.setattr(search, "EARLY_SECONDS", 60.0)
    some, common = found()
    assert len(runs) > 1
    assert common == {"first", "second", *(f"rare{number}" for number in range(5))}
    for word in words:
        told = [one for one in some if one.word == word and one.path != "z.txt"]
        assert told == [one for one in whole if one.word == word and one.path != "z.txt"][:40]
