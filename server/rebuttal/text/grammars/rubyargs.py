"""What a Ruby call passes: by position, by name, as a block, or as it came (`*`, `**`, `...`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rebuttal.text.model import Arguments
from rebuttal.text.parsing import ParsedText

if TYPE_CHECKING:
    from tree_sitter import Node

_SPREADS = ("splat_argument", "hash_splat_argument", "forward_argument")


def passed(parsed: ParsedText, node: Node) -> Arguments:
    """The block counts for nothing. A key that is not written out makes unknown what is passed."""
    positional, spread, keywords = 0, False, []
    for child in node.named_children:
        if child.type in ("comment", "block_argument", "heredoc_body"):
            continue
        if child.type in _SPREADS:
            spread = True
        elif child.type == "pair":
            key = child.child_by_field_name("key")
            if key is not None and key.type in ("hash_key_symbol", "simple_symbol", "string"):
                keywords.append(parsed.words(key).strip(":\"'"))
            else:
                spread = True
        else:
            positional += 1
    return Arguments(positional, tuple(keywords), spread)
