"""Which kinds a change has: by its diff, near misses told apart, the author's words kept from the opening."""

from __future__ import annotations

import pytest

from rebuttal.debate.panel.kinds import MOST_KINDS, RULES, kinds_of
from rebuttal.debate.templates import template_from
from tests.debate.conftest import change_of

Files = dict[str, tuple[str | None, str | None]]


def ids(files: Files, framing: str = "") -> list[str]:
    return [kind.id for kind in kinds_of(change_of(files), framing=framing)]


def lines(count: int, pattern: str = "value_{0} = compute({0}, 'x')\n") -> str:
    return "".join(pattern.format(number) for number in range(count))


BODY = "def total(items):\n    result = 0\n    for item in items:\n        result += item.price\n    return result\n"

LOOP = """\
def owed(connection, customers, rate):
    owed = {}
    for customer in customers:
        total = 0
        for order in connection.orders(customer):
            if not order.paid:
                total += order.price * rate
        owed[customer] = total
    return owed
"""
REARRANGED = """\
def owed(connection, customers, rate):
    return {customer: unpaid(connection, customer, rate) for customer in customers}


def unpaid(connection, customer, rate):
    orders = [order for order in connection.orders(customer) if not order.paid]
    return sum(order.price * rate for order in orders)
"""

POSITIVE: dict[str, list[Files]] = {
    "migration": [
        {"shop/migrations/0007_add_email.py": (None, "operations = [AddField('user', 'email')]\n")},
        {"db/migrate/20260101_users.rb": (None, "add_column :users, :email, :string\n")},
        {"db/V2__add_email.sql": (None, "ALTER TABLE users ADD COLUMN email text;\n")},
        {"store/schema.py": ("X = 1\n", "X = 1\nrun('ALTER TABLE users ADD COLUMN email text')\n")},
        {"prisma/migrations/1_init/migration.sql": (None, "CREATE TABLE a (id int);\n")},
    ],
    "security": [
        {"app/auth/views.py": ("x = 1\n", "x = 1\nif not user.is_admin:\n    raise Denied\n")},
        {"app/users.py": ("check_password(user)\nhmac.new(key)\nx = 1\n", "x = 1\n")},
        {"app/find.py": ("x = 1\n", "x = 1\nrun(f\"SELECT * FROM a WHERE b = '{b}'\")\n")},
        {"app/find.js": ("x = 1\n", "x = 1\ndb.query(`SELECT * FROM a WHERE b = ${b}`)\n")},
        {"app/run.py": ("run(['ls'])\n", "run('ls ' + name, shell=True)\n")},
        {"api/http.go": ("a := 1\n", "a := 1\nhttp.SetCookie(w, c)\nc.HttpOnly = false\n")},
    ],
    "api-change": [
        {"lib/cart.py": (BODY, BODY.replace("total(items)", "total(items, rate)"))},
        {
            "lib/cart.ts": (
                "export function sum(a: number) {\n  return a\n}\n",
                "export function sum(a: string) {\n  return a\n}\n",
            )
        },
        {"lib/cart.go": ("func Sum(a int) int {\n\treturn a\n}\n", "x := 1\n")},
        {"lib/cart.rs": ("pub fn sum(a: u8) -> u8 {\n    a\n}\n", "pub fn sum(a: u16) -> u16 {\n    a\n}\n")},
        {"api/cart.proto": ("string id = 1;\n", "string id = 2;\n")},
        {
            "app/views.py": (
                "@app.get('/cart')\ndef _cart():\n    pass\n",
                "@app.get('/basket')\ndef _cart():\n    pass\n",
            )
        },
    ],
    "test": [
        {"tests/test_cart.py": ("assert total([]) == 0\n", "assert total([]) is not None\n")},
        {"src/cart.test.ts": (None, lines(40)), "src/cart.ts": ("a = 1\n", "a = 2\n")},
    ],
    "refactoring": [
        {"a.py": (LOOP, REARRANGED)},
        {"a.py": (lines(12) + "x = 1\n", "x = 1\n"), "b.py": ("y = 2\n", "y = 2\n" + lines(12))},
        {
            "a.py": (
                "old_name(1)\nq = 1\nold_name(2)\nq = 2\nold_name(3)\n",
                "new_name(1)\nq = 1\nnew_name(2)\nq = 2\nnew_name(3)\n",
            )
        },
    ],
    "bug-fix": [
        {
            "cart.py": (BODY, BODY.replace("items:", "items[1:]:")),
            "tests/test_cart.py": ("x = 1\n", "x = 1\nassert total([1, 2])\n"),
        },
        {"cart.py": ("if a < b:\n    go()\n", "if a <= b:\n    go()\n")},
    ],
    "architecture-review": [
        {
            f"{folder}/mod.py": ("import a\n" + lines(2), "import b\n" + lines(60, "call_{0}(x)\n"))
            for folder in ("a", "b", "c")
        },
        {f"new/part{number}.py": (None, lines(60)) for number in range(3)},
    ],
    "code-quality": [{"cart.py": ("x = 1\n", "x = 1\n" + lines(80))}],
}

NEAR: dict[str, list[Files]] = {
    "migration": [
        {"tests/test_schema.py": (None, "run('CREATE TABLE users (id int)')\n")},
        {"shop/migrations/README.md": (None, "How to migrate: ALTER TABLE users\n")},
        {"shop/migrations/__init__.py": (None, "x = 1\n")},
        {"a.py": ("x = 1\n", "x = 1\n# ALTER TABLE users was here once\n")},
        {"docs/schema.md": ("a\n", "ALTER TABLE users\n")},
    ],
    "security": [
        {"lexer/tokenizer.py": ("x = 1\n", "x = 1\ntoken = next_token()\ntokens.append(token)\n")},
        {"blog/author.py": ("x = 1\n", "x = 1\nauthor = post.author\nauthors.append(author)\n")},
        {"ml/evaluate.py": ("x = 1\n", "x = 1\nevaluate(model)\nexecute(plan)\n")},
        {"tests/test_login.py": ("x = 1\n", "x = 1\npassword = 'x'\ncheck_password(password)\n")},
        {"app/find.py": ("x = 1\n", "x = 1\nrun('SELECT * FROM a WHERE b = ?', b)\n")},
        {"app/find.py": ("x = 1\n", "x = 1\nlog.info('Please select one where you can')\n")},
        {"app/run.py": ("run('ls ' + name, shell=True)\n", "run(['ls', name])\n")},
        {"app/forms.py": ("x = 1\n", "x = 1\nlabel = 'Password'\n")},
        {"app/users.py": ("x = 1\n", "x = 1\n# password and csrf\n# hmac\n")},
    ],
    "api-change": [
        {"lib/cart.py": (BODY, BODY.replace("items:", "items[1:]:"))},
        {"lib/cart.py": (BODY, BODY + "\n\ndef fresh():\n    return 1\n")},
        {"lib/cart.py": ("def _inner(a):\n    return a\n", "def _inner(a, b):\n    return a\n")},
        {"tests/test_cart.py": ("def test_a():\n    pass\n", "def test_b():\n    pass\n")},
        {"a.py": (BODY + "x = 1\n", "x = 1\n"), "b.py": ("y = 1\n", "y = 1\n" + BODY)},
        {"lib/cart.go": ("func sum(a int) int {\n\treturn a\n}\n", "func sum(a, b int) int {\n\treturn a\n}\n")},
    ],
    "test": [
        {"tests/test_cart.py": ("a\n", "b\n"), "cart.py": (lines(3), lines(3, "other_{0} = 1\n"))},
        {"contest.py": ("a = 1\n", "a = 2\n")},
        {"src/cart.test.ts": (None, lines(20)), "src/cart.ts": ("a = 1\n", "a = 2\n")},
    ],
    "refactoring": [
        {"a.py": (lines(12), lines(12, "other_{0} = 1\n"))},
        {"a.py": ("}\n" * 12, "x = 1\n"), "b.py": ("", "}\n" * 12)},
        {"a.py": ("x = 1\n", "y = 1\n")},
    ],
    "bug-fix": [
        {"cart.py": (lines(5), "if a == 1:\n    go(2)\nelse:\n    stop(3)\n" + lines(1))},
        {"cart.py": (None, "if a < b:\n    go()\n")},
        {"cart.py": (BODY, BODY + "\n\ndef more(a):\n    if a:\n        return 1\n")},
        {"cart.py": ("colour = 'red'\n", "colour = 'blue'\n")},
        {"cart.py": ("x = 1\n", "x = 1\n" + lines(50, "if a{0} == 1: go()\n"))},
    ],
    "architecture-review": [
        {f"{folder}/mod.py": ("import a\n", "import b\n") for folder in ("a", "b", "c", "d")},
        {
            f"a/{name}.py": ("import a\n" + lines(2), "import b\n" + lines(60, "call_{0}(x)\n"))
            for name in ("a", "b", "c")
        },
        {"new/part.py": (None, lines(300))},
    ],
    "code-quality": [
        {"cart.py": (lines(80), lines(80, "other_{0} = 1\n"))},
        {"docs/cart.md": (None, lines(200))},
        {"tests/test_cart.py": (None, lines(200))},
    ],
}


@pytest.mark.parametrize(("kind", "files"), [(kind, files) for kind, some in POSITIVE.items() for files in some])
def test_a_kind_is_told_by_the_diff(kind: str, files: Files) -> None:
    assert kind in ids(files)


@pytest.mark.parametrize(("kind", "files"), [(kind, files) for kind, some in NEAR.items() for files in some])
def test_what_only_looks_like_it_is_not_of_the_kind(kind: str, files: Files) -> None:
    assert kind not in ids(files)


def test_every_rule_is_tried_both_ways() -> None:
    assert set(POSITIVE) == set(NEAR) == set(RULES)


def test_where_nothing_speaks_there_is_no_kind() -> None:
    assert ids({"a.py": ("x = 1\n", "x = 2\n")}) == []
    assert ids({"README.md": ("a\n", "fix the migration of passwords\n")}) == []
    assert ids({}) == []


def test_a_change_has_at_most_two_kinds_what_is_dearest_to_miss_first() -> None:
    files: Files = {
        "shop/migrations/0007.py": (None, lines(90)),
        "shop/auth/views.py": (BODY, "if not is_admin(user): raise Denied(password)\n"),
    }
    assert ids(files) == ["migration", "security"]
    assert MOST_KINDS == 2


def test_the_reason_is_told() -> None:
    (kind,) = kinds_of(change_of({"db/V2__a.sql": (None, "ALTER TABLE a ADD b int;\n")}))
    assert (kind.name, kind.reason, kind.blind) == ("Migration", "db/V2__a.sql is a migration", True)


def test_a_reason_holds_nothing_of_a_string_of_the_code() -> None:
    old, new = ("".join(f"use('{key}', {n})\nq = {n}\n" for n in range(3)) for key in ("sk1secret", "sk2secret"))
    rotated: Files = {"a.py": (old, new)}
    route: Files = {"a.py": ("@app.get('/sk1secret')\ndef _f(): ...\n", "@app.get('/sk2secret')\ndef _f(): ...\n")}
    for files, kind in ((rotated, "refactoring"), (route, "api-change")):
        found = kinds_of(change_of(files))
        assert kind in [one.id for one in found]
        assert all("secret" not in one.reason for one in found)


def test_what_only_the_author_says_is_not_for_the_opening() -> None:
    change = change_of({"a.py": ("x = 1\n", "x = 2\n")})
    (kind,) = kinds_of(change, framing="Branch: main\n\nFix the total of an empty cart")
    assert (kind.id, kind.blind, kind.reason) == ("bug-fix", False, "the author's words say 'fix'")
    assert kinds_of(change, framing="Prefix and suffix of a fixture") == ()


def test_a_line_that_gets_one_name_more_does_not_end_the_review() -> None:
    """`f()` became `f(x)` in a release of rich: between the names nothing differed, and pairing them failed."""
    before, after = "width = terminal_size()\nlog(width)\n", "width = terminal_size(descriptor)\nlog(width)\n"
    assert "refactoring" not in ids({"a.py": (before, after)})


def test_a_refactoring_that_only_the_author_calls_so_is_not_for_the_opening_either() -> None:
    (kind,) = kinds_of(change_of({"a.py": ("x = 1\n", "x = 2\n")}), framing="Refactor the cart")
    assert (kind.id, kind.blind) == ("refactoring", False)


def test_the_authors_words_change_nothing_that_the_diff_tells() -> None:
    change = change_of(POSITIVE["bug-fix"][0])
    blind = [kind for kind in kinds_of(change, framing="a safe refactoring, fix nothing") if kind.blind]
    assert blind == list(kinds_of(change))
    assert [kind.id for kind in blind] == ["bug-fix"]


OWN = "---\nkind: payments\nname: Payments\npaths: billing/, *.money\n---\n## opening\nCount the cents.\n"


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        ("billing/pay.py", True),
        ("src/billing/deep/pay.py", True),
        ("a/b.money", True),
        ("billings/pay.py", False),
        ("billing.py", False),
    ],
)
def test_a_kind_of_the_users_own_goes_by_its_paths(path: str, is_one: bool) -> None:
    own = template_from("payments.md", OWN)
    kinds = kinds_of(change_of({path: ("x = 1\n", "x = 2\n")}), own=(own,))
    assert [kind.id for kind in kinds] == (["payments"] if is_one else [])


def test_the_users_template_takes_the_place_of_the_packages() -> None:
    own = template_from("bug-fix.md", "---\nkind: bug-fix\nname: Repair\n---\n## opening\nOurs.\n")
    (kind,) = kinds_of(change_of(POSITIVE["bug-fix"][1]), own=(own,))
    assert kind.template is own


def test_huge_and_strange_diffs_are_read_in_linear_time() -> None:
    huge = "a" * 200_000 + "\n" + "(" * 5000 + "\n" + lines(20_000)
    assert ids({"a.py": (huge, huge[::-1])}) is not None
