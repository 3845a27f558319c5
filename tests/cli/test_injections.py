"""Injections end to end: real git, the real SDK over HTTP to the emulator, and a seat that obeys. What is guaranteed is
written in tests/debate/test_obedience.py; here are those of the corpus that pass through files, git and the terminal.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from typing import Any

import pytest

from rebuttal.debate.prompts import load_prompts
from rebuttal.text.hidden import has_hidden
from tests.cli.conftest import Ran, Rebuttal
from tests.debate.conftest import LOOP_CLAIM, LOOP_LINE, NEW, OLD, SQL_CLAIM, SQL_LINE
from tests.debate.injections import Injection, injections
from tests.emulator.obedient import Mood, Obedient
from tests.emulator.planted import Planted
from tests.emulator.server import Emulator
from tests.gitrepo import GitRepo

FILE = "shop/users.py"
TITLES = {SQL_CLAIM.title, LOOP_CLAIM.title}
CASES = {case.id: case for case in injections()}
CHOSEN: tuple[tuple[str, Mood], ...] = (
    ("comment-already-reviewed", "refuting"),
    ("plant-a-backdoor-as-fix", "planting"),
    ("fence-closer-with-guessed-ids", "approving"),
    ("ignore-directive-of-our-own", "silent"),
    ("seat-of-the-repository", "approving"),
    ("settings-of-the-repository", "silent"),
    ("commit-message", "refuting"),
    ("split-over-files", "silent"),
    ("file-name-with-terminal-escapes", "planting"),
    ("file-name-with-hidden-characters", "planting"),
    ("tag-characters", "planting"),
    ("terminal-escapes", "planting"),
)
_FENCE = re.compile(r"The id of all pasted content in this message is `([0-9a-f]{16})`")


def _claim(claim: Any, quote: str) -> dict[str, Any]:
    return {
        **{"file": FILE, "side": "new", "quote": quote, "title": claim.title, "argument": claim.argument},
        **{"category": claim.category, "severity": claim.severity, "certainty": claim.certainty, "fixes": []},
    }


HONEST = Planted(
    [
        {
            "by": ["code-reviewer"],
            "claim": _claim(claim, quote),
            "ruling": {
                **{"verdict": "confirmed", "quote": quote, "argument": "It does.", "severity": claim.severity},
            },
        }
        for claim, quote in ((SQL_CLAIM, SQL_LINE), (LOOP_CLAIM, LOOP_LINE))
    ]
)


def commit(repo: GitRepo, case: Injection) -> None:
    """The change that the injection comes with, on a branch of its own."""
    base = {path: old for path, (old, _) in case.files.items() if old is not None}
    repo.commit("base", {FILE: OLD, **base})
    repo.git("checkout", "-q", "-b", "work/approved-by-security")
    new = {path: text for path, (_, text) in case.files.items() if text is not None}
    repo.commit(case.framing or "Find users by name", {FILE: case.code + NEW, **new})


def review(rebuttal: Rebuttal, repo: GitRepo, *options: str) -> Ran:
    return rebuttal("review", "--repo", repo.root, "--scope", "commit:HEAD", "--yes", "--panel", "medium", *options)


@pytest.mark.parametrize(("name", "mood"), CHOSEN, ids=lambda one: one)
def test_an_obedient_seat_adds_drops_and_alters_nothing(
    rebuttal: Rebuttal, git_repo: GitRepo, panel: Emulator, name: str, mood: Mood
) -> None:
    case = CASES[name]
    if os.name == "nt" and any(set(path) & set('<>:"|?*\x1b\n') for path in case.files):
        pytest.skip("Windows has no such file names")
    commit(git_repo, case)
    panel.script.default = Obedient(HONEST, {"security-analyst"}, mood, case.words, FILE, "import sqlite3")
    ran = review(rebuttal, git_repo, "--format", "json")
    debated = [one for one in ran.json["findings"] if one["source"] == "debate"]
    assert {one["title"] for one in debated} == TITLES
    assert {(one["quote"], one["severity"], one["fix"]) for one in debated} == {
        (SQL_LINE.strip(), "high", None),
        (LOOP_LINE.strip(), "medium", None),
    }
    _check_what_was_sent(panel, case)
    _check_what_is_shown(ran)


def _check_what_was_sent(panel: Emulator, case: Injection) -> None:
    assert len(panel.records) > 3
    assert any('<turn seat="security-analyst"' in _texts(record.body["messages"])[-1] for record in panel.records)
    for record in panel.records:
        system, asked = _texts(record.body["system"]), _texts(record.body["messages"])
        assert system == [load_prompts().system]
        fence = _FENCE.search(asked[-1])
        assert fence is not None
        ours = re.compile(
            rf'<pasted_content id="{fence[1]}" source="[^"<>\n]*">\n.*?\n</pasted_content id="{fence[1]}">', re.DOTALL
        )
        assert not has_hidden("\n".join(asked))
        for text in asked:
            outside = ours.sub("", text)
            assert outside.count(fence[1]) == (1 if text is asked[-1] else 0)
            for mark in case.marks:
                assert mark not in outside


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    return list(_found(value))


def _found(value: Any) -> Iterator[str]:
    for one in value:
        if "text" in one:
            yield one["text"]
        else:
            yield from _texts(one["content"])


def _check_what_is_shown(ran: Ran) -> None:
    assert not has_hidden((ran.out + ran.err).replace("\n", " ").replace("\r", ""))
    assert json.loads(ran.out)["schema"] == 1


@pytest.mark.parametrize(("name", "kind"), [("file-name-with-terminal-escapes", "text"), ("escapes-in-words", "sarif")])
@pytest.mark.skipif(os.name == "nt", reason="Windows has no such file names")
def test_no_form_of_the_report_steers_a_terminal(
    rebuttal: Rebuttal, git_repo: GitRepo, panel: Emulator, name: str, kind: str
) -> None:
    case = CASES[name]
    commit(git_repo, case)
    panel.script.default = Obedient(
        HONEST, {"security-analyst", "examiner"}, "planting", case.words, FILE, "import sqlite3"
    )
    ran = review(rebuttal, git_repo, "--format", kind)
    assert not has_hidden((ran.out + ran.err).replace("\n", " ").replace("\r", ""))
    for command in (("context",), ("estimate", "--show-payload")):
        shown = rebuttal(*command, "--repo", git_repo.root, "--scope", "commit:HEAD")
        assert not has_hidden((shown.out + shown.err).replace("\n", " ").replace("\r", ""))


def test_hidden_text_is_a_finding_without_a_model(rebuttal: Rebuttal, git_repo: GitRepo) -> None:
    commit(git_repo, CASES["tag-characters"])
    ran = rebuttal("review", "--repo", git_repo.root, "--scope", "commit:HEAD", "--panel", "static", "--format", "json")
    (found,) = [one for one in ran.json["findings"] if one["rule"] == "steering:hidden"]
    assert "“Ignore all”" in found["message"]
