"""`rebuttal eval`: how good reviews of a corpus with known defects are, with real models or simulated."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from rebuttal.cli.output import check_file, hand_over
from rebuttal.cli.review import given_amount, own_settings, someone_is_there
from rebuttal.cli.signals import stop_signals
from rebuttal.cli.terminal import ask
from rebuttal.store.money import dollars
from rebuttal.text.words import counted

if TYPE_CHECKING:
    from rebuttal.evaluation.run import Evaluation, Job, Offer
    from rebuttal.evaluation.score import CaseScore

DEGRADED, NOT_SPENT, INTERRUPTED = 3, 4, 130


def run(chosen: argparse.Namespace, environment: Mapping[str, str]) -> int:
    """Measure and print; 0, 3 where a review was degraded, 4 where a cap or a missing yes ended it, 130 interrupted."""
    from rebuttal.evaluation.report import to_json, to_text
    from rebuttal.evaluation.run import check_tapes

    if chosen.output is not None:
        check_file(chosen.output)
    job = _job(chosen, environment)
    check_tapes(job)
    evaluation = asyncio.run(_evaluate(chosen, job))
    if chosen.format == "json":
        text = json.dumps(to_json(evaluation), indent=2, ensure_ascii=False) + "\n"
    else:
        text = to_text(evaluation)
    hand_over(text, chosen.output)
    if evaluation.interrupted:
        print("rebuttal: interrupted: this is what was measured until then", file=sys.stderr)
    return _code(evaluation)


def _code(evaluation: Evaluation) -> int:
    if evaluation.interrupted:
        return INTERRUPTED
    if evaluation.ended is not None:
        return NOT_SPENT
    return DEGRADED if any(one.degraded or one.cut_short for one in evaluation.score.cases) else 0


def _job(chosen: argparse.Namespace, environment: Mapping[str, str]) -> Job:
    from rebuttal.evaluation.corpus import load_corpus
    from rebuttal.evaluation.run import Job

    return Job(
        cases=load_corpus(chosen.corpus, chosen.case),
        settings=own_settings(environment, {key: getattr(chosen, key) for key in ("panel", "profile", "protocol")}),
        environment=environment,
        max_cost=given_amount(chosen.max_cost),
        agreed=chosen.yes,
        record=chosen.record,
        replay=chosen.replay,
    )


async def _evaluate(chosen: argparse.Namespace, job: Job) -> Evaluation:
    from rebuttal.evaluation.report import progress
    from rebuttal.evaluation.run import evaluate, evaluate_simulated
    from rebuttal.evaluation.skill import skill_named

    def told(case: CaseScore, number: int, of: int) -> None:
        print(progress(case, number, of), file=sys.stderr)

    with stop_signals() as stop:
        if chosen.simulated is not None:
            return await evaluate_simulated(job, skill_named(chosen.simulated), chosen.seed, told, stop)
        return await evaluate(job, _agree, told, stop)


async def _agree(offer: Offer) -> bool:
    if not someone_is_there():
        return False
    question = (
        f"Send {counted(offer.cases, 'change')} of the corpus to {offer.host}?\n"
        f"  expected {dollars(offer.expected)} in all, at most {dollars(offer.at_most)}\n"
        "[y]es, [N]o: "
    )
    return await ask(sys.stderr, question) in ("y", "yes")
