"""Runs ruff once over both sides of the changed Python files, isolated from any configuration of the repository."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from attrs import frozen

from rebuttal.change.model import FileDiff, Side
from rebuttal.evidence.linting.ruff_rules import RULES
from rebuttal.evidence.model import CheckFailed, Completed, Runner
from rebuttal.text.languages import language_of
from rebuttal.text.model import SyntaxFault
from rebuttal.text.positions import LineIndex, Position

MAX_CHARACTERS = 1_000_000
"""A longer file is not linted: it is generated, or data."""
SECONDS = 30
MAX_RUNS = 24
_PLAIN_NAME = re.compile(r"[\w-]{1,80}\.pyi?\Z", re.ASCII)
_LOOKING = threading.Lock()
"""Python 3.11's sysconfig, by which ruff is found, gives half-filled answers to a second thread that asks first."""
_NEWER_PYTHON = re.compile(r"on Python \d+\.\d+")


@frozen
class Edit:
    """Replace the text between two offsets (code points)."""

    start: int
    end: int
    text: str


@frozen
class Diagnostic:
    """What ruff said of one place. Offsets are code points; lines are git's, from 0, inclusive."""

    code: str
    """Empty for a syntax error."""
    message: str
    start: int
    end: int
    first_line: int
    last_line: int
    fix: tuple[Edit, ...] = ()
    """Only where ruff calls it safe."""
    noqa_line: int = 0
    """Where ruff would look for a comment that silences this."""


@frozen
class Linted:
    """Everything that ruff said, by side and path; a path that is missing was not linted."""

    by_file: Mapping[tuple[Side, str], tuple[Diagnostic, ...]]
    failed: tuple[str, ...] = ()
    """Files that ruff could not lint, each with the reason."""

    def of(self, side: Side, path: str) -> tuple[Diagnostic, ...]:
        """What was said of one file, syntax errors left out."""
        return tuple(one for one in self.by_file.get((side, path), ()) if one.code)

    def faults(self, side: Side, path: str) -> tuple[SyntaxFault, ...] | None:
        """The syntax errors of one file; None if it was not linted."""
        found = self.by_file.get((side, path))
        if found is None:
            return None
        return tuple(SyntaxFault(one.start, one.end, one.message) for one in found if not one.code)


NOTHING_LINTED = Linted({})


def run_command(command: list[str], folder: Path) -> Completed:
    """Run a command in `folder`, with no input; raises OSError, or TimeoutError after SECONDS."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("RUFF_", "GIT_"))}
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except subprocess.TimeoutExpired:
        raise TimeoutError(f"{Path(command[0]).name} took more than {SECONDS} s") from None
    return Completed(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))


def ruff_executable() -> str:
    """The ruff of our own environment, never one of the repository's. Raises CheckFailed when there is none."""
    try:
        from ruff import find_ruff_bin  # type: ignore[import-untyped]  # ruff ships no types

        with _LOOKING:
            return str(find_ruff_bin())
    except (ImportError, FileNotFoundError):
        beside = Path(sys.executable).with_name("ruff.exe" if os.name == "nt" else "ruff")
        if beside.is_file():
            return str(beside)
        raise CheckFailed("ruff is missing from Rebuttal's environment: install Rebuttal again.") from None


def ruff_version(run: Runner) -> str:
    """As ruff says it, for `rebuttal doctor`. Raises CheckFailed, OSError or TimeoutError where it cannot be run."""
    done = run([ruff_executable(), "--version"], Path.cwd())
    if done.code != 0:
        raise CheckFailed(f"ruff failed (exit code {done.code}: {done.stderr.strip()[:200]}): install Rebuttal again.")
    return done.stdout.strip()


def lint(diffs: Iterable[FileDiff], run: Runner) -> Linted:
    """Lint both sides of the Python files among `diffs`.

    ruff dies of some files (it overflows its stack on very deep nesting) and takes the others with it: then the
    files are halved until the guilty ones are alone. Raises CheckFailed when ruff cannot be run at all.
    """
    groups = [[diff for diff in diffs if any(True for _ in _sides(diff))]]
    found: dict[tuple[Side, str], tuple[Diagnostic, ...]] = {}
    failed: list[str] = []
    runs = 0
    while groups:
        group = groups.pop()
        texts = {(side, path): text for diff in group for side, path, text in _sides(diff)}
        if not texts:
            continue
        runs += 1
        try:
            found |= _lint_once(texts, run)
        except _Died as death:
            if len(group) == 1 or runs >= MAX_RUNS:
                failed += [f"{diff.path} ({death})" for diff in group]
            else:
                middle = len(group) // 2
                groups += [group[:middle], group[middle:]]
    return Linted(found, tuple(sorted(failed)))


class _Died(Exception):
    """ruff gave no answer, or none that can be read; says why in a few words."""


def _lint_once(texts: Mapping[tuple[Side, str], str], run: Runner) -> dict[tuple[Side, str], tuple[Diagnostic, ...]]:
    with tempfile.TemporaryDirectory(prefix="rebuttal-", ignore_cleanup_errors=True) as folder:
        # The real path: ruff answers with it, and on some systems the temporary folder is a link.
        root = Path(folder).resolve()
        keys = _write(root, texts)
        try:
            done = run(_command(), root)
        except TimeoutError as error:
            raise _Died(str(error)) from None
        except OSError as error:
            raise CheckFailed(f"ruff could not be run ({error}): Python files were not linted.") from None
    if done.code not in (0, 1):
        raise _Died(f"ruff ended with code {done.code}")
    try:
        return _read(json.loads(done.stdout), keys, texts)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _Died(f"ruff's answer cannot be read: {type(error).__name__}") from None


def _sides(diff: FileDiff) -> Iterator[tuple[Side, str, str]]:
    if language_of(diff.path) != "python":
        return
    if diff.new_text is not None and len(diff.new_text) <= MAX_CHARACTERS:
        yield "new", diff.path, diff.new_text
    if diff.old_text is not None and len(diff.old_text) <= MAX_CHARACTERS:
        yield "old", diff.path, diff.old_text


def _write(root: Path, texts: Mapping[tuple[Side, str], str]) -> dict[tuple[str, str], tuple[Side, str]]:
    """Each file in a folder of its own, so that no name of the repository's becomes a path of ours."""
    keys: dict[tuple[str, str], tuple[Side, str]] = {}
    for number, (key, text) in enumerate(texts.items()):
        name = key[1].rpartition("/")[2]
        name = name if _PLAIN_NAME.match(name) else "module.pyi" if name.endswith(".pyi") else "module.py"
        folder = root / f"f{number}"
        folder.mkdir()
        (folder / name).write_bytes(text.encode("utf-8", "replace"))
        keys[folder.name, name] = key
    return keys


def _command() -> list[str]:
    # The newest syntax: which versions the project supports is not known, so none is refused.
    return [
        *(ruff_executable(), "check", "--isolated", "--no-cache", "--quiet", "--exit-zero", "--no-respect-gitignore"),
        # Such comments are looked at here: those that the change itself brings do not count.
        "--ignore-noqa",
        *("--output-format", "json", "--target-version", "py314", "--select", ",".join(RULES), "."),
    ]


def _read(
    entries: list[dict[str, Any]],
    keys: Mapping[tuple[str, str], tuple[Side, str]],
    texts: Mapping[tuple[Side, str], str],
) -> dict[tuple[Side, str], tuple[Diagnostic, ...]]:
    found: dict[tuple[Side, str], list[Diagnostic]] = {key: [] for key in keys.values()}
    indexes: dict[tuple[Side, str], LineIndex] = {}
    for entry in entries:
        path = Path(entry["filename"])
        key = keys[path.parent.name, path.name]
        if key not in indexes:
            indexes[key] = LineIndex(texts[key])
        diagnostic = _diagnostic(entry, indexes[key])
        if diagnostic.code or not _NEWER_PYTHON.search(diagnostic.message):
            found[key].append(diagnostic)
    return {key: tuple(sorted(said, key=lambda one: one.start)) for key, said in found.items()}


def _diagnostic(entry: Mapping[str, Any], index: LineIndex) -> Diagnostic:
    start, end = _offset(index, entry["location"]), _offset(index, entry["end_location"])
    code = entry["code"] or ""
    fix = entry.get("fix") or {}
    edits = fix.get("edits", ()) if fix.get("applicability") == "safe" else ()
    return Diagnostic(
        code if code in RULES else "",
        entry["message"].removeprefix("SyntaxError: "),
        start,
        end,
        index.git_line_of(start),
        index.git_line_of(max(end - 1, start)),
        tuple(
            Edit(_offset(index, edit["location"]), _offset(index, edit["end_location"]), edit["content"])
            for edit in edits
        ),
        index.git_line_of(index.offset(Position((entry.get("noqa_row") or entry["location"]["row"]) - 1, 0))),
    )


def _offset(index: LineIndex, place: Mapping[str, int]) -> int:
    """ruff counts lines and code points from 1, and ends lines where LSP does."""
    return index.offset(Position(place["row"] - 1, 0)) + place["column"] - 1
