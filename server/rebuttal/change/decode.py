"""Bytes of a file to text: UTF-8 with or without a byte order mark, UTF-16 with one; nothing is guessed."""

from __future__ import annotations

import codecs

MAX_BYTES = 1_000_000
"""Larger files are not reviewed, and never read whole."""

TOO_LARGE = "larger than 1 MB"
BINARY = "binary"
NOT_UTF8 = "not UTF-8 text"


class NotText(Exception):
    """The bytes are no text to review; the message is the reason, in words for the user."""


def decode(data: bytes) -> str:
    """The text of a file, without a byte order mark, line ends kept; raises NotText."""
    if len(data) > MAX_BYTES:
        raise NotText(TOO_LARGE)
    try:
        if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
            raise NotText(NOT_UTF8)
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return data.decode("utf-16")
        if b"\0" in data:
            raise NotText(BINARY)
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotText(NOT_UTF8) from None
