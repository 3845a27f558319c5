"""Java, C# and PHP: a changed signature or a removed name, each with its nearest innocent neighbour."""

from __future__ import annotations

import pytest

from tests.evidence.conftest import Files, Review, callers, of

NET = "package app.net;\n\npublic class Net {\n    public String fetch(String url) {\n        return url;\n    }\n}\n"
NEW_NET = NET.replace("(String url)", "(String url, int timeout)")


def java(body: str, head: str = "import app.net.Net;\n", package: str = "app") -> str:
    return f"package {package};\n\n{head}\npublic class Use {{\n{body}\n}}\n"


@pytest.mark.parametrize(
    ("use", "line"),
    [
        ('    String go(Net net) { return net.fetch("a"); }', 6),
        ('    private final Net net = new Net();\n    String go() { return this.net.fetch("a"); }', 7),
        ('    private Net net;\n    String go() { return net.fetch("a"); }', 7),
        ('    String go() { Net one = make(); return one.fetch("a"); }', 6),
        ('    String go() { var one = new Net(); return one.fetch("a"); }', 6),
        ('    String go() { return new Net().fetch("a"); }', 6),
        ('    static class Sub extends Net { String go() { return fetch("a"); } }', 6),
        ('    static class Sub extends Net { String go() { return super.fetch("a"); } }', 6),
        ('    static class Sub extends Net {}\n    String go(Sub sub) { return sub.fetch("a"); }', 7),
    ],
)
def test_java_calls_that_the_new_signature_refuses(review: Review, use: str, line: int) -> None:
    found = of(
        review({"src/app/net/Net.java": NET, "src/app/Use.java": java(use)}, {"src/app/net/Net.java": NEW_NET}),
        "impact:",
    )
    assert [one.rule for one in found] == ["impact:signature"]
    assert callers(found[0]) == [("src/app/Use.java", line)]
    assert "misses `timeout`" in found[0].message
    assert "`Net.fetch()` changed (`timeout` is new and required)" in found[0].message
