"""Our reader of .gitattributes against git's own, and the names of files that are not reviewed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebuttal.change.attributes import Attributes
from rebuttal.change.skipping import skip_by_name, skip_by_text
from tests.gitrepo import GitRepo

FILES = {
    ".gitattributes": """# a comment
*.gen linguist-generated
/top.txt linguist-generated=true
docs/* linguist-generated
deep/** linguist-vendored
**/any/x.py linguist-generated
a/**/z.py linguist-vendored
"with space.py" linguist-generated
[ab].c linguist-generated
[!ab].h linguist-generated
q?.py linguist-generated
!neg.py linguist-generated
folder/ linguist-generated
star\\*.py linguist-generated
""",
    "sub/.gitattributes": """keep.gen -linguist-generated
local.py linguist-generated=false
/x.py linguist-vendored
unset.gen !linguist-generated
""",
}
PATHS = (
    "a.gen",
    "sub/a.gen",
    "sub/keep.gen",
    "sub/unset.gen",
    "top.txt",
    "sub/top.txt",
    "docs/a",
    "docs/b/c",
    "deep/a",
    "deep/b/c",
    "any/x.py",
    "p/q/any/x.py",
    "",
    "a/z.py",
    "a/b/z.py",
    "a/b/c/z.py",
    "with space.py",
    "a.c",
    "b.c",
    "c.c",
    "a.h",
    "c.h",
    "q1.py",
    "q12.py",
    "neg.py",
    "folder/x",
    "sub/local.py",
    "sub/x.py",
    "",
    "sub/y/x.py",
    "star*.py",
    "starx.py",
    "A.GEN",
)


def test_patterns_mean_what_they_mean_to_git(git_repo: GitRepo) -> None:
    for path, text in FILES.items():
        git_repo.write(path, text)
    ours = Attributes(FILES.get)
    for path in PATHS:
        for attribute in ("linguist-generated", "linguist-vendored"):
            theirs = git_repo.git("check-attr", attribute, "--", path).rpartition(": ")[2]
            expected = {"set": True, "unset": False, "unspecified": None, "true": True, "false": False}[theirs]
            assert ours.get(path, attribute) == expected, (path, attribute)


@given(st.text(alphabet='*ab/[]!\\ "#?-=\n', max_size=60), st.text(alphabet="ab/", min_size=1, max_size=40))
def test_no_file_of_attributes_breaks_the_reader(text: str, path: str) -> None:
    Attributes({".gitattributes": text}.get).get(path, "a")


@pytest.mark.timeout(10)
def test_a_pattern_full_of_stars_does_not_hang_the_review() -> None:
    text = "*a" * 60 + "b x\n" + "**/" * 60 + "nothing x\n"
    assert Attributes({".gitattributes": text}.get).get("a" * 4000, "x") is None
    assert Attributes({".gitattributes": text}.get).get("a/" * 1000 + "a", "x") is None


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("Cargo.lock", "lock file"),
        ("sub/go.sum", "lock file"),
        ("locks.py", None),
        ("api/v1_pb2.py", "generated"),
        ("dist/a.js", "generated"),
        ("distance/a.js", None),
        ("src/distribution.py", None),
        ("x/node_modules/y/z.js", "vendored"),
        ("vendors.py", None),
        ("jquery-min.js", "minified"),
        ("admin.js", None),
    ],
)
def test_well_known_names(path: str, reason: str | None) -> None:
    assert skip_by_name(path, Attributes(lambda _: None)) == reason


def test_the_base_may_ask_for_a_review_of_what_is_skipped_by_name() -> None:
    attributes = Attributes({".gitattributes": "dist/** -linguist-generated\nvendor/** -linguist-vendored\n"}.get)
    assert skip_by_name("dist/a.js", attributes) is None
    assert skip_by_name("vendor/a.go", attributes) is None


def test_minified_text_is_told_by_its_lines_not_its_size() -> None:
    assert skip_by_text("a.js", None, "var a = 1;\n" * 5000) is None
    assert skip_by_text("a.js", None, "var a=1;" * 5000) == "minified"
    assert skip_by_text("data.py", None, "x" * 5000) is None


def test_a_change_that_joins_its_lines_is_not_minified() -> None:
    assert skip_by_text("a.js", "var a = 1;\n", "var a=1;" * 5000) is None
    assert skip_by_text("a.js", "var a=1;" * 5000, "var a = 1;\n") == "minified"
