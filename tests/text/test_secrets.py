"""Secrets: found by shape and by name, placeholders left alone, linear on hostile input.

Tokens are put together here from pieces, so that no scanner takes this file for a leak.
"""

from __future__ import annotations

import json
import string
import time
from base64 import b64encode, urlsafe_b64encode
from zlib import crc32

import pytest

from rebuttal.text.secrets import Secret, find_secrets, holds_token, is_never_shown, is_secret_file

ALNUM = "a8Kd03LmQ2zXv91TnB4yRw7Ec5Gh6JpU2sFo0iDl"
HEX = "9f86d081884c7d659a2feaa0c55ad015"
BODY = "\n".join(f"MIIEvQIBADANBgkqhkiG9w0BAQEF{n}SCBKcwggSjAgEAAoIBAQC7" for n in range(4))


def pem(body: str = BODY, kind: str = "RSA ") -> str:
    return f"-----BEGIN {kind}PRIVATE KEY-----\n{body}\n-----END {kind}PRIVATE KEY-----"


def issued(prefix: str, body: str = ALNUM[:30]) -> str:
    """With the checksum that GitHub's and npm's tokens end in."""
    alphabet, number, digits = string.digits + string.ascii_uppercase + string.ascii_lowercase, crc32(body.encode()), ""
    while len(digits) < 6:
        number, rest = divmod(number, 62)
        digits = alphabet[rest] + digits
    return prefix + body + digits


def encoded(value: object) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


TOKENS = [
    ("aws-key", "AKIA" + "QZ7XJ2KLM3NPRS4T"),
    ("github-token", issued("ghp_")),
    ("github-token", "github_pat_" + ALNUM),
    ("gitlab-token", "glpat-" + ALNUM[:20]),
    ("slack-token", "xoxb-" + "7301928465-" + ALNUM[:24]),
    ("stripe-key", "sk_live_" + ALNUM[:24]),
    ("google-key", "AIza" + ALNUM[:35]),
    ("anthropic-key", "sk-ant-" + "api03-" + ALNUM),
    ("openai-key", "sk-proj-" + ALNUM),
    ("npm-token", "npm_" + ALNUM[:36]),
    ("pypi-token", "pypi-AgEIcHlwaS5vcmc" + ALNUM + ALNUM),
    ("sendgrid-key", "SG." + ALNUM[:22] + "." + (ALNUM + "x7Q")),
    ("twilio-key", "SK" + HEX),
    ("jwt", "eyJ" + "hbGciOiJIUzI1NiJ9" + ".eyJ" + "zdWIiOiI4NzIxIn0" + "." + ALNUM),
    ("azure-key", "q7VXcdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="),
    ("telegram-token", "7301928465:AA" + ALNUM[:33]),
    ("terraform-token", ALNUM[:14] + ".atlasv1." + ALNUM + ALNUM[:24]),
    ("mailchimp-key", HEX + "-us14"),
    ("huggingface-token", "hf_" + "qWpLxZaKmVbRtYcUoNdEsHfJgQiTwXyBvM"),
    ("grafana-token", "glc_" + encoded({"o": "871", "n": "stack-8"}) + ALNUM),
    ("notion-token", "ntn_" + "40281937465" + ALNUM[:35]),
    ("groq-key", "gsk_" + (ALNUM * 2)[:52]),
]


def values(text: str, path: str = "app/main.py") -> list[str]:
    return [text[one.start : one.end] for one in find_secrets(text, path)]


def sure(text: str, path: str = "app/main.py") -> list[tuple[str, str]]:
    return [(one.kind, text[one.start : one.end]) for one in find_secrets(text, path) if one.sure]


@pytest.mark.parametrize(("kind", "token"), TOKENS)
def test_a_known_token_is_found_whatever_surrounds_it(kind: str, token: str) -> None:
    lead = "AccountKey=" if kind == "azure-key" else "call('"
    text = f"first line\n{lead}{token}';\n"
    assert [(one.kind, one.line, text[one.start : one.end], one.sure) for one in find_secrets(text, "a.js")] == [
        (kind, 1, token, True)
    ]


@pytest.mark.parametrize(
    "text",
    [
        'AWS_KEY = "AKIAIOSFODNN7EXAMPLE"',
        'aws_secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"',
        'token = "ghp_' + "x" * 36 + '"',
        'password = "changeme"',
        '"pbkdf2-password": "^1.2.1"',
        'password: "<your password>"',
        'password = "${DB_PASSWORD}"',
        'password = os.environ["DB_PASSWORD"]',
        'api_key = os.getenv("API_KEY")',
        'const token = process.env.TOKEN ?? "";',
        'password = f"{prefix}-{value}"',
        'secret = "{{ vault.secret }}"',
        'password_field = "login_password"',
        'TOKEN_URL = "https://auth.acme.io/oauth/token"',
        'token_type = "bearer"',
        'label: { password: "Enter your password" }',
        "def login(password: str = None) -> None: ...",
        "const { password, token } = req.body;",
        "if token == other.token: pass",
        "tokens = tokenizer.encode(text)",
        'url = "https://user:password@example.com/"',
        'url = f"postgres://{user}:{password}@{host}/db"',
        'if text.startswith("-----BEGIN PRIVATE KEY-----"):',
        'raise ValueError("secret: must not be empty")',
        "compass = 'north12345'",
        'access_token = "access_token"',
        'login(username, password="Password (8 or more)")',
        "password: !vault encrypted",
        "secret: !Ref DatabaseSecret",
        'password = hash_password(form["password"])',
        "Token=get_token()",
        """pattern = "(?:(?P<password>" ".join(parts)" + ")\"""",
        'PASSWORD_SAFE = "".join(chars)',
        'token = "" if off else load9("x")',
        "mysql -u root -p app",
        "mysql -proot app",
        "the --password option of mysql -p",
        "curl -u user:$PASSWORD https://acme.io",
        'user, password = "svc", ask()',
        'user, password = load("svc"), "x"',
        'variable "db_password" {\n  type = string\n}\nvariable "size" {\n  default = "large-9000"\n}',
        "- name: DB_PASSWORD\n  valueFrom: secret\n",
        'passphrase = "enter the passphrase again please"',
        'mnemonic = "add"',
        'mnemonic = "test test test test test test test test test test test junk"',
    ],
)
def test_placeholders_and_ordinary_code_are_not_found(text: str) -> None:
    assert values(text) == []


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ('DB_PASSWORD = "hunter2!x"', "password", "hunter2!x"),
        ("dbPassword := `Tr0ub4dor&3`", "password", "Tr0ub4dor&3"),
        ('{"client_secret": "' + HEX + '"}', "secret", HEX),
        ('const apiKey: string = "' + ALNUM[:32] + '"', "api-key", ALNUM[:32]),
        ('os.environ["AUTH_TOKEN"] = "' + ALNUM + '"', "token", ALNUM),
        ("aws_secret_access_key = " + ALNUM, "secret", ALNUM),
        ('url = "postgres://svc:k9x72-Lq@db.internal.acme.io/app"', "database-url", "k9x72-Lq"),
        ('curl -H "Authorization: Bearer ' + ALNUM + '"', "authorization", ALNUM),
        ('headers = {"Authorization": "Basic c3ZjOms5eDcyLUxxMTI="}', "authorization", "c3ZjOms5eDcyLUxxMTI="),
    ],
)
def test_a_literal_with_a_telling_name_is_found_and_sure(text: str, kind: str, value: str) -> None:
    assert sure(text) == [(kind, value)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('password = "correcthorse"', "correcthorse"),
        ('os.getenv("DB_PASSWORD", "s3cr3t-9")', "s3cr3t-9"),
        ("Server=db;User=sa;Password=Sup3r!x;", "Sup3r!x"),
        ("<password>geheim9</password>", "geheim9"),
        ('mysql --password="geheim9"', "geheim9"),
        ("PGPASSWORD=geheim9 psql", "geheim9"),
        ("ENV API_KEY abc123def456", "abc123def456"),
        ('get(url, auth=("user", "pa55word!"))', "pa55word!"),
        ('client.setApiKey("abc123def456");', "abc123def456"),
        ('password = "it\'s9x!"', "it's9x!"),
        ('"{\\"password\\": \\"geheim9\\"}"', "geheim9"),
        ('SECRET_KEY = "django-insecure-8$k2j!x9v@"', "django-insecure-8$k2j!x9v@"),
        ('headers["Authorization"] = "token abc123def456"', "abc123def456"),
        ('password = ("part1xx9"', "part1xx9"),
        ('password = """part1xx9"""', "part1xx9"),
        ('password = "p@ss w0rd"', "p@ss w0rd"),
        ("mysql -u root -pgeheim9 app", "geheim9"),
        ("mysqldump --host=db -p'geheim 9x!' app", "geheim 9x!"),
        ("sshpass -p geheim9 ssh svc@host", "geheim9"),
        ("curl -s -u svc:geheim9 https://acme.io", "geheim9"),
        ("deploy --token abc123def456 --now", "abc123def456"),
        ('user, password = "svc", "geheim9"', "geheim9"),
        ('[user, password] = ["svc", "geheim9"]', "geheim9"),
        ("const [user, apiKey] = ['svc', 'abc123def456'];", "abc123def456"),
        ('variable "db_password" {\n  type = string\n  default = "geheim9"\n}', "geheim9"),
        ("- name: DB_PASSWORD\n  value: geheim9x!\n", "geheim9x!"),
        ('<add key="ClearTextPassword" value="geheim9" />', "geheim9"),
        ('passphrase = "correct horse battery staple"', "correct horse battery staple"),
        (
            "key: LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCk1JSUV2UUlCQURBTkJna3Foa2lHOXcw",
            "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCk1JSUV2UUlCQURBTkJna3Foa2lHOXcw",
        ),
    ],
)
def test_a_doubtful_value_is_redacted_even_where_it_is_not_reported(text: str, value: str) -> None:
    assert value in values(text)


@pytest.mark.parametrize(
    "token",
    [
        "ghp_" + ALNUM[:36],
        "AKIA" + "7777777777777777"[:4] + "X7PLM2QZRT5W",
        "eyJ" + "hbGciOiJIUzI1NiJ9" + ".eyJ" + "zdWIiOiIxMjM0NTY3ODkwIn0" + "." + ALNUM,
        "eyJ" + "hbGciOiJIUzI1NiJ9" + "." + "eyJ" + ALNUM + "." + ALNUM,
        "pypi-AgE" + "XyZaS5vcmc" + ALNUM + ALNUM,
        "glc_" + ALNUM,
        pem("\n".join(ALNUM for _ in range(6))),
    ],
)
def test_a_token_that_nobody_can_have_issued_is_redacted_and_not_reported(token: str) -> None:
    text = f"value = `{token}`\n"
    assert values(text) != []
    assert sure(text) == []


def test_what_proves_that_a_token_was_issued_is_kept() -> None:
    der = b64encode(b"\x30\x82\x01\x00" + bytes(range(256))).decode()
    claims = encoded({"alg": "HS256"}) + "." + encoded({"sub": "8721", "iss": "acme"}) + "." + ALNUM
    for token, proof in (
        ("ghp_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ" + "0mLq17", "issued"),  # the example of GitHub's own announcement
        (issued("npm_"), "issued"),
        (claims, "issued"),
        (pem(der), "issued"),
        ("sk_" + "test_" + ALNUM[:24], "sandbox"),
        ("sk_" + "live_" + ALNUM[:24], "form"),
    ):
        (found,) = find_secrets(f"value = `{token}`\n", "a.py")
        assert (found.proof, found.sure) == (proof, True)


def test_the_key_of_a_public_web_page_is_not_reported() -> None:
    key = "AIza" + ALNUM[:35]
    assert sure(f'{{apiKey: "{key}", authDomain: "acme.firebaseapp.com"}}', "web/app.js") == []
    assert sure(f'{{apiKey: "{key}"}}', "web/app.js") != []


def test_seed_phrases_are_reported() -> None:
    words = "cactus ribbon planet oven fossil maple tiger anchor velvet stone cradle prism"
    assert sure(f'MNEMONIC = "{words}"') == [("seed-phrase", words)]


def test_configuration_needs_no_quotes() -> None:
    assert values("db:\n  password: k9x72Lq\n", "config/app.yaml") == ["k9x72Lq"]
    assert values("db = {password: k9x72Lq}\n", "app.py") == []


def test_a_secret_in_a_test_is_redacted_but_not_reported_unless_its_shape_says_so() -> None:
    assert sure('password = "hunter2!x"', "tests/test_login.py") == []
    assert values('password = "hunter2!x"', "tests/test_login.py") == ["hunter2!x"]
    assert sure(f'key = "{TOKENS[0][1]}"', "tests/test_login.py") != []


def test_a_private_key_is_found_without_its_frame() -> None:
    text = f"KEY = '''\n{pem()}\n'''\n"
    assert find_secrets(text, "a.py") == (
        Secret("private-key", text.index(BODY), text.index(BODY) + len(BODY), 2, sure=True),
    )


def test_a_private_key_on_one_line_is_found() -> None:
    text = '"key": "' + pem().replace("\n", "\\n") + '"'
    (found,) = find_secrets(text, "a.json")
    assert "MIIE" not in text[: found.start] + text[found.end :]


def test_a_private_key_without_an_end_is_found_as_far_as_it_looks_like_one() -> None:
    text = pem().rpartition("\n")[0] + "\n\ndef main() -> None:\n    pass\n"
    assert values(text) == [BODY]


def test_overlapping_finds_become_one() -> None:
    token = TOKENS[1][1]
    text = f'github_token = "{token}.suffix-9"'
    assert values(text) == [f"{token}.suffix-9"]


@pytest.mark.parametrize(
    "path",
    [".env", "app/.env.production", "prod.env", "keys/server.pem", "id_rsa", "home/.ssh/id_ed25519", "a/.npmrc",
     "infra/prod.tfvars", "store.JKS", "C:\\app\\.env", ".aws/credentials", "config/secrets.yaml"],
)  # fmt: skip
def test_files_that_hold_secrets_are_known_by_name(path: str) -> None:
    assert is_secret_file(path)


@pytest.mark.parametrize(
    "path", [".env.example", "id_rsa.pub", "environment.py", "src/secrets.py", "keyboard.ts", "README.md"]
)
def test_other_files_are_not(path: str) -> None:
    assert not is_secret_file(path)


def seconds(piece: str, size: int) -> float:
    text = piece * (size // len(piece))
    started = time.process_time()
    find_secrets(text, "bundle.js")
    return time.process_time() - started


@pytest.mark.parametrize("piece", ["a", "x = f(y, 'z'); ", "0123456789abcdef"])
def test_five_megabytes_on_one_line_take_less_than_two_seconds(piece: str) -> None:
    assert seconds(piece, 5_000_000) < 2.0


@pytest.mark.parametrize(
    "piece",
    [
        'token="',
        "sk-",
        "password: ",
        "password=",
        "-----BEGIN PRIVATE KEY-----",
        "eyJ",
        "://a:",
        "pass: 'x",
        "mysql -",
        "mysql ",
        "curl x -u a:",
        "--token ",
        'variable "password" {',
        "password, ",
        "name: token\n",
        "token, x = ",
        ":AA",
        "-us",
        "passphrase='a a ",
    ],
)
def test_hostile_lines_take_linear_time(piece: str) -> None:
    small, large = seconds(piece, 100_000), seconds(piece, 500_000)
    assert large < max(12 * small, 1.0)  # five times the text; quadratic growth would take 25 times as long


@pytest.mark.parametrize(
    "name",
    [
        "backups/ghp_" + "R7kQ2vX9mB4nT6wY1zC8dF3gH5jL0pS2aE4u.sql",
        "tests/test_core_AKIA" + "QZ7XJ2KLM3NPRS4T.py",
        "a/glpat-" + "q8Zt3Rw6Yx1Vb9Nc4Md7",
        "hf_" + "QwErTyUiOpAsDfGhJkLzXcVbNmQaZwSxEd/model.bin",
    ],
)
def test_a_name_holds_a_token(name: str) -> None:
    assert holds_token(name)
    assert is_never_shown(name)


@pytest.mark.parametrize(
    "name",
    [
        "dist/main.8f3ab2c1.js",
        "assets/index-Bx7Kd92f.js",
        "migrations/20240105_3fa85f64-5717-4562-b3fc-2c963f66afa6.sql",
        "objects/4b/1d0c2e5f6a7b8c9d0e1f2a3b4c5d6e7f8091a2c3",
        "blobs/sha256/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "cache/key-d41d8cd98f00b204e9800998ecf8427e.json",
        "img/SK9f86d081884c7d659a2feaa0c55ad015.png",
        "sk-learn-2023-some-long-name-v2-of-the-thing.py",
        "locales/sk-SK-translation-of-the-2024-release.md",
        "tests/test_that_a_very_long_name_with_2023_numbers_is_fine_v2.py",
        "package-lock.json",
    ],
)
def test_an_ordinary_name_was_taken_for_a_token(name: str) -> None:
    assert not holds_token(name)
