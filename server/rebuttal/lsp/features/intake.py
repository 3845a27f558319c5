"""What reviews find, taken in: new findings in the place of those that they are to replace, and nothing else."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import define, evolve, field, frozen

from rebuttal.findings.severity import SEVERITIES
from rebuttal.lsp.anchors import LiveFinding, follow, shift
from rebuttal.lsp.features.outside import carry
from rebuttal.lsp.paths import is_below, read_text
from rebuttal.lsp.portions import Portions
from rebuttal.lsp.session import Job, Repository
from rebuttal.lsp.workspace import Edit, Lines, split_lines
from rebuttal.text.positions import Position, Range

if TYPE_CHECKING:
    from rebuttal.findings.model import Finding
    from rebuttal.lsp.server import RebuttalServer

_START = Range(Position(0, 0), Position(0, 0))


@define(eq=False)
class Intake:
    """Takes findings in, in portions. One report at a time, in the order they came: the later one is the newer."""

    ls: RebuttalServer
    _one: asyncio.Lock = field(factory=asyncio.Lock)

    async def static(self, job: Job, root: str | None, findings: list[Finding], *, with_linters: bool) -> bool:
        """The static panel is through: its findings take the place of its earlier ones.

        Those of the repository's linters stay until these are through as well: they do not flicker at every save.
        Whether the job still counts afterwards: it may have been superseded meanwhile.
        """
        if job.static_is_old:
            return False
        reviewed = frozenset(finding.file for finding in findings) if job.request.partial else None
        return await self._take(job, root, _New(findings, frozenset({"static"}), reviewed, awaited=not with_linters))

    async def report(
        self, job: Job, root: str | None, reviewed: set[str], findings: list[Finding], *, whole: bool
    ) -> bool:
        """A review is done. A static one leaves the debate's findings where they stand; one that is not whole, those
        whose lines are as they were: nobody has said that they are mended. Whether the job still counts afterwards."""
        sources = frozenset({"static", "debate"}) if job.panel_run != "static" else frozenset({"static"})
        files = frozenset(reviewed) if job.request.partial else None
        return await self._take(job, root, _New(findings, sources, files, whole=whole))

    async def _take(self, job: Job, root: str | None, new: _New) -> bool:
        async with self._one:
            if job.superseded:
                return False
            repository = self.ls.session.repository(self.ls.root_of(job, root))
            is_taken = await self.ls.turns.finish(_taken(self.ls, repository, job, new))
            if is_taken:
                _note_static(self.ls, job, new)
        # What the status and the progress's end tell of is seen by then.
        await self.ls.publisher.up_to_date()
        return is_taken and not job.superseded


@frozen
class _New:
    """What a review says, of which sources and which files (None: of all)."""

    findings: list[Finding]
    sources: frozenset[str]
    files: frozenset[str] | None = None
    awaited: bool = False
    """Whether the linters' are still to come."""
    whole: bool = True


def _note_static(ls: RebuttalServer, job: Job, new: _New) -> None:
    """Of a text that has changed, the static panel that saw it last counts: not that of a debate which takes longer."""
    if new.files is not None or "static" not in new.sources:
        return
    for other in ls.session.running():
        if other is job:
            return
        same = other.request.root == job.request.root and other.request.scope == job.request.scope
        if same and other.snapshot.texts != job.snapshot.texts:
            other.static_is_old = True


def is_whole(report: Mapping[str, Any]) -> bool:
    """Whether a debate was held to its end by all who were to speak: what it does not say again is no longer so."""
    return not report.get("degraded") and report.get("not_spent") is None


def forget(ls: RebuttalServer, repository: Repository) -> None:
    """A folder was closed: its findings go."""
    paths = repository.paths()
    repository.findings.clear()
    ls.session.repositories.pop(repository.root, None)
    ls.publisher.refresh_all(paths)


def _taken(ls: RebuttalServer, repository: Repository, job: Job, new: _New) -> Portions[bool]:
    """New findings are read against their texts in portions; then they take the place of the earlier ones at once.
    Whether they did: those of a job that is superseded by then do not."""
    if job.static_is_old:
        new = evolve(new, sources=new.sources - {"static"})
    mine = [finding for finding in new.findings if finding.source in new.sources]
    dismissed = set(repository.dismissed)
    following = _Following(ls, repository.root, job)
    for finding in mine:
        if finding.status != "held_back" and (finding.status != "dismissed" or finding.id not in dismissed):
            following.add(finding)
        yield
        if job.superseded:
            return False
    # What the user had a say about meanwhile stays as they left it.
    meanwhile = job.judged
    before = repository.paths()
    _replace(repository, job, new, [one for one in mine if one.id not in meanwhile], following, meanwhile)
    ls.outside.took_findings(repository)
    ls.publisher.refresh_all(before | repository.paths())
    return True


def _replace(
    repository: Repository, job: Job, new: _New, mine: list[Finding], following: _Following, meanwhile: set[str]
) -> None:
    from rebuttal.evidence.linting.names import LINTERS

    ids, selected, says_the_like = {one.id for one in mine}, _selected(job), _says_the_like(mine)

    def stays(live: LiveFinding) -> bool:
        outside = new.files is not None and live.finding.file not in new.files
        outside = outside or not selected(live)
        outside = outside or (new.awaited and live.finding.rule.partition(":")[0] in LINTERS)
        still_stands = not live.stale and not says_the_like(live)
        outside = outside or (live.finding.source == "debate" and not new.whole and still_stands)
        # A commit or the index says nothing of what else is changed in the same files.
        outside = outside or (not job.request.of_work_tree and live.scope != job.request.scope and still_stands)
        return live.finding.id not in ids and (live.finding.source not in new.sources or outside)

    kept = [live for live in repository.findings if live.finding.id in meanwhile or stays(live)]
    followed = [live for live in following.caught_up() if live.finding.id in ids]
    for live in followed if job.moves else ():
        carry(live, repository.root, job.moves)
    repository.findings = kept + [live for live in followed if live.finding.status != "dismissed"]
    repository.held_back |= {finding.id: finding for finding in mine if finding.status == "held_back"}
    for finding in mine:
        if finding.status != "dismissed":
            repository.dismissed.pop(finding.id, None)
    # Dismissed before this server was started, perhaps: it can be restored where it would stand.
    hidden = [live for live in followed if live.finding.status == "dismissed"]
    # Of a renamed file, it is known by the id of its new name now.
    places = {_place(live) for live in hidden}
    earlier = [one for one in repository.dismissed.values() if one.finding.id not in ids and _place(one) in places]
    for live in earlier:
        del repository.dismissed[live.finding.id]
    repository.dismissed |= {live.finding.id: live for live in hidden}


def _place(live: LiveFinding) -> tuple[object, ...]:
    one = live.finding
    return live.path, one.side, one.quote, one.rule, one.title, one.pre_existing


def _says_the_like(new: list[Finding]) -> Callable[[LiveFinding], bool]:
    """Whether a new finding speaks of the lines of an earlier one, in the same way."""
    alike: defaultdict[tuple[str, ...], list[Range]] = defaultdict(list)
    for one in (one for one in new if not one.pre_existing):
        alike[one.file, one.side, one.category].append(one.range)

    def says(live: LiveFinding) -> bool:
        finding, where = live.finding, live.range
        return any(
            one.start.line <= where.end.line and where.start.line <= one.end.line
            for one in alike.get((finding.file, finding.side, finding.category), ())
        )

    return says


def _selected(job: Job) -> Callable[[LiveFinding], bool]:
    """Whether a review of a selection would have found it again; without a selection, any."""
    only = job.request.only
    if only is None:
        return lambda _: True
    path, first = Path(only.get("cell", only["file"])), only.get("first_line", 0)  # of a cell, in its notebook's text
    where = Range(Position(only["start_line"] - first, 0), Position(only["end_line"] - first + 1, 0))
    for edit in job.edits.get(path, ()):
        where = shift(where, edit)

    def selected(live: LiveFinding) -> bool:
        touches = live.range.start.line < where.end.line and live.range.end.line >= where.start.line
        return live.path == path and (touches or live.finding.side != "new")

    return selected


@define(eq=False)
class _Following:
    """New findings, each with its file as the review saw it and with what was typed there since."""

    ls: RebuttalServer
    root: Path
    job: Job
    _texts: dict[Path, Lines | None] = field(factory=dict)
    _followed: list[tuple[Finding, LiveFinding, list[Edit], int]] = field(factory=list)
    """With the edits of its file and how many of them it has followed."""

    def add(self, finding: Finding) -> None:
        """One that lies outside of the repository is left out."""
        if not _inside(self.root, finding):
            return
        edits = finding.fix.edits if finding.fix else ()
        for file in {finding.file, *(edit.file for edit in edits)}:
            for path in self.job.snapshot.notebooks.get(self.root / file, (self.root / file,)):
                self._see(path)
        self._followed.append(self._follow(finding))

    def caught_up(self) -> list[LiveFinding]:
        """All of them, with what was typed until now."""
        found: list[LiveFinding] = []
        for finding, live, edits, count in self._followed:
            now = self.job.edits.get(live.path, [])
            if count and now is not edits:  # what was typed is gone: the file was closed unsaved
                found.append(self._follow(finding)[1])
                continue
            live.shift_all(now[count:])
            found.append(live)
        return found

    def _follow(self, finding: Finding) -> tuple[Finding, LiveFinding, list[Edit], int]:
        snapshot, request = self.job.snapshot, self.job.request
        # In an unsaved notebook it was counted in a file that is not on disk.
        unsaved = finding.cell is not None and self.root / finding.file in snapshot.unsaved_cells
        counted = evolve(finding, range=_START) if unsaved else finding
        live = follow(counted, self.root, self._texts, snapshot.notebooks)
        live.branch, live.scope, live.base = snapshot.branch, request.scope, request.base
        edits = self.job.edits.get(live.path, [])
        live.shift_all(edits)
        return finding, live, edits, len(edits)

    def _see(self, path: Path) -> None:
        if path not in self._texts:
            snapshot, now = self.job.snapshot.texts.get(path), path
            for paths in self.job.moves:
                now = paths(now) or now
            text = snapshot if snapshot is not None else read_text(now)
            self._texts[path] = None if text is None else split_lines(text)


def _inside(root: Path, finding: Finding) -> bool:
    """Whether all files of a finding lie in the repository: nothing else may be shown or edited."""
    files = [finding.file, *(edit.file for edit in finding.fix.edits)] if finding.fix else [finding.file]
    return all(is_below(root, file) for file in files)


def dismissed(ls: RebuttalServer, repository: Repository, live: LiveFinding) -> None:
    """Take a finding out of sight; it can be restored."""
    ls.session.judged(repository, live.finding.id)
    live.finding = evolve(live.finding, status="dismissed")
    if live in repository.findings:
        repository.findings.remove(live)
    repository.dismissed[live.finding.id] = live
    ls.publisher.refresh(live.path)


def restored(ls: RebuttalServer, repository: Repository, live: LiveFinding) -> None:
    ls.session.judged(repository, live.finding.id)
    live.finding = evolve(live.finding, status="open")
    repository.dismissed.pop(live.finding.id, None)
    if live not in repository.findings:
        repository.findings.append(live)
    ls.publisher.refresh(live.path)


def reconsidered(ls: RebuttalServer, job: Job, after: Finding) -> None:
    """A finding was asked about again: one that did not stand goes out of sight, and can still be read."""
    again, repository = job.request.again, ls.session.repositories.get(job.request.root)
    found = ls.session.find(again.id, again.path) if again is not None else None
    if found is None or repository is None:
        return
    live = found[1]
    ls.session.judged(repository, live.finding.id)
    live.finding = evolve(live.finding, verdict=after.verdict, severity=after.severity, trace=after.trace)
    if after.status == "held_back" and live in repository.findings:
        live.finding = evolve(live.finding, status="held_back")
        repository.findings.remove(live)
        repository.held_back[live.finding.id] = live.finding
    ls.publisher.refresh(live.path)


def summary(repository: Repository) -> str:
    """ "2 high, 1 low", or "no findings"."""
    counts = Counter(repository.counts())
    return ", ".join(f"{counts[severity]} {severity}" for severity in SEVERITIES if counts[severity]) or "no findings"
