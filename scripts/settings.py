"""Write what follows from the table of settings (server/rebuttal/settings/schema.py) where people and VS Code read it.

python scripts/settings.py          writes: the table of docs/settings.md, `contributes.configuration` of
                                    client-vscode/package.json, and client-vscode/src/settings.generated.ts
python scripts/settings.py --check  writes nothing; exit code 1 where one of them is not as it would be written
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from rebuttal.settings import MOST_MONEY
from rebuttal.settings.schema import SCHEMA, Row, Shown, default

ROOT = Path(__file__).resolve().parent.parent
COMMAND = "python scripts/settings.py"

DOCS = Path("docs/settings.md")
BEGIN = f"<!-- settings: written by `{COMMAND}` from server/rebuttal/settings/schema.py -->"
END = "<!-- end of settings -->"

PACKAGE = Path("client-vscode/package.json")
CLIENT_ONLY = ("linters", "endpoint", "serverCommand", "trace.server")
"""Settings of the extension itself: written by hand in package.json."""

LISTS = Path("client-vscode/src/settings.generated.ts")

OTHERS = {
    "free": "may set",
    "ordered": "may narrow",
    "smaller": "may lower",
    "added": "may add",
    "own": "may not",
    "config": "may not",
}


def camel_case(key: str) -> str:
    """`max_cost_per_day` -> `maxCostPerDay`: a setting's name in VS Code."""
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), key)


def docs_table() -> str:
    """The table of docs/settings.md."""
    lines = ["| key | default | meaning | others |", "|---|---|---|---|"]
    for row in SCHEMA:
        key = {"models": '[models."MODEL"]', "prices": '[prices."MODEL"]', "worth": "[worth]"}.get(row.key, row.key)
        lines.append(f"| `{key}` | {_told(row)} | {row.meaning}{_place(row)} | {OTHERS[row.others]} |")
    return "\n".join(lines)


def _place(row: Row) -> str:
    return "; in `config.toml` only" if row.others == "config" else ""


def _told(row: Row) -> str:
    """The default, as config.toml has it."""
    value = default(row)
    if row.kind == "table" or value == "":
        return ""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{list(value)}`" if isinstance(value, tuple) else f"`{value}`"


def properties() -> dict[str, dict[str, Any]]:
    """What VS Code's settings editor shows, in the order of the table."""
    shown = [(row, row.shown) for row in SCHEMA if row.shown is not None]
    return {
        f"rebuttal.{camel_case(row.key)}": {
            **_type(row),
            "scope": how.scope,
            "order": place,
            **_tags(how),
            "markdownDescription": how.text,
        }
        for place, (row, how) in enumerate(shown, 1)
    }


def _tags(how: Shown) -> dict[str, Any]:
    return {"tags": ["usesOnlineServices"]} if how.costs else {}


def _type(row: Row) -> dict[str, Any]:
    value = default(row)
    if row.kind == "choice":
        told = {"enumDescriptions": list(row.words.values())} if any(row.words.values()) else {}
        return {"type": "string", "enum": list(row.words), **told, "default": value}
    if row.kind == "switch":
        return {"type": "boolean", "default": value}
    if row.kind == "count":
        return {"type": "integer", "minimum": row.least, "maximum": row.most, "default": value}
    if row.kind in ("money", "rate"):
        return {
            "type": "number" if value is not None else ["number", "null"],
            **({"minimum": 0} if row.kind == "money" else {"exclusiveMinimum": 0}),
            "maximum": MOST_MONEY,
            "default": _number(value),
        }
    if row.kind in ("globs", "rules", "seats"):
        return {"type": "array", "items": {"type": "string"}, "default": list(value)}
    # Empty stands for the server's own default: what an editor would repeat would be old one day.
    code = {"pattern": "^([A-Za-z]{3})?$"} if row.kind == "currency" else {}
    return {"type": "string", **code, "default": ""}


def _number(value: Decimal | None) -> float | None:
    """As JSON has it: 1, not 1.0."""
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def client_lists() -> str:
    """The module of the client that says which setting goes to the server by which way."""
    return "\n".join(
        [
            f"// Written by `{COMMAND}` from server/rebuttal/settings/schema.py: change that instead.",
            "",
            "/** Settings that a workspace may set or narrow. */",
            *_list("NARROWING", "resource"),
            "",
            "/** Settings with machine scope: VS Code itself lets no workspace set them. */",
            *_list("WIDENING", "machine"),
            "",
        ]
    )


def _list(name: str, scope: str) -> list[str]:
    keys = [camel_case(row.key) for row in SCHEMA if row.shown is not None and row.shown.scope == scope]
    return [f"export const {name} = [", *(f'  "{key}",' for key in keys), "] as const;"]


def docs(text: str) -> str:
    """docs/settings.md with the table as it must be."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{DOCS} must have the lines {BEGIN} and {END}: put them around its table.")
    return f"{before}{BEGIN}\n\n{docs_table()}\n\n{END}{after}"


def package(text: str) -> str:
    """package.json with the configuration as it must be; what is the client's own stays."""
    manifest = json.loads(text)
    configuration = manifest["contributes"]["configuration"]
    given: Mapping[str, Any] = configuration["properties"]
    own = {key: given[key] for name in CLIENT_ONLY if (key := f"rebuttal.{name}") in given}
    configuration["properties"] = {**properties(), **own}
    return json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"


def written(root: Path) -> dict[Path, str]:
    """Each file, relative to the repository, as it must be."""
    return {
        DOCS: docs((root / DOCS).read_text("utf-8")),
        PACKAGE: package((root / PACKAGE).read_text("utf-8")),
        LISTS: client_lists(),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing, say what would change")
    parser.add_argument("--root", type=Path, default=ROOT, help="the repository (default: this one)")
    given = parser.parse_args()
    old = False
    for path, text in written(given.root).items():
        target = given.root / path
        if target.is_file() and target.read_text("utf-8") == text:
            continue
        old = True
        if given.check:
            print(f"{path.as_posix()} is not what the table of settings says: run `{COMMAND}`.", file=sys.stderr)
        else:
            target.write_text(text, "utf-8", newline="\n")
            print(f"{path.as_posix()} written.")
    return int(old and given.check)


if __name__ == "__main__":
    sys.exit(main())
