"""How many tokens a text takes: an exact base count, a bound, and a quick guess. Nothing here touches the network.

Claude's tokenizers are not public. The base count is that of tiktoken's o200k_base, whose ranks are part of this
package; `rebuttal.budget.tokenizers` leads from it to what a model is expected to count.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections import OrderedDict
from collections.abc import Iterator
from math import ceil
from threading import Lock
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from tiktoken import Encoding

Generation = Literal["older", "newer"]
"""Of Claude's tokenizers: of 4.6 and before, of 4.7 and later."""

OLDER_FACTOR = 1.2
"""Claude 4.6 and older: tiktoken undercounts them by 15 to 20 % (Claude API documentation, token counting)."""
NEWER_FACTOR = OLDER_FACTOR * 1.3
"""Claude 4.7 and later: about 30 % more tokens for the same text (Claude API documentation, model migration)."""
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
_PIECE = 4_000
"""Characters encoded at once: tiktoken's regular expression engine overflows its stack on a long run of spaces, and
merging takes more than linear time in the length of a run without spaces."""
_REMEMBERED = 4096
"""Counts that are kept; some 500 kB."""


class TokenCounter:
    """Counts in o200k_base and remembers by content; safe to use from several threads at once.

    Counting costs CPU (some 100 ns a character, and 0.4 s before the first count, when the ranks are loaded), so it
    has no place on an event loop. The loaded ranks take 35 to 50 MB: one counter for a process.
    """

    def __init__(self, remembered: int = _REMEMBERED) -> None:
        self._remembered = remembered
        self._counts: OrderedDict[bytes, int] = OrderedDict()
        self._encoding: Encoding | None = None
        self._under_way: dict[bytes, Lock] = {}
        self._lock = Lock()
        self._loading = Lock()

    def count(self, text: str) -> int:
        """Tokens of the text in o200k_base. A text longer than some thousand characters is counted in pieces, cut
        after line ends where it has any; each cut may count one more."""
        if not text:
            return 0
        key = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        with self._lock:
            if (known := self._known(key)) is not None:
                return known
            turn = self._under_way.setdefault(key, Lock())
        with turn:  # two threads that want the same long text encode it once
            with self._lock:
                if (known := self._known(key)) is not None:
                    return known
            try:
                encode = self._loaded().encode_ordinary
                count = sum(len(encode(piece)) for piece in _pieces(text))
                with self._lock:
                    self._remember(key, count)
            finally:
                with self._lock:
                    self._under_way.pop(key, None)
        return count

    def _known(self, key: bytes) -> int | None:
        known = self._counts.get(key)
        if known is not None:
            self._counts.move_to_end(key)
        return known

    def _remember(self, key: bytes, count: int) -> None:
        self._counts[key] = count
        while len(self._counts) > self._remembered:
            self._counts.popitem(last=False)

    def _loaded(self) -> Encoding:
        with self._loading:
            if self._encoding is None:
                self._encoding = load_encoding()
            return self._encoding


def _pieces(text: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        end = at + _PIECE
        if end < len(text):
            end = text.rfind("\n", at, end) + 1 or end
        yield text[at:end]
        at = end


def load_encoding() -> Encoding:
    """tiktoken's o200k_base, from this package. Takes 0.2 to 0.5 s."""
    from tiktoken import Encoding

    ranks = _ranks()
    loaded = Encoding("o200k_base", pat_str=_PATTERN, mergeable_ranks=ranks, special_tokens=_SPECIAL)
    # The encoding has a copy of its own; what it keeps of ours besides takes another 23 MB and serves nothing.
    ranks.clear()
    return loaded


def _ranks() -> dict[bytes, int]:
    from importlib.resources import files

    data = files("rebuttal.text").joinpath("data", "o200k_base.bin").read_bytes()
    count = int.from_bytes(data[:4], "big")
    packed = zlib.decompress(data[4:])
    ranks: dict[bytes, int] = {}
    at = count
    for rank, length in enumerate(packed[:count]):
        ranks[packed[at : at + length]] = rank
        at += length
    return ranks


def generation(model: str | None) -> Generation:
    """Which tokenizer a model has, by its name; an unknown model, or None, counts as the newest."""
    if model is None or (name := _VERSION.search(model)) is None:
        return "older" if model is not None and _OLD_NAME.search(model) else "newer"
    version = (int(name.group(1)), int(name.group(2) or 0))
    return "older" if version < _FIRST_NEWER else "newer"


def bound_tokens(text: str) -> int:
    """At most so many tokens, whatever the tokenizer: each holds a byte of UTF-8 or more."""
    return len(text.encode("utf-8", "surrogatepass"))


# Classes of bytes for the quick guess, one bit each so that shifting the whole text finds where a run begins.
_LOWER, _UPPER, _DIGIT, _SPACE, _LINE_END, _SIGN, _TWO, _MORE = (bytes([1 << bit]) for bit in range(8))
_FOUR = bytes([_TWO[0] | _MORE[0]])


def _class_of(byte: int) -> int:
    character = chr(byte)
    for sample, kind in (("\r\n", _LINE_END), (" \t\v\f", _SPACE)):
        if character in sample:
            return kind[0]
    if byte < 0x80:
        kinds = ((character.islower(), _LOWER), (character.isupper(), _UPPER), (character.isdigit(), _DIGIT))
        return next((kind[0] for holds, kind in kinds if holds), _SIGN[0])
    # Of a character beyond ASCII only the first byte counts. Two bytes, and what lies below U+3000: most alphabets.
    starts = ((0xC0, 0), (0xE3, _TWO[0]), (0xF0, _MORE[0]), (0x100, _FOUR[0]))
    return next(kind for end, kind in starts if byte < end)


_CLASSES = bytes(_class_of(byte) for byte in range(256))
_EACH = (
    *((_LOWER, 0.03), (_UPPER, 0.46), (_DIGIT, 0.33), (_SPACE, 0.01), (_LINE_END, 0.08), (_SIGN, 0.29)),
    *((_TWO, 0.36), (_MORE, 0.87), (_FOUR, 1.8)),
)
_RUN = ((_LOWER, 0.96), (_DIGIT, 0.88), (_SIGN, 0.37))
"""What a character, and what the begin of a run, adds to a count of o200k_base. Fitted by non-negative least squares to
1.4M characters of code in six languages, JSON, Markdown, logs, diffs, Chinese, Japanese, Russian, base64, hexadecimal
digits and numbers; `python -m bench.tokens` shows how far it lies off for each."""


def quick_tokens(text: str) -> int:
    """A guess of what the newest models count, for ranking and packing: from how many letters, digits, signs and other
    characters a text has and how often they change. Needs no ranks and an eighth of the time of a count. Mostly within
    a tenth of it for code, diffs and logs, a fourth for data, a half for other alphabets; runs of blanks are cheap."""
    classes = text.encode("utf-8", "surrogatepass").translate(_CLASSES)
    number = int.from_bytes(classes, "little")
    begins = (number & ~(number << 8)).to_bytes(len(classes), "little")
    base = sum(classes.count(kind) * weight for kind, weight in _EACH)
    base += sum(begins.count(kind) * weight for kind, weight in _RUN)
    return ceil(base * NEWER_FACTOR)
