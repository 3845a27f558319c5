"""A finding keeps its id as long as it is the same finding."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from rebuttal.findings.identity import assign_ids, finding_id
from rebuttal.findings.model import Finding
from tests.findings.conftest import findings, make_finding, span


def no_symbol(_: Finding) -> str:
    return ""


def test_an_id_is_sixteen_hexadecimal_digits_and_does_not_change_between_versions() -> None:
    assert finding_id("shop/cart.py", "return total", "Cart.average", 0) == "a411ecb4c113f86a"


def test_white_space_does_not_change_an_id() -> None:
    assert finding_id("a.py", "  return\ttotal\r\n", "f", 0) == finding_id("a.py", "return total", "f", 0)


def test_each_part_changes_an_id() -> None:
    ids = {
        finding_id("a.py", "x", "f", 0),
        finding_id("b.py", "x", "f", 0),
        finding_id("a.py", "y", "f", 0),
        finding_id("a.py", "x", "g", 0),
        finding_id("a.py", "x", "f", 1),
    }
    assert len(ids) == 5


def test_parts_do_not_run_into_each_other() -> None:
    assert finding_id("a", "b c", "", 0) != finding_id("a", "b", "c", 0)


def test_a_models_words_do_not_change_an_id() -> None:
    one, other = make_finding(title="One way", message="to say it"), make_finding(title="Another", message="way")
    assert assign_ids([one], no_symbol)[0].id == assign_ids([other], no_symbol)[0].id


def test_a_finding_that_moved_keeps_its_id() -> None:
    here, below = make_finding(range=span(3, 0, 5)), make_finding(range=span(300, 0, 5))
    assert assign_ids([here], no_symbol)[0].id == assign_ids([below], no_symbol)[0].id


def test_equal_quotes_are_told_apart_by_position_then_rule() -> None:
    first = make_finding(range=span(1, 0, 5), rule="ruff:B007")
    second = make_finding(range=span(2, 0, 5), rule="ruff:A001")
    third = make_finding(range=span(2, 0, 5), rule="ruff:B006")
    ids = [finding.id for finding in assign_ids([third, first, second], no_symbol)]
    quote, file = first.quote, first.file
    assert ids == [finding_id(file, quote, "", 2), finding_id(file, quote, "", 0), finding_id(file, quote, "", 1)]


def test_the_symbol_around_it_tells_equal_quotes_apart() -> None:
    one, other = make_finding(range=span(1, 0, 5)), make_finding(range=span(9, 0, 5))
    ids = {f.id for f in assign_ids([one, other], lambda finding: str(finding.range.start.line))}
    assert ids == {finding_id(one.file, one.quote, "1", 0), finding_id(one.file, one.quote, "9", 0)}


@given(st.lists(findings, max_size=8), st.randoms(use_true_random=False))
def test_ids_do_not_depend_on_the_order_of_findings(given_findings: list[Finding], random: Random) -> None:
    shuffled = list(given_findings)
    random.shuffle(shuffled)
    straight = sorted(finding.id for finding in assign_ids(given_findings, no_symbol))
    assert straight == sorted(finding.id for finding in assign_ids(shuffled, no_symbol))
    assert len(set(straight)) == len(straight)
