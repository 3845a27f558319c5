"""What a name means in a file: by the file, its imports and package, the bases of a class, the type of a receiver.

Nothing is executed and no types are computed: a receiver's type is read from the nearest line above that writes it
down (an annotation, a declaration, a construction). Where that tells nothing, nothing is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from attrs import frozen

from rebuttal.context.code import Code
from rebuttal.context.imports import files_of, package_of
from rebuttal.context.places import CLASSES
from rebuttal.text.languages import Language, language_of
from rebuttal.text.model import Import, Symbol

SELF = ("self", "cls", "this", "$this", "Self", "static", "@self")
TOP = (None, "namespace")
TYPES = (*CLASSES, "type", "enum")
_STEPS = 4
"""How many packages that only pass a name on are followed, and how many bases upwards."""
_TYPED_LINES = 400
"""So far above its use the type of a name is looked for."""
_FACTORY = re.compile(r"(?:->|\)\s*:|\)\s*\(?)\s*[\"'&*]*(?:\w+\.)?\*?([A-Za-z_]\w*)")
_LISTED = re.compile(r"\b(?:implements|extends)\s+([\w$.\\,\s]+?)(?=\s*(?:\{|$|\bimplements\b|\bwith\b))")
_ARGUMENTS = re.compile(r"<[^<>]*>")
_DEFAULT = re.compile(
    r"^(?:(?:exports\s*=\s*)?module\.exports\s*=\s*(?:exports\s*=\s*)?|export\s+default\s+)"
    r"(?:async\s+|abstract\s+)*(?:class\b|function\b\s*\*?)?\s*([A-Za-z_$][\w$]*)\s*(?:[;({]|extends\b|$)"
)
"""What a script gives to those who take no name from it."""
_EMBEDDED = re.compile(r"^\s*\*?(?:\w+\.)?([A-Z]\w*|[a-z]\w*)\s*(?:`.*`)?(?://.*)?$")


@frozen
class Found:
    """A definition and its file."""

    file: str
    symbol: Symbol


class Resolver:
    """Answers from one side of the repository; remembers what it has looked up."""

    def __init__(self, code: Code) -> None:
        self._code = code
        self._tops: dict[tuple[str, str], Found | None] = {}
        self._bases: dict[tuple[str, str], tuple[Found, ...]] = {}

    def name(self, file: str, name: str) -> Found | None:
        """What the bare `name` is in `file`: defined there, imported, or in the same package."""
        key = (file, name)
        if key not in self._tops:
            self._tops[key] = None  # a circle of imports ends here
            self._tops[key] = self._name(file, name)
        return self._tops[key]

    def dotted(self, file: str, words: str) -> Found | None:
        """What `a.b.c` (or `a::b::c`) is in `file`."""
        parts = [part for part in re.split(r"\.|::|->|\?\.", words) if part]
        if not parts or not all(re.fullmatch(r"\$?\w+", part) for part in parts):
            return None
        imported = self.import_of(file, parts[0])
        for taken in range(1, len(parts) + 1):
            if imported is None:
                break
            found = self.imported(file, parts[taken - 1], None if taken == 1 else parts[0], imported)
            if found is not None and (taken > 1 or len(parts) == 1 or found.symbol.kind in TYPES):
                return self._down(found, parts[taken:])
        found = self.name(file, parts[0]) or (self.name(file, parts[-1]) if len(parts) == 1 else None)
        return self._down(found, parts[1:]) if found is not None else None

    def member(self, owner: Found, name: str) -> Found | None:
        """The member `name` of a class, its own or the nearest inherited one."""
        seen: set[tuple[str, str]] = set()
        level = [owner]
        for _ in range(_STEPS):
            for one in level:
                seen.add((one.file, one.symbol.qualified))
                found = self._own_member(one, name)
                if found is not None:
                    return found
            above = [base for one in level for base in self.bases(one)]
            level = [one for one in dict.fromkeys(above) if (one.file, one.symbol.qualified) not in seen]
        return None

    def bases(self, owner: Found) -> tuple[Found, ...]:
        """The classes and interfaces that a class names as its bases, those that the repository defines."""
        key = (owner.file, owner.symbol.qualified)
        if key not in self._bases:
            self._bases[key] = ()
            names = (*written_bases(owner.symbol, self._code.lines(owner.file)), *self._embedded(owner))
            found = (self.dotted(owner.file, plain(name)) for name in names)
            self._bases[key] = tuple(one for one in found if one is not None and one.symbol != owner.symbol)
        return self._bases[key]

    def type_of(self, file: str, receiver: str, line: int) -> Found | None:
        """The class of what `receiver` names at `line`, as the nearest line above writes it down."""
        name = re.split(r"\.|->|::|\?\.", receiver.rstrip("?!"))[-1].lstrip("$@")
        if not re.fullmatch(r"\w+", name) or name in SELF:
            return None
        for words in self._written_types(file, name, line):
            found = self.dotted(file, words)
            if found is None:
                continue
            if found.symbol.kind in TYPES:
                return found
            if found.symbol.kind in ("function", "method"):
                made = self._result_of(found)
                if made is not None:
                    return made
        return None

    def _written_types(self, file: str, name: str, line: int) -> tuple[str, ...]:
        source = self._code.source(file)
        if source is None:
            return ()
        lines = self._code.lines(file)
        return self._code.facts.remember(
            ("types", name, line), source.text, lambda: tuple(_type_words(lines, name, line))
        )

    def import_of(self, file: str, local: str) -> Import | None:
        """The import that brings the name `local` into `file`."""
        return next((one for one in self._code.imports(file) if one.local == local), None)

    def imported(self, file: str, name: str, receiver: str | None, one: Import) -> Found | None:
        """What `name` (or `receiver.name`) is, where `one` brings its first part."""
        language = language_of(file)
        if language is None:
            return None
        for target in files_of(one, file, language, self._code):
            found = self._in_target(target, name, receiver, one, language)
            if found is not None:
                return found
        return None

    def _name(self, file: str, name: str) -> Found | None:
        for symbol in self._code.symbols(file):
            if symbol.name == name and symbol.parent in TOP:
                return Found(file, symbol)
        one = self.import_of(file, name)
        if one is not None:
            return self.imported(file, name, None, one)
        for other in package_of(file, self._code, name):
            found = self._top(other, name)
            if found is not None:
                return found
        return self._by_star(file, name)

    def _by_star(self, file: str, name: str) -> Found | None:
        language = language_of(file)
        for one in self._code.imports(file):
            if one.name == "*" and language is not None:
                for target in files_of(one, file, language, self._code):
                    found = self._top(target, name) or self._passed_on(target, name)
                    if found is not None:
                        return found
        return None

    def _in_target(self, target: str, name: str, receiver: str | None, one: Import, language: Language) -> Found | None:
        for wanted in _names(name, receiver, one):
            for symbol in self._code.symbols(target):
                if symbol.qualified == wanted and (symbol.parent in TOP or "." in wanted):
                    return Found(target, symbol)
                if language not in ("python", "javascript", "typescript", "tsx", "go") and symbol.name == wanted:
                    return Found(target, symbol)
        passed = self._passed_on(target, name if one.name is None or receiver is None else one.name)
        if passed is None and receiver is None and one.name in (None, "default"):
            return self._given_by_default(target, language)
        return passed

    def _given_by_default(self, target: str, language: Language) -> Found | None:
        """`module.exports = X` and `export default X`: whoever takes it may call it otherwise."""
        if language not in ("javascript", "typescript", "tsx"):
            return None
        told = (_DEFAULT.match(line[:300]) for line in self._code.lines(target))
        return next((self._top(target, one.group(1)) for one in told if one is not None), None)

    def _passed_on(self, target: str, name: str, steps: int = _STEPS) -> Found | None:
        """Behind a package that only passes a name on."""
        language = language_of(target)
        if language is None or steps == 0:
            return None
        for one in self._code.imports(target):
            if name not in (one.local, one.name) and one.name != "*":
                continue
            sought = one.name if one.name not in (None, "*", "default") and one.local == name else name
            for behind in files_of(one, target, language, self._code):
                if behind == target:
                    continue
                found = self._top(behind, str(sought)) or self._passed_on(behind, str(sought), steps - 1)
                if found is not None:
                    return found
        return None

    def _top(self, file: str, name: str) -> Found | None:
        return next(
            (Found(file, one) for one in self._code.symbols(file) if one.name == name and one.parent in TOP), None
        )

    def _down(self, found: Found | None, parts: Sequence[str]) -> Found | None:
        for part in parts:
            found = self.member(found, part) if found is not None else None
        return found

    def _own_member(self, owner: Found, name: str) -> Found | None:
        wanted = f"{owner.symbol.qualified}.{name}"
        files: Sequence[str] = (owner.file,)
        if language_of(owner.file) in ("go", "c", "cpp"):
            files = (owner.file, *package_of(owner.file, self._code, name))
        for file in files:
            for symbol in self._code.symbols(file):
                if symbol.qualified == wanted and symbol.kind != "field":
                    return Found(file, symbol)
        return None

    def _embedded(self, owner: Found) -> Iterator[str]:
        """The types that a Go struct or interface embeds."""
        if not owner.file.endswith(".go"):
            return
        lines = self._code.lines(owner.file)
        for line in lines[owner.symbol.start_line + 1 : owner.symbol.end_line]:
            match = _EMBEDDED.match(line)
            if match is not None:
                yield match.group(1)

    def _result_of(self, factory: Found) -> Found | None:
        """The class that a function says it returns."""
        lines = self._code.lines(factory.file)
        header = "".join(lines[factory.symbol.name_line : factory.symbol.header_end_line + 1])
        for words in reversed(_FACTORY.findall(header)):
            found = self.name(factory.file, words)
            if found is not None and found.symbol.kind in TYPES:
                return found
        return None


def written_bases(symbol: Symbol, lines: Sequence[str]) -> tuple[str, ...]:
    """What a class or interface names as its bases; what it implements too."""
    header = "".join(lines[symbol.start_line : symbol.header_end_line + 1]).split("{")[0]
    listed = [one for words in _LISTED.findall(_ARGUMENTS.sub("", header)) for one in words.split(",")]
    return tuple(dict.fromkeys((*symbol.bases, *(one.strip() for one in listed if one.strip()))))


def plain(name: str) -> str:
    """A type as written without its parameters: `Generic[T]`, `List<T>`."""
    return re.split(r"[\[<(]", name, maxsplit=1)[0].strip().lstrip("*&\\")


def _names(name: str, receiver: str | None, one: Import) -> list[str]:
    """Under which qualified names the imported file may define what is used, likeliest first."""
    taken = one.name if one.name not in (None, "*", "default") else None
    if receiver is None:
        return [taken or name]
    if taken is None:  # a module, or a default export
        return [name, f"{one.local}.{name}", one.local]
    # `Class.method()` on an imported class; `from package import module` gives module.function.
    return [f"{taken}.{name}", name, taken]


# How a name's type is written after it: `name = Type(`, `name: Type`, `name Type,`, `name Type` at the end of a line.
_AFTER = (
    re.compile(r"\s*(?::=|(?::[^=\n]*)?=(?!=))\s*(?:await\s+|new\s+|[&*(])*([A-Za-z_][\w.:]*?)(?:<[^>\n]*>)?\s*[({]"),
    re.compile(r"\s*:\s*[\"'&*]*(?:mut\s+|dyn\s+|(?:t\.)?Optional\[|Option<|Arc<|Box<)*[\"']?([A-Za-z_][\w.:]*)"),
    None,
    re.compile(r"\s+\*?\[?\]?\*?((?:\w+\.)?[A-Za-z_]\w*)\s*[,)]"),
    None,
    re.compile(r"\s+\*?(?:\w+\.)?([A-Z]\w*)\s*(?:`|//|$)"),
)
_ENDS = re.compile(r"\s*(?:[=;,)]|$)")


def _type_words(lines: Sequence[str], name: str, line: int) -> Iterator[str]:
    """How the nearest lines above (a few below: fields stand anywhere) write down what `name` is."""
    order = [
        *range(min(line, len(lines) - 1), max(-1, line - _TYPED_LINES), -1),
        *range(line + 1, min(line + 60, len(lines))),
    ]
    whole = re.compile(rf"(?<!\w){name}(?!\w)")
    for number in order:
        if name in lines[number] and (ends := [match.end() for match in whole.finditer(lines[number], 0, 400)]):
            for words in _types_in(lines[number][:400], name, ends):
                if words != name:
                    yield words


def _types_in(text: str, name: str, ends: Sequence[int]) -> Iterator[str]:
    """The same of one line. Only where the name ends is looked at: expressions with each name in them cost more."""
    for place, pattern in enumerate(_AFTER):
        if pattern is not None:
            yield from _after(pattern, text, ends, len(name))
        elif place == 2 and any(_ENDS.match(text, end) for end in ends):
            yield from re.findall(rf"\b([A-Z]\w*)(?:<[^>\n]*>)?(?:\[\])?[\s*&?]+\$?{name}\s*(?:[=;,)]|$)", text)
        elif place == 4 and " as" in text:
            yield from re.findall(rf"\b([A-Za-z_][\w.]*)\([^\n]*\)\s+as\s+{name}\b", text)


def _after(pattern: re.Pattern[str], text: str, ends: Iterable[int], size: int) -> Iterator[str]:
    """What the pattern finds after each place where the name ends, but for those inside what was found before."""
    last = 0
    for end in ends:
        if end - size >= last and (match := pattern.match(text, end)):
            last = match.end()
            yield match.group(1)
