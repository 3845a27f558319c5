"""Folders by what is kept in them by custom, and the sets of them that checks leave alone, side by side.

A set is a regular expression of a root-relative path. The sets differ from check to check: a name that is added to
one is a decision about that check alone.
"""

from __future__ import annotations

import re

from rebuttal.change.skipping import VENDORED

_EXAMPLES, _SAMPLES, _DEMOS, _PLAYGROUND = "examples?", "samples?", "demos?", "playground"
_DOCS, _TUTORIALS = "docs?", "tutorials?"
_SCRIPTS, _TOOLS, _BUILDING = "scripts?", "tools?", r"build|ci|\.github"
_BENCHMARKS = "bench(?:mark)?s?"
_MEASURING = r"bench\w*"
"""The same by any name that begins so, as Rust's `benches`."""
_MIGRATIONS = "migrations"
_FIXTURES = "fixtures"
_TAKEN_OVER = "deps|contrib"
"""Where some keep code of others, and some their own."""


def _any_of(*names: str) -> str:
    return rf"(?:^|/)(?:{'|'.join(names)})/"


OF_OTHERS = (
    _any_of(*map(re.escape, sorted(VENDORED)), "_?vendor(?:ed)?", "third-party")
    + "|/packages/(?:urllib3|chardet|idna|six)/"
)
"""Code of others, where it is reviewed all the same: under a name that is not left out as vendored, or as the base's
attributes say."""
NOT_THE_PRODUCT = _any_of(
    *("externals?", "extern", "third-party", "thirdparty", "3rdparty", _TAKEN_OVER),
    *(_BENCHMARKS, _EXAMPLES, _SAMPLES, _DEMOS, _MIGRATIONS),
)
"""In lower case: what is no code of the product itself, besides tests."""
NO_TESTS = _any_of("docs", "examples", "deps", _FIXTURES)
"""In lower case: of what text/languages.py counts with tests, or stands among them, what tests nothing."""
SHOWING = _any_of(_EXAMPLES, _SAMPLES, _DEMOS, _DOCS, _TUTORIALS, _PLAYGROUND)
"""What shows values on purpose."""
FOR_DEVELOPERS = _any_of(_SCRIPTS, _MEASURING, r"perf[\w-]*", _EXAMPLES, _SAMPLES, _TOOLS, _DOCS, _BUILDING)
"""What only developers run: it may pass over failures."""
MAY_WAIT = _any_of(_EXAMPLES, _DOCS, _MEASURING, _SCRIPTS, _DEMOS) + r"|(?:^|/)(?:example|demo|bench)\w*\.py$"
"""Where nobody is hurt by a request that hangs."""
NO_LIBRARY = _any_of(
    *("bin", "cli", "cmd", _SCRIPTS, _TOOLS, _BENCHMARKS, "perf", _EXAMPLES, _SAMPLES, _DEMOS, _PLAYGROUND, _DOCS),
    *("dev", _BUILDING, "website", "site", "fuzz", _TUTORIALS, "docs_src", "hack", "e2e", "mocks?", "stories"),
    *("sandbox(?:es)?", "console", "commands?", "tasks", _MIGRATIONS, r"utils/log\w*", "log(?:s|ging|gers?)?"),
    *("debug", _TAKEN_OVER, "vendor", "third_party", "node_modules"),
)
"""In any case: programs, tools and loggers, which write for whoever runs them."""
