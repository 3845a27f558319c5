"""TODOs that stay although the change does what they ask for."""

from __future__ import annotations

import pytest

from tests.evidence.conftest import Files, Review, of

STUB = """\
def load(path):
    # TODO: implement reading of the file
    raise NotImplementedError
"""
DONE = STUB.replace("raise NotImplementedError", "with open(path) as file:\n        return file.read()")
SLEEP = """\
def wait(client):
    # TODO: use client.wait_ready() here
    while not client.ready:
        sleep(1)
    return client
"""
READY = SLEEP.replace("while not client.ready:\n        sleep(1)", "client.wait_ready()")
GO = """\
package shop

func Total(items []Item) int {
\t// FIXME: remove oldRate
\treturn sum(items) * oldRate
}
"""
JAVA = "class A {\n  int f() {\n    // TODO: write\n    throw new UnsupportedOperationException();\n  }\n}\n"
ISSUE = "def f(x):\n    # TODO: x may be None here, see #412\n    return x + 1\n"


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ({"a.py": STUB}, {"a.py": DONE}, "replaces the stub"),
        ({"a.py": SLEEP}, {"a.py": READY}, "brings in client.wait_ready"),
        ({"a.go": GO}, {"a.go": GO.replace("* oldRate\n", "* rate()\n")}, "takes out oldRate"),
        ({"a.py": ISSUE, "CHANGELOG.md": "# 1\n"},
         {"a.py": ISSUE.replace("x + 1", "(x or 0) + 1"), "CHANGELOG.md": "# 1\n- Nothing is counted as 0 (#412).\n"},
         "names #412"),
        ({"a.rs": "fn f() -> u8 {\n    // TODO implement\n    todo!()\n}\n"},
         {"a.rs": "fn f() -> u8 {\n    // TODO implement\n    count() + 1\n}\n"}, "replaces the stub"),
        ({"A.java": JAVA}, {"A.java": JAVA.replace("throw new UnsupportedOperationException()", "return count + 1")},
         "replaces the stub"),
    ],
)  # fmt: skip
def test_done_but_still_noted(review: Review, before: Files, after: Files, words: str) -> None:
    found = of(review(before, after), "upkeep:todo")
    assert len(found) == 1
    assert words in found[0].message
    assert "TODO" in found[0].quote or "FIXME" in found[0].quote


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"a.py": STUB}, {"a.py": DONE.replace("    # TODO: implement reading of the file\n", "")}),
        ({"a.py": STUB}, {"a.py": STUB.replace("raise NotImplementedError", "raise NotImplementedError(path)")}),
        ({"a.py": SLEEP}, {"a.py": SLEEP.replace("sleep(1)", "sleep(2)")}),
        ({"a.py": SLEEP}, {"a.py": f"{SLEEP}\n\ndef other(client):\n    client.wait_ready()\n"}),
        ({"a.py": SLEEP.replace("here", "once 3.9 is gone")}, {"a.py": READY.replace("here", "once 3.9 is gone")}),
        ({"a.py": "x = 1\n"}, {"a.py": DONE}),
        ({"a.go": GO}, {"a.go": GO.replace("sum(items)", "total(items)")}),
        ({"a.py": ISSUE, "CHANGELOG.md": "# 1\n"}, {"a.py": f"{ISSUE}\n\nx = 1\n", "CHANGELOG.md": "- Done (#413).\n"}),
    ],
    ids=["note gone", "still a stub", "something else", "elsewhere", "later", "new note", "not gone", "other issue"],
)  # fmt: skip
def test_not_done_or_not_noted(review: Review, before: Files, after: Files) -> None:
    assert of(review(before, after), "upkeep:todo") == []
