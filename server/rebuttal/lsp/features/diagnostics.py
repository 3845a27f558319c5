"""Findings as pushed diagnostics: published, followed through edits, cleared."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import define, field
from lsprotocol import types

from rebuttal.findings.severity import SEVERITIES
from rebuttal.lsp.anchors import LiveFinding
from rebuttal.lsp.encoding import convert
from rebuttal.lsp.others import OtherTools
from rebuttal.lsp.paths import is_below, read_text, uri_of
from rebuttal.lsp.portions import Portions
from rebuttal.lsp.protocol import DIAGNOSTICS_OF_OTHERS, OtherDiagnosticsParams
from rebuttal.lsp.render import diagnostic_text
from rebuttal.lsp.rules import page_of, tag_of
from rebuttal.lsp.session import Repository
from rebuttal.lsp.workspace import Lines, LspTextDocument, differences, split_lines
from rebuttal.text.positions import Position, Range

if TYPE_CHECKING:
    from rebuttal.findings.model import Finding
    from rebuttal.lsp.server import RebuttalServer

SOURCE = "rebuttal"
PER_FILE = 200
"""Diagnostics of one file at most; the worst are shown."""
IN_ALL = 1000
"""Diagnostics of all files at most; the worst are shown, and the status says how many are not."""
FILES_OF_OTHERS = 1000
"""Files of which other tools' diagnostics are kept; those heard of last."""
SETTLE_AFTER = 0.25
"""Seconds without typing after which findings are checked against the text."""

_STATIC = {
    "critical": types.DiagnosticSeverity.Error,
    "high": types.DiagnosticSeverity.Warning,
    "medium": types.DiagnosticSeverity.Information,
    "low": types.DiagnosticSeverity.Information,
}


def severity_of(finding: Finding) -> types.DiagnosticSeverity:
    """The contract's mapping; a debate's finding is never an error, and what stood before the change is a hint."""
    if finding.pre_existing:
        return types.DiagnosticSeverity.Hint
    mapped = _STATIC[finding.severity]
    return types.DiagnosticSeverity.Warning if finding.source == "debate" and finding.severity == "critical" else mapped


def rank_of(finding: Finding) -> tuple[bool, int]:
    """The worst first; what stood before the change takes no room of what it brings."""
    return finding.pre_existing, SEVERITIES.index(finding.severity)


def _is_set() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


@define(eq=False)
class Publisher:
    """Keeps what the client shows equal to what the session knows."""

    ls: RebuttalServer
    _published: dict[Path, list[types.Diagnostic]] = field(factory=dict)
    _named: dict[Path, str] = field(factory=dict)
    """URIs that diagnostics were published for."""
    _seen: dict[Path, Lines | LspTextDocument] = field(factory=dict)
    _beyond: dict[int, Path] = field(factory=dict)
    """By the identity of findings that are not shown because there are too many: their files."""
    _due: dict[Path, None] = field(factory=dict)
    """Files to look at, and to publish."""
    _idle: asyncio.Event = field(factory=_is_set)
    _afterwards: list[Callable[[], None]] = field(factory=list)
    _closed: bool = False

    def refresh(self, path: Path) -> None:
        """Check a file's findings against its text, and publish what changed."""
        self.refresh_all([path])

    def refresh_all(self, paths: Iterable[Path]) -> None:
        """The same of many files at once. What is short is done at once, else in portions; what is half done when it
        is asked for again is done anew, so that the newest state is published in the end."""
        if self._closed:
            return
        self._due.update(dict.fromkeys(paths))
        if self._idle.is_set():
            self._idle.clear()
            self.ls.turns.begin(self._work())

    async def up_to_date(self) -> None:
        """Until everything that was asked for is published."""
        await self._idle.wait()

    def when_idle(self, callback: Callable[[], None]) -> None:
        """Call back once everything is looked at and published."""
        if self._idle.is_set():
            callback()
        else:
            self._afterwards.append(callback)

    def reread(self, path: Path) -> None:
        """Its text is another one without having been typed: findings follow what is different."""
        self._follow(path)
        self.refresh(path)

    def reread_all(self, paths: Collection[Path]) -> Portions[None]:
        """The same of many files."""
        for path in paths:
            self._follow(path)
            self._due[path] = None
            yield
        self.refresh_all(paths)

    def _follow(self, path: Path) -> None:
        before, now = self.seen(path), self.lines(path)
        if before is None or now is None:
            return
        # At once: it may be reread again before it is looked at.
        self._seen[path] = self.ls.document(path) or now
        edits = differences(before, now) if before is not now and before != now else []
        for live in (*self.ls.session.findings_in(path), *self.ls.session.dismissed_in(path)) if edits else ():
            live.shift_all(edits)

    def _work(self) -> Portions[None]:
        try:
            while self._due:
                yield from self._batch()
        finally:
            self._idle.set()
        afterwards, self._afterwards = self._afterwards, []
        for callback in dict.fromkeys(afterwards):
            callback()

    def _batch(self) -> Portions[None]:
        """All that is due by now; what becomes due meanwhile is left to the next one."""
        found = self._by_file()
        files = [path for path in sorted(self._due, key=str) if self._concerns(path, found)]
        self._due.clear()
        texts: dict[Path, Lines | None] = {}
        for path in files:
            if path not in self._due:
                texts[path] = self._settle(path, found[path])
            yield
        others = self._ration(files) if files else []
        for path in files:
            if path in texts:
                yield from self._show(path, found[path], texts.pop(path))
        for path in others:
            yield from self._show(path, found[path], self.lines(path))

    def _by_file(self) -> defaultdict[Path, list[LiveFinding]]:
        found: defaultdict[Path, list[LiveFinding]] = defaultdict(list)
        for repository in self.ls.session.repositories.values():
            for live in repository.findings:
                found[live.path].append(live)
        return found

    def _concerns(self, path: Path, found: Mapping[Path, list[LiveFinding]]) -> bool:
        return path in found or path in self._published

    def _settle(self, path: Path, findings: list[LiveFinding]) -> Lines | None:
        """Look whether a file's findings stand in its text, which is given back. In one go: a text that changes halfway
        would part them."""
        lines = self.lines(path)
        there = lines is not None or path.exists()
        for live in findings:
            live.file_is(there)
            if lines is not None:
                live.settle(lines)
        kept = self.ls.document(path) or lines
        if not findings:
            self._seen.pop(path, None)
        elif kept is not None:
            self._seen[path] = kept
        return lines

    def _show(self, path: Path, findings: list[LiveFinding], lines: Lines | None) -> Portions[None]:
        """Publish what is to be seen of a file, unless something newer of it is to be published."""
        if self._is_outdated(path, lines):
            return
        made: list[types.Diagnostic] = []
        for live in self._chosen(path, findings):
            made.append(self._diagnostic(live, lines or []))
            yield
            if self._is_outdated(path, lines):
                return
        if made == self._published.get(path, []):
            return
        wire: list[Any] = []
        for diagnostic in made:
            wire.append(self.ls.protocol.as_json(diagnostic))
            yield
            if self._is_outdated(path, lines):
                return
        self._publish(path, made, wire)

    def _is_outdated(self, path: Path, lines: Lines | None) -> bool:
        """Whether a file was asked for again, or typed in, since its lines were looked at: it is due then."""
        document = self.ls.document(path)
        if document is not None and document.bare_lines is not lines and not self._closed:
            self._due[path] = None
        return path in self._due or self._closed

    def seen(self, path: Path) -> Lines | None:
        """The lines that a file's findings stand on, as they were seen last."""
        kept = self._seen.get(path)
        return kept.bare_lines if isinstance(kept, LspTextDocument) else kept

    def forget_lines(self, paths: Iterable[Path]) -> None:
        for path in paths:
            self._seen.pop(path, None)

    def _ration(self, files: Collection[Path]) -> list[Path]:
        """Choose what is shown where there is too much of it. Files beside these in which the choice is another one."""
        every = [live for one in self.ls.session.repositories.values() for live in one.shown(hints=True)]
        before, self._beyond = self._beyond, {}
        if len(every) > IN_ALL:
            every.sort(key=lambda live: (*rank_of(live.finding), str(live.path), live.place))
            self._beyond = {id(live): live.path for live in every[IN_ALL:]}
        changed = {(before.get(one) or self._beyond.get(one)) for one in before.keys() ^ self._beyond.keys()}
        return sorted((one for one in changed if one is not None and one not in files), key=str)

    def not_shown(self, repository: Repository) -> int:
        """How many open findings are beyond what an editor is sent."""
        by_file = Counter(live.path for live in repository.shown() if id(live) not in self._beyond)
        beyond = sum(id(live) in self._beyond for live in repository.shown()) if self._beyond else 0
        return beyond + sum(max(count - PER_FILE, 0) for count in by_file.values())

    def refresh_soon(self, path: Path) -> None:
        """The same once the user pauses."""
        if path in self._published or any(True for _ in self.ls.session.findings_in(path)):
            self.ls.debouncer.later(("settle", path), SETTLE_AFTER, lambda: self._settled(path))

    def clear(self) -> None:
        """Take everything back: the server is about to end."""
        self._closed = True
        self._due.clear()
        for path in list(self._published):
            self._publish(path, [], [])

    def lines(self, path: Path) -> Lines | None:
        """A file's lines without their ends: the editor's buffer, else the disk."""
        if (document := self.ls.document(path)) is not None:
            return document.bare_lines
        text = read_text(path)
        return None if text is None else split_lines(text)

    def visible_range(self, live: LiveFinding, line_count: int) -> Range:
        """Where a finding shows: one of the old side, or of the whole file, at the start of a line there is."""
        return live.range if live.finding.side == "new" else _visible(live.range, line_count)

    def client_range(self, where: Range, lines: list[str]) -> types.Range:
        """A range in the client's units."""
        return types.Range(self._client(where.start, lines), self._client(where.end, lines))

    def uri(self, path: Path) -> str:
        return self.ls.session.uris.get(path) or uri_of(path)

    def _settled(self, path: Path) -> None:
        self.refresh(path)
        self.when_idle(self.ls.status.update_all)

    def _publish(self, path: Path, diagnostics: list[types.Diagnostic], wire: list[Any]) -> None:
        document, uri = self.ls.document(path), self.uri(path)
        if diagnostics:
            self._published[path], self._named[path] = diagnostics, uri
        else:
            # By the name that the client knows it by: a cell that is gone has none any more.
            uri = self._named.pop(path, uri)
            self._published.pop(path, None)
        version = document.version if document is not None else None
        of_version = {} if version is None else {"version": version}
        params = {"uri": uri, **of_version, "diagnostics": wire}
        self.ls.protocol.tell(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS, params)

    def _chosen(self, path: Path, findings: list[LiveFinding]) -> list[LiveFinding]:
        """The findings of a file that are shown, in order."""
        shown = [live for live in findings if live.finding.status == "open" and not live.stale]
        shown = [live for live in shown if id(live) not in self._beyond and not self._shown_elsewhere(path, live)]
        worst = sorted(shown, key=lambda live: (*rank_of(live.finding), live.place))[:PER_FILE]
        return sorted(worst, key=lambda live: (live.place, live.finding.id))

    def _shown_elsewhere(self, path: Path, live: LiveFinding) -> bool:
        """Whether another tool shows the same fact: the same rule on the same line."""
        if live.finding.source != "static":
            return False
        rule = live.finding.rule.rpartition(":")[2]
        others = self.ls.session.others.get(path)
        shown = others.items if others is not None else ()
        return any(str(one.code) == rule and one.range.start.line == live.range.start.line for one in shown)

    def _diagnostic(self, live: LiveFinding, lines: list[str]) -> types.Diagnostic:
        finding, flags = live.finding, self.ls.session.flags
        where = self.visible_range(live, len(lines))
        href = page_of(finding.rule) if finding.source == "static" else None
        if href is None and flags.text_document_content:
            href = self.ls.documents.trace_uri(finding.id)
        tag = tag_of(finding.rule)
        return types.Diagnostic(
            range=self.client_range(where, lines),
            severity=severity_of(finding),
            code=finding.rule,
            code_description=types.CodeDescription(href=href) if href and flags.code_description else None,
            tags=[tag] if tag is not None and tag in flags.diagnostic_tags else None,
            source=SOURCE,
            message=diagnostic_text(finding),
            related_information=self._related(live) if flags.related_information else None,
            data={"id": finding.id} if flags.diagnostic_data else None,
        )

    def _related(self, live: LiveFinding) -> list[types.DiagnosticRelatedInformation] | None:
        if not live.finding.related:
            return None
        root = live.path.parents[len(Path(live.finding.file).parts) - 1]
        places: list[types.DiagnosticRelatedInformation] = []
        for one in live.finding.related:
            path = root / one.file
            if not is_below(root, one.file):
                continue
            lines: list[str] = (self.lines(path) or []) if self.ls.lsp_workspace.units != "utf-16" else []
            location = types.Location(self.uri(path), self.client_range(one.range, lines))
            places.append(types.DiagnosticRelatedInformation(location, one.message))
        return places or None

    def _client(self, position: Position, lines: list[str]) -> types.Position:
        line = lines[position.line] if position.line < len(lines) else ""
        units = self.ls.lsp_workspace.units
        return types.Position(position.line, convert(line, position.character, "utf-16", units))


def _visible(where: Range, line_count: int) -> Range:
    line = Position(min(where.start.line, max(line_count - 1, 0)), 0)
    return Range(line, line)


def register(ls: RebuttalServer) -> None:
    @ls.feature(DIAGNOSTICS_OF_OTHERS)
    def others(ls: RebuttalServer, params: OtherDiagnosticsParams) -> None:
        path = ls.path(params.uri)
        if path is None:
            return
        # Our own come back from some clients; they are no reason to hide ourselves.
        items = [other for other in params.diagnostics if other.source != SOURCE]
        ls.session.others.pop(path, None)
        if items:
            for oldest in list(ls.session.others)[: len(ls.session.others) - FILES_OF_OTHERS + 1]:
                del ls.session.others[oldest]
            ls.session.others[path] = OtherTools.of(items, path, ls.document(path), params.version)
        ls.publisher.refresh(path)
