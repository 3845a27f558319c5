"""C++: of which class a variable or parameter is, where its declaration says so, and which files define that class."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from attrs import frozen

from rebuttal.evidence.impact.code import Source
from rebuttal.text.model import Reference, Symbol

Reach = Callable[[Source], list[Source]]
"""A file and all of the repository that it includes."""
UNKNOWN = ""
_LONGEST = 20_000
_NOT_TYPES = frozenset(
    (
        "return", "else", "delete", "new", "throw", "case", "typename", "co_return", "co_yield", "co_await", "using",
        "goto", "operator", "sizeof", "and", "or", "not", "namespace", "class", "struct", "enum", "typedef", "public",
    )
)  # fmt: skip
_POINTERS = r"(?:std::)?(?:unique_ptr|shared_ptr)\s*<\s*(?:const\s+)?([\w:]+)\s*>"
_MADE = re.compile(
    rf"(?:std::)?make_(?:unique|shared)\s*<\s*([\w:]+)\s*>\s*\(|new\s+([\w:]+)\s*[({{]"
    rf"|([\w:]*\b[A-Z]\w*)\s*[({{]|{_POINTERS}"
)


def written_class(source: Source, reference: Reference) -> str | None:
    """The class that a receiver is declared as, as the file writes it; None where that is not told in one way."""
    name = reference.receiver or ""
    around = [one for one in source.around(reference.start_offset) if one.kind in ("function", "method")]
    if not re.fullmatch(r"[a-z_]\w*", name) or name == "this" or not around:
        return None
    text = source.text[around[0].start_offset : reference.start_offset]
    if len(text) > _LONGEST:
        return None
    arrow = text.endswith("->")
    found = {one.removeprefix("*") if one.startswith("*") == arrow else UNKNOWN for one in _declared(text, name)}
    return (found.pop() or None) if len(found) == 1 else None


def _declared(text: str, name: str) -> Iterator[str]:
    """The class of each declaration of a name, `*` before that of a pointer; UNKNOWN where it is not said."""
    word = rf"(?<![\w.>]){re.escape(name)}\b"
    for found in re.finditer(rf"{_POINTERS}\s*(?:const\s*)?&?&?\s*{word}\s*(?=[;=,){{(:])", text):
        yield f"*{found[1]}"
    typed = rf"(?<![\w<:])([A-Za-z_][\w:]*)(\s*<[^;(){{}}]*>)?([*&\s]+|(?<=>)){word}\s*(?=[;=,){{(:\[])"
    for found in re.finditer(typed, text):
        first, marks = found[1], found[3]
        if first in _NOT_TYPES or first.endswith(":"):
            continue
        if found[2] and "_ptr" in first:
            continue  # as above
        if first in ("auto", "const"):
            made = _MADE.match(text[found.end() :].lstrip("= \n"))
            yield UNKNOWN if made is None else made[3] or f"*{made[1] or made[2] or made[4]}"
        elif text[found.end() : found.end() + 1] == "[" or marks.count("*") > 1:
            yield UNKNOWN
        else:
            yield f"*{first}" if "*" in marks else first
    if re.search(rf"\bauto\s*[&\s]*\[[^\]]*{word}", text):
        yield UNKNOWN


@frozen
class Home:
    """The class of an altered member function, and where it is defined."""

    owner: str
    files: frozenset[str]
    bases: tuple[str, ...] | None
    """The last names of all that it inherits from; None where one is not defined here."""
    texts: tuple[str, ...] = ()


def home_of(owner: str, source: Source | None, reach: Reach) -> Home:
    """Looked for in the file of the function and in what it includes."""
    sources = reach(source) if source is not None else []
    found = [(one, symbol) for one in sources for symbol in _classes(one, owner.rpartition(".")[2])]
    own = [(one, symbol) for one, symbol in found if symbol.qualified == owner]
    bases = _all_bases([symbol for _, symbol in own], sources)
    files = {one.path: one.text for one, _ in own}
    return Home(owner, frozenset(files), bases if own else None, tuple(files.values()))


def _classes(source: Source, last: str) -> list[Symbol]:
    if not re.search(rf"\b(?:class|struct)\b[^;{{}}()]*\b{re.escape(last)}\b", source.text):
        return []
    return [one for one in source.symbols if one.name == last and one.kind == "class" and not one.without_body]


def _all_bases(symbols: list[Symbol], sources: list[Source]) -> tuple[str, ...] | None:
    found: list[str] = []
    waiting = [base for one in symbols for base in one.bases]
    while waiting:
        base = re.split(r"[<\s]", waiting.pop().strip())[0].strip(":").replace("::", ".")
        last = base.rpartition(".")[2]
        if last in found:
            continue
        above = [symbol for source in sources for symbol in _classes(source, last)]
        above = [one for one in above if f".{one.qualified}".endswith(f".{base}")]
        if not above:
            return None
        found.append(last)
        waiting += [one for symbol in above for one in symbol.bases]
    return tuple(found)


def is_of(home: Home, written: str, source: Source, reach: Reach) -> bool:
    """Whether a class name, as a file writes it, is the class: no other of that name is in sight."""
    named = "." + written.strip(":").replace("::", ".")
    if not f".{home.owner}".endswith(named):
        return False
    last = home.owner.rpartition(".")[2]
    seen = {one.path for one in reach(source) if _classes(one, last)}
    return bool(seen) and seen <= home.files
