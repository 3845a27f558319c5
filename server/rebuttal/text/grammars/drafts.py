"""What a grammar module gives: definitions before they know their containers, and uses before they know their kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from attrs import frozen

from rebuttal.text.model import Parameter, SymbolKind

if TYPE_CHECKING:
    from tree_sitter import Node


@frozen
class Draft:
    """A definition as the grammar shows it."""

    whole: Node
    """With decorators and `export`."""
    name_node: Node
    name: str
    kind: SymbolKind
    body: Node | None = None
    """The block that holds inner definitions."""
    parameters: tuple[Parameter, ...] | None = None
    exported: bool = False
    is_async: bool = False
    decorators: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    owner: str | None = None
    """The type that a method is declared on outside of that type's own text: a Go receiver, a Rust `impl`."""
    without_body: bool = False
    start: Node | None = None
    """Where it begins, if before `whole`: at an attribute."""
    header_end: int | None = None
    """The last row of the signature, where it is not the one on which the body begins."""


@frozen
class Use:
    """A name that is used."""

    name_node: Node
    receiver: Node | None = None
    arguments: Node | None = None
    """Given for a call."""
    call: Node | None = None


def first(nodes: Iterable[Node] | None) -> Node | None:
    """The first of the nodes of a capture."""
    return next(iter(nodes), None) if nodes else None


def has_token(node: Node, token: str) -> bool:
    """Whether one of the node's own tokens is `token` (`async`, `static`)."""
    return any(child.type == token for child in node.children)


def uses_of(every: Iterable[Mapping[str, Sequence[Node]]]) -> tuple[list[Use], list[Node]]:
    """Names used, and the nodes inside which (or at which) a name is no use, from the matches of a query.

    Captures: `@call` (with `@whole`, `@arguments`, `@receiver`), `@attribute` (with `@receiver`), `@use`; `@skip` and
    `@import` for what is none. What is called or taken of something is told as that, whatever else matches it.
    """
    found: dict[int, Use] = {}
    skipped: list[Node] = []
    plain: list[Node] = []
    for captures in every:
        receiver = first(captures.get("receiver"))
        if "call" in captures:
            name = captures["call"][0]
            found[name.start_byte] = Use(name, receiver, captures["arguments"][0], captures["whole"][0])
        elif "attribute" in captures:
            name = captures["attribute"][0]
            found.setdefault(name.start_byte, Use(name, receiver))
        elif "use" in captures:
            plain += captures["use"]
        else:
            skipped += [*captures.get("skip", ()), *captures.get("import", ())]
    for node in plain:
        found.setdefault(node.start_byte, Use(node))
    return list(found.values()), skipped
