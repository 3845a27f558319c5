"""Who uses an altered name of Java, C# or PHP, and whether what it writes is still taken.

A call is of the altered member only where the type of its receiver is written in the file (or is the class around
it), and inherits from the altered type; it is broken only if an old overload took it, and none takes it now that
its type has or inherits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from attrs import evolve, frozen

from rebuttal.change.model import Change
from rebuttal.evidence.impact.code import Source
from rebuttal.evidence.impact.model import Usage
from rebuttal.evidence.impact.nominal import overloads
from rebuttal.evidence.impact.nominal.groups import Group, constructors, is_extension
from rebuttal.evidence.impact.nominal.receivers import SELF, SUPER, UNKNOWN, full_name, holder, receiver_type
from rebuttal.evidence.impact.nominal.types import Types, is_anonymous, is_function_import
from rebuttal.evidence.impact.signatures import shift
from rebuttal.evidence.impact.told import Broken
from rebuttal.text.languages import Language
from rebuttal.text.model import Arguments, Reference, Symbol
from rebuttal.text.parsing import Parser, Unparsed
from rebuttal.text.symbols import references_of

_QUALIFIER = re.compile(r"(?:[\w$]+|namespace)?(?:\\\w+)*\\\Z")
_NEW = re.compile(r"\bnew\s+(?:[\w.\\]*[.\\])?\Z")
_SAYS_SO = frozenset({"Override", "override"})
_ANONYMOUS = re.compile(r"\bnew\s+([\w.]+)\s*(?:<[^(){}]*>)?\s*\([^{}]*\)\s*\{")
_CHAINS: dict[Language, frozenset[str]] = {
    "java": frozenset({"this", "super"}),
    "csharp": frozenset({"this", "base"}),
    "php": frozenset({"__construct"}),
}
"""How one constructor calls another."""
_TELLING = re.compile(r"[a-z0-9]_?[A-Z]|_[a-z]")
"""A name of several words."""
_TELLING_LENGTH = 10


@frozen
class Uses:
    """Looks through files for the broken uses of altered names."""

    types: Types
    change: Change
    parser: Parser
    names: frozenset[str]
    """All that are looked for: a file is searched for them in one go."""

    def broken(self, group: Group, source: Source, only: bool, extensions: list[Symbol]) -> Iterator[Broken]:
        """The broken uses in one file. `only`: nothing else in the repository is called so."""
        if group.kind == "type":
            yield from self._of_type(group, source)
        elif group.kind == "constructor":
            yield from self._of_constructor(group, source)
        elif group.kind == "function":
            yield from self._of_function(group, source)
        else:
            yield from self._of_member(group, source, only, extensions)

    def references(self, source: Source, name: str) -> list[Reference]:
        return [one for one in self._all(source, self.names) if one.name == name]

    def _all(self, source: Source, names: frozenset[str]) -> tuple[Reference, ...]:
        try:
            return references_of(source.text, self.types.language, names, self.parser)
        except Unparsed:
            return ()

    def _of_type(self, group: Group, source: Source) -> Iterator[Broken]:
        if any(one.name == group.name for one in source.symbols):
            return
        for one in self.references(source, group.name):
            if one.kind == "import":
                met = any(
                    given.start_offset == one.start_offset and self._imported(given.module, given.name) == group.full
                    for given in source.imports
                ) and not is_function_import(source, one.start_offset)
            else:
                met = _written(self.types, source, one) == group.full
                now = _written(self.types.present, source, one) if met else None
                met = met and not (now and self.types.of(now))  # Another of its name may stand in for it.
            if met:
                how = "imports" if one.kind == "import" else "uses"
                yield Broken(Usage(source, one, "certain"), f"{how} `{group.name}`, which is gone")
                return  # One place for each file is enough.

    def _imported(self, module: str, name: str | None) -> str:
        return f"{module}.{name}".replace("\\", ".") if name else module

    def _of_constructor(self, group: Group, source: Source) -> Iterator[Broken]:
        new = constructors(self.types.of(group.full))
        for one in self.references(source, group.name):
            before = source.text[max(0, one.start_offset - 200) : one.start_offset]
            if one.kind == "call" and _NEW.search(before) and _written(self.types, source, one) == group.full:
                yield from self._judged(group, Usage(source, one, "certain"), new)
        for one in self._chained(group, source):
            yield from self._judged(group, Usage(source, one, "certain"), new)

    def _chained(self, group: Group, source: Source) -> Iterator[Reference]:
        """`this(...)`, `super(...)`, `base(...)`, `parent::__construct(...)`."""
        php = self.types.language == "php"
        if not any(self._is_near(full, group.full) for full in (one.full for one in self.types.declared(source))):
            return
        for one in self._all(source, _CHAINS[self.types.language]):
            around = holder(source, one.start_offset)
            if one.kind != "call" or not around or is_anonymous(source, one.start_offset):
                continue
            full = full_name(self.types, source, around[0])
            word = one.receiver if php else one.name
            upward = word in SUPER
            if (upward and self._parent(full, php) == group.full) or (word in SELF and full == group.full):
                yield one

    def _is_near(self, full: str, target: str) -> bool:
        return full == target or target in self.types.ancestors(full)[0]

    def _parent(self, full: str, php: bool) -> str | None:
        """The type whose constructor `super(...)` calls: in PHP the nearest that has one."""
        above = self.types.ancestors(full)[0][1:]
        for one in above:
            parts = self.types.of(one)
            if parts and all(part.symbol.kind == "class" for part in parts):
                if php and not constructors(parts):
                    continue
                return one
            if not parts:
                return None
        return None

    def _of_function(self, group: Group, source: Source) -> Iterator[Broken]:
        simple = "." not in group.full
        for one in self.references(source, group.name):
            if one.receiver is not None:
                continue
            if one.kind == "import":
                if group.is_gone and self._takes_function(group, source, one.start_offset):
                    yield Broken(Usage(source, one, "certain"), f"imports `{group.name}`, which is gone")
            elif one.kind == "call" and (simple or self._means_function(group, source, one)):
                yield from self._judged(group, Usage(source, one, "certain"), list(group.new))

    def _takes_function(self, group: Group, source: Source, offset: int) -> bool:
        return is_function_import(source, offset) and any(
            given.start_offset == offset and self._imported(given.module, given.name) == group.full
            for given in source.imports
        )

    def _means_function(self, group: Group, source: Source, one: Reference) -> bool:
        before = source.text[max(0, one.start_offset - 200) : one.start_offset]
        if path := _QUALIFIER.search(before):
            return self.types.resolve(path[0] + one.name, source, one.start_offset) == group.full
        given = [imported for imported in source.imports if imported.local == one.name]
        if given:
            return any(self._takes_function(group, source, imported.start_offset) for imported in given)
        return group.full.rpartition(".")[0] == self.types.package(source, one.start_offset)

    def _of_member(self, group: Group, source: Source, only: bool, extensions: list[Symbol]) -> Iterator[Broken]:
        for one in self.references(source, group.name):
            if one.kind not in ("call", "attribute") and one.receiver is None:
                continue
            if self._is_of_other_sort(group, source, one):
                continue
            full, upward = self._holder_of(group, source, one)
            if full is None:
                continue
            if full == UNKNOWN:
                if only and self._is_likely(group, source, one):
                    yield from self._judged(group, Usage(source, one, "likely"), list(group.new), extensions)
                continue
            order, complete = self.types.ancestors(full)
            if group.full not in order or (not complete and self._may_be_inherited(group)):
                continue
            found = self.types.lookup(full, group.name)
            if upward:
                found = [(part, symbol) for part, symbol in found if part.full != full]
            if self.types.language == "csharp" and any(symbol.kind != "method" for _, symbol in found):
                continue  # A field that holds a function.
            if group.old:
                found = [(part, symbol) for part, symbol in found if symbol.kind == "method"]
            elif one.receiver is None:
                continue  # A local name may be meant.
            if group.is_gone and (found or self._is_magic(full) or self._may_be_an_heirs(group, one, full)):
                continue
            yield from self._judged(group, Usage(source, one, "certain"), [symbol for _, symbol in found], extensions)

    def _is_of_other_sort(self, group: Group, source: Source, one: Reference) -> bool:
        """Whether a field is meant where a method is gone: Java and PHP give both the same names."""
        if self.types.language == "csharp" or not group.is_gone or not group.old:
            return False
        referred = source.text[max(0, one.start_offset - 2) : one.start_offset] == "::"
        return one.kind != "call" and not referred

    def _holder_of(self, group: Group, source: Source, one: Reference) -> tuple[str | None, bool]:
        """The type whose member a reference means, and whether only what that type inherits is meant."""
        if one.receiver is not None and one.receiver not in (*SELF, *SUPER):
            return receiver_type(self.types, source, one), False
        around = holder(source, one.start_offset)
        if is_anonymous(source, one.start_offset) and not self._reaches_out(group, source, one):
            return None, False
        if one.receiver is not None:
            return (full_name(self.types, source, around[0]) if around else None), one.receiver in SUPER
        if self.types.language == "php":
            return None, False
        return self._unqualified(group, source, around), False

    def _unqualified(self, group: Group, source: Source, around: list[Symbol]) -> str | None:
        """The type whose member a bare name means: the innermost around it that has one; else what is imported."""
        for symbol in around:
            full = full_name(self.types, source, symbol)
            order, complete = self.types.ancestors(full)
            if group.full in order:
                return None if group.is_gone and self._is_imported(group.name, source) else full
            if not complete or self.types.lookup(full, group.name):
                return None
        for given in source.imports:
            if given.name in (group.name, "*") and given.module == group.full:
                return group.full
        return None

    def _reaches_out(self, group: Group, source: Source, one: Reference) -> bool:
        """Whether a bare name in a class without a name means the type around that class."""
        if one.receiver is not None or self.types.language == "php":
            return False
        inner = next(found for found in reversed(source.around(one.start_offset)) if found.kind == "method")
        made = list(_ANONYMOUS.finditer(source.text, max(0, inner.start_offset - 4000), inner.start_offset))
        full = self.types.resolve(made[-1][1], source, inner.start_offset) if made else None
        if full is None:
            return False
        order, complete = self.types.ancestors(full)
        return group.full in order or (complete and not self.types.lookup(full, group.name))

    def _is_imported(self, name: str, source: Source) -> bool:
        """Whether a bare name may be that of a static import."""
        wild = (given.module.rpartition(".")[2][:1].isupper() for given in source.imports if given.name == "*")
        return any(given.local == name for given in source.imports) or any(wild)

    def _may_be_inherited(self, group: Group) -> bool:
        """Whether a type of which not all bases are known may have inherited what is called."""
        if group.is_gone:
            if not group.old:
                return True  # A field: nothing says that it hides an inherited one.
            if "private" in group.words:
                return False
            return self.types.language == "php" or bool(_SAYS_SO & group.words)
        return bool(_SAYS_SO & group.words) and not self.types.ancestors(group.full)[1]

    def _may_be_an_heirs(self, group: Group, one: Reference, full: str) -> bool:
        """Whether the object, whose type PHP only checks as it is passed, may be of an heir that has the method."""
        if self.types.language != "php" or one.receiver in (*SELF, *SUPER):
            return False
        return any(group.name in heir.members for heir in self.types.descendants(full).values())

    def _is_magic(self, full: str) -> bool:
        return self.types.language == "php" and self.types.has(full, ("__call", "__callStatic"))

    def _is_likely(self, group: Group, source: Source, one: Reference) -> bool:
        """Whether a call on something unknown may be believed to be of the altered type."""
        name = group.name
        if len(name) < _TELLING_LENGTH or not _TELLING.search(name) or one.kind != "call" or one.receiver is None:
            return False
        if group.is_extension:
            package = group.full.rpartition(".")[0]
            own = self.types.package(source, one.start_offset)
            return f"{own}.".startswith(f"{package}.") or any(given.module == package for given in source.imports)
        owner = group.full.rpartition(".")[2]
        return re.search(rf"\b{re.escape(owner)}\b", source.text) is not None

    def _judged(
        self,
        group: Group,
        usage: Usage,
        taken: list[Symbol],
        extensions: Iterable[Symbol] = (),
    ) -> Iterator[Broken]:
        """The use with the reason why it is broken, if it is."""
        reason = self._reason(group, usage, taken, list(extensions))
        if reason is not None:
            yield Broken(usage, reason)

    def _reason(self, group: Group, usage: Usage, taken: list[Symbol], extensions: list[Symbol]) -> str | None:
        given, language = usage.reference.arguments, self.types.language
        as_extension = group.is_extension and self._is_on_object(group, usage)
        old = [_without_first(one) for one in group.old] if as_extension else list(group.old)
        if not self._was_taken(group, old, given) or self._is_extended(extensions, given):
            return None
        if group.is_gone:
            return f"uses `{group.name}`, which is gone"
        if given is None or not taken:
            return None
        if as_extension:
            taken = [_without_first(one) for one in taken]
        refusal = overloads.refused_by_all(taken, given, language)
        if refusal is not None or self._is_touched(usage):
            return refusal
        return self._shifted(group, old, taken, given)

    def _was_taken(self, group: Group, old: list[Symbol], given: Arguments | None) -> bool:
        """Whether it fitted before; a field, a property or a constant that is gone always did."""
        if given is None or (group.is_gone and not old):
            return True
        return any(overloads.refused(one.parameters or (), given, self.types.language) is None for one in old)

    def _is_extended(self, extensions: list[Symbol], given: Arguments | None) -> bool:
        free = [_without_first(one) for one in extensions]
        return given is not None and bool(free) and overloads.refused_by_all(free, given, "csharp") is None

    def _shifted(self, group: Group, old: list[Symbol], taken: list[Symbol], given: Arguments) -> str | None:
        was = overloads.only_taker(old, given, self.types.language)
        now = overloads.only_taker(taken, given, self.types.language)
        if was is None or now is None or was.parameters is None or now.parameters is None:
            return None
        if moved := shift(was.parameters, now.parameters, given):
            return moved
        if self.types.language != "php" or overloads.unused(was.parameters, given):
            return None
        new = group.altered.diff.new_text or ""
        if "func_get_arg" in new[now.start_offset : now.end_offset]:
            return None
        return overloads.unused(now.parameters, given)

    def _is_on_object(self, group: Group, usage: Usage) -> bool:
        receiver = usage.reference.receiver
        return (
            receiver is not None
            and self.types.resolve(receiver, usage.source, usage.reference.start_offset) != group.full
        )

    def _is_touched(self, usage: Usage) -> bool:
        diff = self.change.file(usage.source.path)
        if diff is None:
            return False
        reference = usage.reference
        last = usage.source.text.count("\n", 0, reference.call_end_offset or reference.end_offset)
        return any(line in diff.added_lines for line in range(reference.line, last + 1))


def _written(types: Types, source: Source, one: Reference) -> str | None:
    """The full name of the type that a name means, with what stands before it."""
    before = source.text[max(0, one.start_offset - 200) : one.start_offset]
    if types.language == "php":
        if before.endswith(("->", "::", "$")) or re.search(r"\b(?:function|const)\s+\Z", before):
            return None
        if re.match(r"\s*\(", source.text[one.end_offset :]) and not _NEW.search(before):
            return None  # A function of that name.
        path = _QUALIFIER.search(before)
        return types.resolve((path[0] if path else "") + one.name, source, one.start_offset)
    if one.receiver is not None:
        written = re.sub(r"\s+", "", one.receiver)
        return f"{written}.{one.name}" if re.fullmatch(r"[\w.]+", written) else None
    if before.rstrip().endswith("."):
        return None
    return types.resolve(one.name, source, one.start_offset)


def _without_first(symbol: Symbol) -> Symbol:
    return evolve(symbol, parameters=(symbol.parameters or ())[1:])


def extensions_named(name: str, sources: Iterable[Source]) -> list[Symbol]:
    """C#'s extension methods of this name."""
    found = []
    for source in sources:
        if re.search(rf"\b{re.escape(name)}\s*(?:<[^()]*>)?\s*\([\s\[\]\w]*\bthis\s", source.text):
            found += [one for one in source.symbols if one.name == name and is_extension(source, one)]
    return found
