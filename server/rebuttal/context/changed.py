"""The definitions that the change touches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from attrs import frozen

from rebuttal.change.model import FileDiff
from rebuttal.context.code import Code
from rebuttal.context.places import FUNCTIONS, Holders, nameable
from rebuttal.text.model import Symbol


@frozen
class Changed:
    """A definition that stood before the change and that the change touches."""

    file: str
    symbol: Symbol
    broken: bool
    """Its signature changed, or it is gone: whoever uses it may break."""
    gone: bool = False
    old_file: str | None = None
    """Where the file was moved from: others may still import it from there."""

    @property
    def owner(self) -> str | None:
        """The name of the class that it belongs to."""
        return self.symbol.qualified.split(".")[-2] if self.symbol.parent in ("class", "interface") else None


def touched(diff: FileDiff, old: Code, new: Code, holders: Callable[[Iterable[Symbol]], Holders]) -> list[Symbol]:
    """The definitions of the new side that got a line or lost one, in order of the lines."""
    symbols = new.symbols(diff.path)
    after, before = new.held(diff.path, holders), old.held(diff.old_path or diff.path, holders)
    by_name = {one.qualified: one for one in symbols}
    gained = [after.at(line) for line in sorted(diff.added_lines)]
    lost = [before.at(line) for line in sorted(diff.removed_lines)]
    found = [*gained, *(by_name.get(one.qualified) for one in lost if one is not None)]
    return list(dict.fromkeys(one for one in found if one is not None))


def changed_symbols(diff: FileDiff, old: Code, new: Code) -> list[Changed]:
    """The definitions of the base that the change alters or removes; new ones have no users yet, nor have copies."""
    if diff.status == "copied":
        return []
    before = _by_name(old.symbols(diff.old_path or diff.path))
    after = _by_name(new.symbols(diff.path))
    bodies = {one.qualified for one in touched(diff, old, new, nameable)}
    found: list[Changed] = []
    for name, was in before.items():
        now = after.get(name)
        if now is None:
            found.append(Changed(diff.path, was, broken=True, gone=True, old_file=diff.old_path))
        elif _signature(was) != _signature(now):
            found.append(Changed(diff.path, now, broken=True, old_file=diff.old_path))
        elif name in bodies and now.kind in FUNCTIONS:
            found.append(Changed(diff.path, now, broken=False, old_file=diff.old_path))
    return found


def _by_name(symbols: tuple[Symbol, ...]) -> Mapping[str, Symbol]:
    """What other files can name; of several with one name (overloads) the last, which has the body."""
    return {one.qualified: one for one in symbols if one.kind != "field" and one.parent not in FUNCTIONS}


def _signature(symbol: Symbol) -> tuple[object, ...]:
    """What users depend on to call it; types and defaults may change without breaking them."""
    parameters = symbol.parameters
    shape = None if parameters is None else tuple((one.name, one.required, one.kind) for one in parameters)
    return (symbol.kind, shape, symbol.is_async, symbol.bases)
