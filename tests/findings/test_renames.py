"""What was dismissed is known again under the names that its file had."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from rebuttal.change.model import Change, FileDiff, Scope, Status
from rebuttal.findings.identity import assign_ids
from rebuttal.findings.model import Finding
from rebuttal.findings.renames import MOST_NAMES, Rename, dismissed_before, former_names, renames_of
from tests.findings.conftest import make_finding, span

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
RENAMED = [Rename("a.py", "b.py", NOW)]


def minutes(number: int) -> datetime:
    return NOW + timedelta(minutes=number)


def in_f(_: Finding) -> str:
    return "f"


def numbered(file: str, *quotes: str) -> tuple[Finding, ...]:
    made = (make_finding(file=file, quote=one, range=span(line, 0, line, 1)) for line, one in enumerate(quotes))
    return assign_ids(made, in_f)


def test_a_dismissal_is_not_lost_with_its_files_name() -> None:
    before, after = numbered("a.py", "x", "x", "y"), numbered("b.py", "x", "x", "y")
    found = dismissed_before(after, in_f, RENAMED, {before[1].id: NOW, before[2].id: NOW})
    assert found == {after[1].id: before[1].id, after[2].id: before[2].id}


def test_another_finding_of_the_renamed_file_is_not_dismissed_with_it() -> None:
    before = numbered("a.py", "x")
    # The quote is another one, or the file is.
    assert dismissed_before(numbered("b.py", "z"), in_f, RENAMED, {before[0].id: NOW}) == {}
    assert dismissed_before(numbered("c.py", "x"), in_f, RENAMED, {before[0].id: NOW}) == {}
    # One that took the old name stands in the way of nobody.
    mixed = (*numbered("a.py", "x"), *numbered("b.py", "x"))
    assert dismissed_before(mixed, in_f, RENAMED, {before[0].id: NOW}) == {mixed[1].id: mixed[0].id}


def test_folders_are_renamed_with_what_is_in_them_and_names_go_round_in_no_circle() -> None:
    told = (("shop", "store"), ("store/cart.py", "store/basket.py"), ("store", "shop"))
    renames = [Rename(old, new) for old, new in told]
    assert tuple(former_names("store/basket.py", renames)) == ("shop/basket.py", "store/cart.py", "shop/cart.py")
    assert not former_names("storey.py", renames)


def test_what_is_dismissed_in_a_new_file_under_the_old_name_hid_the_like_in_the_renamed_one() -> None:
    old, new = numbered("a.py", "x"), numbered("b.py", "x")
    assert dismissed_before(new, in_f, RENAMED, {old[0].id: minutes(1)}) == {}
    assert dismissed_before(new, in_f, RENAMED, {old[0].id: minutes(-1)}) == {new[0].id: old[0].id}


def test_a_file_was_taken_for_another_one_that_took_its_name_later() -> None:
    renames = [Rename("c.py", "a.py", minutes(1)), *RENAMED]
    assert former_names("b.py", renames) == {"a.py": NOW}
    assert former_names("a.py", renames) == {"c.py": minutes(1)}


def test_of_two_files_that_swap_their_names_each_keeps_its_own_dismissals() -> None:
    swap = [("a.py", "aside.py"), ("b.py", "a.py"), ("aside.py", "b.py")]
    renames = [Rename(old, new, minutes(number)) for number, (old, new) in enumerate(swap)]
    was_a, was_b = numbered("b.py", "x"), numbered("a.py", "x")
    # Dismissed in what is called b.py now, before and after: the other one reads the same, and stays.
    before, after = {numbered("a.py", "y")[0].id: minutes(-1)}, {was_a[0].id: minutes(9)}
    assert dismissed_before(numbered("b.py", "y"), in_f, renames, before) != {}
    assert dismissed_before((*was_a, *was_b), in_f, renames, after) == {}


NAMES = st.sampled_from(["a", "b", "a/c", "b/c", "a/b/c", "c"])


RENAMES = st.builds(Rename, NAMES, NAMES, st.integers(0, 9).map(minutes))


@given(NAMES, st.lists(RENAMES, max_size=30))
def test_former_names_end_and_are_others_than_the_file_itself(file: str, renames: list[Rename]) -> None:
    names = former_names(file, renames)
    assert file not in names
    assert len(names) <= MOST_NAMES


def test_a_copy_of_a_file_is_not_taken_for_the_file() -> None:
    def diff(status: Status) -> FileDiff:
        return FileDiff(f"{status}.py", status, "x", "x", (), old_path="a.py")

    change = Change(Path("shop"), Scope(), "HEAD", "HEAD", "work tree", (diff("renamed"), diff("copied")))
    assert renames_of(change) == (Rename("a.py", "renamed.py"),)
