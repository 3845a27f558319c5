"""What a set of overloads takes, and how it changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rebuttal.evidence.impact.signatures import only_widens, refusal
from rebuttal.text.languages import Language
from rebuttal.text.model import Arguments, Parameter, Symbol

Parameters = tuple[Parameter, ...]
_POSITIONAL = ("positional", "positional_only")


def refused(parameters: Parameters, given: Arguments, language: Language) -> str | None:
    """Why a call is refused, as the end of a sentence. PHP takes more arguments than a function names."""
    if language == "java":
        return refusal(parameters, given, language)
    if language == "php":
        takes = sum(one.kind in _POSITIONAL for one in parameters)
        given = Arguments(min(given.positional, takes), given.keywords, given.has_spread)
    return refusal(parameters, given, "python")  # Named arguments and defaults work as there.


def refused_by_all(overloads: Sequence[Symbol], given: Arguments, language: Language) -> str | None:
    """Why no overload takes a call; None if one does."""
    reasons = []
    for one in overloads:
        reason = refused(one.parameters or (), given, language)
        if reason is None:
            return None
        reasons.append(reason)
    if len(overloads) == 1:
        return reasons[0]
    number = given.positional + len(given.keywords)
    return f"passes {number} argument{'' if number == 1 else 's'}, which no overload takes now"


def unused(parameters: Parameters, given: Arguments) -> str | None:
    """What a PHP call passes beyond what is taken."""
    takes = sum(one.kind in _POSITIONAL for one in parameters)
    if given.has_spread or given.positional <= takes or any(one.kind == "variadic" for one in parameters):
        return None
    passed = f"{given.positional} argument{'' if given.positional == 1 else 's'}"
    taken = "none is" if takes == 0 else f"only {takes} {'is' if takes == 1 else 'are'}"
    return f"passes {passed}, but {taken} used"


def shape(symbol: Symbol) -> tuple[tuple[str, bool, str], ...]:
    return tuple((one.name, one.required, one.kind) for one in symbol.parameters or ())


def narrowed(old: Sequence[Symbol], new: Sequence[Symbol]) -> tuple[Symbol, Symbol] | None:
    """An overload whose calls may not be taken any more, with the one in its place; None if there is none."""
    kept = {shape(one) for one in new}
    lost = [one for one in old if shape(one) not in kept]
    before = {shape(one) for one in old}
    added = [one for one in new if shape(one) not in before]
    for one in lost:
        if not any(only_widens(one.parameters or (), now.parameters or ()) for now in new):
            rest = added or list(new)
            return one, min(rest, key=lambda now: _distance(one, now))
    return None


def _distance(one: Symbol, other: Symbol) -> int:
    mine = {parameter.name for parameter in one.parameters or ()}
    theirs = {parameter.name for parameter in other.parameters or ()}
    return len(mine ^ theirs)


def only_taker(overloads: Iterable[Symbol], given: Arguments, language: Language) -> Symbol | None:
    """The one overload that takes a call; None if several do, or none."""
    takers = [one for one in overloads if refused(one.parameters or (), given, language) is None]
    return takers[0] if len(takers) == 1 else None
