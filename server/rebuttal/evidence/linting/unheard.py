"""What is said where the repository's own linters are not run: told without loading what runs them."""

from __future__ import annotations

from collections.abc import Sequence

from rebuttal.evidence.linting.configured import Configured, small
from rebuttal.evidence.linting.tool import Tool
from rebuttal.evidence.linting.tools import TOOLS
from rebuttal.evidence.model import Material
from rebuttal.text.words import joined


def unheard(material: Material, tools: Sequence[Tool] = TOOLS) -> tuple[str, ...]:
    """A sentence on the linters that are configured and not run because the user does not trust the repository."""
    tasks = Configured(material.repository.old).tasks(tools, small(material.files))
    names = list(dict.fromkeys(task.tool.name for task in tasks))
    if not names:
        return ()
    what = f"{names[0]} is" if len(names) == 1 else f"{joined(names)} are"
    why = "configured but not run, for that runs the repository's code: name its folder in the setting `trusted`"
    return (f"{what} {why}, or use --trust.",)
