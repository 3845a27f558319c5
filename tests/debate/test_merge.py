"""Which claims are one defect, and which are two."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from rebuttal.debate.merge import Docket, assertion
from rebuttal.debate.model import Claim, Place, Raised
from rebuttal.findings.model import Category
from tests.debate.conftest import SQL_CLAIM, SQL_LINE, claim_of


def at(seat: str, claim: Claim, first: int = 4, last: int | None = None, file: str = "shop/users.py") -> Raised:
    return Raised(seat, claim, Place(file, claim.side, first, first if last is None else last), 0)


def merged(*raised: Raised) -> list[tuple[str, ...]]:
    docket = Docket()
    for one in raised:
        docket.add(one)
    return [one.raisers for one in docket.all()]


def said(title: str, argument: str = "", category: Category = "security") -> Claim:
    return evolve(SQL_CLAIM, title=title, argument=argument or f"{title}.", category=category)


SAME_DEFECT = [
    (
        said("SQL injection through `name` in find()", "`name` is interpolated into the query string unescaped."),
        said("User-controlled name is concatenated into SQL", "find() builds the query from `name` as it is."),
    ),
    (
        said("First item is skipped in total()", "items[1:] leaves out the first item of the sum.", "correctness"),
        said("total() drops the first element", "The slice items[1:] skips the first item, so the sum is wrong."),
    ),
    (
        said("Lock is not released on error", "If write() raises, `lock` stays held.", "correctness"),
        said("Missing release of lock if write() raises", "`lock` is not released if write() fails.", "correctness"),
    ),
]
TWO_DEFECTS = [
    (
        said("SQL injection through `name` in find()", "`name` is interpolated into the query string."),
        said("Query is run once for every row", "find() is called in a loop: each row costs a query.", "performance"),
    ),
    (
        said("Return value changed from list to generator", category="architecture"),
        said("Docstring still promises a sorted result", category="documentation"),
    ),
    (
        said("Timeout is in seconds, not milliseconds", "connect() takes seconds; 5000 waits over an hour."),
        said("Password is written to the log", "log.info prints the whole `config`, password included."),
    ),
]


@pytest.mark.parametrize(("one", "other"), SAME_DEFECT)
def test_the_same_defect_in_other_words_is_one(one: Claim, other: Claim) -> None:
    assert merged(at("a", one), at("b", other)) == [("a", "b")]
    assert merged(at("b", other), at("a", one, 3, 6)) == [("b", "a")]


@pytest.mark.parametrize(("one", "other"), TWO_DEFECTS)
def test_two_defects_on_one_line_stay_two(one: Claim, other: Claim) -> None:
    assert merged(at("a", one), at("b", other)) == [("a",), ("b",)]


def _pairs(name: str, kind: str) -> list[Any]:
    data = tomllib.loads((Path(__file__).parent / "data" / name).read_text("utf-8"))
    return [pytest.param(one["a"], one["b"], id=f"{one['a'][4]} / {one['b'][4]}") for one in data[kind]]


def _worded(seat: str, worded: list[Any]) -> Raised:
    category, first, last, quote, title, argument = worded
    return at(seat, evolve(said(title, argument, category), quote=quote), first, last)


@pytest.mark.parametrize(("one", "other"), _pairs("merging.toml", "same"))
def test_one_defect_through_two_lenses_is_merged(one: list[Any], other: list[Any]) -> None:
    assert merged(_worded("a", one), _worded("b", other)) == [("a", "b")]
    assert merged(_worded("b", other), _worded("a", one)) == [("b", "a")]


@pytest.mark.parametrize(("one", "other"), _pairs("merging.toml", "two"))
def test_two_defects_side_by_side_are_kept_apart(one: list[Any], other: list[Any]) -> None:
    assert merged(_worded("a", one), _worded("b", other)) == [("a",), ("b",)]
    assert merged(_worded("b", other), _worded("a", one)) == [("b",), ("a",)]


def test_pairs_that_the_rules_were_not_made_for_are_mostly_told_right() -> None:
    """What is merged wrongly is lost, what is not merged is examined twice: so the first is much rarer."""
    same = [one.values for one in _pairs("merging_held_out.toml", "same")]
    two = [one.values for one in _pairs("merging_held_out.toml", "two")]
    joined = sum(len(merged(_worded("a", one), _worded("b", other))) == 1 for one, other in same)
    kept = sum(len(merged(_worded("a", one), _worded("b", other))) == 2 for one, other in two)
    assert (joined, kept) >= (7, 11), "7 of 12 and 11 of 12 when this was written"
    assert kept >= 11


def test_one_mistake_made_twice_on_the_same_lines_stays_two() -> None:
    """Both claims quote both lines, so only the names tell them apart."""
    both = "width = total / columns\nheight = total / rows"
    one = evolve(said("Division by zero in columns", "`columns` may be zero."), quote=both)
    other = evolve(said("Division by zero in rows", "`rows` may be zero."), quote=both)
    assert merged(at("a", one, 10, 11), at("b", other, 10, 11)) == [("a",), ("b",)]


def test_the_same_words_far_apart_or_in_another_file_are_two() -> None:
    assert merged(at("a", SQL_CLAIM), at("b", SQL_CLAIM, 400)) == [("a",), ("b",)]
    assert merged(at("a", SQL_CLAIM), at("b", SQL_CLAIM, file="shop/orders.py")) == [("a",), ("b",)]


def test_one_mistake_made_twice_by_one_seat_stays_two() -> None:
    first = said("Missing check of `width` before division", "`width` may be zero.", "correctness")
    second = said("Missing check of `height` before division", "`height` may be zero.", "correctness")
    assert merged(at("a", first, 10), at("a", second, 11)) == [("a",), ("a",)]
    assert merged(at("a", first, 10), at("b", second, 11)) == [("a",), ("b",)]


def test_a_seat_that_says_the_same_twice_is_one_raiser() -> None:
    assert merged(at("a", SQL_CLAIM), at("a", SQL_CLAIM)) == [("a",)]


def test_claims_about_a_file_as_a_whole_merge_by_their_words() -> None:
    missing = claim_of("", "No test covers the new branch of total()", side="file", category="testing")
    other = claim_of("", "The changelog does not name the new option", side="file", category="documentation")
    assert merged(at("a", missing, 0), at("b", missing, 0), at("c", other, 0)) == [("a", "b"), ("c",)]


WORDS = st.sampled_from(["the lock stays held", "name is put into sql", "items are skipped", "timeout is wrong"])
CLAIMS = st.builds(
    lambda title, first, seat: at(seat, said(title), first),
    WORDS,
    st.integers(0, 200),
    st.sampled_from("abc"),
)


@given(st.lists(CLAIMS, max_size=30))
def test_no_claim_is_lost_or_doubled(claims: list[Raised]) -> None:
    docket = Docket()
    for one in claims:
        docket.add(one)
    kept = [raised for contention in docket.all() for raised in contention.raised]
    assert sorted(map(repr, kept)) == sorted(map(repr, claims))
    assert len({contention.id for contention in docket.all()}) == len(docket.all())


@given(st.lists(CLAIMS, max_size=20))
def test_the_same_claims_in_the_same_order_give_the_same(claims: list[Raised]) -> None:
    assert merged(*claims) == merged(*claims)


@given(CLAIMS, CLAIMS)
def test_whether_two_are_one_does_not_depend_on_who_came_first(one: Raised, other: Raised) -> None:
    assert len(merged(one, other)) == len(merged(other, one))


def _comparisons(count: int, monkeypatch: pytest.MonkeyPatch) -> int:
    made = 0

    def counted(*_: object) -> float:
        nonlocal made
        made += 1
        return 0.0

    monkeypatch.setattr("rebuttal.debate.merge.fuzz.token_set_ratio", counted)
    merged(*(at(f"seat{n % 5}", said(f"Defect {n} of thing_{n}"), (n * 7) % 50) for n in range(count)))
    return made


def test_work_grows_with_the_number_of_claims_not_with_its_square(monkeypatch: pytest.MonkeyPatch) -> None:
    """All within fifty lines of one file, all different: the worst case for comparing."""
    small, large = _comparisons(400, monkeypatch), _comparisons(1600, monkeypatch)
    assert small > 0
    assert large < small * 4 * 1.5


def test_the_assertion_is_the_first_sentence() -> None:
    claim = said("Title", "items[1:] drops e.g. the first item. Because I thought long about it.")
    assert assertion(claim) == "items[1:] drops e.g. the first item."
    assert assertion(evolve(claim, argument="")) == "Title"
    assert len(assertion(evolve(claim, argument="word " * 1000))) <= 400


def test_ids_come_from_place_and_quote_alone() -> None:
    first, second = Docket(), Docket()
    one, _ = first.add(at("a", SQL_CLAIM))
    other, _ = second.add(at("b", evolve(SQL_CLAIM, title="Other words", severity="low", quote=f"{SQL_LINE}  ")))
    assert one.id == other.id
    fresh, opened = first.add(at("a", said("A thing with nothing in common", category="testing")))
    assert opened
    assert fresh.id == f"{one.id}-2"
