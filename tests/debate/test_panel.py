"""Which seats sit: by size and by what is touched; nothing where nothing needs a model."""

from __future__ import annotations

import pytest

from rebuttal.change.model import Change
from rebuttal.debate.panel.choice import choose_panel
from tests.debate.conftest import change_of

Files = dict[str, tuple[str | None, str | None]]


def seats(change: Change, panel: str = "auto") -> list[str]:
    return [seat.id for seat in choose_panel(change, panel).seats]


def lines(count: int, line: str = "value_{n} = compute({n})\n") -> str:
    return "".join(line.replace("{n}", str(n)) for n in range(count))


TRIVIAL: list[Files] = [
    {"README.md": ("# A\n", "# B\n")},
    {"docs/guide.rst": ("old\n", "new\n"), "CHANGELOG": ("", "fixed\n")},
    {"a.py": ("x = 1\n", "# why\nx = 1\n")},
    {"a.py": ("x = 1\n# old words\ny = 2\n", "x = 1\n# new words\n\n\ny = 2\n")},
    {"a.go": ("package a\n", "// Package a does it.\npackage a\n")},
    {"a.ts": ("let x = 1\n", "/**\n * Says why.\n */\nlet x = 1\n")},
    {"a.js": ("let x = 1\n", "/* why */\nlet x = 1\n")},
    {"README.md": ("a\n", "b\n"), "a.py": ("x = 1\n", "x = 1\n\n")},
]
NOT_TRIVIAL: list[Files] = [
    {"a.py": ("x = 1\n", "x = 2\n")},
    {"a.py": ("x = 1\n", "x = 1  # noqa\n")},
    {"a.py": ("x = f()\n", "# type: ignore\nx = f()\n")},
    {"a.py": ("x = f()\n", "# noqa: E501\nx = f()\n")},
    {"run.sh": ("ls\n", "#!/bin/sh\nls\n")},
    {"a.py": ('x = """\nabc\n"""\n', 'x = """\n# abc\n"""\n')},
    {"a.py": ("x = 1\n", "# harmless\u2028x = 2\nx = 1\n")},
    {"a.js": ("let x = 1\n", "// harmless\u2028evil()\nlet x = 1\n")},
    {"a.js": ("let x = `\na\n`\n", "let x = `\n// a\n`\n")},
    {"a.ts": ("f()\n", "// @ts-ignore\nf()\n")},
    {"a.js": ("f()\n", "// eslint-disable-next-line\nf()\n")},
    {"a.go": ("package a\n", "//go:build linux\npackage a\n")},
    {"a.c": ("int x;\n", "*p = 1;\nint x;\n")},
    {"a.c": ("int x;\n", "/* a */ int y; /* b */\nint x;\n")},
    {"a.c": ("int x;\n", "// continued \\\nint x;\n")},
    {"a.c": ("int x;\n", "#define X 1\nint x;\n")},
    {"requirements.txt": ("a==1\n", "a==2\n")},
    {"AGENTS.md": ("a\n", "b\n")},
    {"prompts/system.md": ("a\n", "b\n")},
    {".github/copilot-instructions.md": ("a\n", "b\n")},
    {"README.md": ("a\n", "b\n"), "a.py": ("x = 1\n", "x = 2\n")},
    {"notes": ("a\n", "b\n")},
]


@pytest.mark.parametrize("files", TRIVIAL)
def test_a_trivial_change_costs_nothing(files: Files) -> None:
    choice = choose_panel(change_of(files), "auto")
    assert (choice.panel, choice.seats, choice.rounds) == ("static", (), 0)
    assert choice.reasons[0].startswith("the change touches only ")


@pytest.mark.parametrize("files", NOT_TRIVIAL)
def test_what_only_looks_trivial_is_argued_about(files: Files) -> None:
    assert choose_panel(change_of(files), "auto").panel == "small"


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
        (601, 1, "large", 7, 5),
        (42, 21, "large", 7, 5),
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


@pytest.mark.parametrize(
    ("path", "line", "seat"),
    [
        ("app/views.py", "password = request.form['password']\n", "security-analyst"),
        ("app/store.py", "cursor.execute('select a from b')\n", "database"),
        ("web/list.tsx", "const shown = items.length\n", "frontend"),
        ("app/work.py", "async def go():\n    await asyncio.gather(*jobs)\n", "performance-expert"),
    ],
)
def test_what_is_touched_decides_who_sits(path: str, line: str, seat: str) -> None:
    change = change_of({path: ("", line + lines(20))})
    choice = choose_panel(change, "auto")
    assert seat in [one.id for one in choice.seats]
    assert choice.seats[0].id == "code-reviewer"
    assert any(path in reason for reason in choice.reasons)


def test_several_areas_of_risk_make_a_panel_larger() -> None:
    risky = "token = login(cursor.execute('select a from b'))\n"
    assert choose_panel(change_of({"a.py": ("", lines(100))}), "auto").panel == "small"
    assert choose_panel(change_of({"a.py": ("", risky + lines(100))}), "auto").panel == "medium"


def test_moderator_and_examiner_never_open() -> None:
    for panel in ("small", "medium", "large"):
        assert not {"moderator", "examiner"} & set(seats(change_of({"a.py": ("", lines(5))}), panel))


def test_no_file_left_means_no_debate() -> None:
    choice = choose_panel(change_of({}), "auto")
    assert (choice.panel, choice.reasons) == ("static", ("no file is left to review",))
