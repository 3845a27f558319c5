"""Claims about lines that the change leaves alone: heard with the changed line that brings them about, else not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from attrs import evolve

from rebuttal.change.model import FileDiff
from rebuttal.debate.anchoring import NOT_ENABLED, Anchoring
from rebuttal.debate.enabling import NEIGHBOURHOOD
from rebuttal.debate.exhibits import Exhibits
from rebuttal.debate.model import Raised, SetAside
from rebuttal.debate.transcript import transcript
from tests.debate.conftest import (
    NEW,
    OLD,
    SQL_LINE,
    Said,
    brief_of,
    claim_of,
    context_of,
    diff_of,
    play,
    ruling_of,
    says,
    shown,
)
from tests.debate.test_crossfire import opening

FILLER = "".join(f"def filler_{number}():\n    return {number}\n\n\n" for number in range(12))
BASE = (
    """\
TIMEOUT_MS = 5000


def price_of(item, rate):
    net = item.net
    return net * rate


"""
    + FILLER
    + """\
def checkout(cart):
    total = sum(price_of(item, 1.2) for item in cart)
    return charge(total)


def wait(connection):
    connection.settimeout(TIMEOUT_MS / 1000)
    return connection.read()


def passwords(store):
    return [row["password"] for row in store.rows()]
"""
)
CHANGED = BASE.replace("TIMEOUT_MS = 5000", "TIMEOUT_MS = 5").replace(
    "    net = item.net\n    return net * rate", "    net = item.net_cents\n    return net * rate"
)
FILES: Mapping[str, tuple[str | None, str | None]] = {"shop/prices.py": (BASE, CHANGED)}
CALLER = "from shop.prices import price_of\n\n\ndef invoice(item):\n    return render(price_of(item, 1.0))\n"
README = "# Shop\n\nWaiting ends after five seconds (`TIMEOUT_MS`).\n\nRun it with `make run`.\n"
OTHERS = {"shop/invoices.py": CALLER, "README.md": README}


def anchor(quote: str, argument: str = "It is wrong.", file: str = "shop/prices.py", **brief: Any) -> Raised | SetAside:
    made = brief_of(brief.pop("files", FILES), others=brief.pop("others", OTHERS), **brief)
    claim = claim_of(quote, "Something breaks", file=file, argument=argument)
    return Anchoring(made.change, Exhibits(made.context)).claim(claim, "architect", 0)


def enabling_line(quote: str, argument: str = "It is wrong.", **more: Any) -> tuple[str, str, int] | None:
    """Side, file and line of the enabling line; None: it needs none. Fails where the claim is set aside."""
    one = anchor(quote, argument, **more)
    assert isinstance(one, Raised), one.reason
    by = one.enabled_by
    return (by.side, by.file, by.first_line) if by is not None else None


def test_a_claim_on_a_changed_line_needs_nothing_else() -> None:
    assert enabling_line("    net = item.net_cents") is None
    assert enabling_line("TIMEOUT_MS = 5") is None


def test_nor_does_one_on_a_removed_line_or_beside_the_change() -> None:
    assert enabling_line("    net = item.net") is None
    assert enabling_line("    return net * rate") is None
    assert enabling_line("def filler_0():\n    return 0") is None


def test_nor_does_one_in_the_function_that_the_change_is_in() -> None:
    steps = "".join(f"    step_{number}(order)\n" for number in range(3 * NEIGHBOURHOOD))
    old = f"def ship(order):\n{steps}    return order.total\n"
    new = old.replace("    return order.total", "    return order.net")
    files: dict[str, tuple[str | None, str | None]] = {"ship.py": (old, new)}
    assert enabling_line("    step_0(order)", files=files, file="ship.py") is None
    # A function of many pages is not one place.
    long = old.replace(steps, steps * 5)
    huge: dict[str, tuple[str | None, str | None]] = {"ship.py": (long, long.replace(".total", ".net"))}
    far = anchor("def ship(order):", files=huge, file="ship.py", argument="It has no docstring.")
    assert isinstance(far, Raised), "it is the definition that the change lies in"
    assert far.enabled_by is not None


def test_nor_does_one_about_a_file_of_the_change_as_a_whole() -> None:
    assert enabling_line("") is None
    assert enabling_line("no such line anywhere at all") is None


def test_a_file_that_is_only_renamed_is_part_of_the_change_everywhere() -> None:
    made = brief_of({})
    diff = FileDiff("shop/new_place.py", "renamed", BASE, BASE, (), "shop/old_place.py")
    change = evolve(made.change, files=(diff,))
    anchoring = Anchoring(change, Exhibits(context_of(change, {"user.py": "import shop.old_place\n"})))
    inside = anchoring.claim(claim_of("    return charge(total)", file="shop/new_place.py"), "architect", 0)
    assert isinstance(inside, Raised)
    assert inside.enabled_by is None
    user = anchoring.claim(claim_of("import shop.old_place", file="user.py"), "architect", 0)
    assert isinstance(user, Raised)
    assert user.enabled_by is not None
    assert (user.enabled_by.file, user.enabled_by.side) == ("shop/new_place.py", "file")


@pytest.mark.parametrize(
    "argument",
    [
        "Every price is now wrong: `    net = item.net_cents` no longer gives euros.",
        "Every price is now wrong, see `+    net = item.net_cents`.",
        "Every price is now wrong, see `net  =  item.net_cents`.",
        "Every price is now wrong: ```\nnet = item.net_cents\n``` gives cents.",
        "Every price is now wrong: `= item.net_cents` gives cents.",
    ],
)
def test_the_changed_line_may_be_named_verbatim(argument: str) -> None:
    line = CHANGED.split("\n").index("    net = item.net_cents")
    assert enabling_line("    return charge(total)", argument) == ("new", "shop/prices.py", line)


def test_so_may_a_removed_line() -> None:
    line = BASE.split("\n").index("    net = item.net")
    argument = "What `-    net = item.net` gave is missing here."
    assert enabling_line("    return charge(total)", argument) == ("old", "shop/prices.py", line)


@pytest.mark.parametrize(
    ("quote", "file", "line"),
    [
        ("    connection.settimeout(TIMEOUT_MS / 1000)", "shop/prices.py", "TIMEOUT_MS = 5"),
        ("    total = sum(price_of(item, 1.2) for item in cart)", "shop/prices.py", "    net = item.net_cents"),
        ("    return render(price_of(item, 1.0))", "shop/invoices.py", "    net = item.net_cents"),
        ("Waiting ends after five seconds (`TIMEOUT_MS`).", "README.md", "TIMEOUT_MS = 5"),
    ],
)
def test_a_shared_symbol_is_enough(quote: str, file: str, line: str) -> None:
    """A constant that is set anew, a function whose body is altered; used in the file, elsewhere, in a document."""
    assert enabling_line(quote, file=file) == ("new", "shop/prices.py", CHANGED.split("\n").index(line))


def test_a_symbol_in_the_argument_is_enough_in_backticks_or_written_as_only_code_is() -> None:
    for argument in ("Its callers get cents from `price_of`.", "Its callers get cents from price_of() now."):
        assert enabling_line("    return charge(total)", argument) is not None


@pytest.mark.parametrize(
    ("quote", "argument"),
    [
        ("    return charge(total)", "The card may be charged twice."),
        ('    return [row["password"] for row in store.rows()]', "Passwords are stored in plain text in `row`."),
        ("    return connection.read()", "It reads without a limit: `connection.read()` may return gigabytes."),
        ("def filler_11():", "The name `filler_11` says nothing, and `return` is all it does."),
    ],
)
def test_what_stood_before_and_has_nothing_to_do_with_the_change_is_set_aside(quote: str, argument: str) -> None:
    one = anchor(quote, argument)
    assert isinstance(one, SetAside)
    assert one.reason == NOT_ENABLED


def test_so_is_a_claim_about_an_unchanged_file_that_names_nothing_of_the_change() -> None:
    one = anchor("Run it with `make run`.", "There is no such target.", "README.md")
    assert isinstance(one, SetAside)
    assert one.reason == NOT_ENABLED


COMMON_WORDS = """\
def load(path):
    result = read(path)
    return result


"""


@pytest.mark.parametrize("quote", ["    result = other(name)", "    return result"])
def test_words_that_any_code_shares_connect_nothing(quote: str) -> None:
    far = f"{COMMON_WORDS}{FILLER}def unrelated(name):\n    result = other(name)\n    print(result)\n"
    new = far.replace("    result = read(path)", "    result = fetch(path)")
    files: dict[str, tuple[str | None, str | None]] = {"load.py": (far, new)}
    one = anchor("    print(result)", f"`{quote.strip().partition(' ')[0]}` is printed.", "load.py", files=files)
    assert isinstance(one, SetAside)


def test_a_new_call_enables_a_claim_about_what_it_calls() -> None:
    """The function stood there before; that it can now be reached with user input is the change's doing."""
    helper = "import subprocess\n\n\ndef run(command):\n    return subprocess.check_output(command, shell=True)\n"
    old = "def view(request):\n    return ''\n"
    new = "def view(request):\n    return run(request.args['what'])\n"
    files: dict[str, tuple[str | None, str | None]] = {"view.py": (old, new)}
    place = enabling_line("def run(command):", files=files, others={"helper.py": helper}, file="helper.py")
    assert place == ("new", "view.py", 1)


def test_a_removed_function_enables_a_claim_about_its_caller() -> None:
    old = f"def is_allowed(user):\n    return user.admin\n\n\n{FILLER}"
    files: dict[str, tuple[str | None, str | None]] = {"auth.py": (old, FILLER)}
    caller = {"views.py": "from auth import is_allowed\n\n\ndef view(user):\n    assert is_allowed(user)\n"}
    place = enabling_line("    assert is_allowed(user)", files=files, others=caller, file="views.py")
    assert place == ("old", "auth.py", 0)


@pytest.mark.parametrize(
    ("file", "old", "new", "elsewhere"),
    [
        ("api.ts", "send({ user_id: 1 })\n", "send({ userId: 1 })\n", "const id = body.user_id;"),
        ("a.css", ".btn-primary { color: red }\n", ".btn-main { color: red }\n", '<a class="btn-primary">'),
        ("m.sql", "", "ALTER TABLE orders DROP COLUMN vat_rate;\n", "select vat_rate from orders"),
        ("c.toml", "max-size = 10\n", "max-size = 10000\n", "limit = settings['max-size']"),
        ("s.go", "func (s *Store) Load(id int) {}\n", "func (s *Store) Load(id string) {}\n", "s.Load(7)"),
    ],
)
def test_keys_columns_classes_and_options_are_symbols_too(file: str, old: str, new: str, elsewhere: str) -> None:
    files: dict[str, tuple[str | None, str | None]] = {file: (old or None, new)}
    assert enabling_line(elsewhere, files=files, others={"user.txt": f"{elsewhere}\n"}, file="user.txt") is not None


def test_of_a_selection_only_its_lines_enable() -> None:
    made = brief_of(FILES, others=OTHERS)
    change = evolve(made.change, only_lines={"shop/prices.py": range(0, 2)})
    anchoring = Anchoring(change, Exhibits(made.context))
    argument = "Wrong since `net = item.net_cents`."
    claim = claim_of("Run it with `make run`.", file="README.md", argument=argument)
    assert isinstance(anchoring.claim(claim, "architect", 0), SetAside)
    assert isinstance(anchoring.claim(evolve(claim, argument="See `TIMEOUT_MS = 5`."), "architect", 0), Raised)


def test_of_several_places_the_one_beside_the_change_is_meant() -> None:
    text = "".join(f"def f{n}(x):\n    check(x)\n    return {n}\n\n\n" + "# pad\n" * 15 for n in range(4))
    files: dict[str, tuple[str | None, str | None]] = {"f.py": (text, text.replace("return 2", "return -2"))}
    one = anchor("    check(x)", files=files, file="f.py")
    assert isinstance(one, Raised)
    assert (one.anchored, one.place.first_line) == (True, text[: text.index("return 2")].count("\n") - 1)


# --- what becomes of it ---

AWAY: dict[str, tuple[str | None, str | None]] = {"shop/users.py": (OLD, NEW)}
USER = {"shop/page.py": "from shop.users import find\n\n\ndef page(name):\n    return find(name)\n"}
PAGE_CLAIM = claim_of(
    "    return find(name)", "The page passes on what the user typed", file="shop/page.py",
    argument=f"The page passes the name as it came. `{SQL_LINE.strip()}` puts it into the query.",
)  # fmt: skip


def confirm_page(turn: Any) -> Said:
    quote = "    return find(name)"
    return says(
        rulings=tuple(evolve(ruling_of(one["claim"], "confirmed", quote), file="shop/page.py") for one in shown(turn))
    )


def test_the_enabling_line_is_a_place_of_the_finding_and_a_step_of_its_trace() -> None:
    played = play(brief_of(AWAY, others=USER), opening({"architect": says(PAGE_CLAIM)}, confirm_page))
    (finding,) = played.outcome.findings
    assert [(one.file, one.range.start.line) for one in finding.related] == [("shop/users.py", 4)]
    (step,) = [one for one in finding.trace if one.phase == "anchoring"]
    assert (step.file, step.quote) == ("shop/users.py", SQL_LINE.strip())
    assert "what brings it about is the change in `shop/users.py` line 5" in transcript(played.outcome)


def test_the_examiner_is_shown_the_enabling_line() -> None:
    brief = evolve(brief_of(AWAY, others=USER, profile="frugal"), shared="nothing of it")
    (turn,) = play(brief, opening({"architect": says(PAGE_CLAIM)}, confirm_page)).speaker.of("cross_examination")
    assert SQL_LINE in turn.prompt.shared + turn.prompt.ask


def test_a_line_that_was_taken_out_is_shown_where_it_stood() -> None:
    claim = evolve(PAGE_CLAIM, argument='It relied on `return run("select * from users where name = ?", name)`.')
    played = play(brief_of(AWAY, others=USER), opening({"architect": says(claim)}, confirm_page))
    (related,) = played.outcome.findings[0].related
    assert (related.file, related.range.start.line, related.range.start.character) == ("shop/users.py", 4, 0)
    assert "takes out" in related.message


def test_where_the_file_is_gone_the_trace_tells() -> None:
    files: dict[str, tuple[str | None, str | None]] = {"shop/users.py": (OLD, None)}
    claim = evolve(PAGE_CLAIM, argument="`find` is gone, so the import fails.")
    played = play(brief_of(files, others=USER), opening({"architect": says(claim)}, confirm_page))
    (finding,) = played.outcome.findings
    assert finding.related == ()
    assert [one.quote for one in finding.trace if one.phase == "anchoring"] == ["def find(name):"]


def test_what_is_set_aside_is_told_with_its_reason() -> None:
    claim = claim_of("    return connection.read()", "It reads without a limit", file="shop/prices.py")
    played = play(brief_of(FILES), opening({"architect": says(claim)}))
    assert [one.reason for one in played.outcome.set_aside] == [NOT_ENABLED]
    assert "leaves alone" in transcript(played.outcome)


def test_a_change_of_any_size_is_searched_in_time() -> None:
    """The lines of the change are read once, however many claims there are."""
    diff = diff_of("big.py", None, "".join(f"value_{n} = compute_{n}({n})\n" for n in range(20_000)))
    made = brief_of({})
    change = evolve(made.change, files=(diff,))
    anchoring = Anchoring(change, Exhibits(context_of(change, {"user.py": "print(value_777)\nprint('nothing')\n"})))
    for _ in range(50):
        found = anchoring.claim(claim_of("print(value_777)", file="user.py"), "architect", 0)
        assert isinstance(found, Raised)
        missed = claim_of("print('nothing')", file="user.py", argument="`no such line = here` and `nor this(one)`")
        assert isinstance(anchoring.claim(missed, "architect", 0), SetAside)
