"""Which kinds of defect a claim speaks of, by its words: two reviewers word one defect differently, but its kind alike.

A help for merging only: that two claims on one line share a kind makes them more likely one defect, that they have
none in common more likely two. Words that fit no kind decide nothing.
"""

from __future__ import annotations

import re

KINDS: dict[str, tuple[str, ...]] = {
    "access": ("keyboard", "screen reader", "focus", " aria", "accessib"),
    "assignment": ("assign", "overwrit", "instead of compar", "instead of a compar"),
    "authority": ("permission", "authoris", "authoriz", "open to any", "open to every", "access control", "anybody",
                  "any visitor", "privilege"),
    "binding": ("late bind", "lately b", "closure", "captures", "last value", "stale clos", " late when"),
    "bounds": ("off by one", "off-by-one", "out of range", "indexerror", "past the end", "first item", "first element",
               "first row", "last item", "last element", "last row", "last day", "last month", "skips", "too many",
               "too few", "empty list", "empty array", "empty string", "attempt more", "more times"),
    "cache key": ("cache key", "key leaves", "key holds", "key is built", "key too narrow", "depends on the",
                  "wrong language"),
    "contract": ("signature", "return type", "callers", "contract", "no longer gives", "no longer returns",
                 "no longer called", "used to"),
    "copied": ("copied", "copy and paste", "copy-paste", "wrong variable", "same variable"),
    "default": ("mutable default", "default argument", "default list", "default dict", "default object", "shared by",
                "shared between"),
    "document": ("docstring", "readme", "documentation", "help text", "changelog", "out of date", "outdated",
                 "still says", "still said"),
    "idempotence": ("idempoten", "twice", "a second time", "duplicate", "double"),
    "injection": ("inject", "escap", "unparam", "parameteri", "concatenat", "interpolat", "unquot", "apostroph",
                  "saniti", "as sql"),
    "layering": ("layer", "circular", "in a circle", "dependency direction", "depend on the view",
                 "depends on the view", "depends on the web"),
    "markup": (" xss ", "as html", "script run", "scripts run", "script is", "scripts are", "script in", "cross-site"),
    "migration": ("migration", "existing rows", " not null ", "alter table"),
    "money": (" float ", " floats ", " cent ", " cents ", "rounding", "decimal"),
    "nothing": (" none ", " null ", " nil ", "undefined", "dereferenc", "attributeerror", " absent ", "not set"),
    "pairs": ("quadratic", "nested loop", "inner loop", "every pair", "comparisons"),
    "queries": ("n+1", "one by one", "round trip", "once per", "once for each", "each iteration", "every iteration",
                "queried in a loop", "queries in a loop", "query in a loop", "queries per", "query per", "query for e",
                "one query for"),
    "race": (" race ", "data race", "concurren", "two threads", "atomic"),
    "release": (" releas", "clean-up", "cleanup", "unregister", "unsubscrib", "never removed", "never closed",
                "never freed", "unmount", "stay held", "stays held", "stay open", "stays open", "pile up",
                "not closed", " leak ", " leaks "),
    "secret": ("password", "credential", "plain text", "api key"),
    "swallowed": ("swallow", "silent", "ignored", "hides every", "is dropped", "not noticed"),
    "test": ("cannot fail", "never fail", "always true", "always pass", "passes whatever", "proves nothing",
             "with itself", "not reached", "not tested"),
    "timing": ("timing", "constant time", "constant-time", "variable time", "compare_digest"),
    "tls": (" tls ", "certificat", "man in the middle", "intercepted"),
    "traversal": ("travers", "`..", "../", "outside the", "outside of", "outside uploads", "other files", "anywhere"),
    "unbounded": ("unbounded", "without bound", "without limit", "without a limit", "grows", "evict",
                  "more and more memory", "never removes"),
    "unit": ("millisecond", " seconds ", " unit "),
    "waiting": ("blocks", "held open", "stay locked", "waits", "locks the table", "without a pause", "back-off",
                "backoff", "hammers"),
    "zero": ("by zero", "division", "divides"),
    "zone": ("time zone", "timezone", " utc ", "tzinfo", "naive"),
}  # fmt: skip
"""Kind -> what speaks of it, in lower case; a blank stands for the edge of a word."""

_BETWEEN = re.compile(r"[\s,;:!?()\"']+|[.](?=\s|$)")


def kinds_of(told: str) -> frozenset[str]:
    """The kinds of defect that a text speaks of; none where no word is known."""
    words = f" {_BETWEEN.sub(' ', told.lower())} "
    return frozenset(kind for kind, signs in KINDS.items() if any(sign in words for sign in signs))
