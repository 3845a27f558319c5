"""HTML and SVG as a tree of elements: text is escaped where it is written, so that no name can become markup.

There is no way in for markup made elsewhere, and no attribute that runs anything is ever given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from typing import Union

from attrs import frozen

from rebuttal.text.hidden import written_out

Child = Union["Element", str, None, Iterable["Child"]]

_VOID = frozenset({"meta", "br"})


@frozen
class Element:
    """A tag with what is in it."""

    tag: str
    attributes: tuple[tuple[str, str], ...]
    children: tuple[Child, ...]


def el(tag: str, *children: Child, **attributes: str | int | float | None) -> Element:
    """An element. Attributes that are words of Python have a `_` after them (`class_`), and `_` stands for `-`; one
    that is None is left out. Of children, None is nothing, and what can be gone through is its parts."""
    given = ((name, value) for name, value in attributes.items() if value is not None)
    return Element(tag, tuple((name.rstrip("_").replace("_", "-"), _number(value)) for name, value in given), children)


def _number(value: str | float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def render(root: Element, style: str) -> str:
    """The whole document. `style` stands in the element `style`, which is empty in the tree."""
    return "<!doctype html>\n" + "".join(_written(root, style)) + "\n"


def _written(child: Child, style: str) -> Iterator[str]:
    if child is None:
        return
    if isinstance(child, str):
        yield escape(written_out(child), quote=False)
        return
    if not isinstance(child, Element):
        for part in child:
            yield from _written(part, style)
        return
    attributes = "".join(f' {name}="{escape(written_out(value))}"' for name, value in child.attributes)
    yield f"<{child.tag}{attributes}>"
    if child.tag in _VOID:
        return
    if child.tag == "style":
        yield style
    for part in child.children:
        yield from _written(part, style)
    yield f"</{child.tag}>"
