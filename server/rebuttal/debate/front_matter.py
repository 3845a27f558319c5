"""The head of a prompt file: `key: value` lines, or `key:` with indented lines below it, between two lines of ---."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from difflib import get_close_matches

Head = dict[str, str | dict[str, str]]

_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
LONGEST_ID = 40
LONGEST_NAME = 60


class PromptError(Exception):
    """A prompt file is not as it must be; the message is one sentence that says which and how to mend it."""


def front_matter(name: str, text: str) -> tuple[Head, str]:
    """The head and the body of the file called `name`. Raises PromptError."""
    # An editor on Windows may have put a byte order mark and other line ends in; no prompt depends on them.
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n")
    parts = plain.split("---\n", 2)
    if len(parts) != 3 or parts[0].strip():
        raise PromptError(f"{name}: it must begin with front matter between two lines of ---.")
    head: Head = {}
    group: dict[str, str] = {}
    for line in parts[1].split("\n"):
        key, colon, value = line.partition(":")
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not colon:
            raise PromptError(f"{name}: {line.strip()[:80]!r} in the front matter is not `key: value`.")
        if line.startswith((" ", "\t")):
            group[key.strip()] = _bare(value)
        elif value.strip():
            head[key.strip()] = _bare(value)
        else:
            group = {}
            head[key.strip()] = group
    return head, parts[2]


def _bare(value: str) -> str:
    """Without the quotes that YAML would have around it."""
    text = value.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text


def check_keys(name: str, head: Iterable[str], known: Collection[str]) -> None:
    """Raises PromptError for a key that nothing reads: a misspelt one would be without effect, and nobody told."""
    for key in head:
        if key not in known:
            near = get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"it may have {', '.join(known)}."
            raise PromptError(f"{name}: the front matter has no key {key[:40]!r}: {hint}")


def scalar(name: str, head: Head, key: str) -> str:
    """The text of a key that must be there. Raises PromptError."""
    value = head.get(key)
    if not isinstance(value, str) or not value:
        raise PromptError(f"{name}: the front matter lacks {key!r}.")
    return value


def group(name: str, head: Head, key: str) -> dict[str, str]:
    """The lines below a key; none where it is not there. Raises PromptError."""
    value = head.get(key, {})
    if isinstance(value, str):
        raise PromptError(
            f"{name}: {key} must have indented `name: value` lines below it, not {value[:40]!r} beside it."
        )
    return value


def words(name: str, head: Head, key: str) -> tuple[str, ...]:
    """A list on one line, parted by commas; empty where the key is not there. Raises PromptError."""
    value = head.get(key, "")
    if not isinstance(value, str):
        raise PromptError(f"{name}: {key} must stand on one line, parted by commas, such as `{key}: src/a/, *.b`.")
    bare = value[1:-1] if value.startswith("[") and value.endswith("]") else value
    return tuple(word for one in bare.split(",") if (word := _bare(one)))


def identifier(name: str, head: Head, key: str) -> str:
    """An id such as `security-analyst`. Raises PromptError."""
    value = scalar(name, head, key)
    if len(value) > LONGEST_ID or not _ID.fullmatch(value):
        raise PromptError(
            f"{name}: {key} must be lower-case words joined by hyphens, at most {LONGEST_ID} characters, such as "
            f"`api-steward`, not {value[:60]!r}."
        )
    return value


def title(name: str, head: Head, key: str) -> str:
    """A name for people. Raises PromptError."""
    value = scalar(name, head, key)
    if len(value) > LONGEST_NAME or not value.isprintable():
        raise PromptError(f"{name}: {key} must be one line of at most {LONGEST_NAME} printable characters.")
    return value
