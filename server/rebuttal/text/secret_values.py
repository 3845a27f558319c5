"""Whether a value is a secret, a placeholder, an example, or something that a person typed."""

from __future__ import annotations

import re
from math import log2

_KEYS = ("api", "access", "auth", "account", "signing", "encryption", "private", "service", "master", "license")
KEY_WORDS = tuple(word + joint for word in _KEYS for joint in ("", "_", "-"))
"""What makes "key" a name of a secret, when it stands before it."""
KEY_REACH = max(map(len, KEY_WORDS))
NAMES = (
    *("password", "passwd", "passphrase", "passcode", "pwd", "pass", "secret", "token", "credential", "authorization"),
    *("bearer", "mnemonic", "seed_phrase", "seedphrase", "recovery_phrase"),
)
_ALL_NAMES = (*NAMES, *(f"{word}key" for word in KEY_WORDS))


def name_in(word: str) -> str | None:
    """The name in a word in small letters that says that it holds a secret: "api_key" in "github_api_key_2"."""
    return next((name for name in _ALL_NAMES if name in word), None)


_PLACEHOLDER = re.compile(
    r"""(?:change[_-]?(?:me|this|it)|(?:your|my|the|some|any|an?)[_ -].*|todo|tbd|fixme|none|null|nil|undefined|true
    |false|n/?a|str|string|text|number|bool|boolean|int|bytes|any|unknown|optional|required|empty|default|hidden|masked
    |user(?:name)?|admin|root|guest|pass(?:word|wd|phrase)?|pwd|secret|tokens?|key|api[_-]?key|credentials?|bearer|basic
    |tests?|testing|example.*|placeholder.*|dummy.*|fake.*|sample.*|foo(?:bar)?|bar|baz|redacted.*|insert.*|replace.*
    |enter.*|put.*here|abc(?:123|def)?|a?sdf.*|qwerty|1234\d*|(.)\1*|x{3,}.*|\*{2,}.*|\.{3,}|[-_.*#x]+
    |<.*|\$\w*|\$[({].*|\$2[aby]\$.*|%\w*%?|\{.*|@[\w.]*@?|.*\{\{.*|.*\$\{.*|.*\$\(.*|«.*|.*\.\.\.|…|\[.*\]?|![a-z/]*|&\w*|\\[nrt0].*
    |(?:os|process|sys|import\.meta|system|config|settings|self|this|app|ctx|args|params|request|req|env|environ|secrets
      |vault|var|local|data|module|options|opts|props|state)[.\[:(].*
    |ENV\[.*|getenv.*|environ.*|vault:.*|ssm:.*|arn:.*|op://.*|https?://[^:@]*|file:.*|/[\w./-]*|\./.*
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_STAND_IN = re.compile(r"EXAMPLE|([xX*.0_-])\1{7}")
_VERSION = re.compile(r"[\^~<>=v]{0,2}\d{1,4}(?:\.\d{1,4}){2}(?:-(?:alpha|beta|rc)[.\d]*)?")
EXAMPLE = re.compile(r"EXAMPLE|PLACEHOLDER|REPLACE|CHANGEME|REDACTED|X{6}|\*{4}|0{10}|\.\.\.", re.IGNORECASE)
DOUBTFUL = re.compile(
    r"example|test|dummy|fake|sample|mock|demo|foo|changeme|12345|abcdef|password|secret", re.IGNORECASE
)
WORDS = re.compile(r"[A-Za-z]{0,24}(?:[_. /:-][A-Za-z]{1,24}){0,12}\Z")
CALL_OR_FORMAT = re.compile(r"%[sdr](?!\w)|%\(|\{[\w.]*\}|\$[{(]")


_TURN = re.compile(r"[a-z][A-Z]|[A-Z][a-z]")
_PHRASE = re.compile(r"[a-z]{2,12}(?:[ -][a-z]{2,12}){3,23}")
_SEED = re.compile(r"[a-z]{3,8}(?: [a-z]{3,8}){11,23}")


def kind_of(word: str) -> str:
    """Of a value that is assigned to a name with this word in it."""
    if word == "passphrase":
        return word
    if word.startswith(("mnemonic", "seed", "recovery")):
        return "seed-phrase"
    if word.startswith(("pass", "pwd")):
        return "password"
    if word.startswith("secret"):
        return "secret"
    return "token" if word in ("token", "bearer", "authorization") else "credential" if word[0] == "c" else "api-key"


def is_literal_secret(kind: str, value: str) -> bool:
    """Whether a value of this kind is a secret and not code, a label or a placeholder."""
    value = value.strip()
    if kind == "seed-phrase":
        return _SEED.fullmatch(value) is not None and len(set(value.split())) >= 8
    if _is_no_literal(value):
        return False
    named = name_in(value.lower()) is not None
    if kind == "passphrase" and _PHRASE.fullmatch(value):
        return not named
    password = kind in ("password", "passphrase")
    if any(char.isspace() for char in value):
        # A sentence is a label, unless it has what no label has.
        return password and not named and _classes(value) >= 3 and len(value.split()) <= 3
    if WORDS.match(value):
        # Words alone name a thing (`token: "access_token"`), but may be a password.
        return password and len(value) >= 6 and not named and value.isalnum()
    return password or len(value) >= 8


def _is_no_literal(value: str) -> bool:
    """Too short, a placeholder, a version of a package that is named after passwords, or code between two literals."""
    return (
        len(value.strip("\"'.,;:()[]")) < 4
        or is_placeholder(value)
        or CALL_OR_FORMAT.search(value) is not None
        or _VERSION.fullmatch(value) is not None
        or value.endswith("(")  # `password=" + ".join(...)`
    )


def is_sure(kind: str, value: str) -> bool:
    """Whether a secret by its name is worth telling."""
    if kind == "seed-phrase":
        return True
    if value[0] in ".,;:)]}" or value[-1] in "[{,=":
        return False
    if EXAMPLE.search(value) or DOUBTFUL.search(value) or " " in value or len(set(value)) < 5:
        return False
    if kind in ("password", "passphrase"):
        return len(value) >= 6 and _classes(value) >= 2 and not WORDS.match(value) and "/" not in value[:1]
    return len(value) >= 16 and is_random(value)


def is_placeholder(value: str) -> bool:
    head = value.strip()[:200]
    return bool(_PLACEHOLDER.fullmatch(head) or _STAND_IN.search(head))


def _classes(value: str) -> int:
    tests = (str.islower, str.isupper, str.isdigit, lambda char: not char.isalnum() and not char.isspace())
    return sum(any(test(char) for char in value) for test in tests)


def is_random(value: str) -> bool:
    """Letters and digits mixed, at 3 bits a character or more (English words have about 2.5 at this length)."""
    head = value[:200]
    mixed = any(char.isdigit() for char in head) and any(char.isalpha() for char in head)
    counts = [head.count(char) for char in set(head)]
    bits = -sum(count / len(head) * log2(count / len(head)) for count in counts)
    return mixed and len(head) >= 12 and bits >= 3.0


def is_example_token(value: str) -> bool:
    return bool(EXAMPLE.search(value)) or len(set(value[-20:])) < 6


def is_typed(value: str) -> bool:
    """Tokens are random: of words, without a digit, or with a counted-up run, it was typed by a person."""
    turns = len(_TURN.findall(value))
    worded = not any(char.isdigit() for char in value) and turns * 4 < len(value)
    return worded or "123456" in value or "abcdef" in value.lower()
