"""Labels of findings: keys that stay, reasons that are given, and figures that are counted right."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.precision.collect import Found, Origin, excerpt, keep, kept, sample
from bench.precision.labels import BadLabels, Label, key_of, numbered, read
from bench.precision.show import Wanted, tables, to_read
from tests.gitrepo import GitRepo


def found(rule: str, quote: str, file: str = "a.py") -> Found:
    key = key_of("pkg 1..2", rule, file, quote)
    return Found(key, "pkg 1..2", rule, "high", file, 3, "new", "Title", "Message.", quote, (), "    3 +x")


def test_a_key_stays_when_only_blanks_change() -> None:
    assert key_of("pkg 1..2", "r:x", "a.py", "x = 1\n") == key_of("pkg 1..2", "r:x", "a.py", "    x = 1")
    assert numbered(["a", "b", "a"]) == ["a", "b", "a #2"]


def test_labels_of_several_files_are_joined(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text('"k1" = { worth = true, why = "it breaks" }\n', "utf-8")
    (tmp_path / "two.toml").write_text('"k2" = { worth = false, why = "style" }\n', "utf-8")
    assert read(tmp_path) == {"k1": Label(True, "it breaks"), "k2": Label(False, "style")}


@pytest.mark.parametrize(
    "line", ['"k1" = { worth = true, why = "" }', '"k1" = true', '"k1" = { worth = false, why = "no" }']
)
def test_labels_without_a_reason_or_in_two_minds_are_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / "one.toml").write_text('"k1" = { worth = true, why = "it breaks" }\n', "utf-8")
    (tmp_path / "two.toml").write_text(line + "\n", "utf-8")
    with pytest.raises(BadLabels):
        read(tmp_path)


def test_the_committed_labels_can_be_read() -> None:
    assert all(label.why for label in read().values())


def test_precision_is_of_what_was_read() -> None:
    several = tuple(found("r:x", f"line {number}") for number in range(4))
    origin = Origin("pkg 1..2", "packages", "Python", 1, 1.0, several)
    labels = {
        several[0].key: Label(True, "yes"),
        several[1].key: Label(False, "no"),
        "pkg 1..2 r:y b.py 0": Label(True, "was"),
    }
    told = tables([origin], labels)
    assert [cell.strip() for cell in told.splitlines()[2].strip("|").split("|")][:6] == [
        "r:x",
        "4",
        "2",
        "1",
        "50%",
        "2",
    ]
    assert "1 labelled findings are no longer made (1 were worth it" in told


def test_what_is_not_read_is_printed_once_among_the_parts() -> None:
    several = tuple(found("r:x", f"line {number}") for number in range(7))
    origin = Origin("pkg 1..2", "packages", "Python", 1, 1.0, several)
    labels = {several[0].key: Label(True, "yes")}
    parts = [to_read([origin], labels, Wanted(part=f"{part}/2")) for part in (1, 2)]
    printed = [line for part in parts for line in part.splitlines() if line.startswith('"pkg')]
    assert len(printed) == len(set(printed)) == 6


def test_an_excerpt_shows_the_diff_around_a_line() -> None:
    old = "\n".join(f"line {number}" for number in range(50))
    new = old.replace("line 25", "line twenty-five")
    told = excerpt(old, new, 25, False, around=2).splitlines()
    assert [line[6:] for line in told] == [" line 24", "-line 25", "+line twenty-five", " line 26", " line 27"]


def test_what_was_collected_can_be_read_again(tmp_path: Path) -> None:
    origins = [Origin("pkg 1..2", "packages", "Python", 1, 1.0, (found("r:x", "q"),), ("one: failed",))]
    keep(origins, tmp_path / "kept.json")
    assert kept(tmp_path / "kept.json") == origins


def test_the_sample_is_of_commits_that_change_code(git_repo: GitRepo) -> None:
    code = git_repo.commit("code", {"a.py": "x = 1\n"})
    git_repo.commit("words", {"notes.bin": "words\n"})
    assert sample(git_repo.root, "HEAD", 5) == [code]
