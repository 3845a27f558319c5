"""What was dismissed is known again under the names that its file had."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from rebuttal.change.model import Change, FileDiff, Scope, Status
from rebuttal.findings.identity import assign_ids
from rebuttal.findings.model import Finding
from rebuttal.findings.renames import MOST_NAMES, dismissed_before, former_names, renames_of
from tests.findings.conftest import make_finding, span


def in_f(_: Finding) -> str:
    return "f"


def numbered(file: str, *quotes: str) -> tuple[Finding, ...]:
    made = (make_finding(file=file, quote=one, range=span(line, 0, line, 1)) for line, one in enumerate(quotes))
    return assign_ids(made, in_f)


def test_a_dismissal_is_not_lost_with_its_files_name() -> None:
    before, after = numbered("a.py", "x", "x", "y"), numbered("b.py", "x", "x", "y")
    found = dismissed_before(after, in_f, [("a.py", "b.py")], {before[1].id, before[2].id})
    assert found == {after[1].id: before[1].id, after[2].id: before[2].id}


def test_another_finding_of_the_renamed_file_is_not_dismissed_with_it() -> None:
    before = numbered("a.py", "x")
    # The quote is another one, or the file is.
    assert dismissed_before(numbered("b.py", "z"), in_f, [("a.py", "b.py")], {before[0].id}) == {}
    assert dismissed_before(numbered("c.py", "x"), in_f, [("a.py", "b.py")], {before[0].id}) == {}
    # One that took the old name stands in the way of nobody.
    mixed = (*numbered("a.py", "x"), *numbered("b.py", "x"))
    assert dismissed_before(mixed, in_f, [("a.py", "b.py")], {before[0].id}) == {mixed[1].id: mixed[0].id}


def test_folders_are_renamed_with_what_is_in_them_and_names_go_round_in_no_circle() -> None:
    renames = [("shop", "store"), ("store/cart.py", "store/basket.py"), ("store", "shop")]
    assert former_names("store/basket.py", renames) == ("shop/basket.py", "store/cart.py", "shop/cart.py")
    assert former_names("storey.py", renames) == ()


NAMES = st.sampled_from(["a", "b", "a/c", "b/c", "a/b/c", "c"])


@given(NAMES, st.lists(st.tuples(NAMES, NAMES), max_size=30))
def test_former_names_end_and_are_others_than_the_file_itself(file: str, renames: list[tuple[str, str]]) -> None:
    names = former_names(file, renames)
    assert file not in names
    assert len(set(names)) == len(names) <= MOST_NAMES


def test_a_copy_of_a_file_is_not_taken_for_the_file() -> None:
    def diff(status: Status) -> FileDiff:
        return FileDiff(f"{status}.py", status, "x", "x", (), old_path="a.py")

    change = Change(Path("shop"), Scope(), "HEAD", "HEAD", "work tree", (diff("renamed"), diff("copied")))
    assert renames_of(change) == (("a.py", "renamed.py"),)
