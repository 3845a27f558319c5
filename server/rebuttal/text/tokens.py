"""How many tokens a text takes: an expectation, a bound, and a quick guess. Nothing here touches the network.

Claude's tokenizers are not public. The expectation counts tiktoken's o200k_base, whose ranks are part of this
package, and multiplies by a factor for each generation of tokenizer.
"""

from __future__ import annotations

import re
import zlib
from functools import cache
from importlib.resources import files
from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tiktoken import Encoding

OLDER_FACTOR = 1.2
"""Claude 4.6 and older: tiktoken undercounts them by 15 to 20 % (Claude API documentation, token counting)."""
NEWER_FACTOR = OLDER_FACTOR * 1.3
"""Claude 4.7 and later: about 30 % more tokens for the same text (Claude API documentation, model migration)."""
CHARACTERS_PER_TOKEN = 2.5
"""Of Claude 4.7 and later: 1M tokens are about 2.5M characters (Claude API documentation, context windows)."""

_OLD_NAME = re.compile(r"claude-(?:[123]|instant|v)")
_VERSION = re.compile(r"claude-[a-z]+-(\d{1,2})(?!\d)(?:-(\d{1,2})(?!\d))?")
_FIRST_NEWER = (4, 7)

# As tiktoken's openai_public.py defines o200k_base.
_PATTERN = "|".join(
    [
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
        r"\s*[\r\n]+",
        r"\s+(?!\S)",
        r"\s+",
    ]
)
_SPECIAL = {"<|endoftext|>": 199999, "<|endofprompt|>": 200018}
_PIECE = 10_000
"""Characters encoded at once: tiktoken's regular expression engine overflows its stack on a long run of spaces."""


@cache
def encoding() -> Encoding:
    """tiktoken's o200k_base. The first call takes about 0.3 s."""
    from tiktoken import Encoding

    return Encoding("o200k_base", pat_str=_PATTERN, mergeable_ranks=_ranks(), special_tokens=_SPECIAL)


def _ranks() -> dict[bytes, int]:
    data = files("rebuttal.text").joinpath("data", "o200k_base.bin").read_bytes()
    count = int.from_bytes(data[:4], "big")
    packed = zlib.decompress(data[4:])
    ranks: dict[bytes, int] = {}
    at = count
    for rank, length in enumerate(packed[:count]):
        ranks[packed[at : at + length]] = rank
        at += length
    return ranks


def base_tokens(text: str) -> int:
    """Tokens of o200k_base; a long text is counted in pieces, which may count one more at each joint."""
    encode = encoding().encode_ordinary
    return sum(len(encode(text[at : at + _PIECE])) for at in range(0, len(text), _PIECE))


def tokenizer_factor(model: str | None) -> float:
    """By what a count of o200k_base is multiplied for `model`; an unknown model, or None, counts as the newest."""
    if model is None or (name := _VERSION.search(model)) is None:
        return OLDER_FACTOR if model is not None and _OLD_NAME.search(model) else NEWER_FACTOR
    version = (int(name.group(1)), int(name.group(2) or 0))
    return OLDER_FACTOR if version < _FIRST_NEWER else NEWER_FACTOR


def expected_tokens(text: str, model: str | None = None) -> int:
    """How many tokens `model` is expected to count; within about a fifth, so no base for a cap."""
    return ceil(base_tokens(text) * tokenizer_factor(model))


def bound_tokens(text: str) -> int:
    """At most so many tokens, whatever the tokenizer: each holds a byte of UTF-8 or more."""
    return len(text.encode("utf-8", "surrogatepass"))


def quick_tokens(text: str) -> int:
    """A guess by length alone, for ranking and packing, where loading the ranks would cost more than it brings."""
    return ceil(bound_tokens(text) / CHARACTERS_PER_TOKEN)
