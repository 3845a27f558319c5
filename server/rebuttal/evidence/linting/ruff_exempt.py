"""Where ruff is right by the letter and there is no fault: decorators that register, Python 2, packages' imports."""

from __future__ import annotations

import builtins
import re

from rebuttal.evidence.linting.ruff import Diagnostic
from rebuttal.evidence.model import Material
from rebuttal.text.languages import GLOBS
from rebuttal.text.positions import git_lines

_FIRST_OF_TWO = re.compile(r"from line (\d+)")
_IMPORT = re.compile(r"\s*(?:from|import)\b")
_DEFINITION = re.compile(r"\s*(?:async\s+def|def|class)\b")
_KEEPS_NOTHING = re.compile(
    r"@\s*(?:property|staticmethod|classmethod|abstractmethod|contextmanager|cached_property|lru_cache|cache|skip\w*|patch"
    r"|(?:pytest|unittest|mock|functools|contextlib|abc)\.[\w.]+)\b"
)
"""Decorators that hand the function back and remember it nowhere."""
_OF_PYTHON_2 = frozenset(
    {
        *("unicode", "xrange", "basestring", "long", "unichr", "raw_input", "reduce", "file", "cmp", "execfile"),
        *("reload", "buffer", "intern", "apply", "coerce", "StandardError", "WindowsError"),
    }
)
_TELLS_PYTHON_2 = ("xrange", "basestring", "iteritems", "itervalues", "raw_input", "unicode_literals", "print_function")
_WRITTEN_FOR_2 = re.compile(
    r"^\s*print\s+[\"'\w%]|^\s*print\s*>>|\bexcept\s+[\w.(), ]+?\s*,\s*\w+\s*:|^\s*raise\s+[\w.]+\s*,"
    r"|^\s*def\s+\w+\(.*[,(]\s*\(\w+\s*,|^\s*exec\s+[\"'\w]|<>|\b0\d+\b|\bur[\"']",
    re.MULTILINE,
)


def is_harmless_redefinition(path: str, text: str, said: Diagnostic) -> bool:
    """Whether a second definition (F811) takes nothing away: the first is registered, exported, or the same import."""
    match = _FIRST_OF_TWO.search(said.message)
    lines = git_lines(text)
    first = int(match[1]) - 1 if match else len(lines)
    if first >= len(lines):
        return False
    if _DEFINITION.match(lines[first]):
        return _is_registered(lines, first)
    defined = _DEFINITION.match(lines[said.first_line]) is not None
    if not defined and not _IMPORT.match(lines[said.first_line]) and re.match(r"\s", lines[said.first_line]):
        return True  # A variable of a function that has the name of an import.
    if path.rpartition("/")[2] == "__init__.py" and not _imports(lines, said.first_line):
        return True  # What a package imports it hands on; a local of that name changes nothing about it.
    return not defined and not any(_IMPORT.match(line) for line in lines[first + 1 : said.first_line + 1])


def _imports(lines: list[str], line: int) -> bool:
    head = next((one for one in reversed(lines[: line + 1]) if re.match(r"\w", one)), "")
    return _IMPORT.match(head) is not None


def _is_registered(lines: list[str], first: int) -> bool:
    """Whether a decorator above may have kept the function."""
    indent = len(lines[first]) - len(lines[first].lstrip())
    for line in reversed(lines[max(first - 8, 0) : first]):
        if len(line) - len(line.lstrip()) > indent or line.strip().startswith(")"):
            continue
        if not line.strip().startswith("@"):
            return False
        if not _KEEPS_NOTHING.match(line.strip()):
            return True
    return False


def is_built(said: Diagnostic, path: str) -> bool:
    """Whether it is `exec` of the package's own file where the package is built or documented."""
    return said.code == "S102" and path.rpartition("/")[2] in ("setup.py", "conf.py", "noxfile.py")


def raises_again(said: Diagnostic, text: str) -> bool:
    """Whether a bare `except` (E722) raises in its turn: nothing is lost by it."""
    if said.code != "E722":
        return False
    lines = git_lines(text)
    indent = len(lines[said.first_line]) - len(lines[said.first_line].lstrip())
    for line in lines[said.first_line + 1 :]:
        if line.strip() and len(line) - len(line.lstrip()) <= indent:
            return False
        if re.match(r"\s*raise\b", line):
            return True
    return False


def is_tried(said: Diagnostic, text: str) -> bool:
    """Whether an expression without effect (B018) stands first in a `try`: to read it is the test."""
    lines = git_lines(text)
    return said.code == "B018" and said.first_line > 0 and lines[said.first_line - 1].strip() == "try:"


_IS_LITERAL = "seems safe"
"""In ruff's message on a shell command that is a literal."""
_INTO_COMMAND = re.compile(r"[\"']\s*%\s*\(?\s*([A-Za-z_][\w.]*)|\{([A-Za-z_][\w.]*)\}")
_OVER_LITERALS = re.compile(r"\s*for\s+(\w+)\s+in\s+[(\[{]?\s*(?:([\"'])[^\"']*\2\s*,?\s*)+[)\]}]?\s*:")


def takes_only_literals(said: Diagnostic, text: str) -> bool:
    """Whether a shell command (S602, S605) is a literal, or takes only words that a loop around it names."""
    if _IS_LITERAL in said.message:
        return True
    if said.code not in ("S602", "S605"):
        return False
    lines = git_lines(text)
    names = {one or other for one, other in _INTO_COMMAND.findall(lines[said.first_line])}
    above = lines[max(said.first_line - 6, 0) : said.first_line]
    given = {match[1] for line in above if (match := _OVER_LITERALS.match(line))}
    return bool(names) and names <= given


def is_builtin(name: str) -> bool:
    """Whether Python itself defines the name, version 2 included."""
    return name in _OF_PYTHON_2 or hasattr(builtins, name)


def is_python_2(material: Material, code: str, message: str, line: str, text: str) -> bool:
    """Whether it is a fault in Python 3 only, and the repository is written for Python 2 as well, or alone.

    `line` is the one with the fault, `text` the file's; `code` is empty for a syntax error.
    """
    name = re.search(r"`(\w+)`", message)
    if code == "F821" and name is not None:
        caught = rf"\bexcept\s+[\w.()\[\], ]+?,\s*{name[1]}\s*:"
        may = name[1] in _OF_PYTHON_2 or re.search(caught, text) is not None
    else:
        may = code in ("", "F633", "F632") and _WRITTEN_FOR_2.search(line) is not None
    return may and material.once("written for Python 2", lambda: _was_python_2(material))


def _was_python_2(material: Material) -> bool:
    """By what the base holds; where there is no base, by what the change brings most of."""
    globs = GLOBS["python"]
    if next(iter(material.repository.old.grep(_TELLS_PYTHON_2, globs)), None) is not None:
        return True
    return any(
        _WRITTEN_FOR_2.search(text) for diff in material.files if diff.path.endswith(".py") and (text := diff.old_text)
    )
