"""Calls inside the tokens of a Rust macro: the grammar reads what a macro takes as a flat row of words and brackets.

`assert_eq!(cart.total(), sum(2))` calls `total` of `cart` and `sum`, and `describe!(|cart: Cart| { cart.fill(); })`
calls `fill`: most tests of a Rust repository stand inside such brackets.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rebuttal.text.grammars.drafts import Use

if TYPE_CHECKING:
    from tree_sitter import Node

_JOINS = (".", "::")
_UNCLEAR = ("|", "||", "<", ">", "<<", ">>", "$", "..", "metavariable", "token_repetition", "macro_invocation")
_WORDS = ("identifier", "self", "crate", "super")


def calls(tokens: Node) -> Iterator[Use]:
    """What a row of tokens calls, or takes from something: a word before round brackets, or after a dot."""
    row = tokens.children
    for place, node in enumerate(row):
        if node.type != "identifier":
            continue
        after = row[place + 1] if place + 1 < len(row) else None
        if after is not None and after.type == "!" and place + 2 < len(row):
            after = row[place + 2]
        receiver = row[place - 2] if place > 1 and row[place - 1].type in _JOINS else None
        if receiver is not None and receiver.type not in (*_WORDS, "token_tree"):
            receiver = None
        if after is not None and after.type == "token_tree" and after.child_count and after.children[0].type == "(":
            yield Use(node, receiver, after, after)
        elif receiver is not None:
            yield Use(node, receiver)


def passed(tokens: Node) -> int | None:
    """How many arguments a call inside a macro passes; None where tokens do not tell (closures, generics, `$x`)."""
    count, waiting = 0, False
    for node in tokens.children[1:-1]:
        if node.type in _UNCLEAR:
            return None
        if node.type == ",":
            count, waiting = count + 1, False
        elif not node.type.endswith("comment"):
            waiting = True
    return count + waiting
