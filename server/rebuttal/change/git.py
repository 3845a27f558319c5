"""Git, only read: the one place that starts git processes, and what keeps a repository from running code.

A repository under review is hostile until proven otherwise. Its configuration can name programs (filters,
textconv, external diffs, fsmonitor, hooks, pagers, ssh commands); here every one of them is off, and only
plumbing is used that neither reads work tree files through filters nor writes the index.
"""

from __future__ import annotations

import os
import re
import subprocess
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from attrs import define, field, frozen

from rebuttal.change.closing import Closing
from rebuttal.change.decode import MAX_BYTES
from rebuttal.change.model import ChangeError

TIMEOUT_SECONDS = 60.0

_HARDENED = {
    "color.ui": "false",
    "core.alternateRefsCommand": "",
    "core.askPass": "",
    "core.fsmonitor": "false",
    "core.hooksPath": "/dev/null",
    "core.pager": "cat",
    "core.sshCommand": "false",
    "core.untrackedCache": "false",
    "credential.helper": "",
    "diff.external": "",
    "diff.orderFile": "/dev/null",
    "gpg.program": "false",
    "grep.fallbackToNoIndex": "false",
    "grep.fullName": "false",
    "grep.column": "false",
    "grep.patternType": "default",
    "log.showSignature": "false",
    "protocol.allow": "never",
    "submodule.recurse": "false",
}

# From the user's own environment: where git is installed and which configuration is theirs.
# Everything else that starts with GIT_ (GIT_DIR of a hook, GIT_EXTERNAL_DIFF, ...) could point git elsewhere.
_KEPT = re.compile(
    r"GIT_(EXEC_PATH|CONFIG_(NOSYSTEM|GLOBAL|SYSTEM|COUNT|PARAMETERS|(KEY|VALUE)_\d+)"
    r"|CEILING_DIRECTORIES|DISCOVERY_ACROSS_FILESYSTEM)"
)
_PRIVATE = re.compile(r"(ANTHROPIC|REBUTTAL)_.*")

_FORCED = {
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_ASKPASS": "",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_FLUSH": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_PAGER": "cat",
    "GIT_TERMINAL_PROMPT": "0",
    "LANGUAGE": "C",
    "LC_ALL": "C",
    "SSH_ASKPASS": "",
}


class GitFailed(Exception):
    """A git command ended with an error; the message is git's own."""


def git_environment(given: Mapping[str, str]) -> dict[str, str]:
    """The environment git is started with: `given` without what would redirect git, and without our keys."""
    kept = {
        name: value
        for name, value in given.items()
        if (not name.upper().startswith("GIT_") or _KEPT.fullmatch(name.upper()))
        and not _PRIVATE.fullmatch(name.upper())
    }
    return kept | _FORCED


@define
class Running(Closing):
    """A git process that was started and whose output is still to be collected."""

    process: subprocess.Popen[bytes]
    command: str

    def finish(self, stdin: bytes | None = None, ok: tuple[int, ...] = (0,)) -> bytes:
        """All of its output; raises GitFailed, or ChangeError when it hangs."""
        try:
            out, err = self.process.communicate(stdin, timeout=TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise ChangeError(
                f"git {self.command} gave no answer within {TIMEOUT_SECONDS:.0f} seconds; "
                "check that the repository's disk responds and try again."
            ) from None
        except BaseException:
            self.kill()
            raise
        if self.process.returncode not in ok:
            raise GitFailed(err.decode("utf-8", "replace").strip())
        return out

    def kill(self) -> None:
        """End it at once; harmless when it has ended."""
        self.process.kill()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        self.process.wait()

    def close(self) -> None:
        self.kill()


@frozen
class Git:
    """Starts hardened git processes in one folder."""

    folder: Path
    environment: Mapping[str, str]

    def start(self, *args: str, stdin: bool = False, stderr: int = subprocess.PIPE) -> Running:
        """Start `git ARGS`; raises ChangeError when git is not installed."""
        executable, popen = load()
        settings = [part for name, value in _HARDENED.items() for part in ("-c", f"{name}={value}")]
        command = [executable, "--no-pager", "--no-optional-locks", *settings, *args]
        try:
            process = popen(
                command,
                cwd=self.folder,
                env=dict(self.environment),
                stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
            )
        except FileNotFoundError:
            raise _missing() from None
        return Running(process, args[0])

    def run(self, *args: str, stdin: bytes | None = None, ok: tuple[int, ...] = (0,)) -> bytes:
        """Run `git ARGS` to its end and give what it printed; raises GitFailed when it fails."""
        return self.start(*args, stdin=stdin is not None).finish(stdin, ok)


def load() -> tuple[str, type[subprocess.Popen[bytes]]]:
    """Which git to run, and how to start it without looking for it in the (hostile) current folder on Windows.

    GitPython decides both; for Windows alone, as elsewhere its answer is the one below, and to load it and the `git
    version` it asks for took a tenth of what the first findings take. Its `Git.execute` is not used because it can only
    add to the environment: a hook's GIT_DIR or the user's API key would be passed on.
    """
    if os.name != "nt":
        return os.environ.get("GIT_PYTHON_GIT_EXECUTABLE") or "git", subprocess.Popen
    try:
        from git.cmd import Git as Command
        from git.cmd import safer_popen
    except ImportError as error:
        raise _missing() from error
    return Command.GIT_PYTHON_GIT_EXECUTABLE or "git", safer_popen  # type: ignore[return-value]  # typed as a Callable


def _missing() -> ChangeError:
    return ChangeError("Git was not found: install git (https://git-scm.com) and make sure `git` is on the PATH.")


@frozen
class GitObject:
    """One object of the repository; `data` is None where it is larger than was asked for."""

    oid: str
    kind: str
    size: int
    data: bytes | None


@define
class ObjectReader(Closing):
    """One persistent `git cat-file --batch`: objects by hash or by any name git understands.

    Names travel by stdin, one a line, so none can be taken for an option.
    """

    git: Git
    _running: Running | None = None
    _lock: threading.Lock = field(factory=threading.Lock)
    _asked_at: float | None = None
    _stop: threading.Event = field(factory=threading.Event)
    _closed: bool = False

    def get(self, name: str, limit: int = MAX_BYTES) -> GitObject | None:
        """The object that `name` names; None where there is none (or it is missing in a partial clone).

        Of one that is larger than `limit` bytes, the content is not kept.
        Raises GitFailed once it is closed: a thread that nobody waits for any more must not start git anew.
        """
        if "\n" in name:
            return self._by_hash_of(name, limit)
        with self._lock:
            if self._closed:
                raise GitFailed("the repository has been closed")
            try:
                self._asked_at = time.monotonic()
                return self._ask(name, limit)
            except (BrokenPipeError, EOFError):
                self._end()  # git gives up when it may not fetch a missing object; the next question starts anew
                return None
            finally:
                self._asked_at = None

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._end()

    def _by_hash_of(self, name: str, limit: int) -> GitObject | None:
        try:
            oid = self.git.run("rev-parse", "--verify", "--quiet", "--end-of-options", name)
        except GitFailed:
            return None
        return self.get(oid.decode("ascii").strip(), limit)

    def _ask(self, name: str, limit: int) -> GitObject | None:
        stdin, stdout = self._pipes()
        stdin.write(name.encode("utf-8", "surrogateescape") + b"\n")
        stdin.flush()
        header = stdout.readline()
        if not header.endswith(b"\n"):
            raise EOFError
        parts = header.split()
        if len(parts) != 3 or not parts[2].isdigit() or header.endswith((b" missing\n", b" ambiguous\n")):
            return None
        oid, kind, size = parts[0].decode("ascii"), parts[1].decode("ascii"), int(parts[2])
        return GitObject(oid, kind, size, _take(stdout, size, limit))

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        if self._running is None:
            self._running = self.git.start("cat-file", "--batch", stdin=True, stderr=subprocess.DEVNULL)
            self._stop = threading.Event()
            threading.Thread(target=self._watch, args=(self._running, self._stop), daemon=True).start()
        process = self._running.process
        assert process.stdin is not None
        assert process.stdout is not None
        return process.stdin, process.stdout

    def _watch(self, running: Running, stop: threading.Event) -> None:
        """End a process that hangs (an object can be a pipe nobody writes to): pipes have no time limit everywhere."""
        while not stop.wait(TIMEOUT_SECONDS / 20):
            asked_at = self._asked_at
            if asked_at is not None and time.monotonic() - asked_at > TIMEOUT_SECONDS:
                running.process.kill()
                return

    def _end(self) -> None:
        self._stop.set()
        if self._running is not None:
            running, self._running = self._running, None
            try:
                running.kill()
            except BrokenPipeError:
                running.process.wait()


def _take(stdout: IO[bytes], size: int, limit: int) -> bytes | None:
    """The content and its line end; a large one is read past in pieces."""
    if size <= limit:
        data = stdout.read(size + 1)
        if len(data) != size + 1:
            raise EOFError
        return data[:-1]
    left = size + 1
    while left:
        piece = stdout.read(min(left, 1 << 16))
        if not piece:
            raise EOFError
        left -= len(piece)
    return None


@frozen
class Commit:
    """A commit: hashes, and its message as written."""

    oid: str
    tree: str
    parents: tuple[str, ...]
    message: str


def find_commit(objects: ObjectReader, revision: str) -> Commit:
    """The commit a user's revision names; raises ChangeError when there is none or it looks like an option."""
    name = revision.strip()
    if not name or name.startswith("-") or any(ord(char) < 32 for char in name):
        raise ChangeError(f"{revision!r} is no revision; give a commit, branch or tag.")
    found = objects.get(f"{name}^{{commit}}")
    if found is None or found.kind != "commit" or found.data is None:
        raise ChangeError(f"There is no commit {name!r} in this repository; check its spelling or fetch it.")
    return parse_commit(found.oid, found.data)


def parse_commit(oid: str, data: bytes) -> Commit:
    """A raw commit object taken apart."""
    head, _, message = data.partition(b"\n\n")
    fields = [line.split(b" ", 1) for line in head.split(b"\n") if not line.startswith(b" ")]
    parents = tuple(value[0].decode("ascii") for name, *value in fields if name == b"parent")
    tree = next(value[0].decode("ascii") for name, *value in fields if name == b"tree")
    return Commit(oid, tree, parents, message.decode("utf-8", "replace"))
