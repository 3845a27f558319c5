"""Which error type is a kind of which other, as far as a repository and the languages' own libraries tell."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator

from rebuttal.evidence.impact.code import Source
from rebuttal.evidence.impact.ground import Ground
from rebuttal.text.languages import Language

_ABOVE = {
    "java": "IllegalArgumentException<RuntimeException NumberFormatException<IllegalArgumentException "
    "IllegalStateException<RuntimeException NullPointerException<RuntimeException "
    "UnsupportedOperationException<RuntimeException IndexOutOfBoundsException<RuntimeException "
    "ClassCastException<RuntimeException ArithmeticException<RuntimeException UncheckedIOException<RuntimeException "
    "NoSuchElementException<RuntimeException RuntimeException<Exception IOException<Exception "
    "FileNotFoundException<IOException EOFException<IOException TimeoutException<Exception "
    "InterruptedException<Exception SQLException<Exception Exception<Throwable",
    "csharp": "ArgumentException<SystemException ArgumentNullException<ArgumentException "
    "ArgumentOutOfRangeException<ArgumentException InvalidOperationException<SystemException "
    "ObjectDisposedException<InvalidOperationException NotSupportedException<SystemException "
    "NotImplementedException<SystemException NullReferenceException<SystemException FormatException<SystemException "
    "KeyNotFoundException<SystemException TimeoutException<SystemException IOException<SystemException "
    "FileNotFoundException<IOException SystemException<Exception",
    "php": "InvalidArgumentException<LogicException DomainException<LogicException LengthException<LogicException "
    "OutOfRangeException<LogicException BadFunctionCallException<LogicException "
    "BadMethodCallException<BadFunctionCallException OutOfBoundsException<RuntimeException "
    "RangeException<RuntimeException UnexpectedValueException<RuntimeException OverflowException<RuntimeException "
    "UnderflowException<RuntimeException LogicException<Exception RuntimeException<Exception Exception<Throwable "
    "TypeError<Error ValueError<Error Error<Throwable JsonException<Exception",
    "ruby": "ArgumentError<StandardError KeyError<IndexError IndexError<StandardError TypeError<StandardError "
    "NameError<StandardError NoMethodError<NameError RuntimeError<StandardError FrozenError<RuntimeError "
    "RangeError<StandardError IOError<StandardError EOFError<IOError StandardError<Exception "
    "NotImplementedError<ScriptError",
    "cpp": "invalid_argument<logic_error domain_error<logic_error length_error<logic_error out_of_range<logic_error "
    "logic_error<exception range_error<runtime_error overflow_error<runtime_error underflow_error<runtime_error "
    "system_error<runtime_error runtime_error<exception bad_alloc<exception bad_cast<exception "
    "bad_optional_access<exception",
    "javascript": "TypeError<Error RangeError<Error SyntaxError<Error ReferenceError<Error EvalError<Error "
    "URIError<Error AggregateError<Error",
}
"""`kind<its parent`, of the libraries that come with the languages."""
_DEEP = 6
_TYPED = re.compile(r"[<\[(]")
_FAMILY = {"typescript": "javascript", "tsx": "javascript"}
_ONLY_ON_WINDOWS = {"WindowsError": OSError}
"""Names of Python's own errors that it has on Windows alone: a review says the same wherever it is made."""


def simple(name: str) -> str:
    """The last part of a dotted name."""
    return re.split(r"\.|::|\\", _TYPED.split(name)[0])[-1]


def own_name(name: str, language: Language | None) -> str:
    """The last part of a name; of Python's old names for OSError, which are that very type since 3.3, the new one."""
    last = simple(name)
    kind = _built_in(last) if language == "python" else None
    return last if kind is None else kind.__name__


def _built_in(name: str) -> type[BaseException] | None:
    """The error that Python itself calls so."""
    kind = getattr(builtins, name, _ONLY_ON_WINDOWS.get(name))
    return kind if isinstance(kind, type) and issubclass(kind, BaseException) else None


def ancestors(ground: Ground, name: str, source: Source | None) -> frozenset[str] | None:
    """The names of what `name`, as a file writes it, is a kind of, itself included; None where that is not known."""
    language = source.language if source is not None else None
    found: set[str] = set()
    waiting: list[tuple[str, Source | None, int]] = [(name, source, 0)]
    while waiting:
        one, where, depth = waiting.pop()
        last = own_name(one, language)
        if last in found:
            continue
        above = list(_parents(ground, one, where, language)) if depth < _DEEP else None
        if not above and not _is_root(last, language):
            return None
        found.add(last)
        waiting += [(parent, holder, depth + 1) for parent, holder in above or ()]
    return frozenset(found)


def _is_root(name: str, language: Language | None) -> bool:
    if language == "python":
        return name in ("BaseException", "object", "Generic")
    return name in ("Throwable", "Exception", "Error", "ScriptError", "Object", "exception")


def _parents(
    ground: Ground, name: str, source: Source | None, language: Language | None
) -> Iterator[tuple[str, Source | None]]:
    last = simple(name)
    if source is not None and (own := source.top.get(last)) and own[0].kind == "class":
        yield from ((base, source) for base in own[0].bases if "=" not in base)
        if language in ("javascript", "typescript", "tsx") or own[0].bases:
            return
    if language == "python":
        if (kind := _built_in(last)) is not None:
            yield from ((base.__name__, None) for base in kind.__bases__)
            return
    elif language is not None:
        pairs = dict(pair.split("<") for pair in _ABOVE.get(_FAMILY.get(language, language), "").split())
        if last in pairs:
            yield pairs[last], None
            return
    if source is None:
        return
    holder = _imported(ground, name, source) or _by_name(ground, last, source)
    if holder is not None:
        own = holder.top.get(last)
        if own:
            yield from ((base, holder) for base in own[0].bases if "=" not in base)


def _imported(ground: Ground, name: str, source: Source) -> Source | None:
    """The file whose class an imported name is."""
    root, _, last = name.rpartition(".")
    for given in source.imports:
        if not root and given.local == name and given.name not in (None, "*"):
            path = ground.modules.resolve(source, given.module)
        elif root and root in (given.local, given.module):
            path = (
                ground.modules.resolve(source, given.module)
                if given.name is None
                else ground.modules.submodule(source, given)
            )
        else:
            continue
        held = ground.code.source(path) if path is not None else None
        return _followed(ground, held, last or name) if held is not None else None
    return None


def _followed(ground: Ground, source: Source, name: str) -> Source | None:
    """Where a name that a file passes on is defined."""
    for _ in range(_DEEP):
        if name in source.top:
            return source
        given = next(iter(source.imports_as(name)), None)
        path = ground.modules.resolve(source, given.module) if given is not None else None
        held = ground.code.source(path) if path is not None else None
        if held is None:
            return None
        source = held
    return None


def _by_name(ground: Ground, name: str, like: Source) -> Source | None:
    """The only file of the repository that is named after the class, where languages have that custom."""
    if like.language not in ("java", "csharp", "php"):
        return None
    suffix = "." + like.path.rpartition(".")[2]
    named = [path for path in ground.code.paths if path.endswith((f"/{name}{suffix}",)) or path == f"{name}{suffix}"]
    return ground.code.source(named[0]) if len(named) == 1 else None
