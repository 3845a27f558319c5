"""Prints that were put in to look at a value: where nothing else prints, or with words that nobody is meant to read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from attrs import frozen

from rebuttal.evidence.model import Fact, Material, one_line
from rebuttal.evidence.rules import Rule
from rebuttal.evidence.structure.lines import Lines
from rebuttal.text.languages import GLOBS, Language, family_of, is_test


@frozen
class _Printing:
    written: str
    """A call of it, as a regular expression."""
    word: str
    """What to search the package for."""

    @cached_property
    def call(self) -> re.Pattern[str]:
        return re.compile(self.written)


_SYSTEM_OUT = _Printing(r"\bSystem\.(?:out|err)\.print(?:ln|f)?\s*\(", "System")
_CONSOLE = _Printing(r"(?<![\w.$])console\.(?:log|dir|table|trace|dump)\s*\(", "console")
_PRINTS: dict[Language, _Printing] = {
    "python": _Printing(r"^\s*print\s*\((?!.*\bfile\s*=)", "print"),
    "javascript": _CONSOLE,
    "typescript": _CONSOLE,
    "tsx": _CONSOLE,
    "go": _Printing(r"\bfmt\.Print(?:ln|f)?\s*\(", "fmt"),
    "rust": _Printing(r"(?<![\w!])e?println!\s*\(", "println"),
    "java": _SYSTEM_OUT,
    "kotlin": _Printing(r"(?<![\w.])println\s*\(|\bSystem\.out\.print", "println"),
    "scala": _Printing(r"(?<![\w.])println\s*\(|\bSystem\.out\.print", "println"),
    "c": _Printing(r"^\s*printf\s*\(", "printf"),
    "cpp": _Printing(r"^\s*(?:printf\s*\(|(?:std::)?(?:cout|cerr)\s*<<)", "cout"),
    "csharp": _Printing(r"\bConsole\.Write(?:Line)?\s*\(", "Console"),
    "ruby": _Printing(r"^\s*(?:puts|pp?)\s+(?![=|.&*+\-/<>]\s)|^\s*(?:puts|pp)\(", "puts"),
    "php": _Printing(r"(?<![\w>:$\\])print_r\s*\((?!.*,\s*true\s*\))", "print_r"),
    "swift": _Printing(r"^\s*(?:print|NSLog|dump)\s*\(", "print"),
}
_MARKED = re.compile(
    r"""\s*\(?\s*[fFbu@$]?(["'`])\s*(?:here\b|i am here|got here|xxx+|debug\b|dbg\b|asdf|hello\b(?!,? world)|"""
    r"""[>=\-#!*+~]+\1|[>=#!*+~-]{3,}|wtf\b|fuck|test(?:ing)?\d*\1|foo\1|bar\1|\d{1,4}\1|aaa+|bbb+|zzz+)""",
    re.IGNORECASE,
)
_SURE: tuple[Language, ...] = ("javascript", "typescript", "tsx", "java", "python", "go", "php", "csharp")
"""In these a library prints nothing at all; in others prints belong to examples and small programs as well."""
_MANY = 3
_FEWEST = 3
"""So many files of the language in the folder tell that it does not print."""
_MAIN = re.compile(
    r"^package\s+main\b|\bfunc\s+main\s*\(|\bstatic\s+(?:async\s+)?(?:void|int|Task)\s+[Mm]ain\b|\bfn\s+main\s*\(|\bfun\s+main\s*\("
    r"|__name__\s*==\s*['\"]__main__|^#!|\bdef\s+main\s*\(|\bargparse\b|\bcommander\b|\byargs\b|process\.argv",
    re.MULTILINE,
)


def prints(material: Material, lines: Lines, rule: Rule) -> Iterator[Fact]:
    """Prints on added lines that nobody but the author was meant to see."""
    how = _PRINTS.get(lines.language) if lines.language else None
    if how is None or not lines.is_library or _MAIN.search(lines.diff.new_text or ""):
        return
    base = lines.diff.old_text
    places = [
        (number, match)
        for number, match in lines.found("new", how.call)
        if not any(how.call.search(lines.old[line]) for line in lines.hunk("new", number).old_lines)
    ]
    if len(places) > _MANY:
        return  # Printing is what it does.
    quiet: bool | None = None
    for number, match in places:
        marked = _MARKED.match(lines.new[number], match.end()) is not None and not _is_sentence(lines.new[number])
        if "/" not in lines.diff.path or lines.function("new", number) is None:
            continue  # Beside the code, or run when it is loaded: a script.
        if not marked and (lines.language not in _SURE or base is None or _prints(how, base)):
            continue
        if not marked and (_is_printing(lines, number) or _is_a_message(lines, number)):
            continue
        if not marked and quiet is None:
            quiet = _is_quiet(material, lines, how)
        if marked or quiet:
            yield _fact(lines, number, match, rule, marked)


def _is_sentence(line: str) -> bool:
    """Whether it tells its reader something, whatever it begins with."""
    quoted = re.search(r"([\"'`])(.*?)\1", line)
    return quoted is not None and len(re.findall(r"(?<![%\\{$])\b[A-Za-z]{2,}", quoted[2])) > 2


_WARNS = re.compile(r"\bconsole\.(?:error|warn)\s*\(")
_A_WARNING = re.compile(r"[\"'`]\s*(?:\[\w+\]\s*)?(?:warn(?:ing)?|deprecat\w+)\b", re.IGNORECASE)


def _is_a_message(lines: Lines, number: int) -> bool:
    """Whether it is the last of several levels, or tells users of what they should not use."""
    return _A_WARNING.search(lines.new[number]) is not None or any(
        _WARNS.search(line) for line in lines.new[max(number - 4, 0) : number]
    )


def _is_printing(lines: Lines, number: int) -> bool:
    """Whether a function around says by its name that it prints, or nothing of a script is there for others."""
    if any(
        one.start_line <= number <= one.end_line and _SAYS.search(one.name)
        for one in lines.symbols("new")
        if one.kind in ("function", "method", "class")
    ):
        return True
    text = lines.diff.new_text or ""
    return lines.language in ("javascript", "typescript", "tsx") and _EXPORTS.search(text) is None


_SAYS = re.compile(
    r"(?i)print|log|debug|dump|report|show|display|usage|help|trace|main|^p$|write|verbose|output|echo|warn"
)
_EXPORTS = re.compile(r"\bexport\b|\bexports\b|\bdefine\(|\bwindow\.|\bglobalThis\b|<script")


def _fact(lines: Lines, number: int, match: re.Match[str], rule: Rule, marked: bool) -> Fact:
    name = one_line(match[0].strip(" ("), 40)
    if marked:
        message = f"`{name}` writes a mark for whoever was debugging; users see it whenever this line runs."
    else:
        message = (
            f"`{name}` writes to the output of whatever program uses this code; nothing else in this folder does, "
            "so it looks like a leftover of debugging."
        )
    return rule.fact(
        lines.diff,
        number,
        number,
        message,
        title=f"`{name}` left in",
        severity="low",
        confidence="likely",
    )


def _is_quiet(material: Material, lines: Lines, how: _Printing) -> bool:
    """Whether the other files of the folder print nothing: then it is code that leaves printing to its users."""
    assert lines.language is not None
    folder = lines.diff.path.rpartition("/")[0]
    globs = GLOBS[family_of(lines.language)]
    tree = material.repository.old
    endings = tuple(glob.lstrip("*") for glob in globs)
    own = [path for path in tree.paths() if path.rpartition("/")[0] == folder and path.endswith(endings)]
    if sum(1 for path in own if not is_test(path)) < _FEWEST:
        return False
    near = {path for path in own if not is_test(path)}
    for match in tree.grep([how.word], globs):
        if match.path in near:
            text = tree.read(match.path) or ""
            if _prints(how, text):
                return False
    return True


def _prints(how: _Printing, text: str) -> bool:
    return re.search(how.written, text, re.MULTILINE) is not None
