"""New settings that no document names."""

from __future__ import annotations

import pytest

from tests.evidence.conftest import Files, Review, of

PYTHON = """\
parser.add_argument("--output", help="where to")
parser.add_argument(
    "--dry-run", action="store_true"
)
"""
CLICK = "@click.option('-o', '--output')\n@click.option('--dry-run', is_flag=True)\ndef main(): ...\n"
GO = """\
package cmd

func init() {
\tcmd.Flags().StringP("output", "o", "", "x")
\tcmd.Flags().BoolVar(&dry, "dry-run", false, "x")
}
"""
RUST = 'fn app() {\n    Arg::new("o").long("output");\n    Arg::new("d").long("dry-run");\n}\n'
ENVIRONMENT = 'import os\n\nA = os.environ["SHOP_HOST"]\nB = os.getenv("SHOP_PORT", "80")\n'
NODE = "const a = process.env.SHOP_HOST;\nconst b = process.env['SHOP_PORT'];\n"
DEFAULTS = 'DEFAULTS = {\n    "max_rows": 10,\n    "time_zone": "UTC",\n}\n'
TAGS = 'package conf\n\ntype Config struct {\n\tA int `yaml:"max_rows"`\n\tB string `yaml:"time_zone"`\n}\n'
README = "# Shop\n\n`--output`, `--dry-run`; SHOP_HOST and SHOP_PORT; `max_rows`, `time_zone`.\n"


@pytest.mark.parametrize(
    ("path", "before", "after", "name"),
    [
        ("cli.py", PYTHON, f'{PYTHON}parser.add_argument("--verbose")\n', "option --verbose"),
        ("cli.py", CLICK, CLICK.replace("def main", "@click.option('-v', '--verbose')\ndef main"), "option --verbose"),
        ("cli.go", GO, GO.replace("}\n", '\tcmd.Flags().Bool("verbose", false, "x")\n}\n'), "option --verbose"),
        ("cli.rs", RUST, RUST.replace("}\n", '    Arg::new("v").long("verbose");\n}\n'), "option --verbose"),
        ("conf.py", ENVIRONMENT, f'{ENVIRONMENT}C = os.environ.get("SHOP_DEBUG")\n', "environment variable SHOP_DEBUG"),
        ("conf.js", NODE, f"{NODE}const c = process.env.SHOP_DEBUG;\n", "environment variable SHOP_DEBUG"),
        ("conf.py", DEFAULTS, DEFAULTS.replace("}\n", '    "page_size": 5,\n}\n'), "configuration key page_size"),
        ("conf.go", TAGS, TAGS.replace("}\n", '\tC int `yaml:"page_size"`\n}\n'), "configuration key page_size"),
    ],
)
def test_no_document_names_it(review: Review, path: str, before: str, after: str, name: str) -> None:
    found = of(review({path: before, "README.md": README}, {path: after}), "upkeep:undocumented")
    assert [(one.raised_by, f"The new {name} stands in no document" in one.message) for one in found] == [
        (("documentation",), True)
    ]
    documented = review({path: before, "README.md": README}, {path: after, "README.md": f"{README}\n{name}\n"})
    assert of(documented, "upkeep:undocumented") == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"cli.py": PYTHON}, {"cli.py": f'{PYTHON}parser.add_argument("--verbose")\n'}),
        ({"cli.py": PYTHON, "CHANGELOG.md": README}, {"cli.py": f'{PYTHON}parser.add_argument("--verbose")\n'}),
        ({"cli.py": PYTHON, "README.md": README},
         {"cli.py": f'{PYTHON}parser.add_argument("--verbose", help=argparse.SUPPRESS)\n'}),
        ({"cli.py": PYTHON, "README.md": README}, {"tests/cli.py": f'{PYTHON}parser.add_argument("--verbose")\n'}),
        ({"a.py": PYTHON, "b.py": 'parser.add_argument("--verbose")\n', "README.md": README},
         {"a.py": f'{PYTHON}parser.add_argument("--verbose")\n', "b.py": None}),
        ({"conf.py": ENVIRONMENT, "README.md": README}, {"conf.py": f'{ENVIRONMENT}C = os.environ["GITHUB_TOKEN"]\n'}),
        ({"conf.py": DEFAULTS, "README.md": README}, {"conf.py": DEFAULTS.replace("10", "20")}),
    ],
    ids=["no documents", "only the changelog", "hidden", "a test", "moved", "somebody else's", "not new"],
)  # fmt: skip
def test_nothing_is_said(review: Review, before: Files, after: Files) -> None:
    assert of(review(before, after), "upkeep:undocumented") == []
