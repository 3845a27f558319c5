"""The benchmark of file ranking: what is hidden is hidden, and the figures are counted right."""

from __future__ import annotations

import pytest

from bench.retrieval.cases import HidingTree, commits, open_case
from bench.retrieval.measure import ALL, figures, fused, outcome, place_of
from rebuttal.change.model import Match
from tests.gitrepo import GitRepo


@pytest.fixture
def pair(git_repo: GitRepo) -> GitRepo:
    """A repository in which a.py and b.py always change together."""
    git_repo.commit("all", {f"part{number}.py": f"x = {number}\n" for number in range(12)})
    for number in range(4):
        git_repo.commit(f"change {number}", {"a.py": f"secret_{number} = 1\n", "b.py": f"secret_{number}\n"})
    return git_repo


def test_the_hidden_file_is_as_it_was_before_the_commit(pair: GitRepo) -> None:
    newest = commits(pair.root, "HEAD", 10)[0]
    case = open_case(pair.root, newest)
    assert case is not None
    try:
        assert newest.hidden not in {diff.path for diff in case.change.files}
        assert newest.hidden in case.universe
        text = case.repository.new.read(newest.hidden)
        assert text is not None
        assert "secret_2" in text
        assert not [one for one in case.repository.new.grep(["secret_3"]) if one.path == newest.hidden]
        assert [one.path for one in case.repository.new.grep(["secret_2"])] == [newest.hidden]
    finally:
        case.repository.close()


def test_the_past_of_a_case_ends_before_its_commit(pair: GitRepo) -> None:
    for commit in commits(pair.root, "HEAD", 10):
        case = open_case(pair.root, commit)
        assert case is not None
        number = len(case.repository.history(100))
        case.repository.close()
        assert number < 5


def test_what_always_changed_together_is_found_first(pair: GitRepo) -> None:
    case = open_case(pair.root, commits(pair.root, "HEAD", 10)[0])
    assert case is not None
    try:
        assert outcome(case, "pair", "python", 1000).places[ALL] == 1
    finally:
        case.repository.close()


def test_equal_files_share_the_mean_place() -> None:
    assert place_of("b", {"a": 2.0, "b": 1.0, "c": 1.0}, 10) == 2.5
    assert place_of("z", {"a": 2.0}, 10) == 6
    assert place_of("a", {"a": 2.0}, 10) == 1


def test_figures_of_places() -> None:
    found = figures([1, 2, 10, 11])
    assert found.recall == (0.25, 0.5, 0.75, 1.0)
    assert found.mrr == pytest.approx((1 + 1 / 2 + 1 / 10 + 1 / 11) / 4)


def test_fusion_prefers_what_two_signals_name() -> None:
    assert max(fused([{"a": 1.0, "b": 0.9}, {"b": 1.0, "c": 0.9}]).items(), key=lambda one: one[1])[0] == "b"


def test_a_hiding_tree_finds_words_of_the_hidden_text() -> None:
    class Empty:
        def read(self, path: str) -> str | None:
            return None

        def paths(self) -> frozenset[str]:
            return frozenset({"a.py"})

        def grep(self, words: object, globs: object = ()) -> list[Match]:
            return [Match("a.py", 5, "new_word"), Match("b.py", 1, "word")]

        def expect(self, words: object) -> None:
            return None

    tree = HidingTree(Empty(), "a.py", "one\nword and words\n")  # type: ignore[arg-type]  # a list will do
    assert list(tree.grep(["word"])) == [Match("b.py", 1, "word"), Match("a.py", 1, "word")]
