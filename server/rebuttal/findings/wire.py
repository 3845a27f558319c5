"""A finding as JSON and back: the contract's F (docs/schemas/finding.schema.json)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar, get_args

from rebuttal.findings.model import (
    Category,
    CellEdit,
    CellRange,
    Certainty,
    Finding,
    FindingSide,
    FindingStatus,
    Fix,
    Related,
    Source,
    TextEdit,
    TraceStep,
    Verdict,
)
from rebuttal.findings.severity import Severity
from rebuttal.store.money import exact
from rebuttal.text.positions import Position, Range

T = TypeVar("T")


class WireError(ValueError):
    """What was given is no finding; the message is one sentence that names the field."""


def range_to_json(where: Range) -> dict[str, Any]:
    return {
        "start": {"line": where.start.line, "character": where.start.character},
        "end": {"line": where.end.line, "character": where.end.character},
    }


def finding_to_json(finding: Finding) -> dict[str, Any]:
    """The finding as the contract's F; lines and characters as in LSP, money as decimal strings."""
    return {
        "id": finding.id,
        "file": finding.file,
        "side": finding.side,
        "range": range_to_json(finding.range),
        "quote": finding.quote,
        "title": finding.title,
        "message": finding.message,
        "severity": finding.severity,
        "category": finding.category,
        "rule": finding.rule,
        "source": finding.source,
        "raised_by": list(finding.raised_by),
        "verdict": finding.verdict,
        "confidence": finding.confidence,
        "status": finding.status,
        "related": [
            {"file": one.file, "range": range_to_json(one.range), "message": one.message} for one in finding.related
        ],
        "fix": None if finding.fix is None else {"edits": [_edit_to_json(edit) for edit in finding.fix.edits]},
        "trace": [_step_to_json(step) for step in finding.trace],
        **({} if finding.cell is None else {"cell": _cell_to_json(finding.cell)}),
        **({"pre_existing": True} if finding.pre_existing else {}),
    }


def finding_from_json(given: Mapping[str, Any]) -> Finding:
    """The finding that `finding_to_json` wrote. Fields that a later version added are left out.

    Raises WireError where a field is missing or is not what the contract says.
    """
    try:
        return Finding(
            id=_text(given, "id"),
            file=_text(given, "file"),
            side=_one_of(given, "side", FindingSide),
            range=_range(given["range"]),
            quote=_text(given, "quote"),
            title=_text(given, "title"),
            message=_text(given, "message"),
            severity=_one_of(given, "severity", Severity),
            category=_one_of(given, "category", Category),
            rule=_text(given, "rule"),
            source=_one_of(given, "source", Source),
            raised_by=_each(given, "raised_by", str),
            verdict=_one_of(given, "verdict", Verdict),
            confidence=_one_of(given, "confidence", Certainty),
            status=_one_of(given, "status", FindingStatus),
            related=_each(given, "related", _related),
            fix=None if given["fix"] is None else Fix(_each(given["fix"], "edits", _edit)),
            trace=_each(given, "trace", _step),
            cell=None if given.get("cell") is None else _cell(given["cell"]),
            pre_existing=given.get("pre_existing") is True,
        )
    except KeyError as error:
        raise WireError(f"the finding lacks the field {error}: write it again with this version") from None
    except (TypeError, AttributeError, InvalidOperation) as error:
        raise WireError(f"the finding is malformed ({error}): write it again with this version") from None


def _edit_to_json(edit: TextEdit) -> dict[str, Any]:
    written = {"file": edit.file, "range": range_to_json(edit.range), "new_text": edit.new_text}
    if edit.cell is None:
        return written
    return written | {"cell": {**_cell_to_json(edit.cell.place), "new_text": edit.cell.new_text}}


def _cell_to_json(cell: CellRange) -> dict[str, Any]:
    return {"index": cell.index, "range": range_to_json(cell.range)}


def _step_to_json(step: TraceStep) -> dict[str, Any]:
    optional = {"pass": step.refinement, "verdict": step.verdict, "quote": step.quote, "file": step.file}
    optional |= {"model": step.model, "why": step.why}
    return {
        "phase": step.phase,
        "seat": step.seat,
        **{key: value for key, value in optional.items() if value is not None},
        "text": step.text,
        "spent": exact(step.spent),
    }


def _text(given: Mapping[str, Any], key: str) -> str:
    value = given[key]
    if not isinstance(value, str):
        raise WireError(f"the finding's {key} must be text: write it again with this version")
    return value


def _one_of(given: Mapping[str, Any], key: str, allowed: Any) -> Any:
    value = given[key]
    if value not in get_args(allowed):
        raise WireError(f"the finding's {key} must be one of {', '.join(get_args(allowed))}, not {value!r}")
    return value


def _each(given: Mapping[str, Any], key: str, make: Callable[[Any], T]) -> tuple[T, ...]:
    values = given[key]
    if not isinstance(values, (list, tuple)):
        raise WireError(f"the finding's {key} must be a list: write it again with this version")
    return tuple(make(value) for value in values)


def _position(given: Mapping[str, Any]) -> Position:
    line, character = given["line"], given["character"]
    if not isinstance(line, int) or not isinstance(character, int):
        raise WireError("a position's line and character must be whole numbers: write it again with this version")
    return Position(line, character)


def _range(given: Mapping[str, Any]) -> Range:
    return Range(_position(given["start"]), _position(given["end"]))


def _edit(given: Mapping[str, Any]) -> TextEdit:
    cell = given.get("cell")
    in_cell = None if cell is None else CellEdit(_cell(cell), _text(cell, "new_text"))
    return TextEdit(_text(given, "file"), _range(given["range"]), _text(given, "new_text"), in_cell)


def _cell(given: Mapping[str, Any]) -> CellRange:
    if not isinstance(given["index"], int):
        raise TypeError("index is no number")
    return CellRange(given["index"], _range(given["range"]))


def _related(given: Mapping[str, Any]) -> Related:
    return Related(_text(given, "file"), _range(given["range"]), _text(given, "message"))


def _step(given: Mapping[str, Any]) -> TraceStep:
    optional = {
        key: _text(given, key) for key in ("verdict", "quote", "file", "model", "why") if given.get(key) is not None
    }
    return TraceStep(
        phase=_text(given, "phase"),
        seat=_text(given, "seat"),
        text=_text(given, "text"),
        spent=Decimal(_text(given, "spent")),
        refinement=_text(given, "pass") if given.get("pass") is not None else None,
        **optional,
    )
