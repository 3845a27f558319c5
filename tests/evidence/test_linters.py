from __future__ import annotations

import json
import subprocess
import sys

import pytest

from rebuttal.evidence.linting.config import Suppressed
from rebuttal.evidence.linting.ruff import lint, ruff_executable, run_command
from rebuttal.evidence.linting.ruff_rules import RULES
from rebuttal.evidence.model import CheckFailed, Completed
from rebuttal.text.positions import LineIndex
from tests.evidence.conftest import Review, of

CLEAN = "import os\n\n\ndef f(a):\n    return os.path.join(a)\n"


def rules(review: Review, before: str, after: str, path: str = "a.py", **more: str) -> list[str]:
    return [one.rule for one in of(review({path: before, **more}, {path: after}), "ruff:")]


def test_a_fault_on_an_added_line_is_found_where_it_stands(review: Review) -> None:
    (found,) = of(review({"a.py": CLEAN}, {"a.py": CLEAN + "\n\ndef g(é='😀', b=[]):\n    return b\n"}), "ruff:")
    assert (found.rule, found.file, found.side, found.severity) == ("ruff:B006", "a.py", "new", "medium")
    assert found.quote == "def g(é='😀', b=[]):"
    assert (found.range.start.line, found.range.start.character, found.range.end.character) == (7, 16, 18)
    assert found.raised_by == ("code-reviewer",)
    assert found.message.endswith(".")


def test_a_fault_that_stood_in_the_base_is_not_reported(review: Review) -> None:
    before = "def g(b=[]):\n    return b\n"
    assert rules(review, before, before + "\n\nx = 1\n") == []


def test_moved_and_reindented_faults_are_not_new(review: Review) -> None:
    before = "def g(b=[]):\n    return b\n\n\nx = 1\n"
    after = "x = 1\n\n\nclass A:\n    def g(b=[]):\n        return b\n"
    assert rules(review, before, after) == []


def test_a_fault_moved_to_another_file_is_not_new(review: Review) -> None:
    evidence = review(
        {"a.py": "def g(b=[]):\n    return b\n"}, {"a.py": "x = 1\n", "b.py": "def g(b=[]):\n    return b\n"}
    )
    assert of(evidence, "ruff:") == []


def test_a_second_copy_of_a_fault_is_new(review: Review) -> None:
    before = "def g(b=[]):\n    return b\n"
    assert rules(review, before, before + "\n\nclass A:\n    def g(b=[]):\n        return b\n") == ["ruff:B006"]


def test_a_fault_on_a_line_that_was_altered_otherwise_is_not_new(review: Review) -> None:
    assert rules(review, "def g(a, b=[]):\n    return b\n", "def g(a, b=[], c=1):\n    return b\n") == []


def test_removing_an_import_tells_of_the_names_left_behind_once_each(review: Review) -> None:
    after = CLEAN.replace("import os\n", "import re\n") + "\n\nos.getcwd()\n"
    (found,) = of(review({"a.py": CLEAN}, {"a.py": after}), "ruff:")
    assert (found.rule, found.severity) == ("ruff:F821", "high")
    assert found.quote == "    return os.path.join(a)"
    assert [one.range.start.line for one in found.related] == [7]


def test_style_is_left_to_the_projects_own_linter(review: Review) -> None:
    after = "import os, sys\nl = lambda: 1\nx = f'a'\ntry:\n    l()\nexcept Exception:\n    pass\nassert x\nprint(x)\n"
    assert rules(review, "", after) == []


def test_tests_may_do_what_code_may_not(review: Review) -> None:
    after = "import pickle\n\n\ndef test_it(text):\n    pickle.loads(b'')\n    1 == 2\n    eval(text)\n"
    assert rules(review, "", after, "tests/test_a.py") == []
    assert set(rules(review, "", after, "src/a.py")) == {"ruff:S301", "ruff:B015", "ruff:S307"}


def test_a_test_that_replaces_another_of_the_same_name_is_found(review: Review) -> None:
    one = "def test_a():\n    assert f()\n"
    assert "ruff:F811" in rules(review, one, one + "\n\n" + one.replace("f()", "f"), "tests/test_a.py", **{"f.py": ""})


def test_a_weak_hash_speaks_only_where_a_secret_is_hashed(review: Review) -> None:
    after = "import hashlib\n\ndef f(page, password):\n    hashlib.md5(page)\n    hashlib.md5(password)\n"
    (found,) = of(review({"a.py": ""}, {"a.py": after}), "ruff:")
    assert found.range.start.line == 4


@pytest.mark.parametrize(
    "comment", ["# nosec", "# noqa", "# noqa: S307", "# NOQA:F401,S307", "# noqa: S307 - looked at"]
)
def test_a_comment_that_the_change_brings_makes_its_own_fault_quiet_and_does_not_hide_it(
    review: Review, comment: str
) -> None:
    (found,) = of(review({"a.py": ""}, {"a.py": f"def g(b):\n    return eval(b)  {comment}\n"}), "")
    assert (found.rule, found.severity) == ("ruff:S307", "low")
    assert "The change itself silences this (# no" in found.message.replace("NOQA", "noqa")


def test_a_comment_for_the_whole_file_does_not_hide_the_faults_that_come_with_it(review: Review) -> None:
    fault = "def g(b=[]):\n    return b\n"
    assert rules(review, "", "# ruff: noqa\n" + fault) == ["ruff:B006"]
    assert rules(review, "# ruff: noqa\n", "# ruff: noqa\n" + fault) == []
    assert rules(review, "# flake8: noqa: B006\n", "# flake8: noqa: B006\n" + fault) == []
    assert rules(review, "# flake8: noqa: B007\n", "# flake8: noqa: B007\n" + fault) == ["ruff:B006"]


def test_a_comment_of_the_base_is_honoured(review: Review) -> None:
    before = "def g(b):\n    return eval(b)  # nosec\n\n\ndef h(b=[]):  # noqa: B006\n    return b\n"
    assert rules(review, before, before.replace("eval(b)", "eval(b + 1)").replace("h(b", "h(a, b")) == []


def test_a_comment_about_another_rule_silences_nothing(review: Review) -> None:
    (found,) = of(review({"a.py": ""}, {"a.py": "def g(b=[]):  # noqa: S307\n    return b\n"}), "ruff:")
    assert (found.rule, "silences" in found.message) == ("ruff:B006", False)
    assert rules(review, "", "def g(b=[]):  # nosec\n    return b\n") == ["ruff:B006"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", '[tool.ruff.lint]\nignore = ["B"]\n'),
        ("ruff.toml", 'lint.extend-ignore = ["B006"]\n'),
        ("pyproject.toml", '[tool.ruff.lint.per-file-ignores]\n"*.py" = ["B0"]\n'),
    ],
)
def test_what_the_bases_own_configuration_ignores_is_ignored(review: Review, name: str, text: str) -> None:
    fault = "def g(b=[]):\n    return b\n"
    assert rules(review, "", fault, **{name: text}) == []


def test_a_change_cannot_silence_its_own_review(review: Review) -> None:
    after = {"a.py": "def g(b=[]):\n    return b\n", "ruff.toml": 'lint.ignore = ["ALL"]\n'}
    assert [one.rule for one in of(review({"a.py": ""}, after), "ruff:")] == ["ruff:B006"]


def test_selectors_mean_what_they_mean_to_ruff() -> None:
    assert Suppressed(("S",)).holds("S102", "a.py")
    assert not Suppressed(("S",)).holds("SIM220", "a.py")
    assert Suppressed(("PL",)).holds("PLE0101", "a.py")
    assert Suppressed(("ALL",)).holds("F821", "a.py")
    assert Suppressed((), (("tests/**", ("B",)),)).holds("B006", "tests/unit/a.py")
    assert not Suppressed((), (("tests/**", ("B",)),)).holds("B006", "src/a.py")


def test_a_safe_fix_is_offered_and_applies(review: Review) -> None:
    text = "def f(x):\n    return x is 'é'\n"
    (found,) = of(review({"a.py": ""}, {"a.py": text}), "ruff:F632")
    assert found.fix is not None
    (edit,) = found.fix.edits
    index = LineIndex(text)
    fixed = text[: index.offset(edit.range.start)] + edit.new_text + text[index.offset(edit.range.end) :]
    assert fixed == "def f(x):\n    return x == 'é'\n"


def test_crlf_files_keep_their_positions(review: Review) -> None:
    (found,) = of(review({"a.py": "x = 1\r\n"}, {"a.py": "x = 1\r\n\r\ndef g(b=[]):\r\n    return b\r\n"}), "ruff:")
    assert (found.range.start.line, found.quote) == (2, "def g(b=[]):")


def test_new_syntax_is_accepted(review: Review) -> None:
    after = "type A[T] = list[T]\n\n\ndef f[T](x: T) -> T:\n    match x:\n        case 1:\n            return x\n"
    assert review({"a.py": ""}, {"a.py": after}).findings == ()


def test_all_rules_are_known_to_ruff_and_stable(tmp_path: object) -> None:
    from pathlib import Path

    done = run_command([ruff_executable(), "rule", "--all", "--output-format", "json"], Path(str(tmp_path)))
    import json

    known = {entry["code"]: entry for entry in json.loads(done.stdout)}
    assert {code for code in RULES if code not in known or known[code]["preview"]} == set()


@pytest.mark.parametrize(
    "answer", [Completed(2, "", "boom"), Completed(0, "no json", ""), Completed(0, '[{"code":1}]', "")]
)
def test_a_ruff_that_fails_degrades_the_review_and_loses_nothing_else(review: Review, answer: Completed) -> None:
    before = {"a.py": "def f(a): ...\n", "b.py": "from a import f\n\nf(1)\n"}
    evidence = review(before, {"a.py": "def f(a, b): ...\n"}, run=lambda _command, _folder: answer)
    assert [one.rule for one in evidence.findings] == ["impact:signature"]
    assert [one.seat for one in evidence.degraded] == ["linters"]


def test_a_missing_ruff_is_told_in_one_sentence() -> None:
    from rebuttal.change.model import FileDiff

    def missing(_command: list[str], _folder: object) -> Completed:
        raise FileNotFoundError("no ruff")

    with pytest.raises(CheckFailed, match="could not be run"):
        lint([FileDiff("a.py", "added", None, "x = 1\n", ())], missing)


def test_a_frozen_default_of_a_dataclass_is_no_fault(review: Review) -> None:
    head = "from dataclasses import dataclass\n\nfrom data import Point\n\n\n@dataclass\nclass Event:\n"
    assert review({"a.py": "x = 1\n"}, {"a.py": head + "    at: Point = Point()\n"}).findings == ()


def test_a_name_that_a_magic_in_a_block_defines_was_undefined(review: Review) -> None:
    source = "for one in (1, 2):\n    %run setup.py\nload()\n"
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "source": source}
    text = json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    assert of(review({}, {"a.ipynb": text}), "ruff:F821") == []


@pytest.mark.parametrize(
    ("after", "path"),
    [
        (
            (
                "def f(app):\n    @app.errorhandler(1)\n    def h(e):\n        return e\n\n"
                "    @app.errorhandler(2)\n    def h(e):\n        pass\n"
            ),
            "a.py",
        ),
        ("from .user import user\n\n\ndef f():\n    user = 1\n    return user\n", "p/__init__.py"),
        ("from m import a, b, a\n\nprint(a, b)\n", "a.py"),
    ],
)
def test_a_function_that_its_decorator_keeps_is_not_lost_by_a_second_one(review: Review, after: str, path: str) -> None:
    assert rules(review, "", after, path) == []


def test_a_fixture_defined_twice_is_found_in_spite_of_its_decorator(review: Review) -> None:
    one = "@pytest.fixture\ndef it():\n    return 1\n\n\n"
    assert rules(review, "import pytest\n", "import pytest\n\n\n" + one + one) == ["ruff:F811"]


@pytest.mark.parametrize(
    "line",
    [
        "return super(A, self).__init__()",
        "return Base.__init__(self)",
    ],
)
def test_an_init_that_returns_what_another_returned_is_no_fault(review: Review, line: str) -> None:
    assert rules(review, "", f"class A(Base):\n    def __init__(self):\n        {line}\n".replace("Base", "list")) == []
    assert rules(review, "", "class A:\n    def __init__(self):\n        return 1\n") == ["ruff:PLE0101"]


def test_a_default_that_is_converted_at_once_may_be_of_any_type(review: Review) -> None:
    text = "import os\n\nA = int(os.environ.get('A', 80))\nB = os.environ.get('B', False)\n"
    (found,) = of(review({"a.py": ""}, {"a.py": text}), "ruff:")
    assert found.range.start.line == 3


def test_a_division_by_zero_is_there_to_fail(review: Review) -> None:
    assert rules(review, "", "def f(r):\n    r.content  # reads it to the end\n    1 / 0\n") == []


def test_a_cache_that_keeps_one_entry_leaks_nothing(review: Review) -> None:
    text = "import functools\n\n\nclass A:\n    @functools.lru_cache(maxsize=1)\n    def f(self):\n        return 1\n"
    assert rules(review, "", text) == []
    assert rules(review, "", text.replace("maxsize=1", "maxsize=None")) == ["ruff:B019"]


def test_one_habit_in_one_file_is_one_finding(review: Review) -> None:
    (found,) = of(review({"a.py": ""}, {"a.py": "A = '\\*\\*'\nB = '\\*'\n"}), "ruff:W605")
    assert [one.range.start.line for one in found.related] == [1]


@pytest.mark.parametrize(
    "after",
    [
        "def f(s):\n    return unicode(s)\n",
        "try:\n    f = 1\nexcept ValueError, e:\n    print(e)\n",
        "print 'x'\n",
    ],
)
def test_python_2_is_no_fault_where_the_repository_speaks_it(review: Review, after: str) -> None:
    old = "for a in {}.iteritems():\n    pass\n"
    assert [one.rule for one in review({"a.py": "", "b.py": old}, {"a.py": after}).findings] == []


def test_python_2_is_a_fault_elsewhere(review: Review) -> None:
    found = review({"a.py": "", "b.py": ""}, {"a.py": "def f(s):\n    return unicode(s)\n", "b.py": "print 'x'\n"})
    assert sorted(one.rule for one in found.findings) == ["ruff:F821", "syntax:error"]


def test_a_fault_that_a_test_makes_on_purpose_and_silences_is_not_told(review: Review) -> None:
    after = "def f():\n    nosuch()  # noqa: F821\n"
    assert rules(review, "", after, "tests/test_a.py") == []
    assert rules(review, "", after) == ["ruff:F821"]


def test_a_fault_whose_words_changed_in_place_was_taken_for_a_new_one(review: Review) -> None:
    before = "import os\n\nA = os.environ.get('A', False)\n"
    assert rules(review, before, before.replace("False", "True")) == []
    assert rules(review, "", before, "b.py") == ["ruff:PLW1508"]


def test_a_habit_that_the_file_has_already_was_told_again(review: Review) -> None:
    before = "def f(a):\n    return a is 'b'\n"
    assert rules(review, before, before + "\n\ndef g(a):\n    return a is 'c'\n") == []


def test_the_signature_that_docutils_asks_for_was_taken_for_a_fault(review: Review) -> None:
    text = "def role(name, text, lineno, inliner, options={}, content=[]):\n    return text\n"
    assert rules(review, "", text, "ext.py") == []
    (found,) = of(review({"b.py": ""}, {"b.py": text.replace("inliner, ", "")}), "ruff:B006")
    assert found.related == ()


def test_the_name_that_sphinx_gives_its_configuration_was_taken_for_undefined(review: Review) -> None:
    assert rules(review, "", "tags.add('release')\n", "doc/conf.py") == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("setup.py", "about = {}\nwith open('v.py') as f:\n    exec(f.read(), about)\n"),
        ("pkg/_vendor/a.py", "def f(a=[]):\n    return a\n"),
        ("a.py", "def f(g):\n    try:\n        return g()\n    except:\n        g.undo()\n        raise\n"),
    ],
)
def test_code_of_others_builds_and_handlers_that_raise_again_were_taken_for_faults(
    review: Review, path: str, text: str
) -> None:
    assert rules(review, "", text, path) == []


def test_a_local_variable_with_the_name_of_an_import_was_taken_for_a_redefinition(review: Review) -> None:
    after = "from m import cli\n\n\ndef f():\n    cli = 1\n    return cli\n"
    assert rules(review, "", after) == []
    assert rules(review, "", "from m import cli\n\n\ndef cli():\n    return 1\n", "b.py") == ["ruff:F811"]


def test_an_attribute_that_is_read_to_see_whether_it_is_there_was_taken_for_a_useless_line(review: Review) -> None:
    after = "def f(a):\n    try:\n        a.b\n    except AttributeError:\n        a.b = 1\n"
    assert rules(review, "", after) == []


_EIGHT_AT_ONCE = """
import sys, threading
from rebuttal.evidence.linting.ruff import ruff_executable

sys.setswitchinterval(1e-6)
together = threading.Barrier(8)

def look():
    together.wait()
    ruff_executable()

threads = [threading.Thread(target=look) for _ in range(8)]
for one in threads:
    one.start()
for one in threads:
    one.join()
"""


def test_reviews_that_begin_at_the_same_time_all_find_ruff() -> None:
    command = [sys.executable, "-c", _EIGHT_AT_ONCE]
    for _ in range(3):  # without the lock, most tries fail
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert "Error" not in done.stderr
