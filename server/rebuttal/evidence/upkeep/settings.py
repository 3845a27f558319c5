"""Settings that code declares: environment variables, options of the command line, keys of configuration."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from attrs import frozen

Kind = Literal["environment variable", "option", "configuration key"]

_ENVIRONMENT = re.compile(
    r"(?:\bos\.environ(?:\.get|\.setdefault|\.pop)?\s*[\[(]|\bos\.(?:getenv|Getenv|LookupEnv)\(|\benv(?:\.|\[)"
    r"|\benv::var(?:_os)?\(|\bSystem\.getenv\(|(?<![\w.:])getenv\(|\bENV(?:\.fetch\(|\[)"
    r"|\bGetEnvironmentVariable\(|\$_ENV\[)\s*[\"']?([A-Z][A-Z0-9]*_[A-Z0-9_]+)\b"
)
_OPTION = re.compile(r"[\"'](?:-\w,?[ |/]*)?(?:[\"'],\s*[\"'])?(--[a-z][a-z0-9]*(?:-[a-z0-9]+)*)\b")
_OPTION_LINE = re.compile(
    r"\badd_argument\(|\b(?:click\.)?option\(|\.option\(|\bopts?\.on\(|\bparser\.on\(|@Option\(|\bnew Option\("
)
_OPENS = re.compile(r"(?:\badd_argument|\boption|\.option|\bopts?\.on|\bparser\.on|@Option|\bnew Option)\(\s*\Z")
_LONG = re.compile(r"\.long\(\s*\"([a-z][a-z0-9-]+)\"|\bfn name_long\(&self\)[^\"]*\"([a-z][a-z0-9-]+)\"")
_GO_FLAG = re.compile(r"[Ff]lags?(?:\(\))?\.(?:[A-Z]\w*?)(?:VarP?|P)?\(\s*(?:&?[\w.\[\]\"]+,\s*)?\"([a-z][a-z0-9-]+)\"")
_KEY = re.compile(
    r"\bcreate\w*Config\(\s*\"([a-z][\w-]*[_-][\w-]+)\"|`[^`]*\b(?:yaml|toml|mapstructure|koanf|hcl):\"([a-z][\w.-]*)[,\"]"
)
_TABLE = re.compile(
    r"^\s*(?:export\s+)?(?:const|let|var|static|final|public|private|protected|self\.|this\.|\w+\.)?\s*"
    r"(\w*(?:default|config|setting|option)\w*)\s*(?::[^=\n]+)?=\s*(?:\w+(?:\.\w+)*\()?\s*[\[{(]\s*\Z",
    re.IGNORECASE,
)
_ROW = re.compile(r"^\s*(?:[\"']([A-Za-z][\w.-]*)[\"']|([A-Za-z]\w*))\s*(?::|=>)\s*\S")
_COMPOUND = re.compile(r"[_.-]|[a-z][A-Z]|\A[A-Z][A-Z0-9]+\Z")
_HIDDEN = re.compile(r"SUPPRESS|hidden|\bhide\b|Hidden|deprecated|internal|experimental", re.IGNORECASE)
_FAR = 6
"""Lines after its name in which an option says that it is hidden."""
_COMMON = re.compile(
    r"(?:XDG|LC|GITHUB|GITLAB|CI|NODE|PYTHON|NO|FORCE|CARGO|GO|RUST|JAVA|npm|SSH|GIT|AWS|PYTEST|WT|TERM|COLOR|SYSTEM)_"
)


@frozen(order=True)
class Setting:
    """One declaration."""

    line: int
    """Git line, from 0."""
    name: str
    """As a user writes it: `--dry-run`, `APP_PORT`, `max_length`."""
    kind: Kind
    group: str = ""
    """Of a key, the table it stands in."""
    hidden: bool = False


def settings_of(text: str) -> list[Setting]:
    """The settings that a text of code declares, in order; none twice."""
    lines = text.split("\n")
    found: dict[tuple[str, str], Setting] = {}
    for one in (*_by_line(lines), *_tables(lines)):
        found.setdefault((one.kind, one.name), one)
    return sorted(found.values())


def may_declare(lines: list[str]) -> bool:
    """Whether any of these lines may declare one; cheap."""
    return any(_HINT.search(line) or _ROW.match(line) for line in lines)


_IN_DOCUMENTATION = re.compile(r"\s*(?:///|//!|\*(?!\*?/))")
_HINT = re.compile(r"env|ENV|--|rgument|\.long\(|name_long|lag|Config\(|:\"")


def _by_line(lines: list[str]) -> Iterator[Setting]:
    for number, line in enumerate(lines):
        if len(line) > 400 or not _HINT.search(line) or _IN_DOCUMENTATION.match(line):
            continue
        for match in _ENVIRONMENT.finditer(line):
            if not _COMMON.match(match[1]):
                yield Setting(number, match[1], "environment variable")
        for name in _options(lines, number):
            about = "\n".join(lines[number : number + _FAR])
            yield Setting(number, name, "option", hidden=bool(_HIDDEN.search(about)))
        for match in _KEY.finditer(line):
            yield Setting(number, match[1] or match[2], "configuration key", "call" if match[1] else "tag")


def _options(lines: list[str], number: int) -> Iterator[str]:
    line = lines[number]
    declares = _OPTION_LINE.search(line)
    if declares or (number and '"--' in line.replace("'", '"') and _opened(lines, number)):
        match = _OPTION.search(line, declares.start() if declares else 0)
        if match and match[1] not in ("--help", "--version"):
            yield match[1]
    if match := _LONG.search(line):
        yield f"--{match[1] or match[2]}"
    if match := _GO_FLAG.search(line):
        # The standard library's flags are documented with one dash as often as with two.
        yield f"-{match[1]}" if line[match.start() :].startswith("flag.") else f"--{match[1]}"


def _opened(lines: list[str], number: int) -> bool:
    """Whether the call that declares an option opens on one of the two lines before."""
    return any(_OPENS.search(lines[before]) for before in range(max(number - 2, 0), number))


def _tables(lines: list[str]) -> Iterator[Setting]:
    """The rows of literal tables of defaults, at their first level."""
    number = 0
    while number < len(lines):
        line = lines[number].rstrip()
        opening = _TABLE.match(line) if line.endswith(("{", "[", "(")) and len(line) < 200 else None
        number += 1
        if opening is None:
            continue
        indent = None
        for row in range(number, min(number + 200, len(lines))):
            line = lines[row]
            if not line.strip():
                continue
            depth = len(line) - len(line.lstrip())
            indent = depth if indent is None else indent
            if depth < indent:
                break
            match = _ROW.match(line) if depth == indent else None
            if match and _COMPOUND.search(match[1] or match[2]):
                yield Setting(row, match[1] or match[2], "configuration key", opening[1])
