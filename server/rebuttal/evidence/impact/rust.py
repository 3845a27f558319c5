"""Rust: functions and associated functions that changed or are gone, and who calls them.

A path is followed through modules, `use` and re-exports (rustpaths.py); `self.x()` and `Self::x()` are of the type
around them; on any other value a method is believed to be ours only if the repository has no other of its name.
What a macro may define, and what stands under a `cfg`, is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from attrs import evolve, frozen

from rebuttal.change.model import FileDiff
from rebuttal.evidence.impact.code import Source
from rebuttal.evidence.impact.model import Altered, Usage
from rebuttal.evidence.impact.modules import Modules
from rebuttal.evidence.impact.rustpaths import Paths, Place, function_around, inline, module_of, visible
from rebuttal.evidence.impact.rustvalues import written_type
from rebuttal.findings.model import Certainty
from rebuttal.text.languages import Language
from rebuttal.text.model import Reference, Symbol

_TYPES = ("class", "enum", "interface", "type")
_CFG = re.compile(r"#!?\[\s*(?:cfg|cfg_attr|path|macro_export|no_mangle|test|tokio::test)\b")
_SELF = re.compile(r"(?:\s*<[^()]*>)?\s*\(\s*(?:&\s*(?:'\w+\s+)?)?(?:mut\s+)?self\b")
_PATH = re.compile(r"((?:::)?(?:\w+::)+)\Z")
_DERIVED = frozenset(
    (
        "clone", "clone_from", "default", "eq", "ne", "cmp", "partial_cmp", "hash", "fmt", "from", "into", "try_from",
        "try_into", "as_ref", "as_mut", "deref", "deref_mut", "borrow", "drop", "next", "index", "add", "from_str",
        "to_string", "to_owned", "serialize", "deserialize", "parse", "iter", "into_iter", "borrow_mut", "poll",
        "call", "write", "read", "flush", "new",
    )
)  # fmt: skip
"""What a derive or a common trait may give in a method's place."""
_COMMON = frozenset(
    (
        "is_empty", "is_some", "is_none", "is_ok", "is_err", "unwrap_or", "unwrap_or_else", "unwrap_or_default",
        "map_err", "map_or", "and_then", "or_else", "ok_or", "ok_or_else", "as_str", "as_bytes", "as_slice", "as_deref",
        "to_vec", "to_str", "to_string_lossy", "to_path_buf", "into_bytes", "into_inner", "into_boxed_slice",
        "for_each", "flat_map", "filter_map", "take_while", "skip_while", "step_by", "sort_by", "sort_by_key",
        "sort_unstable", "dedup_by", "retain_mut", "drain_filter", "push_str", "split_at", "split_once", "starts_with",
        "ends_with", "trim_start", "trim_end", "file_name", "file_type", "read_to_string", "read_to_end", "write_all",
        "write_str", "write_fmt", "get_mut", "get_ref", "get_or_insert_with", "or_insert", "or_insert_with",
        "or_default", "from_utf8", "with_capacity", "poll_ready", "poll_next", "call_once", "remove_entry",
        "current_dir", "spawn_blocking", "try_recv", "try_send", "is_file", "is_dir", "set_extension", "with_extension",
        "size_hint", "to_ascii_lowercase", "to_lowercase", "to_uppercase", "is_alphanumeric", "then_some", "type_id",
    )
)  # fmt: skip
"""Methods of the standard library and of crates that everybody uses."""


def alterations(
    diff: FileDiff, language: Language, old: tuple[Symbol, ...], new: tuple[Symbol, ...]
) -> Iterator[Altered]:
    """Functions with another number or order of parameters, and what is gone."""
    before, after = _once(old, diff.old_text or ""), _once(new, diff.new_text or "")
    every = {one.qualified for one in new}
    for qualified, was in before.items():
        now = after.get(qualified)
        if was is None or (now is None and qualified in every):
            continue
        owner = _owner(was, old)
        if now is not None:
            if _is_altered(diff, was, now):
                yield Altered(diff, language, "signature", was, now, owner)
        elif diff.new_text is not None and not _is_remade(diff, was, owner, new):
            yield Altered(diff, language, "removed", was, None, owner)


def _once(symbols: tuple[Symbol, ...], text: str) -> dict[str, Symbol | None]:
    """Items of modules and types by name; None for one that stands there twice, or under conditions."""
    found: dict[str, Symbol | None] = {}
    for one in symbols:
        if one.parent in (None, "namespace", "class", "enum", "interface") and one.kind not in ("field", "namespace"):
            before = text[one.start_offset : one.name_offset]
            plain = one.qualified not in found and not _CFG.search(before) and "macro_rules" not in before
            found[one.qualified] = one if plain else None
    return found


def _owner(symbol: Symbol, every: tuple[Symbol, ...]) -> str | None:
    """The type of an associated function; None for a function of a module."""
    owner = symbol.qualified.rpartition(".")[0]
    if not owner or any(one.qualified == owner and one.kind == "namespace" for one in every):
        return None
    return owner


def _is_altered(diff: FileDiff, was: Symbol, now: Symbol) -> bool:
    if (
        was.parameters is None
        or now.parameters is None
        or _takes_self(was, diff.old_text) != _takes_self(now, diff.new_text)
    ):
        return False
    names = [[one.name for one in symbol.parameters or ()] for symbol in (was, now)]
    return len(names[0]) != len(names[1]) or (names[0] != names[1] and sorted(names[0]) == sorted(names[1]))


def _takes_self(symbol: Symbol, text: str | None) -> bool:
    return _SELF.match(text or "", symbol.name_offset + len(symbol.name)) is not None


def _is_remade(diff: FileDiff, was: Symbol, owner: str | None, new: tuple[Symbol, ...]) -> bool:
    """Whether the name may still be given: by a macro, an import, a trait, or a type that has moved as a whole."""
    text, name = diff.new_text or "", re.escape(was.name)
    if re.search(rf"\b(?:fn|struct|enum|trait|type|mod|const|static|union)\s+(?:mut\s+)?{name}\b", text):
        return True
    above = list(re.finditer(r"^impl\b[^{;]*", (diff.old_text or "")[: was.start_offset], re.MULTILINE))
    if owner is not None and above and re.search(r"\sfor\s", above[-1][0]):
        return True  # Of a trait, which may give it itself.
    if owner is None:
        return False
    kept = any(one.qualified == owner and one.kind in _TYPES for one in new)
    return (
        not kept
        or was.name in _DERIVED
        or bool(re.search(rf"\bDeref(?:Mut)?\s+for\s+(?:\w+::)*{re.escape(owner.rpartition('.')[2])}\b", text))
    )


@frozen
class _Target:
    """What is looked for."""

    altered: Altered
    place: Place | None
    """Of the function, or of the type of an associated one; None where syntax does not tell."""
    takes_self: bool
    is_only: bool
    """Whether no other function of this name is written in the repository."""


def usages(altered: Altered, sources: list[Source], modules: Modules) -> Iterator[Usage]:
    """Uses of the function, in all files that hold its name."""
    paths = modules.once("rust", lambda: Paths(modules))
    if altered.new is None and altered.owner is None and _is_imported(altered, modules):
        return
    written = re.compile(rf"\bfn\s+{re.escape(altered.old.name)}\b")
    count = sum(len(written.findall(source.text)) for source in sources)
    own = module_of(altered.diff.path, modules)
    parts = (altered.owner or altered.old.qualified).split(".")
    here = any(one.qualified == altered.owner and one.kind in _TYPES for one in _symbols_at_home(altered, modules))
    known = own is not None and (altered.owner is None or here)
    target = _Target(
        altered,
        (*own, *parts) if known and own is not None else None,
        _takes_self(altered.old, altered.diff.old_text),
        count == (0 if altered.new is None else 1),
    )
    if altered.new is None and altered.owner is None and target.place and paths.is_defined(target.place):
        return  # Its inline module is a file now.
    for source in sources:
        if not paths.is_declared(source):
            continue  # Left behind: nothing compiles it.
        for one in source.references(_names(altered, source)):
            if source.text[one.end_offset : one.end_offset + 1] == "!" or _is_bare_type(altered, one):
                continue
            if (call := _call(target, source, one, paths)) is not None:
                yield call


def _is_imported(altered: Altered, modules: Modules) -> bool:
    """Whether the module that lost the name takes it from elsewhere, or may."""
    home, around = modules.source(altered.diff.path), tuple(altered.old.qualified.split(".")[:-1])
    given = home.imports if home is not None else ()
    return home is not None and any(
        (one.local == altered.old.name or one.name == "*") and inline(home, one.start_offset) == around
        for one in given
        if function_around(home, one.start_offset) is None
    )


def _symbols_at_home(altered: Altered, modules: Modules) -> tuple[Symbol, ...]:
    home = modules.source(altered.diff.path)
    return home.symbols if home is not None else ()


def _names(altered: Altered, source: Source) -> set[str]:
    aliases = {one.local for one in source.imports if one.name == altered.old.name and one.local}
    return {altered.old.name, *(aliases if altered.owner is None else ())}


def _is_bare_type(altered: Altered, reference: Reference) -> bool:
    """`Item = u8` and `T: Item` may name types of other traits."""
    return altered.old.parameters is None and reference.receiver is None and reference.kind != "import"


def _call(target: _Target, source: Source, reference: Reference, paths: Paths) -> Usage | None:
    altered = target.altered
    if reference.kind == "import":
        taken = altered.owner is None and _is_taken(target, source, reference, paths)
        return Usage(source, reference, "certain") if taken else None
    path = _PATH.search(source.text, max(reference.start_offset - 300, 0), reference.start_offset)
    if path is None and source.text[: reference.start_offset].endswith("::"):
        return None  # Through a type in angle brackets.
    if altered.owner is None:
        named = (path[1] if path else "") + reference.name
        if (reference.receiver is not None) != (path is not None):
            return None  # A method of that name.
        met = _means(source, reference, named, target.place, paths)
        return Usage(source, reference, "certain") if met else None
    if path is not None:
        return _through_path(target, source, reference, path[1].removesuffix("::"), paths)
    sure = _through_value(target, source, reference, paths) if reference.receiver is not None else None
    return Usage(source, reference, sure) if sure else None


def _is_taken(target: _Target, source: Source, reference: Reference, paths: Paths) -> bool:
    given = [one for one in source.imports if one.start_offset == reference.start_offset and one.name]
    return target.place is not None and any(
        paths.leads_to(paths.meant(source, one.start_offset, f"{one.module}::{one.name}"), target.place)
        for one in given
        if not _starts_at_itself(one.module, one.name or "", one.local)
    )


def _starts_at_itself(module: str, name: str, local: str) -> bool:
    """`use a::a;` would be followed in a circle."""
    return (module or name).split("::")[0] == local


def _means(source: Source, reference: Reference, named: str, target: Place | None, paths: Paths) -> bool:
    """Whether a path written there is the target."""
    if target is None:
        return False
    offset = reference.start_offset
    if "::" in named:
        return paths.leads_to(paths.meant(source, offset, named), target)
    return not _is_local(source, offset, named) and _means_alone(source, offset, named, target, paths)


def _means_alone(source: Source, offset: int, first: str, target: Place, paths: Paths) -> bool:
    """Whether a name without a path is the target: as imported, as defined beside it, or as one of all of a module."""
    given = list(visible(source, offset))
    if any(one.local == first and one.name != "*" for one in given):
        return paths.leads_to(paths.meant(source, offset, first), target)
    here = paths.place(source, offset)
    if here is None:
        return False
    if (*here, first) == target:
        return True
    if any(one.qualified == ".".join((*inline(source, offset), first)) for one in source.symbols):
        return False
    globs = [paths.meant(source, one.start_offset, one.module) for one in given if one.name == "*"]
    return any(one is not None and paths.leads_to((*one, first), target) for one in globs)


def _is_local(source: Source, offset: int, name: str) -> bool:
    """Whether the function around a place may have a variable or a function of its own of this name."""
    around = function_around(source, offset)
    text = source.text[around.start_offset : around.end_offset] if around is not None else ""
    word = re.escape(name)
    return bool(
        re.search(rf"\blet\s+(?:mut\s+)?{word}\b|[(,|]\s*(?:mut\s+)?{word}\s*[:|,]|\bfn\s+{word}\b.*\n?.*\bfn\b", text)
    ) and (around is None or around.name != name)


def _through_path(target: _Target, source: Source, reference: Reference, path: str, paths: Paths) -> Usage | None:
    """`Type::name(..)`: what takes `self` is given it as its first argument there."""
    if path == "Self":
        ours = _is_around(target, source, reference.start_offset)
    else:
        ours = _means(source, reference, path, target.place, paths)
    if not ours:
        return None
    given = reference.arguments
    if target.takes_self and given is not None:
        if given.has_spread or not given.positional:
            return None
        reference = evolve(reference, arguments=evolve(given, positional=given.positional - 1))
    return Usage(source, reference, "certain")


def _is_around(target: _Target, source: Source, offset: int) -> bool:
    """Whether a place is inside a function of the altered type, in its own file."""
    around = [one for one in source.around(offset) if one.kind == "method"]
    home = source.path == target.altered.diff.path
    return home and bool(around) and around[0].qualified.rpartition(".")[0] == target.altered.owner


def _through_value(target: _Target, source: Source, reference: Reference, paths: Paths) -> Certainty | None:
    name, receiver = target.altered.old.name, reference.receiver or ""
    if not target.takes_self:
        return None
    if receiver == "self" and _is_around(target, source, reference.start_offset):
        return "certain"
    removed = target.altered.new is None
    written = written_type(source, reference) if target.is_only or not removed else None
    if written and reference.arguments is not None and _means(source, reference, written, target.place, paths):
        return "likely"
    if not target.is_only or "_" not in name.strip("_") or name in _COMMON or name in _DERIVED:
        return None
    if reference.arguments is None or (removed and receiver.count(".") + receiver.count("(")):
        return None
    owner = (target.altered.owner or "").rpartition(".")[2]
    return "likely" if re.search(rf"\b{re.escape(owner)}\b", source.text) or not removed else None
