"""Changed lines for which a note can stand without loss: layout, order of imports, moved blocks, one edit made often.

Each rule proves what it says from the texts alone; where it cannot, the lines are shown.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import groupby

from attrs import frozen

from rebuttal.change.model import FileDiff, Hunk
from rebuttal.context.diff import Fold
from rebuttal.text.languages import Language, language_of
from rebuttal.text.leaves import STYLED, TOLD_BY_LEAVES, Leaf, leaves_of, unstyled
from rebuttal.text.parsing import Parser, Unparsed
from rebuttal.text.positions import git_lines
from rebuttal.text.words import counted

LEAST_MOVED = 6
"""Lines: a shorter block may be alike by chance."""
_COPIES = 20
"""Of one added block so many are known: each stands for one removed block."""
LEAST_REPEATED = 4
"""Times that one edit is made before it is said instead of shown."""
SHOWN_REPEATED = 2
DATA_SHOWN, DATA_LEAST = 40, 80
"""Of a run of more added lines of data than the latter, the former are shown."""

_BY_INDENTATION: frozenset[Language] = frozenset({"python"})
STYLE = "the quotes around strings and commas at the end of lists"
_STYLE_MARKS = str.maketrans("", "", "'\",`")
_BLOCK_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_IMPORTS = re.compile(
    r"\s*(?:import\b[^({]*|from\s+\S+\s+import\s+[^(\\]*|use\s+[^{]*;|using\s+[^=(]*;|#\s*include\b.*)$"
)
_DATA = re.compile(
    r"\.(?:json|jsonl|ya?ml|csv|tsv|xml|svg|txt|snap|lock|toml|po|ipynb|geojson|html)$|(?:^|/)(?:fixtures|testdata|snapshots)/"
)
_PIECES = re.compile(r"\w+|\s+|[^\w\s]")
_LONGEST_EDIT = 120
_NAME = re.compile(r"[^\W\d]\w+")
_JUDGED_MARK = re.compile(r"[<>=!&|^%~?+*]|\b\d")
_JUDGED_WORDS = (
    "true false none null nil undefined nan and or not is in if else elif unless while until for return yield raise"
    " throw throws break continue pass async await public private protected internal static final const let var mut"
    " unsafe int long float double bool str string min max any all"
)
_JUDGED = frozenset(_JUDGED_WORDS.split())
"""In small letters: their change must be judged where it is made, for it may be right in one place only."""


@frozen
class FileLines:
    """A changed file and the lines of both of its sides."""

    diff: FileDiff
    old: Sequence[str]
    new: Sequence[str]

    @classmethod
    def of(cls, diff: FileDiff) -> FileLines:
        return cls(diff, git_lines(diff.old_text or ""), git_lines(diff.new_text or ""))

    def removed(self, hunk: Hunk) -> Sequence[str]:
        return self.old[hunk.old_start : hunk.old_start + hunk.old_count]

    def added(self, hunk: Hunk) -> Sequence[str]:
        return self.new[hunk.new_start : hunk.new_start + hunk.new_count]


@frozen
class Layout:
    """What the syntax tree says of a file's hunks."""

    folds: tuple[Fold, ...] = ()
    comments: frozenset[int] = frozenset()
    """The first new lines of hunks that change comments only."""


def layout(file: FileLines, parser: Parser) -> Layout:
    """Hunks that change line ends and spaces between words only; hunks that change only comments.

    Both sides are parsed only where a quick look finds a hunk that could be one, and once for the same texts."""
    diff, language = file.diff, language_of(file.diff.path)
    if language not in TOLD_BY_LEAVES or diff.old_text is None or diff.new_text is None or not _may_be_layout(file):
        return Layout()
    spans = [(one.old_start, one.old_count, one.new_start, one.new_count) for one in diff.hunks]
    both = f"{spans}\0{len(diff.old_text)}\0{diff.old_text}{diff.new_text}"
    found = parser.facts.remember(("layout", language), both, lambda: _layout(file, language, parser))
    comments = frozenset(one for one in found if isinstance(one, int))
    return Layout(tuple(one for one in found if isinstance(one, Fold)), comments)


def _may_be_layout(file: FileLines) -> bool:
    """Whether the lines of a hunk are alike but for what layout changes, or could be comments only."""
    starts, commented = ("#",) if language_of(file.diff.path) in _BY_INDENTATION else ("//",), None
    for hunk in file.diff.hunks:
        removed, added = file.removed(hunk), file.added(hunk)
        if _inked(removed) == _inked(added):
            return True
        if starts != ("#",) and commented is None:
            commented = _commented(file.old), _commented(file.new)
        old, new = commented or ((), ())
        if _comments(removed, hunk.old_start, starts, old) and _comments(added, hunk.new_start, starts, new):
            return True
    return False


def _inked(lines: Sequence[str]) -> str:
    return "".join("".join(lines).translate(_STYLE_MARKS).split())


def _comments(lines: Sequence[str], first: int, starts: tuple[str, ...], within: Collection[int]) -> bool:
    numbered = enumerate((line.strip() for line in lines), first)
    return all(not line or line.startswith(starts) or number in within for number, line in numbered)


def _commented(lines: Sequence[str]) -> frozenset[int]:
    """Lines that a comment of several lines could be on; a string that looks like the begin of one counts too."""
    text, found, line, at = "".join(lines), set[int](), 0, 0
    for comment in _BLOCK_COMMENT.finditer(text):
        line += text.count("\n", at, comment.start())
        at = comment.start()
        found.update(range(line, line + comment.group().count("\n") + 1))
    return frozenset(found)


def _layout(file: FileLines, language: Language, parser: Parser) -> tuple[Fold | int, ...]:
    """The folds, and the first new lines of hunks that change only comments."""
    diff = file.diff
    try:
        old, new = (leaves_of(text or "", language, parser) for text in (diff.old_text, diff.new_text))
    except Unparsed:
        return ()
    if old is None or new is None:
        return ()
    styled = language in STYLED
    plain_old, plain_new = (unstyled(old), unstyled(new)) if styled else (old, new)
    by_tree = language not in _BY_INDENTATION or _unchanged_around(file, old, new)
    found: list[Fold | int] = []
    for hunk in diff.hunks:
        said = counted(max(hunk.old_count, hunk.new_count), "line")
        before, after = _in(old, hunk.old_lines), _in(new, hunk.new_lines)
        same_lines = by_tree or _written(file.removed(hunk)) == _written(file.added(hunk))
        if same_lines and _words(before) == _words(after):
            found.append(Fold(hunk.old_lines, hunk.new_lines, f"{said}: only spaces and line ends differ"))
        elif by_tree and styled and _words(_in(plain_old, hunk.old_lines)) == _words(_in(plain_new, hunk.new_lines)):
            found.append(Fold(hunk.old_lines, hunk.new_lines, f"{said}: only layout, {STYLE} differ"))
        elif all("comment" in one.kind for one in (*before, *after)):
            found.append(hunk.new_start)
    return tuple(found)


def reordered_imports(file: FileLines) -> tuple[Fold, ...]:
    """Hunks of imports on one line each, where the file's imports are the same, in another order."""
    hunks = [hunk for hunk in file.diff.hunks if _all_imports(file.removed(hunk)) and _all_imports(file.added(hunk))]
    before = Counter(line.strip() for hunk in hunks for line in file.removed(hunk) if line.strip())
    after = Counter(line.strip() for hunk in hunks for line in file.added(hunk) if line.strip())
    if not before or before != after:
        return ()
    note = "the same imports in another order, here and where this is said again in this file"
    return tuple(Fold(hunk.old_lines, hunk.new_lines, f"{note}, line {hunk.new_start + 1}") for hunk in hunks)


def moved(files: Sequence[FileLines], taken: Mapping[str, Sequence[Fold]]) -> dict[str, list[Fold]]:
    """Removed blocks that stand among the added lines, the same to the last character: shown once, there."""
    places = _Added(files)
    for number, file in enumerate(files):
        if _DATA.search(file.diff.path):  # its middle may be left out
            continue
        hidden = {line for fold in taken.get(file.diff.path, ()) for line in fold.new}
        for hunk in file.diff.hunks:
            places.add(number, hunk, hidden)
    found: dict[str, list[Fold]] = {}
    for file in files:
        hidden = {line for fold in taken.get(file.diff.path, ()) for line in fold.old}
        for hunk in file.diff.hunks:
            found.setdefault(file.diff.path, []).extend(_moved_from(file, hunk, places, hidden))
    return found


class _Added:
    """Blocks of added lines, each the new place of one removed block at most: two copies out, one in is no move."""

    def __init__(self, files: Sequence[FileLines]) -> None:
        self._files = files
        self._places: dict[tuple[str, ...], list[tuple[int, int, int]]] = {}
        self._claimed: set[tuple[int, int]] = set()

    def add(self, number: int, hunk: Hunk, hidden: Collection[int]) -> None:
        end = hunk.new_start + hunk.new_count
        for at in range(hunk.new_start, end - LEAST_MOVED + 1):
            if not any(line in hidden for line in range(at, at + LEAST_MOVED)):
                some = self._places.setdefault(tuple(self._files[number].new[at : at + LEAST_MOVED]), [])
                if len(some) < _COPIES:
                    some.append((number, at, end))

    def claim(self, old: Sequence[str], at: int, end: int, hidden: Collection[int]) -> tuple[FileLines, int] | None:
        """The file with a block that begins as the lines from `at` on do, and how many lines of the two are alike."""
        for number, there, limit in self._places.get(tuple(old[at : at + LEAST_MOVED]), ()):
            length = 0
            while (
                at + length < end
                and there + length < limit
                and at + length not in hidden
                and (number, there + length) not in self._claimed
                and old[at + length] == self._files[number].new[there + length]
            ):
                length += 1
            if length >= LEAST_MOVED:
                self._claimed.update((number, there + each) for each in range(length))
                return self._files[number], length
        return None


def _moved_from(file: FileLines, hunk: Hunk, places: _Added, hidden: Collection[int]) -> Iterator[Fold]:
    at, end = hunk.old_start, hunk.old_start + hunk.old_count
    while at + LEAST_MOVED <= end:
        says = _says_something(file.old[at : at + LEAST_MOVED])
        place = places.claim(file.old, at, end, hidden) if says else None
        if place is None:
            at += 1
            continue
        target, length = place
        where = "in this file" if target is file else f"in {target.diff.path}"
        first = next(line.strip() for line in file.old[at:] if line.strip())
        note = f"{length} lines removed here stand unchanged {where}, where they are added: from {first[:80]!r} on"
        yield Fold(range(at, at + length), range(0), note, (target.diff.path,))
        at += length


def repeated(files: Sequence[FileLines], taken: Mapping[str, Sequence[Fold]]) -> dict[str, list[Fold]]:
    """Hunks that differ by the same few words as many others: some are shown, of the others the edit is said."""
    found: dict[tuple[tuple[str, str], ...], list[tuple[FileLines, Hunk]]] = {}
    for file in files:
        if _DATA.search(file.diff.path):
            continue
        hidden = {line for fold in taken.get(file.diff.path, ()) for line in (*fold.old, *fold.new)}
        for hunk in file.diff.hunks:
            edits = _edits(file.removed(hunk), file.added(hunk))
            if edits and not hidden.intersection((*hunk.old_lines, *hunk.new_lines)):
                found.setdefault(edits, []).append((file, hunk))
    folds: dict[str, list[Fold]] = {}
    for edits, places in found.items():
        if len(places) < LEAST_REPEATED:
            continue
        shown = dict.fromkeys(file.diff.path for file, _ in places[:SHOWN_REPEATED])
        said = ", ".join(f"{old!r} became {new!r}" for old, new in edits)
        for file, hunk in places[SHOWN_REPEATED:]:
            lines = (
                f"line {hunk.new_start + 1}"
                if hunk.new_count == 1
                else f"lines {hunk.new_start + 1} to {hunk.new_start + hunk.new_count}"
            )
            note = f"{lines}: {said}, as in {' and '.join(shown)}, and nothing else"
            folds.setdefault(file.diff.path, []).append(Fold(hunk.old_lines, hunk.new_lines, note, tuple(shown)))
    return folds


def long_data(file: FileLines) -> tuple[Fold, ...]:
    """The middle of long runs of added or removed lines of data: this one loses something, and coverage says so."""
    if not _DATA.search(file.diff.path):
        return ()
    folds = []
    for hunk in file.diff.hunks:
        old, new = _middle(hunk.old_lines), _middle(hunk.new_lines)
        if old or new:
            note = f"{counted(len(old) + len(new), 'line')} of data left out"
            folds.append(Fold(old, new, f"{note}, from line {(new or old).start + 1}"))
    return tuple(folds)


def is_data(path: str) -> bool:
    """Whether a file holds data or what a program wrote, by its name."""
    return _DATA.search(path) is not None


def _middle(lines: range) -> range:
    return range(lines.start + DATA_SHOWN // 2, lines.stop - DATA_SHOWN // 2) if len(lines) > DATA_LEAST else range(0)


def _in(leaves: Sequence[Leaf], lines: range) -> list[Leaf]:
    if not lines:  # a word that goes on across the place where lines came or went
        first = bisect_left(leaves, lines.start, key=lambda one: one.last_line)
        found = leaves[first : bisect_left(leaves, lines.start, key=lambda one: one.first_line)]
        return [one for one in found if one.first_line < lines.start <= one.last_line]
    first = bisect_left(leaves, lines.start, key=lambda one: one.last_line)
    return list(leaves[first : bisect_left(leaves, lines.stop, key=lambda one: one.first_line)])


def _words(leaves: Sequence[Leaf]) -> list[tuple[str, str, str, int]]:
    return [(one.kind, one.parent, one.text, one.depth) for one in leaves]


def _unchanged_around(file: FileLines, old: Sequence[Leaf], new: Sequence[Leaf]) -> bool:
    """Whether the unchanged lines mean what they did: an altered line may have moved them into another block."""
    removed, added = file.diff.removed_lines, file.diff.added_lines
    before = [one for one in old if one.first_line not in removed and one.last_line not in removed]
    after = [one for one in new if one.first_line not in added and one.last_line not in added]
    return _words(before) == _words(after)


def _written(lines: Sequence[str]) -> list[str]:
    return [line.rstrip() for line in lines if line.strip()]


def _all_imports(lines: Sequence[str]) -> bool:
    return all(not line.strip() or _IMPORTS.match(line.rstrip("\r\n")) for line in lines)


def _says_something(lines: Sequence[str]) -> bool:
    return sum(any(char.isalnum() for char in line) for line in lines) >= LEAST_MOVED - 1 and len(set(lines)) > 2


def _edits(old: Sequence[str], new: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """What was put in place of what in a hunk of as many lines; none where it is more than a few words."""
    if not old or len(old) != len(new) or len(old) > 8:
        return ()
    found: dict[tuple[str, str], None] = {}
    for before, after in zip(old, new, strict=True):
        edit = _edit(before, after)
        if edit is None:
            return ()
        found[edit] = None
    return tuple(sorted(found))[:3] if len(found) <= 3 else ()


def _edit(before: str, after: str) -> tuple[str, str] | None:
    """The one stretch of words that differs; None where it is long or only takes out or puts in."""
    old, new = _PIECES.findall(before), _PIECES.findall(after)
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    was, now = "".join(old[start : len(old) - end]), "".join(new[start : len(new) - end])
    if not was.strip() or not now.strip() or len(was) + len(now) > _LONGEST_EDIT or "\n" in was + now:
        return None
    if not _renames(was, now):
        return None
    word = re.compile(rf"(?<!\w){re.escape(old[start])}(?!\w)") if re.fullmatch(r"\w+", old[start]) else None
    if word is not None and word.sub(lambda _: new[start], before) == after:
        return old[start], new[start]  # the same word, once or more often in the line
    return was, now


def _renames(was: str, now: str) -> bool:
    """Whether one name stands for another, or other quotes around the same: not another value, operator or type."""
    if _inked([was]) == _inked([now]):
        return True
    return all(
        any(name.lower() not in _JUDGED for name in _NAME.findall(one)) and not _JUDGED_MARK.search(one)
        for one in (was, now)
    )


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    pairs = zip(one, other, strict=False)
    same, alike = next(groupby(pairs, lambda pair: pair[0] == pair[1]), (False, iter(())))
    return sum(1 for _ in alike) if same else 0
