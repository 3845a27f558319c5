"""Where documents are written for a client that opens only files: a folder of this process, private to the user.

It goes with the process. What one that was killed left behind is removed when the next one begins: whether its owner
lives is told by a lock that the system takes back, however a process ends (store/owner.py).
"""

from __future__ import annotations

import logging
import re
import shutil
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path

from attrs import define

from rebuttal.settings import SettingsError, home
from rebuttal.store.owner import Owner, is_alive
from rebuttal.store.owner import sweep as sweep_owners

log = logging.getLogger(__name__)

FOLDER = "pages"
"""In REBUTTAL_HOME: one folder for each living server, and `_OWNERS`."""
_OWNERS = "owners"
_OURS = re.compile(r"[0-9a-f]{32}")


@define(eq=False)
class PageFolder:
    """One process's folder, made when it is first needed. `home`: REBUTTAL_HOME; None where there is none."""

    home: Path | None
    _owner: Owner | None = None
    _folder: Path | None = None

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> PageFolder:
        try:
            return cls(home(environment))
        except SettingsError:  # which the user has been told of
            return cls(None)

    def path(self) -> Path:
        """The folder. Raises OSError where none can be written."""
        if self._folder is None:
            self._folder = self._made()
        return self._folder

    def close(self) -> None:
        """Remove it, and all that is in it."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
        if self._owner is not None:
            self._owner.close()
            self._owner = None

    def sweep_soon(self) -> None:
        """Remove what killed processes left, in a thread that nobody waits for."""
        if self.home is not None:
            folder = self.home / FOLDER
            threading.Thread(target=lambda: sweep(folder), name="sweep", daemon=True).start()

    def _made(self) -> Path:
        if self.home is not None:
            try:
                # Locked before the folder is there: nobody can take it for a dead one's.
                owner = Owner(self.home / FOLDER / _OWNERS)
            except OSError as error:
                log.info("pages are written among the temporary files: %s", type(error).__name__)
            else:
                try:
                    folder = self.home / FOLDER / owner.token
                    folder.mkdir(mode=0o700)
                except OSError:
                    owner.close()
                else:
                    self._owner = owner
                    return folder
        return Path(tempfile.mkdtemp(prefix="rebuttal-"))


def sweep(folder: Path) -> None:
    """Remove the folders of processes that are dead. Nothing else is touched: no living one's, nothing that is called
    otherwise, and nothing that a link leads to."""
    try:
        found = [path for path in folder.iterdir() if _OURS.fullmatch(path.name)]
    except OSError:
        return
    for path in found:
        if not _is_link(path) and path.is_dir() and not is_alive(folder / _OWNERS, path.name):
            shutil.rmtree(path, ignore_errors=True)
    sweep_owners(folder / _OWNERS)


def _is_link(path: Path) -> bool:
    """A symbolic link, or a junction of Windows, which Python knows by that name from 3.12 on (and does not enter)."""
    is_junction = getattr(path, "is_junction", None)
    return path.is_symlink() or (is_junction is not None and bool(is_junction()))
