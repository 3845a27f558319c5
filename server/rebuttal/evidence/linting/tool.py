"""The frozen description of a linter that a repository may configure, and what such a linter says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from attrs import field, frozen

from rebuttal.evidence.model import Completed
from rebuttal.findings.model import Category, Certainty
from rebuttal.findings.severity import Severity

Level = Literal["error", "warning", "info"]
Ground = Literal["copy", "work tree"]
"""Where a linter runs: on copies of the changed files beside the base's configuration; or, where it needs the whole
project, in the work tree."""
Memory = Literal["address space", "data"]
"""What is bounded: runtimes that reserve far more addresses than they use (V8, Go) are bounded by their data."""

MEBIBYTE = 1 << 20


class Unreadable(Exception):
    """A linter's answer is not what its version is known to print."""


@frozen
class Said:
    """What a linter said of one place. Lines are git's, from 0, inclusive."""

    path: str
    """As the linter wrote it: relative to its folder, or absolute."""
    first_line: int
    last_line: int
    rule: str
    """Empty where the linter could not read the file."""
    message: str
    level: Level = "error"
    kind: str = ""
    """What the linter itself calls the rule: its category, its severity and confidence; read by its meanings alone."""


@frozen
class Meaning:
    """How a rule of a linter is reported."""

    severity: Severity
    category: Category = "correctness"
    confidence: Certainty = "likely"
    in_tests: bool = True
    anywhere: bool = False
    """Whether a change to other lines of the file can cause it."""


@frozen
class Call:
    """What a command line is made of."""

    files: tuple[str, ...]
    """Relative to the folder, each with `./` before it, so that no name is taken for an option."""
    config: str
    """The configuration's file, relative to the folder; empty where the linter has none of its own."""
    shadows: Mapping[str, str] = field(factory=dict)
    """By file: the absolute path of the text to read in its place, for linters that can."""
    settings: str = ""
    """The configuration's text, for linters whose options changed with its version."""
    cache: str = ""
    """A folder of ours in which the linter may remember."""


@frozen
class Tool:
    """One linter: how it is recognised, found, run and understood."""

    name: str
    """Also the group of its rules: `eslint:no-undef`."""
    configs: tuple[str, ...]
    """Names of the files that configure it."""
    takes: Callable[[str], bool]
    """Whether it looks at the file at a path."""
    command: Callable[[Call], list[str]]
    """Its arguments."""
    parse: Callable[[Completed], list[Said]]
    """What it said. Raises Unreadable, ValueError, KeyError, TypeError, AttributeError where that cannot be read."""
    means: Callable[[Said], Meaning | None]
    """How a rule of it is reported; None where it is not: style, and what depends on the machine."""
    sections: tuple[tuple[str, str], ...] = ()
    """Names of shared files, with the table (`tool.mypy`) or, for other than TOML and JSON, the line that configures it
    there."""
    hook: str = ""
    """Its id in `.pre-commit-config.yaml`, where that alone is configuration enough."""
    config_folder: str = ""
    """Name of a folder whose files together configure it."""
    beside: tuple[str, ...] = ()
    """Names of other files, in the folder of the configuration or above, that it reads."""
    executable: str = ""
    """The program's name; the tool's own, unless given."""
    node: str = ""
    """Its script in `node_modules`, run by node itself: no batch file is ever given a file's name on Windows."""
    ground: Ground = "copy"
    answered: frozenset[int] = frozenset({0, 1})
    """Exit codes with an answer: no findings, or some. Any other is a failure."""
    per_folder: bool = False
    """Whether it is given folders (packages), not files."""
    seconds: float = 30
    memory: int = 2048 * MEBIBYTE
    bounded: Memory = "address space"
    shadowing: bool = False
    """Whether it can read other texts in the place of files: then the base is looked at too, and buffers."""
    environment: Mapping[str, str] = field(factory=dict)

    @property
    def program(self) -> str:
        return self.executable or self.name
