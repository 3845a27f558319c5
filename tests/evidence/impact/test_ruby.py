"""Ruby: the fault and its nearest innocent neighbours."""

from __future__ import annotations

import pytest

from tests.evidence.conftest import Review, callers, of

BOX = (
    "module Shop\n  class Box\n    def initialize(size, by: nil)\n      fill_up(size)\n    end\n\n"
    "    def fill_up(size, *rest)\n    end\n\n    def self.make(size)\n      new(size)\n    end\n  end\nend\n"
)


def files(use: str) -> dict[str, str]:
    return {"lib/box.rb": BOX, "lib/use.rb": use}


@pytest.mark.parametrize(
    ("old", "new", "use"),
    [
        ("make(size)", "make(size, colour)", "Shop::Box.make(1)\n"),
        ("make(size)", "make(size, colour)", "module Shop\n  Box.make 1\nend\n"),
        ("make(size)", "make(size, colour:)", "::Shop::Box.make(1) { 2 }\n"),
        ("make(size)", "make()", "Shop::Box.make(1)\n"),
        ("make(size)", "make(size, **nil)", "Shop::Box.make(1, 2)\nShop::Box.make(1, 2, 3)\n"),
        ("initialize(size, by: nil)", "initialize(size, from: nil)", "Shop::Box.new(1, by: 2)\n"),
        ("fill_up(size, *rest)", "fill_up(size, extra, *rest)", "Shop::Box.inspect\nbox.fill_up(1)\n"),
    ],
)
def test_a_call_that_does_not_fit_names_the_caller(review: Review, old: str, new: str, use: str) -> None:
    found = of(review(files(use), {"lib/box.rb": BOX.replace(old, new)}), "impact:signature")
    if "**nil" in new:
        assert found == []  # it did not fit before either
        return
    assert [path for one in found for path, _ in callers(one)][-1] == "lib/use.rb"


@pytest.mark.parametrize(
    ("old", "new", "use"),
    [
        ("make(size)", "make(size, colour = 1)", "Shop::Box.make(1)\n"),
        ("make(size)", "make(size, colour)", "Shop::Box.make(*all)\n"),
        ("make(size)", "make(size, colour)", "Box.make(1)\n"),
        ("make(size)", "make(size, colour)", "module Other\n  class Box; end\n  Box.make(1)\nend\n"),
        ("make(size)", "make(size, colour)", "other.make(1)\n"),
        ("make(size)", "make(size, colour)", "class Shop::Box\n  define_method(:make) { 1 }\nend\nShop::Box.make(1)\n"),
        ("initialize(size, by: nil)", "initialize(size, by: nil, to: 1)", "Shop::Box.new(1, by: 2)\n"),
        ("fill_up(size, *rest)", "fill_up(size, extra = 1, *rest)", "Shop::Box.inspect\nbox.fill_up(1)\n"),
        ("fill_up(size, *rest)", "fill_up(size)", "Shop::Box.inspect\nbox.fill_up(1)\n"),
        ("fill_up(size, *rest)", "fill_up(size)", "Shop::Box.inspect\nbox.fill_up = 1, 2\n"),
        (
            "fill_up(size, *rest)",
            "fill_up(size)",
            "class Bag\n  def fill_up(a, b)\n  end\nend\nShop::Box\nbag.fill_up(1, 2)\n",
        ),
    ],
)
def test_a_call_that_fits_or_means_something_else_is_not_named(review: Review, old: str, new: str, use: str) -> None:
    assert of(review(files(use), {"lib/box.rb": BOX.replace(old, new)}), "impact:") == []


def test_a_renamed_method_is_missed_in_its_own_class(review: Review) -> None:
    text = "class Box\n  def fill\n    weigh_all\n  end\n\n  def weigh_all\n  end\nend\n"
    (found,) = of(review({"box.rb": text}, {"box.rb": text.replace("def weigh_all", "def weigh")}), "impact:removed")
    assert callers(found) == [("box.rb", 3)]


@pytest.mark.parametrize(
    "body",
    [
        "    weigh_all = 1\n    weigh_all\n",
        "    each { |weigh_all| weigh_all }\n",
        "    send(:weigh_all)\n",
        "    other.weigh_all = 1\n",
    ],
)
def test_a_variable_or_a_dynamic_call_is_no_use_of_it(review: Review, body: str) -> None:
    text = f"class Box\n  def fill\n{body}  end\n\n  def weigh_all\n  end\nend\n"
    assert of(review({"box.rb": text}, {"box.rb": text.replace("def weigh_all", "def weigh")}), "impact:") == []


@pytest.mark.parametrize(
    "after",
    [
        "class Box\n  alias_method :weigh_all, :weigh\n  def fill\n    weigh_all(1)\n  end\nend\n",
        "class Box\n  def method_missing(name)\n  end\n\n  def fill\n    weigh_all(1)\n  end\nend\n",
        "class Box\n  define_method(:weigh_all) { |a| a }\n  def fill\n    weigh_all(1)\n  end\nend\n",
    ],
)
def test_a_method_made_in_another_way_is_no_loss(review: Review, after: str) -> None:
    before = "class Box\n  def fill\n    weigh_all(1)\n  end\n\n  def weigh_all(a)\n  end\nend\n"
    assert of(review({"box.rb": before}, {"box.rb": after}), "impact:") == []


def test_a_class_that_is_opened_again_elsewhere_keeps_its_methods(review: Review) -> None:
    kept = "module Rack\n  def self.go_on(a)\n    1\n  end\nend\n"
    before = {"rack.rb": kept + "Rack.go_on(1)\n", "use.rb": "Rack.go_on(2)\n"}
    assert of(review(before, {"rack.rb": "module Rack\nend\nRack.go_on(1)\n", "version.rb": kept}), "impact:") == []
