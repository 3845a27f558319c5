"""An evaluation with a model: the real review over HTTP to the emulator, case after case, under one cap."""

from __future__ import annotations

import asyncio
import os
from decimal import Decimal
from pathlib import Path

import pytest
from attrs import evolve, field, frozen

from rebuttal.evaluation.corpus import Case, load_corpus
from rebuttal.evaluation.run import Evaluation, Job, Offer, check_tapes, evaluate
from rebuttal.evaluation.score import CaseScore
from rebuttal.review.request import UsageError
from rebuttal.settings import Settings
from tests.emulator.planted import Planted
from tests.emulator.script import Fault, Rule
from tests.emulator.server import KEY, Emulator
from tests.evaluation.conftest import plant_of


@frozen
class Asked:
    """Who agrees or not, and what was told."""

    yes: bool = True
    offers: list[Offer] = field(factory=list)
    told: list[CaseScore] = field(factory=list)

    async def agree(self, offer: Offer) -> bool:
        self.offers.append(offer)
        return self.yes

    def tell(self, score: CaseScore, number: int, of: int) -> None:
        assert number == len(self.told) + 1 <= of
        self.told.append(score)


@pytest.fixture
def environment(tmp_path: Path, emulator: Emulator, faulty: Case) -> dict[str, str]:
    """A key, the emulator, and reviewers who find the defect and fall for the lure; the check knows better."""
    emulator.script.default = Planted(
        [
            plant_of(faulty, by=("code-reviewer", "architect")),
            plant_of(faulty, by=("code-reviewer",), verdict="refuted", lure=True),
        ]
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANTHROPIC_", "REBUTTAL_"))}
    own = {"REBUTTAL_HOME": str(tmp_path / "home"), "ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": emulator.url}
    return {**kept, **own}


def job_of(folder: Path, environment: dict[str, str], pattern: str = "*", **more: object) -> Job:
    plain = Job(load_corpus(folder, pattern), Settings(panel="small"), environment)
    return evolve(plain, **more)  # type: ignore[arg-type]  # mypy wants each keyword's own type


def run(job: Job, asked: Asked) -> Evaluation:
    return asyncio.run(evaluate(job, asked.agree, asked.tell))


def test_a_corpus_is_reviewed_with_the_models_and_judged(
    folder: Path, environment: dict[str, str], emulator: Emulator
) -> None:
    asked = Asked()
    evaluation = run(job_of(folder, environment, "*-cart-*"), asked)
    (case,) = evaluation.score.cases
    figures = evaluation.score.figures()
    assert (figures.found, figures.true) == (1, 1)
    assert case.seats["code-reviewer"].true == 1
    assert evaluation.score.cost.spent == emulator.bill > 0
    assert evaluation.score.cost.calls == len(emulator.records)
    assert case.first_s is not None
    assert 0 < case.first_s <= case.seconds + 1
    assert asked.told == [case]


def test_the_whole_is_priced_and_agreed_to_before_the_first_call(
    folder: Path, environment: dict[str, str], emulator: Emulator
) -> None:
    asked = Asked(yes=False)
    evaluation = run(job_of(folder, environment), asked)
    (offer,) = asked.offers
    assert offer.cases == 2
    assert 0 < offer.expected <= offer.at_most
    assert emulator.records == []
    assert evaluation.score.cases == ()
    assert evaluation.ended is not None


def test_a_cap_for_all_ends_the_evaluation_and_keeps_what_was_measured(
    folder: Path, environment: dict[str, str], emulator: Emulator
) -> None:
    asked = Asked()
    little = Decimal("0.0085")  # the worst case of an opening, and hardly more
    evaluation = run(job_of(folder, environment, agreed=True, max_cost=little), asked)
    assert 0 < evaluation.score.cost.spent <= little
    assert evaluation.ended is not None or any(case.cut_short for case in evaluation.score.cases)
    assert asked.offers == []


def test_what_a_broken_service_costs_is_told_as_degraded(
    folder: Path, environment: dict[str, str], emulator: Emulator
) -> None:
    emulator.script.add(Rule(fault=Fault("status", status=529, headers={"retry-after": "0"})))
    evaluation = run(job_of(folder, environment, "*-cart-*", agreed=True), Asked())
    (case,) = evaluation.score.cases
    assert case.degraded
    assert evaluation.score.figures().recall == 0.0


def test_an_interruption_keeps_what_was_measured(folder: Path, environment: dict[str, str], emulator: Emulator) -> None:
    asked, job = Asked(), job_of(folder, environment, agreed=True)

    async def interrupted() -> Evaluation:
        stop = asyncio.Event()

        def tell(score: CaseScore, number: int, of: int) -> None:
            asked.tell(score, number, of)
            stop.set()

        return await evaluate(job, asked.agree, tell, stop)

    evaluation = asyncio.run(interrupted())
    assert evaluation.interrupted
    assert list(evaluation.score.cases) == asked.told
    assert len(asked.told) == 1


def test_a_recording_of_each_case_gives_the_same_score_without_sending(
    folder: Path, environment: dict[str, str], emulator: Emulator, tmp_path: Path
) -> None:
    tapes = tmp_path / "tapes"
    recorded = job_of(folder, environment, agreed=True, record=tapes)
    check_tapes(recorded)
    first = run(recorded, Asked())
    sent = len(emulator.records)
    assert sorted(path.stem for path in tapes.iterdir()) == [case.name for case in recorded.cases]
    again = run(job_of(folder, environment, replay=tapes), Asked(yes=False))
    assert len(emulator.records) == sent
    assert again.score.figures() == first.score.figures()
    assert again.score.cost.spent == Decimal(0)


def test_a_case_without_a_recording_is_named_before_anything_is_played(
    folder: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="python-cart-discount"):
        check_tapes(job_of(folder, environment, replay=tmp_path))


def test_the_static_panel_is_measured_without_a_key(folder: Path, environment: dict[str, str]) -> None:
    keyless = {name: value for name, value in environment.items() if not name.startswith("ANTHROPIC_")}
    evaluation = run(job_of(folder, keyless, settings=Settings(panel="static")), Asked(yes=False))
    assert len(evaluation.score.cases) == 2
    assert evaluation.score.figures().true == 0


def test_without_a_key_there_is_nothing_to_measure(folder: Path, environment: dict[str, str]) -> None:
    keyless = {name: value for name, value in environment.items() if not name.startswith("ANTHROPIC_")}
    with pytest.raises(UsageError, match="ANTHROPIC_API_KEY"):
        run(job_of(folder, keyless, settings=Settings()), Asked())
