"""What IPython adds to Python, put into comments line for line, so that a cell can be parsed as Python."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from attrs import define, frozen

_MAGIC = re.compile(
    r"[ \t]*(?:[%!?]"  # %time f(), !ls, ?name
    r"|[\w.\[\]'\", \t]+=[ \t]*[%!](?!=)"  # names = !ls
    r"|[%*\w.]+\?{1,2}[ \t\r]*\Z)"  # name?
)
_ASSIGNED = re.compile(r"[\w.\[\]'\", \t]+=[ \t]*(?=[%!])")
_CELL_MAGIC = re.compile(r"%%(\w+)", re.ASCII)
# Cell magics whose body is still Python of the same notebook.
_PYTHON_BODY = frozenset({"capture", "memit", "mprun", "prun", "time", "timeit"})
_STEP = re.compile(
    r"#.*|(?P<triple>'''|\"\"\")|'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|(?P<open>[\[({])|(?P<close>[\])}])|\\(?P<on>\r?\Z)?"
)


@frozen
class Line:
    """A line as it is shown: `inserted` characters stand at `at` that the source does not have."""

    text: str
    at: int = 0
    inserted: int = 0


def commented(line: str) -> Line:
    """The line as a comment."""
    return Line(f"# {line}", 0, 2)


def as_python(lines: Sequence[str]) -> Iterator[Line]:
    """The lines of one code cell (ends left out), with magics, shell commands and questions put into comments."""
    if lines and (named := _CELL_MAGIC.match(lines[0])):
        yield commented(lines[0])
        if named[1] not in _PYTHON_BODY:
            yield from map(commented, lines[1:])
            return
        lines = lines[1:]
    state = _State()
    command = False
    for line in lines:
        if command and state.continued:
            yield commented(line)
        else:
            command = state.at_statement and _MAGIC.match(line) is not None
            yield _out_of_the_way(line) if command else Line(line)
        if command:
            state.continued = line.rstrip("\r").endswith("\\")
        else:
            state.read(line)


def _out_of_the_way(line: str) -> Line:
    if assigned := _ASSIGNED.match(line):
        # The names stay defined.
        at = assigned.end()
        return Line(f"{line[:at]}...  # {line[at:]}", at, 7)
    indent = len(line) - len(line.lstrip(" \t"))
    # A block must keep a statement.
    mark = "pass  # " if indent else "# "
    return Line(f"{line[:indent]}{mark}{line[indent:]}", indent, len(mark))


@define
class _State:
    """Whether a line begins a statement: not inside a string, brackets, or after a backslash."""

    quotes: str = ""
    depth: int = 0
    continued: bool = False

    @property
    def at_statement(self) -> bool:
        return not (self.quotes or self.depth or self.continued)

    def read(self, line: str) -> None:
        at = 0
        self.continued = False
        while at < len(line):
            if self.quotes:
                end = _closing(line, self.quotes, at)
                if end < 0:
                    return
                at, self.quotes = end, ""
                continue
            step = _STEP.search(line, at)
            if step is None:
                return
            at = step.end()
            self.quotes = step["triple"] or ""
            self.depth = max(self.depth + (step["open"] is not None) - (step["close"] is not None), 0)
            self.continued = step["on"] is not None


def _closing(line: str, quotes: str, at: int) -> int:
    """Where the triple quotes end, -1 if not on this line."""
    found = re.compile(rf"(?:[^\\]|\\.)*?{quotes}", re.DOTALL).match(line, at)
    return found.end() if found else -1
