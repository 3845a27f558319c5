"""From differing paths to file diffs: reads both texts, leaves out what is no text, finds hunks and renames."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property

from attrs import define, evolve, field, frozen

from rebuttal.change.cells import CellMap
from rebuttal.change.collect import Collected, FileChange, InBuffer, InGit, OnDisk, read_settings
from rebuttal.change.decode import MAX_BYTES, NotText, decode, too_large
from rebuttal.change.git import Git, ObjectReader
from rebuttal.change.hunks import compare, whole
from rebuttal.change.memory import Remembered
from rebuttal.change.model import FileDiff, Hunk, Skipped, Status
from rebuttal.change.notebook import ONLY_OUTPUTS, UNREADABLE, is_notebook
from rebuttal.change.sides import LFS, Side, Sides, decoded, limit_of, load, notes
from rebuttal.change.skipping import BaseRules, skip_by_text
from rebuttal.change.worktree import EXECUTABLE, REGULAR, SYMLINK, Gone, WorkTree, object_id

MAX_CHARACTERS = 50_000_000
"""All texts of one change together."""
MAX_FILES = 3_000
"""Files of one change that are reviewed; those that git tracks come first."""


def assemble(
    git: Git, objects: ObjectReader, collected: Collected, rules: BaseRules, algorithm: str, known: Remembered
) -> Assembled:
    """The file diffs and the skipped files, each sorted by path, and what was assumed on the way."""
    work = _Assembly(git, objects, collected.worktree, rules, algorithm)
    for change in sorted(collected.changes.values(), key=lambda one: (one.untracked, one.path)):
        work.add(change)
    files = work.finish(known)
    return Assembled(
        tuple(sorted(files, key=lambda diff: diff.path)),
        tuple(sorted(work.skipped, key=lambda item: item.file)),
        tuple(work.notes),
        work.notebooks,
    )


@frozen
class Assembled:
    files: tuple[FileDiff, ...]
    skipped: tuple[Skipped, ...]
    notes: tuple[str, ...]
    """Sentences for the user."""
    notebooks: Mapping[str, tuple[str | None, str | None]]
    """Those that are not reviewed, for only outputs changed or they cannot be read: both files as they are on disk."""


class _Unchanged(Exception):
    """The file only looked changed."""


@frozen
class _Draft:
    """A changed file before its hunks are known."""

    change: FileChange
    sides: Sides
    old: str | None
    new: str | None
    unsaved: bool = False
    line_ends: bool = False
    """Git takes CRLF of the new side for the LF of the old one."""


@define(slots=False)
class _Assembly:
    git: Git
    objects: ObjectReader
    worktree: WorkTree
    rules: BaseRules
    algorithm: str
    skipped: list[Skipped] = field(factory=list)
    notes: list[str] = field(factory=list)
    notebooks: dict[str, tuple[str | None, str | None]] = field(factory=dict)
    _drafts: list[_Draft] = field(factory=list)
    _room: int = MAX_CHARACTERS
    _left_out: Counter[str] = field(factory=Counter)
    """How many files there was no room for, by their first folder."""

    def add(self, change: FileChange) -> None:
        """Read one file, or note why not."""
        try:
            if len(self._drafts) >= MAX_FILES and self._is_left_out(change):
                return
            draft = self._draft(change)
        except _Unchanged:
            return
        except NotText as reason:
            self._skip(change.path, str(reason))
            return
        except Gone:
            self._skip(change.path, "it vanished while it was read")
            return
        self._room -= sum(side.size for side in (draft.sides.old, draft.sides.new) if side is not None)
        self._drafts.append(draft)

    def _is_left_out(self, change: FileChange) -> bool:
        """Whether a file that there is no room for is only counted; what is skipped anyway is named as ever."""
        if change.skip is not None or (change.old is None and change.new is None) or self.rules.skip(change.path):
            return False
        new = change.new
        if (
            isinstance(new, OnDisk)
            and change.old is not None
            and change.old.mode == new.mode
            and new.mode in (REGULAR, EXECUTABLE)
            and new.noted_size in (0, new.size)  # else it differs from the index: only counted, it is not read for that
            and self._same_bytes(change.path, change.old, new)
        ):
            return True
        folder, slash, _ = change.path.partition("/")
        self._left_out[folder + slash if slash else "./"] += 1
        return True

    def finish(self, known: Remembered) -> list[FileDiff]:
        """All file diffs, with hunks and renames."""
        for folder, count in self._left_out.items():
            files = "1 changed file" if count == 1 else f"{count:,} changed files"
            self._skip(folder, f"{files} more: a review takes at most {MAX_FILES:,}; review them in parts")
        drafts = [draft for draft in self._settle_line_ends() if self._is_reviewed(draft)]
        self.notes = notes((draft.change.path, draft.sides) for draft in drafts)
        found = compare([_comparable(draft) for draft in drafts], self.git.environment, known)
        gone = set(found.renames.values())
        sources = {**found.copies, **found.renames}
        diffs = []
        for place, draft in enumerate(drafts):
            if place in gone:
                continue
            hunks = found.hunks.get(place, ())
            if place in sources:
                status: Status = "renamed" if place in found.renames else "copied"
                diffs.append(_moved(status, drafts[sources[place]], draft, hunks))
            else:
                diffs.append(_diff(draft, hunks))
        return diffs

    def _skip(self, path: str, reason: str) -> None:
        shown = path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        self.skipped.append(Skipped(shown, reason))

    def _is_reviewed(self, draft: _Draft) -> bool:
        path = draft.change.path
        reason = self.rules.skip(path) or skip_by_text(path, draft.old, draft.new)
        if reason is None and LFS in ((draft.old or "")[: len(LFS)], (draft.new or "")[: len(LFS)]):
            reason = "stored by Git LFS"
        if reason is not None:
            self._skip(path, reason)
        return reason is None

    def _draft(self, change: FileChange) -> _Draft:
        if change.skip is not None:
            raise NotText(change.skip)
        if change.old is None and change.new is None:
            raise _Unchanged  # added to the index, then deleted
        if any("\udc80" <= char <= "\udcff" for char in change.path):
            raise NotText("its name is not UTF-8")
        if change.old is None or change.new is None or isinstance(change.new, InGit):
            reason = self.rules.skip(change.path)  # surely changed: no need to read it
            if reason is not None:
                raise NotText(reason)
        if self._room <= 0:
            raise NotText("the change holds more than 50 MB of text; review it in parts")
        if change.old is not None and change.old.mode == SYMLINK:
            return self._was_link(change)
        if isinstance(change.new, OnDisk):
            return self._from_disk(change, change.new)
        if isinstance(change.new, InBuffer):
            return self._from_buffer(change, change.new)
        return self._from_git(change, change.new)

    def _was_link(self, change: FileChange) -> _Draft:
        old, new = change.old, change.new
        assert old is not None
        if new is None:
            raise NotText("a symbolic link, deleted")
        if new.mode == SYMLINK:
            target = self._target(change.path, new)
            # A platform without links checks them out as files that hold the target.
            if (
                isinstance(new, OnDisk)
                and object_id(target.encode("utf-8", "surrogateescape"), self.algorithm) == old.oid
            ):
                raise _Unchanged
            raise NotText(f"a symbolic link, now to {_shown(target)}")
        draft = self._draft(evolve(change, old=None))
        return evolve(draft, change=change)

    def _target(self, path: str, new: InGit | OnDisk | InBuffer) -> str:
        if isinstance(new, OnDisk):
            found = self.worktree.look(path)
            if found is not None and found.mode == SYMLINK:
                return self.worktree.link_target(path)
            return self.worktree.read(path).decode("utf-8", "surrogateescape")
        return self._blob(new, MAX_BYTES).decode("utf-8", "surrogateescape") if isinstance(new, InGit) else new.text

    def _from_git(self, change: FileChange, new: InGit | None) -> _Draft:
        if new is not None and new.mode == SYMLINK:
            raise NotText(f"a symbolic link to {_shown(self._target(change.path, new))}")
        if new is not None and change.old is not None and new.oid == change.old.oid:
            return self._same(change, new)
        data = None if new is None else self._blob(new, limit_of(change.path))
        draft = self._read(change, data)
        if draft.sides.unchanged:
            raise self._only_read_differently(draft)
        return draft

    def _from_disk(self, change: FileChange, new: OnDisk) -> _Draft:
        if new.mode == SYMLINK:
            raise NotText(f"a symbolic link to {_shown(self._target(change.path, new))}")
        if new.mode == 0:
            raise NotText("not a regular file")
        if change.old is not None and self._same_bytes(change.path, change.old, new):
            if change.old.mode == new.mode:
                raise _Unchanged
            return self._same(change, change.old)
        named = self.rules.attributes.get(change.path, "working-tree-encoding")
        encoding = named if isinstance(named, str) else None
        draft = self._read(change, self.worktree.read(change.path, limit_of(change.path)), encoding)
        if draft.sides.unchanged:
            if encoding or (draft.sides.new is not None and draft.sides.new.encoding == "utf-16"):
                raise _Unchanged  # the attribute working-tree-encoding: git stores it as UTF-8
            raise self._only_read_differently(draft)
        return draft

    def _same_bytes(self, path: str, old: InGit, new: OnDisk) -> bool:
        if new.size > limit_of(path) and new.noted_size not in (0, new.size):
            return False
        return self.worktree.hash(path, self.algorithm) == old.oid

    def _same(self, change: FileChange, blob: InGit) -> _Draft:
        """A file of which only the mode changed."""
        side = load(change.path, self._blob(blob, limit_of(change.path)), None).old
        return _draft(change, Sides(side, side))

    def _from_buffer(self, change: FileChange, new: InBuffer) -> _Draft:
        if len(new.text.encode("utf-8", "surrogatepass")) > limit_of(change.path):
            raise NotText(too_large(limit_of(change.path)))
        draft = self._read(change, new.text)
        if draft.sides.unchanged:
            raise _Unchanged
        return evolve(draft, unsaved=self._is_unsaved(change.path, new.text))

    def _is_unsaved(self, path: str, text: str) -> bool:
        try:
            return _lf(decode(self.worktree.read(path, limit_of(path)), limit=limit_of(path)).text) != _lf(text)
        except (Gone, NotText):
            return True

    def _read(self, change: FileChange, new: bytes | str | None, named: str | None = None) -> _Draft:
        old = None if change.old is None else self._blob(change.old, limit_of(change.path))
        try:
            return _draft(change, load(change.path, old, new, named))
        except NotText as reason:
            if str(reason) == UNREADABLE:
                self._keep_unreadable(decoded(change.path, old, new, named), change.path)
            raise

    def _keep_unreadable(self, sides: Sides, path: str) -> None:
        """A merge that left its markers in a notebook makes it no JSON; and it may hold secrets."""
        self.notebooks[path] = (sides.old.text if sides.old else None, sides.new.text if sides.new else None)
        self._room -= sum(side.size for side in (sides.old, sides.new) if side is not None)

    def _only_read_differently(self, draft: _Draft) -> NotText:
        """Why a file whose text is the same is not reviewed. Outputs of a notebook may still hold secrets."""
        old, new = draft.sides.old, draft.sides.new
        if not is_notebook(draft.change.path) or old is None or new is None:
            return NotText("only its encoding or its byte order mark changed")
        self.notebooks[draft.change.path] = (old.file, new.file)
        self._room -= old.size + new.size
        return NotText(ONLY_OUTPUTS)

    def _blob(self, blob: InGit, limit: int) -> bytes:
        found = self.objects.get(blob.oid, limit)
        if found is None:
            raise NotText("its content is not in this clone (a partial clone); fetch it first")
        if found.data is None:
            raise NotText(too_large(limit))
        return found.data

    def _settle_line_ends(self) -> list[_Draft]:
        """Let CRLF of the work tree pass for LF where git would store LF, so that not every line looks changed."""
        doubtful = [draft for draft in self._drafts if _has_new_crlf(draft)]
        normalised = self._normalised([draft.change.path for draft in doubtful])
        settled = []
        for draft in self._drafts:
            if draft.change.path not in normalised or not _has_new_crlf(draft):
                settled.append(draft)
                continue
            assert draft.old is not None
            assert draft.new is not None
            if draft.old != _lf(draft.new):
                mostly = draft.new.count("\r\n") * 2 >= draft.new.count("\n")
                old = draft.old.replace("\n", "\r\n") if mostly else draft.old
                settled.append(evolve(draft, old=old, line_ends=True))
        return settled

    def _normalised(self, paths: Sequence[str]) -> set[str]:
        """Those of the paths whose CRLF git would turn into LF, by gitattributes(5) and core.autocrlf."""
        if not paths:
            return set()
        stdin = b"".join(path.encode("utf-8", "surrogateescape") + b"\0" for path in paths)
        out = self.git.run("check-attr", "-z", "--stdin", "text", "eol", "crlf", stdin=stdin)
        tokens = out.decode("utf-8", "surrogateescape").split("\0")
        values: dict[str, dict[str, str]] = {}
        for path, name, value in zip(tokens[::3], tokens[1::3], tokens[2::3], strict=False):
            values.setdefault(path, {})[name] = value
        return {path for path, given in values.items() if self._is_normalised(given)}

    def _is_normalised(self, given: dict[str, str]) -> bool:
        text = given.get("text", "unspecified")
        if text == "unspecified":
            text = {"set": "set", "unset": "unset", "input": "set"}.get(given.get("crlf", ""), text)
        if text == "unspecified" and given.get("eol") in ("lf", "crlf"):
            text = "set"
        if text == "unspecified":
            return self._settings.get("core.autocrlf") in ("true", "yes", "on", "1", "input")
        return text in ("set", "auto")

    @cached_property
    def _settings(self) -> dict[str, str]:
        return read_settings(self.git)


def _has_new_crlf(draft: _Draft) -> bool:
    if isinstance(draft.change.new, InGit) or draft.old is None or draft.new is None or draft.line_ends:
        return False
    if draft.sides.new is not None and draft.sides.new.cells is not None:
        return False
    return "\r\n" in draft.new and "\r\n" not in draft.old


def _draft(change: FileChange, sides: Sides) -> _Draft:
    old, new = (None if side is None else side.text for side in (sides.old, sides.new))
    return _Draft(change, sides, old, new)


def _lf(text: str) -> str:
    return text.replace("\r\n", "\n")


def _shown(target: str) -> str:
    return ascii(target)[1:-1]


def _comparable(draft: _Draft) -> tuple[str | None, str | None]:
    """The texts as they are compared. A file that was a link before has no old text, but is no rename either."""
    if draft.change.old is not None and draft.change.old.mode == SYMLINK:
        return "", ""
    if draft.line_ends and draft.old is not None and draft.new is not None:
        return _lf(draft.old), _lf(draft.new)
    return draft.old, draft.new


def _diff(draft: _Draft, hunks: tuple[Hunk, ...]) -> FileDiff:
    status = _status(draft)
    if draft.old is None or draft.new is None:
        hunks = whole(draft.old, draft.new)
    return FileDiff(
        path=draft.change.path,
        status=status,
        old_text=draft.old,
        new_text=draft.new,
        hunks=hunks,
        untracked=draft.change.untracked,
        unsaved=draft.unsaved,
        encoding=_encoding(draft.sides),
        old_cells=_cells(draft.sides.old),
        new_cells=_cells(draft.sides.new),
    )


def _moved(status: Status, old: _Draft, new: _Draft, hunks: tuple[Hunk, ...]) -> FileDiff:
    return evolve(
        _diff(new, ()),
        status=status,
        old_text=old.old,
        old_path=old.change.path,
        hunks=hunks,
        old_cells=_cells(old.sides.old),
    )


def _cells(side: Side | None) -> CellMap | None:
    return None if side is None else side.cells


def _encoding(sides: Sides) -> str:
    side = sides.new or sides.old
    return "utf-8" if side is None else side.encoding


def _status(draft: _Draft) -> Status:
    old, new = draft.change.old, draft.change.new
    if old is None:
        return "added"
    if new is None:
        return "deleted"
    if old.mode == SYMLINK:
        return "type_changed"
    return "mode_changed" if draft.old == draft.new else "modified"
