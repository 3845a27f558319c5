"""Debates about the bundled example, as they were recorded against the emulator: they must still play.

A prompt, a rule of selection or of the verdict that changes on purpose changes their course. Then record them anew and
read in the diff what has changed:

    python -m tests.recordings
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from examples.make_repository import make_repository
from rebuttal.cli.main import main
from rebuttal.speakers.recordings import lockstep
from tests.emulator.planted import Planted
from tests.emulator.server import KEY, Emulator

HERE = Path(__file__).parent
REVIEWERS = HERE.parents[1] / "examples" / "parcels" / "reviewers.json"
DEBATES: Mapping[str, tuple[str, ...]] = {
    "crossfire": ("--panel", "small"),
    "solo": ("--panel", "small", "--protocol", "solo"),
}
"""Name of the file -> how the review is asked for."""
ANEW = "record them anew with `python -m tests.recordings` and read what has changed in the diff"


def file_of(name: str) -> Path:
    return HERE / f"{name}.jsonl"


def review_of(name: str, repository: Path) -> list[str]:
    """The command line of a review of the example."""
    plain = ("review", "--repo", str(repository), "--yes", "--fail-on", "never", "--format", "json")
    return [*plain, *DEBATES[name]]


def record(folder: Path) -> None:
    """Write every recording anew. `folder`: for the example's repository and a home."""
    repository = make_repository(folder / "parcels")
    lockstep.HOLD = 60.0  # however slow this machine is, what is heard first is not chance
    for name in DEBATES:
        with _emulated(folder / name):
            done = folder / f"{name}.json"
            code = main([*review_of(name, repository), "--record", str(file_of(name)), "--output", str(done)])
            assert code == 0, f"the review ended with {code}"


@contextmanager
def _emulated(home: Path) -> Iterator[None]:
    before = dict(os.environ)
    with Emulator() as emulator:  # a new one for each: what its cache holds is part of the cost
        emulator.script.default = Planted.load(REVIEWERS)
        os.environ |= {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": emulator.url, "REBUTTAL_HOME": str(home)}
        try:
            yield
        finally:
            os.environ.clear()
            os.environ |= before
