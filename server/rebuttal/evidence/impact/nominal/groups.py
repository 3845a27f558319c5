"""What a change altered in the types of one language: members by their overloads, types and functions that are gone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Literal

from attrs import evolve, frozen

from rebuttal.change.model import FileDiff
from rebuttal.evidence.impact.altered import touches
from rebuttal.evidence.impact.code import Source
from rebuttal.evidence.impact.model import Altered
from rebuttal.evidence.impact.nominal.overloads import narrowed
from rebuttal.evidence.impact.nominal.types import Type, Types, declared, words_before
from rebuttal.text.languages import Language
from rebuttal.text.model import Symbol

Kind = Literal["member", "constructor", "type", "function"]
_GENERATED = frozenset(
    {
        *("Data", "Value", "Getter", "Setter", "Builder", "SuperBuilder", "AllArgsConstructor", "With", "Accessors"),
        *("NoArgsConstructor", "RequiredArgsConstructor", "AutoValue", "Delegate", "UtilityClass", "Log", "Slf4j"),
    }
)
"""Annotations that write members nobody sees."""
_OF_EVERYTHING: dict[Language, frozenset[str]] = {
    "java": frozenset(
        {
            *("toString", "equals", "hashCode", "clone", "finalize", "getClass", "notify", "notifyAll", "wait"),
            *("values", "valueOf", "name", "ordinal", "compareTo", "main", "readObject", "writeObject", "readResolve"),
        }
    ),
    "csharp": frozenset(
        {"ToString", "Equals", "GetHashCode", "GetType", "Finalize", "MemberwiseClone", "Main", "Dispose", "CompareTo"}
    ),
    "php": frozenset({"cases", "from", "tryFrom"}),
}
"""What every object has, or the runtime calls."""


@frozen(eq=False)
class Group:
    """One name whose users must be looked at."""

    altered: Altered
    kind: Kind
    full: str
    """Of the type that it belongs to; its own where it is a type or a function."""
    name: str
    """What users write."""
    old: tuple[Symbol, ...] = ()
    new: tuple[Symbol, ...] = ()
    is_extension: bool = False
    """Of C#: called as a member of its first argument."""
    words: frozenset[str] = frozenset()
    """What stood before its name: modifiers, annotations."""

    @property
    def is_gone(self) -> bool:
        return self.altered.new is None


def gone_types(sources: Iterable[tuple[FileDiff, Source]], types: Types) -> Iterator[tuple[FileDiff, Type]]:
    """The types that the new side does not declare any more; of nested ones the outermost only."""
    for diff, source in sources:
        lost: list[str] = []
        for one in declared(source):
            nested = any(one.full.startswith(f"{outer}.") for outer in lost)
            if nested or types.of(one.full) or not _is_outside(one.symbol):
                continue
            conditional = types.language == "csharp" and "#if" in source.text  # Elsewhere the platform may have it.
            if not conditional and not types.seems_declared(one):
                lost.append(one.full)
                yield diff, one


def _is_outside(symbol: Symbol) -> bool:
    return symbol.parent in (None, "class", "interface", "enum")


def type_groups(lost: Iterable[tuple[FileDiff, Type]], language: Language) -> Iterator[Group]:
    for diff, one in lost:
        old = evolve(one.symbol, parameters=None)
        yield Group(Altered(diff, language, "removed", old, None), "type", one.full, one.symbol.name)


def member_groups(diff: FileDiff, source: Source, types: Types) -> Iterator[Group]:
    """The members of one file that take less than before, or are gone while their type stays."""
    for one in declared(source):
        parts = types.of(one.full)
        if not parts or any(part.source.language != types.language for part in parts):
            continue
        if any(_is_conditional(part) for part in (one, *parts)):
            continue
        built = constructors([one])
        if any(touches(diff, symbol) for symbol in (*built, one.symbol)) and not _is_generated(parts):
            yield from _constructor_group(diff, one, parts, types)
        for name, symbols in one.members.items():
            old = [symbol for symbol in symbols if symbol.kind == "method"]
            if name in (one.symbol.name, "__construct") or not any(touches(diff, symbol) for symbol in symbols):
                continue
            if old:
                yield from _method_group(diff, one, parts, types, name, old)
            elif symbols[0].kind == "field" and not any(name in part.members for part in parts):
                yield from _field_group(diff, one, parts, types, symbols[0])


def _is_conditional(part: Type) -> bool:
    """Whether a C# type's header holds `#if`, after which the grammar reads what follows wrongly."""
    text, start = part.source.text, part.symbol.name_offset
    return part.source.language == "csharp" and "#" in text[start : max(start, text.find("{", start))]


def _is_generated(parts: Iterable[Type]) -> bool:
    return any(_GENERATED & {name.rpartition(".")[2] for name in part.symbol.decorators} for part in parts)


def _method_group(
    diff: FileDiff, one: Type, parts: tuple[Type, ...], types: Types, name: str, old: list[Symbol]
) -> Iterator[Group]:
    language = types.language
    if name in _OF_EVERYTHING.get(language, ()) or (language == "php" and name.startswith("__")):
        return
    new = [symbol for part in parts for symbol in part.members.get(name, ()) if symbol.kind == "method"]
    # What other parts of a `partial` class declare was there before, too.
    old = [*old, *(symbol for part in parts if part.source.path != diff.path for symbol in part.members.get(name, ()))]
    owner = one.symbol.qualified
    extension, words = is_extension(one.source, old[0]), words_before(one.source, old[0])
    if not new:
        rest = any(name in part.members for part in parts)
        if (
            not (rest and language == "csharp")
            and not _is_generated(parts)
            and not _seems_declared(diff.new_text or "", name, language)
        ):
            altered = Altered(diff, language, "removed", old[0], None, owner)
            yield Group(altered, "member", one.full, name, tuple(old), (), extension, words)
        return
    pair = narrowed(old, new)
    if pair is not None and _is_static(one.source, old[0]) == _is_static(parts[0].source, new[0]):
        altered = Altered(diff, language, "signature", *pair, owner)
        yield Group(altered, "member", one.full, name, tuple(old), tuple(new), extension, words)


def _field_group(diff: FileDiff, one: Type, parts: tuple[Type, ...], types: Types, old: Symbol) -> Iterator[Group]:
    """A field, property, constant, case or record component that is gone."""
    text = diff.new_text or ""
    if _is_generated(parts) or any("partial" in part.modifiers for part in parts):
        return
    if types.language == "php" and one.source.text[old.name_offset - 1] == "$":
        return  # PHP makes properties as they are written.
    if types.language == "csharp" and "#if" in text:
        return  # What stands under a condition may not have been read.
    altered = Altered(diff, types.language, "removed", old, None, one.symbol.qualified)
    yield Group(altered, "member", one.full, old.name, words=words_before(one.source, old))


def _seems_declared(text: str, name: str, language: Language) -> bool:
    """Whether a text looks as if it declared a method, though the grammar could not read it there."""
    if language == "php":
        return False
    before = re.finditer(rf"(\w+|[>\]?])\s+{re.escape(name)}\s*(?:<[^()]*>)?\s*\(", text)
    return any(found[1] not in ("return", "new", "await", "throw", "else", "in", "is", "case") for found in before)


def _is_static(source: Source, symbol: Symbol) -> bool:
    return "static" in words_before(source, symbol)


def _constructor_group(diff: FileDiff, one: Type, parts: tuple[Type, ...], types: Types) -> Iterator[Group]:
    old, new = constructors([one]), constructors(parts)
    if types.language == "php" and not (old and new):
        return  # It is inherited, or there is none and arguments are of no account.
    if any(symbol.kind == "class" and not symbol.parameters for symbol in new) and "#if" in (diff.new_text or ""):
        return  # A constructor under a condition may not have been read.
    pair = narrowed(old, new) if old and new else None
    if pair is not None and pair[1].start_offset in {symbol.start_offset for symbol in constructors(parts)}:
        altered = Altered(diff, types.language, "signature", *pair, one.symbol.qualified)
        yield Group(altered, "constructor", one.full, one.symbol.name, tuple(old), tuple(new))


def constructors(parts: Iterable[Type]) -> list[Symbol]:
    """What `new` can call; where Java or C# declares none, the one without parameters that there is then."""
    found, first = [], None
    for part in parts:
        first = first or part
        if part.symbol.kind != "class":
            continue
        name = "__construct" if part.source.language == "php" else part.symbol.name
        found += [one for one in part.members.get(name, ()) if one.kind == "method" and _is_built(part, one)]
        if part.symbol.parameters is not None:
            found.append(part.symbol)  # A record, a primary constructor.
    implied = first is not None and first.symbol.kind == "class" and first.source.language != "php"
    if first is not None and ((implied and not found) or "struct" in first.modifiers):
        found.append(evolve(first.symbol, parameters=()))
    return found


def _is_built(part: Type, symbol: Symbol) -> bool:
    """Not a record's compact constructor, not C#'s static one."""
    if part.source.text[symbol.name_offset + len(symbol.name) :].lstrip().startswith("{"):
        return False
    return part.source.language == "php" or "static" not in words_before(part.source, symbol)


def is_extension(source: Source, symbol: Symbol) -> bool:
    """Whether it is a C# extension method."""
    if source.language != "csharp" or symbol.kind != "method":
        return False
    rest = source.text[symbol.name_offset + len(symbol.name) :][:400]
    return re.match(r"\s*(?:<[^()]*>)?\s*\(\s*(?:\[[^\]]*\]\s*)*this\s", rest) is not None


def function_groups(diff: FileDiff, source: Source, types: Types, after: Source | None) -> Iterator[Group]:
    """PHP's functions."""
    before, now = _functions(source), _functions(after) if after is not None else {}
    for name, old in before.items():
        new = now.get(name, [])
        if len(old) != 1 or len(new) > 1 or not touches(diff, old[0]):
            continue
        package = types.package(source, old[0].name_offset)
        full = f"{package}.{name}" if package else name
        if not new:
            altered = Altered(diff, types.language, "removed", old[0], None)
            yield Group(altered, "function", full, name, tuple(old))
        elif pair := narrowed(old, new):
            altered = Altered(diff, types.language, "signature", *pair)
            yield Group(altered, "function", full, name, tuple(old), tuple(new))


def _functions(source: Source) -> dict[str, list[Symbol]]:
    found: dict[str, list[Symbol]] = {}
    for symbol in source.symbols:
        if symbol.kind == "function" and symbol.parent in (None, "namespace"):
            found.setdefault(symbol.name, []).append(symbol)
    return found
