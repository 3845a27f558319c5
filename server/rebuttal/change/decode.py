"""Bytes of a file to text: UTF-8, UTF-16 with its mark, what is named for the file, else a guess that is told.

A wrong guess among the encodings that are tried spoils letters outside ASCII and never a line: each of them leaves
ASCII and line ends as they are.
"""

from __future__ import annotations

import codecs
import re
from encodings import normalize_encoding
from encodings.aliases import aliases
from itertools import islice

from attrs import frozen

MAX_BYTES = 1_000_000
"""Larger files are not reviewed, and never read whole."""

BINARY = "binary"
NOT_UTF8 = "not UTF-8 text, and its encoding cannot be told"

NAMED_BY_GIT = "named by working-tree-encoding in .gitattributes"
NAMED_INSIDE = "named in the file"
ASSUMED = "assumed: the bytes are not UTF-8 and name no encoding"
AS_THE_EDITOR = "as the editor shows it; the bytes are not UTF-8"

# Codecs of Python that decode text and keep ASCII as it is. Of those that a name can reach, others
# unpack (zip), obey escapes (utf_7, unicode_escape) or swap letters (cp037, rot13): code could hide in them.
_SAFE = re.compile(
    r"ascii|latin_1|iso8859_\d+|koi8_[rtu]|kz1048|ptcp154|hp_roman8|tis_620"
    r"|cp(437|720|737|775|8[56]\d|874|932|949|950|1006|1125|125\d)"
    r"|mac_(cyrillic|greek|iceland|latin2|roman|turkish)"
    r"|gb2312|gbk|gb18030|big5(hkscs)?|euc_(jp|kr|jis_2004|jisx0213)|shift_jis(_2004|x0213)?|johab"
)
# Only .gitattributes of the base may name these: to them, ASCII is something else.
_WIDE = re.compile(r"utf_(16|32)(_le|_be)?")

# PEP 263 and the customs of Emacs, Vim and Ruby, on one of the first two lines; XML, CSS, HTML.
_INSIDE = (
    re.compile(rb"\A[^\n]*?coding[:=][ \t]*([-\w.]+)", re.ASCII),
    re.compile(rb"\A[^\n]*\n[^\n]*?coding[:=][ \t]*([-\w.]+)", re.ASCII),
    re.compile(rb"\A<\?xml[^>]{0,200}?encoding=[\"']([-\w.]+)", re.ASCII),
    re.compile(rb"\A@charset \"([-\w.]+)\"", re.ASCII),
    re.compile(rb"<meta[^>]{0,200}?charset=[\"']?([-\w.]+)", re.ASCII | re.IGNORECASE),
)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_HIGH = re.compile(rb"[\x80-\xff]")

WESTERN = "cp1252"
_GUESSED = (WESTERN, "cp1250", "cp1251", "cp1253", "koi8_r", "cp932", "gb18030", "cp949", "big5", "euc_jp")
_ENOUGH = 8
"""Bytes outside ASCII from which on a guess is more than chance; with fewer, one of the Latin code pages."""
_SAMPLE = 200_000
"""Bytes that are looked at for a guess."""
_CENTRAL, _TURKISH = "cp1250", "cp1254"
_RUN = re.compile(rb"[\x80-\xff]{3,}")
# Letters that windows-1254 has and windows-1252 has not (without the one that Czech shares), and letters of
# windows-1252 that Turkish has not.
_ONLY_TURKISH = re.compile(rb"[\xd0\xdd\xde\xf0\xfe]")
_NEVER_TURKISH = re.compile(
    rb"[\xc0\xc1\xc3-\xc6\xc8-\xcd\xcf\xd1-\xd5\xd7-\xda\xdf-\xe1\xe3-\xe6\xe8-\xed\xef\xf1-\xf5\xf7-\xfa\xff]"
)
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_LETTERS = 2_000
"""Of them so many are looked at."""
_IN_WORDS = "\u2019\u2018\u00b7\u00ad"
"""Signs that may stand inside a word."""


class NotText(Exception):
    """The bytes are no text to review; the message is the reason, in words for the user."""


@frozen
class Decoded:
    """A text, the encoding it was read with, and why that one ("": UTF-8, or its mark says so)."""

    text: str
    encoding: str = "utf-8"
    why: str = ""


def decode(data: bytes, named: str | None = None, evidence: bytes = b"", limit: int = MAX_BYTES) -> Decoded:
    """The text of a file, without a byte order mark, line ends kept; raises NotText.

    `named` is what the base's attribute working-tree-encoding says of it; `evidence` is what a guess looks at (the
    bytes of both sides of a change, so that both are guessed alike), the bytes themselves where it is empty.
    """
    if len(data) > limit:
        raise NotText(too_large(limit))
    codec = codec_of(named, wide=True) if named else None
    if codec is not None and (found := _strictly(data, codec)) is not None:
        return Decoded(found.removeprefix("\ufeff"), _shown(codec), NAMED_BY_GIT)
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise NotText(NOT_UTF8)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        if (found := _strictly(data, "utf_16")) is None:
            raise NotText(NOT_UTF8)
        return Decoded(found, "utf-16")
    if b"\0" in data:
        raise NotText(BINARY)
    if (found := _strictly(data, "utf_8_sig")) is not None:
        return Decoded(found)
    return _named_inside(data) or _guessed(data, evidence)


def too_large(limit: int) -> str:
    """Why a file of more bytes than that is not reviewed."""
    return f"larger than {limit // 1_000_000} MB"


def codec_of(name: str, wide: bool = False) -> str | None:
    """Python's codec for a name that the repository gives; None for one that is unknown or not plain text.

    Looked up in a table and never by `codecs.lookup`, which imports a module of that name.
    """
    plain = normalize_encoding(name[:40].lower().removesuffix("-bom")).lower()
    codec = aliases.get(plain, plain)
    return codec if _SAFE.fullmatch(codec) or (wide and _WIDE.fullmatch(codec)) else None


def _strictly(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except (UnicodeError, LookupError):
        return None


def _named_inside(data: bytes) -> Decoded | None:
    for pattern in _INSIDE:
        if match := pattern.search(data[:1024]):
            codec = codec_of(match[1].decode("ascii"))
            if codec is not None and (text := _strictly(data, codec)) is not None:
                return Decoded(text, _shown(codec), NAMED_INSIDE)
    return None


def _guessed(data: bytes, evidence: bytes) -> Decoded:
    if _CONTROL.search(data):
        raise NotText(BINARY)
    for codec in _guesses((evidence or data)[:_SAMPLE]):
        if (text := _strictly(data, codec)) is not None:
            return Decoded(text, _shown(codec), ASSUMED)
    raise NotText(NOT_UTF8)


def _guesses(sample: bytes) -> tuple[str, ...]:
    high = len(_HIGH.findall(sample))
    if high < _ENOUGH:
        return (_latin(sample), WESTERN)
    found = _likeliest(sample, _GUESSED)
    if found not in (WESTERN, _CENTRAL):
        return (found, WESTERN)
    if sum(map(len, _RUN.findall(sample))) * 2 > high:
        # In a Latin script such letters stand alone among others: this is another one.
        found = _likeliest(sample, tuple(one for one in _GUESSED if one not in (WESTERN, _CENTRAL)))
        return (found, WESTERN)
    return (_latin(sample), WESTERN)


def _likeliest(sample: bytes, codecs: tuple[str, ...]) -> str:
    from charset_normalizer import from_bytes

    found = list(from_bytes(sample, cp_isolation=list(codecs), preemptive_behaviour=False))
    alike = [one for one in found if (one.chaos, one.coherence) == (found[0].chaos, found[0].coherence)]
    if not found or any(WESTERN in one.could_be_from_charset for one in alike):
        return WESTERN
    return found[0].encoding


def _latin(sample: bytes) -> str:
    """Which Latin code page: the first in which the fewest words are none."""
    if _ONLY_TURKISH.search(sample) and not _NEVER_TURKISH.search(sample):
        return _TURKISH
    signs = [_misspelt(sample.decode(codec, "replace")) for codec in (WESTERN, _CENTRAL)]
    return _CENTRAL if signs[1] < signs[0] else WESTERN


def _misspelt(text: str) -> int:
    """Places that no word has: a sign between letters, a raised digit before one, a capital after a small letter."""
    count = 0
    for found in islice(_NOT_ASCII.finditer(text), _LETTERS):
        at, char = found.start(), found[0]
        before, after = text[max(at - 1, 0) : at], text[at + 1 : at + 2]
        if char.isalpha():
            count += char.isupper() and before.islower()
        elif after.isalpha() and char not in _IN_WORDS:
            count += before.isalpha() or char in "\u00b9\u00b2\u00b3"
    return count


def _shown(codec: str) -> str:
    """The name as users know it."""
    if codec.startswith("cp125"):
        return f"windows-{codec[2:]}"
    return "iso-8859-1" if codec == "latin_1" else codec.replace("iso8859_", "iso-8859-").replace("_", "-")
