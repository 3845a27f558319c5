"""Reads one change: which files differ, their texts on both sides, their hunks, and what is left out and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from attrs import evolve, frozen

from rebuttal.change.assemble import assemble
from rebuttal.change.attributes import Attributes
from rebuttal.change.base import EMPTY, Ends, resolve_ends
from rebuttal.change.closing import Closing
from rebuttal.change.collect import Collected, collect
from rebuttal.change.git import Git, GitFailed, ObjectReader
from rebuttal.change.ignore import Ignored
from rebuttal.change.memory import Memory
from rebuttal.change.model import Change, ChangeError, Scope
from rebuttal.change.repository import GitRepository, Place, open_place
from rebuttal.change.sides import shown
from rebuttal.change.skipping import BaseRules
from rebuttal.change.sources import CommitSource, DiskSource, IndexSource, NoSource, Source
from rebuttal.change.trees import SideTree

T = TypeVar("T")

IgnoreSetting = Callable[[Callable[[str], str | None]], tuple[str, ...]]
"""From what reads a file of the base to the globs that settings ignore: the repository's own are among them."""


@frozen
class Reading(Closing):
    """A change, and the repository it was read from. Use it as a context manager, or close it."""

    change: Change
    repository: GitRepository

    def close(self) -> None:
        """End the helper process; the change stays usable."""
        self.repository.close()


def read_change(
    where: Path,
    scope: Scope,
    *,
    base: str | None = None,
    buffers: Mapping[str, str] | None = None,
    only_lines: Mapping[str, range] | None = None,
    include_working: bool = False,
    ignore: IgnoreSetting = lambda read: (),
    memory: Memory | None = None,
) -> Reading:
    """Read the change that `scope` names in the repository that holds `where`.

    `base` names the revision to compare from. `buffers` maps paths to unsaved text; they count wherever the work
    tree does. `only_lines` narrows the change to its files, of which it names the lines of interest (a selection).
    Paths of both are root-relative or absolute, and become root-relative in the change. `include_working` widens
    `branch` by what `working` adds. `ignore` gives the globs of files that settings leave out. Git's clean filters are
    never run: a file whose committed form differs from its work tree form by a filter counts as changed once its time
    or size moved. `memory` is what earlier reviews of this repository left, and takes what this one learns.

    Raises ChangeError: no git, no repository, a bare one, an unknown revision or file, no base.
    """
    place, git, objects = open_place(where)
    try:
        unsaved, chosen = _by_root(place, buffers or {}), _by_root(place, only_lines or {})
        if only_lines and not chosen:
            raise ChangeError(f"{next(iter(only_lines))} is not inside {place.root}; select lines of a file of it.")
        return _read(place, git, objects, scope, base, unsaved, chosen, include_working, ignore, memory or Memory())
    except GitFailed as failure:
        objects.close()
        reason = str(failure).removeprefix("fatal: ").removeprefix("error: ").split("\n")[0].rstrip(".")
        raise ChangeError(
            f"Git could not read the change ({reason}); run `git status` and `git fsck` in {place.root}."
        ) from None
    except BaseException:
        objects.close()
        raise


def _read(
    place: Place,
    git: Git,
    objects: ObjectReader,
    scope: Scope,
    base: str | None,
    buffers: dict[str, str],
    only_lines: dict[str, range],
    include_working: bool,
    ignore: IgnoreSetting,
    memory: Memory,
) -> Reading:
    ends = resolve_ends(git, objects, scope, base, include_working)
    collected = collect(place, git, objects, ends, buffers if ends.new_side == "work tree" else {}, memory)
    old_source: Source = (
        CommitSource(git, objects, ends.base.oid, memory.listings, collected.base) if ends.base else NoSource()
    )
    old = SideTree(git, old_source, searched=memory.objects)
    overlay = {path: shown(path, text) for path, text in collected.buffers.items()}
    searched = memory.disk if ends.new_side == "work tree" else memory.objects
    new = SideTree(git, _new_source(git, objects, ends, collected, memory), overlay, searched)
    only_file = _find_file(place, scope.spec or "", collected, new, old) if scope.kind == "file" else None
    if only_file is not None:
        collected = _only_file(collected, only_file)
    rules = BaseRules(Attributes(old.read), Ignored(old.read, ignore(old.read)))
    found = assemble(git, objects, collected, rules, place.algorithm, memory.hunks)
    files, skipped = found.files, found.skipped
    # After renames have been found: the file that was moved away from is not selected.
    if only_file is not None:
        files = tuple(diff for diff in files if diff.path == only_file)
        skipped = tuple(one for one in skipped if one.file not in collected.changes or one.file == only_file)
    if only_lines:
        files = tuple(diff for diff in files if diff.path in only_lines)
        skipped = tuple(one for one in skipped if one.file in only_lines)
    for diff in files:
        if diff.status != "deleted":
            new.remember(diff.path, diff.new_text)
        if diff.old_text is not None:
            old.remember(diff.old_path or diff.path, diff.old_text)
    for path, (before, after) in found.notebooks.items():
        old.remember(path, before)
        new.remember(path, after)
    change = Change(
        root=place.root,
        scope=scope,
        base=ends.base.oid if ends.base else EMPTY,
        base_reason=ends.reason,
        head=ends.head.oid if ends.head else ends.new_side,
        files=files,
        skipped=skipped,
        only_lines=only_lines,
        notes=found.notes,
    )
    base_oid = ends.base.oid if ends.base else None
    return Reading(change, GitRepository(place, git, objects, new, old, base_oid, memory, rules.ignored))


def _new_source(git: Git, objects: ObjectReader, ends: Ends, collected: Collected, memory: Memory) -> Source:
    if ends.new_side == "commit":
        assert ends.head is not None
        return CommitSource(git, objects, ends.head.oid, memory.listings)
    if ends.new_side == "index":
        return IndexSource(objects, collected.staged, collected.links)
    return DiskSource(collected.worktree, collected.listed, collected.stats, collected.unseen)


def _by_root(place: Place, given: Mapping[str, T]) -> dict[str, T]:
    """The same by root-relative path; what lies outside the repository is left out."""
    found = {}
    for path, value in given.items():
        inside = path if not Path(path).is_absolute() else _inside(place, Path(path))
        if inside is not None:
            found[inside] = value
    return found


def _inside(place: Place, path: Path) -> str | None:
    """The root-relative form of an absolute path, of a link itself and not of what it leads to."""
    try:
        return (path.parent.resolve() / path.name).relative_to(place.root).as_posix()
    except (ValueError, OSError, RuntimeError):  # elsewhere, or a loop of links
        return None


def _find_file(place: Place, spec: str, collected: Collected, new: SideTree, old: SideTree) -> str:
    """The root-relative path that `file:PATH` means: from where the caller stood, or from the root."""
    given = Path(spec)
    if given.is_absolute():
        inside = _inside(place, given)
        if inside is None:
            raise ChangeError(f"{spec} is not inside the repository at {place.root}; name a file of it.")
        wanted = [inside]
    else:
        plain = given.as_posix()
        wanted = [_normal(f"{place.folder}/{plain}")] if place.folder else []
        wanted.append(_normal(plain))
    for path in wanted:
        if path in collected.changes or path in new.paths() or path in old.paths():
            return path
    raise ChangeError(f"There is no file {spec!r} in this repository that git does not ignore; check the path.")


def _normal(path: str) -> str:
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            if not parts:
                return ""
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def _only_file(collected: Collected, path: str) -> Collected:
    """The file; where it is new, also those that are gone: one of them may be what it was called."""
    chosen = collected.changes.get(path)
    is_new = chosen is not None and chosen.old is None
    kept = (one for one in collected.changes.values() if one.path == path or (is_new and one.new is None))
    return evolve(collected, changes={one.path: one for one in kept})
