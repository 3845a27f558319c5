"""A case becomes a repository that a review reads as any other."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from attrs import evolve

from rebuttal.change.read import read_change
from rebuttal.evaluation.corpus import Case, CaseFile
from rebuttal.evaluation.repository import planted


@pytest.fixture
def hostile_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user whose own git configuration would spoil every case."""
    config = tmp_path / "gitconfig"
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "pre-commit").write_text("#!/bin/sh\nexit 1\n", "utf-8")
    (hooks / "pre-commit").chmod(0o755)
    config.write_text(
        f"[core]\n\tautocrlf = true\n\thooksPath = {hooks.as_posix()}\n[commit]\n\tgpgsign = true\n", "utf-8"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))


def test_what_the_author_says_is_the_message_of_the_commit(faulty: Case) -> None:
    with planted(faulty, os.environ) as there, read_change(there.root, there.scope) as reading:
        assert str(there.scope) == "commit:HEAD"
        assert [diff.path for diff in reading.change.files] == ["shop/cart.py"]
        assert reading.repository.new.paths() == {"shop/cart.py", "shop/checkout.py"}


def test_a_change_without_a_message_is_the_work_tree(clean: Case) -> None:
    with planted(clean, os.environ) as there, read_change(there.root, there.scope) as reading:
        (diff,) = reading.change.files
        assert str(there.scope) == "working"
        assert (diff.old_text, diff.new_text) == (clean.files[0].base, clean.files[0].new)


def test_files_are_added_and_deleted(clean: Case) -> None:
    files = (CaseFile("old.py", "x = 1\n", None), CaseFile("new/new.py", None, "y = 2\n"))
    with planted(evolve(clean, files=files), os.environ) as there, read_change(there.root, there.scope) as reading:
        assert {diff.path: diff.status for diff in reading.change.files} == {"old.py": "deleted", "new/new.py": "added"}


def test_the_users_own_git_configuration_has_no_part_in_it(hostile_home: None, faulty: Case) -> None:
    with planted(faulty, os.environ) as there:
        assert (there.root / "shop" / "cart.py").read_bytes().count(b"\r") == 0


def test_nothing_is_left_behind(faulty: Case) -> None:
    with planted(faulty, os.environ) as there:
        root = there.root
    assert not root.exists()
