"""Settings from the editor: pulled where the client can, and only ever narrowing."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import define, field
from lsprotocol import types

from rebuttal.lsp.paths import uri_of
from rebuttal.lsp.session import Scoped
from rebuttal.lsp.words import Words
from rebuttal.settings import Problem, narrow

if TYPE_CHECKING:
    from rebuttal.lsp.server import RebuttalServer

SECTION = "rebuttal"
SOURCE = "editor settings"
KEY_COMMAND = "keyCommand"
"""In `initializationOptions`: what the client calls its own command that keeps the API key."""
PATIENCE = 2.0
"""Seconds that a first review waits for a client that is slow to tell its settings."""

_EXTENSION_ONLY = frozenset(
    {"trace", "server", "server_command", "path", "interpreter", "command", "environment", "enable", "status_bar"}
)
"""Keys of the section that editors' extensions use themselves."""
_HUMP = re.compile(r"(?<=[a-z0-9])([A-Z])")


@define(eq=False)
class Configuration:
    """Keeps the session's settings equal to the user's, narrowed by the editor's."""

    ls: RebuttalServer
    _initial: Any = None
    _told: set[str] = field(factory=set)
    _known: asyncio.Event = field(factory=asyncio.Event)

    def begin(self, values: Any) -> None:
        """Start from `initializationOptions`, then ask the client if it can be asked."""
        given = values if isinstance(values, Mapping) else {}
        self.ls.session.words = Words.of(given.get(KEY_COMMAND))
        options = given.get(SECTION, {key: value for key, value in given.items() if key != KEY_COMMAND})
        self._initial = options
        flags = self.ls.session.flags
        if options or not flags.configuration:
            self.apply(options)
        if flags.configuration:
            self._known.clear()
            self.ls.spawn(self.pull())
        if flags.register_configuration:
            self.ls.spawn(self.watch())

    def apply(self, values: Any, of_folders: Mapping[Path, Any] | None = None) -> None:
        """Take the values of the section, and those of folders that have their own; what is wrong or would widen is
        left out and told once."""
        session = self.ls.session
        showed, hints = self._lenses(), self._with_hints()
        whole, problems = self._narrowed(values)
        session.settings, session.client_settings = whole.settings, dict(whole.given)
        session.of_folders = {}
        for folder, own in (of_folders or {}).items():
            session.of_folders[folder], more = self._narrowed(own)
            problems += more
        if self._lenses() != showed:
            self.ls.hunks.refresh()
        self._hide_hints(hints - self._with_hints())
        self.tell(problems)
        self._known.set()
        self.ls.status.update_all()

    def _narrowed(self, values: Any) -> tuple[Scoped, list[Problem]]:
        given = flat(values) if isinstance(values, Mapping) else {}
        settings, problems = narrow(self.ls.session.user_settings, given, SOURCE)
        bad = {problem.key for problem in problems}
        return Scoped(settings, {key: value for key, value in given.items() if key not in bad}), problems

    def _lenses(self) -> tuple[bool, dict[Path, bool]]:
        session = self.ls.session
        of_folders = {folder: scoped.settings.code_lens for folder, scoped in session.of_folders.items()}
        return session.settings.code_lens, of_folders

    def _with_hints(self) -> set[Path]:
        """The repositories of which what stood before the change is to be shown."""
        return {root for root in self.ls.session.repositories if self.ls.session.settings_of(root).show_existing}

    def _hide_hints(self, roots: set[Path]) -> None:
        """They were switched off there; once they are switched on, it takes a review to find them."""
        for repository in (self.ls.session.repositories[root] for root in roots):
            paths = repository.paths()
            repository.findings = [live for live in repository.findings if not live.finding.pre_existing]
            self.ls.publisher.refresh_all(paths)

    def tell(self, problems: list[Problem]) -> None:
        new = [one for one in dict.fromkeys(problem.message for problem in problems) if one not in self._told]
        self._told.update(new)
        if new:
            self.ls.say("Some settings were left out: " + "; ".join(new) + ".", types.MessageType.Warning)

    async def pull(self) -> None:
        """Ask the client; one that cannot answer keeps what it gave at the start."""
        try:
            # One folder has no settings of its own beside the editor's; several may.
            folders = list(self.ls.session.folders) if len(self.ls.session.folders) > 1 else []
            items = [types.ConfigurationItem(section=SECTION)]
            items += [types.ConfigurationItem(scope_uri=uri_of(folder), section=SECTION) for folder in folders]
            answer = await self.ls.workspace_configuration_async(types.ConfigurationParams(items))
            if answer:
                # Null: the client knows no such section, or has nothing for this folder.
                own = zip(folders, answer[1:], strict=False)
                of_folders = {folder: values for folder, values in own if values is not None}
                self.apply(self._initial if answer[0] is None else answer[0], of_folders)
        finally:
            self._known.set()

    def folders_changed(self) -> None:
        """Ask anew: each of several folders may have settings of its own."""
        if self.ls.session.flags.configuration:
            self._known.clear()
            self.ls.spawn(self.pull())

    async def watch(self) -> None:
        """Ask to be told of changes: some clients do it only then."""
        method = types.WORKSPACE_DID_CHANGE_CONFIGURATION
        options = {"section": SECTION}
        registration = types.Registration(id="rebuttal.configuration", method=method, register_options=options)
        await self.ls.client_register_capability_async(types.RegistrationParams([registration]))

    async def ready(self) -> None:
        """Until the settings are known; not for ever."""
        try:
            await asyncio.wait_for(self._known.wait(), PATIENCE)
        except TimeoutError:
            self._known.set()


def flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """The section's values by the names of `rebuttal.settings` (`onSave` is `on_save`); unset ones are left out."""
    named = {_HUMP.sub(r"_\1", str(key)).lower(): value for key, value in values.items()}
    return {key: value for key, value in named.items() if value is not None and key not in _EXTENSION_ONLY}


def register(ls: RebuttalServer) -> None:
    @ls.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    def changed(ls: RebuttalServer, params: types.DidChangeConfigurationParams) -> None:
        if ls.session.flags.configuration:
            ls.spawn(ls.configuration.pull())
        elif isinstance(params.settings, Mapping):
            ls.configuration.apply(params.settings.get(SECTION, {}))
