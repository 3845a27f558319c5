"""Functions that a change pushes over the bound."""

from __future__ import annotations

import pytest

from tests.evidence.conftest import Review, of

NESTED = """\
    for one in rows:
        if one:
            for other in one:
                if other and one or rows:
                    while other:
                        if one:
                            other = 1
                        elif rows:
                            other = 2
                        else:
                            other = 3
"""
SIMPLE = "def f(rows):\n    if rows:\n        return 1\n"
GROWN = f"{SIMPLE}{NESTED}"
PAD = "    rows.pop()\n" * 3


def test_a_function_that_grew_over_the_bound(review: Review) -> None:
    found = of(review({"a.py": SIMPLE}, {"a.py": GROWN + NESTED}), "upkeep:complexity")
    assert [(one.range.start.line, one.title, one.severity) for one in found] == [(0, "f is hard to follow", "low")]
    assert "from 1 to 51 (bound 15): nesting from 1 to 6, branches and loops from 1 to 15" in found[0].message


def test_a_new_function_beyond_thirty(review: Review) -> None:
    found = of(review({"b.py": "x = 1\n"}, {"a.py": GROWN + NESTED}), "upkeep:complexity")
    assert "f is new with a cognitive complexity of 51" in found[0].message


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            {"a.py": SIMPLE},
            {"a.py": SIMPLE + NESTED.split("while", maxsplit=1)[0].rstrip() + "\n" + " " * 20 + "pass\n"},
        ),
        ({"b.py": "x = 1\n"}, {"a.py": GROWN}),
        ({"b.py": "x = 1\n"}, {"tests/a.py": GROWN + NESTED}),
        ({"a.py": GROWN + NESTED}, {"a.py": GROWN + NESTED + PAD}),
        ({"a.py": GROWN + NESTED}, {"a.py": None, "b.py": "\n\n" + GROWN + NESTED}),
        ({"a.py": GROWN + NESTED}, {"a.py": (GROWN + NESTED).replace("def f", "def g")}),
    ],
    ids=["grew within reason", "new, but below thirty", "a test", "was so before", "moved", "renamed"],
)
def test_nothing_is_said(review: Review, before: dict[str, str], after: dict[str, str | None]) -> None:
    assert of(review(before, after), "upkeep:complexity") == []


def test_the_two_worst_of_a_change_are_told(review: Review) -> None:
    text = "\n\n".join((GROWN + NESTED).replace("def f", f"def f{n}") + PAD * n for n in range(4))
    assert len(of(review({"b.py": "x = 1\n"}, {"a.py": text}), "upkeep:complexity")) == 2


HARD = GROWN + NESTED


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"view.py": f"class View:\n    x = 1\n\n\n{HARD}", "a.py": SIMPLE}, {"view.py": None, "a.py": HARD}),
        ({"b.py": "x = 1\n"}, {"a.py": f"# A modified copy of `f` from the standard library.\n# See there.\n{HARD}"}),
        ({"b.py": "x = 1\n"}, {"requests/packages/urllib3/a.py": HARD}),
    ],
    ids=["came from another file", "copied from elsewhere, as it says", "brought along"],
)
def test_what_others_wrote_before_is_not_blamed_on_the_change(
    review: Review, before: dict[str, str], after: dict[str, str | None]
) -> None:
    assert of(review(before, after), "upkeep:complexity") == []
