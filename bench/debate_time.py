"""How long a debate takes a developer: virtual seconds of the real engine, with documented speeds of the models.

Speakers are simulated (`rebuttal.evaluation.skilled`); what passes is time to the first token, thought and answer at
so many tokens a second, in the order and side by side as the engine asks. The engine's own time is not in it: that is
`bench.debate_speed`. That the same debate over real HTTP takes as long is shown by `bench.debate_virtual`, but for one
thing: here no call waits for a slot, while the real speaker begins with a few at once.

Speeds (`rebuttal.evaluation.skill.PACES`): measured for Claude 4.5 and 4.1 by Artificial Analysis (Sonnet 63 tokens a
second and 1.8 s to the first, Opus 45 and 2.7 s) and published for Haiku 4.5 (some 150, 0.2 to 0.6 s); Sonnet 5.5 and
Opus 5.5 are announced to be 30 % faster. The time to the first token has a tail: its 95th percentile is three times
its median. Nothing measured by others was found of 5.5 itself, so the older speeds are shown as well.

Lengths of answers are those that estimates assume (`rebuttal.debate.planning`), give or take 30 %. They are on the high
side on purpose, because money is set aside by them, and they decide the result: half of them is shown as well.

Effort: `frugal` has sonnet at medium effort (`rebuttal.debate.selection`), others have the defaults of the models; how
much shorter that makes an answer is assumed (0.5, 0.7 and 1 for low, medium and high), for nobody publishes it of
reviews. The row "sonnet at medium effort" asks what `balanced` would gain by it.

Changes: every faulty case of the planted corpus, and larger ones of three to six cases put together (up to some 400
changed lines), under the medium panel.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import median

from attrs import evolve, frozen

from bench.protocol_map import CORPUS
from bench.table import percentile, table
from rebuttal.debate.model import Place, Profile, Tier
from rebuttal.debate.selection import LENGTHS
from rebuttal.evaluation.corpus import Case, CaseFile, load_corpus
from rebuttal.evaluation.run import Prepared, prepare, simulate
from rebuttal.evaluation.skill import PRESETS, Pace, Skill
from rebuttal.evaluation.skilled import Till
from rebuttal.settings import Settings
from rebuttal.text.tokens import TokenCounter

SEEDS = range(1, 4)
PANEL = "medium"
FIRST_S, WHOLE_S = 20.0, 60.0
TOGETHER = (3, 4, 6)
"""Cases that make one of the larger changes, in turn."""

OLDER: Mapping[Tier, Pace] = {"haiku": Pace(0.6, 150.0), "sonnet": Pace(1.8, 63.0), "opus": Pace(2.7, 45.0)}


@frozen
class Setting:
    """One way to look at it."""

    name: str
    skill: Skill
    profile: Profile = "balanced"


def settings() -> tuple[Setting, ...]:
    usual = PRESETS["average"]
    return (
        Setting("speeds of 5.5, lengths as estimates assume", usual),
        Setting("the same, half the length", evolve(usual, length=0.5)),
        Setting("the same, a fourth of the length", evolve(usual, length=0.25)),
        Setting("the same, sonnet at medium effort", evolve(usual, lengths={"sonnet": LENGTHS["medium"]})),
        Setting("speeds of 4.5, lengths as estimates assume", evolve(usual, paces=OLDER)),
        Setting("speeds of 5.5, profile `frugal`", usual, "frugal"),
        Setting("speeds of 5.5, profile `thorough`", usual, "thorough"),
    )


def together(cases: Sequence[Case], number: int) -> Case:
    """Several cases as one change, each in a folder of its own."""
    files = [CaseFile(f"{case.name}/{one.path}", one.base, one.new) for case in cases for one in case.files]
    defects = [
        evolve(
            one,
            places=tuple(_moved(place, case) for place in one.places),
            settled_file=f"{case.name}/{one.settled_file}",
            fix=(),
        )
        for case in cases
        for one in case.defects
    ]
    lures = [
        evolve(one, place=_moved(one.place, case), refuted_file=f"{case.name}/{one.refuted_file}")
        for case in cases
        for one in case.lures
    ]
    name = f"larger-{number}"
    return evolve(
        cases[0],
        name=name,
        title=f"{len(cases)} changes at once",
        message="",
        files=tuple(files),
        defects=tuple(defects),
        lures=tuple(lures),
    )


def _moved(place: Place, case: Case) -> Place:
    return evolve(place, file=f"{case.name}/{place.file}")


def larger(cases: Sequence[Case]) -> Iterator[Case]:
    """Larger changes: cases of all languages, in a fixed order that has nothing to do with their names."""
    ordered = sorted(cases, key=lambda case: (len(case.title) % 7, case.name))
    at, number = 0, 0
    while at + TOGETHER[number % len(TOGETHER)] <= len(ordered):
        size = TOGETHER[number % len(TOGETHER)]
        yield together(ordered[at : at + size], number)
        at, number = at + size, number + 1


@frozen
class Times:
    first: tuple[float, ...]
    """Until the first finding was confirmed, of debates that had one."""
    whole: tuple[float, ...]


def measure(prepared: Iterable[Prepared], setting: Setting, till: Till) -> Times:
    first: list[float] = []
    whole: list[float] = []
    for one in prepared:
        profile = evolve(one, brief=evolve(one.brief, profile=setting.profile))
        for seed in SEEDS:
            score, outcome = simulate(profile, setting.skill, seed, till)
            if not outcome.contentions:
                continue  # nothing to argue about: the debate ends with the openings
            whole.append(score.seconds)
            if score.first_s is not None:
                first.append(score.first_s)
    return Times(tuple(first), tuple(whole))


def section() -> str:
    """This benchmark's part of RESULTS.md."""
    cases = [case for case in load_corpus(CORPUS) if not case.clean]
    big = list(larger(cases))
    both = asyncio.run(prepare([*cases, *big], Settings(panel=PANEL), dict(os.environ)))
    till = Till(Settings(), TokenCounter())
    rows, verdicts = [], []
    for setting in settings():
        for what, some in (("corpus", both[: len(cases)]), ("larger", both[len(cases) :])):
            times = measure(some, setting, till)
            rows.append([setting.name if what == "corpus" else "", what, *_row(times)])
            if setting == settings()[0]:
                verdicts.append(_verdict(what, times))
    lines = [sum(hunk.new_count for diff in one.brief.change.files for hunk in diff.hunks) for one in both]
    return "\n".join(
        [
            "## How long a debate takes (simulated, virtual seconds)\n",
            (
                f"`python -m bench.debate_time`: panel `{PANEL}`, {len(cases)} faulty changes of the corpus (median "
                f"{median(lines[: len(cases)]):.0f} added lines) and {len(big)} larger ones made of them (median "
                f"{median(lines[len(cases) :]):.0f}), {len(SEEDS)} seeds; documented speeds (the module names the "
                f"sources). Goals: first confirmed finding within {FIRST_S:.0f} s, all within {WHOLE_S:.0f} s.\n"
            ),
            table(_HEAD, rows),
            "",
            *verdicts,
            (
                "- Lengths by effort are assumed (medium: 0.7 of high): the row of medium effort shows what that would "
                "bring, and nothing that a model did."
            ),
            "",
        ]
    )


_HEAD = ["", "changes", "first: p50", "p95", "within 20 s", "whole: p50", "p95", "within 60 s"]


def _row(times: Times) -> list[str]:
    return [*_spread(times.first, FIRST_S), *_spread(times.whole, WHOLE_S)]


def _spread(seconds: Sequence[float], goal: float) -> list[str]:
    within = sum(one <= goal for one in seconds) / len(seconds)
    return [f"{percentile(seconds, 0.5):.0f}", f"{percentile(seconds, 0.95):.0f}", f"{within * 100:.0f} %"]


def _verdict(what: str, times: Times) -> str:
    first, whole = percentile(times.first, 0.5), percentile(times.whole, 0.5)
    met = [
        f"the first finding {'meets' if first <= FIRST_S else 'misses'} its goal in the middle ({first:.0f} s)",
        f"the whole {'meets' if whole <= WHOLE_S else 'misses'} its own ({whole:.0f} s)",
    ]
    return f"- {what}: with lengths as estimates assume, {met[0]}, {met[1]}."


if __name__ == "__main__":
    print(section())
