"""What is new since the last review: by content, whatever moved meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from rebuttal.change.model import Change, FileDiff, Hunk, Scope
from rebuttal.change.novelty import Fingerprint, Novelty, fingerprints, novelty
from rebuttal.change.read import read_change
from tests.gitrepo import GitRepo

BASE = [f"line {number}\n" for number in range(200)]

edit = st.tuples(st.integers(0, 2), st.lists(st.sampled_from(["a\n", "b\n", "c = 1\n", "\n"]), max_size=3)).filter(
    lambda one: one[0] > 0 or bool(one[1])
)
edits = st.dictionaries(st.integers(0, 19).map(lambda one: 10 * one), edit, min_size=1, max_size=8)
files = st.dictionaries(st.sampled_from(["a.py", "b.py", "sub/c.py"]), edits, min_size=1)
Edits = dict[int, tuple[int, list[str]]]


def diff_of(path: str, given: Edits, base: list[str] = BASE) -> FileDiff:
    """`base` with lines taken out and put in: by first line, how many out, and what in."""
    new: list[str] = []
    hunks, at = [], 0
    for start, (count, lines) in sorted(given.items()):
        new += base[at:start]
        hunks.append(Hunk(start, count, len(new), len(lines)))
        new += lines
        at = start + count
    new += base[at:]
    return FileDiff(path, "modified", "".join(base), "".join(new), tuple(hunks))


def change_of(*diffs: FileDiff) -> Change:
    return Change(Path("/somewhere"), Scope(), "0" * 40, "HEAD", "work tree", diffs)


def counts(found: Novelty) -> tuple[int, int, int, int]:
    return len(found.added), len(found.modified), found.removed, len(found.unchanged)


def of(given: dict[str, Edits]) -> Change:
    return change_of(*(diff_of(path, edits) for path, edits in given.items()))


def hunks(change: Change) -> int:
    return sum(len(diff.hunks) for diff in change.files)


@settings(max_examples=40)
@given(files)
def test_the_same_change_has_nothing_new(given: dict[str, Edits]) -> None:
    change = of(given)
    assert counts(novelty(change, fingerprints(change))) == (0, 0, 0, hunks(change))


@settings(max_examples=40)
@given(files, st.randoms(), st.lists(st.just("pushed down\n"), max_size=30))
def test_order_and_position_change_nothing(given: dict[str, Edits], chance: object, above: list[str]) -> None:
    change = of(given)
    remembered = list(fingerprints(change))
    chance.shuffle(remembered)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    shifted = change_of(
        *(
            diff_of(path, {start + len(above) + 1: one for start, one in edits.items()}, ["top\n", *above, *BASE])
            for path, edits in reversed(given.items())
        )
    )
    found = novelty(shifted, remembered)
    assert (len(found.added), found.removed, len(found.unchanged)) == (0, 0, hunks(change))


@settings(max_examples=40)
@given(files, st.data())
def test_editing_one_hunk_changes_exactly_one(given: dict[str, Edits], data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(sorted(given)))
    start = data.draw(st.sampled_from(sorted(given[path])))
    count, lines = given[path][start]
    edited = {**given, path: {**given[path], start: (count, [*lines, "something else\n"])}}
    found = novelty(of(edited), fingerprints(of(given)))
    assert counts(found) == (0, 1, 0, hunks(of(given)) - 1)
    ((file, hunk),) = found.modified
    assert (file, hunk.old_start) == (path, start)


@pytest.mark.parametrize("start", [0, 30])
def test_of_two_hunks_that_add_the_same_the_other_one_is_not_taken_for_the_edited_one(start: int) -> None:
    given: dict[str, Edits] = {"a.py": {0: (0, ["\n"]), 30: (0, ["\n"])}}
    edited = {"a.py": {**given["a.py"], start: (0, ["\n", "something else\n"])}}
    found = novelty(of(edited), fingerprints(of(given)))
    assert counts(found) == (0, 1, 0, 1)
    assert [hunk.old_start for _, hunk in found.modified] == [start]


@settings(max_examples=40)
@given(files, st.data())
def test_a_hunk_more_or_less_is_added_or_removed(given: dict[str, Edits], data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(sorted(given)))
    more = {**given, path: {**given[path], 195: (1, ["an own line\n", "and another\n"])}}
    fewer, rest = of(given), hunks(of(given))
    assert counts(novelty(of(more), fingerprints(fewer))) == (1, 0, 0, rest)
    assert counts(novelty(fewer, fingerprints(of(more)))) == (0, 0, 1, rest)


@settings(max_examples=40)
@given(files)
def test_a_renamed_file_keeps_its_hunks(given: dict[str, Edits]) -> None:
    change = of(given)
    renamed = evolve(
        change, files=tuple(evolve(diff, path="new/" + diff.path, old_path=diff.path) for diff in change.files)
    )
    assert not novelty(renamed, fingerprints(change)).is_new


@settings(max_examples=40)
@given(files)
def test_a_fingerprint_survives_being_written_down(given: dict[str, Edits]) -> None:
    for one in fingerprints(of(given)):
        assert Fingerprint.parse(str(one)) == one


def test_a_fingerprint_holds_neither_names_nor_code() -> None:
    text = str(fingerprints(of({"a.py": {0: (1, ["password\n"])}})))
    assert "a.py" not in text
    assert "password" not in text


def test_a_new_file_that_is_named_otherwise_by_now_keeps_its_hunk() -> None:
    before = FileDiff("a.py", "added", None, "x = 1\n", (Hunk(0, 0, 0, 1),), untracked=True)
    assert not novelty(change_of(evolve(before, path="b.py")), fingerprints(change_of(before))).is_new


def test_an_edit_in_a_large_new_file_modifies_it() -> None:
    lines = [f"value_{number} = {number}\n" for number in range(300)]
    before = FileDiff("a.py", "added", None, "".join(lines), (Hunk(0, 0, 0, 300),))
    after = FileDiff("a.py", "added", None, "".join(["import os\n", *lines[5:]]), (Hunk(0, 0, 0, 296),))
    assert counts(novelty(change_of(after), fingerprints(change_of(before)))) == (0, 1, 0, 0)


def test_a_line_feed_at_the_end_is_a_difference() -> None:
    before = FileDiff("a.py", "modified", "a\n", "b\n", (Hunk(0, 1, 0, 1),))
    found = novelty(change_of(evolve(before, new_text="b")), fingerprints(change_of(before)))
    assert counts(found) == (0, 1, 0, 0)


@pytest.mark.timeout(20)
def test_thousands_of_like_hunks_are_compared_in_time() -> None:
    base = [f"line {number}\n" for number in range(20_000)]
    before = diff_of("a.py", {10 * number: (1, [f"one {number}\n", "x\n"]) for number in range(2_000)}, base)
    after = diff_of("a.py", {10 * number + 5: (1, [f"two {number}\n", "x\n"]) for number in range(2_000)}, base)
    found = novelty(change_of(after), fingerprints(change_of(before)))
    assert len(found.added) + len(found.modified) == 2_000


def test_a_commit_in_between_takes_hunks_out_of_the_change(git_repo: GitRepo) -> None:
    git_repo.commit("base", {"a.py": "".join(BASE), "b.py": "x = 1\n"})
    git_repo.write("a.py", "".join(["first\n", *BASE[:100], "second\n", *BASE[100:]]))
    git_repo.write("b.py", "x = 2\n")
    with read_change(git_repo.root, Scope()) as reading:
        remembered = fingerprints(reading.change)
    git_repo.add("b.py")
    git_repo.git("commit", "-q", "-m", "b")
    with read_change(git_repo.root, Scope()) as reading:
        assert counts(novelty(reading.change, remembered)) == (0, 0, 1, 2)
