"""The pages of docs/editors stay true: snippets parse, settings are taken, commands exist, links lead somewhere."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from rebuttal.lsp.features.configuration import flat
from rebuttal.lsp.server import Deps, create_server
from rebuttal.lsp.worker_client import WorkerPipe
from rebuttal.settings import Settings, narrow
from tests.editors.snippets import DOCS, blocks

PAGES = sorted(path.name for path in DOCS.glob("*.md"))
NOT_COMMANDS = {"rebuttal.status", "rebuttal.diagnostics", "rebuttal.lua", "rebuttal.el", "rebuttal.onSave"}


async def no_worker() -> WorkerPipe:
    raise AssertionError("no worker is needed for this")


@pytest.fixture(scope="module")
def commands() -> set[str]:
    return set(create_server(Deps(launch=no_worker, environment={})).protocol.fm.commands)


def parsed(page: str) -> Iterator[Any]:
    yield from map(json.loads, blocks(page, "json"))
    yield from map(tomllib.loads, blocks(page, "toml"))


def settings_in(value: Any) -> Iterator[Mapping[str, Any]]:
    """What a snippet sets of Rebuttal's, however the editor writes it."""
    if isinstance(value, list):
        for one in value:
            yield from settings_in(one)
    elif isinstance(value, dict):
        for key, one in value.items():
            if key.startswith("rebuttal."):
                yield {key.removeprefix("rebuttal."): one}
            elif key == "rebuttal" and isinstance(one, dict) and not {"command", "selector"} & one.keys():
                yield one
            else:
                yield from settings_in(one)


def test_every_editor_of_the_contract_has_a_snippet_that_starts_the_server() -> None:
    text = (DOCS / "README.md").read_text("utf-8")
    for editor in ("Helix", "Zed", "Sublime Text", "JetBrains", "Kate"):
        [section] = re.findall(rf"^## {editor}$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
        assert "```" in section, editor
        assert "rebuttal" in section, editor
        assert "serve" in section, editor


@pytest.mark.parametrize("page", PAGES)
def test_snippets_parse_and_set_only_what_an_editor_may(page: str) -> None:
    given = [one for value in parsed(page) for one in settings_in(value)]
    if page == "README.md":
        assert given
    given += [{"onSave": value} for value in re.findall(r'onSave(?: =|) "(\w+)"', (DOCS / page).read_text("utf-8"))]
    assert given
    for one in given:
        _, problems = narrow(Settings(), flat(one), "editor settings")
        assert not problems, problems


@pytest.mark.parametrize("page", PAGES)
def test_commands_that_a_page_names_exist(page: str, commands: set[str]) -> None:
    named = set(re.findall(r"\brebuttal\.\w+", (DOCS / page).read_text("utf-8"))) - NOT_COMMANDS
    assert named
    assert named <= commands, named - commands


@pytest.mark.parametrize("page", PAGES)
def test_no_snippet_holds_a_key(page: str) -> None:
    for language in ("json", "toml", "lua", "elisp"):
        for code in blocks(page, language):
            assert "API_KEY" not in code
            assert "sk-ant" not in code


@pytest.mark.parametrize("page", PAGES)
def test_links_between_pages_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", (DOCS / page).read_text("utf-8")):
        assert (DOCS / Path(target)).exists(), target
