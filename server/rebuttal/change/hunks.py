"""Hunks and renames, by one `git diff --no-index` over two temporary folders that belong to no repository.

The texts are given, so git reads nothing of the repository: no attribute, filter or diff driver can apply.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from attrs import frozen

from rebuttal.change.git import Git
from rebuttal.change.model import Hunk

_STEP = re.compile(
    rb"^(?:diff --git (?P<name>.*)|@@ -(?P<old>\d+)(?:,(?P<olds>\d+))? \+(?P<new>\d+)(?:,(?P<news>\d+))? @@)",
    re.MULTILINE,
)
_PAIR = re.compile(rb"a/o/(\d+) b/n/(\d+)")


@frozen
class Comparison:
    """What `compare` found; numbers are places in the sequence it was given."""

    hunks: Mapping[int, tuple[Hunk, ...]]
    """By place of the new text; unchanged texts have no entry."""
    renames: Mapping[int, int]
    """Place of an added text -> place of the deleted text it came from."""


def whole(old_text: str | None, new_text: str | None) -> tuple[Hunk, ...]:
    """The one hunk of an added or deleted text; none where it has no line."""
    old, new = _line_count(old_text or ""), _line_count(new_text or "")
    return (Hunk(0, old, 0, new),) if old or new else ()


def compare(texts: Sequence[tuple[str | None, str | None]], environment: Mapping[str, str]) -> Comparison:
    """Hunks of every (old, new) pair that has both; renames between those that have only one.

    Hunks count lines that end with a line feed only, as git does. Similar enough for a rename: half, git's default.
    """
    renamable = any(new is None for _, new in texts) and any(old is None for old, _ in texts)
    chosen = [
        (place, old, new)
        for place, (old, new) in enumerate(texts)
        if (old != new and old is not None and new is not None) or (renamable and (old is None) != (new is None))
    ]
    if not chosen:
        return Comparison({}, {})
    with TemporaryDirectory(prefix="rebuttal-", ignore_cleanup_errors=True) as name:
        return _parse(_diff(Path(name).resolve(), chosen, environment))


def _diff(folder: Path, chosen: Sequence[tuple[int, str | None, str | None]], environment: Mapping[str, str]) -> bytes:
    for side in ("o", "n", "home"):
        (folder / side).mkdir(mode=0o700)
    for place, old, new in chosen:
        for side, text in (("o", old), ("n", new)):
            if text is not None:
                (folder / side / str(place)).write_bytes(text.encode("utf-8", "surrogatepass"))
    git = Git(folder, _no_configuration(folder, environment))
    options = ("--no-index", "-U0", "-M", "--text", "--no-color", "--no-ext-diff", "--no-textconv")
    return git.run("diff", *options, "--src-prefix=a/", "--dst-prefix=b/", "o", "n", ok=(0, 1))


def _no_configuration(folder: Path, environment: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in environment.items() if not name.startswith("GIT_CONFIG_")}
    home = str(folder / "home")
    return kept | {
        "HOME": home,
        "USERPROFILE": home,
        "XDG_CONFIG_HOME": home,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": str(folder / "home" / "none"),
        "GIT_CEILING_DIRECTORIES": str(folder.parent),
    }


def _parse(patch: bytes) -> Comparison:
    hunks: dict[int, list[Hunk]] = {}
    renames: dict[int, int] = {}
    current: list[Hunk] | None = None
    # At -U0 every line of content starts with +, - or a backslash, so these two headers cannot be content.
    for step in _STEP.finditer(patch):
        if step["name"] is not None:
            pair = _PAIR.fullmatch(step["name"])
            current = None
            if pair is not None:
                old, new = int(pair[1]), int(pair[2])
                current = hunks.setdefault(new, [])
                if old != new:
                    renames[new] = old
        elif current is not None:
            current.append(_hunk(step))
    return Comparison({place: tuple(found) for place, found in hunks.items()}, renames)


def _hunk(step: re.Match[bytes]) -> Hunk:
    old_count, new_count = (1 if step[name] is None else int(step[name]) for name in ("olds", "news"))
    # git names the line before an empty side, counted from 1: that is the line after it, counted from 0.
    return Hunk(
        int(step["old"]) - (1 if old_count else 0), old_count, int(step["new"]) - (1 if new_count else 0), new_count
    )


def _line_count(text: str) -> int:
    return text.count("\n") + (0 if text.endswith("\n") or not text else 1)
