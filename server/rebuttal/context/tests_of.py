"""The tests of a changed file by its name: `test_foo.py`, `FooTest.java`, `foo_test.go`, `foo.spec.ts`."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator, Sequence

from rebuttal.change.model import FileDiff
from rebuttal.context.candidates import TEST_NAMED, TEST_OUTLINE, family, whole
from rebuttal.context.changed import touched
from rebuttal.context.code import Code
from rebuttal.context.packing import Candidate
from rebuttal.context.places import FUNCTIONS, nameable
from rebuttal.text.languages import is_test, language_of
from rebuttal.text.model import Symbol

_FILES = 2
_TESTS = 3
_OUTLINED = 25
_STARTS = ("test_", "Test", "spec_", "test-", "")
_ENDS = (
    "_test",
    "_tests",
    "_spec",
    ".test",
    ".spec",
    "-test",
    "-spec",
    "Test",
    "Tests",
    "TestCase",
    "Spec",
    "Suite",
    "IT",
    "",
)
_FOLDER_FILES = frozenset({"__init__", "index", "mod", "lib", "main"})


def tests_by_name(diff: FileDiff, old: Code, code: Code, changed: Collection[str]) -> Iterator[Candidate]:
    """The tests in files named after the changed one: those that name what it touches, else what there is to test.

    `changed`: the files of the change; their tests are in the diff."""
    if is_test(diff.path) or language_of(diff.path) is None:
        return
    names = {one.name for one in touched(diff, old, code, nameable)}
    for path in test_files(diff.path, code):
        if path in changed:
            continue
        tests = [one for one in code.symbols(path) if one.kind in FUNCTIONS]
        naming = list(_naming(path, tests, names, code))[:_TESTS]
        for number, one in enumerate(naming):
            reason = f"{one.qualified} tests {diff.path}, by its name and words"
            yield whole(path, one, reason, round(TEST_NAMED - 0.02 * number, 2), names)
        if not naming and tests:
            only = frozenset(one.name_line for one in tests[:_OUTLINED])
            reason = f"tests of {diff.path}, by their names"
            yield Candidate(path, "new", min(only), max(only), reason, TEST_OUTLINE, only=only)


def test_files(path: str, code: Code) -> list[str]:
    """The files that test `path` by their name, nearest first."""
    folder, name = posixpath.split(path)
    stem, ending = posixpath.splitext(name)
    stem = stem.removesuffix(".d")
    if stem in _FOLDER_FILES:
        stem = posixpath.basename(folder) if posixpath.basename(folder) not in ("src", "") else stem
    kind = family(language_of(path))
    stems = dict.fromkeys((stem, stem.lstrip("_")))
    endings = (ending, ".ts", ".tsx", ".js", ".jsx", ".mjs") if kind == "javascript" else (ending,)
    named = {
        file
        for each in stems
        for start in _STARTS
        for end in _ENDS
        for suffix in endings
        if start or end or each == stem
        for file in code.named(f"{start}{each}{end}{suffix}")
    }
    found = [one for one in named if one != path and is_test(one) and family(language_of(one)) == kind]
    return sorted(found, key=lambda one: (-_alike(one, path), len(one), one))[:_FILES]


def _naming(path: str, tests: Sequence[Symbol], names: Collection[str], code: Code) -> Iterator[Symbol]:
    lines = {use.line for use in code.references(path) if use.name in names and use.kind != "import"}
    for one in tests:
        if any(one.start_line <= line <= one.end_line for line in lines):
            yield one


def _alike(one: str, path: str) -> int:
    """How many folders the two paths share: `tests/app/` mirrors `src/app/`."""
    return len(set(one.split("/")[:-1]) & set(path.split("/")[:-1]))
