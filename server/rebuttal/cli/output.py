"""Writing a result: stdout carries nothing else."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from rebuttal.review.request import UsageError


class Unwritable(Exception):
    """A result could not be written; one sentence that says why and what to do."""


def write(text: str) -> None:
    """UTF-8 whatever the console's code page: a finding quotes code, which may hold any character.

    A reader that has gone (`| head`) has read what it wanted. Raises Unwritable.
    """
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode("utf-8", "replace"))
        sys.stdout.buffer.flush()
    except OSError as error:
        _silence_stdout()
        if not isinstance(error, BrokenPipeError):
            reason = error.strerror or str(error)
            raise Unwritable(f"the result could not be written ({reason}): give it a place with room") from None


def write_file(path: Path, text: str, instead: str = "so the result is on stdout") -> None:
    """Raises Unwritable."""
    try:
        path.write_text(text, "utf-8", newline="\n")
    except OSError as error:
        reason = error.strerror or str(error)
        raise Unwritable(f"{path} could not be written ({reason}), {instead}") from None


def hand_over(text: str, file: Path | None) -> None:
    """Write a result to its file, or to stdout where there is none or it fails. Raises Unwritable."""
    if file is None:
        write(text)
        return
    try:
        write_file(file, text)
    except Unwritable:
        write(text)  # it may have been paid for
        raise


def check_file(path: Path, option: str = "--output") -> None:
    """Refuse a file that cannot be written before anything is spent. Raises UsageError."""
    if path.is_dir():
        raise UsageError(f"{option} {path} is a folder: name a file")
    if not path.parent.is_dir():
        raise UsageError(f"{option} {path}: there is no folder {path.parent}: make it, or name another file")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise UsageError(f"{option} {path} may not be written: name another file")


def _silence_stdout() -> None:
    """Python writes what is left in its buffer once more at its end, and would complain."""
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, sys.stdout.fileno())
    os.close(sink)
