"""Hunks by properties: whatever the texts, taking out the old lines and putting in the new ones gives the new text."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebuttal.change import hunks as hunks_module
from rebuttal.change.git import git_environment
from rebuttal.change.hunks import compare, whole
from rebuttal.change.memory import Remembered
from rebuttal.change.model import Hunk

Chosen = Sequence[tuple[int, str | None, str | None]]

LINES = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "",
                "a",
                "b",
                "c",
                "\t",
                "é",
                "𝄞",
                "+x",
                "-x",
                "@@ -1 +1 @@",
                "diff --git a/o/0 b/n/1",
                "\\",
                "\x0c",
                "\u2028",
                "\x1b",
                "\ufeff",
            ]
        ),
        st.sampled_from(["\n", "\r\n", "\r"]),
    ),
    max_size=14,
).map(lambda lines: "".join(text + end for text, end in lines))
TEXTS = st.tuples(LINES, st.sampled_from(["", "end"])).map("".join)


def lines_of(text: str) -> list[str]:
    parts = text.split("\n")
    return [part + "\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def apply(old: str, new: str, hunks: tuple[Hunk, ...]) -> str:
    """Old lines, with those of each hunk replaced by the new text's."""
    source, target = lines_of(old), lines_of(new)
    result: list[str] = []
    at = 0
    for hunk in hunks:
        result += source[at : hunk.old_start]
        assert len(result) == hunk.new_start
        result += target[hunk.new_start : hunk.new_start + hunk.new_count]
        at = hunk.old_start + hunk.old_count
    return "".join(result + source[at:])


@settings(max_examples=60)
@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=6))
def test_hunks_applied_to_the_old_text_give_the_new_text(pairs: list[tuple[str, str]]) -> None:
    found = compare(pairs, git_environment(os.environ))
    assert not found.renames
    for place, (old, new) in enumerate(pairs):
        hunks = found.hunks.get(place, ())
        assert apply(old, new, hunks) == new
        assert bool(hunks) == (old != new)
        for before, after in pairwise(hunks):
            assert (
                before.old_start + before.old_count < after.old_start
                or before.new_start + before.new_count < after.new_start
            )


@given(TEXTS)
def test_an_added_and_a_deleted_text_are_one_hunk(text: str) -> None:
    assert apply("", text, whole(None, text)) == text
    assert apply(text, "", whole(text, None)) == ""


def test_no_configuration_reaches_the_comparison(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text(
        "[diff]\n\texternal = false\n\tnoprefix = true\n\tmnemonicPrefix = true\n[core]\n\tautocrlf = true\n"
    )
    environment = git_environment(os.environ) | {
        "GIT_CONFIG_GLOBAL": str(config),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "diff.ignoreSubmodules",
        "GIT_CONFIG_VALUE_0": "nonsense",
    }
    found = compare([("1\n2\n", "1\n3\n"), (None, "x\n" * 9), ("x\n" * 9, None)], environment)
    assert found.hunks[0] == (Hunk(1, 1, 1, 1),)
    assert found.renames == {1: 2}


def test_temporary_folders_are_private_and_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Path] = []
    modes: list[int] = []
    diff = hunks_module._diff

    def watched(folder: Path, chosen: Chosen, environment: Mapping[str, str]) -> bytes:
        seen.append(folder)
        modes.append(folder.stat().st_mode & 0o077)
        return diff(folder, chosen, environment)

    monkeypatch.setattr(hunks_module, "_diff", watched)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    compare([("secret\n", "other\n")], git_environment(os.environ))
    assert [folder.parent for folder in seen] == [tmp_path]
    assert list(tmp_path.iterdir()) == []
    if os.name == "posix":
        assert modes == [0]


def test_hunks_that_are_remembered_are_those_of_these_very_texts() -> None:
    known = Remembered(10)
    pairs: list[tuple[str | None, str | None]] = [("1\n2\n", "1\n3\n"), ("a\n", "a\nb\n"), ("x\n", "x\n")]
    first = compare(pairs, os.environ, known)
    assert first == compare(pairs, os.environ)
    altered: list[tuple[str | None, str | None]] = [("1\n2\n", "0\n1\n2\n"), *pairs[1:]]
    assert compare(altered, os.environ, known) == compare(altered, os.environ)
    assert compare(pairs[::-1], {"PATH": ""}, known).hunks == {1: first.hunks[1], 2: first.hunks[0]}  # no git is run
    moved: list[tuple[str | None, str | None]] = [("1\n" * 9, None), (None, "1\n" * 9), *pairs]
    assert compare(moved, os.environ, known) == compare(moved, os.environ)
