"""A review in this process: real git, a store of the test's own, a door that remembers what it was told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import TypeVar

import pytest
import pytest_asyncio
from attrs import define, field

from examples.make_repository import make_repository
from rebuttal.review.request import Answer, Question, Request, ReviewEvent
from rebuttal.review.services import Services
from rebuttal.settings import Settings
from tests.emulator.planted import Planted
from tests.emulator.server import Emulator

REVIEWERS = Path(__file__).resolve().parents[2] / "examples" / "parcels" / "reviewers.json"

E = TypeVar("E")


@define
class Door:
    """Answers the question as the test says; None: it must not be asked."""

    answer: Answer | None = None
    events: list[ReviewEvent] = field(factory=list)
    questions: list[Question] = field(factory=list)

    def tell(self, event: ReviewEvent) -> None:
        self.events.append(event)

    async def agree(self, question: Question) -> Answer:
        self.questions.append(question)
        assert self.answer is not None, "nobody was to be asked"
        return self.answer

    def told(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]


Open = Callable[..., Services]


@pytest_asyncio.fixture
async def open_services(tmp_path: Path) -> AsyncIterator[Open]:
    """Services that share one REBUTTAL_HOME; without a key unless the test gives one."""
    opened: list[Services] = []

    def begin(
        environment: Mapping[str, str] | None = None, settings: Settings | None = None, kind: type[Services] = Services
    ) -> Services:
        given = {"REBUTTAL_HOME": str(tmp_path / "rebuttal"), **(environment or {})}
        opened.append(kind(given, settings or Settings()))
        return opened[-1]

    yield begin
    for services in opened:
        await services.close()


@pytest.fixture
def parcels(tmp_path: Path) -> Path:
    """The bundled example: a repository with a faulty change in its work tree."""
    return make_repository(tmp_path / "parcels")


@pytest.fixture
def panel(emulator: Emulator) -> Emulator:
    """A panel who knows the example's planted defects."""
    emulator.script.default = Planted.load(REVIEWERS)
    return emulator


def request_for(where: Path, **options: object) -> Request:
    """A review by a small panel, unless `settings` says otherwise."""
    settings = options.pop("settings", Settings(panel="small"))
    return Request(where=where, settings=settings, **options)  # type: ignore[arg-type]  # a test's options
