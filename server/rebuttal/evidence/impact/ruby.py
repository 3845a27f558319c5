"""Ruby: methods whose callers break, and who calls them, where neither dynamic features nor a second method interfere.

A constant is looked up as Ruby does: from the innermost module around it outwards. A call without a receiver is of the
class around it. On any other object a method is believed to be ours only if the repository has no other of its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from attrs import evolve, frozen

from rebuttal.change.model import FileDiff
from rebuttal.evidence.impact.code import Source
from rebuttal.evidence.impact.model import Altered, Usage
from rebuttal.evidence.impact.modules import Modules
from rebuttal.evidence.impact.signatures import only_widens, shape
from rebuttal.findings.model import Certainty
from rebuttal.text.languages import Language
from rebuttal.text.model import Arguments, Reference, Symbol

_CONSTANT = re.compile(r"(?:::)?[A-Z]\w*(?:::[A-Z]\w*)*\Z")
_ASSIGNED = re.compile(r"[ \t]*(?:\|\||&&|[-+*/|&%^]|<<|>>|\*\*)?=(?![=~>])")
_OTHER_SELF = re.compile(
    r"\b(?:instance_eval|instance_exec|class_eval|module_eval|class_exec|(?:Class|Module|Struct)\.new)\b"
)
_OPEN_CLASS = re.compile(r"\b(?:method_missing|delegate|def_delegators?|SimpleDelegator|DelegateClass)\b")
_MIXES = re.compile(r"^\s*(?:include|extend|prepend|using|refine)\b", re.MULTILINE)
_ITSELF = re.compile(r"^\s*(?:module_function\s*$|extend\s+self\b)", re.MULTILINE)
_LONG_NAME = 8
_FAMILY = 3
"""Methods of one name that are believed to have been changed together."""
_IMPLICIT = frozenset(("method_missing", "respond_to_missing?", "inherited", "included", "extended", "prepended"))
_CONSTRUCTOR = "initialize"
"""Where it is gone, the one above takes its place."""
_CORE = frozenset(
    (
        "each_with_index", "each_with_object", "each_slice", "each_cons", "each_char", "each_line", "each_byte",
        "each_pair", "each_key", "each_value", "group_by", "sort_by", "min_by", "max_by", "flat_map", "values_at",
        "start_with?", "end_with?", "force_encoding", "valid_encoding?", "read_nonblock", "write_nonblock",
        "instance_variable_get", "instance_variable_set", "const_get", "const_set", "define_method", "public_send",
        "respond_to?", "instance_of?", "kind_of?", "is_a?", "transform_values", "transform_keys", "delete_if",
        "each_entry", "filter_map", "partition", "find_index", "to_proc", "set_backtrace", "full_message",
        "set_encoding", "external_encoding", "internal_encoding", "read_partial", "readpartial", "close_write",
        "close_read", "strftime", "validate", "template", "generate", "register", "configure", "response",
    )
)  # fmt: skip
"""Longer names that Ruby's own or everybody's objects answer to."""


@frozen
class _World:
    """What all files that hold the name say of it."""

    altered: Altered
    methods: tuple[Symbol, ...]
    """Every method of this name."""
    kinds: dict[str, int]
    """Each class and module that these files define, by qualified name, and how often."""

    @property
    def owner(self) -> str:
        return self.altered.owner or ""


def alterations(
    diff: FileDiff, language: Language, old: tuple[Symbol, ...], new: tuple[Symbol, ...]
) -> Iterator[Altered]:
    """Methods that are written once on either side, in classes and modules that are no others' business."""
    before, after = _methods(old, diff.old_text or ""), _methods(new, diff.new_text or "")
    names = {symbol.name for symbol in new}
    for key, symbols in before.items():
        if len(symbols) != 1 or symbols[0].name in _IMPLICIT or _is_reworked(symbols[0].name, diff):
            continue
        was, now = symbols[0], after.get(key, [])
        owner = was.qualified.rpartition(".")[0] or None
        if len(now) == 1:
            if shape(was) != shape(now[0]) and not only_widens(was.parameters or (), now[0].parameters or ()):
                yield Altered(diff, language, "signature", was, now[0], owner)
        elif (
            not now
            and owner
            and was.name not in (*names, _CONSTRUCTOR)
            and _is_kept(owner, after, new)
            and not _is_abstract(was, diff)
        ):
            yield Altered(diff, language, "removed", was, None, owner)


def _methods(symbols: tuple[Symbol, ...], text: str) -> dict[tuple[str, bool], list[Symbol]]:
    found: dict[tuple[str, bool], list[Symbol]] = {}
    for one in symbols:
        if one.kind in ("method", "function") and _is_written(one, text):
            found.setdefault((one.qualified, "static" in one.decorators), []).append(one)
    return found


def _is_written(symbol: Symbol, text: str) -> bool:
    """Whether it is a `def`: what an alias or an accessor takes is not said where it stands."""
    return re.search(r"\bdef\b", text[symbol.start_offset : symbol.name_offset]) is not None


def _is_reworked(name: str, diff: FileDiff) -> bool:
    return any(_made(name).search(text) for text in (diff.old_text or "", diff.new_text or ""))


def _made(name: str) -> re.Pattern[str]:
    """A line that makes, copies or takes away a method of this name otherwise than by `def`."""
    words = "alias|alias_method|define_method|undef|undef_method|remove_method|attr_\\w+|memoize|delegate"
    words += "|def_delegators?|def_delegator"
    return re.compile(rf"\b(?:{words})\b.*(?<![\w]){re.escape(name)}(?![\w?!])")


def _is_abstract(symbol: Symbol, diff: FileDiff) -> bool:
    """Whether all it does is to ask for one of a subclass: callers have that one."""
    return (
        re.search(r"^\s*(?:fail|raise)\b", (diff.old_text or "")[symbol.start_offset : symbol.end_offset], re.MULTILINE)
        is not None
    )


def _is_kept(owner: str, after: dict[tuple[str, bool], list[Symbol]], new: tuple[Symbol, ...]) -> bool:
    """Whether the class is still there and answers to nothing but its methods: with its class gone, that is missed."""
    dynamic = any((f"{owner}.method_missing", static) in after for static in (False, True))
    return not dynamic and sum(one.qualified == owner and one.kind in ("class", "namespace") for one in new) == 1


def _is_closed(altered: Altered) -> bool:
    """Whether a class can have a method from nowhere else."""
    text = altered.diff.new_text or ""
    bare = not _OPEN_CLASS.search(text) and not _MIXES.search(text)
    return bare and re.search(rf"\bclass\s+[\w:]*\b{re.escape(_last(altered.owner))}\s*<", text) is None


def _last(qualified: str | None) -> str:
    return (qualified or "").rpartition(".")[2]


def usages(altered: Altered, sources: list[Source], _modules: Modules) -> Iterator[Usage]:
    """Calls of the method, in all files that hold its name."""
    name = re.escape(altered.old.name)
    made = _made(altered.old.name)
    named = re.compile(rf"(?<!:):{name}(?![\w?!])")
    if any(made.search(source.text) or (altered.new is None and named.search(source.text)) for source in sources):
        return
    world = _world(altered, sources)
    if altered.is_constructor and any(
        one.name == "new" and one.qualified == f"{world.owner}.new" for one in world.methods
    ):
        return
    if altered.new is None and any(one.qualified == altered.old.qualified for one in world.methods):
        return  # The class is opened in another file too, which has it now.
    for source in sources:
        for one in source.references({"new"} if altered.is_constructor else {altered.old.name}):
            call = _called(world, source, one)
            if call is not None and not _is_written_to(source, one) and (sure := _sure(world, source, call)):
                yield Usage(source, call, sure)


def _world(altered: Altered, sources: list[Source]) -> _World:
    wanted = (altered.old.name, "new") if altered.is_constructor else (altered.old.name,)
    every = [symbol for source in sources for symbol in source.symbols]
    kinds: dict[str, int] = {}
    for one in every:
        if one.kind in ("class", "namespace"):
            kinds[one.qualified] = kinds.get(one.qualified, 0) + 1
    return _World(altered, tuple(one for one in every if one.name in wanted), kinds)


def _called(world: _World, source: Source, reference: Reference) -> Reference | None:
    """A bare word is a call without arguments unless a variable has the name."""
    if reference.kind == "call":
        return reference
    if reference.kind != "use" or world.altered.is_constructor:
        return None
    method = _context(source, reference.start_offset).method
    name = re.escape(reference.name)
    text = source.text[method.start_offset : method.end_offset] if method is not None else ""
    bound = rf"(?<![\w@$.:]){name}(?:\s*(?:\|\||&&|[-+*/|&])?=(?![=~>])|\s*,[^=\n]*=(?![=~>])|:)"
    bound += rf"|\|[^|\n]*\b{name}\b[^|\n]*\|"
    if method is None or re.search(bound, text) or any(one.name == reference.name for one in method.parameters or ()):
        return None
    block = re.search(rf"[&*(,]\s*{name}\b|\bin\b[^\n]*\b{name}\b|=>\s*{name}\b", text)
    return None if block else evolve(reference, kind="call", arguments=Arguments(0))


def _is_written_to(source: Source, reference: Reference) -> bool:
    """`it.size = 1` calls `size=`."""
    end = reference.call_end_offset or reference.end_offset
    return end == reference.end_offset and _ASSIGNED.match(source.text, end) is not None


def _sure(world: _World, source: Source, reference: Reference) -> Certainty | None:
    receiver, altered = reference.receiver, world.altered
    if receiver is not None and _CONSTANT.match(receiver):
        return "certain" if _takes_constant(world, source) and _means(world, source, reference, receiver) else None
    around = _context(source, reference.start_offset)
    if altered.is_constructor:
        return _sure_new(world, around, receiver)
    if receiver is None or receiver == "self":
        return _sure_of_self(world, source, reference, around)
    if altered.owner is None or "static" in altered.old.decorators:
        return None
    if altered.new is None and not _is_closed(altered):
        return None
    return "likely" if _is_only(world, source, receiver) else None


def _takes_constant(world: _World, source: Source) -> bool:
    """Whether the class itself, not its objects, answers to the method."""
    old, text = world.altered.old, world.altered.diff.new_text or ""
    if world.altered.is_constructor or "static" in old.decorators:
        return True
    return _ITSELF.search(text) is not None and _is_single(world)


def _is_single(world: _World) -> bool:
    """Whether no method of the name takes anything else: of several that were changed alike, all refuse a call."""
    new = world.altered.new
    if new is None or not world.methods:
        return not world.methods
    return len(world.methods) <= _FAMILY and all(shape(one) == shape(new) for one in world.methods)


def _means(world: _World, source: Source, reference: Reference, receiver: str) -> bool:
    """Whether a constant is the owner, looked up from the innermost module outwards."""
    path = receiver.lstrip(":").replace("::", ".")
    nesting = [one.qualified for one in source.around(reference.start_offset) if one.kind in ("class", "namespace")]
    for outer in () if receiver.startswith("::") else reversed(nesting):
        whole = f"{outer}.{path}"
        if whole == world.owner:
            return True
        if whole in world.kinds:
            return False
    return path == world.owner


@frozen
class _Context:
    """Where a call stands."""

    owner: str
    """The class or module around it; "" at the top of a file."""
    static: bool
    """Whether `self` is the class itself."""
    method: Symbol | None
    bases: tuple[str, ...]


def _context(source: Source, offset: int) -> _Context:
    holder, method = None, None
    for one in source.around(offset):
        if one.kind in ("class", "namespace"):
            holder, method = one, None
        elif one.kind in ("method", "function"):
            method = one
    static = method is None or "static" in method.decorators
    return _Context(holder.qualified if holder else "", static, method, holder.bases if holder else ())


def _sure_new(world: _World, around: _Context, receiver: str | None) -> Certainty | None:
    if around.owner != world.owner or around.method is None:
        return None
    if around.static:
        return "likely" if receiver in (None, "self") else None
    return "likely" if receiver == "self.class" else None


def _sure_of_self(world: _World, source: Source, reference: Reference, around: _Context) -> Certainty | None:
    old = world.altered.old
    if around.method is None or _OTHER_SELF.search(source.text, around.method.start_offset, around.method.end_offset):
        return None
    if world.altered.owner is None:
        home = source.path == world.altered.diff.path
        return "certain" if home and not around.owner and _is_single(world) else None
    if around.static != ("static" in old.decorators):
        return None
    if world.altered.new is None and not _is_telling(old.name) and not _is_closed(world.altered):
        return None
    if around.owner == world.owner:
        overridden = [one for one in world.methods if one.qualified == f"{world.owner}.{old.name}"]
        return "certain" if len(overridden) <= (0 if world.altered.new is None else 1) else None
    last = _last(world.owner)
    heir = any(
        base.replace("::", ".").endswith(last) and _means(world, source, reference, base) for base in around.bases
    )
    return "likely" if heir and _is_single(world) else None


def _is_only(world: _World, source: Source, receiver: str) -> bool:
    """Whether a call on some object may be believed to be of the altered class."""
    name = world.altered.old.name
    if not _is_telling(name) or not _is_single(world) or receiver == "super" or not receiver[0].islower():
        return False
    return re.search(rf"\b{re.escape(_last(world.owner))}\b", source.text) is not None


def _is_telling(name: str) -> bool:
    """Whether a name is not one that everybody's objects answer to."""
    return ("_" in name.strip("_") or len(name) >= _LONG_NAME) and name not in _CORE
