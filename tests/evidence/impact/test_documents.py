"""Documents that still name what is gone from the code, and their nearest innocent neighbours."""

from __future__ import annotations

import pytest

from tests.evidence.conftest import Review, callers, of

CODE = (
    "import argparse\nimport os\n\nLIMIT = os.environ.get('APP_LIMIT')\n\n\ndef fetch_all(url):\n    return url\n\n\n"
    "def main():\n    parser = argparse.ArgumentParser()\n    parser.add_argument('-r', '--max-retries')\n"
    "    parser.add_argument('--quiet')\n    return parser\n"
)


@pytest.mark.parametrize(
    ("old", "new", "document", "line"),
    [
        ("fetch_all", "fetch_some", "# Use\n\nCall `fetch_all(url)` first.\n", 3),
        ("fetch_all", "fetch_some", "# Use\n\n```python\nfetch_all('a')\n```\n", 4),
        ("APP_LIMIT", "APP_MOST", "# Settings\n\n| APP_LIMIT | the limit |\n", 3),
        ("--max-retries", "--retries", "# Use\n\n    app --max-retries 3\n", 3),
    ],
)
def test_a_document_that_names_what_is_gone_is_told(
    review: Review, old: str, new: str, document: str, line: int
) -> None:
    before = {"app.py": CODE, "docs/use.md": document}
    (found,) = of(review(before, {"app.py": CODE.replace(old, new)}), "impact:document")
    assert (found.file, found.side, found.severity) == ("app.py", "old", "low")
    assert callers(found) == [("docs/use.md", line)]
    assert f"`{old}`" in found.message


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("docs/use.md", "We fetch_all kinds of things.\n"),
        ("docs/use.md", "`fetch_all` was removed: call `fetch_some`.\n"),
        ("docs/use.md", "`fetch_all_pages(url)` and `prefetch_all`.\n"),
        ("CHANGELOG.md", "Added `fetch_all`.\n"),
        ("docs/api.rst", "API\n\n.. versionchanged:: 1.0\n    A change.\n\n    Another.\n\n    Added ``fetch_all``.\n"),
        ("docs/migration.md", "Replace `fetch_all`.\n"),
        ("other.py", "def fetch_all(): ...\n"),
        ("other.py", "getattr(app, 'fetch_all')\n"),
        ("other.toml", "hook = 'fetch_all'\n"),
        ("off.py", "def page():\n    # found = fetch_all(url)\n    return 1\n"),
        ("off.js", "function page() {\n  // fetch_all(url);\n}\n"),
    ],
)
def test_what_is_of_the_past_or_still_there_is_not_told(review: Review, path: str, text: str) -> None:
    before = {"app.py": CODE, path: text, "docs/more.md": "Call `fetch_all(url)`.\n" if path == "other.py" else ""}
    assert of(review(before, {"app.py": CODE.replace("fetch_all", "fetch_some")}), "impact:document") == []


def test_a_docstring_elsewhere_that_names_it_is_told(review: Review) -> None:
    before = {"app.py": CODE, "b.py": 'def page():\n    """One page of what `fetch_all` gives."""\n'}
    (found,) = of(review(before, {"app.py": CODE.replace("fetch_all", "fetch_some")}), "impact:document")
    assert callers(found) == [("b.py", 2)]


def test_documents_changed_with_the_code_are_no_finding(review: Review) -> None:
    before = {"app.py": CODE, "docs/use.md": "Call `fetch_all(url)`.\n"}
    after = {"app.py": CODE.replace("fetch_all", "fetch_some"), "docs/use.md": "Call `fetch_some(url)`.\n"}
    assert of(review(before, after), "impact:document") == []


BODY = "class Body(Stream):\n    def size(self):\n        return 1\n"
WRITABLE = BODY + "\n    def is_writable(self):\n        return False\n"


@pytest.mark.parametrize(
    ("text", "told"), [("Every stream has `is_writable()`.\n", False), ("Ask `Body.is_writable()`.\n", True)]
)
def test_a_method_that_a_document_may_mean_of_the_base_is_told_only_with_its_class(
    review: Review, text: str, told: bool
) -> None:
    before = {"body.py": WRITABLE, "docs/streams.md": text}
    assert bool(of(review(before, {"body.py": BODY}), "impact:document")) is told
