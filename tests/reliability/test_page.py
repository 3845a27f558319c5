"""docs/RELIABILITY.md says what the table and the tests say. Its rows are compared where the faults are met."""

from __future__ import annotations

from tests.reliability.page import PAGE, page, rows_of
from tests.reliability.table import TROUBLES


def test_the_page_is_as_it_would_be_made() -> None:
    text = PAGE.read_text("utf-8")
    rows = rows_of(text)
    assert {one.name for one in TROUBLES} <= set(rows)
    assert page(rows) == text, "run python -m tests.reliability"


def test_no_fault_has_the_name_of_another() -> None:
    names = [one.name for one in TROUBLES]
    assert len(set(names)) == len(names) == len({one.id for one in TROUBLES})
