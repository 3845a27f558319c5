"""A changed signature or a removed symbol whose users were not changed with it.

Only calls that the new signature refuses, arguments that land in another parameter, and names that are gone are
reported, and only where syntax tells which symbol is meant; one finding for each altered symbol.
"""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from rebuttal.change.model import FileDiff
from rebuttal.evidence.impact import gopackages
from rebuttal.evidence.impact.altered import altered
from rebuttal.evidence.impact.code import Code, Source
from rebuttal.evidence.impact.model import Altered, Usage
from rebuttal.evidence.impact.modules import Modules
from rebuttal.evidence.impact.present import binds_in_order, is_present, needs, stands_without
from rebuttal.evidence.impact.signatures import refusal, shape, shift
from rebuttal.evidence.impact.told import Broken, lost_file_fact, removed_fact, signature_fact
from rebuttal.evidence.impact.users import WHOLE, usages
from rebuttal.evidence.model import CheckFailed, Fact, Material
from rebuttal.text.languages import GLOBS, Language, family_of
from rebuttal.text.model import Reference, Symbol
from rebuttal.text.symbols import symbols_of

SECONDS = 10.0
"""Of the processor's time, so that what else the machine does has no say: after so long the search for users ends,
and what was not searched is told."""
MANY_FILES = 60
"""A method's name that stands in more files than this is too common to say whose it is."""
_SCRIPTS: tuple[Language, ...] = ("javascript", "typescript", "tsx")
_OPEN_MODULE = re.compile(r"\bglobals\(\)|\b__getattr__\b|\bvars\(\)|\bsys\.modules\[")


def check(material: Material, clock: Callable[[], float] = time.thread_time) -> Iterator[Fact]:
    """One fact for each altered symbol with broken users. Raises CheckFailed after SECONDS, with what it has."""
    every = [one for diff in material.files for one in altered(diff, material.parser) if _of_interest(material, one)]
    if not every:
        return
    deadline = clock() + SECONDS
    wanted = frozenset(name for one in every for name in one.written)
    code = Code(material.change, material.repository.new, material.parser, wanted)
    gone = frozenset(diff.path for diff in material.files if diff.new_text is None)
    modules = Modules(code, gone)
    for family in GLOBS:
        ours = [one for one in every if family_of(one.language) == family and not _still_offered(one, code)]
        yield from _search(material, ours, family, code, modules, clock, deadline)


def _of_interest(material: Material, one: Altered) -> bool:
    if one.new is None:
        return not _went_to_another(material, one)
    return material.in_scope(one.diff, range(one.new.start_line, one.new.header_end_line + 1))


def _went_to_another(material: Material, one: Altered) -> bool:
    """Whether a type that is new has the method now, its receiver renamed: who calls it on a value need not change."""
    if one.language != "go" or one.owner is None or one.diff.new_text is None:
        return False
    stood = {_owner(each) for each in symbols_of(one.diff.old_text or "", one.language, material.parser)}
    now = symbols_of(one.diff.new_text, one.language, material.parser)
    return any(each.name == one.old.name and _owner(each) not in stood for each in now if each.kind == "method")


def _owner(symbol: Symbol) -> str:
    return symbol.qualified.rpartition(".")[0]


def _still_offered(one: Altered, code: Code) -> bool:
    """Whether a removed name can still be taken from its file: imported back, bound some other way, or dynamic."""
    source = code.source(one.diff.path)
    if one.how != "removed" or one.owner is not None or source is None or family_of(one.language) in WHOLE:
        return False
    if one.language in _SCRIPTS:
        from rebuttal.evidence.impact.jsexports import still_exports

        return still_exports(source.text, one.name, _is_bound(one, source))
    if source.binds_at_top(one.name) or _OPEN_MODULE.search(source.text):
        return True
    return any(given.local == one.name or (given.name == "*" and one.language != "go") for given in source.imports)


def _is_bound(one: Altered, source: Source) -> bool:
    """Whether the file itself still knows something by the name."""
    return source.binds_at_top(one.name) or any(
        given.local == one.name or given.name == "*" for given in source.imports
    )


def _search(
    material: Material,
    every: list[Altered],
    family: Language,
    code: Code,
    modules: Modules,
    clock: Callable[[], float],
    deadline: float,
) -> Iterator[Fact]:
    if not every:
        return
    files = _files_by_name(material, every, family, code)
    broken: dict[int, list[Broken]] = defaultdict(list)
    for number, one in enumerate(every):
        if clock() > deadline:
            yield from _facts(material, every, broken, code)
            raise CheckFailed(
                f"The search for callers stopped after {SECONDS:g} s: {len(every) - number} of {len(every)} altered "
                "symbols were not searched; review a smaller scope to have them all."
            )
        sources = files[one.name]
        if one.language == "go" and one.new is None and gopackages.still_there(one, sources):
            continue
        if is_present(one):
            continue
        if (whole := WHOLE.get(family)) is not None:
            broken[number] += _broken(material, one, whole(one, sources, modules)) if len(sources) <= MANY_FILES else ()
            continue
        only = one.is_method and _is_only_method(material, one, sources)
        for source in sources:
            broken[number] += _broken(material, one, usages(one, source, modules, only))
    yield from _facts(material, every, broken, code)


def _files_by_name(material: Material, every: list[Altered], family: Language, code: Code) -> dict[str, list[Source]]:
    names = sorted({one.name for one in every})
    paths = {match.path for match in material.repository.new.grep(names, GLOBS[family])}
    words = re.compile(r"(?<![\w$])(?:" + "|".join(re.escape(name) for name in names) + r")(?![\w$])")
    found: dict[str, list[Source]] = defaultdict(list)
    for path in sorted(paths):
        source = code.source(path)
        if source is not None and source.language is not None:
            for name in set(words.findall(source.text)):
                found[name].append(source)
    return found


def _is_only_method(material: Material, one: Altered, sources: list[Source]) -> bool:
    if len(sources) > MANY_FILES:
        return False
    same = [(source, symbol) for source in sources for symbol in source.symbols if symbol.name == one.old.name]
    if one.new is None or len(same) < 2:
        return len(same) == (0 if one.new is None else 1)
    # Where several were changed alike, a call that one refuses all refuse.
    changed = all(material.change.file(source.path) is not None for source, _ in same)
    return changed and all(shape(symbol) == shape(one.new) for _, symbol in same)


def _broken(material: Material, one: Altered, used: Iterable[Usage]) -> Iterator[Broken]:
    for usage in used:
        if one.language == "python" and _is_meant_to_fail(usage.source, usage.reference.line):
            continue
        reason = _reason_gone(one, usage) if one.new is None else _reason_refused(material, one, usage)
        if reason is not None:
            yield Broken(usage, reason)


def _reason_gone(one: Altered, usage: Usage) -> str | None:
    source, reference = usage.source, usage.reference
    if usage.confidence == "likely" and not _fitted(one, reference):
        return None  # It is some other symbol's.
    if reference.kind == "import":
        return None if _is_guarded(source, reference.line) else f"imports `{reference.name}`, which is gone"
    if one.language == "python" and reference.receiver is None:
        return None  # In its own file ruff tells; elsewhere the import is what fails.
    if one.language in _SCRIPTS and reference.receiver is None:
        own = source.path == one.diff.path and not _is_bound(one, source) and not stands_without(one, source)
        return f"uses `{reference.name}`, which is gone" if own else None
    return f"uses `{reference.name}`, which is gone"


def _fitted(one: Altered, reference: Reference) -> bool:
    """Whether a call is one that the altered symbol took before."""
    given, taken = reference.arguments, one.old.parameters
    return given is None or taken is None or refusal(taken, given, one.language) is None


def _is_guarded(source: Source, line: int) -> bool:
    """Whether an import stands right under a `try:`: its absence is provided for."""
    lines = source.text.split("\n")
    indent = len(lines[line]) - len(lines[line].lstrip())
    for above in reversed(lines[:line]):
        width = len(above) - len(above.lstrip())
        if above.strip() and width < indent:
            return above.strip().startswith("try:")
    return False


def _reason_refused(material: Material, one: Altered, usage: Usage) -> str | None:
    given, new = usage.reference.arguments, one.new
    if given is None or new is None or new.parameters is None or one.old.parameters is None:
        return None
    touched = _is_touched(material, usage)
    refused = refusal(new.parameters, given, one.language)
    if refused is not None:
        before = refusal(one.old.parameters, given, one.language)
        if before is not None and not (touched and usage.confidence == "certain"):
            return None  # It did not fit before either: probably another symbol, certainly no news.
        if one.language == "javascript" and (_is_optional_in_body(one, given.positional) or not needs(one, given)):
            return None
        return refused
    if touched or given.has_spread or not binds_in_order(one.old.parameters):
        return None  # What a spread holds may have changed with the signature.
    return shift(one.old.parameters, new.parameters, given)


def _is_meant_to_fail(source: Source, line: int) -> bool:
    """Whether a test asks that the call is refused."""
    above = source.text.split("\n")[max(0, line - 1) : line + 1]
    return any(re.match(r"\s*(?:async )?with\b.*\b(?:raises|assertRaises\w*)\(", one) for one in above)


def _is_touched(material: Material, usage: Usage) -> bool:
    diff = material.change.file(usage.source.path)
    if diff is None:
        return False
    last = usage.source.text.count("\n", 0, usage.reference.call_end_offset or usage.reference.end_offset)
    first = usage.reference.line
    # An argument on a line of its own that was only taken out adds no line.
    cut = any(not hunk.new_count and first < hunk.new_start <= last for hunk in diff.hunks)
    return cut or any(line in diff.added_lines for line in range(first, last + 1))


def _is_optional_in_body(one: Altered, given: int) -> bool:
    """JavaScript has optional parameters that do not look so: the body asks whether they were given."""
    if one.new is None or one.new.parameters is None:
        return False
    body = (one.diff.new_text or "")[one.new.start_offset : one.new.end_offset]
    missing = [parameter.name for parameter in one.new.parameters if parameter.required][given:]
    asked = r"(?:\b{0}\s*(?:\?|\|\||&&|===?|!==?|\?\?)|!\s*{0}\b|typeof\s+{0}\b|\(\s*{0}\s*\)|{0}\s*=[^=]|arguments\b)"
    return bool(missing) and all(re.search(asked.format(re.escape(name)), body) for name in missing)


def _facts(material: Material, every: list[Altered], broken: dict[int, list[Broken]], code: Code) -> Iterator[Fact]:
    lost: dict[str, list[tuple[Altered, list[Broken]]]] = defaultdict(list)
    told: set[tuple[object, ...]] = set()
    for number, one in enumerate(every):
        uses = sorted(broken[number], key=lambda use: (use.usage.source.path, use.usage.reference.line))
        key = (one.name, *((use.usage.source.path, use.usage.reference.start_offset) for use in uses))
        if one.is_method and key in told:
            continue  # A method that was changed alike has the same callers.
        told.add(key)
        if uses and one.diff.new_text is None:
            lost[one.diff.path].append((one, uses))
        elif uses:
            yield (
                signature_fact(one, uses)
                if one.new is not None
                else removed_fact(one, uses, _moved_to(material, one, code))
            )
    for group in lost.values():
        yield lost_file_fact(group)


def _moved_to(material: Material, one: Altered, code: Code) -> str | None:
    """The changed file that now defines what this one no longer does."""
    for diff in material.files:
        if diff.path != one.diff.path and diff.new_text is not None and _defines(diff, one, code):
            return diff.path
    return None


def _defines(diff: FileDiff, one: Altered, code: Code) -> bool:
    source = code.source(diff.path)
    return source is not None and any(
        symbol.qualified == one.old.qualified and symbol.start_line in diff.added_lines for symbol in source.symbols
    )
