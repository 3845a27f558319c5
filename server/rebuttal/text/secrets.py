"""Secrets in text: well-known token shapes, and literals assigned to names such as `password`.

Two readers. Redaction replaces everything found here, so a doubtful value is found too. The static panel
reports only what is `sure`. Placeholders and documented examples are found by neither.

The work grows linearly with the text: literal anchors are searched first, and what is tried at an anchor
has bounded length, so hostile input cannot make it slow.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from math import log2

from attrs import evolve, frozen

from rebuttal.text.positions import LineIndex
from rebuttal.text.secret_files import is_secret_file
from rebuttal.text.secret_shapes import SHAPES, Shape

__all__ = ["Secret", "find_secrets", "is_secret_file"]


@frozen
class Secret:
    """Where a secret stands. Offsets are code points and cover the value itself, not the quotes around it."""

    kind: str
    """kebab-case: "aws-key", "password"."""
    start: int
    end: int
    line: int
    """Git line of `start`, from 0."""
    sure: bool
    """Whether it is worth telling the user about; an unsure one is only redacted."""


_BEGIN = "-----BEGIN "
_PEM = re.compile(r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
_PEM_REACH = 20_000
_BASE64_RUN = re.compile(r"[A-Za-z0-9+/=]{40}")
_BASE64_LINE = re.compile(r"[\s\"'+,\\>|]{0,40}[A-Za-z0-9+/=]{16,100}[\s\"'+,\\n]{0,20}\Z")

_DATABASES = (
    r"(?:postgres|mysql|mariadb|mongodb|redis|amqp|mssql|sqlserver|oracle|clickhouse|cockroach|couchdb|nats|ldap)"
)
_URL_LOGIN = re.compile(r"://([^\s:/@\"'<>`\\]{0,128}+):([^\s/@\"'<>`\\]{1,256}+)@([\w.-]{0,128}+)")
_DATABASE_SCHEME = re.compile(_DATABASES + r"[a-z0-9+]{0,12}\Z", re.IGNORECASE)
_LOCAL_HOSTS = ("localhost", "127.0.0.1", "0.0.0.0", "db", "postgres", "mysql", "redis", "mongo", "rabbitmq", "host")  # noqa: S104

_KEYS = ("api", "access", "auth", "account", "signing", "encryption", "private", "service", "master", "license")
_NAMES = (
    *("password", "passwd", "passphrase", "passcode", "pwd", "pass", "secret", "token", "credential", "authorization"),
    *("bearer", *(f"{word}{joint}key" for word in _KEYS for joint in ("", "_", "-"))),
)
_ASSIGNED = re.compile(
    r"""([\w-]{0,40}+)["'`\]}\\]{0,3}+                         # the rest of the name, and what closes it
    [ \t]{0,20}+
    (:[ \t]{0,4}+[A-Za-z][\w.\[\]|?]{0,40}+[ \t]{0,4}+=(?!=)   # with a type between
     |:=|=>|===?|!==?|=|:|,|\(|>|[ \t](?=["'`]))
    ([ \t(]{0,20}+)
    (?:[rRbBuUfF$@]{0,2}\\?(?:(?:"{3}|"(?!"))([^"\n\r]{1,4096}+)|(?:'{3}|'(?!'))([^'\n\r]{1,4096}+)|`([^`\n\r]{1,4096}+))
     |([^\s"'`<>(){}\[\],;]{4,512}+))
    """,
    re.VERBOSE,
)
_BARE = 7
_PAIR = re.compile(
    r"\w{0,16}+[ \t]{0,4}=?[ \t]{0,4}\([ \t]{0,4}[\"'][^\"'\n]{0,100}+[\"'][ \t]{0,4},"
    r"[ \t]{0,4}[\"']([^\"'\n]{4,200}+)[\"']"
)
_DOCKER = re.compile(r"\w{0,40}+[ \t]{1,8}([^\s=\"'$]{6,512}+)")
_HEADER = re.compile(
    r"[\"'`\])]{0,3}\s{0,4}[:=,]?\s{0,4}[\"'`]?(?:basic|bearer|token|apikey)\s{1,4}([\w+/=.~-]{8,4096}+)", re.I
)
_BEARER = re.compile(r"\s{1,4}([\w+/=.~-]{16,4096}+)")
_ELEMENT = re.compile(r"[\w-]{0,40}>([^<>\n]{4,512}+)</")

_NOT_A_VALUE = re.compile(
    r"""s?[_-]?(?:name|field|file|path|dir|url|uri|endpoint|type|kind|count|len|length|limit|size|max|min|budget|
    usage|regex|pattern|hint|label|title|placeholder|prompt|error|message|msg|policy|rules|reset|changed|expir|ttl|
    age|iz|ise|prefix|suffix|header|param|column|attr|input|form|view|page|strength|valid|verif|required|store|
    provider|manager|service|class|factory|id\b|ids\b|ref\b|arn\b|env\b|var\b)""",
    re.IGNORECASE | re.VERBOSE,
)
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
_EXAMPLE = re.compile(r"EXAMPLE|PLACEHOLDER|REPLACE|CHANGEME|REDACTED|X{6}|\*{4}|0{10}|\.\.\.", re.IGNORECASE)
_DOUBTFUL = re.compile(
    r"example|test|dummy|fake|sample|mock|demo|foo|changeme|12345|abcdef|password|secret", re.IGNORECASE
)
_WORDS = re.compile(r"[A-Za-z]{0,24}(?:[_. /:-][A-Za-z]{1,24}){0,12}\Z")
_CALL_OR_FORMAT = re.compile(r"%[sdr](?!\w)|%\(|\{[\w.]*\}|\$[{(]")
_PRACTICE = re.compile(
    r"(?:^|[/_.-])(?:tests?|specs?|testdata|fixtures?|mocks?|examples?|samples?|docs?|e2e|demo)(?=[/_.-]|s?\d|$)"
)
_CONFIG_FILE = re.compile(
    r"(?:\.(?:env|ini|cfg|conf|cnf|properties|ya?ml|toml|tf|tfvars|sh|bash|zsh|fish|ps1|bat|cmd|mk|envrc|service|netrc)|"
    r"(?:^|/)(?:makefile|jenkinsfile|dockerfile[^/]*|credentials|config|\.[a-z]+rc|\.env[^/]*))\Z",
    re.IGNORECASE,
)


def find_secrets(text: str, path: str) -> tuple[Secret, ...]:
    """The secrets in `text`, by place, not overlapping. `path` says what kind of file it is (a test, a config)."""
    practice = bool(_PRACTICE.search(path.lower()))
    found = [*_pem_blocks(text, practice), *_tokens(text, practice), *_url_logins(text, practice)]
    found += _pairs(text)
    found += _assignments(text, practice, bool(_CONFIG_FILE.search(path)))
    if not found:
        return ()
    index = LineIndex(text)
    return tuple(evolve(one, line=index.git_line_of(one.start)) for one in _merged(found))


def _merged(found: Iterable[Secret]) -> list[Secret]:
    """Overlapping ones become one that covers both and keeps the kind of the surest, then the earliest listed."""
    merged: list[Secret] = []
    for one in sorted(found, key=lambda secret: (secret.start, not secret.sure, -secret.end)):
        last = merged[-1] if merged else None
        if last is None or one.start >= last.end:
            merged.append(one)
            continue
        better = one if one.sure and not last.sure else last
        merged[-1] = evolve(better, start=last.start, end=max(last.end, one.end))
    return merged


def _anchored(text: str, anchor: str) -> Iterator[int]:
    at = text.find(anchor)
    while at >= 0:
        yield at
        at = text.find(anchor, at + len(anchor))


def _tokens(text: str, practice: bool) -> Iterator[Secret]:
    for shape in SHAPES:
        for anchor in shape.anchors:
            done = 0
            for at in _anchored(text, anchor):
                match = _token_at(text, at - shape.back, done, shape)
                if match is None:
                    continue
                done = match.end()
                group = match.re.groups
                value = match.group(group)
                if not _is_example_token(value):
                    sure = shape.sure and not (practice and shape.kind == "jwt") and not _is_typed(value)
                    yield Secret(shape.kind, match.start(group), match.end(group), 0, sure)


def _token_at(text: str, start: int, done: int, shape: Shape) -> re.Match[str] | None:
    joined = start > 0 and (text[start - 1].isalnum() or text[start - 1] == "_") and text[start].isalnum()
    return None if start < done or joined else shape.pattern.match(text, start)


def _is_example_token(value: str) -> bool:
    return bool(_EXAMPLE.search(value)) or len(set(value[-20:])) < 6


def _is_typed(value: str) -> bool:
    """Tokens are random: without a digit, or with a counted-up run, it was typed by a person."""
    return not any(char.isdigit() for char in value) or "123456" in value or "abcdef" in value.lower()


def _pem_blocks(text: str, practice: bool) -> Iterator[Secret]:
    done = 0
    for at in _anchored(text, _BEGIN):
        match = _PEM.match(text, at) if at >= done else None
        if match is None:
            continue
        end = _pem_end(text, match.end())
        body = text[match.end() : end]
        start = match.end() + len(body) - len(body.lstrip())
        stop = match.end() + len(body.rstrip())
        if stop > start and _BASE64_RUN.search(body):
            done = stop
            yield Secret("private-key", start, stop, 0, not practice and not _EXAMPLE.search(body))


def _pem_end(text: str, start: int) -> int:
    limit = min(start + _PEM_REACH, len(text))
    other = text.find(_BEGIN, start, limit)
    limit = limit if other < 0 else other
    end = text.find("-----END ", start, limit)
    if end >= 0:
        return end
    # Cut off: what still looks like key material, line by line.
    stop = start
    for line in re.finditer(r"[^\n]*(?:\n|\Z)", text[start:limit]):
        if line.start() > 0 and not _BASE64_LINE.match(line.group().rstrip("\n\r") or " "):
            break
        stop = start + line.end()
    return stop


def _url_logins(text: str, practice: bool) -> Iterator[Secret]:
    for at in _anchored(text, "://"):
        match = _URL_LOGIN.match(text, at)
        if match is None:
            continue
        password, host = match.group(2), match.group(3).lower()
        if _is_placeholder(password) or _CALL_OR_FORMAT.search(password):
            continue
        database = bool(_DATABASE_SCHEME.search(text, max(0, at - 24), at))
        known = host in _LOCAL_HOSTS or "example" in host or password == match.group(1)
        sure = not practice and not known and not _DOUBTFUL.search(password) and len(password) >= 6
        yield Secret("database-url" if database else "basic-auth", match.start(2), match.end(2), 0, sure)


def _pairs(text: str) -> Iterator[Secret]:
    """`auth=("user", "password")`, `BasicAuth("user", "password")`."""
    for word in ("auth", "Auth"):
        for at in _anchored(text, word):
            match = _PAIR.match(text, at + len(word))
            if match is not None and _is_literal_secret("password", match.group(1)):
                yield Secret("basic-auth", match.start(1), match.end(1), 0, False)


def _assignments(text: str, practice: bool, config: bool) -> Iterator[Secret]:
    reader = _Assignments(text, config)
    done = 0
    for start, end in _names(text):
        if start < done:
            continue
        done, secret = reader.read(start, end)
        if secret is not None:
            yield evolve(secret, sure=secret.sure and not practice)


def _names(text: str) -> list[tuple[int, int]]:
    """Where the words stand that a secret is assigned to."""
    lowered = text.lower()
    if len(lowered) != len(text):  # a few letters change their length
        lowered = re.sub("[A-Z]+", lambda match: match.group().lower(), text)
    ends: dict[int, int] = {}
    for name in _NAMES:
        for at in _anchored(lowered, name):
            end = at + len(name)
            if name == "pass" and (lowered[end : end + 1].isalnum() or lowered[at - 1 : at].isalpha()):
                continue
            ends[at] = max(end, ends.get(at, 0))
    return sorted(ends.items())


class _Assignments:
    """Reads what is assigned to a name; remembers its judgement of a value, so that repetition costs little."""

    def __init__(self, text: str, config: bool) -> None:
        self._text = text
        self._config = config
        self._judged: dict[tuple[str, str], bool] = {}

    def read(self, start: int, end: int) -> tuple[int, Secret | None]:
        """The secret after the name at `start`, and the offset up to which the text has been dealt with."""
        word = self._text[start:end].lower()
        secret = _header(self._text, word, end)
        if secret is not None:
            return secret.end, secret
        kind = _kind(word)
        match = _ASSIGNED.match(self._text, end)
        if match is not None and not _NOT_A_VALUE.match(match.group(1)):
            group = match.lastindex or _BARE
            secret = self._judge(kind, match, group, start)
            # A long bare value that was refused is not looked into again from every name inside it.
            dealt = match.end() if secret is not None or (group == _BARE and match.end() - end > 64) else end
            if secret is not None or dealt > end:
                return dealt, secret
        secret = _element(self._text, start, end, kind) or self._in_docker(start, end, kind)
        return (end if secret is None else secret.end), secret

    def _judge(self, kind: str, match: re.Match[str], group: int, start: int) -> Secret | None:
        value, operator = match.group(group).removesuffix("\\"), match.group(2).strip()
        if group == _BARE and not self._is_bare(match, value, operator, start):
            return None
        known = self._judged.get((kind, value))
        if known is None:
            known = self._judged[(kind, value)] = _is_literal_secret(kind, value)
        if not known:
            return None
        sure = operator not in ("", ",", "(", ">") and _is_sure(kind, value)
        return Secret(kind, match.start(group), match.start(group) + len(value), 0, sure)

    def _is_bare(self, match: re.Match[str], value: str, operator: str, start: int) -> bool:
        """Without quotes a value is a literal in configuration, a connection string, a shell's variable, or random."""
        if operator not in ("=", ":", ":=") or match.group(3).strip():
            return False
        shell = operator == "=" and not match.group(3) and self._text[start : start + 2].isupper()
        if self._config or shell or self._text[start - 1 : start] in (";", "-", "?", "&"):
            return True
        return len(value) >= 20 and _is_random(value) and "." not in value

    def _in_docker(self, start: int, end: int, kind: str) -> Secret | None:
        """`ENV NAME value`, without an equals sign."""
        before = self._text[max(0, start - 60) : start].rpartition("\n")[2]
        if not before.startswith(("ENV ", "ARG ")):
            return None
        match = _DOCKER.match(self._text, end)
        if match is None or not _is_literal_secret(kind, match.group(1)):
            return None
        return Secret(kind, match.start(1), match.end(1), 0, False)


def _header(text: str, word: str, end: int) -> Secret | None:
    pattern = {"authorization": _HEADER, "bearer": _BEARER}.get(word)
    match = pattern.match(text, end) if pattern is not None else None
    if match is None or _is_placeholder(match.group(1)) or _WORDS.match(match.group(1)):
        return None
    return Secret("authorization", match.start(1), match.end(1), 0, _is_random(match.group(1)))


def _element(text: str, start: int, end: int, kind: str) -> Secret | None:
    """`<password>value</password>`."""
    match = _ELEMENT.match(text, end) if "<" in text[max(0, start - 40) : start] else None
    if match is None or not _is_literal_secret(kind, match.group(1)):
        return None
    return Secret(kind, match.start(1), match.end(1), 0, False)


def _kind(word: str) -> str:
    if word.startswith(("pass", "pwd")):
        return "password"
    if word.startswith("secret"):
        return "secret"
    return "token" if word in ("token", "bearer", "authorization") else "credential" if word[0] == "c" else "api-key"


def _is_literal_secret(kind: str, value: str) -> bool:
    value = value.strip()
    if len(value.strip("\"'.,;:()[]")) < 4 or _is_placeholder(value) or _CALL_OR_FORMAT.search(value):
        return False
    if _VERSION.fullmatch(value):  # of a package that is named after passwords or tokens
        return False
    if value.endswith("("):  # code between two literals: `password=" + ".join(...)`
        return False
    if any(char.isspace() for char in value):
        # A sentence is a label, unless it has what no label has.
        named = any(name in value.lower() for name in _NAMES)
        return kind == "password" and not named and _classes(value) >= 3 and len(value.split()) <= 3
    if _WORDS.match(value):
        # Words alone name a thing (`token: "access_token"`), but may be a password.
        return (
            kind == "password"
            and len(value) >= 6
            and not any(name in value.lower() for name in _NAMES)
            and value.isalnum()
        )
    return kind == "password" or len(value) >= 8


def _is_sure(kind: str, value: str) -> bool:
    if value[0] in ".,;:)]}" or value[-1] in "[{,=":
        return False
    if _EXAMPLE.search(value) or _DOUBTFUL.search(value) or " " in value or len(set(value)) < 5:
        return False
    if kind == "password":
        return len(value) >= 6 and _classes(value) >= 2 and not _WORDS.match(value) and "/" not in value[:1]
    return len(value) >= 16 and _is_random(value)


def _is_placeholder(value: str) -> bool:
    head = value.strip()[:200]
    return bool(_PLACEHOLDER.fullmatch(head) or _STAND_IN.search(head))


def _classes(value: str) -> int:
    tests = (str.islower, str.isupper, str.isdigit, lambda char: not char.isalnum() and not char.isspace())
    return sum(any(test(char) for char in value) for test in tests)


def _is_random(value: str) -> bool:
    """Letters and digits mixed, at 3 bits a character or more (English words have about 2.5 at this length)."""
    head = value[:200]
    mixed = any(char.isdigit() for char in head) and any(char.isalpha() for char in head)
    counts = [head.count(char) for char in set(head)]
    bits = -sum(count / len(head) * log2(count / len(head)) for count in counts)
    return mixed and len(head) >= 12 and bits >= 3.0
