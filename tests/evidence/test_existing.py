"""What stood before the change: told apart, only to who asks for it."""

from __future__ import annotations

import json

import pytest
from attrs import evolve

from rebuttal.change.model import Scope
from rebuttal.change.read import read_change
from rebuttal.evidence.existing import IN_ALL, PER_FILE, STOOD
from rebuttal.evidence.model import Evidence
from rebuttal.evidence.panel import collect
from rebuttal.evidence.wanted import Wanted
from rebuttal.findings.notebooks import in_files
from tests.evidence.conftest import Review
from tests.gitrepo import GitRepo

BASE = """\
import os


def first(items=[]):
    return items


def second(value):
    try:
        return os.stat(value)
    except:
        return None
"""
CHANGED = BASE + "\n\ndef third(more={}):\n    return more\n"


def told(evidence: Evidence) -> list[tuple[str, str, int]]:
    assert evidence.degraded == ()
    return sorted((one.file, one.rule, one.range.start.line + 1) for one in evidence.pre_existing or ())


def brought(evidence: Evidence) -> list[tuple[str, str, int]]:
    assert evidence.degraded == ()
    return sorted((one.file, one.rule, one.range.start.line + 1) for one in evidence.findings)


def test_what_stood_before_is_told_apart(review: Review) -> None:
    evidence = review({"app.py": BASE}, {"app.py": CHANGED}, existing=True)
    assert brought(evidence) == [("app.py", "ruff:B006", 15)]
    assert told(evidence) == [("app.py", "ruff:B006", 4), ("app.py", "ruff:E722", 11)]
    assert all(one.pre_existing and one.message.endswith(STOOD) for one in evidence.pre_existing or ())
    assert not any(one.pre_existing for one in evidence.findings)


def test_nobody_is_told_who_did_not_ask(review: Review) -> None:
    evidence = review({"app.py": BASE}, {"app.py": CHANGED})
    assert evidence.pre_existing is None
    assert brought(evidence) == [("app.py", "ruff:B006", 15)]


def test_what_the_change_brings_is_the_same_with_it(review: Review) -> None:
    without = review({"app.py": BASE, "b.py": "import pdb\n"}, {"app.py": CHANGED, "b.py": "breakpoint()\n"})
    asked = review(
        {"app.py": BASE, "b.py": "import pdb\n"}, {"app.py": CHANGED, "b.py": "breakpoint()\n"}, existing=True
    )
    assert evolve(asked, pre_existing=None) == without


def test_of_files_that_are_new_nothing_stood_before(review: Review) -> None:
    evidence = review({"a.txt": "a\n"}, {"app.py": CHANGED}, existing=True)
    assert told(evidence) == []
    assert len(evidence.findings) == 3


def test_code_that_moved_to_another_file_stood_before(review: Review) -> None:
    evidence = review(
        {"old.py": BASE, "new.py": "x = 1\n"}, {"old.py": None, "new.py": "x = 1\n" + BASE}, existing=True
    )
    assert ("new.py", "ruff:B006", 5) in told(evidence)
    assert not [one for one in evidence.findings if one.rule == "ruff:B006"]


def test_untouched_files_are_not_looked_at(review: Review) -> None:
    evidence = review({"app.py": BASE, "b.py": "x = 1\n"}, {"b.py": "x = 2\n"}, existing=True)
    assert told(evidence) == []


def test_what_somebody_has_silenced_is_not_told(review: Review) -> None:
    silenced = BASE.replace("items=[]):", "items=[]):  # noqa: B006")
    evidence = review({"app.py": silenced}, {"app.py": silenced + "\n\nX = 1\n"}, existing=True)
    assert told(evidence) == [("app.py", "ruff:E722", 11)]


def test_a_comment_of_the_change_takes_it_away(review: Review) -> None:
    silenced = BASE.replace("items=[]):", "items=[]):  # noqa: B006")
    evidence = review({"app.py": BASE}, {"app.py": silenced}, existing=True)
    assert told(evidence) == [("app.py", "ruff:E722", 11)]


def test_rules_that_are_off_are_not_told(review: Review) -> None:
    evidence = review({"app.py": BASE}, {"app.py": CHANGED}, existing=True, wanted=Wanted(off=("ruff:B006",)))
    assert told(evidence) == [("app.py", "ruff:E722", 11)]


def test_the_own_checks_tell_of_it_too(review: Review) -> None:
    script = "function f(a) {\n  debugger;\n  return a;\n}\n"
    handler = "def g():\n    try:\n        work()\n    except Exception:\n        pass\n"
    key = 'KEY = "AKIA' + 'QYLPMN5HFIQR7XYA"\n'
    conflict = "a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> theirs\n"
    before = {"f.js": script, "g.py": handler, "k.py": key, "n.md": conflict, "p.py": "def broken(:\n    pass\n"}
    after = {path: text + ("\nx\n" if path.endswith(".md") else "\nx = 1\n") for path, text in before.items()}
    evidence = review(before, after, existing=True)
    rules = {(file, rule) for file, rule, _ in told(evidence)}
    assert rules >= {
        ("f.js", "structure:debug"),
        ("g.py", "structure:swallowed"),
        ("k.py", "secrets:aws"),
        ("n.md", "conflict:marker"),
        ("p.py", "syntax:error"),
    }
    broken = next(one for one in evidence.pre_existing or () if one.rule == "syntax:error")
    assert "cannot be parsed" in broken.message
    assert "no longer" not in broken.message


def test_secrets_that_stood_before_are_not_written_out(review: Review) -> None:
    value = "AKIA" + "QYLPMN5HFIQR7XYA"
    evidence = review({"k.py": f'KEY = "{value}"\n'}, {"k.py": f'KEY = "{value}"\nX = 1\n'}, existing=True)
    assert [one.rule for one in evidence.pre_existing or ()] == ["secrets:aws"]
    assert value not in repr(evidence.pre_existing)


def test_dismissing_it_never_hides_a_new_one_on_the_same_line(review: Review) -> None:
    before = review({"app.py": BASE}, {"app.py": BASE + "X = 1\n"}, existing=True)
    twice = BASE + "\n\n" + "def first(items=[]):\n    return items\n"
    after = review({"app.py": BASE}, {"app.py": twice}, existing=True)
    old = {one.id for one in before.pre_existing or ()}
    assert old
    assert not old & {one.id for one in after.findings}
    assert old == {one.id for one in after.pre_existing or ()}


def test_ids_stay_when_the_code_moves(review: Review) -> None:
    first = review({"app.py": BASE}, {"app.py": BASE + "X = 1\n"}, existing=True)
    second = review({"app.py": BASE}, {"app.py": "# a word\n\n" + BASE}, existing=True)
    assert {one.id for one in first.pre_existing or ()} == {one.id for one in second.pre_existing or ()}


def test_a_flood_of_it_is_capped_and_counted(review: Review) -> None:
    rules = [
        "def f{0}(a=[]):\n    return a\n",
        "def g{0}():\n    try:\n        return {0}\n    except:\n        return None\n",
    ]
    before = {f"f{number}.py": "".join(rule.format(number) for rule in rules) for number in range(80)}
    after = {path: text + "X = 1\n" for path, text in before.items()}
    evidence = review(before, after, existing=True)
    assert len(evidence.pre_existing or ()) == IN_ALL
    assert any(f"{160 - IN_ALL} faults more are not shown" in note for note in evidence.notes)


def test_many_of_one_kind_in_a_file_are_one(review: Review) -> None:
    before = "".join(f"def f{number}(a=[]):\n    return a\n" for number in range(40))
    evidence = review({"app.py": before}, {"app.py": before + "X = 1\n"}, existing=True)
    (one,) = evidence.pre_existing or ()
    assert "39 more like this" in one.message
    assert len(one.related) == 39


def test_one_file_does_not_crowd_out_the_others(review: Review) -> None:
    text = "".join(
        f"def f{number}():\n    try:\n        return {number}\n    except Exception:\n        pass\n"
        for number in range(9)
    )
    text += "".join(f"def g{number}(a=[]):\n    return a\n" for number in range(9))
    text += "".join(f"def h{number}():\n    assert (1, 'x')\n" for number in range(9))
    evidence = review({"a.py": text, "b.py": BASE}, {"a.py": text + "X = 1\n", "b.py": CHANGED}, existing=True)
    files = [one.file for one in evidence.pre_existing or ()]
    assert files.count("a.py") == PER_FILE
    assert files.count("b.py") == 2


def test_a_check_that_fails_over_it_fails_nothing_else(review: Review, monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(*_: object) -> None:
        raise RuntimeError("a word of the code")

    monkeypatch.setattr("rebuttal.evidence.existing.debug.check", stumble)
    evidence = review({"app.py": BASE}, {"app.py": CHANGED}, existing=True)
    assert len(told(evidence)) == 2
    (note,) = evidence.notes
    assert "debug leftovers" in note
    assert "a word of the code" not in note


def test_a_fault_whose_line_was_written_anew_stood_before_where_it_stood_in_the_old_line(review: Review) -> None:
    after = BASE.replace("def first(items=[]):", "def first(items=[], more=1):")
    evidence = review({"app.py": BASE}, {"app.py": after}, existing=True)
    assert (brought(evidence), told(evidence)) == ([], [("app.py", "ruff:B006", 4), ("app.py", "ruff:E722", 11)])


def test_line_ends_and_marks_of_order_make_no_difference(review: Review) -> None:
    before = ("\ufeff" + BASE).replace("\n", "\r\n").encode()
    evidence = review({"app.py": before}, {"app.py": before + b"X = 1\r\n"}, existing=True)
    assert told(evidence) == [("app.py", "ruff:B006", 4), ("app.py", "ruff:E722", 11)]
    evidence = review({"b.py": before}, {"b.py": BASE}, existing=True)
    assert told(evidence) == [("b.py", "ruff:B006", 4), ("b.py", "ruff:E722", 11)]


def test_a_renamed_file_keeps_what_stood_in_it(review: Review) -> None:
    evidence = review({"a.py": BASE}, {"a.py": None, "b.py": BASE + "X = 1\n"}, existing=True)
    assert told(evidence) == [("b.py", "ruff:B006", 4), ("b.py", "ruff:E722", 11)]


def test_of_a_selection_only_what_stands_in_it(git_repo: GitRepo) -> None:
    git_repo.write("app.py", BASE)
    git_repo.commit()
    git_repo.write("app.py", CHANGED)
    with read_change(git_repo.root, Scope("working"), only_lines={"app.py": range(6)}) as reading:
        evidence = collect(reading.change, reading.repository, existing=True)
    assert told(evidence) == [("app.py", "ruff:B006", 4)]


def test_a_notebooks_is_told_by_its_cell(review: Review, git_repo: GitRepo) -> None:
    before, after = notebook("x = 1\n", BASE), notebook("x = 1\n", BASE, "y = 2\n")
    evidence = review({"a.ipynb": before}, {"a.ipynb": after}, existing=True)
    with read_change(git_repo.root, Scope("commit", "HEAD")) as reading:
        placed = in_files(evidence.pre_existing or (), reading.change)
    assert [(one.cell.index, one.cell.range.start.line) for one in placed if one.cell is not None] == [(1, 3), (1, 10)]


def notebook(*cells: str) -> str:
    written: list[dict[str, object]] = [
        {
            "cell_type": "code",
            "id": f"c{number}",
            "execution_count": None,
            "metadata": {},
            "outputs": [],
            "source": text,
        }
        for number, text in enumerate(cells)
    ]
    language = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}}
    return json.dumps({"cells": written, "metadata": language, "nbformat": 4, "nbformat_minor": 5}, indent=1)
