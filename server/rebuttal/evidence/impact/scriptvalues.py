"""Python, JavaScript, TypeScript: of which class a variable, parameter or own field is, where that is written."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rebuttal.evidence.impact.code import Source
from rebuttal.text.model import Reference, Symbol

_RECEIVER = re.compile(r"(?:(?:self|this)\.)?[A-Za-z_$][\w$]*")
_OWN = re.compile(r"(?:self|this)\.")
_LONGEST = 30_000
UNKNOWN = ""
_CLASS = r"((?:[A-Za-z_$][\w$]*\.)*[A-Z][\w$]*)"
_PY_TYPE = rf"[\"']?(?:Optional\[)?{_CLASS}\]?(?:\s*\|\s*None)?[\"']?"
_PY_VALUE = rf"(?:await\s+)?{_CLASS}\("
_JS_VALUE = rf"(?:await\s+)?new\s+{_CLASS}\b"
_JS_TYPE = rf"{_CLASS}(?:\s*\|\s*(?:null|undefined))*"


def written_class(source: Source, reference: Reference) -> str | None:
    """The class, as the file writes it; None where none is written, or the name is given anything else too."""
    receiver = reference.receiver or ""
    if not _RECEIVER.fullmatch(receiver) or receiver in ("self", "this", "cls", "super"):
        return None
    own = _OWN.match(receiver)
    around = source.class_around(reference.start_offset) if own else _function(source, reference.start_offset)
    if around is None or around.end_offset - around.start_offset > _LONGEST:
        return None
    text = source.text[around.start_offset : around.end_offset if own else reference.start_offset]
    name = receiver[own.end() :] if own else receiver
    written, kind = (_python, _PY_TYPE) if source.language == "python" else (_script, _JS_TYPE)
    body = text if own else text[_header(source.text, around) :]
    found = {*written(body, name, bool(own)), *(() if own else _parameters(source, reference, name, kind))}
    if re.search(rf"{re.escape(receiver)}\.{re.escape(reference.name)}\s*=[^=]", text):
        return None  # Something else was put in the method's place.
    return (found.pop() or None) if len(found) == 1 else None


def _function(source: Source, offset: int) -> Symbol | None:
    return next((one for one in source.around(offset) if one.kind in ("function", "method")), None)


def _header(text: str, function: Symbol) -> int:
    """Where the body begins, as far as it can be told: after the line that ends the signature."""
    line, place = function.start_line, function.start_offset
    while line <= function.header_end_line and (end := text.find("\n", place)) >= 0:
        line, place = line + 1, end + 1
    return max(0, place - function.start_offset)


def _parameters(source: Source, reference: Reference, name: str, kind: str) -> Iterator[str]:
    for function in source.around(reference.start_offset):
        for one in function.parameters or () if function.kind in ("function", "method") else ():
            if one.name == name and one.kind in ("positional", "positional_only", "keyword"):
                typed = re.fullmatch(kind, (one.type or "").strip(": "))
                yield typed[1] if typed else UNKNOWN
            elif re.search(rf"(?<![\w$]){re.escape(name)}(?![\w$])", one.name):
                yield UNKNOWN


def _python(text: str, name: str, own: bool) -> Iterator[str]:
    word = rf"(?<![\w.])self\.{re.escape(name)}\b" if own else rf"(?<![\w.]){re.escape(name)}\b"
    for found in re.finditer(rf"{word}\s*(?::\s*{_PY_TYPE}\s*)?(?:=(?!=)\s*(?:{_PY_VALUE})?|(?=[,)=]))", text):
        typed = found[1] if ":" in found[0] else None
        given = found[2] if "=" in found[0] else None
        if typed or given:
            yield UNKNOWN if given and not _is_whole(text, found.end() - 1) else typed or given or UNKNOWN
        elif "=" in found[0] and not _is_keyword(text, found.start()):
            yield UNKNOWN
    bound = rf"\bfor\b[^\n:]*{word}[^\n:]*\bin\b|\blambda\b[^:\n]*{word}|{word}\s*:=|\bas\s+{word}"
    bound += rf"|{word}\s*,[^\n=()]*=(?!=)"
    yield from (UNKNOWN for _ in re.finditer(f"{bound}|^[^\n=()]*,\\s*{word}\\s*=(?!=)", text, re.MULTILINE))


def _is_whole(text: str, start: int) -> bool:
    """Whether nothing is done with what the brackets at a place, if they stand there, have made."""
    depth, place = 0, start
    for place in range(start, len(text)):
        depth += (text[place] in "([{") - (text[place] in ")]}")
        if depth <= 0:
            break
    after = text[place + (text[place : place + 1] == ")") :]
    return re.match(r"[ \t]*(?:[;,)\n#]|//|\Z)(?!\s*\.)", after) is not None


def _is_keyword(text: str, start: int) -> bool:
    """Whether `name=` stands inside a call's brackets."""
    line = text[text.rfind("\n", 0, start) + 1 : start]
    return bool(line.strip()) or text[:start].rstrip().endswith(("(", ","))


def _script(text: str, name: str, own: bool) -> Iterator[str]:
    word = rf"(?<![\w$.]){re.escape(name)}(?![\w$])"
    if own:
        field = rf"^[ \t]*(?:(?:public|private|protected|readonly|declare|static)\s+)*{word}[?!]?\s*"
        yield from (found[1] for found in re.finditer(rf"{field}:\s*{_JS_TYPE}\s*[;=\n]", text, re.MULTILINE))
        yield from (found[1] for found in re.finditer(rf"{field}=\s*{_JS_VALUE}", text, re.MULTILINE))
        part = rf"[(,]\s*(?:(?:public|private|protected|readonly)\s+)+{word}\s*:\s*{_JS_TYPE}\s*[,)=]"
        yield from (found[1] for found in re.finditer(part, text))
        for found in re.finditer(rf"\bthis\.{re.escape(name)}\s*=(?!=)\s*(?:{_JS_VALUE})?", text):
            yield found[1] if found[1] and _is_whole(text, found.end()) else UNKNOWN
        return
    for found in re.finditer(rf"\b(?:const|let|var)\s+{word}\s*(?::\s*{_JS_TYPE}\s*)?(?:=\s*(?:{_JS_VALUE})?)?", text):
        whole = found[2] is None or _is_whole(text, found.end())
        yield found[1] or (found[2] if whole else None) or UNKNOWN
    bound = (
        rf"(?<!const )(?<!let )(?<!var ){word}\s*=(?![=>])",
        rf"{word}\s*=>",
        rf"\([^()\n]*{word}[^()\n]*\)\s*=>",
        rf"\bfunction\b[^(]*\([^)]*{word}",
        rf"[{{\[][^{{}}\[\]\n]*{word}[^{{}}\[\]\n]*[}}\]]\s*=(?!=)",
    )
    yield from (UNKNOWN for _ in re.finditer("|".join(bound), text))
