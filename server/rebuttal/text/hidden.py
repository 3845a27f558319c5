"""Characters that programs and models read, and people do not see.

Text can be hidden in a change from those who look at it: in tag characters (a copy of ASCII that nothing draws), in
variation selectors, in zero-width characters; and it can be shown in another order than it is read in ("Trojan
Source"). What is sent to a model or shown to a person goes through here first. The set is Unicode's
Default_Ignorable_Code_Point with the control characters, the separators U+2028 and U+2029, and lone surrogates.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

_CLASS = (
    "\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
_HIDDEN = re.compile(rf"(?:[{_CLASS}]|\r(?!\n))+")
_HIDDEN_ASCII = re.compile(r"(?:[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n))+")
_ANY = re.compile(rf"[{_CLASS}\r]")
_ORDINARY = re.compile(
    r"\A\ufeff"  # a byte order mark where it belongs
    r"|(?m:^)\x0c"  # pages of old sources
    rf"|(?<=[^\x00-\x7f{_CLASS}])[\ufe00-\ufe0f\U000e0100-\U000e01ef]?[\u200c\u200d](?=[^\x00-\x7f{_CLASS}])"
    rf"|(?<=[^\x00-\x7f{_CLASS}])[\ufe00-\ufe0f\U000e0100-\U000e01ef](?![{_CLASS}])"
    r"|(?<=[0-9#*])\ufe0f"  # keycaps
    r"|(?<=[\u0590-\u08ff])[\u200e\u200f]|[\u200e\u200f](?=[\u0590-\u08ff])"
)
"""Such characters where a script or an emoji needs them: one at a time, between what people see."""
_FEW = 4
"""Hidden characters in a row that are named one by one."""
_LONG = 1000
"""Elements of a list from which on each stands in a line of its own."""
_compact = json.JSONEncoder(ensure_ascii=False).encode


def visible(text: str) -> str:
    """`text` with a stand-in for what does not show: `‹U+202E›`, or `‹24 hidden characters, U+E0049 first›`.

    Tabs, line ends and what ordinary writing needs (emoji, joiners of other scripts, a byte order mark at the start)
    stay. Line N is line N of `text`. What has been made visible stays as it is.
    """
    if text.isascii() and text.replace("\r\n", "").replace("\n", "").replace("\t", "").isprintable():
        return text  # most code is, and this tells it ten times faster
    parts, done = list[str](), 0
    for start, end in _runs(text):
        parts += (text[done:start], _stand_in(text[start:end]))
        done = end
    return "".join((*parts, text[done:])) if parts else text


def has_hidden(text: str) -> bool:
    """Whether something in `text` does not show that no script and no emoji needs."""
    return next(_runs(text), None) is not None


def hidden_runs(text: str) -> Iterator[str]:
    """What does not show in `text` and no script and no emoji needs, run by run."""
    return (text[start:end] for start, end in _runs(text))


def plain(text: str) -> str:
    """`text` for people: whatever does not show taken out, but tabs and line feeds."""
    return _ANY.sub("", text)


def written_out(text: str) -> str:
    """`text` for a terminal, on one line: every control or hidden character as its code, so that none is acted on."""
    return _ANY.sub(lambda match: f"<U+{ord(match[0]):04X}>", text.replace("\n", "\\n"))


def in_json(data: object) -> str:
    """`data` as indented JSON in which everything that does not show, or steers a terminal, is an escape. What stands
    in a long list has a line each: those are read by programs, and `json` indents ten times slower than it writes."""
    text = "".join(_indented(data, "\n"))
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    return _ANY.sub(_escape, text)


def _indented(data: object, line: str) -> Iterator[str]:
    """The pieces; `line`: a line's end, and the beginning of the next one."""
    inner = line + "  "
    if isinstance(data, dict) and data:
        for number, (key, value) in enumerate(data.items()):
            yield f"{',' if number else '{'}{inner}{_compact(key)}: "
            yield from _indented(value, inner)
        yield line + "}"
    elif isinstance(data, list | tuple) and data:
        is_long = len(data) > _LONG
        for number, value in enumerate(data):
            yield f"{',' if number else '['}{inner}"
            if is_long:
                yield _compact(value)
            else:
                yield from _indented(value, inner)
        yield line + "]"
    else:
        yield _compact(data)


def spelled(text: str) -> str:
    """What the tag characters in `text` spell in ASCII; "" where there are none."""
    return "".join(chr(ord(char) - 0xE0000) for char in text if 0xE0020 <= ord(char) <= 0xE007E)


def _runs(text: str) -> Iterator[tuple[int, int]]:
    if text.isascii() and text.replace("\n", "").replace("\t", "").isprintable():
        return  # most code: told thirty times faster
    for match in (_HIDDEN_ASCII if text.isascii() else _HIDDEN).finditer(text):
        start, end = match.span()
        allowed = _ORDINARY.match(text, start)
        if allowed is None or allowed.end() < end:
            yield start, end


def _escape(match: re.Match[str]) -> str:
    return json.dumps(match[0])[1:-1]


def _stand_in(run: str) -> str:
    codes = [f"U+{ord(char):04X}" for char in run]
    if len(codes) > _FEW:
        return f"‹{len(codes)} hidden characters, {codes[0]} first›"
    return "".join(f"‹{code}›" for code in codes)
