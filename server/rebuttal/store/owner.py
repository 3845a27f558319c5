"""Which process a reservation belongs to, and whether that process still lives.

A process id alone lies: ids are used again, containers have their own, and asking with a signal kills on Windows.
An operating system's lock on a file does not: it ends with the process, however that ended.
"""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from uuid import uuid4


class NoLocks(OSError):
    """The file system gives no locks, as some network drives: nobody could tell who lives."""


def _held(error: OSError) -> bool:
    """That a lock was not to be had: False, where another holds it. Raises NoLocks where there are none to be had."""
    if error.errno in (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK, errno.EINTR):
        return False
    raise NoLocks(*error.args) from error


if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            return _held(error)
        return True

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            # flock belongs to the open file, so it also tells two stores of one process apart; fcntl locks do not.
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            return _held(error)
        return True


class Owner:
    """Marks this process as alive until `close` or until it ends. Raises NoLocks, and OSError where it cannot write."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for _ in range(_ATTEMPTS):
            self.token = uuid4().hex
            self._path = folder / self.token
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            is_ours = False
            try:
                # Another process that sweeps may take the new file for a dead one's, until it is locked.
                is_ours = _try_lock(self._descriptor) and self._path.exists()
            finally:
                if not is_ours:
                    os.close(self._descriptor)
                    _remove(self._path)
            if is_ours:
                return
        raise NoLocks(f"{folder} gives no locks")

    def close(self) -> None:
        os.close(self._descriptor)
        _remove(self._path)


_ATTEMPTS = 40
"""A sweep has a new file in its hands for an instant; of three that never stop, five tries in a row once met one."""


def is_alive(folder: Path, token: str) -> bool:
    """Whether the process that called `Owner(folder)` still lives. In doubt (another asks right now) it does.

    What a dead one left in the folder is removed.
    """
    path = folder / token
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        try:
            dead = _try_lock(descriptor)
        except NoLocks:
            return True
        if dead and sys.platform != "win32":
            _remove(path)  # under the lock, see Owner; Windows removes no open file, and none that an Owner has open
    finally:
        os.close(descriptor)
    if dead:
        _remove(path)
    return not dead


def sweep(folder: Path) -> None:
    """Remove what processes left that ended with nothing under way."""
    try:
        tokens = [path.name for path in folder.iterdir()]
    except OSError:
        return
    for token in tokens:
        is_alive(folder, token)


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return  # Windows: another process has it open to ask; it will remove it
