"""Whole transcripts as a person reads them (transcripts/*.md).

Written anew with `REBUTTAL_WRITE_TRANSCRIPTS=1 pytest tests/debate/test_transcripts.py`: read what has changed.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from rebuttal.debate.engine import debate
from rebuttal.debate.model import Brief, Claim, ClaimFix, Kind, Outcome, Ruling, RulingVerdict, Turn
from rebuttal.debate.panel.kinds import kinds_of
from rebuttal.debate.resumption import record_of
from rebuttal.debate.transcript import transcript
from rebuttal.debate.worth import Worth
from rebuttal.findings.model import Category, Certainty
from rebuttal.findings.severity import Severity
from tests.debate.conftest import Said, Scripted, brief_of, fails, play, run, says, shown

WHOLE = Path(__file__).parent / "transcripts"
PARCELS = Path(__file__).resolve().parents[2] / "examples" / "parcels"
CHANGED = ("parcels/api.py", "parcels/labels.py", "parcels/orders.py", "parcels/rates.py")

SQL = "    query = f\"SELECT customer, zone, weight, currency FROM orders WHERE customer = '{customer}'\""
RUN = '    rows = connection.execute(query + " ORDER BY id DESC")'
RETRY = "        except OSError:\n            continue"
LIMIT = "    if weight > HEAVY:"
NOTES = "def annotate(order, note, printed=[]):"
DEFAULT = '    currency = request.get("currency", "EUR")'


def claim(
    file: str,
    quote: str,
    title: str,
    argument: str,
    category: Category,
    severity: Severity,
    certainty: Certainty,
    fix: str = "",
) -> Claim:
    path = f"parcels/{file}.py"
    fixes = (ClaimFix(path, quote, fix),) if fix else ()
    return Claim(path, "new", quote, title, argument, category, severity, certainty, fixes)


INJECTED = claim(
    "orders",
    SQL,
    "A customer's name becomes part of the SQL",
    "`customer` is put into the statement as text. A name with a quote in it changes the query.\n\n"
    "The base passed it as a parameter.",
    "security",
    "critical",
    "certain",
)
FOR_EVER = claim(
    "labels",
    RETRY,
    "A carrier that is down is asked for ever, without a pause",
    "The loop has no limit and no pause: one outage takes a whole core and every worker that prints a label.",
    "performance",
    "high",
    "certain",
)
TEN_KILOS = claim(
    "rates",
    LIMIT,
    "A parcel of exactly 10 kg no longer pays the surcharge",
    "The limit moved from `>=` to `>` while the change is about currencies: ten kilograms become 7.50 cheaper.",
    "correctness",
    "medium",
    "likely",
    fix="    if weight >= HEAVY:",
)
SHARED = claim(
    "orders",
    NOTES,
    "Notes of one order are printed on the labels of others",
    "The default list is made once and shared by all calls, so each note stays for every later order.",
    "correctness",
    "high",
    "certain",
)
EUROS = claim(
    "api",
    DEFAULT,
    "The default currency hides a missing parameter",
    "A request without a currency is answered in euros.",
    "usability",
    "low",
    "possible",
)
ELSEWHERE = evolve(EUROS, file="docs/api.md", title="The documentation does not name the currency", quote="GET /quote")

Rules = Mapping[tuple[str, str], tuple[RulingVerdict, str, str, str]]
"""(word of the title, phase) -> verdict, file, quote, argument."""

AGREED: Rules = {
    ("SQL", "cross_examination"): (
        "confirmed",
        "orders",
        RUN,
        "The text is executed as it was put together; no parameter is passed any more.",
    ),
    ("carrier", "cross_examination"): (
        "confirmed",
        "labels",
        "    while True:",
        "Nothing in the loop counts the attempts or waits between them.",
    ),
    ("10 kg", "cross_examination"): (
        "confirmed",
        "rates",
        LIMIT,
        "The base compared with `>=`; nothing in the change asks for another limit.",
    ),
    ("currency", "cross_examination"): (
        "refuted",
        "api",
        '    return {"price": str(discount(price, customer)), "currency": currency}',
        "The answer names its currency, so nothing is hidden.",
    ),
    ("Notes", "cross_examination"): (
        "refuted",
        "orders",
        "    order.notes = printed",
        "The notes of an order are replaced, so none of another order are left in it.",
    ),
    ("Notes", "rebuttal"): (
        "unsure",
        "orders",
        NOTES,
        "Whether any caller relies on the default is not shown.",
    ),
    ("Notes", "consensus"): (
        "confirmed",
        "orders",
        "    printed.append(note)",
        "The list that is appended to is the default itself: the second order gets the first one's note too.",
    ),
}


def parcels(**more: Any) -> Brief:
    """The change of the bundled example, without its secret."""

    def text(folder: str, path: str) -> str:
        return (PARCELS / folder / path).read_text("utf-8").replace("@@AWS_KEY@@", "placeholder")

    plain = brief_of(
        {path: (text("base", path), text("change", path)) for path in CHANGED},
        sits=("code-reviewer", "security-analyst", "performance-expert", "architect", "documentation"),
        panel="medium",
        rounds=3,
        # Every call costs the same here, so a round is dear beside so short a debate: it shall be held all the same.
        worth=Worth(threshold=0.25),
        reasons=("Code Reviewer: sits with every change", "Security Analyst: stored data (parcels/orders.py)"),
    )
    kinds: tuple[Kind, ...] = kinds_of(plain.change, (), "")
    return evolve(plain, kinds=kinds, **more)


def talk(
    opened: Mapping[str, Said], rulings: Rules = AGREED, failing: frozenset[str] = frozenset()
) -> Callable[..., Said]:
    def script(turn: Turn) -> Said:
        if turn.seat in failing:
            return fails("overloaded")
        if turn.phase == "opening":
            return opened.get(turn.seat, says())
        said = list[Ruling]()
        for one in shown(turn):
            for (word, phase), (verdict, file, quote, argument) in rulings.items():
                if word in one["title"] and phase == turn.phase:
                    severity: Severity = "high" if word in ("carrier", "Notes") else "medium"
                    severity = "critical" if word == "SQL" else severity
                    said.append(Ruling(one["claim"], verdict, f"parcels/{file}.py", quote, argument, severity))
        return says(rulings=tuple(said))

    return script


OPENED = {
    "code-reviewer": says(
        TEN_KILOS, SHARED, evolve(INJECTED, argument="`find_orders` builds its SQL of what a request brings.")
    ),
    "security-analyst": says(INJECTED),
    "performance-expert": says(FOR_EVER),
    "architect": says(evolve(FOR_EVER, severity="medium"), EUROS, ELSEWHERE, evolve(ELSEWHERE, title="No example")),
}


def whole_debate() -> Outcome:
    return play(parcels(), talk(OPENED)).outcome


def taken_up() -> Outcome:
    """Two seats were refused; then the debate was taken up, and one of them was refused again."""
    brief = parcels()
    first = play(brief, talk(OPENED, failing=frozenset({"security-analyst", "documentation"}))).outcome
    record = record_of(first, "key")

    async def again() -> Outcome:
        speaker = Scripted(talk(OPENED, failing=frozenset({"documentation"})))
        return await debate(brief, speaker, lambda _: None, asyncio.get_running_loop().time, record=record)

    outcome: Outcome = run(again())
    return outcome


def in_council() -> Outcome:
    rulings = dict(AGREED)
    for (word, phase), ruling in AGREED.items():
        if phase == "cross_examination":
            rulings[word, "rebuttal"] = ruling
    return play(parcels(protocol="council"), talk(OPENED, rulings)).outcome


def alone() -> Outcome:
    return play(parcels(protocol="solo", panel="small"), talk({"code-reviewer": says(TEN_KILOS, EUROS)})).outcome


DEBATES: Mapping[str, Callable[[], Outcome]] = {
    "whole": whole_debate,
    "taken-up": taken_up,
    "council": in_council,
    "solo": alone,
}


@pytest.mark.parametrize("name", DEBATES)
def test_a_whole_transcript_reads_as_it_was_read_last(name: str) -> None:
    file = WHOLE / f"{name}.md"
    text = transcript(DEBATES[name](), "The change of the example")
    if os.environ.get("REBUTTAL_WRITE_TRANSCRIPTS"):
        file.write_text(text, "utf-8", newline="\n")
    assert text == file.read_text("utf-8")
