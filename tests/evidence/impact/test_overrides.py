"""Overrides and implementers that do not follow their base, and their nearest innocent neighbours."""

from __future__ import annotations

import pytest

from tests.evidence.conftest import Review, callers, of

BASE = (
    "from abc import ABC, abstractmethod\n\n\nclass Store(ABC):\n    @abstractmethod\n    def load(self, key): ...\n\n"
    "    def name(self):\n        return 'store'\n"
)
CHILD = (
    "from app.store import Store\n\n\nclass Files(Store):\n    def load(self, key):\n        return key\n\n\n"
    "def use():\n    return Files()\n"
)
PY = {"app/__init__.py": "", "app/store.py": BASE, "app/files.py": CHILD}
WIDER = BASE.replace("self, key", "self, key, default=None")


def test_an_override_that_no_longer_takes_what_its_base_takes_is_named(review: Review) -> None:
    (found,) = of(review(PY, {"app/store.py": WIDER}), "impact:override")
    assert (found.file, found.severity) == ("app/store.py", "low")
    assert callers(found) == [("app/files.py", 5)]
    assert "`default` is new" in found.message


@pytest.mark.parametrize(
    "child",
    [
        CHILD.replace("self, key", "self, key, default=None"),
        CHILD.replace("self, key", "self, *args, **kwargs"),
        CHILD.replace("self, key", "self, key, extra"),  # did not fit before either
        CHILD.replace("from app.store", "from elsewhere"),
        CHILD.replace("(Store)", ""),
        CHILD.replace("    def load", "    @staticmethod\n    def load"),
    ],
)
def test_an_override_that_fits_or_is_another_classs_is_not_named(review: Review, child: str) -> None:
    assert of(review({**PY, "app/files.py": child}, {"app/store.py": WIDER}), "impact:override") == []


def test_an_override_that_keeps_what_its_base_no_longer_takes_is_not_named(review: Review) -> None:
    base = "class Sender:\n    def send(self, request, verify=None, timeout=None):\n        raise NotImplementedError\n"
    child = base.replace("class Sender", "from app.base import Sender\n\n\nclass Mail(Sender)")
    before = {"app/__init__.py": "", "app/base.py": base, "app/mail.py": child}
    assert of(review(before, {"app/base.py": base.replace("verify=None, ", "")}), "impact:override") == []


def test_a_double_in_a_test_need_not_take_what_its_base_takes_besides(review: Review) -> None:
    before = {path: text for path, text in PY.items() if path != "app/files.py"}
    assert of(review({**before, "tests/test_files.py": CHILD}, {"app/store.py": WIDER}), "impact:override") == []


def test_an_override_that_leaves_its_base_is_told_where_it_changed(review: Review) -> None:
    after = CHILD.replace("self, key", "self, key, mode")
    (found,) = of(review(PY, {"app/files.py": after}), "impact:override")
    assert found.file == "app/files.py"
    assert callers(found) == [("app/store.py", 6)]
    assert "`Store.load()`" in found.message


def test_a_base_and_its_override_changed_together_are_no_finding(review: Review) -> None:
    after = {"app/store.py": WIDER, "app/files.py": CHILD.replace("self, key", "self, key, default=None")}
    assert of(review(PY, after), "impact:override") == []


MORE = BASE + "\n    @abstractmethod\n    def save(self, key): ...\n"


def test_a_new_abstract_method_that_a_class_lacks_is_told(review: Review) -> None:
    (found,) = of(review(PY, {"app/store.py": MORE}), "impact:override")
    assert callers(found) == [("app/files.py", 4)]
    assert "`Store.save()` is new and has to be implemented" in found.message


@pytest.mark.parametrize(
    "child",
    [
        CHILD.replace("    def load", "    def save(self, key): ...\n\n    def load"),
        CHILD.replace("    def load", "    save = None\n\n    def load"),
        CHILD.replace("(Store)", "(Store, Mixin)"),
        CHILD.replace("(Store)", "(Store, ABC)"),
        CHILD.replace("    def load", "    @abstractmethod\n    def other(self): ...\n\n    def load"),
    ],
)
def test_a_class_that_has_it_or_may_inherit_it_or_is_abstract_is_not_named(review: Review, child: str) -> None:
    assert of(review({**PY, "app/files.py": child}, {"app/store.py": MORE}), "impact:override") == []


TS_BASE = "export interface Store<T> {\n  load(key: string): T;\n}\n"
TS_CHILD = (
    "import { Store } from './store';\n\n"
    "export class Files implements Store<number> {\n  load(key: string) { return 1 }\n}\n"
)
JAVA_BASE = "package a;\n\npublic interface Store {\n  Object load(String key);\n}\n"
JAVA_CHILD = "package a;\n\nclass Files implements Store {\n  public Object load(String key) { return key; }\n}\n"
CS_BASE = "namespace A;\n\npublic interface IStore\n{\n    object Load(string key);\n}\n"
CS_CHILD = "namespace A;\n\nclass Files : IStore\n{\n    public object Load(string key) => key;\n}\n"
PHP_BASE = "<?php\ninterface Store {\n    public function load($key);\n}\n"
PHP_CHILD = "<?php\nclass Files implements Store {\n    public function load($key) { return $key; }\n}\n"


@pytest.mark.parametrize(
    ("home", "before", "extra", "user", "use", "line"),
    [
        ("src/store.ts", TS_BASE, "  save(key: string): void;\n}", "src/files.ts", TS_CHILD, 3),
        ("a/Store.java", JAVA_BASE, "  void save(String key);\n}", "a/Files.java", JAVA_CHILD, 3),
        ("IStore.cs", CS_BASE, "    void Save(string key);\n}", "Files.cs", CS_CHILD, 3),
        ("Store.php", PHP_BASE, "    public function save($key);\n}", "Files.php", PHP_CHILD, 2),
    ],
)
def test_a_new_method_of_an_interface_names_its_implementers(
    review: Review, home: str, before: str, extra: str, user: str, use: str, line: int
) -> None:
    (found,) = of(review({home: before, user: use}, {home: before.rstrip("}\n") + "\n" + extra + "\n"}), "impact:over")
    assert callers(found) == [(user, line)]


@pytest.mark.parametrize(
    ("home", "before", "extra", "user", "use"),
    [
        ("src/store.ts", TS_BASE, "  save?(key: string): void;\n}", "src/files.ts", TS_CHILD),
        ("src/store.ts", TS_BASE, "  save(): void;\n}", "src/files.ts", TS_CHILD.replace("class", "abstract class")),
        ("a/Store.java", JAVA_BASE, "  default void save(String key) {}\n}", "a/Files.java", JAVA_CHILD),
        (
            "a/Store.java",
            JAVA_BASE,
            "  void save();\n}",
            "a/Files.java",
            JAVA_CHILD.replace("Files", "Files extends B"),
        ),
    ],
)
def test_what_need_not_be_implemented_is_not_missed(
    review: Review, home: str, before: str, extra: str, user: str, use: str
) -> None:
    after = before.rstrip("}\n") + "\n" + extra + "\n"
    assert of(review({home: before, user: use}, {home: after}), "impact:over") == []


def test_php_overrides_must_take_what_their_parent_takes(review: Review) -> None:
    after = {"Store.php": PHP_BASE.replace("$key", "$key, $default = null")}
    (found,) = of(review({"Store.php": PHP_BASE, "Files.php": PHP_CHILD}, after), "impact:override")
    assert callers(found) == [("Files.php", 3)]


def test_php_overrides_may_name_their_parameters_otherwise(review: Review) -> None:
    after = {"Store.php": PHP_BASE.replace("$key", "$id")}
    assert of(review({"Store.php": PHP_BASE, "Files.php": PHP_CHILD}, after), "impact:override") == []


RUBY = "module Mail\n  class Sender\n    def post(to, text, urgent: false)\n      to\n    end\n  end\nend\n"
RUBY_CHILD = RUBY.replace("class Sender", "class Dry < Sender").replace("(to", "(address")


@pytest.mark.parametrize(
    ("now", "child", "told"),
    [
        ("to, subject, text, urgent: false", RUBY_CHILD, True),
        ("to, text, hurry: false", RUBY_CHILD, True),
        ("whom, words, urgent: false", RUBY_CHILD, False),
        (
            "to, subject, text, urgent: false",
            RUBY_CHILD.replace("address, text, urgent: false", "*args, **more"),
            False,
        ),
        ("to, subject, text, urgent: false", RUBY_CHILD.replace("< Sender", "< Other::Sender"), False),
        ("to, subject, text, urgent: false", RUBY_CHILD.replace("def post(", "def self.post("), False),
    ],
)
def test_in_ruby_an_override_takes_what_its_base_takes(review: Review, now: str, child: str, told: bool) -> None:
    before = {"lib/sender.rb": RUBY, "lib/dry.rb": child}
    found = of(review(before, {"lib/sender.rb": RUBY.replace("to, text, urgent: false", now)}), "impact:override")
    assert [callers(one) for one in found] == ([[("lib/dry.rb", 3)]] if told else [])


def test_in_ruby_an_alias_of_the_old_name_is_no_method_without_parameters(review: Review) -> None:
    renamed = RUBY.replace("def post", "def send_out").replace(
        "      to\n    end\n", "      to\n    end\n    alias post send_out\n"
    )
    assert (
        of(review({"lib/sender.rb": RUBY, "lib/dry.rb": RUBY_CHILD}, {"lib/sender.rb": renamed}), "impact:over") == []
    )


@pytest.mark.parametrize(
    ("was", "now", "own", "told"),
    [
        ("to: string, sum: number", "sum: number, to: string", "to: string, sum: number", True),
        ("to: string, sum: number", "sum: number, to: string", "sum: number, to: string", False),
        ("to: string, sum: string", "sum: string, to: string", "to: string, sum: string", False),
        ("to: string, sum: number", "to: string, total: number", "to: string, sum: number", False),
    ],
)
def test_an_override_that_keeps_the_order_its_base_gave_up_is_told(
    review: Review, was: str, now: str, own: str, told: bool
) -> None:
    base = f"export abstract class Payer {{\n  abstract pay({was}): void;\n}}\n"
    child = f"import {{ Payer }} from './payer';\n\nexport class Card extends Payer {{\n  pay({own}) {{}}\n}}\n"
    found = of(review({"payer.ts": base, "card.ts": child}, {"payer.ts": base.replace(was, now)}), "impact:override")
    assert [callers(one) for one in found] == ([[("card.ts", 4)]] if told else [])
