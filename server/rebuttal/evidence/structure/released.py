"""What is taken and no longer given back, and locks and transactions that no longer surround what they guarded."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rebuttal.evidence.model import one_line
from rebuttal.evidence.structure.lines import Lines, plain
from rebuttal.evidence.structure.pairs import Pair, pair_at, removed
from rebuttal.evidence.structure.unwrapped import Lost

_RELEASE = re.compile(
    r"^\s*(?:defer\s+|await\s+)?(?:(?P<on>[\w.$>\-@]*?\w)(?:\.|->|\?\.)(?P<method>(?:R?[Uu]nlock|release|close|Close|Release|Dispose|dispose"
    r"|[Cc]ommit|rollback|Rollback|ReleaseMutex|unsubscribe|disconnect|Done)\w{0,8})\s*\(\s*\)"
    r"|(?P<call>free|fclose|close|closedir|pclose|zfree|sdsfree|decrRefCount|av_free|g_free|kfree|pthread_mutex_unlock|pthread_rwlock_unlock|mtx_unlock|EVP_\w+_free"
    r"|clearTimeout|clearInterval)\s*\(\s*&?(?P<of>[$\w.>\-]+)\s*\)"
    r"|(?P<deletes>delete)(?:\s*\[\s*\])?\s+(?P<deleted>[\w.>\-]+))\s*;?\s*(?://.*|#.*)?$"
)
_RELEASE_RUBY = re.compile(
    r"^\s*(?P<on>@?\w+)&?\.(?P<method>close|unlock|release|rollback|disconnect|unsubscribe)(?:\(\))?\s*(?:#.*)?$"
    r"|(?P<call>(?!))(?P<of>(?!))(?P<deletes>(?!))(?P<deleted>(?!))"
)
_DROPPED_CANCEL = re.compile(r",\s*_\s*:?=\s*(?P<call>context\.With(?:Timeout|Cancel|Deadline)\w*)\(")
_TAKES = {
    "unlock": r"(?:\.|->)(?:R?[Ll]ock|[Tt]ry_?R?[Ll]ock|acquire\w*)\s*\(",
    "runlock": r"(?:\.|->)(?:R?[Ll]ock|TryRLock)\s*\(",
    "release": r"(?:\.|->)(?:acquire\w*|[Ll]ock|wait|Wait\w*|obtain|Acquire)\s*\("
    r"|\s*:?=(?!=).*\b(?:acquire|obtain|Acquire)\w*\s*\(",
    "commit": r"(?:\.|->)(?:begin\w*|Begin\w*|start\w*)\s*\(|\s*:?=(?!=).*\b(?:[Bb]egin|connect|transaction)\w*\s*\(",
}
_OPENS = (
    r"\b(?:[Oo]pen\w*|Create|Dial\w*|[Cc]onnect\w*|socket|Popen|urlopen|Query|Get|Do|popen|fopen|fdopen|opendir|dup"
    r"|new\s+\w*(?:Stream|Reader|Writer|Connection|Socket|Scanner)|accept|NewReader|create(?:Read|Write)Stream)"
    r"\s*(?:<[^>]*>)?\("
)
_ALLOCATES = r"\b\w*(?:alloc|strdup|strndup|sdsnew\w*|sdsdup|create\w*|new|_dup|sdscat\w*)\w*\s*\("
_ASYNC_LOCK = re.compile(
    r"^\s*(?:async\s+)?with\s+(?P<what>[\w.\[\]()]*(?:lock|mutex|semaphore|sem|atomic|transaction|savepoint|begin)\w*(?:\([^)]*\))?)\s*(?:as\s+\w+)?:\s*$"
    r"|^\s*(?P<sync>synchronized\s*\(.+\)|lock\s*\(.+\))\s*\{?\s*$"
    r"|^\s*(?P<guard>(?:const\s+)?(?:std::)?(?:lock_guard|unique_lock|scoped_lock|shared_lock)\b.*)$"
    r"|^\s*(?P<ruby>@?[\w.]*(?:mutex|lock|monitor|ActiveRecord::Base|Base|connection)\w*\.(?:synchronize|transaction)(?:\([^)]*\))?\s+do\b.*|synchronize\s+do\b.*)$"
    r"|^\s*(?P<rust>let\s+(?:mut\s+)?_\w*\s*=\s*.*\.(?:lock|write|read)\(\).*)$"
    r"|^\s*(?P<call>(?:await\s+)?[\w.>\-&]*(?:[Mm]u|[Mm]utex|[Ll]ock\w*|rwlock)\w*(?:\.|->)(?:R?Lock|lock|acquire)\(\)"
    r"|await\s+[\w.]*(?:[Mm]utex|[Ll]ock|[Ss]em|[Gg]ate)\w*\.(?:WaitAsync|acquire)\([^()]*\)|pthread_mutex_lock\(.+\)|pthread_rwlock_\w*lock\(.+\)"
    r"|(?:fcntl\.)?flock\(.+\bLOCK_(?:EX|SH)\b.*\))\s*;?\s*$",
)
_LOCKS = r"(?i)\b\w*(?:lock|mutex|synchroni[sz]|semaphore|atomic|transaction|begin)\w*"

_LOCKED = re.compile(
    r"\bsynchronized\b|@Synchronized|\b[Ll]ock(?:ed)?\s*[({]|[Mm]utex|\bAtomic\w|\bConcurrent\w|\batomic\b"
)


def released(lines: Lines) -> Iterator[Lost]:
    """A release that is gone, with what was taken still taken in the same function."""
    for number, match, pair in removed(lines, _RELEASE_RUBY if lines.language == "ruby" else _RELEASE):
        on = match["on"] or match["of"] or match["deleted"]
        how = (match["method"] or match["call"] or match["deletes"]).lower()
        if on in ("self", "this", "super", "base") or _is_released(pair, match, on):
            continue
        if _left_with(lines, number) or lines.moved_away(number):
            continue
        taken = _taken(lines, pair, number, on, how, match["call"])
        if taken is None or _is_handed_over(pair, on, taken[1]):
            continue
        what = f"`{one_line(match[0].strip().rstrip(';'), 60)}`"
        yield Lost(
            taken[0],
            f"{what} is gone, but `{one_line(on, 40)}` is still taken here: nothing gives it back any more.",
            f"{what} removed",
        )


def cancel_dropped(lines: Lines) -> Iterator[Lost]:
    """Go: the function that ends a context is assigned to `_`."""
    if lines.language != "go":
        return
    for number, match in lines.found("new", _DROPPED_CANCEL):
        if not any(_DROPPED_CANCEL.search(lines.old[at]) for at in lines.hunk("new", number).old_lines):
            yield Lost(
                number,
                f"The function that `{match['call']}` gives to end its context is dropped: its timer and whatever "
                "waits for it stay until the parent ends.",
                "`cancel` is never called",
            )


def modifier_lost(lines: Lines) -> Iterator[Lost]:
    """Java: a method that is no longer `synchronized` and otherwise as it was."""
    if lines.language != "java" or "synchronized" not in (lines.diff.new_text or ""):
        return  # Nothing of the file is shared any more, as far as it shows.
    for number, match in lines.found("old", re.compile(r"\bsynchronized\s+(?!\()")):
        before = lines.old[number]
        without = plain(before[: match.start()] + before[match.end() :])
        at = next((one for one in lines.hunk("old", number).new_lines if plain(lines.new[one]) == without), None)
        pair = pair_at(lines, number)
        if at is not None and pair is not None and len(pair.added) == 1:
            name = one_line(pair.new.name, 40)
            yield Lost(
                at,
                f"`{name}` is no longer `synchronized`, and others of the file are: threads can now be in both at the "
                "same time.",
                "Lock removed",
            )


_LEAVES = re.compile(r"^\s*(?:return|goto|throw|raise|break|continue)\b")


def _left_with(lines: Lines, number: int) -> bool:
    """Whether it belonged to a way out of the function that is gone altogether."""
    after = range(number + 1, min(number + 4, len(lines.old)))
    leaves = next((at for at in after if _LEAVES.match(lines.old[at])), None)
    node = lines.node("old", number, len(lines.old[number]) - len(lines.old[number].lstrip()))
    branch = node.nearest("if_statement") if node is not None and leaves is not None else None
    return (
        branch is not None
        and branch.first_line in lines.diff.removed_lines
        and leaves is not None
        and leaves <= branch.last_line
        and leaves in lines.diff.removed_lines
    )


def _is_released(pair: Pair, match: re.Match[str], on: str) -> bool:
    """Whether the new function still gives it back, in whatever way."""
    name = re.escape(on)
    words = (
        r"unlock|release|close|dispose|commit|rollback|free|unsubscribe|disconnect|done|destroy|clear\w*|end|shutdown"
        r"|kill|reset"
    )
    return (
        pair.holds(rf"(?i){name}(?:\.|->|\?\.)\w*(?:{words})\w*")
        or any(re.search(r"(?i)(?:close|free|release|destroy|dispose)\w*\s*\(", one) for one in pair.added)
        or pair.holds(rf"(?i)\b\w*(?:{words})\w*\s*\([^)]*{name}\b")
        or pair.holds(rf"\b(?:with|using|synchronized|try)\b[^\n]*{name}\b")
    )


def _taken(lines: Lines, pair: Pair, number: int, on: str, how: str, call: str | None) -> tuple[int, str] | None:
    """The new line on which it is still taken."""
    name = re.escape(on.removesuffix(".Body"))  # Go: what a request gives.
    if how.startswith(("unlock", "runlock", "releasemutex")) or "unlock" in how:
        pattern = rf"(?<![\w.]){name}{_TAKES['unlock']}|lock\w*\s*\(\s*&?{name}\b"
    elif how.startswith("release"):
        pattern = rf"(?<![\w.]){name}(?:{_TAKES['release']})"
    elif how.startswith(("commit", "rollback")):
        pattern = rf"(?<![\w.]){name}(?:{_TAKES['commit']})"
    elif how.startswith(("clear",)):
        pattern = rf"\b{name}\s*=\s*set(?:Timeout|Interval)\("
    elif how == "delete":
        pattern = rf"(?<![\w.>]){name}\s*=(?!=)\s*new\b|[*&]\s*{name}\s*[({{]\s*new\b"
    elif call and ("free" in how or how == "decrrefcount"):
        pattern = rf"(?<![\w.>]){name}\s*=(?!=)\s*(?:\([^)]*\)\s*)?{_ALLOCATES}"
    else:
        pattern = rf"(?<![\w.]){name}(?:\s*,\s*\w+)*\s*:?=(?!=)[^\n]*{_OPENS}"
    taking, added = re.compile(pattern), pair.lines.diff.added_lines
    for at in range(pair.new.start_line, min(pair.new.end_line + 1, len(lines.new))):
        if at not in added and taking.search(lines.new[at]):
            return at, lines.new[at]
    return None


def _is_handed_over(pair: Pair, on: str, taken: str) -> bool:
    """Whether somebody else may give it back: it is returned, kept, or passed on by an added line."""
    name = re.escape(on)
    stood = {plain(line) for line in pair.lines.old[pair.old.start_line : pair.old.end_line + 1]}
    return any(
        re.search(rf"(?<![\w.]){name}\b", one) and not re.match(rf"{name}\s*(?:\.|->)", one)
        for one in pair.added
        if one not in stood
    )


def unguarded(lines: Lines) -> Iterator[Lost]:
    """Locks and transactions that are gone, while what they surrounded is still there."""
    for number, match, pair in removed(lines, _ASYNC_LOCK):
        words = plain(match[0]).rstrip(" {:;")
        name = _name_of(words)
        kept = _kept_inside(
            lines, pair, number, match["call"] is not None or match["guard"] is not None or match["rust"] is not None
        )
        if len(kept) < 1 or re.search(_LOCKS, "\n".join(_code_of(pair))) or not name:
            continue
        # What guarded others still does, and nobody else took it over in the same change.
        if (
            not re.search(rf"\b{re.escape(name)}\b", "\n".join(lines.new))
            and match["guard"] is None
            and match["sync"] is None
            and "flock" not in name  # A file is a lock for other programs.
        ):
            continue
        if any(re.search(_LOCKS, line) for _, line in lines.changed("new")) or lines.is_added_anywhere(_LOCKED):
            continue
        if re.search(r"(?i)locked|unsafe|unlocked|nolock", pair.new.name):
            continue
        at = kept[0]
        kind = "transaction" if re.search(r"(?i)transaction|savepoint|begin|atomic\(", words) else "lock"
        effect = (
            "a failure half-way now leaves the first half behind"
            if kind == "transaction"
            else "threads or tasks can now be in it at the same time"
        )
        yield Lost(
            at,
            f"`{one_line(words, 60)}` is gone, but what it guarded is still here: {effect}.",
            f"{kind.capitalize()} removed",
        )


def _code_of(pair: Pair) -> list[str]:
    return [
        line
        for line in pair.text.split("\n")
        if not re.match(r"(?:def|async def|func|fn|public|private|static)\b", line)
    ]


def _name_of(words: str) -> str:
    """The name of the lock itself."""
    on = re.match(r"@?(?P<name>\w+)\.(?:synchronize|transaction)\b", words) or re.search(
        r"(?P<name>\w+)\.(?:lock\(\)|WaitAsync\()", words
    )
    if on is not None:
        return on["name"]
    found: list[str] = re.findall(
        r"\w*(?:[lL]ock|[mM]u(?:tex)?|sem|atomic|transaction|monitor|begin|savepoint)\w*", words
    )
    skipped = (
        "lock",
        "Lock",
        "RLock",
        "lock_guard",
        "unique_lock",
        "scoped_lock",
        "shared_lock",
        "pthread_mutex_lock",
        "synchronized",
    )
    names = [one for one in found if one not in skipped and one]
    words_left: list[str] = re.findall(r"\w+", words)
    return names[0] if names else words_left[-1] if words_left else ""


def _kept_inside(lines: Lines, pair: Pair, number: int, flat: bool) -> list[int]:
    """New lines of statements that the block held, or that followed the lock in its function."""
    column = lines.indent("old", number)
    inside: list[str] = []
    for at in range(number + 1, min(pair.old.end_line + 1, len(lines.old), number + 60)):
        line = lines.old[at]
        if line.strip() == "{" and at == number + 1:
            continue
        if line.strip() and not flat and lines.indent("old", at) <= column:
            break
        if re.search(r"(?i)unlock|^\s*(?:finally|try)\b", line):
            continue
        if re.search(r"[\w\])]\s*(?:\(|<<|[-+|&*/]?=(?!=)|\[|\.|\+\+|--)", line):
            inside.append(plain(line))
    places = {plain(lines.new[at]): at for at in range(pair.new.start_line, min(pair.new.end_line + 1, len(lines.new)))}
    kept = [one for one in inside if one in places]
    # Where most of it is other code now, so is what it has to guard.
    return sorted(places[one] for one in kept) if 2 * len(kept) >= len(inside) or flat else []
