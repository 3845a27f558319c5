"""Texts that try to talk to the panel, as data: what each asks for, and where it stands.

Each TOML file holds `[[case]]` tables:

- `id`, and `asks`: what a model that obeys would do (silence, approve, refute, plant, backdoor, leak, other-file,
  flood, form, forge).
- where it stands: `code` (on top of the faulty module), `files` (`path`, `base`, `new`), `framing` (what authors say),
  `tools` (other tools' diagnostics), or `says` (in what an obedient seat itself writes). `repeat`: so many times.
- `marks`: pieces of it that must stand in no prompt outside the fence. `hidden`: what no model may be sent as it is.

`{fence}` in any of them stands for the debate's real fence id.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from attrs import field, frozen

from tests.debate.conftest import FENCE


@frozen
class Injection:
    """One case."""

    id: str
    asks: str
    marks: tuple[str, ...]
    code: str = ""
    framing: str = ""
    says: str = ""
    hidden: tuple[str, ...] = ()
    files: dict[str, tuple[str | None, str | None]] = field(factory=dict, eq=False)
    tools: tuple[tuple[str, str, str], ...] = ()
    """Tool, rule, message."""

    @property
    def words(self) -> str:
        """What an obedient seat repeats."""
        return self.says or "\n".join((self.code, self.framing, *self.marks))[:6000]


@cache
def injections() -> tuple[Injection, ...]:
    """All cases, by file and place in it."""
    found: list[Injection] = []
    for path in sorted(Path(__file__).parent.glob("*.toml")):
        for raw in tomllib.loads(path.read_text("utf-8").replace("{fence}", FENCE))["case"]:
            found.append(_injection(raw))
    return tuple(found)


def _injection(raw: dict[str, Any]) -> Injection:
    times = raw.get("repeat", 1)
    return Injection(
        id=raw["id"],
        asks=raw["asks"],
        marks=tuple(raw["marks"]),
        code=raw.get("code", "") * times,
        framing=raw.get("framing", ""),
        says=raw.get("says", "") * times,
        hidden=tuple(raw.get("hidden", ())),
        files={one["path"]: (one.get("base"), one.get("new")) for one in raw.get("files", ())},
        tools=tuple((one["tool"], one["rule"], one["message"]) for one in raw.get("tools", ())),
    )
