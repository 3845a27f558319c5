"""Whether a finding was acted upon is told by the text, and by nothing else."""

from __future__ import annotations

import difflib

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from rebuttal.change.model import FileDiff, Hunk
from rebuttal.findings.marks import COMPANY, Became, Seen, marks_of
from rebuttal.findings.marks import became as became_seen
from rebuttal.findings.model import Finding, FindingSide, Fix, TextEdit
from rebuttal.text.positions import LineIndex, Range, git_lines
from tests.findings.conftest import span

BASE = "def total(prices):\n    return sum(prices)\n\n\ndef name(row):\n    return row.name\n"
NEW = (
    "def total(prices):\n    return sum(prices)\n\n\n"
    "def average(prices):\n    found = len(prices)\n    return total(prices) / found\n\n\n"
    "def name(row):\n    return row.name.strip()\n"
)
QUOTE = "    return total(prices) / found\n"


def diff_of(old: str | None, new: str | None, path: str = "cart.py") -> FileDiff:
    one, other = (git_lines(text or "") for text in (old, new))
    matched = difflib.SequenceMatcher(None, one, other, autojunk=False).get_opcodes()
    hunks = tuple(Hunk(a, b - a, c, d - c) for tag, a, b, c, d in matched if tag != "equal")
    return FileDiff(path, "modified" if old is not None else "added", old, new, hunks)


def finding(text: str, quote: str, side: FindingSide = "new", fix: Fix | None = None) -> Finding:
    at = text.index(quote.strip("\n"))
    return Finding(
        id="f1",
        file="cart.py",
        side=side,
        range=LineIndex(text).range(at, at + len(quote.strip("\n"))),
        quote=quote,
        title="It divides by zero",
        message="It divides by zero.",
        severity="high",
        category="correctness",
        rule="debate:correctness",
        source="debate",
        raised_by=("code-reviewer",),
        verdict="confirmed",
        confidence="certain",
        fix=fix,
    )


def became(marks: str, text: str | None) -> Became:
    return became_seen(marks, Seen.of(text, "cart.py"))


MARKS = marks_of(finding(NEW, QUOTE), diff_of(BASE, NEW))
GUARDED = NEW.replace(QUOTE, "    if not found:\n        return 0\n" + QUOTE)
GUARD = Fix((TextEdit("cart.py", span(6, 0, 0), "    if not found:\n        return 0\n"),))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(NEW, "open", id="untouched"),
        pytest.param("# header\n" + NEW + "more = 1\n", "open", id="edited elsewhere"),
        pytest.param(NEW.replace("    ", "\t"), "open", id="reindented"),
        pytest.param(NEW.replace(QUOTE, QUOTE.rstrip() + "  # ratio\n"), "open", id="a comment behind it"),
        pytest.param(NEW.replace("/ found", "/\n        found"), "open", id="rewrapped"),
        pytest.param(NEW.replace("/ found", "/ max(found, 1)"), "acted", id="edited"),
        pytest.param(NEW.replace(QUOTE, ""), "acted", id="taken out"),
        pytest.param(BASE, "unclear", id="stashed"),
        pytest.param(BASE.replace("sum(", "fsum("), "unclear", id="stashed, and the file edited"),
        pytest.param("print('another branch')\n", "unclear", id="another branch's file"),
        pytest.param("", "unclear", id="emptied"),
        pytest.param(None, "unclear", id="deleted"),
    ],
)
def test_what_a_later_text_says(text: str | None, said: Became) -> None:
    assert became(MARKS, text) == said


def test_a_fix_that_leaves_the_quoted_line_is_seen() -> None:
    marks = marks_of(finding(NEW, QUOTE, fix=GUARD), diff_of(BASE, NEW))
    assert became(marks, NEW) == "open"
    assert became(marks, GUARDED) == "acted"
    assert became(marks, "# header\n" + GUARDED) == "acted"
    assert became(MARKS, GUARDED) == "open"


def test_a_formatter_acts_upon_nothing() -> None:
    new = NEW + "\n\ndef label(row):\n    return join(row['name'], row['city'], sep=', ')\n"
    formatted = new.replace("join(row['name'], row['city'], sep=', ')", 'join(\n        row["name"],\n')
    formatted += '        row["city"],\n\n        sep=", ",\n    )\n'
    marks = marks_of(finding(new, "    return join(row['name'], row['city'], sep=', ')"), diff_of(BASE, new))
    assert became(marks, new) == became(marks, formatted) == "open"
    assert became(marks, formatted.replace("city", "town")) == "acted"
    script = "let a = [1, 2]\nlet b = `${a}`\nlet something = other(a)\n"
    marks = marks_of(finding(script, "let b = `${a}`"), diff_of(None, script))
    assert became(marks, script.replace("\n", ";\n").replace("`", "'")) == "open"


def test_a_fix_in_another_file_is_not_taken_for_one_in_this() -> None:
    elsewhere = Fix((evolve(GUARD.edits[0], file="other.py"),))
    assert marks_of(finding(NEW, QUOTE, fix=elsewhere), diff_of(BASE, NEW)) == MARKS


def test_a_change_of_one_line_is_acted_upon_unless_it_is_taken_back() -> None:
    base, new = "a = 1\nvalue = load(path)\nz = 1\n", "a = 1\nvalue = eval(path)\nz = 1\n"
    marks = marks_of(finding(new, "value = eval(path)"), diff_of(base, new))
    assert became(marks, new) == "open"
    assert became(marks, new.replace("eval", "literal_eval")) == "acted"
    assert became(marks, base) == "unclear"
    assert became(marks, "top = 0\n" + base) == "unclear"


def test_what_was_removed_and_is_put_back_is_acted_upon() -> None:
    base = NEW.replace("    found = len", "    check(prices)\n    found = len")
    new = NEW + "\n\ndef other(rows):\n    return [row.other for row in rows]\n"
    marks = marks_of(finding(base, "    check(prices)", "old"), diff_of(base, new))
    assert became(marks, new) == "open"
    assert became(marks, new.replace("    found = len", "    check(prices)\n    found = len")) == "acted"
    assert became(marks, base) == "unclear"


@pytest.mark.parametrize(
    "diff",
    [diff_of(BASE, None), diff_of(BASE, NEW.replace("found", "count")), diff_of(BASE, "x" * 2_000_001)],
    ids=["a deleted file", "a quote that is not there", "too long"],
)
def test_nothing_is_kept_where_nothing_could_be_told(diff: FileDiff) -> None:
    assert marks_of(evolve(finding(NEW, QUOTE), range=span(90, 0, 4)), diff) == ""
    assert marks_of(evolve(finding(NEW, QUOTE), side="file"), diff_of(BASE, NEW)) == ""


@pytest.mark.parametrize("marks", ["", "x", "[]", "{}", '{"version":2}', '{"version":1,"quote":[1]}', "9" * 5000])
def test_marks_of_another_version_say_nothing(marks: str) -> None:
    assert became(marks, NEW) == "unclear"


KEY = "AKIA" + "Z7QXW3LJ5RTKVN2M"
"""Shaped as a key of AWS; nobody's."""


def test_a_secret_is_no_part_of_what_is_kept_and_taking_it_out_is_acting_upon_it() -> None:
    new = NEW.replace(QUOTE, f'    key = "{KEY}"\n    return charge(key)\n')
    line = f'    key = "{KEY}"'
    marks = marks_of(finding(new, line), diff_of(BASE, new))
    other = new.replace(KEY, "AKIA" + "K4MBW5LJ2RTQVN6S")
    assert marks == marks_of(finding(other, line.replace(KEY, "AKIA" + "K4MBW5LJ2RTQVN6S")), diff_of(BASE, other))
    assert became(marks, new) == became(marks, other) == "open"
    assert became(marks, new.replace(f'"{KEY}"', 'os.environ["KEY"]')) == "acted"


def test_no_code_is_kept_and_not_much_of_anything() -> None:
    new = "".join(f"value_{number} = compute_the_value({number})\n" for number in range(5000))
    marks = marks_of(finding(new, "value_7 = compute_the_value(7)"), diff_of(None, new))
    assert len(marks) < 500
    assert "value" not in marks
    assert marks.count('"') == 2 * (len(("version", "side", "new", "quote", "fix", "company", "before")) + 2 + COMPANY)


line = st.text(st.sampled_from("ab (=)\t\r\x0b\U0001f600é"), max_size=14)


@given(st.lists(line, max_size=8), st.lists(line, min_size=1, max_size=8), st.data())
def test_whatever_the_text_an_untouched_finding_is_never_acted_upon(
    old: list[str], new: list[str], data: st.DataObject
) -> None:
    base, text = "\n".join(old), "\n".join(new)
    index = LineIndex(text)
    first = data.draw(st.integers(0, index.git_line_count))
    last = data.draw(st.integers(first, index.git_line_count))
    where: Range = index.range_of_git_lines(first, last)
    one = evolve(finding(NEW, QUOTE), range=where)
    marks = marks_of(one, diff_of(base, text))
    assert became(marks, text) == ("open" if marks else "unclear")
    assert became(marks, text + "\nmore = 1\n") != "acted"
