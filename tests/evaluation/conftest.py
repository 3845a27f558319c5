"""A corpus of two small cases, and what is said of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rebuttal.evaluation.corpus import Case, load_corpus

FAULTY = '''
title = "Discounts for large orders"
language = "python"
kind = "feature"
message = "Give large orders their discount. A safe, small change."

[[file]]
path = "shop/cart.py"
base = """
RATES = {"NONE": 0, "LARGE": 10}


def total(items):
    result = sum(item.price for item in items)
    return result
"""
new = """
RATES = {"NONE": 0, "LARGE": 10}


def total(items, code="NONE"):
    result = sum(item.price for item in items)
    rate = RATES[code]
    result -= result * rate
    return result


def label(code):
    percent = RATES[code]
    return f"{percent} % off"
"""

[[file]]
path = "shop/checkout.py"
same = """
from shop.cart import RATES, total


def pay(items, code):
    if code not in RATES:
        code = "NONE"
    return total(items, code)
"""

[[defect]]
file = "shop/cart.py"
quote = "    result -= result * rate"
also = ["    rate = RATES[code]"]
category = "correctness"
severity = "critical"
title = "The discount is ten times the price"
why = "Rates are percents, and the total is multiplied by the rate as if it were a share: it becomes negative."
settled_by = "RATES = {\\"NONE\\": 0, \\"LARGE\\": 10}"

[[defect.fix]]
file = "shop/cart.py"
quote = "    result -= result * rate"
replacement = "    result -= result * rate / 100"

[[lure]]
file = "shop/cart.py"
quote = "    percent = RATES[code]"
category = "correctness"
severity = "high"
title = "An unknown code raises KeyError"
why = "Whoever enters a code that is not in the table gets an error page."
refuted_by = "    if code not in RATES:"
refuted_file = "shop/checkout.py"
'''

CLEAN = '''
title = "Read the settings once"
language = "python"
kind = "refactoring"

[[file]]
path = "app/settings.py"
base = """
import json


def load(path):
    return json.loads(open(path).read())
"""
new = """
import json


def load(path):
    with open(path) as stream:
        loaded = json.loads(stream.read())
    return dict(loaded)
"""

[[lure]]
file = "app/settings.py"
quote = "    return dict(loaded)"
category = "performance"
severity = "low"
title = "The settings are copied for nothing"
why = "dict() copies what was just made, each time that settings are loaded."
refuted_by = "        loaded = json.loads(stream.read())"
'''


def written(corpus: Path) -> Path:
    """A faulty and a clean case in a folder."""
    (corpus / "python-cart-discount.toml").write_text(FAULTY, "utf-8")
    (corpus / "python-settings-once.toml").write_text(CLEAN, "utf-8")
    return corpus


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A corpus of a faulty and a clean case."""
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    return written(corpus)


@pytest.fixture
def faulty(folder: Path) -> Case:
    return load_corpus(folder, "*-cart-*")[0]


@pytest.fixture
def clean(folder: Path) -> Case:
    return load_corpus(folder, "*-settings-*")[0]


def plant_of(case: Case, *, by: tuple[str, ...], verdict: str = "confirmed", lure: bool = False) -> dict[str, Any]:
    """What the emulator's reviewers say of a case's first defect, or of its first lure."""
    one = case.lures[0] if lure else case.defects[0]
    place = one.place
    return {
        "by": list(by),
        "claim": {
            "file": place.file,
            "side": place.side,
            "quote": one.quote,
            "title": one.title,
            "argument": one.why,
            "category": one.category,
            "severity": one.severity,
            "certainty": "likely",
            "fixes": [],
        },
        "ruling": {"verdict": verdict, "quote": one.quote, "argument": "The line shows it.", "severity": one.severity},
    }
