"""The emulator's own token count: deterministic, additive by block, the same everywhere.

The real tokenizer is not published. This one takes a token for every four bytes (at least one) with the older
tokenizer and 1.3 tokens for every four bytes with the newer, which is the ratio that the documentation gives,
plus a few for what stands around a block. A block's count depends on that block alone, so that the tokens of
a prefix are the sum of its blocks, in `count_tokens`, in usage and in the cache.
"""

from __future__ import annotations

import json
from typing import Any

from tests.emulator.models import ServiceModel

AROUND_A_BLOCK = 4
AROUND_A_REQUEST = 8
FORMAT_PROMPT = 64
"""The prompt that the API adds when an output format is asked for, besides the schema itself."""
IMAGE = 1500


def of_text(text: str, model: ServiceModel) -> int:
    """Tokens of a text; 0 only of the empty one."""
    size = len(text.encode())
    return -(-size // 4) if model.old_tokenizer else -(-size * 13 // 40)


def of_block(block: dict[str, Any], model: ServiceModel) -> int:
    """Tokens of one content block or tool, with what stands around it."""
    kind = block.get("type")
    if kind == "text":
        return AROUND_A_BLOCK + of_text(block["text"], model)
    if kind == "image":
        return AROUND_A_BLOCK + IMAGE
    bare = {key: value for key, value in block.items() if key != "cache_control"}
    return AROUND_A_BLOCK + of_text(json.dumps(bare, ensure_ascii=False), model)


def of_format(output_format: dict[str, Any] | None, model: ServiceModel) -> int:
    if output_format is None:
        return 0
    return FORMAT_PROMPT + of_text(json.dumps(output_format, ensure_ascii=False), model)
