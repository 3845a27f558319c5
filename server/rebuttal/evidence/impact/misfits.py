"""Whether an override still takes what its base takes, by the rules of each language."""

from __future__ import annotations

from rebuttal.evidence.impact.signatures import only_widens
from rebuttal.text.languages import Language
from rebuttal.text.model import Parameter

Parameters = tuple[Parameter, ...]


def misfit(language: Language, was: Parameters, now: Parameters, own: Parameters) -> str | None:
    """How an override, which took all that its base took, does not any more: the end of a sentence."""
    if language in ("typescript", "tsx"):
        # An override may ignore what it is given; it may not ask for more.
        needed = sum(1 for parameter in own if parameter.required)
        if any(parameter.kind == "variadic" for parameter in (*was, *now, *own)):
            return None
        if len(now) < needed <= len(was):
            return "asks for more than its base gives"
        return "takes its parameters in the old order" if _is_in_old_order(was, now, own) else None
    if language in ("php", "ruby"):
        was, now, own = _nameless(was), _nameless(now), _nameless(own)
    takes = _takes_by_name if language == "python" else only_widens
    return None if not only_widens(was, own) or takes(now, own) else "does not take what its base takes"


def _takes_by_name(now: Parameters, own: Parameters) -> bool:
    """Whether an override takes all that its base takes, where what stands between is passed by name, as is usual."""
    mine, kinds = {one.name: one for one in own}, {one.kind for one in own}
    for one in now:
        same = mine.get(one.name)
        if one.kind in ("variadic", "keyword_variadic"):
            if one.kind not in kinds:
                return False
        elif same is None:
            if "keyword_variadic" not in kinds and (one.kind == "keyword" or "variadic" not in kinds):
                return False
        elif same.required and not one.required:
            return False
    asked = {one.name for one in now}
    shared = [one.name for one in own if one.name in asked], [one.name for one in now if one.name in mine]
    return shared[0] == shared[1] and not any(one.required for one in own if one.name not in asked)


def _is_in_old_order(was: Parameters, now: Parameters, own: Parameters) -> bool:
    """Whether the base changed places of parameters of other types, and an override of all of them did not."""
    before, after = [(one.name, one.type) for one in was], [(one.name, one.type) for one in now]
    swapped = [one for one, other in zip(before, after, strict=False) if one != other]
    kinds = {kind for _, kind in swapped}
    moved = len(swapped) > 1 and sorted(before, key=str) == sorted(after, key=str) and len(kinds) > 1
    return moved and [(one.name, one.type) for one in own] == before


def _nameless(parameters: Parameters) -> Parameters:
    """With their place for a name: PHP and Ruby do not look at the names of what is passed by position."""
    return tuple(
        one if one.kind == "keyword" else Parameter(str(place), one.required, one.kind)
        for place, one in enumerate(parameters)
    )
