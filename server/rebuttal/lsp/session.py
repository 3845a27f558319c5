"""The one place of state. Only the event loop touches it; jobs get frozen snapshots, never live documents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from attrs import define, field, frozen

from rebuttal.findings.severity import SEVERITIES
from rebuttal.lsp.anchors import LiveFinding
from rebuttal.lsp.capabilities import ClientFlags
from rebuttal.lsp.others import OtherTools
from rebuttal.lsp.paths import is_inside
from rebuttal.lsp.remembered import remember
from rebuttal.lsp.words import Words
from rebuttal.lsp.workspace import Edit, Lines, split_lines
from rebuttal.settings import Settings

if TYPE_CHECKING:
    from rebuttal.findings.model import Finding

JobState = Literal["estimating", "awaitingConsent", "debating", "done", "cancelled", "failed"]
Origin = Literal["command", "save", "commit"]


@frozen
class Budget:
    """Where spending stands (docs/budget.md), as the worker says; `state` is empty until it has."""

    state: str = ""
    cause: str = ""
    cap: str = ""
    message: str = field(default="", eq=False)
    """For people; its amounts change without the state."""

    @classmethod
    def of(cls, given: Any, before: Budget) -> Budget:
        """From the worker's `budget`; one that cannot be read leaves it as it was."""
        if not isinstance(given, Mapping) or given.get("state") not in ("spending", "warned", "stopped"):
            return before
        texts = (given.get(key) for key in ("state", "cause", "cap", "message"))
        return cls(*(text if isinstance(text, str) else "" for text in texts))


@frozen
class Totals:
    """What the caps leave; decimal strings of US dollars."""

    day_spent: str = "0"
    day_cap: str = "0"
    month_spent: str = "0"
    month_cap: str = "0"
    budget: Budget = Budget()

    @classmethod
    def of(cls, given: Any, before: Totals) -> Totals:
        """From the worker's `totals`; what it leaves out stays as it was."""
        if not isinstance(given, Mapping):
            return before

        def amount(period: str, key: str, default: str) -> str:
            part = given.get(period)
            return str(part.get(key, default)) if isinstance(part, Mapping) else default

        return cls(
            amount("day", "spent", before.day_spent),
            amount("day", "cap", before.day_cap),
            amount("month", "spent", before.month_spent),
            amount("month", "cap", before.month_cap),
            Budget.of(given.get("budget"), before.budget),
        )


@frozen
class Again:
    """One finding that is asked about again, as the contract's F, and what the user says of it."""

    id: str
    path: Path
    finding: Mapping[str, Any]
    comment: str = ""


@frozen
class ReviewRequest:
    """What a command or a save asks for. `scope` as in the contract; `only` is a range of one file.

    `panel`, `protocol`, `profile`: None is what the settings say once they are known.
    """

    root: Path
    scope: str = "working"
    base: str | None = None
    panel: str | None = None
    protocol: str | None = None
    profile: str | None = None
    only: Mapping[str, Any] | None = None
    origin: Origin = "command"
    again: Again | None = None
    """No review, but one finding of it argued about anew."""

    @property
    def key(self) -> tuple[Path, str]:
        """One job at a time for each: a save's static review does not end a debate that is being paid for."""
        if self.again is not None:
            return self.root, f"again:{self.again.id}"
        static_save = self.origin == "save" and self.panel == "static"
        return self.root, "save" if static_save else self.scope

    @property
    def of_work_tree(self) -> bool:
        """Whether its new side is the text in the editor."""
        return self.scope.startswith(("working", "branch", "file"))

    @property
    def partial(self) -> bool:
        """Whether it says nothing about the rest of the repository."""
        return self.only is not None or self.scope.startswith("file:") or self.origin == "commit"


@frozen
class Snapshot:
    """The open documents as they were when a job began."""

    texts: Mapping[Path, str]
    dirty: frozenset[Path]
    open_files: tuple[str, ...] = ()
    """Root-relative, the latest used first."""
    diagnostics: tuple[Mapping[str, Any], ...] = ()
    """What other tools show, as the worker is told."""
    notebooks: Mapping[Path, tuple[Path, ...]] = field(factory=dict)
    """The open notebooks, with the paths that stand for their cells, in order."""
    unsaved_cells: Mapping[Path, tuple[Mapping[str, str], ...]] = field(factory=dict)
    """Every cell of the notebooks that may differ from the disk, as the worker is told."""
    branch: str = ""
    """What was checked out."""
    commit: str = ""


@frozen
class Seen:
    """What the last finished review of everything had before it: saving the same again reviews nothing."""

    texts: Mapping[Path, str]
    head: str
    settings: Settings


@define(eq=False)
class Job:
    """One review or estimate under way, or the last of it."""

    id: str
    request: ReviewRequest
    snapshot: Snapshot
    state: JobState = "estimating"
    phase: str | None = None
    estimate: Mapping[str, Any] | None = None
    spent: str = "0"
    message: str | None = None
    percentage: int = 0
    superseded: bool = False
    panel_run: str = "static"
    """The panel that was really asked, once the report is in."""
    transcript: str | None = None
    edits: dict[Path, list[Edit]] = field(factory=dict)
    """What was typed into the snapshot's documents since."""
    moves: list[Callable[[Path], Path | None]] = field(factory=list)
    """What files and folders were renamed since: a path's new one, None where it has none."""
    judged: set[str] = field(factory=set)
    """Findings that the user dismissed, restored or asked about since: the worker may not have known."""
    static_is_old: bool = False
    """Whether the static panel of a review that began later, of another text, is in already."""
    warned_of: set[str] = field(factory=set)
    """Causes of warnings that the user was told of."""

    @property
    def running(self) -> bool:
        return self.state in ("estimating", "awaitingConsent", "debating")

    def forget_texts(self) -> None:
        """It has ended: nothing will be looked up in what it saw, which may be megabytes."""
        self.snapshot, self.edits = Snapshot({}, frozenset()), {}

    @property
    def visible(self) -> bool:
        """A free review on save comes and goes without a word."""
        return not (self.request.origin != "command" and self.request.panel == "static")


@define(eq=False)
class Repository:
    """What is known of one repository; findings stay until newer ones are in."""

    root: Path
    findings: list[LiveFinding] = field(factory=list)
    held_back: dict[str, Finding] = field(factory=dict)
    dismissed: dict[str, LiveFinding] = field(factory=dict)
    job: Job | None = None
    """The latest one that was worth a word."""
    outcome: Literal["idle", "degraded", "blocked"] = "idle"
    message: str | None = None
    saved: set[Path] = field(factory=set)
    """Files saved since the last review on save."""
    declined: bool = False
    """Whether the last question was dismissed: what nobody asked for does not ask it again."""
    seen: dict[bool, Seen] = field(factory=dict)
    """By whether a debate was wanted."""

    def withheld(self) -> int:
        """How many open findings are not shown because their lines are not there any more."""
        open_ones = (live for live in self.findings if live.finding.status == "open" and not live.finding.pre_existing)
        return sum(live.stale for live in open_ones)

    def shown(self, *, hints: bool = False) -> Iterator[LiveFinding]:
        """Findings that are open and stand on their lines; `hints`: also what stood before the change."""
        there = (live for live in self.findings if live.finding.status == "open" and not live.stale)
        return there if hints else (live for live in there if not live.finding.pre_existing)

    def counts(self) -> dict[str, int]:
        """Open findings by severity."""
        counts = dict.fromkeys(SEVERITIES, 0)
        for live in self.shown():
            counts[live.finding.severity] += 1
        return {str(severity): count for severity, count in counts.items()}

    def paths(self) -> set[Path]:
        return {live.path for live in self.findings}


@frozen
class Scoped:
    """Settings of one folder among several."""

    settings: Settings
    given: Mapping[str, Any]
    """As `Session.client_settings`."""


@define(eq=False)
class Session:
    """The state of one connection to one editor."""

    settings: Settings
    user_settings: Settings
    flags: ClientFlags = field(factory=ClientFlags)
    client_settings: dict[str, Any] = field(factory=dict)
    """The narrowing values that the editor gave, as the worker gets them."""
    of_folders: dict[Path, Scoped] = field(factory=dict)
    """What it gave for a folder, where several are open."""
    folders: list[Path] = field(factory=list)
    words: Words = field(factory=Words)
    vouched: bool = False
    """The user trusts the open folders: linters, seats and templates of repositories in them are heard."""
    repositories: dict[Path, Repository] = field(factory=dict)
    jobs: dict[str, Job] = field(factory=dict)
    totals: Totals = field(factory=Totals)
    pages: dict[str, str] = field(factory=dict)
    """Documents that were made on demand, by URI: the last of each."""
    told_of_budget: dict[Path, Budget] = field(factory=dict)
    """The state that the user was last told of, by repository: each may have caps of its own."""
    dirty: set[Path] = field(factory=set)
    others: dict[Path, OtherTools] = field(factory=dict)
    """Diagnostics that other tools show, by file."""
    notebooks: dict[Path, str] = field(factory=dict)
    """Open notebooks, with their URIs."""
    cells: dict[str, Path] = field(factory=dict)
    """By the URI of a cell: the path that stands for it here, a sibling of its notebook that is not on disk."""
    cells_named: int = 0
    used: dict[Path, None] = field(factory=dict)
    """Open documents, the latest used last."""
    uris: dict[Path, str] = field(factory=dict)
    """URIs as the client writes them."""
    last_repository: Path | None = None
    closing: bool = False

    def note_budget(self, root: Path) -> Budget | None:
        """The worker has said where spending stands, for the repository at `root`; what the user is to be told of it,
        where it is new to them. Of a repository's own cap it is new for each."""
        budget, before = self.totals.budget, self.told_of_budget.get(root)
        is_new = budget != before and (budget.cap == "repository" or budget not in self.told_of_budget.values())
        self.told_of_budget[root] = budget
        return budget if is_new and budget.message else None

    def budget_of(self, root: Path) -> Budget:
        """Where spending stands for a repository: what another one's own cap leaves is not told of it."""
        own, now = self.told_of_budget.get(root, Budget()), self.totals.budget
        return own if "repository" in (own.cap, now.cap) else now

    def repository(self, root: Path) -> Repository:
        """The repository's state, made when it is first spoken of."""
        return self.repositories.setdefault(root, Repository(root))

    def use(self, path: Path) -> None:
        """The user works in an open document."""
        self.used.pop(path, None)
        self.used[path] = None

    def findings_in(self, path: Path) -> Iterator[LiveFinding]:
        """Every finding that lies in a file, shown or not."""
        for repository in self.repositories.values():
            yield from (live for live in repository.findings if live.path == path)

    def dismissed_in(self, path: Path) -> Iterator[LiveFinding]:
        """Every dismissed finding that lay in a file."""
        for repository in self.repositories.values():
            yield from (live for live in repository.dismissed.values() if live.path == path)

    def find(self, finding_id: str, path: Path | None = None) -> tuple[Repository, LiveFinding] | None:
        """A finding by its id, dismissed ones too; the one in `path` if two worktrees have the same finding."""
        found = [
            (repository, live)
            for repository in self.repositories.values()
            for live in (*repository.findings, *repository.dismissed.values())
            if live.finding.id == finding_id
        ]
        return next((one for one in found if one[1].path == path), found[0] if found else None)

    def any_finding(self, finding_id: str) -> Finding | None:
        """A finding by its id, those held back too."""
        if (found := self.find(finding_id)) is not None:
            return found[1].finding
        kept = (repository.held_back.get(finding_id) for repository in self.repositories.values())
        return next((finding for finding in kept if finding is not None), None)

    def running(self) -> Iterator[Job]:
        return (job for job in self.jobs.values() if job.running)

    def judged(self, repository: Repository, finding_id: str) -> None:
        """The user has had a say about a finding: reviews under way may have looked before."""
        for job in self.running():
            if job.request.root == repository.root:
                job.judged.add(finding_id)

    def job_to_show(self, repository: Repository) -> Job | None:
        """The latest visible one that runs, else the latest that was worth a word."""
        mine = (job for job in self.running() if job.visible and not job.superseded)
        running = [job for job in mine if job.request.root == repository.root]
        return running[-1] if running else repository.job

    def typed(self, path: Path, edits: Iterable[Edit], lines: Callable[[], Lines]) -> None:
        """Remember edits of a document for the reviews that saw it without them. `lines`: what it is now."""
        for job in self.running():
            if (text := job.snapshot.texts.get(path)) is not None:
                remember(job.edits, path, edits, partial(_texts, text, lines))

    def settings_of(self, path: Path) -> Settings:
        """What holds for a file or a repository: its folder's settings where folders have their own."""
        scoped = self._scoped(path)
        return self.settings if scoped is None else scoped.settings

    def client_settings_of(self, root: Path) -> dict[str, Any]:
        """What the editor gave for a repository, as the worker gets it."""
        scoped = self._scoped(root)
        return self.client_settings if scoped is None else dict(scoped.given)

    def _scoped(self, path: Path) -> Scoped | None:
        around = [folder for folder in self.of_folders if is_inside(path, folder)]
        if around:
            return self.of_folders[max(around, key=lambda folder: len(folder.parts))]
        # A repository of which only parts are open: the first of them speaks for it.
        return next(
            (self.of_folders[one] for one in self.folders if one in self.of_folders and is_inside(one, path)), None
        )

    @property
    def trusted(self) -> list[str]:
        """The open folders, where the user trusts them."""
        return [str(folder) for folder in self.folders] if self.vouched else []

    def belongs(self, root: Path) -> bool:
        """Whether a repository has to do with an open folder; without folders, every one has."""
        return not self.folders or any(is_inside(root, folder) or is_inside(folder, root) for folder in self.folders)

    def keep_jobs(self, latest: int = 20) -> None:
        """Forget old jobs, and with them their transcripts."""
        ended: Iterable[str] = [job.id for job in self.jobs.values() if not job.running]
        for job_id in list(ended)[:-latest]:
            del self.jobs[job_id]


def _texts(before: str, after: Callable[[], Lines]) -> tuple[Lines, Lines]:
    return split_lines(before), after()
