"""What stands or falls with a changed class or method, and its tests by name."""

from __future__ import annotations

import os
import subprocess
import sys

from rebuttal.context.packing import Candidate, pack
from tests.context.conftest import ContextOf
from tests.context.test_slices import FILLER, files_and_reasons, slice_of
from tests.gitrepo import GitRepo

SHAPES = {
    "shapes.py": "class Shape:\n    def area(self, unit):\n        raise NotImplementedError\n",
    "round.py": "from shapes import Shape\n\n\nclass Circle(Shape):\n    def area(self, unit):\n        return 3\n",
    "flat.py": "from shapes import Shape\n\n\nclass Square(Shape):\n    def area(self, unit):\n        return 4\n",
}


def test_a_changed_base_shows_what_overrides_it(context_of: ContextOf) -> None:
    context = context_of(SHAPES, {"shapes.py": SHAPES["shapes.py"].replace("unit", "unit, scale")})
    reasons = files_and_reasons(context)
    assert ("round.py", "Circle.area overrides Shape.area, whose signature changed") in reasons
    assert ("flat.py", "Square.area overrides Shape.area, whose signature changed") in reasons


def test_a_changed_override_shows_what_it_overrides_and_its_siblings(context_of: ContextOf) -> None:
    context = context_of(SHAPES, {"round.py": SHAPES["round.py"].replace("return 3", "return 3.14")})
    assert "NotImplementedError" in slice_of(context, "shapes.py", "Shape.area, which Circle.area overrides").text
    assert "as does Circle.area" in slice_of(context, "flat.py", "Square.area overrides Shape.area").reason


def test_a_new_member_of_an_interface_shows_who_has_to_implement_it(context_of: ContextOf) -> None:
    base = {
        "store.ts": "export interface Store {\n  get(key: string): string;\n}\n",
        "disk.ts": "import { Store } from './store';\n\nexport class Disk implements Store {\n"
        "  get(key: string): string {\n    return key;\n  }\n}\n",
    }
    context = context_of(base, {"store.ts": base["store.ts"].replace("}", "  put(key: string): void;\n}")})
    assert "without its own put, which is new" in slice_of(context, "disk.ts", "Disk extends Store").reason


def test_a_changed_method_of_an_interface_of_go_shows_its_types(context_of: ContextOf) -> None:
    base = {
        "go.mod": "module example.org/shop\n",
        "store.go": "package shop\n\ntype Store interface {\n\tGet(key string) string\n\tName() string\n}\n",
        "disk.go": "package shop\n\ntype Disk struct{}\n\nfunc (d Disk) Get(key string) string {\n\treturn key\n}\n\n"
        'func (d Disk) Name() string {\n\treturn "disk"\n}\n',
        "half.go": "package shop\n\ntype Half struct{}\n\nfunc (h Half) Get(key string) string {\n\treturn key\n}\n",
    }
    context = context_of(base, {"store.go": base["store.go"].replace("Get(key string)", "Get(key string, n int)")})
    files = {one.file for one in context.slices if "Store.Get" in one.reason}
    assert "disk.go" in files
    assert "half.go" not in files


def test_an_inherited_method_is_followed_to_its_base(context_of: ContextOf) -> None:
    base = {
        "base.py": "class Base:\n    def prepare_all(self):\n        return 1\n",
        "use.py": "from base import Base\n\n\nclass Job(Base):\n    def go(self):\n        return 0\n",
        "rival.py": "class Rival:\n    def prepare_all(self):\n        return 3\n",
    }
    context = context_of(base, {"use.py": base["use.py"].replace("return 0", "return self.prepare_all()")})
    assert ("base.py", "definition of Base.prepare_all, which use.py uses") in files_and_reasons(context)
    assert not any(one.file == "rival.py" for one in context.slices)


def test_the_type_of_a_receiver_is_read_where_it_is_written(context_of: ContextOf) -> None:
    base = {
        "a.py": "class Cart:\n    def add(self, item):\n        return item\n",
        "b.py": "class Set:\n    def add(self, item):\n        return None\n",
        "use.py": "from a import Cart\n\n\ndef go(cart: Cart, item):\n    return 0\n",
    }
    context = context_of(base, {"use.py": base["use.py"].replace("return 0", "return cart.add(item)")})
    assert ("a.py", "definition of Cart.add, which use.py uses") in files_and_reasons(context)
    assert not any(one.file == "b.py" for one in context.slices)


def test_tests_are_found_by_their_name(context_of: ContextOf) -> None:
    base = {
        "src/money.py": "def rounded(amount):\n    return amount\n",
        "tests/test_money.py": "import importlib\n\nmoney = importlib.import_module('src.money')\n\n\n"
        "def test_rounding():\n    assert money.rounded(1) == 1\n",
    }
    context = context_of(base, {"src/money.py": "def rounded(amount):\n    return round(amount)\n"})
    assert "test_rounding tests" in slice_of(context, "tests/test_money.py", "tests").reason


def test_the_same_text_is_sent_once(context_of: ContextOf) -> None:
    copied = "def checked(value):\n    if value is None:\n        raise ValueError('nothing given')\n    return value\n"
    base = {
        "one.py": copied,
        "two.py": copied,
        "a.py": "from one import checked\n\nx = 1\n",
        "b.py": "from two import checked\n\nx = 1\n",
    }
    change = {name: base[name].replace("x = 1", "x = checked(1)") for name in ("a.py", "b.py")}
    context = context_of(base, change)
    assert slice_of(context, "one.py", "definition").text == copied
    assert slice_of(context, "two.py", "definition").text == "… (the same text as one.py, lines 1 to 4)\n"


def test_a_cut_function_keeps_its_signature_its_failures_and_what_it_is_about() -> None:
    lines = ["def long(value):\n", *(f"    step_{n} = {n}\n" for n in range(400))]
    lines[150], lines[300] = "    raise ValueError(value)\n", "    wanted(value)\n"
    one = Candidate("a.py", "new", 0, 400, "why", 0.7, frozenset({"wanted"}), frozenset({0}))
    (found,) = pack([one], lambda _: lines, {}, 200)
    assert found.text.startswith("def long(value):\n")
    assert "raise ValueError(value)" in found.text
    assert "wanted(value)" in found.text
    assert "…" in found.text


_PRINT = """
import sys
from pathlib import Path
from rebuttal.change.model import Scope
from rebuttal.change.read import read_change
from rebuttal.context.build import build
from rebuttal.context.render import render
with read_change(Path(sys.argv[1]), Scope()) as reading:
    sys.stdout.buffer.write(render(build(reading.change, reading.repository, budget_tokens=900), "f").encode())
"""


def test_the_order_of_sets_does_not_reach_the_bytes(git_repo: GitRepo) -> None:
    callers = {f"u{n}.py": f"from core import run\n\n\ndef f{n}():\n{FILLER}    return run({n})\n" for n in range(9)}
    secret = {"conf.py": "password = 'k9x72-Lq!w'\ntoken = 'Zq81-xx!kP0'\n"}
    git_repo.commit("base", {"core.py": "def run(n):\n    return n\n", **callers, **SHAPES, **secret})
    git_repo.write("core.py", "from conf import password\n\n\ndef run(n, m):\n    return n + password\n")
    git_repo.write("shapes.py", SHAPES["shapes.py"].replace("unit", "unit, scale"))
    outputs = {
        subprocess.run(
            [sys.executable, "-c", _PRINT, str(git_repo.root)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "77")
    }
    assert len(outputs) == 1
    assert b"overrides" in outputs.pop()


def test_prose_that_names_what_is_gone_is_shown(context_of: ContextOf) -> None:
    base = {
        "core.py": "def compute_total(n):\n    return n\n",
        "README.md": "# Shop\n\nCall `compute_total`\nto add up.\n\nBye.\n",
    }
    context = context_of(base, {"core.py": "def total(n):\n    return n\n"})
    assert slice_of(context, "README.md", "compute_total, which is gone").text == "Call `compute_total`\nto add up.\n"


def test_code_without_a_grammar_is_looked_at_by_words_and_coverage_says_so(context_of: ContextOf) -> None:
    base = {"a.lua": "x = 1\n", "b.lua": "function order_total(n)\n  return n\nend\n\nprint(1)\n"}
    context = context_of(base, {"a.lua": "x = order_total(1)\n"})
    assert slice_of(context, "b.lua", "words of a.lua").text == "function order_total(n)\n  return n\nend\n"
    assert [(one.file, "by words only" in one.reason) for one in context.skipped] == [("a.lua", True)]


def test_cheap_pieces_that_are_only_likely_do_not_displace_what_added_lines_use() -> None:
    lines = {"used.py": [f"step_{n} = {n}\n" for n in range(30)], "like.py": [f"x{n} = {n}\n" for n in range(8)]}
    used = Candidate("used.py", "new", 0, 29, "definition", 0.5)
    likely = [Candidate("like.py", "new", n, n, "shares words", 0.44) for n in range(8)]
    found = pack([used, *likely], lambda one: lines[one.file], {}, 330)
    assert found[0].file == "used.py"
    assert "…" not in found[0].text
