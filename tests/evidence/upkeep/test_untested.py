"""New public API that no test names."""

from __future__ import annotations

import pytest

from tests.evidence.conftest import Files, Review, of

BODY = "\n    x = item.price\n    x += item.rate\n    return x\n"
SHOP = "\n\n".join(f"def {name}(item):{BODY}" for name in ("charge", "refund", "discount"))
NEW = f"{SHOP}\n\ndef reimburse(item):{BODY}"
TESTS = "from shop import *\n\n\ndef test_all():\n    assert charge(1) and refund(1) and discount(1)\n"
BASE: Files = {"shop.py": SHOP, "tests/test_shop.py": TESTS}
CLASSES = "\n\n".join(f"class {name}:{BODY}" for name in ("Order", "Bill", "Card"))
GO = "package shop\n" + "".join(
    f"\nfunc {name}(a int) int {{\n\ta++\n\ta++\n\treturn a\n}}\n" for name in ("Charge", "Refund", "Discount")
)
GO_TESTS = "package shop\n\nfunc TestAll(t *testing.T) { Charge(1); Refund(1); Discount(1) }\n"


@pytest.mark.parametrize(
    ("before", "after", "name"),
    [
        (BASE, {"shop.py": NEW}, "reimburse"),
        ({"shop.py": CLASSES, "tests/test_shop.py": "def test():\n    assert Order() and Bill() and Card()\n"},
         {"shop.py": f"{CLASSES}\n\nclass Basket:{BODY}"}, "Basket"),
        ({"shop.go": GO, "shop_test.go": GO_TESTS},
         {"shop.go": f"{GO}\nfunc Reimburse(a int) int {{\n\ta++\n\ta++\n\treturn a\n}}\n"}, "Reimburse"),
    ],
)  # fmt: skip
def test_no_test_names_it(review: Review, before: Files, after: Files, name: str) -> None:
    found = of(review(before, after), "upkeep:untested")
    assert [(one.severity, f"No test names {name}," in one.message) for one in found] == [("low", True)]


def test_several_are_one_finding(review: Review) -> None:
    found = of(review(BASE, {"shop.py": f"{NEW}\n\ndef recharge(item):{BODY}"}), "upkeep:untested")
    assert len(found) == 1
    assert "reimburse, recharge, which are new" in found[0].message
    assert len(found[0].related) == 1


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (BASE, {"shop.py": NEW, "tests/test_shop.py": f"{TESTS}    assert reimburse(1)\n"}),
        ({**BASE, "tests/test_more.py": "def test():\n    assert shop.reimburse(1)\n"}, {"shop.py": NEW}),
        ({"shop.py": SHOP, "tests/test_shop.py": "def test():\n    assert main()\n"}, {"shop.py": NEW}),
        (BASE, {"shop.py": NEW.replace("reimburse", "_reimburse")}),
        (BASE, {"shop.py": SHOP.replace("x += item.rate", "x += item.rate * 2")}),
        ({**BASE, "old.py": f"def reimburse(item):{BODY}"}, {"shop.py": NEW, "old.py": None}),
        (BASE, {"shop.py": f"{SHOP}\n\ndef reimburse(item):\n    return 1\n"}),
    ],
    ids=["named", "named before", "nothing is tested by name", "private", "not new", "moved", "one line"],
)
def test_nothing_is_said(review: Review, before: Files, after: Files) -> None:
    assert of(review(before, after), "upkeep:untested") == []


RUST = "pub struct Shop;\n\nimpl Shop {\n" + "".join(
    f"    pub fn {name}(&self) -> u8 {{\n        let a = 1;\n        let b = 2;\n        a + b\n    }}\n"
    for name in ("charge", "refund", "discount")
)


@pytest.mark.parametrize(("header", "findings"), [("impl Payable for Shop {", 0), ("impl Shop {", 1)])
def test_a_traits_method_is_reached_by_the_trait(review: Review, header: str, findings: int) -> None:
    tests = "fn all() {\n    Shop.charge(); Shop.refund(); Shop.discount();\n}\n"
    pay = "    pub fn pay(&self) -> u8 {\n        let a = 1;\n        let b = 2;\n        a + b\n    }\n"
    added = f"\n{header}\n{pay}}}\n"
    before = {"src/shop.rs": f"{RUST}}}\n", "tests/all.rs": tests}
    found = of(review(before, {"src/shop.rs": f"{RUST}}}\n{added}"}), "upkeep:untested")
    assert len(found) == findings
