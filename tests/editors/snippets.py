"""The snippets of docs/editors: tests run what users paste."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs" / "editors"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: str, language: str) -> list[str]:
    """The code blocks of one language in a page of docs/editors, as they are pasted."""
    text = (DOCS / page).read_text("utf-8")
    return [code for found, code in _BLOCK.findall(text) if found == language]
