"""Names that hold a secret: what bears one is not sent, and what speaks of one is redacted."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import evolve

from rebuttal.change.model import Change, FileDiff, Skipped
from rebuttal.text.model import Symbol
from rebuttal.text.redaction import Redactor
from rebuttal.text.secrets import holds_token

WITHHELD = "its name holds a secret: nothing of it is sent"


def sendable(change: Change) -> Change:
    """`change` without the files whose path holds a token, before the change or after it.

    A model answers by the paths that it was shown, so a path cannot be redacted as a text is.
    """
    kept = tuple(one for one in change.files if not _is_withheld(one))
    return change if len(kept) == len(change.files) else evolve(change, files=kept)


def withheld(change: Change) -> tuple[Skipped, ...]:
    """The files that `sendable` leaves out, for the user."""
    return tuple(Skipped(one.path, WITHHELD) for one in change.files if _is_withheld(one))


def shown_symbols(symbols: Sequence[Symbol], redactor: Redactor) -> Sequence[Symbol]:
    """Symbols by the names that the redacted text gives them; they are read from the text as it is."""
    if not symbols:
        return symbols
    # Redaction keeps the lines, and one search costs less than one for each name.
    names, qualified = "\n".join(one.name for one in symbols), "\n".join(one.qualified for one in symbols)
    safe = redactor.redact_names(names), redactor.redact_names(qualified)
    if safe == (names, qualified):
        return symbols
    both = zip(symbols, safe[0].split("\n"), safe[1].split("\n"), strict=True)
    return tuple(evolve(symbol, name=name, qualified=whole) for symbol, name, whole in both)


def _is_withheld(diff: FileDiff) -> bool:
    return holds_token(diff.path) or (diff.old_path is not None and holds_token(diff.old_path))
