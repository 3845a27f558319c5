"""What a process that serves many reviews does once, so that the first of them finds it ready."""

from __future__ import annotations

import gc

from rebuttal.text.languages import Language

_YOUNG = 50_000
"""A review makes some hundred thousand small objects that live as long as it does. By default Python looks at them
after each 700 new ones, which takes a tenth of a warm context (bench/context_speed.py) and finds nothing."""
_LANGUAGES: tuple[Language, ...] = ("python", "typescript", "javascript", "go")
"""Whose grammars are loaded before they are asked for; of others with the first file."""


def collect_seldom() -> None:
    """Let Python look for unreachable cycles less often, and never at what stays for the process's life."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, 20, 50)


def load_checks() -> None:
    """Import the static panel: while git is asked for the change there is time for it."""
    import rebuttal.evidence.panel  # noqa: F401


def load_tools() -> None:
    """Import what every review needs and no process should wait for at its start: git, the parser, the checks."""
    load_checks()
    import rebuttal.context.build  # noqa: F401
    from rebuttal.change.git import load
    from rebuttal.text.parsing import Parser
    from rebuttal.text.symbols import imports_of, references_of, symbols_of

    load()
    parser = Parser()
    for language in _LANGUAGES:
        symbols_of("x", language, parser)
        references_of("x", language, None, parser)
        imports_of("x", language, parser)
