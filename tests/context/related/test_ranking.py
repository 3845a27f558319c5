"""Which other files a change is about: each signal shows in a repository made for it, and the whole is stable."""

from __future__ import annotations

import pytest

from rebuttal.change.model import PastCommit, Scope
from rebuttal.change.read import read_change
from rebuttal.context.build import build
from rebuttal.context.related.cochange import todays_names
from rebuttal.context.related.fusion import Material, rank
from rebuttal.context.related.lexical import words_of
from rebuttal.context.related.model import Query, RankedFile
from rebuttal.context.related.paths import Name, kind_of, split_words
from rebuttal.context.related.query import AROUND, STEMS, TERMS, headers, query_of
from rebuttal.context.related.slices import related_files
from tests.gitrepo import GitRepo

MANY = {f"src/part{number}.py": f"def part{number}():\n    return {number}\n" for number in range(30)}


def related(repo: GitRepo) -> tuple[RankedFile, ...]:
    with read_change(repo.root, Scope("working")) as reading:
        return related_files(reading.change, reading.repository)


def test_files_changed_together_before_come_first(git_repo: GitRepo) -> None:
    git_repo.commit("all", {**MANY, "src/reader.py": "a = 0\n", "data/table.txt": "0\n"})
    for number in range(4):
        git_repo.commit(f"change {number}", {"src/reader.py": f"a = {number + 1}\n", "data/table.txt": f"{number}1\n"})
    git_repo.write("src/reader.py", "a = 99\n")
    best = related(git_repo)[0]
    assert best.path == "data/table.txt"
    assert best.reasons == ("changed together with reader.py in 5 of 5 commits",)


def test_a_test_of_a_changed_file_is_found_by_its_name_without_any_history(git_repo: GitRepo) -> None:
    git_repo.commit("all", {**MANY, "src/tokens.py": "def count():\n    return 1\n", "tests/test_tokens.py": "x = 1\n"})
    git_repo.write("src/tokens.py", "def count():\n    return 2\n")
    best = related(git_repo)[0]
    assert best.path == "tests/test_tokens.py"
    assert "test of src/tokens.py" in best.reasons


def test_files_that_share_rare_names_with_a_new_file_are_found(git_repo: GitRepo) -> None:
    git_repo.commit("all", {**MANY, "other/clock.py": "def next_leap_second(moment):\n    return moment\n"})
    git_repo.write("src/added.py", "def use(when):\n    return next_leap_second(when)\n")
    found = related(git_repo)
    assert found[0].path == "other/clock.py"
    assert found[0].reasons == ("shares the rare name next_leap_second with the change",)


def test_same_state_gives_the_same_ranking(git_repo: GitRepo) -> None:
    git_repo.commit("all", {**MANY, "src/reader.py": "a = 0\n"})
    git_repo.commit("more", {"src/part3.py": "b = 1\n", "src/reader.py": "a = 1\n"})
    git_repo.write("src/reader.py", "a = part3\n")
    assert related(git_repo) == related(git_repo)


def test_the_change_itself_and_secret_files_are_not_ranked(git_repo: GitRepo) -> None:
    git_repo.commit("all", {**MANY, ".env": "TOKEN=rare_token_name\n", "src/use.py": "a = 1\n"})
    for number in range(3):
        git_repo.commit(f"change {number}", {".env": f"TOKEN={number}\n", "src/use.py": f"a = {number}\n"})
    git_repo.write("src/use.py", "a = rare_token_name\n")
    assert not {".env", "src/use.py"} & {one.path for one in related(git_repo)}


def test_lock_files_and_generated_files_are_not_ranked(git_repo: GitRepo) -> None:
    made = {"Cargo.lock": "v = 0\n", "gen/made.py": "v = 0\n", ".gitattributes": "gen/** linguist-generated\n"}
    git_repo.commit("all", {**MANY, **made, "src/use.py": "a = 0\n"})
    for number in range(3):
        files = {"Cargo.lock": f"v = {number}1\n", "gen/made.py": f"v = {number}1\n", "src/use.py": f"a = {number}1\n"}
        git_repo.commit(f"change {number}", files)
    git_repo.write("src/use.py", "a = 9\n")
    assert not made.keys() - {".gitattributes"} & {one.path for one in related(git_repo)}


def test_scores_are_shares_of_one() -> None:
    query = Query(paths=("a.py",), terms={"word": 1.0})
    paths = frozenset({"b.py", "c.py", "d/e.py"})
    found = rank(query, Material({"word": {"b.py": (0,)}}, [PastCommit(("a.py", "c.py"))], paths))
    assert sum(one.score for one in found) == pytest.approx(1, abs=1e-4)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


def test_nothing_to_rank_is_no_error() -> None:
    assert rank(Query(paths=("a.py",), terms={}), Material({}, [], frozenset())) == ()


def test_a_moved_file_keeps_its_past() -> None:
    known = frozenset({"src/flask/app.py", "src/flask/cli.py", "docs/app.py"})
    assert todays_names(["flask/app.py", "app.py", "gone.py"], known) == {"flask/app.py": "src/flask/app.py"}


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("src/app.py", "source"),
        ("tests/conftest.py", "test"),
        ("pkg/app_test.go", "test"),
        ("src/test/java/org/AppTest.java", "test"),
        ("CHANGES.rst", "changes"),
        ("changelog/12.bugfix.rst", "changes"),
        ("docs/usage.md", "docs"),
        ("Cargo.toml", "build"),
        (".github/workflows/ci.yml", "build"),
        ("logo.png", "other"),
    ],
)
def test_kinds_by_name(path: str, kind: str) -> None:
    assert kind_of(path) == kind


def test_names_taken_apart() -> None:
    assert split_words("parseHTTPHeader_v2") == ["parse", "http", "header", "v", "2"]
    assert {Name(path).stem for path in ("a/test_url_map.py", "b/UrlMapTest.java", "url_map.go")} == {"urlmap"}


def test_lines_that_hold_a_line_by_indentation() -> None:
    lines = ["class A:\n", "    def f(self):\n", "        # why\n", "        x = 1\n", "        y = 2\n"]
    assert headers(lines, 4) == [lines[1], lines[0]]
    assert headers(lines, 0) == []


def test_words_of_a_change_leave_out_keywords(git_repo: GitRepo) -> None:
    git_repo.commit("all", {"a.py": "x = 1\n"})
    git_repo.write("a.py", "def return_value(self):\n    return parse_header\n")
    with read_change(git_repo.root, Scope("working")) as reading:
        query = query_of(reading.change)
    assert {"parse_header", "return_value"} <= set(query.terms)
    assert not {"def", "return", "self"} & set(query.terms)


def test_a_related_file_gives_a_slice_with_its_reason(git_repo: GitRepo) -> None:
    git_repo.commit("all", {**MANY, "src/reader.py": "a = 0\n", "notes/table.txt": "first\nsecond\n"})
    for number in range(4):
        git_repo.commit(f"change {number}", {"src/reader.py": f"a = {number}1\n", "notes/table.txt": f"row {number}\n"})
    git_repo.write("src/reader.py", "a = 99\n")
    with read_change(git_repo.root, Scope("working")) as reading:
        context = build(reading.change, reading.repository, budget_tokens=4000)
    found = [one for one in context.slices if one.file == "notes/table.txt"]
    assert found
    assert "changed together with reader.py" in found[0].reason


def test_a_file_that_only_stands_beside_the_change_gives_no_slice(git_repo: GitRepo) -> None:
    git_repo.commit("all", {"seed.txt": "seed\n", "code.py": "def f():\n    return 1\n"})
    git_repo.write("code.py", "def f():\n    return 2\n")
    with read_change(git_repo.root, Scope("working")) as reading:
        context = build(reading.change, reading.repository, budget_tokens=4000)
    assert "seed.txt" not in {one.file for one in context.slices}


def test_a_file_that_still_holds_the_lines_taken_out_elsewhere_comes_first(git_repo: GitRepo) -> None:
    licence = "# Licensed to the example society under the old terms\n"
    git_repo.commit("all", {**MANY, "lib/one.py": licence + "a = 1\n", "deep/in/two.py": licence + "b = 2\n"})
    git_repo.write("lib/one.py", "# Licensed under the new terms\na = 1\n")
    best = related(git_repo)[0]
    assert best.path == "deep/in/two.py"
    assert "holds lines that the change takes out" in best.reasons


def test_the_file_that_lists_the_neighbours_of_a_new_file_comes_first(git_repo: GitRepo) -> None:
    words = {f"words/{name}.ts": f"export const x = '{name}';\n" for name in ("danish", "german", "polish", "welsh")}
    index = "".join(f"export * from './{name}';\n" for name in ("danish", "german", "polish", "welsh"))
    git_repo.commit("all", {**MANY, **words, "words/all.ts": index})
    git_repo.write("words/croatian.ts", "export const x = 'croatian';\n")
    best = related(git_repo)[0]
    assert best.path == "words/all.ts"
    assert "names the files beside one that came, went or moved" in best.reasons


def test_a_file_with_the_version_that_was_taken_out_comes_first(git_repo: GitRepo) -> None:
    git_repo.commit("all", {**MANY, "NEWS.txt": "now at 4.7.1\n", "deep/number": "4.7.1\n", "deep/other": "x\n"})
    git_repo.write("NEWS.txt", "now at 4.8.0\n")
    best = related(git_repo)[0]
    assert best.path == "deep/number"
    assert "holds the version that the change takes out" in best.reasons


def test_a_change_of_thousands_of_files_is_not_searched_for_by_thousands_of_words() -> None:
    query = Query(paths=tuple(f"src/part{number}.py" for number in range(3_000)), terms={"word": 1.0})
    assert len(words_of(query)) <= TERMS + AROUND + STEMS
