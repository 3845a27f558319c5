"""What the static panel said of real changes and was not worth it (bench/labels), with what it must still say."""

from __future__ import annotations

import pytest

from tests.evidence.conftest import Files, Review, of

Case = tuple[Files, Files, Files]
"""The base; a change of which nothing is said; a change of which the rule speaks."""

BODY = "\n    x = item.price\n    x += item.rate\n    return x\n"
SHOP = "\n\n".join(f"def {name}(item):{BODY}" for name in ("charge", "refund", "discount"))
SHOP_TESTS = "from shop import *\n\n\ndef test_all():\n    assert charge(1) and refund(1) and discount(1)\n"
TESTED: Files = {"shop.py": SHOP, "tests/test_shop.py": SHOP_TESTS}

PHP_METHOD = "  public function {}()\n  {{\n    $a = 1;\n    return $a + 1;\n  }}\n"
PHP_CLASS = (
    "<?php\nclass A\n{\n" + "".join(PHP_METHOD.format(name) for name in ("charge", "refund", "discount")) + "}\n"
)
PHP: Files = {"A.php": PHP_CLASS, "tests/ATest.php": "<?php\n$a->charge();\n$a->refund();\n$a->discount();\n"}
GETTER = PHP_CLASS.removesuffix("}\n") + "  public function getToken()\n  {\n    return $this->token;\n  }\n}\n"

GO: Files = {
    "go.mod": "module example.org/a\n",
    "a.go": "package a\n\ntype Context struct{ n int }\n\nfunc (c *Context) reset(n int) {\n\tc.n = n\n}\n",
    "b.go": "package a\n\nfunc use(c *Context) {\n\tc.reset(1)\n}\n",
}
RENAMED = (
    "package a\n\ntype Context interface{}\n\ntype context struct{ n int }\n\n"
    "func (c *context) reset(n int) {\n\tc.n = n\n}\n"
)
GONE = "package a\n\ntype Context struct{ n int }\n"

JAVA: Files = {
    "src/app/net/Money.java": "package app.net;\n\npublic class Money {\n  public static int half(int n) {\n"
    "    return n / 2;\n  }\n}\n",
    "src/app/Use.java": "package app;\n\nimport app.net.Money;\n\npublic class Use {\n  Money util;\n"
    "  int of(int n) {\n"
    "    return Money.half(n);\n  }\n}\n",
}
FACADE = '@file:JvmName("Money")\npackage app.net\n\nfun half(n: Int) = n / 2\n'

QUIET: Files = {f"src/{name}.js": "export function f(a) {\n  return a;\n}\n" for name in "abcd"}
LEVELS = """\
export function f(a, type) {
  if (type === 'error') {
    console.error(a);
  } else {
    console.log(a);
  }
  return a;
}
"""
LOOKS = "export function f(a) {\n  console.log(a);\n  return a;\n}\n"

RUST = 'fn app() {\n    Arg::new("o").long("output");\n    Arg::new("d").long("dry-run");\n}\n'

RAILS = """\
class AController < ApplicationController
  before_action :require_owner

  def show
    render :show
  end
end
"""
POSTS = """\
def post(name, text)
  s = Sponge.new
  s.fetch("https://example.org/users/#{CGI.escape(name)}", :post, {
    status: CGI.escape(text),
    visibility: "public"
  })
end
"""

CASES: dict[str, list[Case]] = {
    "upkeep:untested": [
        (TESTED, {"shop.py": f"{SHOP}\n\nclass Bill(NamedTuple):\n    a: int\n    b: int\n    c: int\n"}, {}),
        (PHP, {"A.php": GETTER}, {"A.php": GETTER.replace("$this->token", "$this->read('token', 1)")}),
        (
            TESTED,
            {"shop.py": f"{SHOP}\n\n# @api private\ndef settle(item):{BODY}"},
            {"shop.py": f"{SHOP}\n\ndef settle(item):{BODY}"},
        ),
    ],
    "impact:removed": [
        (GO, {"a.go": RENAMED}, {"a.go": GONE}),
        (
            JAVA,
            {"src/app/net/Money.java": None, "src/app/net/Money.kt": FACADE},
            {"src/app/net/Money.java": None, "src/app/net/Money.kt": None},
        ),
    ],
    "impact:export": [
        (
            {"docs/log.md": "# Log\n\nLong.\n", "deploy.sh": "cp LOG.md docs/log.md\n"},
            {"docs/log.md": None},
            {},
        ),
        (
            {"docs/log.md": "# Log\n\nLong.\n", "deploy.sh": "upload docs/log.md\n"},
            {},
            {"docs/log.md": None},
        ),
    ],
    "structure:debug": [(QUIET, {"src/a.js": LEVELS}, {"src/a.js": LOOKS})],
    "upkeep:undocumented": [
        (
            {"cli.rs": RUST, "README.md": "`--output`, `--dry-run`\n"},
            {"cli.rs": RUST.replace("fn app", '/// Arg::new("v").long("verbose");\nfn app')},
            {"cli.rs": RUST.replace("}\n", '    Arg::new("v").long("verbose");\n}\n')},
        )
    ],
    "structure:guard-removed": [
        (
            {"app/a_controller.rb": RAILS},
            {"app/a_controller.rb": RAILS.replace("  before_action :require_owner\n", "  include Owned\n")},
            {"app/a_controller.rb": RAILS.replace("  before_action :require_owner\n", "")},
        ),
        (
            {"a.rb": POSTS},
            {"a.rb": POSTS.replace("CGI.escape(text)", "text", 1)},
            {"a.rb": POSTS.replace("CGI.escape(name)", "name", 1)},
        ),
    ],
    "ruff:S307": [({"a.py": "x = 1\n"}, {"a.py": "x = eval(\"'\\\\ud800'\")\n"}, {"a.py": "x = eval(given)\n"})],
    "ruff:S605": [
        (
            {"a.py": "import os\n"},
            {"a.py": "import os\n\nfor one in 'vim', 'nano':\n    os.system('which %s' % one)\n"},
            {"a.py": "import os\n\nfor one in given:\n    os.system('which %s' % one)\n"},
        )
    ],
    "ruff:S113": [
        (
            {"example.py": "x = 1\n", "src/a.py": "x = 1\n"},
            {"example.py": "import requests\n\nr = requests.get(url)\n"},
            {"src/a.py": "import requests\n\nr = requests.get(url)\n"},
        )
    ],
    "steering:silenced": [
        (
            {"src/a.py": "x = 1\n"},
            {"src/a.py": "x = 1\nraise  # noqa: PLE0704\n"},
            {"src/a.py": "x = 1\ny = load(given)  # nosec B301\n"},
        )
    ],
}


@pytest.mark.parametrize(
    ("rule", "case"),
    [pytest.param(rule, one, id=f"{rule} {n}") for rule, given in CASES.items() for n, one in enumerate(given)],
)
def test_only_what_is_worth_it_is_said(review: Review, rule: str, case: Case) -> None:
    before, quiet, loud = case
    if quiet:
        assert of(review(before, quiet), rule) == []
    if loud:
        assert len(of(review(before, loud), rule)) == 1


NESTED = (
    "".join(f"{'    ' * depth}for x{depth} in rows:\n" for depth in range(1, 7))
    + f"{'    ' * 7}if rows:\n{'    ' * 8}pass\n"
)
HARD = "def f(rows):\n" + NESTED * 2


def test_a_library_of_one_file_that_is_taken_over_is_not_called_hard_to_follow(review: Review) -> None:
    assert len(of(review({"b.py": "x = 1\n"}, {"a.py": HARD}), "upkeep:complexity")) == 1
    assert of(review({"b.py": "x = 1\n"}, {"a.py": HARD + "\nX = 1" * 2_000 + "\n"}), "upkeep:complexity") == []


def test_the_copy_that_a_build_makes_is_told_of_once_and_by_its_source(review: Review) -> None:
    found = of(review({"b.py": "x = 1\n"}, {"src/a/index.py": HARD, "deno_dist/a/index.py": HARD}), "upkeep:complexity")
    assert [one.file for one in found] == ["src/a/index.py"]
