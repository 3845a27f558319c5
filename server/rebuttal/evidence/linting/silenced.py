"""Comments that silence ruff and bandit, and who wrote them: what the change itself brings hides nothing of it."""

from __future__ import annotations

import re

from attrs import frozen

from rebuttal.change.model import FileDiff
from rebuttal.evidence.model import one_line
from rebuttal.text.positions import git_lines

_NOQA = re.compile(r"#\s*noqa(?:\s*:\s*(?P<codes>[A-Z]+\d+(?:[\s,]+[A-Z]+\d+)*))?", re.IGNORECASE)
_WHOLE_FILE = re.compile(
    r"\s*#\s*(?:ruff|flake8)\s*:\s*noqa(?:\s*:\s*(?P<codes>[A-Z]+\d+(?:[\s,]+[A-Z]+\d+)*))?\s*\Z", re.I
)
_NOSEC = re.compile(r"#\s*nosec\b.*")
"""bandit's own word for "looked at"."""

SELF_SILENCED = "The change itself silences this"
"""In the message of a fact, before the comment that does."""


def self_silenced(comment: str) -> str:
    """What is said of a fault that the change itself silences. It is shown, quietly: the author has seen it, and the
    reviewer judges whether that holds."""
    return f" {SELF_SILENCED} ({one_line(comment, 60)}): that counts once the base has it."


@frozen
class Silence:
    """A comment that silences a rule on a line."""

    comment: str
    by_the_change: bool
    """It came with the change, so it does not count yet."""


class Silences:
    """The comments of one changed file."""

    def __init__(self, diff: FileDiff) -> None:
        self._diff = diff
        self._old = git_lines(diff.old_text or "")
        self._new = git_lines(diff.new_text or "")

    def of(self, code: str, line: int, *, security: bool) -> Silence | None:
        """What silences rule `code` on the new git line, from 0, where ruff looks for such a comment."""
        own = _on_line(self._new[line] if line < len(self._new) else "", code, security)
        if own is not None:
            return Silence(own, not self._stood_on(code, line, security))
        found = _for_file(self._new, code)
        return None if found is None else Silence(found, _for_file(self._old, code) is None)

    def _stood_on(self, code: str, line: int, security: bool) -> bool:
        """Whether the line is the base's, or replaces lines of which one was silenced already."""
        hunk = next((one for one in self._diff.hunks if line in one.new_lines), None)
        if hunk is None:
            return True
        return any(_on_line(self._old[old], code, security) is not None for old in hunk.old_lines)


def whole_file_comment(line: str) -> str | None:
    """The comment, if it silences all of ruff in the file that it stands in."""
    match = _WHOLE_FILE.match(line.rstrip("\r\n"))
    return line.strip() if match is not None and match["codes"] is None else None


def _on_line(text: str, code: str, security: bool) -> str | None:
    if "#" not in text or whole_file_comment(text):
        return None
    for match in _NOQA.finditer(text):
        if match["codes"] is None or code in re.split(r"[\s,]+", match["codes"].upper()):
            return match[0].strip()
    nosec = _NOSEC.search(text) if security else None
    return nosec[0].strip() if nosec else None


def _for_file(lines: list[str], code: str) -> str | None:
    for line in lines:
        match = _WHOLE_FILE.match(line.rstrip("\r\n")) if "noqa" in line.lower() else None
        if match is not None and (match["codes"] is None or code in re.split(r"[\s,]+", match["codes"].upper())):
            return line.strip()
    return None
