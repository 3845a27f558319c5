"""The statement as JSON: the schema that is sent, and the only door through which an answer comes in.

The schema stays inside the subset of JSON Schema that the API's structured outputs accept: every field
required, no unions, no bounds on lengths, `additionalProperties` false. It is part of every prompt, and what the fields
mean stands in `prompts/system.md` already, so a description only says what is not said there. The API does not promise
the case of enum values, and other endpoints promise nothing at all, so every answer is checked here.

An answer has been paid for: what in it is not as it must be is left out, with the reason, and the rest counts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar, get_args

from attrs import evolve

from rebuttal.debate.model import Claim, ClaimFix, Need, Ruling, RulingVerdict, Statement
from rebuttal.debate.salvage import BROKEN, whole_elements
from rebuttal.findings.model import Category, Certainty, FindingSide
from rebuttal.findings.severity import SEVERITIES
from rebuttal.text.hidden import plain

SIDES: tuple[FindingSide, ...] = get_args(FindingSide)
CATEGORIES: tuple[Category, ...] = get_args(Category)
CERTAINTIES: tuple[Certainty, ...] = get_args(Certainty)
VERDICTS: tuple[RulingVerdict, ...] = get_args(RulingVerdict)

MAX_TITLE = 200
"""Characters of a title that are kept: it is one line in an editor."""
MAX_ARGUMENT = 6000
"""Characters of an argument that are kept."""
MOST_REASONS = 20
"""Elements of one answer of which it is told why they were left out; others are counted."""


class StatementError(ValueError):
    """The answer is no statement; the message is one sentence that names the first thing that is wrong."""


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _array(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _string(description: str) -> dict[str, Any]:
    return {"type": "string", "description": description}


def _enum(values: tuple[str, ...]) -> dict[str, Any]:
    return {"type": "string", "enum": list(values)}


_TEXT = {"type": "string"}

_FIX = _object({"file": _TEXT, "quote": _TEXT, "replacement": _TEXT})

_CLAIM = _object(
    {
        "file": _TEXT,
        "side": _enum(SIDES),
        "quote": _TEXT,
        "title": _string("The defect in one line, at most 80 characters."),
        "argument": _TEXT,
        "category": _enum(CATEGORIES),
        "severity": _enum(SEVERITIES),
        "certainty": _enum(CERTAINTIES),
        "fixes": _array(_FIX),
    }
)

_CLAIM_NEEDS = tuple(name for name in _CLAIM["properties"] if name != "fixes")
"""A claim is one without them."""

_RULING = _object(
    {
        "claim": _string("Id of the claim, as shown."),
        "verdict": _enum(VERDICTS),
        "file": _TEXT,
        "quote": _string("The lines that settle it."),
        "argument": _string("Why these lines settle it, in one to three sentences."),
        "severity": _enum(SEVERITIES),
    }
)

_NEED = _object({"file": _TEXT, "symbol": _string("Name of the function, class or constant to see.")})

STATEMENT_SCHEMA: dict[str, Any] = _object(
    {"claims": _array(_CLAIM), "rulings": _array(_RULING), "needs": _array(_NEED)}
)
"""What every seat answers with, in every phase: one schema, because another one would void the prompt cache."""

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])")

_Word = TypeVar("_Word", bound=str)
_Part = TypeVar("_Part", Claim, Ruling, Need)
_Tell = Callable[[str], None]
"""Hears why something was left out."""


def parse_statement(data: object) -> Statement:
    """A statement from JSON text or from decoded JSON.

    What in it is not as the schema says is left out, and the statement says why; the case of enum values and fields
    that nobody asked for are forgiven. Raises StatementError where it is no object, has none of the arrays, or where
    everything in it would be left out.
    """
    if isinstance(data, str | bytes):
        data = _decode(data)
    if not isinstance(data, Mapping):
        raise StatementError("the answer is not an object")
    return _statement(data)


def salvaged(text: str) -> Statement | None:
    """What counts of an answer that was cut off or is no JSON: its elements that came to their end. None: nothing."""
    try:
        statement = _statement(whole_elements(text))
    except StatementError:
        return None
    return statement if statement.claims or statement.rulings or statement.needs else None


def together(earlier: Statement | None, later: Statement | None) -> Statement | None:
    """What counts of two attempts at the same answer. Where one ruled on a claim in both, the later ruling counts; of
    claims, which the later would say again in other words, those of the later that has any."""
    if earlier is None or later is None:
        return later or earlier
    ruled = {one.claim.lower() for one in later.rulings}
    return Statement(
        claims=later.claims or earlier.claims,
        rulings=(*(one for one in earlier.rulings if one.claim.lower() not in ruled), *later.rulings),
        needs=later.needs or earlier.needs,
        left_out=tuple(dict.fromkeys((*earlier.left_out, *later.left_out))),
    )


def _statement(parts: Mapping[str, object]) -> Statement:
    if not any(name in parts for name in STATEMENT_SCHEMA["properties"]):
        raise StatementError("the answer has none of the fields 'claims', 'rulings' and 'needs'")
    reasons: list[str] = []
    statement = Statement(
        claims=_each(parts, "claims", partial(claim_from, tell=reasons.append), reasons),
        rulings=_each(parts, "rulings", _ruling, reasons),
        needs=_each(parts, "needs", _need, reasons),
    )
    if reasons and not (statement.claims or statement.rulings or statement.needs):
        raise StatementError(reasons[0])
    more = len(reasons) - MOST_REASONS
    told = [*reasons[:MOST_REASONS], *([f"{more} more were not as they must be"] if more > 0 else [])]
    return evolve(statement, left_out=tuple(told))


def _each(
    parts: Mapping[str, object], name: str, read: Callable[[object, str], _Part], reasons: list[str]
) -> tuple[_Part, ...]:
    """The elements of an array that are as they must be; why the others are not is added to `reasons`."""
    items = parts.get(name, [])
    if not isinstance(items, list):
        reasons.append(f"{name} is not an array")
        return ()
    read_ones: list[_Part] = []
    for number, item in enumerate(items, 1):
        try:
            read_ones.append(read(item, f"{name[:-1]} {number}"))
        except StatementError as error:
            reasons.append(str(error))
    return tuple(read_ones)


def parse_answer(text: str) -> dict[str, object]:
    """The object of an answer that has a schema of its own; its fields are not checked. Raises StatementError."""
    decoded = _decode(text)
    if not isinstance(decoded, dict):
        raise StatementError("the answer is not an object")
    return decoded


def claim_from(data: object, where: str = "the claim", tell: _Tell = lambda reason: None) -> Claim:
    """One claim from decoded JSON, as it arrives complete in a stream. Raises StatementError.

    Fixes that are not as they must be are left out, all of them, for they mend the defect together; `tell` hears why.
    """
    item = _fields(data, _CLAIM_NEEDS, where)
    return Claim(
        file=_text(item["file"], f"{where}: file"),
        side=_one_of(item["side"], SIDES, f"{where}: side"),
        quote=_text(item["quote"], f"{where}: quote"),
        title=one_line(_text(item["title"], f"{where}: title"), MAX_TITLE),
        argument=clean(_text(item["argument"], f"{where}: argument"))[:MAX_ARGUMENT],
        category=_one_of(item["category"], CATEGORIES, f"{where}: category"),
        severity=_one_of(item["severity"], SEVERITIES, f"{where}: severity"),
        certainty=_one_of(item["certainty"], CERTAINTIES, f"{where}: certainty"),
        fixes=_fixes(item, where, tell),
    )


def clean(prose: str) -> str:
    """Prose of a model, fit to be shown: no terminal escapes, nothing that does not show, no lone surrogates."""
    return plain(_ESCAPES.sub("", prose)).strip()


def one_line(prose: str, limit: int) -> str:
    """Cleaned prose on one line of at most `limit` characters."""
    words = " ".join(clean(prose).split())
    return words if len(words) <= limit else words[: limit - 1].rstrip() + "…"


def _decode(data: str | bytes) -> object:
    try:
        decoded: object = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise StatementError(f"the answer is not JSON ({error})") from None
    return decoded


def _fields(data: object, names: tuple[str, ...], where: str) -> Mapping[str, object]:
    if data is BROKEN:
        raise StatementError(f"{where} is not JSON")
    if not isinstance(data, Mapping):
        raise StatementError(f"{where} is not an object")
    if missing := [name for name in names if name not in data]:
        raise StatementError(f"{where} lacks the field {missing[0]!r}")
    return data


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise StatementError(f"{where} is not a string")
    # JSON may spell half a surrogate pair, which no request and no file could hold.
    return value.encode("utf-8", "replace").decode("utf-8")


def _one_of(value: object, allowed: tuple[_Word, ...], where: str) -> _Word:
    word = _text(value, where).strip().lower()
    for one in allowed:
        if one == word:
            return one
    raise StatementError(f"{where} is {word[:40]!r}, which is none of {', '.join(allowed)}")


def _fixes(item: Mapping[str, object], where: str, tell: _Tell) -> tuple[ClaimFix, ...]:
    fixes = item.get("fixes")
    try:
        if not isinstance(fixes, list):
            raise StatementError(f"{where}: fixes is not an array")
        return tuple(_fix(one, f"{where}: fix {number}") for number, one in enumerate(fixes, 1))
    except StatementError as error:
        tell(f"{error}, so the claim stands without a fix")
        return ()


def _fix(data: object, where: str) -> ClaimFix:
    item = _fields(data, tuple(_FIX["properties"]), where)
    return ClaimFix(*(_text(item[name], f"{where}: {name}") for name in ("file", "quote", "replacement")))


def _ruling(data: object, where: str) -> Ruling:
    item = _fields(data, tuple(_RULING["properties"]), where)
    return Ruling(
        claim=_text(item["claim"], f"{where}: claim").strip(),
        verdict=_one_of(item["verdict"], VERDICTS, f"{where}: verdict"),
        file=_text(item["file"], f"{where}: file"),
        quote=_text(item["quote"], f"{where}: quote"),
        argument=clean(_text(item["argument"], f"{where}: argument"))[:MAX_ARGUMENT],
        severity=_one_of(item["severity"], SEVERITIES, f"{where}: severity"),
    )


def _need(data: object, where: str) -> Need:
    item = _fields(data, tuple(_NEED["properties"]), where)
    return Need(_text(item["file"], f"{where}: file"), _text(item["symbol"], f"{where}: symbol").strip())
