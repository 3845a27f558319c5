"""Added text that people do not see, or see in another order than programs and models read it.

Text in tag characters, or in rows of other characters without a shape, speaks to models behind the reader's back;
marks of direction in code show it otherwise than it runs ("Trojan Source"); a character without a shape in a name makes
two names of what looks like one. What a script or an emoji needs is none of this, nor are single such characters in
prose and in text of a script that is written from the right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from attrs import frozen

from rebuttal.change.model import FileDiff
from rebuttal.evidence.model import Fact, Material, one_line
from rebuttal.evidence.rules import Rule
from rebuttal.evidence.seats import SECURITY
from rebuttal.findings.model import Related
from rebuttal.text.hidden import has_hidden, hidden_runs, plain, spelled
from rebuttal.text.languages import language_of
from rebuttal.text.positions import LineIndex, git_lines

HIDDEN = Rule(
    "steering:hidden",
    "Text that people do not see",
    "Models and programs read it; whoever reviews the change does not.",
    "high",
    "security",
    SECURITY,
)
RULES = (HIDDEN,)

_ROW = 3
"""Characters without a shape in a row that can hold text: eight of two kinds are a letter."""
_RELATED = 20
_FLAG = re.compile(
    "\U0001f3f4(?:\U000e0067\U000e0062(?:\U000e0065\U000e006e\U000e0067|\U000e0073\U000e0063\U000e0074|\U000e0077\U000e006c\U000e0073))\U000e007f"
)
"""England, Scotland, Wales: the flags that Unicode recommends."""
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")
_FROM_THE_RIGHT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_IN_A_NAME = re.compile("[A-Za-z0-9_][\u00ad\u200b-\u200f\u2060-\u2064\ufeff\u3164\uffa0\u115f\u1160]+(?=[A-Za-z0-9_])")


@frozen
class _Seen:
    line: int
    what: str


def check(material: Material, given: Sequence[Fact] = ()) -> Iterator[Fact]:
    """One fact for each file; lines of which a linter says the same are left to it."""
    if not material.hears(HIDDEN.id):
        return
    for diff in material.files:
        text = diff.new_text or ""
        if text.isascii() or not has_hidden(text):
            continue
        told = {one.first_line for one in given if one.diff is diff and ":PLE25" in one.rule}
        lines = git_lines(text)
        found = [
            _Seen(number, what)
            for number in sorted(diff.added_lines - told)
            if material.in_scope(diff, (number,)) and (what := _what(lines[number], diff.path, number)) is not None
        ]
        if found:
            yield _fact(diff, text, found)


def _fact(diff: FileDiff, text: str, found: Sequence[_Seen]) -> Fact:
    index = LineIndex(text)
    first = found[0]
    related = tuple(
        Related(diff.path, index.range_of_git_lines(one.line, one.line), "here too") for one in found[1 : 1 + _RELATED]
    )
    return HIDDEN.fact(diff, first.line, first.line, f"{first.what} {HIDDEN.why}", related=related)


def _what(line: str, path: str, number: int) -> str | None:
    """What is hidden on a line, in a sentence; None where nothing is."""
    bare = _FLAG.sub("", line.rstrip("\r\n"))
    if words := spelled(bare):
        return f"Characters that nothing draws spell “{one_line(plain(words), 120)}” here."
    runs = [run for run in hidden_runs(bare if number else bare.removeprefix("\ufeff")) if not run.isascii()]
    if longest := max(map(len, runs), default=0):
        if longest >= _ROW and not all(_DIRECTION.match(char) for run in runs for char in run):
            return f"{longest} characters without a shape stand in a row here, which can hold any text."
        is_code = language_of(path) is not None
        if _DIRECTION.search(bare) and not _FROM_THE_RIGHT.search(bare):
            return "Marks of direction make this line show in another order than it is read."
        if is_code and _IN_A_NAME.search(bare):
            return "A name holds a character that does not show, so it is not the name that it looks like."
    return None
