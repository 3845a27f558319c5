"""Which symbols a change altered so that callers can break: signatures that refuse more, names that are gone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from rebuttal.change.model import FileDiff
from rebuttal.evidence.impact.model import CONSTRUCTORS, Altered
from rebuttal.evidence.impact.signatures import only_widens, shape
from rebuttal.text.languages import Language, family_of, language_of
from rebuttal.text.model import Symbol
from rebuttal.text.parsing import Parser, Unparsed
from rebuttal.text.symbols import symbols_of

_TRANSPARENT = frozenset(
    {
        *("staticmethod", "classmethod", "abstractmethod", "abc.abstractmethod", "override", "typing.override"),
        *("final", "typing.final", "contextmanager", "contextlib.contextmanager", "asynccontextmanager"),
        *("contextlib.asynccontextmanager", "lru_cache", "functools.lru_cache", "cache", "functools.cache"),
        *("deprecated", "warnings.deprecated", "typing_extensions.deprecated", "static", "abstract"),
        *("typing_extensions.override", "t.final", "no_type_check"),
    }
)
"""Decorators (and modifiers) that leave a signature as it is written."""
_PLAIN_CLASSES = frozenset(
    {
        *("dataclass", "dataclasses.dataclass", "final", "typing.final", "runtime_checkable", "total_ordering"),
        *("functools.total_ordering", "define", "frozen", "mutable", "attrs.define", "attrs.frozen", "attrs.mutable"),
        *("attr.s", "attr.attrs", "attr.define", "attr.frozen", "export", "abstract"),
    }
)
"""Decorators (and modifiers) of classes that give no methods that one calls by name."""
UNDERSTOOD: frozenset[Language] = frozenset(
    {"python", "javascript", "typescript", "tsx", "go", "ruby", "rust", "c", "cpp"}
)
"""Languages whose rules of calls, scopes and modules are known here; elsewhere overloads, macros and implicit
arguments make a refused call a guess."""
_OPEN_CLASS = ("__getattr__", "__getattribute__")
_PLAIN_BASES = ("object", "ABC", "abc.ABC", "Protocol", "Generic", "typing.Protocol", "typing.Generic", "t.Protocol")


Symbols = tuple[Symbol, ...]
Alterations = Callable[[FileDiff, Language, Symbols, Symbols], Iterator[Altered]]
"""The altered symbols of one file, from its language and its symbols before and after."""


def _native(diff: FileDiff, language: Language, before: Symbols, after: Symbols) -> Iterator[Altered]:
    from rebuttal.evidence.impact import native

    return native.alterations(diff, language, before, after)


def _ruby(diff: FileDiff, language: Language, before: Symbols, after: Symbols) -> Iterator[Altered]:
    from rebuttal.evidence.impact import ruby

    return ruby.alterations(diff, language, before, after)


def _rust(diff: FileDiff, language: Language, before: Symbols, after: Symbols) -> Iterator[Altered]:
    from rebuttal.evidence.impact import rust

    return rust.alterations(diff, language, before, after)


BY_FAMILY: dict[Language, Alterations] = {"c": _native, "ruby": _ruby, "rust": _rust}
"""Families whose overloads, declarations or dynamic features need rules of their own, loaded for the first of them."""


def altered(diff: FileDiff, parser: Parser) -> Iterator[Altered]:
    """The altered symbols of one file. A symbol that either side defines more than once is left out."""
    if diff.status == "copied":
        return  # the original is still there
    language = language_of(diff.old_path or diff.path)
    if language not in UNDERSTOOD or diff.old_text is None or language_of(diff.path) not in UNDERSTOOD:
        return
    try:
        old = symbols_of(diff.old_text, language, parser)
        if not any(touches(diff, symbol) for symbol in old):
            return
        new = symbols_of(diff.new_text, language, parser) if diff.new_text is not None else ()
    except Unparsed:
        return
    if own := BY_FAMILY.get(family_of(language)):
        yield from own(diff, language, old, new)
        return
    before, after = _by_qualified(old), _by_qualified(new)
    for qualified, symbols in before.items():
        if len(symbols) != 1 or not _reachable(symbols[0], before):
            continue
        now = after.get(qualified, [])
        if len(now) == 1:
            yield from _changed(diff, language, symbols[0], now[0], before, after)
        elif not now:
            yield from _removed(diff, language, symbols[0], before, after)


def touches(diff: FileDiff, symbol: Symbol) -> bool:
    """Whether a hunk reaches into the symbol's header, so that its name or signature may have changed."""
    first, last = symbol.start_line, symbol.header_end_line
    return any(
        hunk.old_start <= last and first < hunk.old_start + hunk.old_count
        if hunk.old_count
        else first < hunk.old_start <= last
        for hunk in diff.hunks
    )


def _by_qualified(symbols: tuple[Symbol, ...]) -> dict[str, list[Symbol]]:
    found: dict[str, list[Symbol]] = {}
    for symbol in symbols:
        found.setdefault(symbol.qualified, []).append(symbol)
    return found


def _reachable(symbol: Symbol, all_symbols: dict[str, list[Symbol]]) -> bool:
    """Whether it is at the top of the file or in a class there; what is inside a function has no users outside."""
    owner = symbol.qualified.rpartition(".")[0]
    if not owner:
        return symbol.parent is None
    around = all_symbols.get(owner, [])
    if not around:
        # A Go method may stand in another file than its type.
        return symbol.kind == "method" and "." not in owner
    return len(around) == 1 and around[0].kind == "class" and around[0].parent is None and symbol.kind == "method"


def _changed(
    diff: FileDiff,
    language: Language,
    old: Symbol,
    new: Symbol,
    before: dict[str, list[Symbol]],
    after: dict[str, list[Symbol]],
) -> Iterator[Altered]:
    if old.parameters is None or new.parameters is None or shape(old) == shape(new):
        return
    if only_widens(old.parameters, new.parameters) or not {*old.decorators, *new.decorators} <= _TRANSPARENT:
        return
    if ("staticmethod" in old.decorators) != ("staticmethod" in new.decorators):
        return
    owner = old.qualified.rpartition(".")[0] or None
    if owner and old.name in CONSTRUCTORS and not (_constructs(owner, before) and _constructs(owner, after)):
        return
    if owner and old.name.startswith("__") and old.name.endswith("__") and old.name not in CONSTRUCTORS:
        return  # Python itself calls it.
    yield Altered(diff, language, "signature", old, new, owner)


def _constructs(owner: str, symbols: dict[str, list[Symbol]]) -> bool:
    """Whether calling the class calls its constructor as it is written."""
    of = symbols.get(owner, [])
    plain = len(of) == 1 and not of[0].decorators and not any("metaclass" in base for base in of[0].bases)
    return plain and f"{owner}.__new__" not in symbols


def _removed(
    diff: FileDiff, language: Language, old: Symbol, before: dict[str, list[Symbol]], after: dict[str, list[Symbol]]
) -> Iterator[Altered]:
    owner = old.qualified.rpartition(".")[0] or None
    if owner is None:
        yield Altered(diff, language, "removed", old, None)
        return
    now = after.get(owner, [])
    if language == "go" and owner not in before and not now:
        yield Altered(diff, language, "removed", old, None, owner)  # Its type stands in another file.
        return
    dunder = old.name.startswith("__") and old.name.endswith("__")
    if dunder or old.name == "constructor" or len(now) != 1:
        return  # With its class gone, the class is what is missed.
    inherits = any(base.split("[")[0] not in _PLAIN_BASES for base in now[0].bases)
    open_class = any(f"{owner}.{name}" in after for name in _OPEN_CLASS)
    body = (diff.new_text or "")[now[0].start_offset : now[0].end_offset]
    given = re.search(rf"^[ \t]+{re.escape(old.name)}[ \t]*[:=]", body, re.MULTILINE)  # as a field, or made otherwise
    if not inherits and not open_class and not given and set(now[0].decorators) <= _PLAIN_CLASSES:
        yield Altered(diff, language, "removed", old, None, owner)
