"""The text that stands first in every prompt: the change, what belongs to it, and what is known about it, fenced.

What is fenced was written by others and may try to speak to the panel. The id of the fence cannot be guessed
without the installation's secret, yet the same input gives the same bytes, which caching needs.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterable

from rebuttal.context.model import Context
from rebuttal.text.hidden import visible

_TAG = re.compile(r"[<＜﹤](?=\s*/?\s*(?:pasted_content|untrusted|turn\s+seat\b))", re.IGNORECASE)
"""What begins a tag that has a meaning in our prompts, also in letters that only look like it."""


def fence_id(secret: bytes, text: str) -> str:
    """16 hexadecimal digits that nobody can foresee without `secret`: HMAC-SHA256 over `text`."""
    return hmac.new(secret, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:16]


def fenced(text: str, fence: str, source: str) -> str:
    """`text` between the marks of the fence, as the system prompt describes them; nothing in it can forge one.

    `source` names it, in one line that holds neither quotation marks nor angle brackets of others.
    """
    named = json.dumps(_named(source, fence), ensure_ascii=False)
    inside = _harmless(text, fence)
    end = "" if inside.endswith("\n") else "\n"
    return f'<pasted_content id="{fence}" source={named}>\n{inside}{end}</pasted_content id="{fence}">\n'


def render(context: Context, fence: str, evidence: Iterable[str] = ()) -> str:
    """The one text block: diff, slices (best first) and evidence, a line each. The same input gives the same bytes."""
    parts = ["# The change\n\n", fenced(context.diff, fence, "diff")]
    if context.slices:
        parts.append("\n# Other code that it concerns\n")
        parts += ["\n" + fenced(one.text, fence, f"{one.file} ({one.reason})") for one in context.slices]
    lines = [" ".join(line.split("\n")) for line in evidence]
    if lines:
        parts += ["\n# Facts found by tools\n\n", fenced("\n".join(lines), fence, "tools")]
    return "".join(parts)


def as_shown(text: str) -> str:
    """`text` as it stands in a fence: what does not show is made visible, what looks like our tags is none.

    Line N is line N of `text`. Whoever searches for what a model quotes must search in this.
    """
    return _TAG.sub("‹", visible(text))


def _harmless(text: str, fence: str) -> str:
    shown = as_shown(text)
    return shown.replace(fence, "…") if fence else shown


def _named(source: str, fence: str) -> str:
    return _harmless(source, fence).translate(_UNQUOTED)


_UNQUOTED = str.maketrans({"<": "‹", ">": "›", '"': "'", "\\": "/"})
