"""Who uses an altered symbol: resolved by imports and scopes as far as syntax allows, else not at all."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache

from rebuttal.evidence.impact import gopackages
from rebuttal.evidence.impact.code import Source
from rebuttal.evidence.impact.model import Altered, Usage
from rebuttal.evidence.impact.modules import Modules
from rebuttal.evidence.impact.present import is_inner_type, is_key
from rebuttal.findings.model import Certainty
from rebuttal.text.languages import Language, family_of
from rebuttal.text.model import Import, Reference, Symbol

_SELF = ("self", "cls", "this")
_GO_RECEIVER = re.compile(r"func\s*\(\s*(\w+)\s")
_ROOT = re.compile(r"[\w$]+")
_LITERAL = ("'", '"', "`", "[", "{", "(")
_EVERYDAY = frozenset(
    (
        "get", "post", "put", "patch", "head", "options", "send", "recv", "close", "open", "run", "start",
        "stop", "write", "read", "load", "save", "fetch", "call", "apply", "bind", "then", "catch", "finally",
        "map", "filter", "reduce", "push", "pull", "next", "done", "emit", "once", "listen", "connect", "query",
        "execute", "add", "remove", "delete", "update", "create", "set", "has", "find", "list", "keys",
        "values", "items", "parse", "render", "build", "init", "setup", "main", "test", "check", "validate",
        "log", "debug", "info", "warn", "warning", "error", "print", "format", "String", "Error", "Len", "Less",
        "Swap", "Write", "Read", "Close", "Do", "Run", "Get", "Set", "New", "Print", "Println", "Printf",
        "Errorf", "Lock", "Unlock", "Wait", "Add", "Done", "Next", "Scan", "Value", "Context",
    )
)  # fmt: skip
"""Method names that belong to many foreign types too: a call of one says nothing of ours."""


Users = Callable[[Altered, Source, Modules, bool], Iterator[Usage]]
BY_FAMILY: dict[Language, Users] = {}
"""Language families whose names are resolved in a module of their own, by functions like `usages`."""
WholeUsers = Callable[[Altered, list[Source], Modules], Iterator[Usage]]


def _native(altered: Altered, sources: list[Source], modules: Modules) -> Iterator[Usage]:
    from rebuttal.evidence.impact import native

    return native.usages(altered, sources, modules)


def _ruby(altered: Altered, sources: list[Source], modules: Modules) -> Iterator[Usage]:
    from rebuttal.evidence.impact import ruby

    return ruby.usages(altered, sources, modules)


def _rust(altered: Altered, sources: list[Source], modules: Modules) -> Iterator[Usage]:
    from rebuttal.evidence.impact import rust

    return rust.usages(altered, sources, modules)


WHOLE: dict[Language, WholeUsers] = {"c": _native, "ruby": _ruby, "rust": _rust}
"""Families where whose a name is can only be told from all files that hold it: they get these at once. Each is loaded
for the first change that has it."""


@cache
def _foreign_methods() -> frozenset[str]:
    """Names of methods of Python's own types."""
    types = (str, bytes, bytearray, list, dict, set, tuple, int, float, object, type, BaseException, property)
    return frozenset(name for one in types for name in dir(one)) | _EVERYDAY


def usages(altered: Altered, source: Source, modules: Modules, only_method: bool) -> Iterator[Usage]:
    """The uses in one file. `only_method`: no other method or function of the repository has this name."""
    if own := BY_FAMILY.get(family_of(altered.language)):
        if source.language is not None and family_of(source.language) == family_of(altered.language):
            yield from own(altered, source, modules, only_method)
        return
    if altered.language == "go" or source.language == "go":
        if altered.language == source.language:
            yield from _go(altered, source, modules, only_method)
        return
    if (altered.language == "python") != (source.language == "python"):
        return
    if altered.is_method:
        yield from _methods(altered, source, modules, only_method)
        return
    yield from _names(altered, source, modules)


def _names(altered: Altered, source: Source, modules: Modules) -> Iterator[Usage]:
    """Uses of a name at the top of a module, or of a class whose constructor changed."""
    home = source.path == altered.diff.path
    locals_, receivers = ({altered.name}, set[str]()) if home else known_as(altered.name, altered, source, modules)
    if not locals_ and not receivers:
        return
    for one in source.references({altered.name, *locals_}):
        if one.receiver is not None:
            if one.receiver in receivers and one.name == altered.name and not _hides(source, one):
                yield Usage(source, one, "certain")
        elif one.kind == "import":
            if not home and _means(altered, source, one, modules):
                yield Usage(source, one, "certain")
        elif one.name in locals_ and not source.hidden(one.name, one.start_offset):
            yield Usage(source, one, "certain")
    if altered.is_constructor:
        yield from _super_calls(altered, source, modules)


def known_as(name: str, altered: Altered, source: Source, modules: Modules) -> tuple[set[str], set[str]]:
    """Under which local names, and as an attribute of which receivers, `name` of the altered file is known here."""
    target = altered.diff.path
    locals_: set[str] = set()
    receivers: set[str] = set()
    for one in source.imports:
        path = modules.resolve(source, one.module)
        if one.name is None:
            if one.local and modules.leads_to(path, name, target, name):
                whole = source.language == "python" and one.local == one.module.partition(".")[0]
                receivers.add(one.module if whole else one.local)
        elif one.name == "*":
            if modules.leads_to(path, name, target, name):
                locals_.add(name)
        elif modules.leads_to(path, _exported(one, altered), target, name):
            locals_.add(one.local)
        elif one.local and modules.leads_to(modules.submodule(source, one), name, target, name):
            receivers.add(one.local)
    # A name that the file also defines itself (a fallback) may be either.
    ours = {one for one in locals_ | receivers if source.defines_at_top(one)}
    return locals_ - ours, receivers - ours


def _exported(one: Import, altered: Altered) -> str:
    """The name that is taken: `default` is the altered symbol where that is what its file exports by default."""
    if one.name != "default" or altered.language == "python":
        return one.name or ""
    text = altered.diff.old_text or ""
    name = re.escape(altered.name)
    default = re.search(rf"export\s+default\s+(?:async\s+)?(?:abstract\s+)?(?:function\s*\*?|class)?\s*{name}\b", text)
    return altered.name if default else "default"


def _means(altered: Altered, source: Source, reference: Reference, modules: Modules) -> bool:
    """Whether an import reference takes the altered symbol itself."""
    return any(
        one.start_offset == reference.start_offset
        and modules.leads_to(
            modules.resolve(source, one.module), _exported(one, altered), altered.diff.path, altered.name
        )
        for one in source.imports
    )


def _hides(source: Source, reference: Reference) -> bool:
    root = _ROOT.match(reference.receiver or "")
    return root is not None and source.hidden(root[0], reference.start_offset)


def _super_calls(altered: Altered, source: Source, modules: Modules) -> Iterator[Usage]:
    if source.language != "python":
        return
    for one in source.references({altered.old.name}):
        around = source.class_around(one.start_offset)
        if one.receiver == "super()" and around is not None and _extends(around, altered, source, modules):
            yield Usage(source, one, "certain")


def _extends(symbol: Symbol, altered: Altered, source: Source, modules: Modules) -> bool:
    """Whether a class's only base is the class of the altered method."""
    if len(symbol.bases) != 1 or altered.owner is None:
        return False
    base = symbol.bases[0].split("[")[0].split("<")[0].strip()
    if source.path == altered.diff.path:
        return base == altered.owner
    locals_, receivers = known_as(altered.owner, altered, source, modules)
    receiver, _, name = base.rpartition(".")
    return base in locals_ or (receiver in receivers and name == altered.owner)


def _methods(altered: Altered, source: Source, modules: Modules, only_method: bool) -> Iterator[Usage]:
    name, owner, home = altered.old.name, altered.owner or "", source.path == altered.diff.path
    if re.search(rf"\b(?:self|this)\.{re.escape(name)}\s*=[^=]", source.text):
        return  # Rebound on the object: what is called is not the method.
    unbound = {"staticmethod", "classmethod", "static"} & set(altered.old.decorators)
    classes = ({owner}, set[str]()) if home else known_as(owner, altered, source, modules)
    for one in source.references({name}):
        if one.receiver is None or one.kind == "import":
            continue
        if one.receiver in _SELF or one.receiver in ("super()", "super"):
            sure = _through_self(altered, source, one, modules, home)
            # Where it went down to the heirs, what stands between calls theirs.
            if sure == "certain" or (sure is not None and (only_method or altered.new is not None)):
                yield Usage(source, one, sure)
        elif unbound and one.receiver in classes[0] and not source.hidden(one.receiver, one.start_offset):
            yield Usage(source, one, "certain")
        elif not unbound and (
            _is_declared(source, one, owner, classes) or (only_method and _is_ours(altered, source, one, modules))
        ):
            yield Usage(source, one, "likely")


def _is_declared(source: Source, reference: Reference, owner: str, classes: tuple[set[str], set[str]]) -> bool:
    """Whether what the method is asked of is declared as, or made from, its class."""
    if not classes[0] and not classes[1]:
        return False
    from rebuttal.evidence.impact.scriptvalues import written_class

    written = written_class(source, reference)
    if written is None:
        return False
    receiver, _, last = written.rpartition(".")
    if receiver:
        return receiver in classes[1] and last == owner
    return written in classes[0] and not source.hidden(written, reference.start_offset)


def _heirs_have(altered: Altered, source: Source) -> bool:
    """Whether a class beside it that inherits from its own has the method: it may have moved there."""
    heirs = {
        one.qualified for one in source.symbols if altered.owner in {re.split(r"[\[<(]", base)[0] for base in one.bases}
    }
    return any(one.qualified in {f"{heir}.{altered.old.name}" for heir in heirs} for one in source.symbols)


def _through_self(
    altered: Altered, source: Source, reference: Reference, modules: Modules, home: bool
) -> Certainty | None:
    around = source.class_around(reference.start_offset)
    if around is None:
        return None
    if home and around.qualified == altered.owner and reference.receiver in _SELF:
        return None if altered.how == "removed" and _heirs_have(altered, source) else "certain"
    if not _extends(around, altered, source, modules):
        return None
    own = any(one.qualified == f"{around.qualified}.{altered.old.name}" for one in source.symbols)
    if own and reference.receiver in _SELF:
        return None
    return "likely"


def _is_ours(altered: Altered, source: Source, reference: Reference, modules: Modules) -> bool:
    """Whether a method call on some object may be believed to be of the altered class."""
    name, receiver = altered.old.name, reference.receiver or ""
    is_field = reference.kind != "call" and not altered.old.decorators
    is_runner = source.path.endswith("_test.go") and receiver in ("t", "b", "tb")
    if is_field or is_runner or name in _foreign_methods() or len(name) < 4 or receiver.startswith(_LITERAL):
        return False
    owner, root = (altered.owner or "").rpartition(".")[2], _ROOT.match(receiver)
    if root is None or not re.search(rf"\b{re.escape(owner)}\b", source.text):
        return False
    if altered.how == "removed" and _is_foreign_too(altered, source, reference):
        return False
    for one in source.imports:
        if one.local == root[0] or (one.name is None and receiver == one.module):
            if source.language == "go" or modules.resolve(source, one.module) is None:
                return False
            return one.name is not None
    return True


def _is_foreign_too(altered: Altered, source: Source, reference: Reference) -> bool:
    """Whether a method that is gone did its work by another object's method of the same name, which calls may mean;
    or the change itself wrote the call, hardly to what it takes away."""
    body = (altered.diff.old_text or "")[altered.old.start_offset : altered.old.end_offset]
    if re.search(rf"\.\s*{re.escape(altered.old.name)}\s*\(", body):
        return True
    return source.path == altered.diff.path and reference.line in altered.diff.added_lines


def _go(altered: Altered, source: Source, modules: Modules, only_method: bool) -> Iterator[Usage]:
    home = gopackages.is_home(altered, source)
    if altered.is_method:
        yield from _go_methods(altered, source, modules, home, only_method)
        return
    receivers = gopackages.local_names(altered, source, modules)
    if is_inner_type(altered, source):
        return
    for one in source.references({altered.name}):
        if one.receiver is None:
            if home and not source.hidden(one.name, one.start_offset) and not is_key(source, one):
                yield Usage(source, one, "certain")
        elif one.receiver in receivers and not source.hidden(one.receiver, one.start_offset):
            yield Usage(source, one, "certain")


def _go_methods(altered: Altered, source: Source, modules: Modules, home: bool, only_method: bool) -> Iterator[Usage]:
    for one in source.references({altered.old.name}):
        if one.receiver is None:
            continue
        around = source.around(one.start_offset)
        method = around[0] if around else None
        own = method is not None and method.kind == "method" and method.qualified.startswith(f"{altered.owner}.")
        header = _GO_RECEIVER.match(source.text, method.start_offset) if method is not None else None
        if home and own and header is not None and header[1] == one.receiver:
            yield Usage(source, one, "certain")
        elif gopackages.is_of_type(altered, source, one, modules) or (
            only_method and _is_ours(altered, source, one, modules)
        ):
            yield Usage(source, one, "likely")
