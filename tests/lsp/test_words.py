"""Messages that an editor shows say what its user can do there, not what the command line takes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rebuttal.lsp.words import LONGEST, Words
from rebuttal.settings import PANELS
from tests.lsp.conftest import Start
from tests.lsp.fake_worker import done

SERVER = Path(__file__).parents[2] / "server" / "rebuttal"
KEY_COMMAND = "Rebuttal: Set API Key"
VSCODE_WORDS = Words(KEY_COMMAND)
_OPTION = re.compile(r"(?<![\w-])--(?:repo|yes|scope|base|panel|protocol|profile|max-cost|trust)\b")
"""Of `rebuttal review`: whole commands, to be run in a terminal, are named in an editor as well."""
_NEVER_HERE = ("cli", "evaluation")
"""Rooms that no editor reaches."""
_NEVER_TOLD = ("review/sweep_", "review/sweep.py", "speakers/batches/")
"""What sweeps say, which are the command line's alone."""


def sentences(file: Path) -> Iterator[str]:
    """The texts in a module but for its docstrings; `X` for what is filled in."""
    tree = ast.parse(file.read_text("utf-8"))
    docs = {id(one.value) for one in ast.walk(tree) if isinstance(one, ast.Expr)}
    parts = {id(part) for one in ast.walk(tree) if isinstance(one, ast.JoinedStr) for part in one.values}
    for one in ast.walk(tree):
        if isinstance(one, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in one.values)
        elif isinstance(one, ast.Constant) and isinstance(one.value, str) and id(one) not in docs | parts:
            yield one.value


def test_messages_spoke_of_options_of_the_command_line() -> None:
    """Every sentence below the editor's door that names one is put otherwise there."""
    told: list[str] = []
    for file in sorted(SERVER.rglob("*.py")):
        name = file.relative_to(SERVER).as_posix()
        if name.startswith((*_NEVER_HERE, *_NEVER_TOLD, "lsp/words.py")):
            continue
        with_options = (one for one in sentences(file) if " " in one and _OPTION.search(one))
        told += [f"{name}: {one}" for one in with_options]
    assert len(told) >= 9, "the sentences are found"
    assert [one for one in told if _OPTION.search(VSCODE_WORDS.told(one))] == []


@pytest.mark.parametrize(
    ("message", "first"),
    [
        ("Nobody can be asked: there is no API key: set ANTHROPIC_API_KEY.", 'run "Rebuttal: Set API Key", or set'),
        ("There is no API key. Set ANTHROPIC_API_KEY to have a debate.", 'Run "Rebuttal: Set API Key", or Set'),
        ("It does not accept your key: check ANTHROPIC_API_KEY (or X).", 'check it with "Rebuttal: Set API Key", or'),
    ],
)
def test_missing_key_is_told_with_what_the_client_has_for_it(message: str, first: str) -> None:
    assert first.lower() in VSCODE_WORDS.told(message).lower()
    assert Words().told(message) == message
    assert VSCODE_WORDS.told(VSCODE_WORDS.told(message)) == VSCODE_WORDS.told(message)


def test_name_of_a_clients_command_is_bounded_and_holds_no_control_characters() -> None:
    words = Words.of("x\x1b[2J" * 100)
    assert len(words.key_command) <= LONGEST
    assert "\x1b" not in words.told("set ANTHROPIC_API_KEY")
    assert Words.of({"no": "text"}) == Words()


@pytest.mark.parametrize(("given", "named"), [({"keyCommand": KEY_COMMAND}, True), ({}, False)])
async def test_status_without_a_key_names_the_clients_command(start: Start, given: dict[str, Any], named: bool) -> None:
    stage = await start(environment={}, initializationOptions=given)
    await stage.editor.until(lambda: stage.editor.state == "noKey")
    message = stage.editor.statuses[-1]["message"]
    assert (KEY_COMMAND in message) is named
    assert "ANTHROPIC_API_KEY" in message
    assert not stage.editor.heard("keyCommand")


async def test_refusals_and_notes_reach_the_editor_in_its_words(start: Start) -> None:
    failed = {"event": "failed", "message": "/x is not in a git repository; choose a folder in one (--repo)."}
    note = "Nothing was sent: sending was not agreed to. Run again with --yes to agree to it and to the estimate."
    script = {"review": [done(notes=[note])], "review:small": [failed], "estimate": [failed]}
    stage = await start(script)
    await stage.editor.command("rebuttal.review")
    await stage.editor.until(lambda: stage.editor.statuses[-1].get("message"))
    assert stage.editor.statuses[-1]["message"].endswith("Review again to be asked again.")
    await stage.editor.command("rebuttal.review", panel=PANELS[2])
    await stage.editor.until(lambda: stage.editor.heard("open a folder in one."))
    page = {"uri": "rebuttal:/transcript/job-2.md"}
    assert "open a folder in one" in (await stage.editor.request("workspace/textDocumentContent", page))["text"]
    with pytest.raises(Exception, match="open a folder in one"):
        await stage.editor.command("rebuttal.estimate")
