"""How much of a change is shown: a change may be larger than any prompt should be.

What does not fit is named in the coverage, never left out silently; code goes before prose and data, small files
before large ones, so that one huge file does not suppress the review of all others.
"""

from __future__ import annotations

from collections.abc import Iterable

from rebuttal.change.model import FileDiff
from rebuttal.text.languages import language_of
from rebuttal.text.positions import git_lines
from rebuttal.text.tokens import quick_tokens

DIFF_TOKENS = 60_000
"""Of the diff as it is shown. A prompt of the cheapest model costs five times as much from 100,000 tokens on, and
reviews of much longer diffs find little (SWR-Bench: recall falls from 38 % to 9 % as defects per change rise)."""
SURROUNDINGS = 1.6
"""Shown lines for each changed one, as a factor."""
TOO_LARGE = f"not shown to the panel: the change is larger than {DIFF_TOKENS:,} tokens; review a smaller scope"


def left_out(files: Iterable[FileDiff], limit: int = DIFF_TOKENS) -> frozenset[str]:
    """The paths of the files that do not fit within `limit` tokens."""
    weights = {diff.path: _weight(diff) for diff in files}
    if sum(weights.values()) <= limit:
        return frozenset()
    room, out = limit, set()
    for path in sorted(weights, key=lambda one: (language_of(one) is None, weights[one], one)):
        if weights[path] <= room:
            room -= weights[path]
        else:
            out.add(path)
    return frozenset(out)


def _weight(diff: FileDiff) -> int:
    old, new = git_lines(diff.old_text or ""), git_lines(diff.new_text or "")
    changed = [line for hunk in diff.hunks for line in (*old[_of(hunk.old_lines)], *new[_of(hunk.new_lines)])]
    return round(quick_tokens("".join(changed)) * SURROUNDINGS)


def _of(lines: range) -> slice:
    return slice(lines.start, lines.stop)
