"""Comments that silence a checker, and those among them that name a rule of security or correctness."""

from __future__ import annotations

import re
from functools import cached_property

from attrs import frozen

from rebuttal.text.languages import Language

REASON = r"(?!\W{0,8}\w{1,40}\W{1,3}\w{2,})"
"""No two words of prose behind it."""
_NO_REASON = r"(?![^\n]*(?:--|//|/\*|#)\s*\w)"


@frozen
class Kind:
    """A comment of one checker."""

    sieve: str
    written: str
    """What it looks like, as a regular expression."""
    advice: str
    """How it names what it silences; "" where it does, and only its reason is missing."""
    tools: tuple[str, ...] = ()
    """Who obeys it, as build and configuration name them."""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Compiled for the first text with the sieve in it: most changes have none."""
        return re.compile(self.written)

    @property
    def word(self) -> str:
        """What is looked for in all files."""
        return self.sieve.strip("@#(")


def silence(sieve: str, pattern: str, advice: str, tools: str = "") -> Kind:
    return Kind(sieve, pattern, advice, tuple(tools.split()))


_RUFF = r"(?:S(?!10[1567]|11[02]|311|40[34])[1-7]\d\d|B0(?:06|08|23)|ASYNC\d+)"
"""Not those about tests, random numbers and imports, which nobody explains, nor names (F821) and placement (PLE), whose
lines explain themselves: four of four such findings on real changes were not worth reading."""
_ESLINT = (
    r"(?:[\w@/-]+\s*,\s*)*(?:no-eval|no-implied-eval|no-new-func|no-unsafe-finally|no-dupe-keys"
    r"|require-atomic-updates|react/no-danger[\w-]*|react-hooks/rules-of-hooks|(?:security|no-unsanitized)/[\w-]+"
    r"|@typescript-eslint/(?:no-floating-promises|no-misused-promises|await-thenable|no-implied-eval){})\b"
)
_WHOLE_FILE = "|eqeqeq|no-undef|no-unreachable|no-fallthrough|no-cond-assign|no-redeclare"
SERIOUS: dict[Language, tuple[Kind, ...]] = {
    "python": (
        silence("noqa", rf"(?i:#\s*noqa)\s*:\s*(?:[A-Z]+\d+[\s,]+)*{_RUFF}\b(?:[\s,]+[A-Z]+\d+)*{REASON}", ""),
        silence("nosec", rf"#\s*nosec\b[\s:]*(?!B101|B404|B311)B\d+(?:[\s,]+B\d+)*{REASON}", ""),
    ),
    "javascript": (
        silence("eslint-disable", rf"\beslint-disable-(?:next-)?line\s+{_ESLINT.format('')}{_NO_REASON}", ""),
        silence(
            "eslint-disable",
            rf"/\*\s*eslint-disable\s+{_ESLINT.format(_WHOLE_FILE)}(?![^\n]*--)",
            "",
        ),
    ),
    "go": (
        silence(
            "nolint",
            rf"//\s*nolint:\s*(?:[\w-]+,)*(?:gosec|bodyclose|sqlclosecheck|rowserrcheck|govet)\b{_NO_REASON}",
            "",
        ),
    ),
    "c": (
        silence(
            "NOLINT",
            r"\bNOLINT(?:NEXTLINE|BEGIN)?\([^)]*(?:bugprone-|cert-|concurrency-|clang-analyzer-(?:security|unix))[^)]*\)"
            + REASON,
            "",
        ),
    ),
    "csharp": (
        silence(
            "#pragma", r"^\s*#pragma\s+warning\s+disable\s+(?:[\w,\s]*\b)?(?:CA[235]\d{3}|SCS\d+|CS4014)\b(?!.*//)", ""
        ),
    ),
    "rust": (
        silence(
            "allow(",
            r"^\s*#!?\[allow\((?:[\w:, ]*\b)?(?:unused_must_use|clippy::await_holding_\w+|static_mut_refs"
            r"|unconditional_recursion)\b(?!.*//)",
            "",
        ),
    ),
    "java": (silence("@SuppressFBWarnings", r"@SuppressFBWarnings\((?!.*justification)[^)]*\)", ""),),
    "php": (silence("phpcs:ignore", rf"phpcs:ignore\s+[\w.,\s]*\bSecurity\b[\w.]*{_NO_REASON}", ""),),
    "ruby": (
        silence(
            "rubocop",
            rf"#\s*rubocop:(?:disable|todo)\s+[\w/, ]*\b(?:Security/\w+|Rails/OutputSafety)\b{_NO_REASON}",
            "",
        ),
    ),
}
