"""What offers, runs or links something that is gone, and its nearest innocent neighbours."""

from __future__ import annotations

import pytest

from tests.evidence.conftest import Review, callers, of

NET = "def fetch(url):\n    return url\n\n\ndef serve():\n    return fetch('a')\n"
GONE = "def fetch(url):\n    return url\n"
ENTRY = '[project.scripts]\nserve = "app.net:serve"\n'


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        ("pyproject.toml", ENTRY, 2),
        ("setup.cfg", "[options.entry_points]\nconsole_scripts =\n    serve = app.net:serve\n", 3),
        (
            "tests/test_net.py",
            "from unittest import mock\n\n\n@mock.patch('app.net.serve')\ndef test_it(one): ...\n",
            4,
        ),
        ("config/settings.py", 'HANDLERS = ["app.net.serve"]\n', 1),
        ("docs/api.rst", "API\n===\n\n.. autofunction:: app.net.serve\n", 4),
    ],
)
def test_a_name_that_is_gone_but_named_by_its_module_is_told(review: Review, path: str, text: str, line: int) -> None:
    before = {"app/__init__.py": "", "app/net.py": NET, path: text}
    (found,) = of(review(before, {"app/net.py": GONE}), "impact:export")
    assert (found.file, found.side) == ("app/net.py", "old")
    assert callers(found) == [(path, line)]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("pyproject.toml", ENTRY.replace("app.net", "other.net")),
        ("pyproject.toml", "# " + ENTRY.replace("\n", "\n# ")),
        ("config/settings.py", "HANDLERS = ['serve', 'net.served', 'x.app.net.serve']\n"),
        ("CHANGES.md", "`app.net.serve` is new\n"),
    ],
)
def test_a_name_of_something_else_is_not_told(review: Review, path: str, text: str) -> None:
    before = {"app/__init__.py": "", "app/net.py": NET, path: text}
    assert of(review(before, {"app/net.py": GONE}), "impact:export") == []


def test_a_package_that_still_lists_what_it_no_longer_imports_is_told(review: Review) -> None:
    before = {"app/__init__.py": "from .net import fetch, serve\n\n__all__ = ['fetch', 'serve']\n", "app/net.py": NET}
    after = {"app/__init__.py": "from .net import fetch\n\n__all__ = ['fetch', 'serve']\n"}
    (found,) = of(review(before, after), "impact:export")
    assert "`serve`" in found.message
    assert found.severity == "high"


@pytest.mark.parametrize(
    "init",
    [
        "from .net import fetch\n\n__all__ = ['fetch']\n",
        "from .net import *\n\n__all__ = ['fetch', 'serve']\n",
        "from .net import fetch\n\n__all__ = ['fetch', 'serve']\n\n\ndef __getattr__(name): ...\n",
        "from .net import fetch\n\nserve = fetch\n__all__ = ['fetch', 'serve']\n",
    ],
)
def test_a_package_that_still_has_what_it_lists_is_not_told(review: Review, init: str) -> None:
    before = {"app/__init__.py": "from .net import fetch, serve\n\n__all__ = ['fetch', 'serve']\n", "app/net.py": NET}
    assert of(review(before, {"app/__init__.py": init}), "impact:export") == []


RUN = "print('building')\n" * 5


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        ("Makefile", "all:\n\tpython scripts/build_all.py\n", 2),
        ("Dockerfile", "FROM a\nCOPY scripts/build_all.py /app/\n", 2),
        (".github/workflows/ci.yml", "jobs:\n  a:\n    steps:\n      - run: python scripts/build_all.py\n", 4),
        ("package.json", '{\n  "scripts": { "build": "python ./scripts/build_all.py" }\n}\n', 2),
        ("README.md", "See [the script](scripts/build_all.py).\n", 1),
        ("docs/build.md", "See [the script](../scripts/build_all.py#main).\n", 1),
        ("scripts/run.sh", "set -e\npython build_all.py\n", 2),
    ],
)
@pytest.mark.parametrize("moved", [True, False])
def test_the_path_of_a_file_that_is_gone_is_told(review: Review, path: str, text: str, line: int, moved: bool) -> None:
    before = {"scripts/build_all.py": RUN, path: text}
    after = {"scripts/build_all.py": None, **({"tools/build_all.py": RUN} if moved else {})}
    (found,) = of(review(before, after), "impact:export")
    assert callers(found) == [(path, line)]
    assert ("was moved to tools/build_all.py" in found.message) == moved


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (
            "Makefile",
            "all:\n\tpython tools/build_all.py\n\tpython other/scripts/build_all.py\n\tcp $(X)/build_all.py y\n",
        ),
        ("Makefile", "all:\n\t# scripts/build_all.py\n"),
        ("README.md", "The script build_all.py was written long ago: scripts/build_all.py.\n"),
        ("CHANGELOG.md", "See [the script](scripts/build_all.py).\n"),
        ("docs/a.md", "[it](https://example.org/scripts/build_all.py)\n"),
        ("clean.sh", "set -e\nrm -f build scripts/build_all.py\n"),
        (".rubocop.yml", "AllCops:\n  Exclude:\n    - 'vendor/**'\n    - 'scripts/build_all.py'\n"),
        ("codecov.yml", "ignore:\n- vendor\n- scripts/build_all.py\n"),
        ("pyproject.toml", "[tool.black]\nextend-exclude = [\n    'vendor',\n    'scripts/build_all.py',\n]\n"),
    ],
)
def test_the_path_of_another_file_is_not_told(review: Review, path: str, text: str) -> None:
    before = {"scripts/build_all.py": RUN, path: text, "tools/build_all.py": "x = 1\n"}
    assert of(review(before, {"scripts/build_all.py": None}), "impact:export") == []


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        ("pyproject.toml", '[project.scripts]\nserve = "app.net:serve"\n', 2),
        ("Procfile", "web: python -m app.net\n", 1),
        ("mypy.ini", "[mypy-app.net]\nignore_errors = True\n", 1),
    ],
)
def test_the_module_of_a_file_that_moved_is_told(review: Review, path: str, text: str, line: int) -> None:
    before = {"app/__init__.py": "", "app/net.py": NET, path: text}
    (found,) = of(review(before, {"app/net.py": None, "app/web.py": NET}), "impact:export")
    assert callers(found) == [(path, line)]
    same = {"app/net.py": None, "app/net/__init__.py": NET}
    assert of(review(before, same), "impact:export") == []


def test_an_asset_that_code_names_by_path_is_told(review: Review) -> None:
    before = {"src/main.ts": "import './main.css'\nimport logo from '../logo.svg'\n", "src/main.css": "a {}\n"}
    (found,) = of(review(before, {"src/main.css": None}), "impact:export")
    assert callers(found) == [("src/main.ts", 1)]


def test_a_name_in_a_list_of_what_to_ignore_is_not_told(review: Review) -> None:
    conf = "nitpick_ignore = [\n    # private\n    ('py:class', 'a.b'),\n    ('py:class', 'app.net.Server'),\n]\n"
    net = "class Server:\n    pass\n\n\nclass Other:\n    pass\n"
    before = {"app/__init__.py": "", "app/net.py": net, "docs/conf.py": conf}
    assert of(review(before, {"app/net.py": "class Other:\n    pass\n"}), "impact:export") == []
