"""A new member of an enumeration: places that handle all the others, and their nearest innocent neighbours."""

from __future__ import annotations

import pytest

from tests.evidence.conftest import Review, callers, of

PY = "from enum import Enum\n\n\nclass Color(Enum):\n    RED = 1\n    GREEN = 2\n    BLUE = 3\n"
PY_NEW = PY + "    PINK = 4\n"
PY_MATCH = (
    "from app.color import Color\n\n\ndef shade(c):\n    match c:\n        case Color.RED:\n            return 1\n"
    "        case Color.GREEN | Color.BLUE:\n            return 2\n"
)
TS = "export enum Color { RED = 'r', GREEN = 'g', BLUE = 'b' }\nexport type Mode = 'on' | 'off' | 'auto'\n"
TS_SWITCH = (
    "import { Color, Mode } from './color'\n\nexport function shade(c: Color) {\n  switch (c) {\n"
    "    case Color.RED: return 1\n    case Color.GREEN: return 2\n    case Color.BLUE: return 3\n  }\n}\n"
)
GO = "package app\n\ntype Color int\n\nconst (\n\tRed Color = iota\n\tGreen\n\tBlue\n)\n"
GO_SWITCH = (
    "package app\n\nfunc Shade(c Color) int {\n\tswitch c {\n\tcase Red:\n\t\treturn 1\n\tcase Green, Blue:\n"
    "\t\treturn 2\n\t}\n\treturn 0\n}\n"
)
JAVA = "package a;\n\npublic enum Color {\n  RED,\n  GREEN,\n  BLUE\n}\n"
JAVA_SWITCH = (
    "package a;\n\nclass Use {\n  int shade(Color c) {\n    switch (c) {\n      case RED: return 1;\n"
    "      case GREEN: return 2;\n      case BLUE: return 3;\n    }\n    return 0;\n  }\n}\n"
)
RUST = "pub enum Color {\n    Red,\n    Green,\n    Blue(u8),\n}\n"
RUST_MATCH = (
    "use crate::color::Color;\n\npub fn shade(c: Color) -> u8 {\n    match c {\n        Color::Red => 1,\n"
    "        Color::Green => 2,\n        Color::Blue(b) => b,\n    }\n}\n"
)
CS = "enum Color\n{\n    Red,\n    Green,\n    Blue\n}\n"
CS_SWITCH = (
    "class Use {\n  int Shade(Color c) => c switch {\n    Color.Red => 1,\n    Color.Green => 2,\n"
    "    Color.Blue => 3,\n    _ => throw new System.Exception()\n  };\n}\n"
)
PHP = "<?php\nenum Color {\n    case Red;\n    case Green;\n    case Blue;\n}\n"
PHP_MATCH = (
    "<?php\nfunction shade(Color $c) {\n    return match ($c) {\n        Color::Red => 1,\n"
    "        Color::Green, Color::Blue => 2,\n    };\n}\n"
)
C = "enum color {\n    RED,\n    GREEN,\n    BLUE\n};\n"
C_SWITCH = (
    '#include "color.h"\n\nint shade(enum color c) {\n    switch (c) {\n    case RED: return 1;\n'
    "    case GREEN: return 2;\n    case BLUE: return 3;\n    }\n    return 0;\n}\n"
)


@pytest.mark.parametrize(
    ("home", "before", "after", "user", "use", "line"),
    [
        ("app/color.py", PY, PY_NEW, "app/use.py", PY_MATCH, 5),
        ("src/color.ts", TS, TS.replace("BLUE = 'b'", "BLUE = 'b', PINK = 'p'"), "src/use.ts", TS_SWITCH, 4),
        ("app/color.go", GO, GO.replace("\tBlue\n", "\tBlue\n\tPink\n"), "app/use.go", GO_SWITCH, 4),
        ("a/Color.java", JAVA, JAVA.replace("BLUE", "BLUE,\n  PINK"), "a/Use.java", JAVA_SWITCH, 5),
        ("src/color.rs", RUST, RUST.replace("Red,", "Red,\n    Pink,"), "src/use.rs", RUST_MATCH, 4),
        ("Color.cs", CS, CS.replace("Blue", "Blue,\n    Pink"), "Use.cs", CS_SWITCH, 2),
        ("Color.php", PHP, PHP.replace("case Blue;", "case Blue;\n    case Pink;"), "use.php", PHP_MATCH, 3),
        ("color.h", C, C.replace("BLUE", "BLUE,\n    PINK"), "use.c", C_SWITCH, 4),
    ],
)
def test_a_switch_over_all_other_members_is_named(
    review: Review, home: str, before: str, after: str, user: str, use: str, line: int
) -> None:
    (found,) = of(review({home: before, user: use, "app/__init__.py": ""}, {home: after}), "impact:case")
    assert found.file == home
    assert callers(found) == [(user, line)]
    assert "pink" in found.message.lower()
    assert found.severity == ("high" if home.endswith(".rs") else "medium")


CHAIN = (
    "from app.color import Color\n\n\ndef shade(c):\n    if c is Color.RED:\n        return 1\n"
    "    elif c == Color.GREEN:\n        return 2\n    elif c in (Color.BLUE,):\n        return 3\n"
)
TABLE = "from app import color\n\nSHADES = {color.Color.RED: 1, color.Color.GREEN: 2, color.Color.BLUE: 3}\n"


@pytest.mark.parametrize(
    ("use", "line"),
    [
        (CHAIN, 5),
        (CHAIN + "    else:\n        raise ValueError(c)\n", 5),
        (TABLE, 3),
        (PY_MATCH + "        case _:\n            assert_never(c)\n", 5),
    ],
)
def test_chains_tables_and_defaults_that_refuse_are_named(review: Review, use: str, line: int) -> None:
    before = {"app/__init__.py": "", "app/color.py": PY, "app/use.py": use}
    (found,) = of(review(before, {"app/color.py": PY_NEW}), "impact:case")
    assert callers(found) == [("app/use.py", line)]


@pytest.mark.parametrize(
    "use",
    [
        PY_MATCH + "        case _:\n            return 0\n",
        PY_MATCH + "        case other:\n            return other\n",
        CHAIN + "    else:\n        return 0\n",
        PY_MATCH.replace("case Color.GREEN | Color.BLUE", "case Color.GREEN"),  # did not handle all before
        PY_MATCH.replace("from app.color", "from app.other"),
        PY_MATCH.replace("from app.color import Color", "class Color: ..."),
        PY_MATCH + "        case Color.PINK:\n            return 3\n",
        TABLE.replace("}", ", 'none': 0}"),
        TABLE.replace("}", ", color.Color.PINK: 0}"),
    ],
)
def test_what_handles_the_rest_or_is_about_something_else_is_not_named(review: Review, use: str) -> None:
    other = "from enum import Enum\n\n\nclass Color(Enum):\n    RED = 1\n    GREEN = 2\n    BLUE = 3\n"
    before = {"app/__init__.py": "", "app/color.py": PY, "app/use.py": use, "app/other.py": other}
    assert of(review(before, {"app/color.py": PY_NEW}), "impact:case") == []


def test_a_union_of_strings_that_an_object_maps_is_named(review: Review) -> None:
    use = "import type { Mode } from './color'\n\nconst names = { on: 'On', off: 'Off', auto: 'Auto' }\nlet m: Mode\n"
    after = TS.replace("'auto'", "'auto' | 'eco'")
    (found,) = of(review({"src/color.ts": TS, "src/use.ts": use}, {"src/color.ts": after}), "impact:case")
    assert callers(found) == [("src/use.ts", 3)]
    assert found.quote == "export type Mode = 'on' | 'off' | 'auto' | 'eco'"


SHAPES = (
    "export interface Circle { kind: 'circle'; r: number }\nexport interface Square { kind: 'square'; a: number }\n"
    "export type Shape =\n  | Circle\n  | Square\n"
)
AREA = (
    "import { Shape } from './shapes'\n\nexport function area(s: Shape) {\n  switch (s.kind) {\n"
    "    case 'circle': return s.r\n    case 'square': return s.a\n  }\n}\n"
)


@pytest.mark.parametrize(
    ("use", "lines"),
    [
        (AREA, [4]),
        (AREA.replace("  }\n}", "    default: return assertNever(s)\n  }\n}"), [4]),
        (AREA.replace("  }\n}", "    default: return 0\n  }\n}"), []),
        (AREA.replace("./shapes", "./others"), []),
    ],
)
def test_a_discriminated_union_is_followed(review: Review, use: str, lines: list[int]) -> None:
    after = (
        SHAPES.replace("export type", "export interface Line { kind: 'line'; l: number }\nexport type") + "  | Line\n"
    )
    found = of(review({"src/shapes.ts": SHAPES, "src/area.ts": use}, {"src/shapes.ts": after}), "impact:case")
    assert [place for one in found for place in callers(one)] == [("src/area.ts", line) for line in lines]


def test_a_member_that_was_renamed_or_only_moved_is_not_new(review: Review) -> None:
    before = {"app/__init__.py": "", "app/color.py": PY, "app/use.py": PY_MATCH}
    after = "from enum import Enum\n\n\nclass Color(Enum):\n    BLUE = 3\n    RED = 1\n    GREEN = 2\n"
    assert of(review(before, {"app/color.py": after}), "impact:case") == []


def test_a_place_that_the_change_made_handle_it_is_not_named(review: Review) -> None:
    before = {"app/__init__.py": "", "app/color.py": PY, "app/use.py": PY_MATCH}
    after = {"app/color.py": PY_NEW, "app/use.py": PY_MATCH.replace("Color.BLUE", "Color.BLUE | Color.PINK")}
    assert of(review(before, after), "impact:case") == []
