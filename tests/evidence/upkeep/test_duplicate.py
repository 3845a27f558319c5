"""Copies within the change, its files and their neighbours; and the slips of copies."""

from __future__ import annotations

import pytest

from tests.evidence.conftest import Review, of

BLOCK = """\
    total = start_of(order)
    for item in order.items:
        if item.price < 0:
            raise ValueError(item.name)
        discount = item.price * order.rate
        if item.is_gift and not order.is_paid:
            discount += order.bonus
        total += item.price - discount
        audit(item.name, total)
        ledger.write(item, discount, total - discount, order.owner.name, order.owner.country)
        ledger.check(item, total)
    if total > order.limit:
        notify(order.owner, total)
    order.history.append(total)
    save(order, total=total)
    return total
"""
OVERLOAD = (
    "@overload\ndef make(\n" + "".join(f"    name{n}: dict[str, int] = {n},\n" for n in range(20)) + ") -> A: ...\n"
)
ONE = f"def charge(order):\n{BLOCK}"
TWO = f"def refund(order):\n{BLOCK}"


def test_a_copy_of_a_function_in_the_same_file(review: Review) -> None:
    found = of(review({"a.py": ONE}, {"a.py": f"{ONE}\n\n{TWO}"}), "upkeep:duplicate")
    assert len(found) == 1
    assert (found[0].range.start.line, found[0].related[0].file, found[0].related[0].range.start.line) == (
        20,
        "a.py",
        1,
    )
    assert "16 lines of code equal those from line 2 on of this file" in found[0].message


def test_a_copy_from_a_file_beside_it(review: Review) -> None:
    found = of(review({"shop/a.py": ONE}, {"shop/b.py": f"import a\n\n\n{TWO}"}), "upkeep:duplicate")
    assert [(one.file, one.related[0].file) for one in found] == [("shop/b.py", "shop/a.py")]


def test_two_copies_within_one_change_are_told_once(review: Review) -> None:
    assert len(of(review({"x.py": "x = 1\n"}, {"shop/a.py": ONE, "other/b.py": TWO}), "upkeep:duplicate")) == 1


def test_a_copy_with_a_name_replaced_says_so(review: Review) -> None:
    found = of(review({"a.py": ONE}, {"b.py": TWO.replace("discount", "rebate")}), "upkeep:duplicate")
    assert "with rebate for discount" in found[0].message


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"a.py": ONE}, {"a.py": None, "b.py": TWO}),
        ({"a.py": ONE}, {"tests/test_b.py": TWO}),
        ({"a.py": ONE, "b.py": "x = 1\n"}, {"b.py": "\n".join(f'row("{n}", {n}, True)' for n in range(40))}),
        ({"a.py": ONE}, {"b.py": "def other(order):\n" + "".join(BLOCK.splitlines(True)[:6])}),
        ({"a.py": f"{ONE}\n\n{TWO}"}, {"a.py": f"{ONE}\n\n{TWO}\n\nx = 1\n"}),
        ({"a.py": "x = 1\n"}, {"a.py": f"{OVERLOAD}\n\n{OVERLOAD.replace('-> A', '-> B')}"}),
        ({"a.py": f"{ONE}\n\n{TWO}"}, {"a.py": f"class A:\n    x = 1\n\n\n{ONE}\n\n{TWO}"}),
    ],
    ids=["moved", "a test", "a table", "too short", "stood before", "overloads", "both moved down"],
)
def test_no_copy(review: Review, before: dict[str, str], after: dict[str, str | None]) -> None:
    assert of(review(before, after), "upkeep:") == []


SMALL = """\
def pages(path):
    done = run(["pdfinfo", str(path)], capture_output=True, text=True, check=True)
    for line in done.stdout.splitlines():
        if line.startswith("Pages:"):
            return int(line.split()[1])
    return 0
"""


def test_the_whole_of_a_small_function(review: Review) -> None:
    found = of(review({"a.py": SMALL}, {"b.py": SMALL.replace("pages", "count_pages", 1)}), "upkeep:duplicate")
    assert [(one.range.start.line, one.related[0].file) for one in found] == [(0, "a.py")]
    assert "count_pages does word for word what pages in a.py does" in found[0].message


@pytest.mark.parametrize(
    "copy",
    [
        SMALL.replace("Pages:", "Leaves:"),
        SMALL.replace("    return 0", "    log(path)\n    return 0"),
        "def get(path):\n    return path.read_text()\n",
    ],
    ids=["a word differs", "does more", "tiny"],
)
def test_a_small_function_that_is_alike(review: Review, copy: str) -> None:
    assert of(review({"a.py": SMALL}, {"b.py": copy}), "upkeep:duplicate") == []


def test_methods_of_one_name_in_two_classes_are_parallel_by_design(review: Review) -> None:
    method = "".join(f"    {line}" for line in SMALL.splitlines(True))
    text = f"class A:\n{method}"
    assert of(review({"a.py": text}, {"a.py": f"{text}\n\nclass B:\n{method}"}), "upkeep:duplicate") == []


WIDTH = """\
def check_width(box, width):
    if width is None:
        raise ValueError(box)
    if width < box.least:
        width = box.least
    box.log(width)
    box.draw(width, box.edge)
    return box
"""
HEIGHT = WIDTH.replace("check_width", "check_height").replace("width", "height")


def test_a_name_replaced_everywhere_but_once(review: Review) -> None:
    slipped = (
        WIDTH.replace("check_width", "check_height").replace("width", "height").replace("draw(height", "draw(width")
    )
    found = of(review({"a.py": WIDTH}, {"a.py": f"{WIDTH}\n\n{slipped}"}), "upkeep:copied-name")
    assert len(found) == 1
    assert "width became height in 5 places, but here it is width still" in found[0].message
    assert found[0].quote.strip() == "box.draw(width, box.edge)"


@pytest.mark.parametrize("copy", [HEIGHT, HEIGHT.replace("box", "frame"), WIDTH.replace("check_width", "check_again")])
def test_a_name_replaced_throughout_is_no_slip(review: Review, copy: str) -> None:
    assert of(review({"a.py": WIDTH}, {"a.py": f"{WIDTH}\n\n{copy}"}), "upkeep:copied-name") == []
