"""How the tests of samples write down what was found: one line each, readable beside the sample. Lines count from 1."""

from __future__ import annotations

from collections.abc import Iterable

from rebuttal.text.model import Import, Parameter, Reference, Symbol

_MARKS = {"variadic": "*", "keyword_variadic": "**", "keyword": ":"}


def shown_symbol(one: Symbol) -> str:
    """`12-14..20 method A.b(x, y?, *rest) public`: first line, last line of the header, last line."""
    called = "" if one.parameters is None else f"({', '.join(_parameter(each) for each in one.parameters)})"
    marks = [
        *(["public"] if one.is_public else []),
        *(["async"] if one.is_async else []),
        *(["declared"] if one.without_body else []),
        *(f"@{name}" for name in one.decorators),
        *([f"< {', '.join(one.bases)}"] if one.bases else []),
    ]
    lines = f"{one.start_line + 1}-{one.header_end_line + 1}..{one.end_line + 1}"
    return " ".join([lines, one.kind, one.qualified + called, *marks])


def _parameter(one: Parameter) -> str:
    return f"{_MARKS.get(one.kind, '')}{one.name or '_'}{'' if one.required or one.kind in _MARKS else '?'}"


def shown_import(one: Import) -> str:
    """`3 a.b: c as d`, with a star where all is taken."""
    taken = "" if one.name is None else f": {one.name}"
    local = f" as {one.local}" if one.local and one.local != one.name else ""
    return f"{one.line + 1} {one.module}{taken}{local}{' passed on' if one.is_reexport else ''}"


def shown_references(found: Iterable[Reference]) -> list[str]:
    """A line's uses on one line: `f(2)` is called with two, `x.y` is an attribute, `^z` is imported."""
    by_line: dict[int, list[str]] = {}
    for one in found:
        before = f"{' '.join(one.receiver.split())}." if one.receiver else "^" if one.kind == "import" else ""
        given = one.arguments
        parts = [] if given is None else [str(given.positional), *given.keywords, *(["*"] if given.has_spread else [])]
        by_line.setdefault(one.line + 1, []).append(
            f"{before}{one.name}({', '.join(parts)})" if given is not None else f"{before}{one.name}"
        )
    return [f"{line} {'; '.join(names)}" for line, names in by_line.items()]


def rendered(symbols: Iterable[Symbol], imports: Iterable[Import], references: Iterable[Reference]) -> str:
    parts = {
        "symbols": [shown_symbol(one) for one in symbols],
        "imports": [shown_import(one) for one in imports],
        "references": shown_references(references),
    }
    return "\n".join(f"{title}\n" + "".join(f"  {line}\n" for line in lines) for title, lines in parts.items())
