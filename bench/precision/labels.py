"""What people thought of the findings on real changes, after reading them: bench/labels/*.toml.

A line a finding, in any file, so that several people can label at once:

    "flask 3.0.3..3.1.0 impact:signature src/flask/app.py 1a2b3c4d" = { worth = true, why = "the caller breaks" }

The key says which change, which rule, which file, and what the finding quotes; it stays when lines move.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Sequence
from pathlib import Path

from attrs import frozen

FOLDER = Path(__file__).resolve().parent.parent / "labels"


class BadLabels(Exception):
    """A file of labels cannot be used; the message says what to mend."""


@frozen
class Label:
    worth: bool
    """Whether it is worth a reviewer's time."""
    why: str


def key_of(origin: str, rule: str, file: str, quote: str) -> str:
    """`origin`: the package and its two releases, or the repository and its commit."""
    digest = hashlib.sha256(" ".join(quote.split()).encode("utf-8")).hexdigest()
    return f"{origin} {rule} {file} {digest[:8]}"


def numbered(keys: Sequence[str]) -> list[str]:
    """Two findings may quote the same: the second is told from the first by its number."""
    seen: dict[str, int] = {}
    made = []
    for key in keys:
        seen[key] = seen.get(key, 0) + 1
        made.append(key if seen[key] == 1 else f"{key} #{seen[key]}")
    return made


def read(folder: Path = FOLDER) -> dict[str, Label]:
    """All labels by key; BadLabels where two files disagree or a label lacks its reason."""
    labels: dict[str, Label] = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            found = tomllib.loads(path.read_text("utf-8"))
        except tomllib.TOMLDecodeError as error:
            raise BadLabels(f"{path.name}: {error}") from None
        for key, one in found.items():
            if not isinstance(one, dict) or not isinstance(one.get("worth"), bool) or not one.get("why"):
                raise BadLabels(f'{path.name}: {key} needs {{ worth = true or false, why = "..." }}')
            label = Label(one["worth"], one["why"])
            if labels.setdefault(key, label).worth != label.worth:
                raise BadLabels(f"{path.name}: {key} is judged in two ways")
    return labels
