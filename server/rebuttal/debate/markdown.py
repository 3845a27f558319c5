"""Words and code of others as Markdown that shows them and does nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rebuttal.debate.statement import clean, one_line
from rebuttal.text.hidden import visible
from rebuttal.text.words import counted

QUOTED_LINES = 12
"""Lines of a quote that are shown."""
QUOTED_WIDTH = 400
"""Characters of such a line."""
LONGEST_LIST = 100
"""Rows of a list, or claims of a section, that are told: nobody reads more."""
TOLD_LINES, TOLD_CHARACTERS = 40, 3000
"""Of an argument: what is longer is cut."""

_MARKUP = re.compile(
    r"[\\`*{}\[\]<#|~]"
    r"|(?<![^\W_])_|_(?![^\W_])"  # within a word it is a letter
    r"|!(?=\[)|&(?=#?\w+;)|:(?=\S)|@(?=\w)|(?<=www)\."
    r"|^[ \t]*[-+=>]|(?<![-=])>|(?<=\d)[.)](?=\s|$)",
)
"""What Markdown acts on; what an editor makes a link of where it stands bare; and what begins a list or a quotation, or
underlines a heading."""
_SPAN = re.compile(r"(?<!`)`(?! )(?![^`]*(?:\]\(|://|www\.))[\w .,:;=+*/()\[\]{}'\"%!?>$-]{1,120}(?<! )`(?!`)")
"""A name or a line of code between two ticks, with nothing in it that is more than that."""


def escape(text: str) -> str:
    """Prose of others on one line: what Markdown would act on is told it literally; short code keeps its ticks."""
    parts, end = list[str](), 0
    for span in _SPAN.finditer(text):
        parts += [_escaped(text[end : span.start()], text, end), span[0]]
        end = span.end()
    return "".join([*parts, _escaped(text[end:], text, end)])


def _escaped(part: str, text: str, start: int) -> str:
    """A part of a text with what stands before it in sight: a list begins only where a line does."""
    if start == 0:
        return _MARKUP.sub(_literally, part)
    return _MARKUP.sub(_literally, f"x {part}")[2:] if part else ""


def _literally(match: re.Match[str]) -> str:
    return f"{match[0][:-1]}\\{match[0][-1]}"


def prose(text: str, limit: int = 1000) -> str:
    """Words of others on one line, without a final stop, with nothing in them that Markdown would act on."""
    return escape(one_line(text, limit)).rstrip(".")


def block(text: str) -> str:
    """Words of others as a block quotation."""
    words = clean(text)
    cut = words if len(words) <= TOLD_CHARACTERS else f"{words[:TOLD_CHARACTERS].rstrip()}…"
    lines = cut.split("\n")
    more = [f"(and {counted(len(lines) - TOLD_LINES, 'more line')})"] if len(lines) > TOLD_LINES else []
    return "\n".join(f"> {escape(line)}".rstrip() for line in [*lines[:TOLD_LINES], *more])


def inline(text: str, limit: int = 300) -> str:
    """What stands between two ticks that are ours."""
    return one_line(text, limit).replace("`", "'")


def code(quote: str, file: str, mark: str = " ") -> str:
    """A quote in a fence that it cannot close. `mark`: `+`, where it is to be read as lines that a diff adds."""
    quoted = quote.strip("\n").split("\n")
    # Behind a blank: only at the start of a file does a byte order mark belong.
    lines = [visible(f"{mark}{_short(line.rstrip(chr(13)))}")[mark == " " :] for line in quoted[:QUOTED_LINES]]
    if not any(line.strip() for line in lines):
        return "(no line: something is missing)"
    more = [f"… and {counted(len(quoted) - QUOTED_LINES, 'more line')}"] if len(quoted) > QUOTED_LINES else []
    ticks = "`" * max(3, *(len(run) + 1 for line in lines for run in re.findall("`+", line)), 3)
    suffix = file.rpartition(".")[2] if "." in file else ""
    language = suffix if re.fullmatch(r"[A-Za-z0-9]{1,10}", suffix) else ""
    return "\n".join([f"{ticks}{language if mark == ' ' else 'diff'}", *lines, *more, ticks])


def _short(line: str) -> str:
    return line if len(line) <= QUOTED_WIDTH else f"{line[:QUOTED_WIDTH]}…"


def listed(rows: Sequence[str]) -> str:
    """Rows of a list; of very many the first, and how many more there are."""
    left = len(rows) - LONGEST_LIST
    return "\n".join([*rows[:LONGEST_LIST], *([f"- … and {left} more."] if left > 0 else [])])
