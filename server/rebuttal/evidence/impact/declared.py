"""What is written twice and no longer agrees: C's declarations and definitions, C++'s overriders, Rust's trait methods.

Only what agreed before the change and does not after it is told, and only where each name stands for one function.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from attrs import frozen

from rebuttal.change.model import FileDiff
from rebuttal.evidence.impact.code import Source
from rebuttal.evidence.impact.ground import RELATED, Ground, how_many, places, timely
from rebuttal.evidence.impact.native import is_plain, same_owner, shape
from rebuttal.evidence.impact.overrides import OVERRIDE
from rebuttal.evidence.impact.signatures import difference
from rebuttal.evidence.model import Fact, Material
from rebuttal.evidence.rules import Rule
from rebuttal.evidence.seats import ARCHITECT
from rebuttal.findings.model import Related
from rebuttal.text.languages import Language, family_of, language_of
from rebuttal.text.model import Symbol
from rebuttal.text.parsing import Unparsed
from rebuttal.text.positions import LineIndex
from rebuttal.text.symbols import symbols_of

DECLARATION = Rule(
    "impact:declaration",
    "Declaration and definition no longer agree",
    "Files that see the declaration call a function that takes something else, or do not compile.",
    "high",
    "correctness",
    ARCHITECT,
)
RULES = (DECLARATION,)

_LANGUAGES: frozenset[Language] = frozenset({"c", "cpp", "rust"})
_WORDS = re.compile(r"\b(?:[A-Z][A-Z0-9_]{2,}|const|register|restrict|volatile|struct|enum)\b|\[[^\]]*\]|[*&\s]")
_IMPL = re.compile(r"^[ \t]*(?:unsafe\s+)?impl\b([^{;]*)", re.MULTILINE)


@frozen
class Moved:
    """A function that takes something else than before."""

    diff: FileDiff
    language: Language
    old: Symbol
    new: Symbol
    has_body: bool


def words(material: Material) -> Iterator[str]:
    """Names that will be searched for."""
    return (one.new.name for one in _moved(material))


def check(ground: Ground) -> Iterator[Fact]:
    """Raises CheckFailed when the search takes too long."""
    look = ground.deadline("declarations")
    for one in _moved(ground.material):
        look()
        sources = list(ground.sources(one.new.name, one.language))
        if one.language == "rust":
            yield from _implementers(one, sources)
        else:
            yield from _declarations(one, sources)
            yield from _overriders(one, sources)


def _moved(material: Material) -> tuple[Moved, ...]:
    return material.once("impact declared", lambda: tuple(_found(material)))


def _found(material: Material) -> Iterator[Moved]:
    for diff in timely(material):
        language = language_of(diff.path)
        if language not in _LANGUAGES or diff.old_text is None or diff.new_text is None or not diff.hunks:
            continue
        try:
            old = _single(symbols_of(diff.old_text, language, material.parser), diff.old_text)
            new = _single(symbols_of(diff.new_text, language, material.parser), diff.new_text)
        except Unparsed:
            continue
        for name, was in old.items():
            now = new.get(name)
            if now is not None and _written(was[0]) != _written(now[0]):
                one = now[-1]
                if material.in_scope(diff, range(one.start_line, one.header_end_line + 1)):
                    yield Moved(diff, language, was[-1], one, not one.without_body)


def _single(symbols: tuple[Symbol, ...], text: str) -> dict[str, list[Symbol]]:
    """Functions by qualified name, the one with a body last; without those that are written in several ways."""
    found: dict[str, list[Symbol]] = {}
    for one in symbols:
        if one.kind in ("function", "method") and _is_code(one, text):
            found.setdefault(one.qualified, []).append(one)
    return {
        name: sorted(group, key=lambda one: not one.without_body)
        for name, group in found.items()
        if len({_written(one) for one in group}) == 1 and sum(not one.without_body for one in group) < 2
    }


def _is_code(symbol: Symbol, text: str) -> bool:
    before = text[symbol.start_offset : symbol.name_offset]
    return not before.startswith("#define") and not re.search(r"\bstatic\b|\bcfg\b|#\s*define", before)


def _written(symbol: Symbol) -> tuple[tuple[str, ...], bool]:
    return shape(symbol)


def _agree(one: Symbol, other: Symbol) -> bool:
    """Whether both take the same, as far as it can be told without knowing what types are called elsewhere."""
    if one.parameters is None or other.parameters is None:
        return True
    (types, more), (others, others_more) = shape(one), shape(other)
    if len(types) != len(others) or more != others_more:
        return False
    return all(_plain(a) == _plain(b) for a, b in zip(_types(one), _types(other), strict=True))


def _types(symbol: Symbol) -> list[str]:
    return [one.type or "" for one in symbol.parameters or () if one.kind != "variadic"]


def _plain(type_name: str) -> str:
    return _WORDS.sub("", type_name)


def _declarations(one: Moved, sources: list[Source]) -> Iterator[Fact]:
    """A header that was not changed with its definition, or the other way round."""
    unsaid = one.diff.path.endswith(".c")
    if _agree(one.old, one.new) or not is_plain(one.old, one.diff.old_text, unsaid):
        return
    name = re.compile(rf"#[ \t]*define[ \t]+{re.escape(one.new.name)}\b")
    if any(name.search(source.text) for source in sources) or not is_plain(one.new, one.diff.new_text, unsaid):
        return
    every = [(source, each) for source in sources for each in source.symbols if each.name == one.new.name]
    if any(not same_owner(each.qualified, one.new.qualified) for _, each in every):
        return
    bodies = [source for source, each in every if not each.without_body]
    left = [(source, each) for source, each in every if source.path != one.diff.path]
    if len(bodies) != 1 or (one.has_body and bodies[0].path != one.diff.path):
        return
    if any(_agree(each, one.new) for _, each in left) and one.language == "cpp":
        return  # An overload, or a declaration that was changed with it.
    stale = [(s, each) for s, each in left if shape(each) == shape(one.old) and not _agree(each, one.new)]
    stale = [(s, each) for s, each in stale if one.has_body == each.without_body]
    if stale:
        what = "its declaration" if one.has_body else "its definition"
        yield _fact(DECLARATION, one, stale, f"{what} still takes what it took", "disagrees")


def _overriders(one: Moved, sources: list[Source]) -> Iterator[Fact]:
    """C++: what overrode a virtual function, and now is only a function of the same name."""
    owner = one.new.qualified.rpartition(".")[0].rpartition(".")[2]
    header = (one.diff.new_text or "")[one.new.start_offset : one.new.name_offset]
    if not owner or not re.search(r"\bvirtual\b", header) or _agree(one.old, one.new):
        return
    stale = []
    for source in sources:
        heirs = {each.qualified for each in source.symbols if each.kind == "class" and _extends(each, owner)}
        methods = [each for each in source.symbols if each.name == one.new.name and each.kind == "method"]
        for heir in heirs:
            own = [each for each in methods if each.qualified == f"{heir}.{one.new.name}"]
            if own and not any(_agree(each, one.new) for each in own):
                stale += [(source, each) for each in own if shape(each) == shape(one.old)]
    if stale:
        yield _fact(OVERRIDE, one, stale, "overrides still take what it took", "no longer overrides it")


def _extends(symbol: Symbol, owner: str) -> bool:
    return any(re.split(r"[<\s]", base)[0].rpartition("::")[2] == owner for base in symbol.bases)


def _implementers(one: Moved, sources: list[Source]) -> Iterator[Fact]:
    """Rust: implementations of a trait whose method takes another number of arguments."""
    trait = one.new.qualified.rpartition(".")[0].rpartition(".")[2]
    if one.new.parent != "interface" or _number(one.new) == _number(one.old) or not trait:
        return
    defined = re.compile(rf"\btrait\s+{re.escape(trait)}\b")
    if sum(len(defined.findall(source.text)) for source in sources) != 1:
        return
    stale = [
        (source, each)
        for source in sources
        for each in source.symbols
        if each.name == one.new.name and each.kind == "method" and each.qualified != one.new.qualified
        if _implements(source, each, trait) and _number(each) == _number(one.old)
    ]
    if stale:
        yield _fact(OVERRIDE, one, stale, "implementations still take what it took", "does not fit its trait")


def _number(symbol: Symbol) -> int:
    return len(symbol.parameters or ())


def _implements(source: Source, method: Symbol, trait: str) -> bool:
    """Whether the block around a method implements the trait."""
    heads = [head[1] for head in _IMPL.finditer(source.text, 0, method.start_offset)][-1:]
    if not heads or " for " not in heads[0] or "macro_rules!" in source.text:
        return False
    named = re.sub(r"^\s*<[^{]*?>\s+(?=[\w:])", "", heads[0].split(" for ")[0]).strip()
    return re.split(r"[<\s]", named)[0].rpartition("::")[2] == trait


def _fact(rule: Rule, one: Moved, stale: list[tuple[Source, Symbol]], what: str, label: str) -> Fact:
    related = tuple(
        Related(source.path, source.index.range(each.name_offset, each.name_offset + len(each.name)), label)
        for source, each in stale[:RELATED]
    )
    shown = f"`{one.new.qualified.replace('.', '::')}()`"
    changed = difference(one.old.parameters or (), one.new.parameters or ())
    changed = "the types of its parameters changed" if changed == "the signature changed" else changed
    message = f"{shown} changed ({changed}), but {what} ({how_many(related, 'place')}): {places(related)}."
    index = LineIndex(one.diff.new_text or "")
    return rule.fact(
        one.diff,
        one.new.name_line,
        max(one.new.header_end_line, one.new.name_line),
        message,
        severity="high" if family_of(one.language) != "c" or _number(one.old) != _number(one.new) else "medium",
        confidence="likely",
        where=index.range(one.new.name_offset, one.new.name_offset + len(one.new.name)),
        related=related,
    )
