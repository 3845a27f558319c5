"""What a JavaScript file still exports under a name that it no longer defines."""

from __future__ import annotations

import pytest

from rebuttal.evidence.impact.jsexports import still_exports
from tests.evidence.conftest import Review, callers, of

ERRORS = (
    "class Timeout extends Error {}\nfunction wait() { throw new Timeout(); }\nmodule.exports = { wait, Timeout };\n"
)
USER = "const { wait, Timeout } = require('./errors');\nwait();\nnew Timeout();\n"


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("export { a as wanted };", True),
        ("export { wanted as a };", False),
        ("export {\n  a,\n  wanted,\n};", True),
        ("export { wanted } from './b';", True),
        ("export function other(a: wanted) {}", False),
        ("export const { wanted } = all;", True),
        ("module.exports = { a, wanted: a };", True),
        ("module.exports = { a };", False),
        ("exports.wanted = a;", True),
        ("Object.defineProperty(exports, 'wanted', { get });", True),
    ],
)
def test_exported_names_are_read(text: str, offered: bool) -> None:
    assert still_exports(text, "wanted", bound=False) is offered


@pytest.mark.parametrize(
    "text", ["module.exports = all;", "module.exports = { ...all };", "export * from './b';", "var a;"]
)
def test_what_cannot_be_listed_may_hold_a_name_that_the_file_knows(text: str) -> None:
    assert still_exports(text, "wanted", bound=True)
    assert not still_exports(text, "wanted", bound=False)


def test_a_renamed_class_that_is_exported_under_its_old_name_too_is_not_gone(review: Review) -> None:
    after = ERRORS.replace("Timeout", "Late").replace("wait, Late }", "wait, Late, Timeout: Late }")
    assert of(review({"errors.js": ERRORS, "user.js": USER}, {"errors.js": after}), "impact:") == []


def test_a_class_that_moved_and_is_only_taken_back_is_gone_for_importers(review: Review) -> None:
    lines = ERRORS.split("\n")
    after = "\n".join(["const { Timeout } = require('./late');", lines[1], "module.exports = { wait };", ""])
    late = lines[0] + "\nmodule.exports = { Timeout };\n"
    (found,) = of(review({"errors.js": ERRORS, "user.js": USER}, {"errors.js": after, "late.js": late}), "impact:")
    assert callers(found) == [("user.js", 1)]


def test_a_parameter_that_moves_up_takes_what_was_meant_for_the_one_before_it(review: Review) -> None:
    before = {"a.js": "export function load(file, env) { return [file, env]; }\n"}
    before["b.js"] = "import { load } from './a';\nload('x', process.env);\n"
    (found,) = of(review(before, {"a.js": "export function load(env) { return [env]; }\n"}), "impact:")
    assert callers(found) == [("b.js", 2)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "const URL = require('whatwg-url').URL;\nmodule.exports = (a) => new URL(a);\n",
            "module.exports = (a) => new URL(a);\n",
        ),
        (
            "type Level = 'a';\ndeclare function go(a: Level): void;\nexport = go;\n",
            "declare namespace go {\n  type Level = 'a';\n  function run(a: Level): void;\n}\nexport = go;\n",
        ),
    ],
)
def test_a_name_that_the_platform_or_a_namespace_inside_gives_is_not_gone(
    review: Review, before: str, after: str
) -> None:
    assert of(review({"a.d.ts": before}, {"a.d.ts": after}), "impact:removed") == []
