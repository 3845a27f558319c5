"""What is not reviewed because somebody said so: `.rebuttalignore` files as the base has them, and settings.

The files are written and nested as `.gitignore` is. They are read from the base, so that a change cannot leave itself
out of its own review.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field, frozen

from rebuttal.change.patterns import Pattern

IGNORE_FILE = ".rebuttalignore"
_MAX_LINES = 10_000


@frozen
class Rule:
    """One line of an ignore file."""

    pattern: Pattern
    negated: bool
    only_folders: bool


@define
class Ignored:
    """Which paths are ignored. `read` gives the text of a file of the base, or None; `globs` come from settings."""

    read: Callable[[str], str | None]
    globs: tuple[str, ...] = ()
    _rules: dict[str, list[Rule]] = field(factory=dict)
    _folders: dict[str, str | None] = field(factory=dict)
    """The reasons of folders that were looked at, None for one that is not ignored."""
    _settings: list[tuple[str, list[Rule]]] = field(init=False)

    @_settings.default
    def _parsed(self) -> list[tuple[str, list[Rule]]]:
        return [(glob, parse_ignore(glob)) for glob in self.globs]

    def reason(self, path: str) -> str | None:
        """Why the file is ignored, in words for the user; None where it is not."""
        parts = tuple(path.split("/"))
        return self._inherited(parts[:-1]) or self._own(parts, is_folder=False)

    def _inherited(self, folder: tuple[str, ...]) -> str | None:
        """What is inside an ignored folder cannot be taken back, as in git."""
        if not folder:
            return None
        name = "/".join(folder)
        if name not in self._folders:
            self._folders[name] = self._inherited(folder[:-1]) or self._own(folder, is_folder=True)
        return self._folders[name]

    def _own(self, parts: tuple[str, ...], *, is_folder: bool) -> str | None:
        for glob, rules in self._settings:
            if any(_holds(rule, parts, is_folder) for rule in rules):
                return f"ignored by the setting ignore ({glob})"
        # The deepest file decides, and in it the last line that speaks of the path.
        for depth in range(len(parts) - 1, -1, -1):
            file = "/".join((*parts[:depth], IGNORE_FILE))
            for rule in reversed(self._rules_of(file)):
                if _holds(rule, parts[depth:], is_folder):
                    return None if rule.negated else f"ignored by {file}"
        return None

    def _rules_of(self, file: str) -> list[Rule]:
        if file not in self._rules:
            self._rules[file] = parse_ignore(self.read(file) or "")
        return self._rules[file]


def _holds(rule: Rule, parts: tuple[str, ...], is_folder: bool) -> bool:
    return (is_folder or not rule.only_folders) and rule.pattern.matches(parts)


def parse_ignore(text: str) -> list[Rule]:
    """The rules of one ignore file, in order (gitignore(5))."""
    found = (_rule(line) for line in text.split("\n")[:_MAX_LINES])
    return [rule for rule in found if rule is not None]


def _rule(line: str) -> Rule | None:
    line = _trimmed(line.removesuffix("\r"))
    if line.startswith("#"):
        return None
    negated = line.startswith("!")
    pattern = line[1:] if negated else line
    only_folders = pattern.endswith("/")
    pattern = pattern.removesuffix("/")
    if not pattern.strip("/"):
        return None
    return Rule(Pattern.of(pattern), negated, only_folders)


def _trimmed(line: str) -> str:
    """Without the blanks at its end, except one that a backslash keeps."""
    bare = line.rstrip(" ")
    backslashes = len(bare) - len(bare.rstrip("\\"))
    return bare + " " if backslashes % 2 and len(bare) < len(line) else bare
