"""Which kinds of defect a claim speaks of, by its words: two reviewers word one defect differently, but its kind alike.

A help for merging only: that two claims on one line share a kind makes them more likely one defect, that they have
none in common more likely two. Words that fit no kind decide nothing.
"""

from __future__ import annotations

import re

KINDS: dict[str, str] = {
    "access": r"keyboard|screen reader|focus|aria\b|accessib",
    "assignment": r"assign|overwrit|instead of (?:a )?compar",
    "authority": r"permission|authori[sz]|open to (?:any|every)|access control|any(?:body| visitor)|privilege",
    "binding": r"late(?:ly)? bind|bind\w* .{0,20}late|closure|captures|last value|stale clos",
    "bounds": r"off by one|off-by-one|out of range|indexerror|past the end|first (?:item|element|row)|last (?:item"
    r"|element|row|day|month)|skips|too many|too few|empty (?:list|array|string)|attempt more|more times",
    "cache key": r"cache key|key (?:leaves|holds|is built|too narrow)|depends on the|wrong language",
    "contract": r"signature|return type|callers|contract|no longer (?:gives|returns|called)|used to",
    "copied": r"copied|copy and paste|copy-paste|wrong variable|same variable",
    "default": r"mutable default|default (?:argument|list|dict|object|`\w+=)|shared (?:by|between)",
    "document": r"docstring|readme|documentation|help text|changelog|out of date|outdated|still sa(?:ys|id)",
    "idempotence": r"idempoten|twice|a second time|duplicate|double",
    "injection": r"inject|escap|unparam|parameteri|concatenat|interpolat|unquot|apostroph|saniti|as sql",
    "layering": r"layer|circular|in a circle|dependency direction|depends? on the (?:view|web)",
    "markup": r"\bxss\b|as html|script(?:s)? (?:run|is|are|in)|cross-site",
    "migration": r"migration|existing rows|\bnot null\b|alter table",
    "money": r"\bfloats?\b|\bcents?\b|rounding|decimal",
    "nothing": r"\bnone\b|\bnull\b|\bnil\b|undefined|dereferenc|attributeerror|\babsent\b|not set",
    "pairs": r"quadratic|nested loop|inner loop|every pair|comparisons",
    "queries": r"n\+1|one by one|round trips?|once (?:per|for each)|(?:each|every) iteration|quer\w+ (?:in a loop|for"
    r" every|per)|queried in a loop|one query for",
    "race": r"\brace\b|data race|concurren|two threads|atomic",
    "release": r"\breleas|clean-?up|unregister|unsubscrib|never (?:removed|closed|freed)|unmount|stays? (?:held|open)"
    r"|pile up|not closed|\bleaks?\b",
    "secret": r"password|credential|plain text|api key",
    "swallowed": r"swallow|silent|ignored|hides every|is dropped|not noticed",
    "test": r"(?:cannot|never) fail|always (?:true|pass)|passes whatever|proves nothing|with itself|not reached"
    r"|not tested",
    "timing": r"timing|constant.time|variable time|compare_digest",
    "tls": r"\btls\b|certificat|man in the middle|intercepted",
    "traversal": r"travers|`\.\.|\.\./|outside (?:the|of|uploads)|other files|anywhere",
    "unbounded": r"unbounded|without (?:bound|limit)|grows|evict|more and more memory|never removes",
    "unit": r"millisecond|\bseconds\b|\bunit\b",
    "waiting": r"blocks|held open|stay locked|waits|locks the table|without a pause|back-?off|hammers",
    "zero": r"by zero|division|divides",
    "zone": r"time ?zone|\butc\b|tzinfo|naive",
}
"""Kind -> the words, in lower case, that speak of it."""

_ANY = re.compile("|".join(f"(?P<k{number}>{words})" for number, words in enumerate(KINDS.values())))
_NAMES = tuple(KINDS)


def kinds_of(told: str) -> frozenset[str]:
    """The kinds of defect that a text speaks of; none where no word is known."""
    return frozenset(_NAMES[int(found.lastgroup[1:])] for found in _ANY.finditer(told.lower()) if found.lastgroup)
