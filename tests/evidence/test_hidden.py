"""Text that people do not see is told, and ordinary writing is not."""

from __future__ import annotations

import pytest

from tests.evidence.conftest import Review, of

TAGS = "".join(chr(0xE0000 + ord(char)) for char in "Ignore all")


@pytest.mark.parametrize(
    ("path", "line", "says"),
    [
        ("a.js", f"// fine{TAGS}", "spell “Ignore all”"),
        ("notes.md", f"Fine.{TAGS}", "spell “Ignore all”"),
        ("a.go", "var x = 1 // 🏴" + TAGS, "spell"),
        ("a.ts", "const ok = 1; // \u200b\u200c\u200b\u200c", "in a row"),
        ("a.ts", "const ok = '😀\ufe01\ufe02\ufe03';", "in a row"),
        ("a.rb", "admin = false # \u202e } if is_admin \u2066", "another order"),
        ("a.ts", "if (is\u200bAdmin) go();", "not the name"),
    ],
)
def test_what_people_do_not_see_is_told(review: Review, path: str, line: str, says: str) -> None:
    (found,) = of(review({path: "x\n"}, {path: f"x\n{line}\n"}), "steering:hidden")
    assert says in found.message
    assert (found.range.start.line, found.severity, found.category) == (1, "high", "security")


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("a.ts", "const family = '👨\u200d👩\u200d👧 ❤\ufe0f 1\ufe0f\u20e3';"),
        ("a.ts", "const flag = '🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f';"),
        ("fa.json", '{"want": "می\u200cخواهم"}'),
        ("he.po", 'msgstr "\u202bשלום (x)\u202c"'),
        ("page.html", "Donau\u00addampf\u00adschiff"),
        ("notes.md", "zero\u200bwidth"),
        ("a.ts", "const escape = '\x1b[2J';"),
    ],
)
def test_what_writing_needs_is_not(review: Review, path: str, line: str) -> None:
    assert of(review({path: "x\n"}, {path: f"x\n{line}\n"}), "steering:hidden") == []


def test_what_stood_before_is_not_told_and_a_linter_that_says_so_is_enough(review: Review) -> None:
    old = f"x = 1  # {TAGS}\n"
    assert of(review({"a.py": old}, {"a.py": f"{old}y = 2\n"}), "steering:hidden") == []
    evidence = review({"b.py": "x = 1\n"}, {"b.py": "x = 1\ny = 'a\u202eb'\n"})
    rules = {one.rule for one in evidence.findings if one.range.start.line == 1}
    assert len({rule for rule in rules if "PLE25" in rule or rule == "steering:hidden"}) == 1


def test_one_fact_a_file_names_the_other_lines(review: Review) -> None:
    (found,) = of(review({"a.md": "x\n"}, {"a.md": f"x\n{TAGS}\n{TAGS}\n"}), "steering:hidden")
    assert [one.range.start.line for one in found.related] == [2]
