"""What looks altered in one file and can be had all the same: noise that real changes showed."""

from __future__ import annotations

import pytest

from tests.evidence.conftest import Review, of

GO_MOD = {"go.mod": "module example.org/shop\n\ngo 1.22\n"}


@pytest.mark.parametrize(
    "new_home",
    ["price/sum.go", "price/price.go"],
)
def test_a_go_symbol_that_moved_within_its_package_is_not_gone(review: Review, new_home: str) -> None:
    total, other = "func Total(a int) int { return a }\n", "func Other() int { return Total(1) }\n"
    before = {**GO_MOD, "price/old.go": f"package price\n\n{total}", "price/price.go": f"package price\n\n{other}"}
    after: dict[str, str | None] = {"price/old.go": None if new_home == "price/price.go" else "package price\n"}
    after[new_home] = f"package price\n\n{total}" + (f"\n{other}" if new_home == "price/price.go" else "")
    assert of(review(before, after), "impact:") == []


def test_a_go_symbol_that_moved_to_another_package_is_gone(review: Review) -> None:
    total = "func Total(a int) int { return a }\n"
    before = {
        **GO_MOD,
        "price/old.go": f"package price\n\n{total}",
        "price/price.go": "package price\n\nfunc Other() int { return Total(1) }\n",
    }
    after = {"price/old.go": "package price\n", "sum/sum.go": f"package sum\n\n{total}"}
    (found,) = of(review(before, after), "impact:removed")
    assert [place.file for place in found.related] == ["price/price.go"]


def test_a_field_in_a_go_literal_is_no_use_of_a_type_of_its_name(review: Review) -> None:
    before = {
        "a.go": "package a\n\ntype Method int\n\ntype Route struct{ Method string }\n",
        "b.go": 'package a\n\nvar one = Route{\n\tMethod: "GET",\n}\n',
    }
    assert of(review(before, {"a.go": "package a\n\ntype Route struct{ Method string }\n"}), "impact:") == []


def test_a_go_type_that_moved_into_the_function_that_uses_it_is_not_gone(review: Review) -> None:
    before = {"a.go": "package a\n\ntype word string\n\nfunc f() word {\n\treturn word(1)\n}\n"}
    after = {"a.go": "package a\n\nfunc f() any {\n\ttype word string\n\treturn word(1)\n}\n"}
    assert of(review(before, after), "impact:") == []


def test_a_call_that_the_removed_method_never_took_is_of_another(review: Review) -> None:
    use = "package a\n\nfunc g(c *Context, m Machine) {\n\tm.Breakdown()\n}\n"
    before = {
        "a.go": "package a\n\ntype Context struct{}\n\nfunc (c *Context) Breakdown(code int, err error) {}\n",
        "b.go": use,
    }
    assert of(review(before, {"a.go": "package a\n\ntype Context struct{}\n"}), "impact:removed") == []


def test_a_blank_name_in_go_is_no_symbol(review: Review) -> None:
    before = {
        "a.go": "package a\n\nvar _ = 1\n",
        "b.go": "package a\n\nfunc f() {\n\t_ = g()\n}\n\nfunc g() int { return 1 }\n",
    }
    assert of(review(before, {"a.go": "package a\n"}), "impact:") == []


def test_a_field_of_another_object_is_no_use_of_a_removed_go_method(review: Review) -> None:
    start = (
        "package a\n\ntype Echo struct{ Server *http.Server }\n\nfunc (e *Echo) Start() { use(e.Server.TLSSetup) }\n"
    )
    before = {"a.go": start + "\nfunc (e *Echo) TLSSetup() int { return 1 }\n"}
    assert of(review(before, {"a.go": start}), "impact:removed") == []


def test_a_definition_whose_line_still_stands_is_not_gone(review: Review) -> None:
    # An unbalanced macro further up makes the grammar lose what follows.
    kept = "constexpr auto is_round(int t) -> bool {\n  return t > 1;\n}\n\nbool ask() { return is_round(2); }\n"
    before = {"a.h": "struct empty {};\n\n" + kept}
    after = {"a.h": "FMT_BEGIN(struct empty {)\n(((\n" + kept}
    assert of(review(before, after), "impact:removed") == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "const FormData = require('form-data')\n\nconst form = new FormData()\n",
            "const form = new FormData()\n",
        ),
        (
            "type Rate = number;\n\nexport type Config = { rate: Rate };\n",
            "export namespace all {\n  type Rate = number;\n  export type Config = { rate: Rate };\n}\n",
        ),
        (
            "type I = {};\n\nexport type Handler = (c: Context<I>) => void;\n",
            "export type Handler<E, I = {}> = (c: Context<I>) => void;\n",
        ),
    ],
)
def test_a_script_name_that_the_runtime_or_an_inner_scope_gives_is_not_gone(
    review: Review, before: str, after: str
) -> None:
    assert of(review({"a.ts": before}, {"a.ts": after}), "impact:") == []


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("{ return { x, index }; }", False),
        ("{ super_(x, index); }", False),
        ("{ return x + index.length; }", True),
        ("{ return `${x} ${index}`; }", True),
        ("{ index(x); }", True),
    ],
)
def test_a_javascript_argument_left_out_is_told_only_where_the_body_needs_it(
    review: Review, body: str, told: bool
) -> None:
    before = {
        "a.js": "export function f(x) { return x; }\n",
        "b.js": "import { f } from './a.js';\nf(1);\n",
    }
    after = {"a.js": f"export function f(x, index) {body}\n"}
    assert bool(of(review(before, after), "impact:signature")) is told


def test_a_spread_is_not_believed_to_land_in_another_parameter(review: Review) -> None:
    before = {
        "a.ts": "export function f(...args: any) { return g(...args); }\n\nfunction g(x: string) { return x; }\n",
    }
    after = {"a.ts": before["a.ts"].replace("g(x: string)", "g(site: string, x: string)")}
    assert of(review(before, after), "impact:signature") == []


def test_a_call_of_the_object_that_a_removed_method_wrapped_is_left_alone(review: Review) -> None:
    before = {
        "a.py": (
            "class Connection:\n    def finish_stream(self, number):\n        self.inner.finish_stream(number)\n\n"
            "    def run(self):\n        self.finish_stream(1)\n"
        )
    }
    after = {"a.py": "class Connection:\n    def run(self):\n        self.inner.finish_stream(1)\n"}
    assert of(review(before, after), "impact:removed") == []


def test_a_javascript_parameter_that_takes_the_old_ones_values_too_is_no_shift(review: Review) -> None:
    before = {
        "a.js": "export function serve(options) { return go(options); }\n",
        "b.js": "import { serve } from './a.js';\nserve({});\n",
    }
    after = {"a.js": "export function serve(handlerOrOptions, options) { return go(handlerOrOptions, options); }\n"}
    assert of(review(before, after), "impact:signature") == []


@pytest.mark.parametrize(("use", "told"), [("out.encoder", False), ("out.encoder()", True)])
def test_a_java_field_is_no_use_of_a_removed_method_of_its_name(review: Review, use: str, told: bool) -> None:
    settings = "package a;\n\npublic class Settings {\n    int encoder;\n\n    int encoder() { return 1; }\n}\n"
    before = {
        "a/Settings.java": settings,
        "a/Use.java": f"package a;\n\nclass Use {{\n    int f(Settings out) {{ return {use}; }}\n}}\n",
    }
    after = {"a/Settings.java": settings.replace("int encoder() { return 1; }", "int prepare() { return 1; }")}
    assert bool(of(review(before, after), "impact:removed")) is told


def test_a_c_function_that_the_grammar_loses_in_its_new_file_is_not_gone(review: Review) -> None:
    describe = "const struct op* op_describe(int op) {\n  return &ops[op];\n}\n"
    use = '#include "ops.h"\n\nint size(int op) { return op_describe(op)->size; }\n'
    before = {
        "ops.h": "const struct op* op_describe(int op);\n",
        "ops.c": f'#include "ops.h"\n\n{describe}',
        "use.c": use,
    }
    table = '#include "ops.h"\n\nstatic const struct op ops[] = {\n#include "list.h"\n};\n\n'
    assert of(review(before, {"ops.c": None, "table.c": table + describe}), "impact:removed") == []


def test_a_name_that_its_file_now_passes_on_from_all_of_another_is_not_gone(review: Review) -> None:
    before = {
        "ssg/index.ts": "export const toSSG = (app: string) => app;\n",
        "deno.ts": "import { toSSG } from './ssg/index';\n\ntoSSG('a');\n",
    }
    after = {"ssg/index.ts": "export * from './ssg';\n", "ssg/ssg.ts": before["ssg/index.ts"]}
    assert of(review(before, after), "impact:") == []


@pytest.mark.parametrize(("listed", "told"), [("<module>mock</module>", True), ("<!--<module>mock</module>-->", False)])
def test_a_java_module_that_maven_leaves_out_misses_nothing(review: Review, listed: str, told: bool) -> None:
    parent = f"<project><modules><module>core</module>{listed}</modules></project>\n"
    price = "package a;\n\npublic class Price {\n    public int total() { return 1; }\n}\n"
    before = {
        "pom.xml": parent,
        "core/pom.xml": "<project></project>\n",
        "mock/pom.xml": "<project></project>\n",
        "core/src/a/Price.java": price,
        "mock/src/a/Use.java": "package a;\n\nclass Use {\n    int f(Price one) { return one.total(); }\n}\n",
    }
    after = {"core/src/a/Price.java": price.replace("total()", "sum()")}
    assert bool(of(review(before, after), "impact:removed")) is told


def test_a_java_field_that_an_unknown_base_may_have_is_not_gone(review: Review) -> None:
    phone = (
        "package a;\n\npublic class Phone extends com.other.Message {\n    private int unknown;\n\n"
        "    int get() { return this.unknown; }\n}\n"
    )
    after = {"a/Phone.java": phone.replace("    private int unknown;\n\n", "")}
    assert of(review({"a/Phone.java": phone}, after), "impact:removed") == []


def test_a_ruby_optional_parameter_before_a_required_one_takes_no_first_argument(review: Review) -> None:
    query = "class Query\n  def self.make(_space = nil, depth)\n    depth\n  end\nend\n"
    before = {"query.rb": query, "use.rb": "require_relative 'query'\n\nQuery.make(32)\n"}
    assert of(review(before, {"query.rb": query.replace("_space = nil, ", "")}), "impact:signature") == []


def test_a_method_that_a_php_trait_takes_from_another_is_not_gone(review: Review) -> None:
    reads = "<?php\n\nnamespace App;\n\ntrait Reads\n{\n    protected function readValue($a)\n    {\n    }\n}\n"
    before = {
        "src/Reads.php": reads,
        "src/Job.php": (
            "<?php\n\nnamespace App;\n\nclass Job\n{\n    use Reads;\n\n"
            "    public function run()\n    {\n        $this->readValue(1);\n    }\n}\n"
        ),
    }
    after = {
        "src/Reads.php": "<?php\n\nnamespace App;\n\ntrait Reads\n{\n    use ReadsMore;\n}\n",
        "src/ReadsMore.php": reads.replace("trait Reads", "trait ReadsMore"),
    }
    assert of(review(before, after), "impact:removed") == []


def test_a_php_method_that_left_the_interface_is_still_there_in_a_class(review: Review) -> None:
    factory = (
        "<?php\n\nnamespace App;\n\ninterface Factory\n{\n    public function pause($queue);\n\n"
        "    public function go();\n}\n"
    )
    before = {
        "src/Factory.php": factory,
        "src/Manager.php": (
            "<?php\n\nnamespace App;\n\nclass Manager implements Factory\n{\n    public function pause($queue)\n    {\n"
            "    }\n\n    public function go()\n    {\n    }\n}\n"
        ),
        "src/Use.php": (
            "<?php\n\nnamespace App;\n\nclass Pauser\n{\n    public function run(Factory $manager)\n    {\n"
            "        $manager->pause('a');\n    }\n}\n"
        ),
    }
    after = {"src/Factory.php": factory.replace("    public function pause($queue);\n\n", "")}
    assert of(review(before, after), "impact:removed") == []


def test_a_call_that_a_test_wants_refused_is_no_forgotten_caller(review: Review) -> None:
    before = {
        "app/__init__.py": "",
        "app/net.py": "def encode(data=None):\n    return data\n",
        "tests/test_net.py": (
            "import pytest\nfrom app.net import encode\n\n\ndef test_it():\n    with pytest.raises(TypeError):\n"
            "        encode(123)\n"
        ),
    }
    after = {"app/net.py": "def encode(content=None, data=None):\n    return content or data\n"}
    assert of(review(before, after), "impact:signature") == []


def test_a_method_that_moved_down_to_an_heir_is_not_gone(review: Review) -> None:
    base = "class Base:\n    def show(self):\n        return self.span()\n"
    span = "\n    def span(self):\n        return 1\n"
    heir = "\n\nclass Heir(Base):\n    def go(self):\n        return 2\n"
    before = {"a.py": base + span + heir}
    assert of(review(before, {"a.py": base + heir + span}), "impact:removed") == []
