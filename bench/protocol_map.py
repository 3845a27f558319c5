"""What a protocol makes of the same voices: the planted corpus under a grid of skills, simulated. No model is asked.

Speakers know the truth and say it by a set skill (`rebuttal.evaluation.skilled`); the debate itself is the real engine:
its prompts, anchoring, merging, verdict table, token counts and prices. The grid is taken from published figures, not
fitted to anything here, and every protocol hears the same openings (draws go by seat and defect, not by order):

Finders, one opening's recall and precision. The number of false claims follows from these and the corpus.
- 14 % / 17 %: a single pass on SWR-Bench (arXiv 2509.01494: recall 13.9 %, F1 15.3 %).
- 37 % / 50 %: the average of 12 review tools on 50 pull requests with 137 known issues; of what a single pass says, 30
  to 60 % was found invalid over 500 pull requests of one repository (self-reported).
- 64 % / 55 %: the best single model on 154 defects in 18 artefacts (Zenodo 20519585); precision as above.
- 77 % / 70 %: one model's recall at high effort, at flat precision (secondary source); the precision is what it takes
  to be called usable (BitsAI-CR reports 75 % after its filter).

Examiners, P(confirms | true) / P(confirms | false), measured on what finders had claimed.
- 95 % / 58 %: the verifier of arXiv 2609.15887, whose removal took precision from 47 to 35 % and recall hardly changed.
- 90 % / 21 %: an adversarial check that killed 79 % of 171 candidates (arXiv 2604.19049); what it lost of true ones is
  not given, 10 % is assumed.
- 98 % / 9 %: validation with counter-evidence that left 7 % false of 30 to 60 %; an independent reviewer rejected 2 %
  of correct answers (arXiv 2609.36958).
- 65 % / 50 %: a model that reviews its own answers rejects 35 % of the correct ones (the same); on false ones no better
  than a coin, assumed.

Blindness: whether an examiner's mistakes have nothing to do with the finder's (0; the rates above hold as they are), or
are as alike as those of two finders of the same models (1).

Finders are as alike as the 12 tools were (two find 55 %, three 65 %, five 75 % together), seats of one tier as repeats
of one model (78 % of misses shared). Peers that need no protocol: `union`, all that the openings claim, and `vote`,
what more than half of the seats claim; their cost is that of the openings. And the one that is no protocol of this
version on purpose: `naive` (`bench.naive`), the debate in which everybody reads everything in every round.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from math import sqrt
from pathlib import Path
from statistics import fmean, median, stdev

from attrs import evolve, frozen

from bench.chart import winners
from bench.naive import argue
from bench.table import table
from rebuttal.debate.model import Contention, Outcome
from rebuttal.debate.protocol import protocol_names
from rebuttal.evaluation.corpus import Case, load_corpus
from rebuttal.evaluation.run import Prepared, prepare, simulate
from rebuttal.evaluation.skill import Skill
from rebuttal.evaluation.skilled import Till
from rebuttal.evaluation.truth import Said, judge
from rebuttal.settings import Settings
from rebuttal.text.tokens import TokenCounter

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT / "tests" / "corpus"
CHART = "protocol_map.svg"
SEEDS = range(1, 3)
PANEL = "small"
PANELS = ("small", "medium", "large")
NOTABLE = 0.02
"""F1 that is worth a mention."""
CERTAIN = 2.0
"""Standard errors of the paired difference by which one must lead to be called better."""


@frozen
class Finder:
    name: str
    recall: float
    precision: float


@frozen
class Examiner:
    name: str
    confirms_true: float
    confirms_false: float


FINDERS = (
    Finder("14 % / 17 %", 0.14, 0.17),
    Finder("37 % / 50 %", 0.37, 0.50),
    Finder("64 % / 55 %", 0.64, 0.55),
    Finder("77 % / 70 %", 0.77, 0.70),
)
EXAMINERS = (
    Examiner("98 % / 9 %", 0.98, 0.09),
    Examiner("90 % / 21 %", 0.90, 0.21),
    Examiner("95 % / 58 %", 0.95, 0.58),
    Examiner("65 % / 50 %", 0.65, 0.50),
)
BLINDNESS = (0.0, 1.0)


@frozen
class Told:
    """What one way of review told of one case."""

    true: int
    false: int
    planted: int
    tokens: int
    dollars: float
    seconds: float


@frozen
class Cell:
    """One point of the grid: by way of review, what it told of every case under every seed, in the same order."""

    finder: Finder
    examiner: Examiner
    blindness: float
    told: Mapping[str, Sequence[Told]]

    def precision(self, way: str) -> float:
        true, false = sum(one.true for one in self.told[way]), sum(one.false for one in self.told[way])
        return true / (true + false) if true + false else 0.0

    def recall(self, way: str) -> float:
        return sum(one.true for one in self.told[way]) / sum(one.planted for one in self.told[way])

    def f1(self, way: str) -> float:
        return _f1(self.told[way])

    def mean(self, way: str, value: Callable[[Told], float]) -> float:
        return fmean(value(one) for one in self.told[way])

    def best(self) -> str:
        return max(self.told, key=self.f1)

    def lead(self, way: str, other: str) -> tuple[float, float]:
        """By how much the one's F1 is above the other's, and the standard error of that (jackknife over cases)."""
        ours, theirs = self.told[way], self.told[other]
        parts = 20
        without = [
            _f1([one for n, one in enumerate(ours) if n % parts != left])
            - _f1([one for n, one in enumerate(theirs) if n % parts != left])
            for left in range(parts)
        ]
        return self.f1(way) - self.f1(other), stdev(without) * (parts - 1) / sqrt(parts)


def _f1(told: Iterable[Told]) -> float:
    true = false = planted = 0
    for one in told:
        true, false, planted = true + one.true, false + one.false, planted + one.planted
    return 2 * true / (true + false + planted) if true else 0.0


def skill_of(finder: Finder, examiner: Examiner, blindness: float, defects: float) -> Skill:
    """`defects`: planted for each case of the corpus."""
    alarms = finder.recall * defects * (1 - finder.precision) / finder.precision
    return Skill(
        hits=finder.recall,
        alarms=alarms,
        confirms_true=examiner.confirms_true,
        confirms_false=examiner.confirms_false,
        shared_blindness=blindness,
    )


def ways() -> tuple[str, ...]:
    """What is compared: every protocol of this version, then the peers."""
    return (*protocol_names(), "union", "vote", "naive")


def density(prepared: Sequence[Prepared]) -> float:
    """Planted defects for each case."""
    return sum(len(one.case.defects) for one in prepared) / len(prepared)


def measure_cell(
    prepared: Sequence[Prepared],
    finder: Finder,
    examiner: Examiner,
    blindness: float,
    till: Till,
    vary: Callable[[Skill], Skill] = lambda skill: skill,
) -> Cell:
    skill = vary(skill_of(finder, examiner, blindness, density(prepared)))
    told: dict[str, list[Told]] = {way: [] for way in ways()}
    for seed in SEEDS:
        for one in prepared:
            for protocol in protocol_names():
                argued = evolve(one, brief=evolve(one.brief, protocol=protocol))
                score, outcome = simulate(argued, skill, seed, till)
                figures_true = len({t.judged.defect for t in score.told if t.judged.judgement == "true"})
                told[protocol].append(
                    Told(
                        figures_true,
                        len(score.false),
                        len(one.case.defects),
                        _tokens(outcome),
                        float(score.cost.spent),
                        score.seconds,
                    )
                )
                if protocol == "crossfire":
                    told["union"].append(_opened(one.case, outcome, lambda _: True))
                    told["vote"].append(_opened(one.case, outcome, partial(_has_most, seats=len(one.brief.seats))))
                    told["naive"].append(_naive(one, outcome, skill, seed, till))
    return Cell(finder, examiner, blindness, told)


def _opened(case: Case, outcome: Outcome, keep: Callable[[Contention], bool]) -> Told:
    """What the openings alone come to, where some of their claims are kept."""
    kept = [one for one in outcome.contentions if keep(one)]
    verdicts = judge(case, [Said.of_contention(one) for one in kept])
    openings = [one for one in outcome.exchanges if one.turn.phase == "opening"]
    return Told(
        sum(one.judgement == "true" for one in verdicts),
        sum(one.judgement == "false" for one in verdicts),
        len(case.defects),
        sum(one.reply.tokens.prompt + one.reply.tokens.output for one in openings),
        float(sum(one.reply.spent for one in openings)),
        max((one.ended for one in openings), default=0.0),
    )


def _naive(prepared: Prepared, opened: Outcome, skill: Skill, seed: int, till: Till) -> Told:
    """The openings, and what their rounds come to and cost besides."""
    argued = argue(prepared, opened, skill, seed, till)
    kept = {one.id for one in argued.kept}
    told = _opened(prepared.case, opened, lambda one: one.id in kept)
    return evolve(
        told,
        tokens=told.tokens + sum(one.tokens.prompt + one.tokens.output for one in argued.replies),
        dollars=told.dollars + float(sum(one.spent for one in argued.replies)),
        seconds=told.seconds + argued.seconds,
    )


def _has_most(one: Contention, seats: int) -> bool:
    return len(one.raisers) * 2 > seats


def _tokens(outcome: Outcome) -> int:
    return sum(one.reply.tokens.prompt + one.reply.tokens.output for one in outcome.exchanges)


def prepared_corpus(panel: str = PANEL, pattern: str = "*") -> tuple[Prepared, ...]:
    """Every case of the corpus with its repository read, under a panel of that size."""
    return asyncio.run(prepare(load_corpus(CORPUS, pattern), Settings(panel=panel), dict(os.environ)))


def measure(prepared: Sequence[Prepared], till: Till) -> list[Cell]:
    """The whole grid."""
    return [
        measure_cell(prepared, finder, examiner, blindness, till)
        for blindness in BLINDNESS
        for examiner in EXAMINERS
        for finder in FINDERS
    ]


@frozen
class Corner:
    """One assumption changed, in the middle of the grid."""

    name: str
    vary: Callable[[Skill], Skill]
    panel: str = PANEL


CORNERS = (
    Corner("as it is", lambda skill: skill),
    Corner("nobody conforms (0 instead of 0.5)", lambda skill: evolve(skill, conformity=0.0)),
    Corner("peers are followed as measured at most (0.85)", lambda skill: evolve(skill, conformity=0.85)),
    Corner("seats of different families (nothing shared)", lambda skill: evolve(skill, across=0.0, same_tier=0.0)),
    Corner("all seats nearly the same (0.9 shared)", lambda skill: evolve(skill, across=0.9, same_tier=0.9)),
    Corner("examiners leave 30 % unsure", lambda skill: evolve(skill, unsure=0.3)),
    Corner("a tenth of the false claims", lambda skill: evolve(skill, alarms=skill.alarms / 10)),
    Corner("panel of five seats", lambda skill: skill, "medium"),
)


def corners(prepared: Sequence[Prepared], till: Till) -> str:
    """What becomes of the middle of the grid where one assumption is another."""
    by_panel = {PANEL: prepared, "medium": prepared_corpus("medium")}
    rows = []
    for one in CORNERS:
        cell = measure_cell(by_panel[one.panel], FINDERS[1], EXAMINERS[1], BLINDNESS[0], till, one.vary)
        spent = cell.mean("crossfire", _dollars)
        rows.append([one.name, *(f"{cell.f1(way):.2f}" for way in ways()), cell.best(), f"{spent:.3f}"])
    return table(["F1", *ways(), "best", "$ a change, crossfire"], rows)


def shares(middle: Cell, till: Till) -> str:
    """By panel, what the default spends of what the naive debate spends in the middle of the grid."""
    rows = []
    for panel in PANELS:
        prepared = prepared_corpus(panel)
        cell = middle
        if panel != PANEL:
            cell = measure_cell(prepared, middle.finder, middle.examiner, middle.blindness, till)
        tokens, money = cell.mean("naive", _tokens_told), cell.mean("naive", _dollars)
        rows.append(
            [
                f"{panel} ({max(len(one.brief.seats) for one in prepared)} seats, {prepared[0].brief.rounds} rounds)",
                f"{tokens:,.0f}",
                f"{cell.mean('crossfire', _tokens_told):,.0f} ({cell.mean('crossfire', _tokens_told) / tokens:.0%})",
                f"{money:.3f}",
                f"{cell.mean('crossfire', _dollars):.3f} ({cell.mean('crossfire', _dollars) / money:.0%})",
                f"{cell.f1('naive'):.2f}",
                f"{cell.f1('crossfire'):.2f}",
            ]
        )
    head = ["panel", "naive: tokens", "crossfire", "naive: $", "crossfire", "naive: F1", "crossfire"]
    return table(head, rows)


def section() -> str:
    """This benchmark's part of RESULTS.md."""
    prepared, till = prepared_corpus(), Till(Settings(), TokenCounter())
    cells = measure(prepared, till)
    draw(cells)
    middle = next(
        one for one in cells if (one.finder, one.examiner, one.blindness) == (FINDERS[1], EXAMINERS[1], BLINDNESS[0])
    )
    head = ["", *(f"finder {finder.name}" for finder in FINDERS)]
    maps = [
        f"\nBlindness {blindness:g}:\n\n"
        + table(head, [_map_row(cells, examiner, blindness) for examiner in EXAMINERS])
        for blindness in BLINDNESS
    ]
    cases, defects = len(middle.told["crossfire"]) // len(SEEDS), sum(t.planted for t in middle.told["crossfire"])
    return "\n".join(
        [
            "## When which protocol pays (simulated)\n",
            (
                f"`python -m bench.protocol_map`: {cases} planted changes with {defects // len(SEEDS)} defects, panel "
                f"`{PANEL}`, {len(SEEDS)} seeds, {len(cells)} points of skill from published figures (the module "
                "names each source). The engine, prompts, tokens and prices are real; the speakers are simulated, so "
                "nothing here says how well any model reviews.\n"
            ),
            f"In the middle of the grid (finder {middle.finder.name}, examiner {middle.examiner.name}):\n",
            table(_HEAD, [_row(middle, way) for way in ways()]),
            (
                "\nBest F1 of each point, what it is, and by how much it leads `crossfire` (or that the second). "
                f"In brackets: no more than {CERTAIN:g} standard errors, so it may as well be the other."
            ),
            *maps,
            f"\n![The map]({CHART})\n",
            "In the middle of the grid, with one assumption changed at a time:\n",
            corners(prepared, till),
            (
                "\nIn the middle of the grid, what `crossfire` spends of what the naive debate spends (everybody reads "
                "everything in every round, out of the cache where it is warm; `bench/naive.py`):\n"
            ),
            shares(middle, till),
            "",
            *conclusions(cells),
            "",
        ]
    )


_HEAD = ["way", "precision", "recall", "F1", "tokens a change", "$ a change", "$ a true finding", "seconds (median)"]


def _row(cell: Cell, way: str) -> list[str]:
    true = sum(one.true for one in cell.told[way])
    spent = sum(one.dollars for one in cell.told[way])
    return [
        way,
        f"{cell.precision(way):.2f}",
        f"{cell.recall(way):.2f}",
        f"{cell.f1(way):.2f}",
        f"{cell.mean(way, lambda one: one.tokens):,.0f}",
        f"{cell.mean(way, lambda one: one.dollars):.3f}",
        f"{spent / true:.3f}" if true else "-",
        f"{median(one.seconds for one in cell.told[way]):.0f}",
    ]


def _map_row(cells: Sequence[Cell], examiner: Examiner, blindness: float) -> list[str]:
    row = [one for one in cells if one.examiner == examiner and one.blindness == blindness]
    return [f"examiner {examiner.name}", *(_verdict(one) for one in row)]


def _verdict(cell: Cell) -> str:
    best = cell.best()
    other = "crossfire" if best != "crossfire" else _second(cell)
    by, error = cell.lead(best, other)
    text = f"{best} {cell.f1(best):.2f} (+{by:.2f})"
    return text if by > CERTAIN * error else f"[{text}]"


def _second(cell: Cell) -> str:
    return max((way for way in cell.told if way != "crossfire"), key=cell.f1)


def conclusions(cells: Sequence[Cell]) -> list[str]:
    """What the data says, in sentences that are made of it."""
    wins = [one for one in cells if one.best() == "crossfire"]
    sure = [one for one in wins if _leads(one, "crossfire", _second(one))]
    losses = [one for one in cells if any(_leads(one, way, "crossfire") for way in one.told if way != "crossfire")]
    lines = [
        f"- `crossfire` has the best F1 at {len(wins)} of {len(cells)} points, at {len(sure)} of them beyond doubt.",
        f"- It loses beyond doubt at {len(losses)}" + (f": {_losses(losses)}." if losses else "."),
    ]
    for way in ways():
        if way == "crossfire":
            continue
        dearer = fmean(one.mean("crossfire", _dollars) / one.mean(way, _dollars) for one in cells)
        gain = fmean(one.f1("crossfire") - one.f1(way) for one in cells)
        lines.append(
            f"- Against `{way}`: F1 {gain:+.2f} on average ({min(_gains(cells, way)):+.2f} to "
            f"{max(_gains(cells, way)):+.2f}), for {dearer:.1f} times the money."
        )
    lines.append(_share_of_naive(cells))
    cheapest = max(ways(), key=lambda way: sum(_true_per_dollar(one, way) for one in cells))
    lines.append(
        f"- True findings for a dollar: `{cheapest}` gives the most "
        f"({_mean_true_per_dollar(cells, cheapest):.0f}), `crossfire` {_mean_true_per_dollar(cells, 'crossfire'):.0f}: "
        "a check buys precision, it finds nothing."
    )
    lines.append(f"\n**In one sentence**: {_sentence(cells)}")
    return lines


def _share_of_naive(cells: Sequence[Cell]) -> str:
    """What the default spends of what everybody reading everything spends."""
    tokens = [one.mean("crossfire", _tokens_told) / one.mean("naive", _tokens_told) for one in cells]
    money = [one.mean("crossfire", _dollars) / one.mean("naive", _dollars) for one in cells]
    return (
        f"- Of what the naive debate spends, `crossfire` spends {fmean(tokens) * 100:.0f} % of the tokens "
        f"({min(tokens) * 100:.0f} to {max(tokens) * 100:.0f} %) and {fmean(money) * 100:.0f} % of the money "
        f"({min(money) * 100:.0f} to {max(money) * 100:.0f} %)."
    )


def _sentence(cells: Sequence[Cell]) -> str:
    """By examiner, since that is what the choice turns out to hang on: the mean F1 over all else."""
    pays: list[str] = []
    rest: list[str] = []
    for examiner in EXAMINERS:
        mine = [one for one in cells if one.examiner == examiner]
        means = {way: fmean(one.f1(way) for one in mine) for way in ways()}
        best = max((way for way in ways() if way != "crossfire"), key=means.__getitem__)
        lead = means["crossfire"] - means[best]
        (pays if lead > NOTABLE else rest).append(f"{examiner.name} ({lead:+.2f} F1 against `{best}`)")
    cheaper = fmean(one.mean("union", _dollars) / one.mean("crossfire", _dollars) for one in cells)
    return (
        f"`crossfire` pays where examiners tell true from false: {', '.join(pays) or 'nowhere here'}; else another way "
        f"is as good or better: {', '.join(rest) or 'nowhere here'}. The openings alone cost {cheaper * 100:.0f} % of "
        "the money."
    )


def _losses(cells: Sequence[Cell]) -> str:
    """Where and by how much, those of one winner and one examiner together."""
    groups: dict[tuple[str, str], list[str]] = {}
    for one in cells:
        by, _ = one.lead(one.best(), "crossfire")
        where = f"{one.finder.name} by {by:.2f}" + (" (blind)" if one.blindness else "")
        groups.setdefault((one.best(), one.examiner.name), []).append(where)
    return "; ".join(
        f"to `{best}` with examiners of {examiner} and finders of {', '.join(where)}"
        for (best, examiner), where in groups.items()
    )


def _leads(cell: Cell, way: str, other: str) -> bool:
    by, error = cell.lead(way, other)
    return by > CERTAIN * error and by > 0


def _gains(cells: Iterable[Cell], way: str) -> list[float]:
    return [one.f1("crossfire") - one.f1(way) for one in cells]


def _dollars(one: Told) -> float:
    return one.dollars


def _tokens_told(one: Told) -> float:
    return one.tokens


def _true_per_dollar(cell: Cell, way: str) -> float:
    return sum(one.true for one in cell.told[way]) / sum(one.dollars for one in cell.told[way])


def _mean_true_per_dollar(cells: Sequence[Cell], way: str) -> float:
    return fmean(_true_per_dollar(one, way) for one in cells)


def draw(cells: Sequence[Cell]) -> None:
    """The map as a chart beside this file."""
    panels = {
        f"blindness {blindness:g}": [
            [
                (one.best(), f"{one.f1(one.best()):.2f}")
                for one in cells
                if one.examiner == examiner and one.blindness == blindness
            ]
            for examiner in EXAMINERS
        ]
        for blindness in BLINDNESS
    }
    winners(
        Path(__file__).parent / CHART,
        "Best F1 by skill (simulated). Finder: recall / precision. Examiner: P(confirms | true) / P(confirms | false)",
        panels,
        [finder.name for finder in FINDERS],
        [examiner.name for examiner in EXAMINERS],
        ways(),
    )


if __name__ == "__main__":
    print(section())
