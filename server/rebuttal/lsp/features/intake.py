"""What reviews find, taken in: new findings in the place of those that they are to replace, and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve

from rebuttal.findings.severity import SEVERITIES
from rebuttal.lsp.anchors import LiveFinding, follow, shift
from rebuttal.lsp.paths import is_below, read_text
from rebuttal.lsp.session import Job, Repository
from rebuttal.lsp.workspace import Lines, split_lines
from rebuttal.text.positions import Position, Range

if TYPE_CHECKING:
    from rebuttal.findings.model import Finding
    from rebuttal.lsp.server import RebuttalServer

_START = Range(Position(0, 0), Position(0, 0))


def take_static(ls: RebuttalServer, job: Job, root: str | None, findings: list[Finding], *, with_linters: bool) -> None:
    """The static panel is through: its findings take the place of its earlier ones.

    Those of the repository's linters stay until these are through as well: they do not flicker at every save.
    """
    repository = ls.session.repository(ls.root_of(job, root))
    reviewed = {finding.file for finding in findings} if job.request.partial else None
    _replace(ls, repository, job, findings, frozenset({"static"}), reviewed, awaited=not with_linters)


def is_whole(report: Mapping[str, Any]) -> bool:
    """Whether a debate was held to its end by all who were to speak: what it does not say again is no longer so."""
    return not report.get("degraded") and report.get("not_spent") is None


def take_report(
    ls: RebuttalServer, job: Job, root: str | None, reviewed: set[str], findings: list[Finding], *, whole: bool
) -> None:
    """A review is done. A static one leaves the debate's findings where they stand; one that is not whole, those whose
    lines are as they were: nobody has said that they are mended."""
    repository = ls.session.repository(ls.root_of(job, root))
    sources = frozenset({"static", "debate"}) if job.panel_run != "static" else frozenset({"static"})
    _replace(ls, repository, job, findings, sources, reviewed if job.request.partial else None, whole=whole)


def forget(ls: RebuttalServer, repository: Repository) -> None:
    """A folder was closed: its findings go."""
    paths = repository.paths()
    repository.findings.clear()
    ls.publisher.refresh_all(paths)
    ls.session.repositories.pop(repository.root, None)


def _replace(
    ls: RebuttalServer,
    repository: Repository,
    job: Job,
    findings: list[Finding],
    sources: frozenset[str],
    reviewed_files: set[str] | None,
    *,
    awaited: bool = False,
    whole: bool = True,
) -> None:
    from rebuttal.evidence.linting.names import LINTERS

    new = [finding for finding in findings if finding.source in sources]
    ids = {finding.id for finding in new}

    def stays(live: LiveFinding) -> bool:
        outside = reviewed_files is not None and live.finding.file not in reviewed_files
        outside = outside or not _selected(job, live)
        outside = outside or (awaited and live.finding.rule.partition(":")[0] in LINTERS)
        outside = outside or (live.finding.source == "debate" and not whole and _still_stands(live, new))
        # A commit or the index says nothing of what else is changed in the same files.
        outside = outside or (
            not job.request.of_work_tree and live.scope != job.request.scope and _still_stands(live, new)
        )
        return live.finding.id not in ids and (live.finding.source not in sources or outside)

    before = repository.paths()
    kept = [live for live in repository.findings if stays(live)]
    shown = [finding for finding in new if finding.status not in ("held_back", "dismissed")]
    repository.findings = kept + _follow_all(ls, repository.root, job, shown)
    repository.held_back |= {finding.id: finding for finding in new if finding.status == "held_back"}
    for finding in new:
        if finding.status != "dismissed":
            repository.dismissed.pop(finding.id, None)
    # Dismissed before this server was started, perhaps: it can be restored where it would stand.
    hidden = [one for one in new if one.status == "dismissed" and one.id not in repository.dismissed]
    followed = _follow_all(ls, repository.root, job, hidden)
    # Of a renamed file, it is known by the id of its new name now.
    places = {_place(live) for live in followed}
    earlier = [one for one in repository.dismissed.values() if one.finding.id not in ids and _place(one) in places]
    for live in earlier:
        del repository.dismissed[live.finding.id]
    repository.dismissed |= {live.finding.id: live for live in followed}
    ls.outside.took_findings(repository)
    ls.publisher.refresh_all(before | repository.paths())


def _place(live: LiveFinding) -> tuple[object, ...]:
    return live.path, live.finding.side, live.finding.quote, live.finding.rule, live.finding.title


def _still_stands(live: LiveFinding, new: list[Finding]) -> bool:
    """Whether an earlier finding stands on unchanged lines, and no new one says the like of them."""
    if live.stale:
        return False
    where = live.range
    return not any(
        (one.file, one.side, one.category) == (live.finding.file, live.finding.side, live.finding.category)
        and one.range.start.line <= where.end.line
        and where.start.line <= one.range.end.line
        for one in new
    )


def _selected(job: Job, live: LiveFinding) -> bool:
    """Whether a review of a selection would have found it again; without a selection, any."""
    only = job.request.only
    if only is None:
        return True
    if live.path != Path(only.get("cell", only["file"])):
        return False
    first = only.get("first_line", 0)  # of a cell, in its notebook's text
    where = Range(Position(only["start_line"] - first, 0), Position(only["end_line"] - first + 1, 0))
    for edit in job.edits.get(live.path, ()):
        where = shift(where, edit)
    touches = live.range.start.line < where.end.line and live.range.end.line >= where.start.line
    return touches or live.finding.side != "new"


def _follow_all(ls: RebuttalServer, root: Path, job: Job, findings: list[Finding]) -> list[LiveFinding]:
    texts: dict[Path, Lines | None] = {}

    def see(path: Path) -> None:
        if path not in texts:
            snapshot = job.snapshot.texts.get(path)
            text = snapshot if snapshot is not None else read_text(path)
            texts[path] = None if text is None else split_lines(text)

    followed: list[LiveFinding] = []
    for finding in findings:
        if not _inside(root, finding):
            continue
        edits = finding.fix.edits if finding.fix else ()
        for file in {finding.file, *(edit.file for edit in edits)}:
            for path in job.snapshot.notebooks.get(root / file, (root / file,)):
                see(path)
        # In an unsaved notebook it was counted in a file that is not on disk.
        unsaved = finding.cell is not None and root / finding.file in job.snapshot.unsaved_cells
        counted = evolve(finding, range=_START) if unsaved else finding
        live = follow(counted, root, texts, job.snapshot.notebooks)
        live.branch, live.scope, live.base = job.snapshot.branch, job.request.scope, job.request.base
        for made in job.edits.get(live.path, ()):
            live.shift(made)
        followed.append(live)
    return followed


def _inside(root: Path, finding: Finding) -> bool:
    """Whether all files of a finding lie in the repository: nothing else may be shown or edited."""
    files = [finding.file, *(edit.file for edit in finding.fix.edits)] if finding.fix else [finding.file]
    return all(is_below(root, file) for file in files)


def dismissed(ls: RebuttalServer, repository: Repository, live: LiveFinding) -> None:
    """Take a finding out of sight; it can be restored."""
    live.finding = evolve(live.finding, status="dismissed")
    if live in repository.findings:
        repository.findings.remove(live)
    repository.dismissed[live.finding.id] = live
    ls.publisher.refresh(live.path)


def restored(ls: RebuttalServer, repository: Repository, live: LiveFinding) -> None:
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
