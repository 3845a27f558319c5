from __future__ import annotations

import time

import pytest

from rebuttal.change.model import Scope
from rebuttal.change.read import read_change
from rebuttal.evidence.model import Fact, Material
from rebuttal.evidence.panel import CHECKS, collect
from rebuttal.evidence.wanted import Wanted
from rebuttal.text.languages import is_test
from tests.evidence.conftest import Review
from tests.gitrepo import GitRepo


def test_findings_come_worst_first_with_ids_that_do_not_change(review: Review) -> None:
    before = {"a.py": "def f(a): ...\n", "b.py": "from a import f\n\nf(1)\n"}
    after = {"a.py": "def f(a, b): ...\n\n\ndef g(b=[]): ...\n", "c.js": "function (\n"}
    evidence = review(before, after)
    assert [one.rule for one in evidence.findings] == ["syntax:error", "impact:signature", "ruff:B006"]
    assert all(one.verdict == "static" and one.source == "static" for one in evidence.findings)
    assert len({one.id for one in evidence.findings}) == 3


def test_the_same_change_gives_the_same_ids(git_repo: GitRepo) -> None:
    git_repo.commit(files={"a.py": "x = 1\n"})
    git_repo.commit(files={"a.py": "x = 1\n\n\ndef g(b=[]): ...\n"})
    ids = []
    for _ in range(2):
        with read_change(git_repo.root, Scope("commit", "HEAD")) as reading:
            ids.append([one.id for one in collect(reading.change, reading.repository).findings])
    assert ids[0] == ids[1] != []


def test_a_check_that_crashes_degrades_the_review_and_loses_nothing_else(git_repo: GitRepo) -> None:
    def crash(_material: Material) -> list[Fact]:
        raise KeyError("the secret is hunter2")

    git_repo.commit(files={"a.py": "x = 1\n"})
    git_repo.write("a.py", "def g(b=[]): ...\n")
    with read_change(git_repo.root, Scope()) as reading:
        evidence = collect(reading.change, reading.repository, checks=[("impact", crash), *CHECKS])
    assert [one.rule for one in evidence.findings] == ["ruff:B006"]
    (degraded,) = evidence.degraded
    assert (degraded.seat, degraded.phase) == ("impact", "static")
    assert "hunter2" not in degraded.reason


def test_a_clean_change_finds_nothing(review: Review) -> None:
    evidence = review({"a.py": "x = 1\n"}, {"a.py": "x = 2\n", "README.md": "# Hello\n"})
    assert (evidence.findings, evidence.degraded) == ((), ())


def test_only_the_selected_lines_are_of_interest(git_repo: GitRepo) -> None:
    git_repo.commit(files={"a.py": "x = 1\n"})
    git_repo.write("a.py", "def g(b=[]): ...\n\n\ndef h(b=[]): ...\n")
    with read_change(git_repo.root, Scope("file", "a.py"), only_lines={"a.py": range(3, 4)}) as reading:
        found = collect(reading.change, reading.repository).findings
    assert [one.range.start.line for one in found] == [3]


@pytest.mark.parametrize(
    "text",
    [
        "x = '" + "a" * 5_000_000 + "'\n",
        "f(" * 20_000 + "\n",
        "[" * 3_000 + "]" * 3_000 + "\n",
        "if a:\n" + "".join(" " * depth + "if a:\n" for depth in range(1, 99)),
        "\ufeffx = 1\r\ny = '\u2028'\r\n",
        "\ud83d x\n".encode("utf-16", "surrogatepass").decode("latin-1"),
        "x = 1\n" * 50_000,
    ],
)
@pytest.mark.parametrize("path", ["a.py", "a.js", "a.tsx", "a.go"])
def test_hostile_text_ends_in_time_and_loses_no_other_file(git_repo: GitRepo, path: str, text: str) -> None:
    git_repo.commit(files={"good.py": "x = 1\n"})
    git_repo.commit(files={path: text, "good.py": "def g(b=[]): ...\n"})
    begun = time.monotonic()
    with read_change(git_repo.root, Scope("commit", "HEAD")) as reading:
        evidence = collect(reading.change, reading.repository)
    assert time.monotonic() - begun < 40
    assert "ruff:B006" in {one.rule for one in evidence.findings}
    assert len(evidence.findings) <= 2
    # ruff overflows its stack on such a file: that one is named, the others are linted.
    assert all("a.py" in one.reason and "good.py" not in one.reason for one in evidence.degraded)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("tests/a.py", True),
        ("src/test_a.py", True),
        ("a_test.go", True),
        ("src/a.spec.ts", True),
        ("conftest.py", True),
        ("src/latest.py", False),
        ("src/contest.py", False),
        ("attest/a.py", False),
    ],
)
def test_test_files_are_known_by_custom(path: str, expected: bool) -> None:
    assert is_test(path) is expected


def test_hundreds_of_one_fault_in_one_file_are_one_finding_with_its_places(review: Review) -> None:
    lines = "".join(f"def f{number}(b=[]): ...\n" for number in range(300))
    evidence = review({"a.py": "x = 1\n"}, {"a.py": f"{lines}assert (1, 'x')\n", "b.py": "def g(b=[]): ...\n"})
    crowd, other, single = sorted(evidence.findings, key=lambda one: (one.rule, one.file))
    assert (crowd.rule, crowd.file, crowd.range.start.line) == ("ruff:B006", "a.py", 0)
    assert "299 more" in crowd.message
    assert [one.range.start.line for one in crowd.related] == list(range(1, 51))
    assert (other.rule, other.file, other.related) == ("ruff:B006", "b.py", ())
    assert single.rule == "ruff:F631"


def test_rules_speak_as_the_user_asks(git_repo: GitRepo) -> None:
    code = "def total(rows):\n    return sum(rows)\n\n\ndef mean(rows):\n    return total(rows) / len(rows)\n"
    head = (
        "from a import mean, total\n\n\ndef test_total_of_rows():\n    rows = [1, 2, 3]\n    assert total(rows) == 6\n"
    )
    tail = "\n\ndef test_mean_of_rows():\n    rows = [4, 5, 6]\n    assert mean(rows) == 5\n"
    git_repo.commit(files={"a.py": code, "test_a.py": head + tail})
    git_repo.write("a.py", code.replace("total(rows) /", "sum(rows) /") + "\n\ndef more(b=[]): ...\n")
    git_repo.write("test_a.py", head)

    def heard(wanted: Wanted) -> list[str]:
        with read_change(git_repo.root, Scope()) as reading:
            return sorted(one.rule for one in collect(reading.change, reading.repository, wanted=wanted).findings)

    assert heard(Wanted()) == ["ruff:B006"]
    assert heard(Wanted(on=("structure:test-removed",))) == ["ruff:B006", "structure:test-removed"]
    assert heard(Wanted(on=("structure",), off=("ruff",))) == ["structure:test-removed"]
    assert heard(Wanted(on=("structure",), off=("ruff:B006", "structure:test-removed"))) == []
