"""python -m bench.retrieval --histories FOLDER: the table; with `fit`, learn the weights anew first."""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

from bench.retrieval import fit
from bench.retrieval.cases import FEWEST, HISTORY, MOST, NEWEST, commits, histories
from bench.retrieval.measure import ALL, BASELINES, FUSION, Outcome, figures
from bench.retrieval.work import Task, example_of, measure_one
from bench.table import table
from rebuttal.context.related import weights
from rebuttal.context.related.slices import HISTORY as LIMIT

T = TypeVar("T")
HEAD = ("way of ranking", "at 1", "at 5", "at 10", "at 20", "MRR")
PAGE = """# Which file is missing?

Written by `python -m bench.retrieval --histories FOLDER`; the repositories and their newest commits are named in
`histories.toml`. From each of {repositories} repositories that nothing was tuned on, at most {cases} commits,
spread over the newest {newest:,} that are no merges and change {fewest} to {most} files. One file that such a commit
modified is hidden (chosen by the commit's hash); the rest of the commit is the change, the repository is as it was
before, and the answer can be any tracked file that is not generated, vendored or a lock file: {universe:.0f} in the
middle. {count} cases.

Recall at 1, 5, 10 and 20, and mean reciprocal rank (the mean place counts where files are equal):

{ways}

By language, all signals:

{languages}

Ranking takes {milliseconds:.0f} ms in the middle, reading the likeliest files included, what git finds not; the newest
{limit:,} commits were looked at.

{notes}"""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.retrieval", description=__doc__)
    parser.add_argument("command", nargs="?", choices=("table", "fit"), default="table")
    parser.add_argument("--histories", type=Path, required=True, help="the folder that holds the clones")
    parser.add_argument("--cases", type=int, help="of one repository (default: 40, to fit 70)")
    parser.add_argument("--limit", type=int, default=LIMIT, help="how many past commits the ranking looks at")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--output", type=Path, help="where to write instead")
    given = parser.parse_args(arguments)
    if given.command == "fit":
        return _fit(given)
    most = given.cases or 40
    work = partial(measure_one, limit=given.limit)
    found = [one for one in _each(given.histories, "test", most, work, given.jobs) if one is not None]
    here = Path(__file__).parent
    notes = here / "notes.md"
    text = page(found, most, given.limit, notes.read_text("utf-8") if notes.is_file() else "")
    (given.output or here / "RESULTS.md").write_text(text, "utf-8")
    print(text)
    return 0


def _fit(given: argparse.Namespace) -> int:
    found = list(_each(given.histories, "tune", given.cases or 70, partial(example_of, limit=HISTORY), given.jobs))
    examples = [one for one in found if one is not None]
    path = given.output or Path(str(weights.__file__))
    learned = fit.learn([one for one, _ in examples])
    texts = fit.learn_texts([one for _, one in examples if one is not None])
    path.write_text(fit.write(learned, texts, [one for one, _ in examples]), "utf-8")
    return 0


def _each(folder: Path, use: str, most: int, work: Callable[[Task], T], jobs: int) -> Iterator[T]:
    tasks = []
    for one in histories():
        clone = one.folder(folder)
        if one.use == use and clone is None:
            print(f"{one.name} is not in {folder}: left out", file=sys.stderr)
        if one.use == use and clone is not None:
            tasks += [(one, clone, commit) for commit in commits(clone, one.head, most)]
    with get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap(work, tasks, chunksize=4)


def page(found: Sequence[Outcome], most: int, limit: int, notes: str) -> str:
    """The page of results."""
    ways = [(way, *figures([one.places[way] for one in found]).cells()) for way in (*BASELINES, FUSION, ALL)]
    languages = []
    for language in sorted({one.language for one in found}):
        places = [one.places[ALL] for one in found if one.language == language]
        names = sorted({one.repository for one in found if one.language == language})
        languages.append((language, ", ".join(names), len(places), *figures(places).cells()))
    return PAGE.format(
        repositories=len({one.repository for one in found}),
        cases=most,
        newest=NEWEST,
        fewest=FEWEST,
        most=MOST,
        universe=statistics.median(one.universe for one in found),
        count=len(found),
        ways=table(HEAD, ways),
        languages=table(("language", "repositories", "cases", *HEAD[1:]), languages),
        milliseconds=1000 * statistics.median(one.seconds for one in found),
        limit=limit,
        notes=notes,
    )


if __name__ == "__main__":
    sys.exit(main())
