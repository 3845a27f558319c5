"""Runs the linters that the repository configures: on changed files only, by the base's configuration, within bounds.

Only in a repository that the user trusts: a linter's configuration, and what it loads, is code of the repository.
"""

from __future__ import annotations

import hashlib
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from attrs import define, field, frozen

from rebuttal.change.model import FileDiff, Repository, Side
from rebuttal.evidence.linting.configured import (
    MAX_FILES,
    Configured,
    Installed,
    Task,
    altered,
    find_installed,
    folder_of,
    meddled,
    small,
    upwards,
)
from rebuttal.evidence.linting.copies import link_modules, unlink, write_tree
from rebuttal.evidence.linting.own_silences import OwnSilence, unsilenced
from rebuttal.evidence.linting.process import Bounds, Broken, Processes, clean_environment
from rebuttal.evidence.linting.tool import Call, Said, Tool, Unreadable
from rebuttal.evidence.linting.tools import TOOLS
from rebuttal.evidence.model import PHASE, Completed, Material, one_line
from rebuttal.findings.report import Degraded
from rebuttal.text.words import counted

SECONDS = 90
"""What all linters of one review have together."""
AT_ONCE = 2
MAX_TASKS = 12
REMEMBERED = 200

Answer = Mapping[str, tuple[Said, ...]]
"""By root-relative path."""


@frozen
class Heard:
    """What one linter said of the files of one task."""

    task: Task
    new: Answer
    old: Answer | None
    """None where the linter cannot look at the base's texts."""
    silences: Mapping[str, tuple[OwnSilence, ...]] = field(factory=dict)


@frozen
class Findings:
    """What all of them said, and who could not be heard."""

    heard: tuple[Heard, ...] = ()
    degraded: tuple[Degraded, ...] = ()
    notes: tuple[str, ...] = ()


@define(eq=False)
class Remembered:
    """Answers by the digest of all that they depend on; the oldest goes first. For all threads."""

    _answers: OrderedDict[str, tuple[Said, ...]] = field(factory=OrderedDict)
    _lock: threading.Lock = field(factory=threading.Lock)

    def get(self, key: str) -> tuple[Said, ...] | None:
        with self._lock:
            return self._answers.get(key)

    def put(self, key: str, answer: tuple[Said, ...]) -> None:
        with self._lock:
            self._answers[key] = answer
            self._answers.move_to_end(key)
            while len(self._answers) > REMEMBERED:
                self._answers.popitem(last=False)


@frozen
class Standing:
    """A linter that a repository configures."""

    name: str
    config: str
    """Root-relative path of (the first of) its configuration."""
    installed: str | None
    """Where; None where it is not."""


class _Skipped(Exception):
    """A linter was not run for a reason that is nobody's failure; the message is one sentence for the user."""


@define(eq=False)
class Linters:
    """The repository's linters, for one review of a repository that the user trusts."""

    environment: Mapping[str, str]
    remembered: Remembered = field(factory=Remembered)
    cache: Path | None = None
    """Where linters that need the whole project may keep what they have worked out; they start anew without."""
    tools: Sequence[Tool] = TOOLS
    seconds: float = SECONDS
    clock: Callable[[], float] = time.monotonic
    _processes: Processes = field(factory=Processes)

    def lint(self, material: Material) -> Findings:
        """What they say of the change. Whatever becomes of one of them, the others are heard."""
        configured = Configured(material.repository.old)
        tasks = configured.tasks(self.tools, small(material.files))
        end = self.clock() + self.seconds
        if not tasks:
            return Findings()
        with ThreadPoolExecutor(AT_ONCE, "rebuttal-linter") as pool:
            outcomes = list(pool.map(lambda task: self._try(material, configured, task, end), tasks[:MAX_TASKS]))
        if len(tasks) > MAX_TASKS:
            text = (
                f"{counted(len(tasks) - MAX_TASKS, 'further configuration')} of linters in other folders not looked at."
            )
            outcomes.append(Findings(notes=(text,)))
        return Findings(
            tuple(one for outcome in outcomes for one in outcome.heard),
            tuple(one for outcome in outcomes for one in outcome.degraded),
            tuple(dict.fromkeys(one for outcome in outcomes for one in outcome.notes)),
        )

    def stop(self) -> None:
        """End all that runs: nobody waits for it any more."""
        self._processes.stop()

    def _try(self, material: Material, configured: Configured, task: Task, end: float) -> Findings:
        name = task.tool.name
        try:
            return self._run(material, configured, task, end)
        except _Skipped as reason:
            return Findings(notes=(str(reason),))
        except Broken as reason:
            return Findings(degraded=(Degraded(name, PHASE, f"{name} {reason}."),))
        except Exception as error:
            # The message may hold code or a secret: only its kind is told.
            reason_ = f"{name} could not be heard for an internal error ({type(error).__name__})."
            return Findings(degraded=(Degraded(name, PHASE, reason_),))

    def _run(self, material: Material, configured: Configured, task: Task, end: float) -> Findings:
        root = material.repository.root
        inputs = configured.inputs(task)
        installed = find_installed(task.tool, root, task.folder, self.environment)
        if installed is None:
            raise _Skipped(f"{task.tool.name} is configured ({task.config}) but not installed: it was not run.")
        if meddled(installed, material.change):
            raise _Skipped(f"{task.tool.name} was not run: the change alters what is installed in {installed.within}.")
        sitting = _Sitting(self, material, task, inputs, installed, end)
        return sitting.on_copies() if task.tool.ground == "copy" else sitting.in_work_tree()

    def run(self, command: list[str], folder: Path, tool: Tool, end: float) -> Completed:
        """Within the bounds of the linter and of the review. Raises Broken."""
        left = min(tool.seconds, end - self.clock())
        if left <= 0:
            raise Broken("was not run: the other linters had taken all the time there is for them")
        bounds = Bounds(left, tool.memory, tool.bounded)
        return self._processes.run(command, folder, clean_environment(self.environment, tool.environment), bounds)


@frozen
class _Sitting:
    """One linter at work on one task."""

    linters: Linters
    material: Material
    task: Task
    inputs: Mapping[str, str]
    installed: Installed
    end: float

    def on_copies(self) -> Findings:
        texts, silences = self._new_texts()
        new = self._remembered("new", texts, self._copied)
        old = self._remembered("old", self._old_texts(), self._copied) if any(new.values()) else {}
        return self._findings(new, old, silences)

    def in_work_tree(self) -> Findings:
        tool, change = self.task.tool, self.material.change
        path = altered(self.task, self.inputs, change)
        if path is not None:
            raise _Skipped(f"{tool.name} was not run: the change alters {path}, which it would go by.")
        if not all(_is_on_disk(change.root, diff, tool) for diff in change.files):
            raise _Skipped(
                f"{tool.name} was not run: it needs the whole project, and the work tree is not this change."
            )
        texts, silences = self._new_texts()
        if not tool.shadowing:
            return self._findings(self._remembered("new", texts, self._in_place), None, {})
        new = self._remembered("new", texts, self._in_place)
        # A file that is new has no place in the base.
        before = {path: text for path, text in self._old_texts().items() if path in texts}
        old = self._remembered("old", before, self._in_place) if any(new.values()) and before else {}
        return self._findings(new, old, silences)

    def _new_texts(self) -> tuple[dict[str, str], dict[str, tuple[OwnSilence, ...]]]:
        texts: dict[str, str] = {}
        silences: dict[str, tuple[OwnSilence, ...]] = {}
        for diff in self.task.files:
            texts[diff.path], silences[diff.path] = unsilenced(diff, self.task.tool.name)
        return texts, silences

    def _old_texts(self) -> dict[str, str]:
        """Of every changed file that it takes, deleted ones too: code may have moved between them."""
        diffs = [diff for diff in small(self.material.files) if self.task.tool.takes(diff.path)]
        return {
            diff.path: diff.old_text
            for diff in diffs[:MAX_FILES]
            if diff.old_text and diff.old_cells is None and self.task.folder in upwards(folder_of(diff.path))
        }

    def _remembered(
        self, side: Side, texts: Mapping[str, str], look: Callable[[Mapping[str, str]], Iterable[Said]]
    ) -> dict[str, tuple[Said, ...]]:
        key = self._key(side, texts)
        said = self.linters.remembered.get(key)
        if said is None:
            said = tuple(look(texts)) if texts else ()
            self.linters.remembered.put(key, said)
        answer: dict[str, list[Said]] = {path: [] for path in texts}
        for one in said:
            if one.path in answer:
                answer[one.path].append(one)
        return {path: tuple(found) for path, found in answer.items()}

    def _key(self, side: Side, texts: Mapping[str, str]) -> str:
        digest = hashlib.sha256()
        parts = [self.task.tool.name, self.installed.identity, self.task.folder, self.task.config]
        parts += [part for path in sorted(self.inputs) for part in (path, self.inputs[path])]
        parts += ["|", *(part for path in sorted(texts) for part in (path, texts[path]))]
        if self.task.tool.ground == "work tree":
            # It reads other files as well: those of the commit, and what the change makes of them.
            change = self.material.change
            parts += [side, change.base, *(part for diff in change.files for part in (diff.path, diff.new_text or ""))]
        for part in parts:
            data = part.encode("utf-8", "replace")
            digest.update(len(data).to_bytes(8, "big") + data)
        return digest.hexdigest()

    def _copied(self, texts: Mapping[str, str]) -> list[Said]:
        root = self.material.repository.root
        with tempfile.TemporaryDirectory(prefix="rebuttal-", ignore_cleanup_errors=True) as name:
            copy = Path(name).resolve()
            write_tree(copy, {**texts, **self.inputs})
            above = {one for path in (self.task.config, *texts) for one in upwards(folder_of(path))}
            links = link_modules(copy, root, sorted(above)) if self.task.tool.node else []
            try:
                return self._ask(copy, self._call(sorted(texts)))
            finally:
                unlink(links)

    def _in_place(self, texts: Mapping[str, str]) -> list[Said]:
        root, tool = self.material.repository.root, self.task.tool
        with tempfile.TemporaryDirectory(prefix="rebuttal-", ignore_cleanup_errors=True) as name:
            shadows = {}
            if tool.shadowing:
                for number, (path, text) in enumerate(texts.items()):
                    shadow = Path(name) / f"{number}{Path(path).suffix}"
                    shadow.write_bytes(text.encode("utf-8", "replace"))
                    shadows[self._relative(path)] = str(shadow)
            files = sorted({folder_of(path) for path in texts}) if tool.per_folder else sorted(texts)
            return self._ask(root, self._call(files, shadows, self._cache(Path(name))))

    def _cache(self, fallback: Path) -> str:
        if self.linters.cache is None:
            return str(fallback / "cache")
        where = hashlib.sha256(str(self.material.repository.root / self.task.folder).encode()).hexdigest()[:16]
        folder = self.linters.cache / f"{self.task.tool.name}-{where}"
        folder.mkdir(parents=True, exist_ok=True)
        return str(folder)

    def _call(self, files: Sequence[str], shadows: Mapping[str, str] = {}, cache: str = "") -> Call:
        given = tuple(self._relative(path) for path in files)
        settings = self.inputs.get(self.task.config, "")
        return Call(given, self._relative(self.task.config), shadows, settings, cache)

    def _relative(self, path: str) -> str:
        """As seen from the task's folder, with `./` before it."""
        within = path.removeprefix(f"{self.task.folder}/") if self.task.folder else path
        return f"./{within}" if within and path != self.task.folder else "."

    def _ask(self, root: Path, call: Call) -> list[Said]:
        tool, folder = self.task.tool, root / self.task.folder
        done = self.linters.run([*self.installed.command, *tool.command(call)], folder, tool, self.end)
        if done.code not in tool.answered:
            raise Broken(f"failed (exit code {done.code})")
        try:
            said = tool.parse(done)
        except (Unreadable, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
            raise Broken("printed what cannot be read") from None
        return [one for one in (_placed(one, root, folder) for one in said) if one is not None]

    def _findings(self, new: Answer, old: Answer | None, silences: Mapping[str, tuple[OwnSilence, ...]]) -> Findings:
        unread = [(path, one.message) for path, said in new.items() for one in said if not one.rule]
        notes: tuple[str, ...] = ()
        if unread:
            paths = list(dict.fromkeys(path for path, _ in unread))
            what = f"{paths[0]}" if len(paths) == 1 else f"{paths[0]} and {counted(len(paths) - 1, 'other file')}"
            notes = (f"{self.task.tool.name} could not read {what} ({one_line(unread[0][1], 120)}).",)
        return Findings((Heard(self.task, new, old, silences),), notes=notes)


def describe(repository: Repository, environment: Mapping[str, str], tools: Sequence[Tool] = TOOLS) -> list[Standing]:
    """Every linter that the repository's base configures for any file of it: for `rebuttal doctor`."""
    configured, paths = Configured(repository.old), repository.old.paths()
    found = []
    for tool in tools:
        folders = sorted({folder_of(path) for path in paths if tool.takes(path)}, key=lambda one: (one.count("/"), one))
        nearest = next((one for folder in folders if (one := configured.nearest(tool, folder)) is not None), None)
        if nearest is not None:
            installed = find_installed(tool, repository.root, nearest[0], environment)
            found.append(Standing(tool.name, nearest[1], str(installed.path) if installed else None))
    return found


def _placed(said: Said, root: Path, folder: Path) -> Said | None:
    """With its path as the repository knows it; None where it lies outside."""
    from attrs import evolve

    path = Path(said.path)
    try:
        full = path if path.is_absolute() else folder / path
        return evolve(said, path=full.relative_to(root).as_posix())
    except ValueError:
        return None


def _is_on_disk(root: Path, diff: FileDiff, tool: Tool) -> bool:
    """Whether the work tree has a file as the change leaves it, or the linter can be shown it so."""
    file = root / diff.path
    if diff.new_text is None:
        return not file.exists()
    if diff.unsaved and tool.shadowing and tool.takes(diff.path):
        return file.is_file()
    if diff.new_cells is not None:
        return True
    try:
        return file.read_bytes().decode(diff.encoding, "replace").removeprefix("\ufeff") == diff.new_text.removeprefix(
            "\ufeff"
        )
    except (OSError, LookupError):
        return False
