"""Which file is missing: one file of each multi-file commit is hidden, and asked for from the others."""

from __future__ import annotations

from pathlib import Path


def section() -> str:
    """The committed results as a section: measuring needs clones that `make bench` does not bring."""
    page = (Path(__file__).parent / "RESULTS.md").read_text("utf-8")
    return page.replace("\n## ", "\n### ").replace("# Which", "## Which", 1)
