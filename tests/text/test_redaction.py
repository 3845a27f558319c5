"""Redaction: no secret remains, no line moves, what is not secret stays as it is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rebuttal.text.positions import git_lines
from rebuttal.text.redaction import Redaction, Redactor, redact
from rebuttal.text.secrets import find_secrets
from tests.text.test_secrets import ALNUM, BODY, TOKENS, pem

KEY = TOKENS[0][1]

harmless = st.text(alphabet=st.characters(exclude_characters="\n", codec="utf-8"), max_size=30)
secret_line = st.sampled_from(
    [f"call('{token}')" for kind, token in TOKENS if kind != "azure-key"]
    + ['password = "hunter2!x"', 'url = "redis://svc:k9x72-Lq@cache.acme.io"', pem(), pem().replace("\n", "\r\n")]
)
texts = st.lists(harmless | secret_line, max_size=12).flatmap(
    lambda lines: st.sampled_from(["\n", "\r\n"]).map(lambda end: end.join(lines))
)


@given(texts, st.sampled_from(["a.py", "b.ts", "c.yaml", "tests/d.go"]))
def test_lines_stay_in_number_and_secrets_go(text: str, path: str) -> None:
    redacted = redact(text, path).text
    before, after = git_lines(text), git_lines(redacted)
    assert len(before) == len(after)
    secrets = find_secrets(text, path)
    values = [line for one in secrets for line in text[one.start : one.end].split()]
    assert not [value for value in values if len(value) >= 8 and not value.isalpha() and value in redacted]
    for old, new in zip(before, after, strict=True):
        assert old == new or "«redacted:" in new


@given(texts)
def test_redacting_twice_changes_nothing(text: str) -> None:
    once = redact(text, "a.py").text
    assert redact(once, "a.py").text == once


@given(st.text())
def test_any_text_keeps_its_lines_and_line_ends(text: str) -> None:
    redacted = redact(text, "x.env.example").text
    assert [line[-1:] == "\n" for line in git_lines(redacted)] == [line[-1:] == "\n" for line in git_lines(text)]


def test_the_same_secret_has_the_same_placeholder_in_every_file() -> None:
    redactor = Redactor()
    other = "AKIA" + "ZZ7XJ2KLM3NPRS4T"
    first = redactor.redact(f"a = '{KEY}'\nb = '{other}'\n", "a.py")
    second = redactor.redact(f"c = '{other}'\n", "b.py")
    assert first.text == "a = '«redacted:aws-key:1»'\nb = '«redacted:aws-key:2»'\n"
    assert second.text == "c = '«redacted:aws-key:2»'\n"
    assert first.redactions == (Redaction("a.py", 1, "aws-key"), Redaction("a.py", 2, "aws-key"))


def test_a_value_that_only_another_file_gives_away_is_replaced_too() -> None:
    redactor = Redactor()
    redactor.learn(f'api_key = "{ALNUM}"\n', "settings.py")
    assert ALNUM not in redactor.redact(f"print('{ALNUM}')\n", "other.py").text


def test_each_line_of_a_key_is_replaced_and_its_frame_stays() -> None:
    text = f'KEY = """\n{pem()}\n"""\n'
    lines = redact(text, "a.py").text.split("\n")
    assert lines[1].startswith("-----BEGIN")
    assert lines[6].startswith("-----END")
    assert lines[2:6] == ["«redacted:private-key:1»"] * 4
    assert not any(line in "\n".join(lines) for line in BODY.split("\n"))


def test_many_secrets_do_not_multiply_the_work() -> None:
    text = "\n".join(f'api_key = "{ALNUM[:30]}{n:06d}"' for n in range(3000))
    redacted = redact(text, "a.py")
    assert ALNUM[:30] not in redacted.text
    assert len(redacted.redactions) == 3000


def test_a_weak_password_does_not_blot_out_the_variable_of_the_same_name() -> None:
    text = "login(password='user_name1')\nuser_name1 = load()\n"
    assert redact(text, "a.py").text == "login(password='«redacted:password:1»')\nuser_name1 = load()\n"
