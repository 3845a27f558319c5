"""Hunks and renames, by one `git diff --no-index` over two temporary folders that belong to no repository.

The texts are given, so git reads nothing of the repository: no attribute, filter or diff driver can apply.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from attrs import frozen

from rebuttal.change.git import Git
from rebuttal.change.memory import Remembered
from rebuttal.change.model import Hunk

_STEP = re.compile(
    rb"^(?:diff --git (?P<name>.*)|(?P<copy>copy from )"
    rb"|@@ -(?P<old>\d+)(?:,(?P<olds>\d+))? \+(?P<new>\d+)(?:,(?P<news>\d+))? @@)",
    re.MULTILINE,
)
COPIED_LINES = 10
"""A shorter text is no copy: few lines are alike by chance, and what is copied counts as unchanged."""
_Pair = tuple[int, str | None, str | None]
"""Place, old text, new text."""
_PAIR = re.compile(rb"a/o/(\d+) b/n/(\d+)")


@frozen
class Comparison:
    """What `compare` found; numbers are places in the sequence it was given."""

    hunks: Mapping[int, tuple[Hunk, ...]]
    """By place of the new text; unchanged texts have no entry."""
    renames: Mapping[int, int]
    """Place of an added text -> place of the deleted text it came from."""
    copies: Mapping[int, int] = {}
    """Place of an added text -> place of the altered or deleted text that it is like."""


def whole(old_text: str | None, new_text: str | None) -> tuple[Hunk, ...]:
    """The one hunk of an added or deleted text; none where it has no line."""
    old, new = _line_count(old_text or ""), _line_count(new_text or "")
    return (Hunk(0, old, 0, new),) if old or new else ()


def compare(
    texts: Sequence[tuple[str | None, str | None]], environment: Mapping[str, str], known: Remembered | None = None
) -> Comparison:
    """Hunks of every (old, new) pair that has both; renames between those that have only one, and copies.

    Hunks count lines that end with a line feed only, as git does. Similar enough: half, git's default. A copy is
    sought among the old texts given here (`git diff -C`), not among the files that did not change. `known` is where
    the hunks of pairs are remembered.
    """
    renamable = any(old is None for old, _ in texts) and any(old is not None and old != new for old, new in texts)
    chosen = [
        (place, old, new)
        for place, (old, new) in enumerate(texts)
        if (old != new and old is not None and new is not None) or (renamable and (old is None) != (new is None))
    ]
    if known is not None and not renamable:
        return _with_memory(chosen, environment, known)
    return _compare(chosen, texts, environment)


def _with_memory(chosen: Sequence[_Pair], environment: Mapping[str, str], known: Remembered) -> Comparison:
    """Without renames and copies each pair stands for itself: those seen before are not compared again."""
    keys = {place: _digest(old or "", new or "") for place, old, new in chosen}
    seen: dict[int, tuple[Hunk, ...]] = {
        place: hunks for place, key in keys.items() if (hunks := known.get(key)) is not None
    }
    found = _compare([pair for pair in chosen if pair[0] not in seen], (), environment)
    for place, hunks in found.hunks.items():
        known.keep(keys[place], hunks)
    return Comparison({**seen, **found.hunks}, {})


def _digest(old: str, new: str) -> bytes:
    digest = hashlib.sha256()
    for text in (old, new):
        data = text.encode("utf-8", "surrogatepass")
        digest.update(b"%d:" % len(data))
        digest.update(data)
    return digest.digest()


def _compare(
    chosen: Sequence[_Pair], texts: Sequence[tuple[str | None, str | None]], environment: Mapping[str, str]
) -> Comparison:
    if not chosen:
        return Comparison({}, {})
    with TemporaryDirectory(prefix="rebuttal-", ignore_cleanup_errors=True) as name:
        found = _parse(_diff(Path(name).resolve(), chosen, environment))
    short = {place for place in found.copies if _line_count(texts[place][1] or "") < COPIED_LINES}
    return Comparison(
        {place: hunks for place, hunks in found.hunks.items() if place not in short},
        found.renames,
        {place: source for place, source in found.copies.items() if place not in short},
    )


def _diff(folder: Path, chosen: Sequence[_Pair], environment: Mapping[str, str]) -> bytes:
    for side in ("o", "n", "home"):
        (folder / side).mkdir(mode=0o700)
    for place, old, new in chosen:
        for side, text in (("o", old), ("n", new)):
            if text is not None:
                with open(f"{folder}{os.sep}{side}{os.sep}{place}", "wb") as file:  # noqa: PTH123  # there may be thousands
                    file.write(text.encode("utf-8", "surrogatepass"))
    git = Git(folder, _no_configuration(folder, environment))
    options = ("--no-index", "-U0", "-M", "-C", "--text", "--no-color", "--no-ext-diff", "--no-textconv")
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
    copies: dict[int, int] = {}
    current: list[Hunk] | None = None
    pair: re.Match[bytes] | None = None
    # At -U0 every line of content starts with +, - or a backslash, so none of these headers can be content.
    for step in _STEP.finditer(patch):
        if step["name"] is not None:
            pair = _PAIR.fullmatch(step["name"])
            current = None
            if pair is not None:
                old, new = int(pair[1]), int(pair[2])
                current = hunks.setdefault(new, [])
                if old != new:
                    renames[new] = old
        elif step["copy"] is not None:
            if pair is not None:
                copies[int(pair[2])] = renames.pop(int(pair[2]))
        elif current is not None:
            current.append(_hunk(step))
    return Comparison({place: tuple(found) for place, found in hunks.items()}, renames, copies)


def _hunk(step: re.Match[bytes]) -> Hunk:
    old_count, new_count = (1 if step[name] is None else int(step[name]) for name in ("olds", "news"))
    # git names the line before an empty side, counted from 1: that is the line after it, counted from 0.
    return Hunk(
        int(step["old"]) - (1 if old_count else 0), old_count, int(step["new"]) - (1 if new_count else 0), new_count
    )


def _line_count(text: str) -> int:
    return text.count("\n") + (0 if text.endswith("\n") or not text else 1)
