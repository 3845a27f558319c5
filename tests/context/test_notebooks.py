"""What the context says of a notebook leads to the notebook's file."""

from __future__ import annotations

import json

from tests.context.conftest import ContextOf

KEY = "AKIA" + "QZ7XJ2KLM3NPRS4T"


def test_a_redaction_in_a_notebook_named_a_line_that_its_file_does_not_have(context_of: ContextOf) -> None:
    cells = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": ["x = 1\n", f"key = '{KEY}'\n"]}]
    content = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    text = json.dumps(content, indent=1) + "\n"
    (redaction,) = context_of({"a.ipynb": ""}, {"a.ipynb": text}).redactions
    assert KEY in text.split("\n")[redaction.line - 1]
