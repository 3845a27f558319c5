"""Money is Decimal, never float: in the source of every room that reckons with it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SERVER = Path(__file__).parents[2] / "server" / "rebuttal"
SOURCES = sorted(
    (
        *(SERVER / "budget").rglob("*.py"),
        *(SERVER / "store").glob("*.py"),
        *(SERVER / "settings").glob("*.py"),
        *(SERVER / "debate").glob("*.py"),
        *(SERVER / "review").glob("*.py"),
        *(SERVER / "speakers").rglob("*.py"),
        *(SERVER / "cli").glob("*.py"),
    )
)
MONEY = re.compile(
    r"(^|_)(cost|costs|spent|spend|amount|amounts|price|prices|rate_limit|cap|caps|limit|limits|at_most|worth|saved|"
    r"paid|dollars|already|wanted|assumed|reserved|money|budget|dearest|usual)$"
)
RATIOS = {
    # Shares and logarithms of amounts, which are no amounts: what becomes of each is said where it is made.
    "budget/forecast.py": "how far past expectations were off, as logarithms",
    "budget/fitting.py": "numbers of calls and tokens",
    "budget/reports": "places of bars and points on a chart, and shares",
    "debate/worth.py": "what a round costs as a share of the debate before it, as its docstrings say",
}
SHARE = re.compile(r"relative_|^of_")
NUMBERS = {"assumed", "worth", "limit", "at_most"}
"""Names that also stand for counts of calls, for whether a round pays, and for chances."""


def _is_excused(path: Path) -> bool:
    name = path.relative_to(SERVER).as_posix()
    return any(name.startswith(excused) for excused in RATIOS)


def _names(node: ast.AST) -> Iterator[str]:
    for one in ast.walk(node):
        if isinstance(one, ast.Name):
            yield one.id
        elif isinstance(one, ast.Attribute):
            yield one.attr


def _annotated(tree: ast.AST) -> Iterator[tuple[int, str, ast.expr]]:
    """Fields, parameters and results with their annotation."""
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign):
            target = node.target
            name = (
                target.id if isinstance(target, ast.Name) else target.attr if isinstance(target, ast.Attribute) else ""
            )
            yield node.lineno, name, node.annotation
        elif isinstance(node, ast.arg) and node.annotation is not None:
            yield node.lineno, node.arg, node.annotation
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns is not None:
            yield node.lineno, node.name, node.returns


def wrongs(text: str) -> list[str]:
    """What in a source makes a float of money, or money of a float."""
    tree = ast.parse(text)
    found = [
        f"{line}: {name} is a float"
        for line, name, kind in _annotated(tree)
        if "float" in _names(kind) and MONEY.search(name) and name not in NUMBERS and not SHARE.search(name)
    ]
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or not node.args:
            continue
        first = node.args[0]
        if node.func.id == "Decimal" and isinstance(first, ast.Constant) and isinstance(first.value, float):
            found.append(f"{node.lineno}: an amount is written as a float")
        is_share = any(isinstance(one, ast.Div) for one in ast.walk(first))
        if node.func.id == "float" and not is_share and any(MONEY.search(name) for name in _names(first)):
            found.append(f"{node.lineno}: an amount is made a float")
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(SERVER).as_posix())
def test_money_is_never_a_float(path: Path) -> None:
    if not _is_excused(path):
        assert wrongs(path.read_text("utf-8")) == []


def test_what_is_excused_is_still_there() -> None:
    for name in RATIOS:
        assert (SERVER / name).exists()


@pytest.mark.parametrize(
    "text",
    ["cost: float = 0.0", "def f(at_most_cost: float) -> None: ...", "def spent() -> float: ...", "x = Decimal(0.1)",
     "y = float(call.cost) * 2", "class A:\n    spent: dict[str, float]"],
)  # fmt: skip
def test_the_check_finds_what_it_looks_for(text: str) -> None:
    assert wrongs(text)
