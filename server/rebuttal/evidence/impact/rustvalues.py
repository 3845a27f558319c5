"""Rust: of which type a variable, a parameter or a field of `self` is, where its declaration says so."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rebuttal.evidence.impact.code import Source
from rebuttal.evidence.impact.rustpaths import function_around
from rebuttal.text.model import Reference, Symbol

_RECEIVER = re.compile(r"(?:self\.)?[a-z_]\w*")
_MADE = re.compile(r"&?(?:mut\s+)?((?:\w+::)*[A-Z]\w*)(?:::(?:new|default|open|from_\w+|with_\w+|try_new)\b|\s*\{)")
_WRAPPED = re.compile(r"(?:\w+::)*(?:Box|Rc|Arc)\s*<(.*)>\s*\Z", re.DOTALL)
_PLAIN = re.compile(r"(?:\w+::)*[A-Z]\w*")
UNKNOWN = ""
_LONGEST = 20_000


def written_type(source: Source, reference: Reference) -> str | None:
    """The path of the type, as the file writes it; None where none is written, or more than one."""
    receiver, around = reference.receiver or "", function_around(source, reference.start_offset)
    if around is None or not _RECEIVER.fullmatch(receiver) or receiver == "self":
        return None
    if receiver.startswith("self."):
        found = set(_field(source, around, receiver.removeprefix("self.")))
    else:
        text = source.text[around.start_offset : reference.start_offset]
        found = set(_declared(text, receiver)) if len(text) < _LONGEST else set()
    return (found.pop() or None) if len(found) == 1 else None


def _declared(text: str, name: str) -> Iterator[str]:
    """The type of each binding of a name; UNKNOWN where a binding does not say it."""
    word = rf"(?<![\w.]){re.escape(name)}(?!\w)"
    for found in re.finditer(rf"\blet\s+(?:mut\s+)?{word}\s*(?P<typed>:(?!:)[^=;]+)?=\s*", text):
        made = _MADE.match(text, found.end())
        yield _bare(found["typed"][1:]) if found["typed"] else made[1] if made else UNKNOWN
    for found in re.finditer(rf"(?<!\blet )(?<!\blet mut )[(,|]\s*(?:mut\s+)?{word}\s*:(?!:)\s*", text):
        yield _bare(_until_comma(text[found.end() : found.end() + 300]))
    bound = (
        rf"\bfor\b[^{{;]*{word}[^{{;]*\bin\b",
        rf"\|[^|\n]*{word}[^|\n:]*\|",
        rf"\b(?:Some|Ok|Err)\(\s*(?:ref\s+|mut\s+|&)*{word}\s*\)",
        rf"\blet\s*(?:mut\s+)?[\w:]*[({{][^=;]*{word}[^=;]*[)}}]\s*=",
        rf"[({{,][^\n;]*{word}[^\n;]*[)}}]\s*=>",
    )
    yield from (UNKNOWN for _ in re.finditer("|".join(bound), text))


def _until_comma(text: str) -> str:
    """A type up to where the parameter ends."""
    depth = 0
    for place, char in enumerate(text):
        if char in ",)|=" and depth == 0:
            return text[:place]
        depth += (char in "<([") - (char in ">)]")
    return UNKNOWN


def _field(source: Source, method: Symbol, name: str) -> Iterator[str]:
    owner = method.qualified.rpartition(".")[0]
    for struct in (one for one in source.symbols if one.qualified == owner and one.kind == "class"):
        body = source.text[struct.start_offset : struct.end_offset].partition("{")[2]
        for found in re.finditer(rf"(?<!\w){re.escape(name)}\s*:(?!:)\s*", body):
            yield _bare(_until_comma(body[found.end() : found.end() + 300].replace("}", ")")))


def _bare(written: str) -> str:
    """A type without references, lifetimes, type arguments, and what only holds it."""
    text = re.sub(r"^(?:\s*&\s*|'\w+\s+|\bmut\s+)+", "", written.strip()).strip()
    if wrapped := _WRAPPED.match(text):
        return _bare(wrapped[1])
    text = re.sub(r"<.*>\Z", "", text, flags=re.DOTALL).strip()
    return text if _PLAIN.fullmatch(text) else UNKNOWN
