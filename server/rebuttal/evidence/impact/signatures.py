"""Whether a call fits a signature, by the rules of each language."""

from __future__ import annotations

from collections.abc import Iterable

from rebuttal.text.languages import Language
from rebuttal.text.model import Arguments, Parameter, Symbol

_POSITIONAL = ("positional", "positional_only")
_NAMED = ("positional", "keyword")


def refusal(parameters: tuple[Parameter, ...], given: Arguments, language: Language) -> str | None:
    """Why a call with these arguments is refused, as the end of a sentence; None if it is taken.

    JavaScript itself refuses nothing: there a missing argument is what a caller did not know of.
    """
    if language == "python":
        return _python(parameters, given)
    if language == "ruby":
        return _ruby(parameters, given)
    takes = [one for one in parameters if one.kind in _POSITIONAL]
    variadic = any(one.kind == "variadic" for one in parameters)
    needed = max((place for place, one in enumerate(takes, 1) if one.required), default=0)
    if not given.has_spread and given.positional < needed:
        missing = takes[given.positional : needed]
        return f"misses {_list(one.name or one.type or '' for one in missing if one.required)}"
    if language != "javascript" and not variadic and given.positional > len(takes):
        # A spread counts as one argument at least in Go only.
        sure = given.positional - (1 if given.has_spread else 0) > len(takes) or not given.has_spread
        return f"passes {_count(given.positional)}, but at most {len(takes)} are taken" if sure else None
    return None


def _python(parameters: tuple[Parameter, ...], given: Arguments) -> str | None:
    takes = [one for one in parameters if one.kind in _POSITIONAL]
    kinds = {one.kind for one in parameters}
    if "variadic" not in kinds and given.positional > len(takes):
        return f"passes {_count(given.positional)} by position, but at most {len(takes)} are taken"
    named = {one.name for one in parameters if one.kind in _NAMED}
    unknown = [word for word in given.keywords if word not in named]
    if unknown and "keyword_variadic" not in kinds:
        return f"passes {_list(unknown)}, which is no longer taken by name"
    twice = [one.name for one in takes[: given.positional] if one.kind == "positional" and one.name in given.keywords]
    if twice:
        return f"passes {_list(twice)} twice"
    if given.has_spread:
        return None
    filled = {one.name for one in takes[: given.positional]} | set(given.keywords)
    missing = [one.name for one in parameters if one.required and one.name not in filled]
    return f"misses {_list(missing)}" if missing else None


def _ruby(parameters: tuple[Parameter, ...], given: Arguments) -> str | None:
    """Where no parameter is taken by name, all that is passed by name is one more argument, a hash."""
    takes = [one for one in parameters if one.kind in _POSITIONAL]
    kinds = {one.kind for one in parameters}
    named = {one.name for one in parameters if one.kind == "keyword"}
    by_name = bool(named) or "keyword_variadic" in kinds
    positional = given.positional + (1 if given.keywords and not by_name else 0)
    if "variadic" not in kinds and positional > len(takes):
        return f"passes {_count(positional)}, but at most {len(takes)} are taken"
    unknown = [word for word in given.keywords if word not in named] if named else []
    if unknown and "keyword_variadic" not in kinds:
        return f"passes {_list(unknown)}, which is not taken by name"
    if given.has_spread:
        return None
    needed = sum(one.required for one in takes)
    if positional < needed:
        return f"passes {_count(positional)}, but {needed} are needed"
    missing = [one.name for one in parameters if one.kind == "keyword" and one.required]
    missing = [name for name in missing if name not in given.keywords]
    return f"misses {_list(missing)}" if missing else None


def shape(symbol: Symbol) -> list[tuple[str, bool, str]]:
    """What decides which calls a symbol takes."""
    return [(one.name, one.required, one.kind) for one in symbol.parameters or ()]


def only_widens(old: tuple[Parameter, ...], new: tuple[Parameter, ...]) -> bool:
    """Whether every call that fitted still fits and means the same: then no caller can break."""
    was = [one for one in old if one.kind in _POSITIONAL]
    now = [one for one in new if one.kind in _POSITIONAL]
    kinds = {one.kind for one in new}
    if not {one.kind for one in old} & {"variadic", "keyword_variadic"} <= kinds:
        return False
    if [one.name for one in now[: len(was)]] != [one.name for one in was]:
        return False
    if any(one.kind == "variadic" for one in old) and len(now) > len(was):
        return False  # What `*args` took, a new parameter takes now.
    by_name = {one.name: one for one in new}
    for one in old:
        same = by_name.get(one.name)
        if same is None or (same.required and not one.required):
            return False
        if one.kind in _NAMED and same.kind not in (("positional",) if one.kind == "positional" else _NAMED):
            return False
    names = {one.name for one in old}
    return not any(one.required for one in new if one.name not in names)


def shift(old: tuple[Parameter, ...], new: tuple[Parameter, ...], given: Arguments) -> str | None:
    """Which argument now silently lands in another parameter; None if none does."""
    before = [one for one in old if one.kind in _POSITIONAL][: given.positional]
    after = [one for one in new if one.kind in _POSITIONAL]
    defaults = {one.name: one.default for one in new}
    names = {one.name for one in old}
    for was, now in zip(before, after, strict=False):
        if was.name == now.name or not was.name or not now.name:
            continue
        # Ruby: `def x(path)` became `def x(file = nil, path: file)`, which takes both.
        elsewhere = was.name in defaults and defaults[was.name] != now.name
        moved_up = was.name not in defaults and now.name in names
        if elsewhere or moved_up:
            return f"passes for `{was.name}` what `{now.name}` now takes"
    return None


def difference(old: tuple[Parameter, ...], new: tuple[Parameter, ...]) -> str:
    """What changed, in words: "`timeout` is new and required"."""
    was, now = {one.name: one for one in old}, {one.name: one for one in new}
    gone = [name for name in was if name not in now]
    added = [name for name in now if name not in was]
    if len(gone) == 1 and len(added) == 1 and _place(old, gone[0]) == _place(new, added[0]):
        return f"`{gone[0]}` was renamed to `{added[0]}`"
    parts = []
    if needed := [name for name in added if now[name].required]:
        parts.append(f"{_list(needed)} {_is_are(needed)} new and required")
    elif added:
        parts.append(f"{_list(added)} {_is_are(added)} new")
    if gone:
        parts.append(f"{_list(gone)} {'was' if len(gone) == 1 else 'were'} removed")
    both = [name for name in was if name in now]
    if needed := [name for name in both if now[name].required and not was[name].required]:
        parts.append(f"{_list(needed)} {_is_are(needed)} now required")
    if worded := [name for name in both if now[name].kind == "keyword" and was[name].kind != "keyword"]:
        parts.append(f"{_list(worded)} can only be passed by name now")
    if not parts and both != [name for name in now if name in was]:
        parts.append("the order of the parameters changed")
    return " and ".join(parts) or "the signature changed"


def _place(parameters: tuple[Parameter, ...], name: str) -> int:
    return next((place for place, one in enumerate(parameters) if one.name == name), -1)


def _list(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _is_are(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _count(number: int) -> str:
    return f"{number} argument{'' if number == 1 else 's'}"
