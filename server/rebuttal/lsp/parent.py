"""Whether the editor still lives: one that was killed may leave the pipe open in another process."""

from __future__ import annotations

import asyncio
import os
import sys

EVERY = 1.0
"""Seconds between two looks."""


def is_alive(pid: int) -> bool:
    """Whether a process of that number exists (one of another user counts)."""
    if sys.platform == "win32":
        return _is_alive_on_windows(pid)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


async def until_gone(pid: int) -> None:
    """Return once the process has ended."""
    gone = asyncio.Event()
    while not gone.is_set():
        await asyncio.sleep(EVERY)
        if not is_alive(pid):
            gone.set()


if sys.platform == "win32":

    def _is_alive_on_windows(pid: int) -> bool:
        import ctypes

        synchronize, timeout = 0x00100000, 0x102
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        handle = kernel.OpenProcess(synchronize, False, pid)
        if not handle:
            return False
        try:
            return bool(kernel.WaitForSingleObject(handle, 0) == timeout)
        finally:
            kernel.CloseHandle(handle)
