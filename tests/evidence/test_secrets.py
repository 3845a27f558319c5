from __future__ import annotations

import json

import pytest

from rebuttal.text.positions import LineIndex
from tests.evidence.conftest import Review, of

KEY = "AKIA" + "Q3EGRZ7YTBW2LN5D"
OTHER = "AKIA" + "X7PLM2QZRT5WDK3N"
LINE = f'client = connect("{KEY}", retries=3)'


def test_a_new_secret_is_found_and_never_repeated(review: Review) -> None:
    text = f"import os\n\n{LINE}\n"
    (found,) = of(review({"a.py": "import os\n"}, {"a.py": text}), "secrets:")
    assert (found.rule, found.severity, found.category) == ("secrets:aws", "critical", "security")
    assert found.quote == 'client = connect("«redacted:aws-key»", retries=3)'
    assert LineIndex(text).slice(found.range) == KEY
    assert KEY not in repr((found.title, found.message, found.quote, found.trace, found.related))
    assert found.raised_by == ("security-analyst",)


def test_a_secret_that_stood_in_the_base_is_not_reported_even_when_it_moves(review: Review) -> None:
    assert of(review({"a.py": f"{LINE}\n"}, {"a.py": f"x = 1\n\n{LINE}  # moved\n"}), "secrets:") == []
    assert of(review({"b.py": f"{LINE}\n"}, {"b.py": "x = 1\n", "c.py": f"{LINE}\n"}), "secrets:") == []


def test_another_secret_in_place_of_a_known_one_is_new(review: Review) -> None:
    (found,) = of(review({"a.py": f"{LINE}\n"}, {"a.py": LINE.replace(KEY, OTHER) + "\n"}), "secrets:")
    assert OTHER not in repr(found)


def test_files_that_are_not_reviewed_are_searched_too(review: Review) -> None:
    lock = '{"name": "x", "lockfileVersion": 3, "resolved": "https://example.org/?key=' + KEY + '"}\n'
    (found,) = of(review({"package-lock.json": "{}\n"}, {"package-lock.json": lock}), "secrets:")
    assert found.file == "package-lock.json"
    assert KEY not in repr(found)


def test_a_file_that_somebody_ignores_is_searched_all_the_same(review: Review) -> None:
    before = {".rebuttalignore": "private/\n", ".gitattributes": "*.gen linguist-generated\n"}
    (ignored,) = of(review(before, {"private/a.py": f"{LINE}\n"}), "secrets:")
    (generated,) = of(review({}, {"b.gen": f"{LINE.replace(KEY, OTHER)}\n"}), "secrets:")
    assert (ignored.file, generated.file) == ("private/a.py", "b.gen")


def test_a_secret_that_moves_between_files_that_are_not_reviewed_is_not_new(review: Review) -> None:
    before = {".rebuttalignore": "private/\n", "private/a.py": f"{LINE}\n"}
    assert of(review(before, {"private/a.py": None, "private/b.py": f"{LINE}\n"}), "secrets:") == []


def test_too_much_text_that_is_not_reviewed_is_said_and_not_searched(
    review: Review, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rebuttal.evidence.secrets.MAX_UNREVIEWED", 10)
    evidence = review({}, {"vendor/a.py": f"{LINE}\n", "vendor/b.py": f"{LINE}\n", "vendor/c.py": "x = 1\n"})
    assert [one.file for one in of(evidence, "secrets:")] == ["vendor/a.py"]
    assert evidence.notes == ("Of what is not reviewed, 2 files were not searched for secrets: it is too much text.",)


def test_environment_lookups_and_placeholders_are_no_secrets(review: Review) -> None:
    after = 'import os\n\npassword = os.environ["PASSWORD"]\napi_key = "<your key>"\ntoken = get_token()\n'
    assert of(review({"a.py": ""}, {"a.py": after}), "secrets:") == []


def test_a_key_in_a_test_is_worth_a_look_and_no_alarm(review: Review) -> None:
    key = 'KEY = "AKIA' + 'Q3EGRTVX7PLMN2KD"\n'
    found = review({"a.py": "x = 1\n"}, {"a.py": "x = 1\n" + key, "tests/test_a.py": key}).findings
    assert [(one.file, one.severity) for one in found] == [("a.py", "critical"), ("tests/test_a.py", "medium")]


def notebook(source: str, *printed: str) -> str:
    """A notebook of two cells; the second prints."""
    outputs = [{"output_type": "stream", "name": "stdout", "text": [f"{line}\n" for line in printed]}]
    cells = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "source": ["x = 1\n", "y = 2"]},
        {"cell_type": "code", "metadata": {}, "outputs": outputs, "source": source.splitlines(keepends=True)},
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1) + "\n"


def test_a_key_that_a_cell_printed_was_missed_where_its_source_changed_too(review: Review) -> None:
    text = notebook("print(x)\nprint(y)", "hello", f"key = {KEY}")
    (found,) = of(review({"a.ipynb": notebook("print(x)")}, {"a.ipynb": text}), "secrets:")
    assert found.title == "Secret in the outputs of a cell: aws key"
    assert LineIndex(text).slice(found.range) == KEY
    assert KEY not in repr((found.quote, found.message, found.trace))
    assert found.cell is not None
    assert found.cell.index == 1


def test_a_key_in_the_source_of_a_cell_is_told_once_and_in_its_output_besides(review: Review) -> None:
    text = notebook(f'key = "{KEY}"\nprint(key)', KEY)
    found = of(review({"a.ipynb": notebook("print(x)")}, {"a.ipynb": text}), "secrets:")
    assert [(one.title, one.cell is None) for one in found] == [
        ("Secret in the code: aws key", True),
        ("Secret in the outputs of a cell: aws key", False),
    ]


def test_a_key_that_a_cell_printed_before_is_not_new(review: Review) -> None:
    before, after = notebook("print(x)", KEY), notebook("print(y)", "hello", KEY)
    assert of(review({"a.ipynb": before}, {"a.ipynb": after}), "secrets:") == []


def test_a_file_too_long_to_search_is_said_and_not_passed_over(review: Review, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rebuttal.evidence.secrets.MAX_CHARACTERS", 10)
    evidence = review({}, {"vendor/a.py": f"{LINE}\n"})
    assert evidence.notes == ("Of what is not reviewed, 1 file was not searched for secrets: it is too much text.",)


def test_a_notebook_that_cannot_be_read_was_not_searched_for_secrets(review: Review) -> None:
    (found,) = of(review({"a.ipynb": notebook("x = 1")}, {"a.ipynb": f'{{"cells": [\n{LINE}\n'}), "secrets:")
    assert (found.file, found.range.start.line) == ("a.ipynb", 1)


def test_a_test_key_of_stripe_is_worth_a_word_and_no_alarm(review: Review) -> None:
    body = "a8Kd03LmQ2zXv91TnB4yRw7E"
    found = of(review({"a.py": ""}, {"a.py": f'K = "sk_{"test"}_{body}"\nL = "sk_{"live"}_{body}"\n'}), "secrets:")
    assert [(one.severity, one.rule) for one in found] == [("critical", "secrets:stripe"), ("low", "secrets:stripe")]
    assert "test environment" in found[1].message


DIGEST = "21aec83d523e5dcc7daa669d1d7de6cebe242426"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (".secrets.baseline", f'  "hashed_secret": "{DIGEST}",\n'),
        ("basic.py", "LOGIN = re.compile(\n    r'.*?://[^:]+:([^@]+)@',\n)\n"),
        (".codecov.yml", "codecov:\n  token: 87cefb17-c44b-4f2f-8b30-1fff5769ce46\n"),
    ],
)
def test_what_lets_nobody_in_was_taken_for_a_secret(review: Review, path: str, text: str) -> None:
    assert of(review({path: "x\n"}, {path: text}), "secrets:") == []


def test_a_key_in_hexadecimal_is_no_digest(review: Review) -> None:
    (found,) = of(review({"a.py": "x\n"}, {"a.py": f'api_secret = "{DIGEST}"\n'}), "secrets:")
    assert found.severity == "critical"


def test_the_key_of_a_certificate_that_tests_serve_with_is_not_told(review: Review) -> None:
    body = "MIIEpAIBAAKCAQEA6RXzrGlw2JS" + "/npLX7KhmK0gLKE23u86o6aMPZ6lFOD5i0btmDGmlvHwKJ3lJ"
    key = f"-----BEGIN RSA PRIVATE KEY-----\n{body}\n{body[::-1]}\n-----END RSA PRIVATE KEY-----\n"
    assert of(review({"a.py": ""}, {"middleware/testing/key.pem": key}), "secrets:") == []
    assert len(of(review({"a.py": ""}, {"middleware/tls/key.pem": key}), "secrets:")) == 1
