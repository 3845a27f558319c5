"""Methods of base classes and interfaces, and what overrides or implements them elsewhere.

Three faults: an override that fitted the base's signature and no longer does (either side may have changed), and a
class that lacks a method which its base newly demands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from attrs import frozen

from rebuttal.change.model import FileDiff
from rebuttal.evidence.impact.code import Source
from rebuttal.evidence.impact.ground import RELATED, Ground, how_many, places, timely
from rebuttal.evidence.impact.misfits import misfit
from rebuttal.evidence.impact.signatures import difference, only_widens
from rebuttal.evidence.model import Fact, Material
from rebuttal.evidence.rules import Rule
from rebuttal.evidence.seats import ARCHITECT
from rebuttal.findings.model import Related
from rebuttal.findings.severity import Severity
from rebuttal.text.languages import Language, family_of, is_test, language_of
from rebuttal.text.model import Parameter, Symbol
from rebuttal.text.parsing import Unparsed
from rebuttal.text.positions import LineIndex
from rebuttal.text.symbols import symbols_of

OVERRIDE = Rule(
    "impact:override",
    "Overrides do not follow their base",
    "Who calls the method through its base reaches an override that does not take the call, or none at all.",
    "medium",
    "correctness",
    ARCHITECT,
)
RULES = (OVERRIDE,)

_TYPES = ("class", "interface", "type")
_HIERARCHIC: frozenset[Language] = frozenset({"python", "typescript", "tsx", "java", "csharp", "php", "ruby"})
_COMPARED: frozenset[Language] = frozenset({"python", "typescript", "tsx", "php", "ruby"})
"""Elsewhere methods may be overloaded: another signature is another method (nominal/ looks at Java and C#)."""
_ROOTS = frozenset(
    ("object", "ABC", "abc.ABC", "Protocol", "typing.Protocol", "t.Protocol", "Generic", "typing.Generic", "t.Generic")
)
_OWN_SIGNATURE = frozenset(
    {"__init__", "__new__", "__init_subclass__", "__call__", "constructor", "__construct", "initialize"}
)
_PLAIN_DECORATORS = frozenset({"abstractmethod", "override", "final", "abstract", "deprecated", "public", "protected"})
_BASE = re.compile(r"[<\[(]")
_PRIVATE = re.compile(r"\bprivate\b|\bstatic\b")


@frozen
class Rebased:
    """A method of a class that the change altered, or newly demands."""

    diff: FileDiff
    language: Language
    owner: Symbol
    old: Symbol | None
    """None for a method that is newly demanded."""
    new: Symbol


def rebased(material: Material) -> tuple[Rebased, ...]:
    return material.once(
        "impact rebased", lambda: tuple(one for diff in timely(material) for one in _rebased(material, diff))
    )


def words(material: Material) -> Iterator[str]:
    for one in rebased(material):
        yield one.owner.name
        if one.language == "python" and one.old is not None:
            yield from (_simple(base) for base in one.owner.bases if base not in _ROOTS and "=" not in base)


def _rebased(material: Material, diff: FileDiff) -> Iterator[Rebased]:
    language = language_of(diff.path)
    if language not in _HIERARCHIC or diff.old_text is None or diff.new_text is None or not diff.hunks:
        return
    try:
        now = symbols_of(diff.new_text, language, material.parser)
        touched = diff.added_lines | {hunk.new_start for hunk in diff.hunks}
        if not any(one.kind == "method" and _reaches(one, touched) for one in now):
            return
        was = _unique(symbols_of(diff.old_text, language, material.parser))
    except Unparsed:
        return
    after = _unique(now)
    for qualified, new in after.items():
        owner = after.get(qualified.rpartition(".")[0])
        if new.kind != "method" or owner is None or not _is_outermost(owner, language) or owner.kind not in _TYPES:
            continue
        if owner.qualified not in was or not _reaches(new, touched) or _is_left_alone(new, diff):
            continue
        if not material.in_scope(diff, range(new.start_line, new.header_end_line + 1)):
            continue
        old = was.get(qualified)
        if old is not None and (_wrapped(old) != _wrapped(new) and language == "python"):
            continue
        if old is not None and not (
            _is_written(old, diff.old_text, language) and _is_written(new, diff.new_text, language)
        ):
            continue
        if old is not None and old.parameters is not None and new.parameters is not None:
            if language in _COMPARED and _shape(old.parameters) != _shape(new.parameters):
                yield Rebased(diff, language, owner, old, new)
        elif old is None and _is_demanded(new, owner, diff, language):
            yield Rebased(diff, language, owner, None, new)


def _is_written(method: Symbol, text: str, language: Language) -> bool:
    """Whether what it takes stands there: of an alias in Ruby it does not."""
    return language != "ruby" or re.search(r"\bdef\b", text[method.start_offset : method.name_offset]) is not None


def _is_outermost(owner: Symbol, language: Language) -> bool:
    return owner.parent is None or (language == "ruby" and owner.parent == "namespace")


def _wrapped(method: Symbol) -> set[str]:
    """The decorators that may give a method another signature."""
    return {one for one in method.decorators if one.rpartition(".")[2] not in _PLAIN_DECORATORS}


def _reaches(symbol: Symbol, touched: frozenset[int] | set[int]) -> bool:
    return any(line in touched for line in range(symbol.start_line, symbol.header_end_line + 1))


def _is_left_alone(method: Symbol, diff: FileDiff) -> bool:
    name = method.name
    if name in _OWN_SIGNATURE or (name.startswith("__") and not name.endswith("__")) or name.startswith("#"):
        return True
    if "staticmethod" in method.decorators or "static" in method.decorators or "overload" in method.decorators:
        return True
    if any(one.endswith((".setter", ".deleter")) or "property" in one for one in method.decorators):
        return True
    line = (diff.new_text or "")[method.start_offset : method.name_offset]
    return _PRIVATE.search(line) is not None


def _unique(symbols: tuple[Symbol, ...]) -> dict[str, Symbol]:
    """By qualified name, those that stand for one definition only."""
    found: dict[str, Symbol | None] = {}
    for one in symbols:
        found[one.qualified] = None if one.qualified in found else one
    return {name: one for name, one in found.items() if one is not None}


def _shape(parameters: tuple[Parameter, ...]) -> list[tuple[str, bool, str]]:
    return [(one.name, one.required, one.kind) for one in parameters]


def _is_demanded(method: Symbol, owner: Symbol, diff: FileDiff, language: Language) -> bool:
    """Whether a concrete class cannot be without this new method."""
    text = diff.new_text or ""
    header = text[method.start_offset : method.name_offset]
    if language == "python":
        return any(one.rpartition(".")[2] == "abstractmethod" for one in method.decorators)
    if language == "ruby":
        return False
    if not method.without_body:
        return False
    after = text[method.name_offset + len(method.name) :][:1]
    if language in ("typescript", "tsx"):
        return after != "?" and (owner.kind == "interface" or "abstract" in method.decorators)
    return "default" not in header and (owner.kind == "interface" or "abstract" in header)


def check(ground: Ground) -> Iterator[Fact]:
    """One fact for each method with overrides or implementers that do not follow it, or that left its base."""
    look = ground.deadline("overriding methods")
    for one in rebased(ground.material):
        look()
        quiet = one.old is not None and one.language == "python" and _only_adds(one)
        users = (source for source in _users(ground, one) if not (quiet and is_test(source.path)))
        # A double of a test is called as the test calls it: what the base takes besides does not matter to it.
        found = [place for source in users for place in _unfaithful(ground, one, source)]
        if found:
            yield _base_fact(one, found)
        if one.old is not None and one.language == "python":
            yield from _left_base(ground, one)


def _users(ground: Ground, one: Rebased) -> Iterator[Source]:
    yield from ground.sources(one.owner.name, one.language)


def _unfaithful(ground: Ground, one: Rebased, source: Source) -> Iterator[Related]:
    for child in source.symbols:
        if child.kind != "class" or child.without_body or not _derives(ground, one, child, source):
            continue
        own = [symbol for symbol in source.symbols if symbol.qualified == f"{child.qualified}.{one.new.name}"]
        place = source.index.range(child.name_offset, child.name_offset + len(child.name))
        if one.old is None:
            if not own and _must_have(one, child, source):
                yield Related(source.path, place, f"`{child.name}` has no `{one.new.name}`")
            continue
        if len(own) != 1 or own[0].parameters is None or _wrapped(own[0]) != _wrapped(one.new):
            continue
        if not _is_written(own[0], source.text, one.language):
            continue
        method = own[0]
        if reason := misfit(one.language, one.old.parameters or (), one.new.parameters or (), method.parameters or ()):
            place = source.index.range(method.name_offset, method.name_offset + len(method.name))
            yield Related(source.path, place, f"`{method.qualified}()` {reason}")


def _simple(base: str) -> str:
    return _BASE.split(base.strip())[0].rpartition(".")[2]


def _bases(child: Symbol, source: Source) -> list[str]:
    """What a class extends and implements, without type arguments."""
    if source.language not in ("typescript", "tsx"):
        return [_BASE.split(base.strip())[0].strip().lstrip("\\") for base in child.bases if "=" not in base]
    head = source.text[child.name_offset : child.name_offset + 2_000].partition("{")[0]
    listed = re.split(r"\bextends\b|\bimplements\b", re.sub(r"<[^<>]*>", "", re.sub(r"<[^<>]*>", "", head)))[1:]
    return [base.strip() for part in listed for base in part.split(",") if base.strip()]


def _derives(ground: Ground, one: Rebased, child: Symbol, source: Source) -> bool:
    """Whether one of a class's own bases is the class of the method."""
    home = source.path == one.diff.path
    if home and child.qualified == one.owner.qualified:
        return False
    bases = _bases(child, source)
    if one.language == "ruby":
        whole = "." + one.owner.qualified
        bases = [base for base in bases if whole.endswith("." + base.strip(":").replace("::", "."))]
    return any(_is_class(ground, one.owner.name, one.diff.path, base, source) for base in bases)


def _is_class(ground: Ground, name: str, target: str, base: str, source: Source) -> bool:
    """Whether `base`, as a file writes it, is the class `name` of the file `target`."""
    root, _, last = base.rpartition(".")
    home = source.path == target
    if source.language in ("java", "csharp", "php", "ruby"):
        if re.split(r"\\|::", last)[-1] != name:
            return False
        others = [path for path in ground.places.get(name, {}) if path != target]
        return home or not any(_defines(ground, path, name, source) for path in others)
    if not root and home and base == name:
        return True
    for given in source.imports:
        whole = given.name is None
        if not root and given.local == base and given.name not in (None, "*"):
            path, wanted = ground.modules.resolve(source, given.module), given.name or ""
            wanted = name if wanted == "default" else wanted
        elif root and last == name and root in (given.local, given.module if whole else None):
            path = ground.modules.resolve(source, given.module) if whole else ground.modules.submodule(source, given)
            wanted = last
        else:
            continue
        return ground.modules.leads_to(path, wanted, target, name)
    return False


def _defines(ground: Ground, path: str, name: str, like: Source) -> bool:
    """Whether another file of the family defines a type of that name: then it cannot be told which is meant."""
    language = language_of(path)
    if language is None or like.language is None or family_of(language) != family_of(like.language):
        return False
    source = ground.code.source(path)
    return source is not None and any(
        symbol.name == name and symbol.kind in (*_TYPES, "enum") for symbol in source.symbols
    )


def _must_have(one: Rebased, child: Symbol, source: Source) -> bool:
    """Whether a class that derives has to define the method itself, as nothing else may give it."""
    bases, name = _bases(child, source), re.escape(one.new.name)
    body = source.text[child.start_offset : child.end_offset]
    header = source.text[child.start_offset : child.name_offset]
    if "abstract" in header or "partial" in header or re.search(rf"\b{name}\b", body):
        return False
    if source.language == "python":
        own = (symbol for symbol in source.symbols if symbol.qualified.startswith(f"{child.qualified}."))
        if any("abstractmethod" in decorator for symbol in own for decorator in symbol.decorators):
            return False
        if any("metaclass" in base for base in child.bases) or child.decorators or re.search(r"\bABC\b", header + body):
            return False
        return len([base for base in bases if base not in _ROOTS]) == 1 and "Protocol" not in "".join(one.owner.bases)
    if source.language == "php" and re.search(r"^\s*use\s+\w", body, re.MULTILINE):
        return False  # A trait may bring it.
    return len(bases) == 1 and not child.decorators


def _left_base(ground: Ground, one: Rebased) -> Iterator[Fact]:
    """The other way round: the change took an override away from what its base, left alone, takes."""
    source = ground.code.source(one.diff.path)
    bases = [base for base in _bases(one.owner, source) if base not in _ROOTS] if source is not None else []
    if source is None or len(bases) != 1 or one.old is None:
        return
    for holder in ground.sources(_simple(bases[0]), one.language):
        base = next((it for it in holder.top.get(_simple(bases[0]), []) if it.kind == "class"), None)
        if base is None or not _is_class(ground, base.name, holder.path, bases[0], source):
            continue
        same = [symbol for symbol in holder.symbols if symbol.qualified == f"{base.qualified}.{one.new.name}"]
        if len(same) != 1 or same[0].parameters is None or _wrapped(same[0]) != _wrapped(one.new):
            return
        diff = ground.material.change.file(holder.path)
        if diff is not None and _reaches(same[0], diff.added_lines):
            return
        was, now, its = one.old.parameters or (), one.new.parameters or (), same[0].parameters
        if only_widens(its, was) and not only_widens(its, now):
            yield _left_fact(one, same[0], holder)
        return


def _base_fact(one: Rebased, found: list[Related]) -> Fact:
    label = f"`{one.new.qualified}()`"
    if one.old is None:
        kind = "class that derives from it lacks" if len(found) == 1 else "classes that derive from it lack"
        number = "one" if len(found) == 1 else str(len(found))
        message = f"{label} is new and has to be implemented, but {number} {kind} it: {places(found)}."
        title = f"{label} is not implemented everywhere"
    else:
        what = difference(one.old.parameters or (), one.new.parameters or ())
        were = "was" if len(found) == 1 else "were"
        message = (
            f"{label} changed ({what}), but {how_many(found, 'override')} {were} not changed with it: {places(found)}."
        )
        title = f"Overrides of {label} do not follow its new signature"
    refused = one.old is None or one.language not in ("python", "typescript", "tsx", "ruby")
    severity: Severity = "high" if refused else "low" if _only_adds(one) else "medium"
    return _fact(one, message, title, tuple(found[:RELATED]), severity)


def _only_adds(one: Rebased) -> bool:
    """Whether every call that the base took before it still takes: overrides fail only what is new."""
    assert one.old is not None
    return only_widens(one.old.parameters or (), one.new.parameters or ())


def _left_fact(one: Rebased, base: Symbol, holder: Source) -> Fact:
    assert one.old is not None
    what = difference(one.old.parameters or (), one.new.parameters or ())
    where = f"{holder.path}:{base.name_line + 1}"
    related = Related(
        holder.path,
        holder.index.range(base.name_offset, base.name_offset + len(base.name)),
        f"`{base.qualified}()` takes more",
    )
    message = (
        f"`{one.new.qualified}()` changed ({what}) and no longer takes all that `{base.qualified}()`, which it "
        f"overrides, takes: {where}."
    )
    return _fact(one, message, f"`{one.new.qualified}()` no longer fits the method that it overrides", (related,))


def _fact(
    one: Rebased, message: str, title: str, related: tuple[Related, ...], severity: Severity = OVERRIDE.severity
) -> Fact:
    return OVERRIDE.fact(
        one.diff,
        one.new.name_line,
        max(one.new.header_end_line, one.new.name_line),
        message,
        title=title,
        severity=severity,
        where=LineIndex(one.diff.new_text or "").range(one.new.name_offset, one.new.name_offset + len(one.new.name)),
        related=related,
    )
