"""What a token tells by itself, off the network: whether its checksum is right and its contents can be read.

A checksum that is wrong says that nobody issued the token: it was made up for a test or a document. One that is
right is as sure as anything can be without asking the issuer. Each check takes the token and is linear in it.
"""

from __future__ import annotations

import json
import re
from base64 import b32decode, b64decode, urlsafe_b64decode
from binascii import Error as NotBase64
from collections.abc import Callable
from typing import Any, Literal
from zlib import crc32

Proof = Literal["issued", "form", "sandbox", "public", "made-up"]
"""`issued`: checksum or contents are right. `form`: it looks like one, no more is known. `sandbox`: its issuer marks
it as one for tests. `public`: meant to be seen by everybody. `made-up`: the issuer cannot have issued it."""

Check = Callable[[str], Proof]

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ACCOUNT = 0x7FFFFFFFFF80
_ACCOUNTS = 10**12
_MOST = 20_000
_KNOWN_PEOPLE = ("John Doe", "Jane Doe", "supabase-demo", "example")


def by_form(token: str) -> Proof:
    """Nothing but the form is known."""
    return "form"


def github(token: str) -> Proof:
    """The last 6 of 36 characters are the CRC-32 of those before, in base 62 (GitHub's blog, April 2021, "Behind
    GitHub's new authentication token formats"). Longer ones have another form."""
    body = token.partition("_")[2]
    if len(body) != 36:
        return "form"
    return "issued" if body[30:] == _base62(crc32(body[:30].encode())) else "made-up"


def npm(token: str) -> Proof:
    """The same sum as GitHub's; its absence proves nothing, because npm does not document it."""
    return "issued" if github(token) == "issued" else "form"


def aws(token: str) -> Proof:
    """The account's number is in the key, if it is newer than 2019; no account has more than 12 digits."""
    if token[4] in "IJ":
        return "form"
    try:
        number = int.from_bytes(b32decode(token[4:])[:6], "big")
    except NotBase64:
        return "made-up"
    return "form" if (number & _ACCOUNT) >> 7 < _ACCOUNTS else "made-up"


def jwt(token: str) -> Proof:
    """Header and claims are JSON, and the signature is none of an example (RFC 7519)."""
    header, claims, *_ = (_json(part) for part in token.split("."))
    if not isinstance(header, dict) or not isinstance(claims, dict) or not isinstance(header.get("alg"), str):
        return "made-up"
    if header["alg"].lower() == "none" or claims.get("role") == "anon":
        return "public"
    values = [str(value) for value in claims.values()]
    sample = any(name in value for value in values for name in _KNOWN_PEOPLE) or "1234567890" in values
    return "made-up" if sample or not claims else "issued"


def pypi(token: str) -> Proof:
    """A macaroon, version 2, of pypi.org or test.pypi.org (docs.pypi.org, "API tokens")."""
    try:
        read = urlsafe_b64decode(token[5:45])
    except NotBase64:
        return "made-up"
    return "sandbox" if b"test.pypi.org" in read[:20] else "issued" if b"pypi.org" in read[:20] else "made-up"


def azure_key(token: str) -> Proof:
    """Keys of storage and buses are 64 or 32 random bytes; that of the storage emulator is in its documentation."""
    if token.startswith("Eby8vdM02xNOcqFlqUwJPLlm"):
        return "public"
    try:
        size = len(b64decode(token, validate=True))
    except NotBase64:
        return "made-up"
    return "issued" if size in (32, 64) else "form"


def openai(token: str) -> Proof:
    """Keys carry "OpenAI" in base64 in their middle, except those of other services in the same form."""
    return "issued" if "T3BlbkFJ" in token else "form"


def anthropic(token: str) -> Proof:
    """Issued keys end in AA: 70 bytes in base64."""
    return "issued" if len(token) == 108 and token.endswith("AA") else "form"


def marked(*marks: str) -> Check:
    """Tokens whose issuer writes into them that they are for tests."""
    return lambda token: "sandbox" if any(mark in token for mark in marks) else "form"


def json_behind(prefix: str) -> Check:
    """Tokens that are JSON in base64 after a prefix."""
    return lambda token: "issued" if _json(token.removeprefix(prefix), torn=True) is not None else "made-up"


def private_key(body: str) -> Proof:
    """The text between the frames: DER, or OpenSSH's own form (RFC 7468, PROTOCOL.key)."""
    lines = [line.strip(" \t\"'+,\\") for line in re.split(r"(?:\\r)?\\n|[\r\n]+", body[:_MOST])]
    if any(": " in line for line in lines):
        return "form"
    try:
        read = b64decode("".join(lines), validate=True)
    except NotBase64:
        return "form"  # cut off, or put together by code
    if read.startswith(b"openssh-key-v1\0"):
        return "issued"
    if len(read) > 32 and read[0] == 0x30:
        return "issued" if _der_size(read) == len(read) else "form"
    return "form" if read[:1] >= b"\x80" else "made-up"


def _der_size(read: bytes) -> int:
    """The size that the outermost sequence says it has."""
    if read[1] < 0x80:
        return 2 + read[1]
    digits = read[1] & 0x7F
    return 2 + digits + int.from_bytes(read[2 : 2 + digits], "big")


def _base62(number: int) -> str:
    digits = ""
    for _ in range(6):
        number, rest = divmod(number, 62)
        digits = _BASE62[rest] + digits
    return digits


def _json(part: str, *, torn: bool = False) -> Any:
    """The JSON in a piece of base64; None if it is none. Of a torn one only the beginning is looked at."""
    try:
        read = urlsafe_b64decode(part[:_MOST].replace("+", "-").replace("/", "_").rstrip("=") + "==")
        return read[:2] == b'{"' or None if torn else json.loads(read)
    except (ValueError, RecursionError):  # NotBase64, JSONDecodeError and UnicodeDecodeError are ValueErrors
        return None
