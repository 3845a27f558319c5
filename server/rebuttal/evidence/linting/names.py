"""The names of the linters that a repository may configure: the groups of their rules. Apart, for it loads nothing."""

from __future__ import annotations

LINTERS = (
    *("eslint", "biome", "mypy", "pyright", "bandit"),
    *("semgrep", "shellcheck", "hadolint", "golangci-lint", "clippy"),
)
