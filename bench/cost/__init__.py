"""What a review costs: the seed's case studies, measured on simulated models at today's prices.

Every call goes over HTTP by the real SDK to the emulator, in virtual time; the emulator counts tokens and keeps the
documented rules of the prompt cache; money is the ledger's, by `budget.prices`. What is said is *scripted*
(`bench.cost.scripted`): defects planted in a change are raised by the seats whose lens they are of, some false claims
beside them, a few true claims are doubted at first. Nothing here says how well any model reviews.

Studies: `shop` (the seed's e-commerce review: Architect, Security, Performance, Database, Frontend; 4 rounds; 15 files;
a repository of 50,000 lines in five languages, grown by `bench.cost.growing`; 23 defects and 5 false claims) and
`payments` (the seed names neither seats nor rounds: five seats with its mix of models, 4 rounds, 12 files, 24 defects).
And changes of `bench.real_changes`, with a script drawn by hash from their lines, under the panel that rules choose.

What is assumed, and in whose favour:

- *Lengths of answers* are those that estimates assume, the same for every way; shorter and longer ones are shown.
- *Speeds*: those of `tests.emulator.latency`, without chance; prompts take time to be read.
- *Whole context*: the changed files after the change, in whole; not the repository, and not the diff beside them.
- *The seed's before*: opus for every seat and the summary; in each round every seat is sent the whole context, every
  claim and every position so far, and rules on every claim. In its favour: what two seats claim is ruled on once (the
  seed had "no deduplication": a row of its own), and seats of a round speak side by side. The seed's 25 minutes, and
  that it advises parallel work as an improvement, point to seats that speak one after the other: a row of its own.
- *The seed's after*: its mix of 20 % opus, 60 % sonnet and 20 % haiku by its matrix; its compression taken at its word
  (35 % of the context is left) and in its favour: all that the change touched is in what is left, so nothing is missed;
  the prompt cache of today; in later rounds a seat is sent the last round's positions whole and older ones in a line.
- *Our models and rounds, nothing optimised*: as before, but with the tiers that our profile `balanced` opens and argues
  with.
- *One call*: sonnet, which finds all that the panel finds and claims nothing false.
- *The product*: its own selection, packing, prompts, tiers, cache and stopping, with the study's seats and rounds. Caps
  are raised, so that none ends a debate; the default ones are a row of their own. So is the limit of findings.

The seed's dollars cannot be compared: its $45 for 450,000 tokens is more than its own prices give if every token were
an answer of its dearest model ($33.75); so is its $8.50 for 113,000 ($8.48).
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from bench.chart import stacked
from bench.cost.harness import Ready, ready
from bench.cost.real import prepared_releases, ready_release
from bench.cost.report import (
    BEFORE,
    CAPPED,
    LENGTHS,
    PLAIN,
    RULED,
    SINGLE,
    SINGLE_OURS,
    Rows,
    dollars,
    goals_table,
    lengths_table,
    light,
    mechanisms_table,
    name_of,
    peers,
    phases_table,
    product,
    share_of,
    switched_off,
    unequal,
    variants,
    ways_table,
)
from bench.cost.study import STUDIES, load_study
from bench.table import table
from rebuttal.debate.model import Profile

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "cost.md"
IMAGES = ROOT / "docs" / "images"
REAL = ("flask", "httpx", "rich", "markupsafe", "zod", "express")
"""Of the releases of `bench.real_changes`: all of them take a quarter of an hour."""
MECHANISMS: tuple[tuple[str, str, Profile], ...] = (
    ("shop", "crossfire", "balanced"),
    ("payments", "crossfire", "balanced"),
    ("shop", "crossfire", "frugal"),
    ("shop", "council", "balanced"),
)
_WRITTEN = re.compile(r"(<!-- written by python -m bench cost -->\n).*?(<!-- end -->)", re.DOTALL)


def section() -> str:
    """This benchmark's part of RESULTS.md; writes the charts and the figures of docs/cost.md as well."""
    studies = {name: ready(load_study(name), dict(os.environ)) for name in STUDIES}
    measured = {name: _measured(one) for name, one in studies.items()}
    body = "\n".join([*_studies(studies, measured), *_lengths(studies), *_mechanisms(studies), *_real()])
    page = PAGE.read_text("utf-8")
    PAGE.write_text(_WRITTEN.sub(lambda found: f"{found[1]}\n{body}\n{found[2]}", page), "utf-8")
    return f"## What a review costs (simulated)\n\n{_HOW}\n{body.replace('](images/', '](../docs/images/')}"


_HOW = (
    "`python -m bench cost`: real SDK over HTTP to the emulator, virtual time, today's prices; what is said is"
    " scripted. What is assumed stands in the module `bench.cost` and in docs/cost.md.\n"
)


def _measured(one: Ready) -> Rows:
    return {**dict(peers(one)), **dict(product(one)), **dict(variants(one))}


def _studies(studies: dict[str, Ready], measured: dict[str, Rows]) -> list[str]:
    parts = []
    for name, one in studies.items():
        study, rows = one.study, measured[name]
        parts += [
            f"### Study: {name}\n",
            (
                f"{study.case.title}: {len(study.changed)} files, {one.lines} changed lines in a repository of"
                f" {study.lines:,} lines; {len(study.seats)} seats, {study.rounds} rounds; {len(study.planted)} planted"
                f" defects, {len(study.said) - len(study.planted)} false claims.\n"
            ),
            ways_table(one, rows),
            "",
            _equal(one, {way: rows[way] for way in rows if way != RULED}),
        ]
        shown = {way: rows[way] for way in rows if way not in (CAPPED, SINGLE_OURS)}
        names = [way.replace("`", "") for way in shown]
        target = IMAGES / f"cost-{name}.svg"
        stacked(target, f"What a review of the study {name} costs", names, dollars(shown), "dollars")
        parts.append(f"![money by way of review](images/{target.name})\n")
        parts += ["Where it goes, `crossfire`, balanced:\n", phases_table(rows[name_of("crossfire", "balanced")]), ""]
        measured[name] = light(rows)
    return [*parts, "### Goals\n", goals_table(measured), ""]


def _equal(one: Ready, rows: Rows) -> str:
    told = unequal(one, rows)
    if not told:
        return "Every way came to the same findings.\n"
    return "Every way came to the same findings, but for these: " + "; ".join(told) + ".\n"


def _lengths(studies: dict[str, Ready]) -> list[str]:
    parts = ["### If answers are shorter or longer\n"]
    for name, one in studies.items():
        found = {}
        for length in LENGTHS:
            ours = product(one, ("frugal", "balanced"), length, ("crossfire",))
            found[length] = light({**dict(peers(one, length, more=False)), **dict(ours)})
        parts += [f"{name}, `crossfire`:\n", lengths_table(found), ""]
    return parts


def _mechanisms(studies: dict[str, Ready]) -> list[str]:
    parts = ["### What each mechanism contributes\n", "One switched off at a time.\n"]
    for study, protocol, profile in MECHANISMS:
        one = studies[study]
        rows = switched_off(one, protocol, profile)
        parts += [f"{study}, `{protocol}`, {profile}:\n", mechanisms_table(rows), "", _equal(one, rows)]
        if (study, protocol, profile) == MECHANISMS[0]:
            title = "A balanced crossfire of the study shop, one mechanism switched off"
            target = IMAGES / "cost-mechanisms.svg"
            stacked(target, title, list(rows), dollars(rows), "dollars")
            parts.append(f"![money without each mechanism](images/{target.name})\n")
    return parts


def _real() -> list[str]:
    chosen = [(release, where) for release, where in prepared_releases() if release.name in REAL]
    rows = []
    for release, where in chosen:
        one = ready_release(release, where, dict(os.environ))
        ours = product(one, ("frugal", "balanced"), 1.0, ("crossfire",))
        council = product(one, ("balanced",), 1.0, ("council",))
        found = light({**dict(peers(one, more=False)), **dict(ours), **dict(council)})
        rows.append([f"{release.name} ({len(one.study.seats)} seats)", *_real_cells(one, found)])
    parts = [
        "### Real changes\n",
        (
            "Two releases of a package; findings are lines drawn by hash; panel and rounds by rules. `balanced` and"
            " `frugal` are `crossfire`.\n"
        ),
        table(_REAL_HEAD, rows),
        "",
        (
            "What is not found was drawn to be refuted by whoever rules first, and is of medium or low severity: the"
            " product argues about serious claims only, and drops or holds back others that were refuted with lines of"
            " the code. Where everybody rules on everything, the others outvote him.\n"
        ),
    ]
    wanted = [name for name in REAL if name not in {release.name for release, _ in chosen}]
    if wanted:
        parts.append(f"Not at hand (`python -m bench.real_changes` makes them): {', '.join(wanted)}.\n")
    return parts


_REAL_HEAD = ["change", "lines", "before", "not optimised", "one call", "council", "balanced", "frugal", "less money"]
_REAL_HEAD += [
    "fewer tokens",
    "less time",
    "less than not optimised",
    "frugal / one call",
    "balanced / one call",
    "same",
]


def _real_cells(one: Ready, found: Rows) -> list[str]:
    balanced, frugal = found[name_of("crossfire", "balanced")].spent, found[name_of("crossfire", "frugal")].spent
    council = found[name_of("council", "balanced")].spent
    whole, plain, call = found[BEFORE].spent, found[PLAIN].spent, found[SINGLE].spent
    return [
        f"{one.lines:,}",
        *(f"${spent.cost.spent:.3f}" for spent in (whole, plain, call, council, balanced, frugal)),
        *(f"{(1 - share_of(balanced, whole, of)) * 100:.1f} %" for of in ("money", "tokens", "time")),
        f"{(1 - share_of(balanced, plain, 'money')) * 100:.1f} %",
        f"{share_of(frugal, call, 'money'):.2f}",
        f"{share_of(balanced, call, 'money'):.2f}",
        "yes" if not unequal(one, found) else "; ".join(unequal(one, found)),
    ]
