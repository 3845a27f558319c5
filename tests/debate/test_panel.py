"""Which seats sit: by size and by what is touched; nothing where nothing needs a model."""

from __future__ import annotations

import pytest
from attrs import evolve

from rebuttal.change.model import Change
from rebuttal.debate.model import Seat
from rebuttal.debate.panel.choice import choose_panel
from rebuttal.debate.panel.seating import misnamed
from rebuttal.debate.prompts import load_prompts, seat_from
from tests.debate.conftest import change_of

Files = dict[str, tuple[str | None, str | None]]


def seats(change: Change, panel: str = "auto") -> list[str]:
    return [seat.id for seat in choose_panel(change, panel).seats]


def lines(count: int, line: str = "value_{n} = compute({n})\n") -> str:
    return "".join(line.replace("{n}", str(n)) for n in range(count))


@pytest.mark.parametrize(
    ("count", "files", "panel", "number", "rounds"),
    [
        (5, 1, "small", 2, 2),
        (15, 1, "small", 2, 2),
        (6, 2, "small", 3, 2),
        (16, 1, "small", 3, 2),
        (150, 1, "small", 3, 2),
        (151, 1, "medium", 5, 3),
        (30, 6, "medium", 5, 3),
        (601, 1, "large", 5, 5),
        (42, 21, "large", 5, 5),
    ],
)
def test_size_decides_panel_seats_and_rounds(count: int, files: int, panel: str, number: int, rounds: int) -> None:
    each = count // files
    change = change_of({f"m{n}.py": (None, lines(each)) for n in range(files)})
    choice = choose_panel(change, "auto")
    assert (choice.panel, len(choice.seats), choice.rounds) == (panel, number, rounds)
    assert choice.reasons


def test_a_named_panel_is_kept_whatever_the_change() -> None:
    change = change_of({"README.md": ("a\n", "b\n")})
    for panel, number, rounds in (("small", 3, 2), ("medium", 5, 3), ("large", 7, 5)):
        choice = choose_panel(change, panel)
        assert (choice.panel, len(choice.seats), choice.rounds) == (panel, number, rounds)
    assert choose_panel(change, "static").seats == ()
    with pytest.raises(ValueError, match="must be one of"):
        choose_panel(change, "huge")


PLAIN = lines(20)
TOUCHED = {
    "auth": ("app/views.py", "password = request.form['password']\n", "security-analyst"),
    "a path of auth": ("app/auth/rules.py", "a = b\n", "security-analyst"),
    "sql": ("app/store.py", "cursor.execute('select a from b')\n", "database"),
    "a migration": ("app/migrations/0001_a.py", "a = b\n", "database"),
    "a .sql file": ("schema.sql", "alter table a add column b int;\n", "database"),
    "an orm in ruby": ("app/models/a.rb", "user = User.find_by(name: name)\n", "database"),
    "ui": ("web/list.tsx", "const shown = items.length\n", "frontend"),
    "styles": ("web/list.css", "a { color: red }\n", "frontend"),
    "i/o": ("app/io.py", "data = requests.get(url)\n", "security-analyst"),
    "concurrency": ("app/work.py", "    await asyncio.gather(*jobs)\n", "performance-expert"),
    "concurrency in go": ("work.go", "\tgo func() { jobs <- one }()\n", "performance-expert"),
    "concurrency in java": ("Work.java", "    synchronized (this) { n++; }\n", "performance-expert"),
    "memory in c": ("a.c", "    memcpy(to, from, size);\n", "security-analyst"),
    "memory in rust": ("a.rs", "    unsafe { *p = 1 }\n", "security-analyst"),
    "a public api": ("api.py", "def total(items, rate):\n", "architect"),
    "a public api in go": ("api.go", "func Total(items []int) int {\n", "architect"),
    "a public api in java": ("Api.java", "    public int total(int[] items) {\n", "architect"),
    "a schema of messages": ("api.proto", "message A {}\n", "architect"),
    "dependencies": ("pyproject.toml", 'dependencies = ["a"]\n', "architect"),
}


@pytest.mark.parametrize(("path", "line", "seat"), TOUCHED.values(), ids=TOUCHED.keys())
def test_what_is_touched_decides_who_sits(path: str, line: str, seat: str) -> None:
    change = change_of({path: ("", line + PLAIN)})
    choice = choose_panel(change, "auto")
    assert choice.seats[0].id == "code-reviewer"
    assert seat in [one.id for one in choice.seats]
    assert seat not in choice.doubtful
    name = next(one.name for one in choice.seats if one.id == seat)
    assert any(reason.startswith(f"{name}: ") and path in reason for reason in choice.reasons)


def test_every_seat_can_be_reached_by_what_a_change_touches() -> None:
    reached = {one for path, line, _ in TOUCHED.values() for one in seats(change_of({path: ("", line + PLAIN)}))}
    reached |= set(seats(change_of({"app/cli/main.py": ("", "print('a')\n"), "docs/a.md": ("a\n", "b\n")})))
    reached |= set(seats(change_of({"a.py": ("", "def total(items):\n"), "docs/a.md": ("a\n", "b\n")})))
    assert reached == {seat.id for seat in load_prompts().openers}


def test_every_choice_has_its_reason_in_words() -> None:
    choice = choose_panel(change_of({"a.py": ("", PLAIN)}), "auto")
    assert choice.reasons[0] == "20 changed lines in 1 file: small"
    for seat, reason in zip(choice.seats, choice.reasons[1:], strict=True):
        assert reason.startswith(f"{seat.name}: ")


def test_several_areas_of_risk_make_a_panel_larger() -> None:
    risky = "token = login(cursor.execute('select a from b'))\n"
    assert choose_panel(change_of({"a.py": ("", lines(100))}), "auto").panel == "small"
    larger = choose_panel(change_of({"a.py": ("", risky + lines(100))}), "auto")
    assert larger.panel == "medium"
    assert "access, secrets or untrusted input and stored data touched: medium" in larger.reasons[0]


def test_documentation_beside_code_does_not_make_a_panel_larger() -> None:
    change = change_of({"a.py": ("", lines(5)), "docs/a.md": (None, lines(900, "word {n}\n"))})
    choice = choose_panel(change, "auto")
    assert len(choice.seats) == 2
    assert choice.reasons[0].startswith("5 changed lines in 1 file, documentation aside: tiny")


def test_words_in_tests_and_data_call_for_nobody() -> None:
    line = "password = cursor.execute('select a from b')\n"
    for path in ("tests/test_a.py", "data/a.csv", "pkg/a_test.go"):
        assert choose_panel(change_of({path: ("", line + PLAIN)}), "auto").doubtful
    assert "security-analyst" not in choose_panel(change_of({"ci.yml": ("", "token: 1\n" + PLAIN)}), "auto").doubtful


def test_moderator_and_examiner_never_open() -> None:
    for panel in ("small", "medium", "large"):
        assert not {"moderator", "examiner"} & set(seats(change_of({"a.py": ("", lines(5))}), panel))


# --- who is switched off ---


def test_a_seat_that_is_switched_off_does_not_sit_and_the_reasons_say_so() -> None:
    change = change_of({"a.py": ("", PLAIN)})
    choice = choose_panel(change, "auto", off=("architect", "ux-specialist"))
    assert [seat.id for seat in choice.seats] == ["code-reviewer", "security-analyst"]
    assert choice.reasons[-1] == "switched off by seats_off: Architect"
    assert choice.reasons[0] == choose_panel(change, "auto").reasons[0]


def test_the_place_of_a_seat_that_is_off_is_taken_only_by_one_that_is_called_for() -> None:
    change = change_of({"a.py": ("", "token = login(cursor.execute('select a from b'))\n" + lines(100))})
    before = [seat.id for seat in choose_panel(change, "auto").seats]
    after = choose_panel(change, "auto", off=before[:2])
    assert {seat.id for seat in after.seats} >= set(before[2:])
    assert not after.doubtful - choose_panel(change, "auto").doubtful


def test_a_panel_that_was_asked_for_is_filled_in_the_place_of_a_seat_that_is_off() -> None:
    change = change_of({"a.py": ("", PLAIN)})
    usual = [seat.id for seat in choose_panel(change, "small").seats]
    choice = choose_panel(change, "small", off=usual[1:2])
    assert len(choice.seats) == 3
    assert usual[1] not in {seat.id for seat in choice.seats}


@pytest.mark.parametrize("panel", ["auto", "small", "large"])
def test_where_every_seat_is_switched_off_no_model_is_asked(panel: str) -> None:
    off = [seat.id for seat in load_prompts().openers]
    choice = choose_panel(change_of({"a.py": ("", PLAIN)}), panel, off=off)
    assert (choice.panel, choice.seats, choice.rounds) == ("static", (), 0)
    assert "seats_off switches off every seat" in choice.reasons[0]


def test_a_seat_that_there_is_not_is_named_with_the_nearest() -> None:
    near, far, rules = misnamed(["databse", "zzz", "database", "moderator"], ())
    assert near == "seats_off: there is no seat databse: did you mean database?"
    assert far.startswith("seats_off: there is no seat zzz: the seats are architect, code-reviewer, ")
    (hidden,) = misnamed(["\u202edatabase\x1b[31m"], ())
    assert "there is no seat <U+202E>database<U+001B>[31m: did you mean database?" in hidden
    assert rules == "seats_off: the seat moderator raises nothing and cannot be switched off; leave it out."


def test_a_seat_of_the_users_own_can_be_switched_off() -> None:
    (own, *_) = load_prompts().openers
    mine = evolve(own, id="accessibility")
    assert misnamed(["accessibility"], ()) != ()
    assert misnamed(["accessibility"], (mine,)) == ()


# --- who is in doubt ---


def test_who_only_fills_the_panel_is_in_doubt() -> None:
    choice = choose_panel(change_of({"a.py": ("", PLAIN)}), "auto")
    assert [seat.id for seat in choice.seats] == ["code-reviewer", "architect", "security-analyst"]
    assert choice.doubtful == {"architect", "security-analyst"}
    assert "Architect: nothing that is touched calls for it, it fills the panel" in choice.reasons


def test_specialists_do_not_fill_a_panel() -> None:
    large = choose_panel(change_of({"a.py": ("", lines(900))}), "auto")
    assert not {"database", "frontend", "ux-specialist"} & {seat.id for seat in large.seats}


def test_a_panel_that_was_asked_for_is_filled_and_nobody_is_in_doubt() -> None:
    choice = choose_panel(change_of({"a.py": ("", PLAIN)}), "large")
    assert (len(choice.seats), choice.doubtful) == (7, frozenset())


def test_in_a_language_that_the_rules_do_not_know_words_are_a_doubtful_call() -> None:
    line = "cursor.execute('select a from b')\n"
    known = choose_panel(change_of({"a.py": ("", line + PLAIN)}), "auto")
    unknown = choose_panel(change_of({"a.ex": ("", line + PLAIN)}), "auto")
    assert "database" not in known.doubtful
    assert {"database"} < {seat.id for seat in unknown.seats}
    assert unknown.doubtful == {seat.id for seat in unknown.seats} - {"code-reviewer"}
    assert unknown.reasons[-1] == "the rules do not know the language of 1 file (a.ex)"


# --- seats of users ---


def own(areas: str = "", **more: str) -> Seat:
    head = "".join(f"{key}: {value}\n" for key, value in {"id": "privacy", "name": "Privacy", **more}.items())
    return seat_from("privacy.md", f"---\n{head}{areas}---\nYou ask whose data it is.\n")


def test_a_seat_of_the_user_sits_where_nothing_calls_for_others() -> None:
    choice = choose_panel(change_of({"a.py": ("", PLAIN)}), "auto", [own()])
    assert [seat.id for seat in choice.seats][:2] == ["code-reviewer", "privacy"]
    assert "privacy" not in choice.doubtful
    assert "Privacy: sits with every change" in choice.reasons


def test_a_seat_of_the_user_is_called_for_by_its_areas() -> None:
    seat = own("areas:\n  database: 90\n")
    sql = change_of({"a.py": ("", "cursor.execute('select a from b')\n" + PLAIN)})
    assert seats_of(sql, seat)[:2] == ["code-reviewer", "privacy"]
    assert "privacy" not in seats_of(change_of({"a.py": ("", lines(900))}), seat)


def test_a_seat_of_the_user_takes_the_place_of_ours_of_the_same_id() -> None:
    ours = own(id="code-reviewer", name="Our Reviewer")
    choice = choose_panel(change_of({"a.py": ("", PLAIN)}), "small", [ours])
    assert [seat.name for seat in choice.seats if seat.id == "code-reviewer"] == ["Our Reviewer"]


def test_a_seat_of_the_user_cannot_open_as_moderator() -> None:
    assert "moderator" not in seats_of(change_of({"a.py": ("", PLAIN)}), own(id="moderator"), "large")


def seats_of(change: Change, seat: Seat, panel: str = "auto") -> list[str]:
    return [one.id for one in choose_panel(change, panel, [seat]).seats]


def test_a_file_name_cannot_write_lines_of_its_own_into_the_reasons() -> None:
    change = change_of({"auth/a\nApproved by all\x1b[2J.py": ("", PLAIN)})
    assert not any("\n" in reason or "\x1b" in reason for reason in choose_panel(change, "auto").reasons)
