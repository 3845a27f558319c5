"""Secrets in text: well-known token shapes, and literals assigned to names such as `password`.

Two readers. Redaction replaces everything found here, so a doubtful value is found too. The static panel
reports only what is `sure`. Placeholders and documented examples are found by neither.

The work grows linearly with the text: literal anchors are searched first, and what is tried at an anchor
has bounded length, so hostile input cannot make it slow.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate

from attrs import evolve, frozen

from rebuttal.text.positions import LineIndex
from rebuttal.text.secret_checks import Proof, private_key
from rebuttal.text.secret_files import is_secret_file
from rebuttal.text.secret_places import in_blocks, in_commands, in_pairs_of_name_and_value, in_tuples
from rebuttal.text.secret_shapes import SHAPES, Shape
from rebuttal.text.secret_values import (
    CALL_OR_FORMAT,
    DOUBTFUL,
    EXAMPLE,
    KEY_REACH,
    KEY_WORDS,
    NAMES,
    WORDS,
    is_example_token,
    is_literal_secret,
    is_placeholder,
    is_random,
    is_sure,
    is_typed,
    kind_of,
)

__all__ = ["Secret", "find_secrets", "holds_token", "is_never_shown", "is_secret_file", "tokens_of_name"]


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
    proof: Proof = "form"
    """What the value tells of itself: `issued` and `sandbox` are said to the user."""


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
_PRACTICE = re.compile(
    r"(?:^|[/_.-])(?:tests?|specs?|testdata|fixtures?|mocks?|examples?|samples?|docs?|e2e|demo)(?=[/_.-]|s?\d|$)"
)
_CONFIG_FILE = re.compile(
    r"(?:\.(?:env|ini|cfg|conf|cnf|properties|ya?ml|toml|tf|tfvars|sh|bash|zsh|fish|ps1|bat|cmd|mk|envrc|service|netrc)|"
    r"(?:^|/)(?:makefile|jenkinsfile|dockerfile[^/]*|credentials|config|\.[a-z]+rc|\.env[^/]*))\Z",
    re.IGNORECASE,
)


_RUN = re.compile(r"[A-Za-z0-9_.~:/+=-]{15,}+")
"""No token is shorter."""
_NO_WORD = re.compile("[0-9A-Z]")
_HARMLESS = ("made-up", "public")
_MAY_BE_TOKEN = re.compile("[0-9]|[A-Za-z]{16}")
"""What every token has and most names have not: all paths of a repository are asked about."""
_LETTERS_AND_DIGITS = re.compile("[A-Za-z0-9]+")
_CHANGE = re.compile("(?=[a-z][A-Z0-9]|[A-Z][a-z0-9]|[0-9][A-Za-z])")
_LONG_RUN = 16
_WORDED = frozenset({"key-", "SK", "-us"})
"""Anchors that stand before or after a checksum in names of caches and assets as well."""
_SURE_SHAPES = tuple(shape for shape in SHAPES if shape.sure and _WORDED.isdisjoint(shape.anchors))


def find_secrets(text: str, path: str) -> tuple[Secret, ...]:
    """The secrets in `text`, by place, not overlapping. `path` says what kind of file it is (a test, a config)."""
    practice = bool(_PRACTICE.search(path.lower()))
    found = [*_pem_blocks(text, practice), *_tokens(text, practice), *_url_logins(text, practice)]
    found += _pairs(text)
    names = _names(text)
    found += _assignments(text, names, practice, bool(_CONFIG_FILE.search(path)))
    found += _elsewhere(text, names, practice)
    if not found:
        return ()
    index = LineIndex(text)
    return tuple(evolve(one, line=index.git_line_of(one.start)) for one in _merged(found))


def is_never_shown(path: str) -> bool:
    """Whether a file's text is kept from models: it holds secrets by its nature, or its very name holds one."""
    return is_secret_file(path) or holds_token(path)


def holds_token(name: str) -> bool:
    """Whether a name (of a file, say) holds a token that its form alone gives away.

    Stricter than `find_secrets`: by a mistake a text loses a few characters, a file its review. What a form leaves
    open (`sk-` and twenty letters or hyphens) must be as mixed as random characters are.
    """
    return next(tokens_of_name(name), None) is not None


def tokens_of_name(name: str) -> Iterator[Secret]:
    """The tokens of which `holds_token` speaks, by shape; two may overlap. Their `line` is not counted."""
    if _MAY_BE_TOKEN.search(name) is not None:
        yield from (one for one in _tokens(name, False, named=True) if _is_random_token(name[one.start : one.end]))


def _is_random_token(value: str) -> bool:
    runs = [match.group() for match in _LETTERS_AND_DIGITS.finditer(value)]
    return value.isupper() or _is_mixed(runs) or any(len(one) >= _LONG_RUN and _is_mixed([one]) for one in runs)


def _is_mixed(runs: list[str]) -> bool:
    """Small letters, capitals and digits change places at every sixth character or more: of random hexadecimal digits
    every second one does, of words few."""
    return sum(len(_CHANGE.findall(one)) for one in runs) * 6 >= sum(map(len, runs))


def _merged(found: Iterable[Secret]) -> list[Secret]:
    """Overlapping ones become one that covers both and keeps the kind of the surest, then the earliest listed."""
    merged: list[Secret] = []
    for one in sorted(found, key=lambda secret: (secret.start, not secret.sure, -secret.end)):
        last = merged[-1] if merged else None
        if last is None or one.start >= last.end:
            merged.append(one)
            continue
        better = one if one.sure and not last.sure else last
        if last.proof in _HARMLESS or one.proof in _HARMLESS:  # whatever the name says that it is assigned to
            better = evolve(better, sure=False, proof=last.proof if last.proof in _HARMLESS else one.proof)
        merged[-1] = evolve(better, start=last.start, end=max(last.end, one.end))
    return merged


def _anchored(text: str, anchor: str) -> Iterator[int]:
    at = text.find(anchor)
    while at >= 0:
        yield at
        at = text.find(anchor, at + len(anchor))


def _tokens(text: str, practice: bool, *, named: bool = False) -> Iterator[Secret]:
    """`named`: the text is a name, or full of names: only shapes that no name has by chance, also behind `_`."""
    runs = _Runs(text)
    for shape in _SURE_SHAPES if named else SHAPES:
        for anchor in shape.anchors:
            if anchor not in runs.text:
                continue
            done = 0
            for at in runs.places(anchor):
                match = _token_at(text, at - shape.back, done, shape, named)
                if match is None:
                    continue
                done = match.end()
                group = match.re.groups
                value = match.group(group)
                if not is_example_token(value):
                    proof = "public" if _is_public(text, shape, match.start()) else shape.check(value)
                    sure = shape.sure and not (practice and shape.kind == "jwt") and not is_typed(value)
                    sure = sure and proof not in _HARMLESS
                    yield Secret(shape.kind, match.start(group), match.end(group), 0, sure, proof)


class _Runs:
    """The runs of letters, digits and a few signs in which tokens stand: a quarter of ordinary code. All anchors are
    looked for in them alone."""

    def __init__(self, text: str) -> None:
        found = [match for match in _RUN.finditer(text) if _NO_WORD.search(match[0])]
        self._starts = [match.start() for match in found]
        self.text = "\n".join(match[0] for match in found)
        self._ends = list(accumulate(len(match[0]) + 1 for match in found))

    def places(self, anchor: str) -> Iterator[int]:
        """Offsets in the whole text where `anchor` stands in a run."""
        for at in _anchored(self.text, anchor):
            run = bisect_right(self._ends, at)
            yield self._starts[run] + at - (self._ends[run - 1] if run else 0)


def _is_public(text: str, shape: Shape, at: int) -> bool:
    """Google's key of a web page's own configuration is sent to every visitor (firebase.google.com, "API keys")."""
    return shape.anchors == ("AIza",) and "authDomain" in text[max(0, at - 400) : at + 400]


def _token_at(text: str, start: int, done: int, shape: Shape, named: bool) -> re.Match[str] | None:
    before = text[start - 1] if start > 0 else ""
    joined = (before.isalnum() or (before == "_" and not named)) and text[start].isalnum()
    return None if start < done or joined else shape.pattern.match(text, start)


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
            proof = private_key(body)
            sure = not practice and proof != "made-up" and not EXAMPLE.search(body)
            yield Secret("private-key", start, stop, 0, sure, proof)


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
        if is_placeholder(password) or CALL_OR_FORMAT.search(password):
            continue
        database = bool(_DATABASE_SCHEME.search(text, max(0, at - 24), at))
        known = host in _LOCAL_HOSTS or "example" in host or password == match.group(1)
        sure = not practice and not known and not DOUBTFUL.search(password) and len(password) >= 6
        yield Secret("database-url" if database else "basic-auth", match.start(2), match.end(2), 0, sure)


def _pairs(text: str) -> Iterator[Secret]:
    """`auth=("user", "password")`, `BasicAuth("user", "password")`."""
    for word in ("auth", "Auth"):
        for at in _anchored(text, word):
            match = _PAIR.match(text, at + len(word))
            if match is not None and is_literal_secret("password", match.group(1)):
                yield Secret("basic-auth", match.start(1), match.end(1), 0, False)


def _elsewhere(text: str, names: list[tuple[int, int]], practice: bool) -> Iterator[Secret]:
    places = [*in_commands(text), *in_blocks(text)]
    if names:
        places += [*in_tuples(text, names), *in_pairs_of_name_and_value(text, names)]
    for one in places:
        yield Secret(one.kind, one.start, one.end, 0, one.sure and not practice)


def _assignments(text: str, names: list[tuple[int, int]], practice: bool, config: bool) -> Iterator[Secret]:
    reader = _Assignments(text, config)
    done = 0
    for start, end in names:
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
    for name in NAMES:
        for at in _anchored(lowered, name):
            end = at + len(name)
            if name == "pass" and (lowered[end : end + 1].isalnum() or lowered[at - 1 : at].isalpha()):
                continue
            ends[at] = max(end, ends.get(at, 0))
    for at in _anchored(lowered, "key"):
        word = lowered[max(0, at - KEY_REACH) : at]
        if word.endswith(KEY_WORDS):
            owner = max((one for one in KEY_WORDS if word.endswith(one)), key=len)
            ends[at - len(owner)] = at + 3
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
        kind = kind_of(word)
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
            known = self._judged[(kind, value)] = is_literal_secret(kind, value)
        if not known:
            return None
        sure = operator not in ("", ",", "(", ">") and is_sure(kind, value)
        return Secret(kind, match.start(group), match.start(group) + len(value), 0, sure)

    def _is_bare(self, match: re.Match[str], value: str, operator: str, start: int) -> bool:
        """Without quotes a value is a literal in configuration, a connection string, a shell's variable, or random."""
        if operator not in ("=", ":", ":=") or match.group(3).strip():
            return False
        shell = operator == "=" and not match.group(3) and self._text[start : start + 2].isupper()
        if self._config or shell or self._text[start - 1 : start] in (";", "-", "?", "&"):
            return True
        return len(value) >= 20 and is_random(value) and "." not in value

    def _in_docker(self, start: int, end: int, kind: str) -> Secret | None:
        """`ENV NAME value`, without an equals sign."""
        before = self._text[max(0, start - 60) : start].rpartition("\n")[2]
        if not before.startswith(("ENV ", "ARG ")):
            return None
        match = _DOCKER.match(self._text, end)
        if match is None or not is_literal_secret(kind, match.group(1)):
            return None
        return Secret(kind, match.start(1), match.end(1), 0, False)


def _header(text: str, word: str, end: int) -> Secret | None:
    pattern = {"authorization": _HEADER, "bearer": _BEARER}.get(word)
    match = pattern.match(text, end) if pattern is not None else None
    if match is None or is_placeholder(match.group(1)) or WORDS.match(match.group(1)):
        return None
    return Secret("authorization", match.start(1), match.end(1), 0, is_random(match.group(1)))


def _element(text: str, start: int, end: int, kind: str) -> Secret | None:
    """`<password>value</password>`."""
    match = _ELEMENT.match(text, end) if "<" in text[max(0, start - 40) : start] else None
    if match is None or not is_literal_secret(kind, match.group(1)):
        return None
    return Secret(kind, match.start(1), match.end(1), 0, False)
