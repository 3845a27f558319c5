"""What the debate's own code costs: anchoring, merging, prompts, rulings, verdicts and findings, without any model.

The speaker is a script that costs nothing and answers at once on a clock that is counted, so all time that passes is
the engine's. Files are real ones in size, 300 lines and more: the package's own, under other names. Cold: nothing of
them has been parsed before. Warm: what making the context found in them is remembered, as in any review. The peer,
measured in the same run, is merging as it is done naively: each claim compared with every other of the debate.
"""

from __future__ import annotations

import difflib
import gc
import json
import re
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from attrs import evolve, frozen
from rapidfuzz import fuzz

from bench.table import median, table
from rebuttal.change.model import Change, FileDiff, Hunk, Scope, Side
from rebuttal.context.model import Context, Exhibit
from rebuttal.debate.anchoring import overlap
from rebuttal.debate.engine import debate
from rebuttal.debate.merge import ALIKE, Docket, assertion
from rebuttal.debate.model import (
    Brief,
    Claim,
    ClaimFix,
    Listener,
    Outcome,
    Raised,
    Reply,
    Ruling,
    RulingVerdict,
    Statement,
    Turn,
)
from rebuttal.debate.prompts import load_prompts
from rebuttal.evaluation.counted import run_counted
from rebuttal.findings.anchor import Searched, locate_all
from rebuttal.findings.model import Category
from rebuttal.findings.severity import SEVERITIES
from rebuttal.text.facts import Facts
from rebuttal.text.parsing import Parser
from rebuttal.text.positions import git_lines

ROOT = Path(__file__).resolve().parent.parent
FILES = 20
LINES = 300
"""Of a file, at least."""
CHANGED_EVERY = 12
"""Of so many lines one is changed: about 25 hunks a file."""
DENSELY = 3
"""The same for more claims: so that there are as many lines to claim something about."""
CLAIMS = 60
GOAL_MS = 150
SIZES = (60, 250, 500, 1_000, 2_000)
SEATS = 10
"""A seat is heard with 200 claims at most."""
RUNS = 7
CATEGORIES: tuple[Category, ...] = ("correctness", "security", "performance", "architecture", "documentation")
NEAR_MISS_LINES = 20_000
EXPLAINED = (
    "`python -m bench.debate_speed`; medians, the thread's own processor time and, in brackets, wall time."
    f" {FILES} files of {LINES} lines and more, {SEATS} seats, every claim cross-examined, one in five disputed and"
    " argued on, one in four with a fix that is applied and parsed, one in ten quoted with a slip. Cold: no file has"
    " been parsed before. Warm: the parser remembers what making the context found, as in any review.\n"
)
GROWTH = (
    "\nGrowth, warm, every third line changed. Merging by all pairs is the peer: the same comparison of words, each"
    " claim with every other.\n"
)
QUOTES = (
    f"\nOne quote in a file of {NEAR_MISS_LINES:,} lines: the first in that file, which makes its lines comparable, and"
    " each further one.\n"
)

_SHOWN = re.compile(r'<pasted_content id="[^"]*" source="claim">\n(.*?)\n</pasted_content', re.DOTALL)
_IDENTIFIER = re.compile(r"[A-Za-z_]\w{3,}")


@frozen
class Material:
    """A change of real size, and the lines of it that claims are about: file, line, text."""

    brief: Brief
    lines: tuple[tuple[str, int, str], ...]


def material(every: int = CHANGED_EVERY, files: int = FILES) -> Material:
    """The package's own longest files, every few lines changed."""
    sources = sorted((ROOT / "server" / "rebuttal").rglob("*.py"), key=lambda path: path.as_posix())
    texts = [source for path in sources if (source := path.read_text("utf-8")).count("\n") >= LINES]
    diffs, lines = [], []
    for number in range(files):
        old = texts[number % len(texts)]
        path = f"package_{number}/module_{number}.py"
        diff, changed = _changed(path, old, number, every)
        diffs.append(diff)
        lines += [(path, line, text) for line, text in changed]
    change = Change(ROOT, Scope(), "0" * 40, "HEAD", "work tree", tuple(diffs))
    sides: tuple[Side, ...] = ("old", "new")
    exhibits = [
        Exhibit(diff.path, side, text, text)
        for diff in diffs
        for side in sides
        if (text := diff.text(side)) is not None
    ]
    shown = "\n".join(_as_diff(diff) for diff in diffs)
    context = Context(shown, (), 60_000, 80_000, (), (), tuple(exhibits))
    lens = load_prompts().seats["code-reviewer"]
    seats = tuple(evolve(lens, id=f"reviewer-{number}") for number in range(SEATS))
    brief = Brief(change, context, (), "medium", seats, 3, "balanced", "f3nce0fth1sdebate", max_findings=2_000)
    return Material(brief, tuple(lines))


def _changed(path: str, old: str, number: int, every: int) -> tuple[FileDiff, list[tuple[int, str]]]:
    before = git_lines(old)
    after, hunks, changed = list(before), [], []
    for line in range(number % every, len(before), every):
        at = next(
            (n for n in range(line, min(line + every, len(before))) if len(_IDENTIFIER.findall(before[n])) > 2), None
        )
        if at is None or before[at].lstrip().startswith(("#", '"')):
            continue
        name = _IDENTIFIER.findall(before[at])[-1]
        after[at] = before[at].replace(name, f"{name}_{line}", 1)
        hunks.append(Hunk(at, 1, at, 1))
        changed.append((at, after[at].rstrip("\n")))
    return FileDiff(path, "modified", old, "".join(after), tuple(hunks)), changed


def _as_diff(diff: FileDiff) -> str:
    assert diff.old_text is not None
    assert diff.new_text is not None
    lines = difflib.unified_diff(git_lines(diff.old_text), git_lines(diff.new_text), diff.path, diff.path, n=3)
    return "".join(lines)


def claims_of(made: Material, count: int) -> list[Claim]:
    """Claims about changed lines all over the change; where there are more than lines, about the same line again."""
    found = []
    for number in range(count):
        step = max(len(made.lines) // count, 1)
        file, _, text = made.lines[(number * step + number * step // len(made.lines)) % len(made.lines)]
        names = _IDENTIFIER.findall(text)
        subject = f"{names[number % len(names)]} case {number}"
        quote = text[:-1].replace("  ", " ") if number % 10 == 0 else text
        fix = (ClaimFix(file, text, text.replace(names[-1], f"{names[-1]}_fixed")),) if number % 4 == 0 else ()
        title = f"{_DEFECTS[number % len(_DEFECTS)]} in {subject}"
        argument = f"{title}: `{names[0]}` {_EFFECTS[number % len(_EFFECTS)]}. It happens when the input is empty."
        severity, category = SEVERITIES[number % 4], CATEGORIES[number % 5]
        found.append(Claim(file, "new", quote, title, argument, category, severity, "likely", fix))
    return found


_DEFECTS = (
    "Lost update", "Unchecked index", "Wrong unit", "Leaked handle", "Missing check", "Race between tasks",
    "Stale cache", "Swallowed error", "Quadratic loop", "Unescaped text", "Broken contract",
)  # fmt: skip
_EFFECTS = (
    "is read before it is written", "may be past the end of the list", "is taken for seconds", "is never closed",
    "may be absent", "is changed while others read it", "outlives what it was made from",
)  # fmt: skip


class Free:
    """A speaker that answers at once from a plan: claims in the opening, then rulings on whatever is shown."""

    def __init__(self, claims: list[Claim]) -> None:
        self._by_seat = {f"reviewer-{number}": tuple(claims[number::SEATS]) for number in range(SEATS)}

    async def speak(self, turn: Turn, listener: Listener) -> Reply:
        listener.started()
        if turn.phase == "opening":
            claims = self._by_seat[turn.seat]
            for claim in claims:
                listener.claim(claim)
            return Reply(Statement(claims), f"claude-{turn.tier}")
        shown = [json.loads(text) for text in _SHOWN.findall(turn.prompt.ask)]
        return Reply(Statement((), tuple(_ruling(one, turn) for one in shown)), f"claude-{turn.tier}")


def _ruling(one: dict[str, str], turn: Turn) -> Ruling:
    disputed = sum(map(ord, one["claim"])) % 5 == 0
    verdict: RulingVerdict = "refuted" if disputed and turn.phase == "cross_examination" else "confirmed"
    argument = "The line does what is claimed: nothing before it stands in the way."
    return Ruling(one["claim"], verdict, one["file"], one["quote"], argument, "high")


def play(made: Material, claims: list[Claim], parser: Parser | None = None) -> Outcome:
    speaker = Free(claims)

    async def whole() -> Outcome:
        return await debate(made.brief, speaker, lambda _: None, lambda: 0.0, parser=parser)

    return run_counted(whole())


def timed(act: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds: of the thread's processor time, and of the wall's."""
    gc.collect()
    wall, own = time.perf_counter(), time.thread_time()
    act()
    return (time.thread_time() - own) * 1_000, (time.perf_counter() - wall) * 1_000


def section() -> str:
    """This benchmark's part of RESULTS.md."""
    parts = ["## Speed of the debate's own code\n", EXPLAINED, _whole(), GROWTH, _growth(), QUOTES, _quotes(), ""]
    return "\n".join(parts)


def _whole() -> str:
    made = material()
    facts = Facts()
    claims = claims_of(made, CLAIMS)
    plain = [evolve(claim, fixes=()) for claim in claims]
    play(made, claims, Parser(facts=facts))
    kinds: dict[str, Callable[[], object]] = {
        "cold": lambda: play(made, claims),
        "warm": lambda: play(made, claims, Parser(facts=facts)),
        "warm, no claim with a fix": lambda: play(made, plain, Parser(facts=facts)),
    }
    rows = []
    for name, act in kinds.items():
        rows.append([f"{FILES} files, {CLAIMS} claims, {name}", _shown([timed(act) for _ in range(RUNS)]), GOAL_MS])
    return table(["debate", "ms", "goal, ms"], rows)


def _growth() -> str:
    made = material(DENSELY)
    facts = Facts()
    play(made, claims_of(made, CLAIMS), Parser(facts=facts))
    rows = []
    for size in SIZES:
        claims = claims_of(made, size)
        runs = [timed(partial(play, made, claims, Parser(facts=facts))) for _ in range(3)]
        outcome = play(made, claims, Parser(facts=facts))
        raised = [one for contention in outcome.contentions for one in contention.raised]
        ours, _ = timed(partial(merged, raised))
        naive, _ = timed(partial(by_all_pairs, raised))
        own = median([run[0] for run in runs])
        calls = len(outcome.exchanges)
        ratio = f"{naive / ours:.1f}"
        rows.append([f"{size:,}", calls, _shown(runs), f"{own / size:.2f}", f"{ours:.0f}", f"{naive:.0f}", ratio])
    head = ["claims", "calls", "debate, ms", "ms a claim", "merging, ms", "all pairs, ms", "all pairs / merging"]
    return table(head, rows)


def _quotes() -> str:
    lines = [f"    value_{n} = compute({n}, 'some words that are alike')" for n in range(NEAR_MISS_LINES)]
    alike = "\n".join(lines) + "\n"
    sources = sorted((ROOT / "server" / "rebuttal").rglob("*.py"), key=lambda path: path.as_posix())
    own = [line for path in sources for line in git_lines(path.read_text("utf-8"))][:NEAR_MISS_LINES]
    slip = "\n".join(line.replace("alike", "alke") for line in lines[700:740])
    cases = [
        ("code, the lines as they stand", "".join(own), "".join(own[700:704])),
        ("code, a line with a slip", "".join(own), own[707].replace("e", "§", 1)),
        ("code, a line that is not there", "".join(own), "    nothing_of_the_kind = anywhere(in_this, 'file')"),
        ("lines all alike, one with a slip", alike, lines[777].replace("alike", "alke")),
        ("lines all alike, forty with slips", alike, slip),
    ]
    rows = []
    for name, text, quote in cases:
        first = [timed(partial(locate_all, quote, text)) for _ in range(3)]
        searched = Searched(text)
        locate_all(quote, searched)
        further = [timed(partial(locate_all, quote, searched)) for _ in range(RUNS)]
        rows.append([name, _shown(first), _shown(further)])
    return table(["quote", "first, ms", "further, ms"], rows)


def merged(raised: Sequence[Raised]) -> int:
    """How many contentions the claims come to, as the engine merges."""
    docket = Docket()
    return sum(docket.add(one)[1] for one in raised)


def by_all_pairs(raised: Sequence[Raised]) -> int:
    """The same without an index: each claim's words compared with those of every contention before it."""
    leads: list[tuple[Raised, str]] = []
    for one in raised:
        words = f"{one.claim.title} {assertion(one.claim)}".lower()
        if not any(
            fuzz.token_set_ratio(words, other) >= ALIKE and overlap(one.place, lead.place) for lead, other in leads
        ):
            leads.append((one, words))
    return len(leads)


def _shown(runs: Sequence[tuple[float, float]]) -> str:
    return f"{median([own for own, _ in runs]):.0f} ({median([wall for _, wall in runs]):.0f})"


if __name__ == "__main__":
    print(section())
