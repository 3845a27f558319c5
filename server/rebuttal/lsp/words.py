"""Messages of the rooms below in an editor's words: what they say to do is done at the command line."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from rebuttal.lsp.encoding import clean

_INSTEAD: Mapping[str, str] = {
    "name one of them with --repo": "open one of them, or a file in it",
    "choose a folder in one (--repo)": "open a folder in one",
    "name one with --repo": "open the folder that is",
    "leave out --base": "leave out the base",
    "name one with --base REV": "give the branch an upstream",
    "Run again with --yes to agree to it and to the estimate": "Review again to be asked again",
    "or use --panel static": "or choose the panel static",
    " (or --max-cost)": "",
    ", or use --trust": "",
    "(--trust, or the setting trusted)": "(the setting trusted)",
    "is run with --trust, or once": "is run once",
}
_KEY = "ANTHROPIC_API_KEY"
LONGEST = 80
"""Characters of the name of a client's command."""


def _bounded(name: str) -> str:
    return clean(name)[:LONGEST].strip()


@frozen
class Words:
    """How one client's user is told what to do."""

    key_command: str = field(default="", converter=_bounded)
    """What the client calls its command that keeps the API key; empty where it has none."""

    @classmethod
    def of(cls, given: object) -> Words:
        """From `initializationOptions.keyCommand`; what is no text is none."""
        return cls(given if isinstance(given, str) else "")

    def told(self, message: str) -> str:
        """The message as this client's user is told it, fit to be shown."""
        for there, here in _INSTEAD.items():
            message = message.replace(there, here)
        if self.key_command and f'"{self.key_command}"' not in message:  # else it was told before
            for word, run in (("set", "run"), ("Set", "Run"), ("check", "check it with")):
                message = message.replace(f"{word} {_KEY}", f'{run} "{self.key_command}", or {word} {_KEY}')
        return clean(message)

    @property
    def without_key(self) -> str:
        """What the status says where no model can be asked."""
        return self.told(f"No API key: the static panel works, no model is asked. For a debate, set {_KEY}.")
