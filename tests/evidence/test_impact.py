"""A changed signature or a removed symbol: each language with the fault and its nearest innocent neighbour."""

from __future__ import annotations

import pytest

from rebuttal.evidence.impact.check import SECONDS, check
from rebuttal.evidence.model import CheckFailed, Material
from tests.evidence.conftest import Files, Review, callers, of
from tests.gitrepo import GitRepo

PY = {
    "app/__init__.py": "",
    "app/net.py": "def fetch(url, retries=1):\n    return url, retries\n",
    "app/use.py": "from app.net import fetch\n\n\ndef go():\n    return fetch('a')\n",
    "tests/test_net.py": "from app import net\n\n\ndef test_it():\n    assert net.fetch('a', retries=2)\n",
}


def test_a_new_required_parameter_names_the_callers_that_do_not_pass_it(review: Review) -> None:
    (found,) = of(
        review(PY, {"app/net.py": "def fetch(url, timeout, retries=1):\n    return url, timeout\n"}), "impact:"
    )
    assert found.rule == "impact:signature"
    assert (found.file, found.side, found.severity, found.source) == ("app/net.py", "new", "high", "static")
    assert found.quote == "def fetch(url, timeout, retries=1):"
    assert callers(found) == [("app/use.py", 5), ("tests/test_net.py", 5)]
    assert "`timeout` is new and required" in found.message
    assert "app/use.py:5" in found.message
    assert found.raised_by == ("architect",)
    assert [step.phase for step in found.trace] == ["static"]
    assert found.id


def test_callers_that_were_changed_with_it_are_not_named(review: Review) -> None:
    after = {
        "app/net.py": "def fetch(url, timeout, retries=1):\n    return url, timeout\n",
        "app/use.py": "from app.net import fetch\n\n\ndef go():\n    return fetch('a', 3)\n",
        "tests/test_net.py": "from app import net\n\n\ndef test_it():\n    net.fetch('a', timeout=1, retries=2)\n",
    }
    assert of(review(PY, after), "impact:") == []


@pytest.mark.parametrize(
    "signature",
    ["url, retries=1, *, timeout=None", "url, retries=1, timeout=3", "url, retries=1, *args, **kwargs", "url, retries"],
)
def test_what_every_call_still_fits_is_no_finding(review: Review, signature: str) -> None:
    before = {**PY, "app/use.py": "from app.net import fetch\n\n\ndef go():\n    return fetch('a', retries=1)\n"}
    assert of(review(before, {"app/net.py": f"def fetch({signature}):\n    return url\n"}), "impact:") == []


def test_a_call_that_the_change_only_took_an_argument_from_was_changed_with_it(review: Review) -> None:
    before = {
        "app/__init__.py": "",
        "app/net.py": "def fetch(url, cache, theme):\n    return url\n",
        "app/use.py": "from app.net import fetch\n\nfetch(\n    'a',\n    'cache',\n    'theme',\n)\n",
    }
    after = {
        "app/net.py": "def fetch(url, theme):\n    return url\n",
        "app/use.py": before["app/use.py"].replace("    'cache',\n", ""),
    }
    assert of(review(before, after), "impact:") == []


@pytest.mark.parametrize(
    ("call", "signature", "reason"),
    [
        ("fetch('a', retries=2)", "url, attempts=1", "`retries`"),
        ("fetch('a', 2)", "url, *, retries=1", "at most 1"),
        ("fetch('a')", "url, retries", "misses `retries`"),
        ("fetch('a', 2)", "url", "at most 1"),
        ("fetch('a', 2)", "retries, url", "passes for `url` what `retries` now takes"),
        ("fetch('a', 2)", "url, timeout=None, retries=1", "passes for `retries` what `timeout` now takes"),
    ],
)
def test_each_way_a_signature_can_break_a_call(review: Review, call: str, signature: str, reason: str) -> None:
    before = {**PY, "app/use.py": f"from app.net import fetch\n\n\ndef go():\n    return {call}\n"}
    del before["tests/test_net.py"]
    (found,) = of(review(before, {"app/net.py": f"def fetch({signature}):\n    return 1\n"}), "impact:")
    assert callers(found) == [("app/use.py", 5)]
    assert reason in found.message


@pytest.mark.parametrize(
    "use",
    [
        "def fetch(url):\n    return url\n\n\nfetch('a')\n",  # its own function of that name
        "from other import fetch\n\nfetch('a')\n",  # another module's
        "def go(fetch):\n    return fetch('a')\n",  # a parameter
        "from app.net import fetch\n\n\ndef go(fetch):\n    return fetch('a')\n",  # hidden by a parameter
        "from app.net import fetch\n\n\ndef go(*args):\n    return fetch(*args)\n",  # how many is not known
        "class A:\n    def fetch(self, url):\n        return self.fetch(url)\n",  # a method
        "import app\n\napp.fetch('a')\n",  # not that module's
        "# fetch('a')\ntext = 'fetch(1)'\n",  # a comment and a string
        "try:\n    from app.net import fetch\nexcept ImportError:\n    def fetch(u): ...\n\nfetch('a')\n",  # either
    ],
)
def test_a_call_that_may_be_of_another_symbol_is_not_reported(review: Review, use: str) -> None:
    before = {**PY, "app/use.py": use, "other.py": "def fetch(url): ...\n", "tests/test_net.py": ""}
    assert of(review(before, {"app/net.py": "def fetch(url, timeout, retries=1):\n    return 1\n"}), "impact:") == []


@pytest.mark.parametrize(
    ("use", "line"),
    [
        ("from app.net import fetch as get\n\nget('a')\n", 3),
        ("from .net import fetch\n\nfetch('a')\n", 3),
        ("import app.net\n\napp.net.fetch('a')\n", 3),
        ("import app.net as n\n\nn.fetch('a')\n", 3),
        ("from app.api import fetch\n\nfetch('a')\n", 3),  # through a re-export
        ("from app.star import *\n\nfetch('a')\n", 3),
        ("def go():\n    from app.net import fetch\n    return fetch('a')\n", 3),
    ],
)
def test_a_caller_is_found_by_whatever_import(review: Review, use: str, line: int) -> None:
    before = {
        **PY,
        "app/use.py": use,
        "app/api.py": "from app.net import fetch\n",
        "app/star.py": "from app.net import *\n",
        "tests/test_net.py": "",
    }
    (found,) = of(review(before, {"app/net.py": "def fetch(url, timeout):\n    return 1\n"}), "impact:")
    assert ("app/use.py", line) in callers(found)


def test_a_package_below_src_is_found_by_its_import_name(review: Review) -> None:
    before = {f"src/{path}": text for path, text in PY.items() if path.startswith("app")}
    (found,) = of(review(before, {"src/app/net.py": "def fetch(url, timeout):\n    return 1\n"}), "impact:")
    assert callers(found) == [("src/app/use.py", 5)]


METHODS = """\
class Client:
    def __init__(self, base):
        self.base = base

    def fetch_page(self, url):
        return url

    @staticmethod
    def build_url(path):
        return path

    def go(self):
        return self.fetch_page('a')


Client.build_url('a')
Client('b')
"""
SUBCLASS = (
    "from client import Client\n\n\nclass Mine(Client):\n    def go(self):\n        return self.fetch_page('a')\n"
)


def test_methods_are_followed_through_self_class_and_subclass(review: Review) -> None:
    after = METHODS.replace("(self, url)", "(self, url, depth)").replace("build_url(path)", "build_url(path, query)")
    found = of(review({"client.py": METHODS, "mine.py": SUBCLASS}, {"client.py": after}), "impact:")
    assert {one.title.split("`")[1]: callers(one) for one in found} == {
        "Client.fetch_page()": [("client.py", 13), ("mine.py", 6)],
        "Client.build_url()": [("client.py", 16)],
    }


def test_a_constructor_is_called_by_its_class_and_by_super(review: Review) -> None:
    mine = (
        "from client import Client\n\n\nclass Mine(Client):\n    def __init__(self):\n        super().__init__('b')\n"
    )
    after = METHODS.replace("__init__(self, base)", "__init__(self, base, key)")
    (found,) = of(review({"client.py": METHODS, "mine.py": mine}, {"client.py": after}), "impact:")
    assert callers(found) == [("client.py", 17), ("mine.py", 6)]
    assert "`Client()`" in found.title


def test_a_method_called_on_an_object_counts_only_if_its_name_is_defined_once(review: Review) -> None:
    use = "from client import Client\n\n\ndef go(client):\n    return client.fetch_page('a')\n"
    after = METHODS.replace("(self, url)", "(self, url, depth)")
    (found,) = of(review({"client.py": METHODS, "use.py": use}, {"client.py": after}), "impact:")
    assert ("use.py", 5) in callers(found)


def test_a_method_of_another_class_with_the_same_name_is_left_alone(review: Review) -> None:
    use = "from client import Client\n\n\ndef go(client):\n    return client.fetch_page('a')\n"
    other = "class Other:\n    def fetch_page(self, url): ...\n"
    after = METHODS.replace("(self, url)", "(self, url, depth)")
    (found,) = of(review({"client.py": METHODS, "use.py": use, "other.py": other}, {"client.py": after}), "impact:")
    assert callers(found) == [("client.py", 13)]


def test_a_decorator_that_may_change_the_signature_silences_the_check(review: Review) -> None:
    before = {**PY, "app/net.py": "@wrap\ndef fetch(url):\n    return url\n", "tests/test_net.py": ""}
    assert of(review(before, {"app/net.py": "@wrap\ndef fetch(url, timeout):\n    return url\n"}), "impact:") == []


def test_a_removed_function_is_anchored_on_its_old_definition(review: Review) -> None:
    before = {**PY, "app/net.py": "X = 1\n\n\ndef fetch(url, retries=1):\n    return url\n"}
    (found,) = of(review(before, {"app/net.py": "X = 1\n"}), "impact:")
    assert (found.rule, found.side, found.range.start.line) == ("impact:removed", "old", 3)
    assert found.quote == "def fetch(url, retries=1):"
    assert callers(found) == [("app/use.py", 1), ("tests/test_net.py", 5)]


@pytest.mark.parametrize(
    "now",
    [
        "from app.http import fetch\n",  # moved and passed on
        "from app.http import *\n",
        "fetch = make()\n",
        "def __getattr__(name): ...\n",
        "try:\n    import fast\nexcept ImportError:\n    def fetch(url, retries=1): ...\n",
    ],
)
def test_a_name_that_can_still_be_taken_from_its_module_is_not_gone(review: Review, now: str) -> None:
    after = {"app/net.py": now, "app/http.py": "def fetch(url, retries=1):\n    return url\n"}
    assert of(review(PY, after), "impact:") == []


def test_a_moved_function_whose_importers_were_not_changed_is_told_with_its_new_home(review: Review) -> None:
    after = {"app/net.py": "X = 1\n", "app/http.py": PY["app/net.py"]}
    (found,) = of(review(PY, after), "impact:")
    assert "was moved to app/http.py" in found.message


def test_a_guarded_import_of_what_is_gone_is_provided_for(review: Review) -> None:
    use = "try:\n    from app.net import fetch\nexcept ImportError:\n    fetch = None\n"
    assert of(review({**PY, "app/use.py": use, "tests/test_net.py": ""}, {"app/net.py": "X = 1\n"}), "impact:") == []


def test_a_deleted_file_gives_one_finding_for_all_its_names(review: Review) -> None:
    before = {"a.py": "def one(): ...\ndef two(): ...\n", "b.py": "from a import one, two\n"}
    (found,) = of(review(before, {"a.py": None}), "impact:")
    assert (found.file, found.side) == ("a.py", "old")
    assert len(found.related) == 2


def test_a_file_that_became_a_package_is_not_gone(review: Review) -> None:
    before = {"a.py": "def one(): ...\n", "b.py": "from a import one\n"}
    after: Files = {"a.py": None, "a/__init__.py": "from a.impl import one\n", "a/impl.py": "def one(): ...\n"}
    assert of(review(before, after), "impact:") == []


TS = {
    "src/net.ts": "export function fetchPage(url: string): string {\n  return url;\n}\n",
    "src/use.ts": "import { fetchPage as get } from './net';\n\nget('a');\n",
    "src/index.ts": "export { fetchPage } from './net';\n",
    "src/far.tsx": "import * as net from '.';\n\nexport const a = net.fetchPage('a');\n",
}


def test_typescript_callers_are_found_by_alias_namespace_and_reexport(review: Review) -> None:
    after = {"src/net.ts": TS["src/net.ts"].replace("url: string)", "url: string, depth: number)")}
    (found,) = of(review(TS, after), "impact:")
    assert callers(found) == [("src/far.tsx", 3), ("src/use.ts", 3)]
    assert found.quote == "export function fetchPage(url: string, depth: number): string {"


@pytest.mark.parametrize("parameters", ["url: string, depth?: number", "url: string, depth = 1", "...url: string[]"])
def test_typescript_optional_parameters_break_nobody(review: Review, parameters: str) -> None:
    after = {"src/net.ts": TS["src/net.ts"].replace("url: string)", f"{parameters})")}
    assert of(review(TS, after), "impact:") == []


def test_a_removed_typescript_export_names_importers(review: Review) -> None:
    (found,) = of(review(TS, {"src/net.ts": "export const x = 1;\n"}), "impact:removed")
    assert ("src/use.ts", 1) in callers(found)


def test_javascript_extra_arguments_are_no_fault_but_missing_and_shifted_ones_are(review: Review) -> None:
    before = {
        "a.js": "function f(x, y) { return x + y; }\nfunction g(x) { return x; }\nmodule.exports = { f, g };\n",
        "b.js": "const { f } = require('./a');\nconst a = require('./a');\nf(1, 2);\na.g(1);\n",
    }
    shifted = before["a.js"].replace("f(x, y)", "f(first, x, y)")
    (found,) = of(review(before, {"a.js": shifted}), "impact:")
    assert callers(found) == [("b.js", 3)]
    assert found.confidence == "likely"


def test_a_javascript_parameter_that_the_body_checks_is_optional(review: Review) -> None:
    before = {
        "a.js": "export function g(x) { return x; }\n",
        "b.js": "import { g } from './a.js';\ng(1);\n",
    }
    after = {"a.js": "export function g(x, options) { options = options || {}; return x; }\n"}
    assert of(review(before, after), "impact:") == []


GO = {
    "go.mod": "module example.org/shop\n\ngo 1.22\n",
    "price/price.go": "package price\n\nfunc Total(a int) int { return a }\n\nfunc own() int { return Total(1) }\n",
    "price/price_test.go": 'package price\n\nimport "testing"\n\nfunc TestTotal(t *testing.T) { Total(1) }\n',
    "main.go": 'package main\n\nimport "example.org/shop/price"\n\nfunc main() { price.Total(1) }\n',
}


def test_go_callers_in_the_package_its_tests_and_other_packages(review: Review) -> None:
    after = {"price/price.go": GO["price/price.go"].replace("Total(a int)", "Total(a, b int)")}
    (found,) = of(review(GO, after), "impact:")
    assert callers(found) == [("main.go", 5), ("price/price.go", 5), ("price/price_test.go", 5)]


def test_a_go_function_of_another_package_with_the_same_name_is_left_alone(review: Review) -> None:
    before = {
        **{path: text for path, text in GO.items() if path != "price/price_test.go"},
        "main.go": 'package main\n\nimport "other.org/price"\n\nfunc main() { price.Total(1) }\n',
        "tax/tax.go": "package tax\n\nfunc Total(a int) int { return a }\n\nfunc x() { Total(1) }\n",
        "price/price.go": "package price\n\nfunc Total(a int) int { return a }\n",
    }
    after = {"price/price.go": before["price/price.go"].replace("Total(a int)", "Total(a, b int)")}
    assert of(review(before, after), "impact:") == []


def test_go_variadic_parameters_and_multiple_results_are_taken(review: Review) -> None:
    before = {
        **GO,
        "main.go": 'package main\n\nimport "example.org/shop/price"\n\nfunc main() { price.Total(two()) }\n',
    }
    after = {"price/price.go": GO["price/price.go"].replace("Total(a int)", "Total(a int, rest ...int)")}
    assert of(review(before, after), "impact:") == []


def test_a_removed_go_method_is_missed_through_its_receiver(review: Review) -> None:
    before = {"a.go": "package a\n\ntype T struct{}\n\nfunc (t *T) one() {}\n\nfunc (t *T) two() { t.one() }\n"}
    after = {"a.go": "package a\n\ntype T struct{}\n\nfunc (t *T) two() { t.one() }\n"}
    (found,) = of(review(before, after), "impact:removed")
    assert callers(found) == [("a.go", 5)]


def test_a_call_that_stood_wrong_in_the_base_is_no_news(review: Review) -> None:
    before = {**PY, "app/use.py": "from app.net import fetch\n\nfetch()\n", "tests/test_net.py": ""}
    assert of(review(before, {"app/net.py": "def fetch(url, timeout):\n    return 1\n"}), "impact:") == []


def test_the_search_ends_at_its_time_limit_and_says_so(git_repo: GitRepo) -> None:
    from rebuttal.change.model import Scope
    from rebuttal.change.read import read_change

    git_repo.commit(files=PY)
    git_repo.commit(files={"app/net.py": "def fetch(url, timeout):\n    return 1\n"})
    ticks = iter([0.0, SECONDS + 1])
    with (
        read_change(git_repo.root, Scope("commit", "HEAD")) as reading,
        pytest.raises(CheckFailed, match="1 of 1 altered symbols were not searched"),
    ):
        list(check(Material(reading.change, reading.repository), clock=lambda: next(ticks)))


def test_a_method_that_a_dataclass_lost_is_missed_but_not_one_that_became_its_field(review: Review) -> None:
    text = "from dataclasses import dataclass\n\n\n@dataclass\nclass Bill:\n    paid: int\n\n"
    text += "    def left_over(self):\n        return 1\n"
    user = "from bill import Bill\n\n\ndef show(bills: list[Bill]):\n    return [one.left_over() for one in bills]\n"
    renamed = text.replace("left_over", "remaining")
    (found,) = of(review({"bill.py": text, "user.py": user}, {"bill.py": renamed}), "impact:removed")
    assert callers(found) == [("user.py", 5)]
    field = text[: text.index("    def")] + "    left_over: object = None\n"
    assert of(review({"bill.py": text, "user.py": user}, {"bill.py": field}), "impact:removed") == []


BOTH = (
    "class Base:\n    def send_text(self, to, text):\n        raise NotImplementedError\n\n\n"
    "class Mail(Base):\n    def send_text(self, to, text):\n        return to, text\n"
)


def test_methods_of_one_name_that_change_alike_have_the_same_callers(review: Review) -> None:
    user = "from mail import Base\n\n\ndef run(one: Base):\n    one.send_text('a', 'b')\n"
    alike = BOTH.replace("to, text):", "to, text, when):")
    (found,) = of(review({"mail.py": BOTH, "user.py": user}, {"mail.py": alike}), "impact:signature")
    assert callers(found) == [("user.py", 5)]
    one = BOTH.replace("to, text):\n        return", "to, text, when):\n        return")
    assert of(review({"mail.py": BOTH, "user.py": user}, {"mail.py": one}), "impact:signature") == []


def test_a_method_that_went_down_to_the_heirs_is_not_missed_by_the_class_between(review: Review) -> None:
    base = "class Base:\n    def send_out(self):\n        pass\n\n    def other(self):\n        pass\n"
    middle = "from base import Base\n\n\nclass Middle(Base):\n    def run(self):\n        self.send_out()\n"
    last = "from middle import Middle\n\n\nclass Last(Middle):\n    pass\n"
    before = {"base.py": base, "middle.py": middle, "last.py": last}
    gone = "class Base:\n    def other(self):\n        pass\n"
    moved = last.replace("    pass", "    def send_out(self):\n        pass")
    assert of(review(before, {"base.py": gone, "last.py": moved}), "impact:removed") == []


def test_a_method_that_is_gone_everywhere_is_missed_by_the_heirs(review: Review) -> None:
    base = "class Base:\n    def send_out(self):\n        pass\n\n    def other(self):\n        pass\n"
    middle = "from base import Base\n\n\nclass Middle(Base):\n    def run(self):\n        self.send_out()\n"
    gone = "class Base:\n    def other(self):\n        pass\n"
    (found,) = of(review({"base.py": base, "middle.py": middle}, {"base.py": gone}), "impact:removed")
    assert callers(found) == [("middle.py", 6)]
