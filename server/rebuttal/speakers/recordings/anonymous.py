"""What would tell whose machine something was recorded on: covered before it stands in a file that may be passed on."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from rebuttal.settings import Settings, SettingsError, endpoint_host, project_of, resource_of
from rebuttal.text.secrets import find_secrets

_SECRET_NAME = re.compile(r"(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)$", re.IGNORECASE)
_SHORTEST_SECRET = 8
_SHORTEST_NAME = 4
_COMMON = frozenset(
    {"admin", "administrator", "build", "builder", "code", "debian", "default", "docker", "guest", "home", "jenkins"}
    | {"localhost", "main", "node", "python", "root", "runner", "service", "system", "test", "ubuntu", "user", "users"}
    | {"vagrant", "work"}
)
"""Names of users and machines that name nobody, and are words of code."""


class Anonymous:
    """Covers what a machine's environment gives away, and uncovers what may stand in the code under review.

    `names`: of the files that were sent. None holds a token that its form gives away; what only may be a secret was
    sent, for no finding could name the file otherwise, and need not be passed on as well.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        root: Path | None = None,
        names: Iterable[str] = (),
        settings: Settings | None = None,
    ) -> None:
        found = [*_secrets(environment), *_places(environment, root), *_endpoint(environment, settings or Settings())]
        found += [*_names(environment), *_in_names(names)]
        # What holds another is covered first.
        ordered = sorted(
            {value: (value, mark, word) for value, mark, word in found}.values(), key=lambda one: -len(one[0])
        )
        self._covers = [(value, mark, _pattern(value, is_word)) for value, mark, is_word in ordered]

    def cover(self, text: str) -> str:
        """`text` with a mark («home», «user», …) for each thing that says whose it is."""
        for value, mark, pattern in self._covers:
            if value in text:
                text = pattern.sub(mark, text)
        return text

    def uncover(self, text: str) -> str:
        """What was covered on this machine, as it was; secrets stay covered."""
        if "«" in text:
            for value, mark, _ in reversed(self._covers):
                if mark != "«secret»":
                    text = text.replace(mark, value)
        return text


def _pattern(value: str, is_word: bool) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(value)}(?!\w)" if is_word else re.escape(value))


_Found = tuple[str, str, bool]
"""The value, its mark, and whether it counts only as a whole word."""


def _secrets(environment: Mapping[str, str]) -> Iterator[_Found]:
    for name, value in environment.items():
        if _SECRET_NAME.search(name) and len(value.strip()) >= _SHORTEST_SECRET:
            yield value.strip(), "«secret»", False


def _places(environment: Mapping[str, str], root: Path | None) -> Iterator[_Found]:
    named = {
        "«repository»": str(root) if root is not None else "",
        "«rebuttal-home»": environment.get("REBUTTAL_HOME", ""),
        "«home»": environment.get("HOME") or environment.get("USERPROFILE") or "",
    }
    for mark, named_place in named.items():
        place = named_place.rstrip("/\\")
        # `/root` and the like are everybody's.
        if len(re.findall(r"[\\/]", place)) > 1:
            yield place, mark, False
            if "\\" in place:
                yield place.replace("\\", "/"), mark, False


def _endpoint(environment: Mapping[str, str], settings: Settings) -> Iterator[_Found]:
    """What failures name: the host, and whose project or resource it is."""
    try:
        host = endpoint_host(environment, settings)
    except SettingsError:
        host = ""  # a replay needs none
    if host and not host.endswith("anthropic.com"):
        yield host, "«endpoint»", True
        name = host.rpartition(":")[0]
        if "." in name and not name.replace(".", "").isdigit():
            yield name, "«endpoint's name»", True
    named = {"«project»": project_of(environment, settings), "«resource»": resource_of(environment, settings)}
    for mark, value in named.items():
        if len(value) >= _SHORTEST_NAME and value.lower() not in _COMMON:
            yield value, mark, True


def _in_names(names: Iterable[str]) -> Iterator[_Found]:
    # In a fixed order: wherever the same change is reviewed, a mark means the same.
    parts = {name[one.start : one.end] for name in names for one in find_secrets(name, "")}
    for number, part in enumerate(sorted(parts), 1):
        yield part, f"«secret in a name:{number}»", False


def _names(environment: Mapping[str, str]) -> Iterator[_Found]:
    users = {environment.get(name, "") for name in ("USER", "LOGNAME", "USERNAME")}
    home = environment.get("HOME") or environment.get("USERPROFILE") or ""
    users.add(re.split(r"[\\/]", home.rstrip("/\\"))[-1])
    for user in sorted(users):
        if len(user) >= _SHORTEST_NAME and user.lower() not in _COMMON:
            yield user, "«user»", True
    machine = environment.get("COMPUTERNAME") or environment.get("HOSTNAME") or socket.gethostname()
    for name in {machine, machine.partition(".")[0]}:
        if len(name) >= _SHORTEST_NAME and name.lower() not in _COMMON:
            yield name, "«machine»", True
