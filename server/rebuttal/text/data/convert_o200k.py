"""Makes `o200k_base.bin` from the ranks in the npm package `js-tiktoken`; run once, by hand, when they change.

    python server/rebuttal/text/data/convert_o200k.py PACKAGE_DIR/dist/ranks/o200k_base.js

The result, zlib-compressed: for each rank from 0 its token's length in one byte, then all tokens' bytes.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
import zlib
from pathlib import Path

# Of the file o200k_base.tiktoken, as tiktoken's own openai_public.py states it.
EXPECTED_SHA256 = "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"


def tokens_of(source: str) -> list[bytes]:
    """The tokens by rank. A line of the source: a label, the first rank, then tokens in base64."""
    ranks = json.loads(source[source.index("{") : source.rindex("}") + 1])["bpe_ranks"]
    tokens: dict[int, bytes] = {}
    for line in filter(None, ranks.split("\n")):
        _, first, *encoded = line.split(" ")
        for offset, token in enumerate(encoded):
            tokens[int(first) + offset] = base64.b64decode(token)
    return [tokens[rank] for rank in range(len(tokens))]


def checksum(tokens: list[bytes]) -> str:
    """The SHA-256 of the file in tiktoken's own form."""
    lines = (base64.b64encode(token) + b" " + str(rank).encode() + b"\n" for rank, token in enumerate(tokens))
    return hashlib.sha256(b"".join(lines)).hexdigest()


def main(source: Path) -> None:
    tokens = tokens_of(source.read_text("utf-8"))
    if checksum(tokens) != EXPECTED_SHA256:
        raise SystemExit("These are not the ranks of o200k_base: take them from another version of js-tiktoken.")
    packed = bytes(len(token) for token in tokens) + b"".join(tokens)
    header = len(tokens).to_bytes(4, "big")
    (Path(__file__).parent / "o200k_base.bin").write_bytes(header + zlib.compress(packed, 9))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
