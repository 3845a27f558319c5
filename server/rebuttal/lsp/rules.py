"""What is known of a rule besides its name: where it is explained, and whether its code is unused or deprecated."""

from __future__ import annotations

import re

from lsprotocol import types

_UNUSED = frozenset(
    {
        *("ruff:F401", "ruff:F841", "ruff:F811", "ruff:ERA001"),
        *("eslint:no-unused-vars", "eslint:@typescript-eslint/no-unused-vars", "eslint:no-unreachable"),
        *("mypy:unreachable", "clippy:unused_imports", "clippy:unused_variables", "clippy:dead_code"),
        *("biome:lint/correctness/noUnusedVariables", "biome:lint/correctness/noUnusedImports"),
    }
)
_DEPRECATED = frozenset(
    {
        *("mypy:deprecated", "pyright:reportDeprecated", "clippy:deprecated"),
        *("eslint:@typescript-eslint/no-deprecated", "golangci-lint:SA1019"),
    }
)
_PAGES = {
    # What each tool itself links to.
    "mypy": "https://mypy.readthedocs.io/en/stable/_refs.html#code-{}",
    "eslint": "https://eslint.org/docs/latest/rules/{}",
    "shellcheck": "https://www.shellcheck.net/wiki/{}",
    "hadolint": "https://github.com/hadolint/hadolint/wiki/{}",
    "pyright": "https://github.com/microsoft/pyright/blob/main/docs/configuration.md#{}",
}
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")


def page_of(rule: str) -> str | None:
    """Where a linter explains its rule; None where it is not known, as for our own rules and those of plugins."""
    tool, _, name = rule.partition(":")
    page = _PAGES.get(tool)
    return page.format(name) if page is not None and _NAME.fullmatch(name) else None


def tag_of(rule: str) -> types.DiagnosticTag | None:
    """How an editor may show the code besides: faded, or struck through."""
    if rule in _UNUSED:
        return types.DiagnosticTag.Unnecessary
    return types.DiagnosticTag.Deprecated if rule in _DEPRECATED else None
