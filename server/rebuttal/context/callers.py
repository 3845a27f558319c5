"""Who uses what was changed. A use counts only where the file can mean that definition, not one of the same name."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence

from attrs import frozen

from rebuttal.change.model import Match
from rebuttal.context.candidates import (
    CALLER,
    CALLER_BROKEN,
    CALLER_GUESSED,
    CALLERS_OF_ONE,
    DISTINCTIVE,
    MAX_WANTED,
    TEST,
    TEST_BROKEN,
    TEST_GUESSED,
    family,
    whole,
)
from rebuttal.context.changed import Changed
from rebuttal.context.code import Code
from rebuttal.context.imports import files_of, leads_to
from rebuttal.context.packing import Candidate
from rebuttal.context.places import CLASSES, classes, functions
from rebuttal.context.resolve import SELF
from rebuttal.text.languages import is_test, language_of
from rebuttal.text.model import Reference, Symbol

_BY_FOLDER = ("go", "java", "kotlin", "scala", "csharp", "swift", "php")
"""Files of one folder know each other's names without an import."""
_LOOSE = ("rust", "c", "cpp", "csharp", "ruby", "php", "kotlin", "scala", "swift", "bash")
"""Names may come from files that no import of the user's own file names: a distinctive one counts, as a guess."""
_SPREAD = 16
"""A method's name in more files than this says too little about which class is meant."""
_LOOKED_INTO = 40
_TESTS_OF_ONE = 3
_MOST = 200
_LATER = 0.02
"""By this much each further user of one definition matters less, so that none crowds out the others."""


@frozen
class _Use:
    path: str
    holder: Symbol | None
    line: int
    score: float


class Callers:
    """Finds who uses what was changed."""

    def __init__(self, code: Code, changed: Sequence[Changed]) -> None:
        self._code = code
        self._changed = sorted(changed, key=lambda one: not one.broken)
        self._reached: dict[tuple[str, str], bool] = {}

    def names(self) -> dict[str, str]:
        """The names to search for, with their family of languages; those that may break first."""
        names: dict[str, str] = {}
        for one in self._changed:
            kind = family(language_of(one.file))
            if kind is not None and not one.symbol.name.startswith("__"):
                names.setdefault(one.symbol.name, kind)
        return dict(list(names.items())[:MAX_WANTED])

    def of(self, matches: Mapping[str, Sequence[Match]]) -> Iterator[Candidate]:
        """Those of what may break first; no more than could ever be shown."""
        found = 0
        for one in self._changed:
            for candidate in self._users(one, matches.get(one.symbol.name, ())):
                found += 1
                yield candidate
            if found >= _MOST:
                return

    def _users(self, one: Changed, matches: Sequence[Match]) -> Iterator[Candidate]:
        lines: dict[str, set[int]] = {}
        for match in matches:
            lines.setdefault(match.path, set()).add(match.line)
        # The file itself first, then the nearest; tests last.
        near = sorted(lines, key=lambda path: (path != one.file, is_test(path), -_nearness(path, one.file), path))
        found: list[_Use] = []
        tests = 0
        for path in near[:_LOOKED_INTO]:
            if is_test(path) and tests >= _TESTS_OF_ONE:
                continue
            users = self._uses(one, path, lines[path], len(lines))
            tests += bool(users) and is_test(path)
            found += users
            if len(found) >= 2 * CALLERS_OF_ONE:
                break
        yield from _candidates(one, found)

    def _uses(self, one: Changed, path: str, lines: set[int], spread: int) -> list[_Use]:
        """Where the definition is used in a file, once for each function that uses it."""
        score = self._score(one, path, spread)
        if score is None:
            return []
        users: dict[tuple[int, int], _Use] = {}
        for use in self._code.references(path):
            if use.name != one.symbol.name or use.line not in lines or use.kind == "import":
                continue
            if not self._means(one, path, use, spread):
                continue
            holder = self._code.held(path, functions).at(use.line)
            if holder is not None and path == one.file and holder.qualified == one.symbol.qualified:
                continue
            key = (holder.start_line, holder.end_line) if holder else (use.line, use.line)
            mentioned = use.kind != "call" and not one.gone  # a type, a base: it seldom breaks
            users.setdefault(key, _Use(path, holder, use.line, min(score, CALLER) if mentioned else score))
        return list(users.values())

    def _means(self, one: Changed, path: str, use: Reference, spread: int) -> bool:
        """Whether this use can mean the definition, given that its file can."""
        if one.owner is None:
            if use.receiver is None:
                return self._knows(path, one, use.name)
            return self._is_module(path, use.receiver) or language_of(path) in _LOOSE
        if use.receiver is None:
            return False
        if use.receiver in SELF or use.receiver.startswith("super"):
            holder = self._code.held(path, classes).at(use.line)
            named = (holder.name, *holder.bases) if holder is not None else ()
            return any(name.split(".")[-1].split("[")[0] == one.owner for name in named)
        rivals = [each for each in self._code.symbols(one.file) if each.name == use.name]
        return len(use.name) >= DISTINCTIVE and spread <= _SPREAD and len(rivals) <= 1

    def _knows(self, path: str, one: Changed, name: str) -> bool:
        """Whether the bare name is this definition in `path`: its own file or package, or imported, not another's."""
        if path == one.file:
            return True
        if any(each.name == name and each.parent is None for each in self._code.symbols(path)):
            return False
        if language_of(path) in (*_BY_FOLDER, *_LOOSE):
            return True
        return any(name == each.local or each.name == "*" for each in self._code.imports(path))

    def _is_module(self, path: str, receiver: str) -> bool:
        root = receiver.split(".", maxsplit=1)[0]
        return any(root == (each.local or "").split(".")[0] for each in self._code.imports(path))

    def _score(self, one: Changed, path: str, spread: int) -> float | None:
        """How much a use in `path` matters; None when it most likely means something else."""
        language = language_of(path)
        if language is None or family(language) != family(language_of(one.file)):
            return None
        if path == one.file or any(self._reaches(path, target) for target in (one.file, one.old_file) if target):
            if is_test(path):
                return TEST_BROKEN if one.broken else TEST
            return CALLER_BROKEN if one.broken else CALLER
        # A method is used through objects whose class is imported elsewhere.
        distinctive = len(one.symbol.name) >= DISTINCTIVE and spread <= _SPREAD
        loose = one.owner is not None or language in _LOOSE
        if not loose or not distinctive:
            return None
        if is_test(path):
            return TEST_GUESSED if language in _LOOSE else None
        return CALLER_GUESSED

    def _reaches(self, path: str, target: str) -> bool:
        """Whether names of `target` can be known in `path`: by an import, or in the same Go package."""
        key = (path, target)
        if key not in self._reached:
            language = language_of(path)
            same = language in _BY_FOLDER and posixpath.dirname(path) == posixpath.dirname(target)
            self._reached[key] = same or (
                language is not None
                and any(leads_to(target, files_of(one, path, language, self._code)) for one in self._code.imports(path))
            )
        return self._reached[key]


def _candidates(one: Changed, found: Sequence[_Use]) -> Iterator[Candidate]:
    how = "which is gone" if one.gone else "whose signature changed" if one.broken else "which changed"
    count = f" (one of {len(found)} places or more)" if len(found) > CALLERS_OF_ONE else ""
    for number, use in enumerate(found[:CALLERS_OF_ONE]):
        verb = "tests" if is_test(use.path) else "uses"
        who = use.holder.qualified if use.holder is not None else use.path
        reason = f"{who} {verb} {one.symbol.qualified}, {how}{count}"
        score = round(use.score - _LATER * number, 2)
        names = frozenset({one.symbol.name})
        if use.holder is not None and use.holder.kind not in CLASSES:
            yield whole(use.path, use.holder, reason, score, names)
        else:
            yield Candidate(use.path, "new", max(use.line - 3, 0), use.line + 3, reason, score, names)


def _nearness(path: str, other: str) -> int:
    return len(posixpath.commonprefix([path.split("/")[:-1], other.split("/")[:-1]]))
