"""The text that stands first in every prompt: the change, what belongs to it, and what is known about it, fenced.

What is fenced was written by others and may try to speak to the panel. The id of the fence cannot be guessed
without the installation's secret, yet the same input gives the same bytes, which caching needs.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable

from rebuttal.context.model import Context, Slice

_TAG = re.compile(r"<(?=\s*/?\s*untrusted)", re.IGNORECASE)


def fence_id(secret: bytes, text: str) -> str:
    """16 hexadecimal digits that nobody can foresee without `secret`: HMAC-SHA256 over `text`."""
    return hmac.new(secret, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:16]


def fenced(text: str, fence: str) -> str:
    """`text` between the marks of the fence; nothing in it can open or close one."""
    inside = _TAG.sub("‹", text.replace(fence, "…")) if fence else _TAG.sub("‹", text)
    end = "" if inside.endswith("\n") else "\n"
    return f'<untrusted id="{fence}">\n{inside}{end}</untrusted id="{fence}">\n'


def render(context: Context, fence: str, evidence: Iterable[str] = ()) -> str:
    """The one text block: diff, slices (best first) and evidence, a line each. The same input gives the same bytes."""
    parts = ["The change:\n", fenced(context.diff, fence)]
    if context.slices:
        parts += ["\nOther code that belongs to it, each piece with the reason why it is shown:\n"]
        parts += [fenced("\n".join(_piece(one) for one in context.slices), fence)]
    lines = [line.replace("\n", " ") for line in evidence]
    if lines:
        parts += ["\nWhat tools have found already (do not repeat it):\n", fenced("\n".join(lines), fence)]
    return "".join(parts)


def _piece(one: Slice) -> str:
    return f"=== {one.file} ({one.reason})\n{one.text}"
