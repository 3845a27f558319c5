"""What the user dismissed stays dismissed, and what was shown keeps its id."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from attrs import evolve

from rebuttal.budget.model import CapWarning, OverrunWarning, PriceWarning
from rebuttal.change.model import Change, FileDiff, Hunk, Scope
from rebuttal.cli.review import exit_code
from rebuttal.debate.model import Outcome
from rebuttal.debate.panel.choice import PanelChoice
from rebuttal.evidence.model import Evidence
from rebuttal.findings.identity import assign_ids
from rebuttal.findings.model import Finding
from rebuttal.findings.severity import SEVERITIES
from rebuttal.review.assembly import identified
from rebuttal.review.parts import Parts
from rebuttal.review.request import BudgetWarned, StaticReady
from rebuttal.review.run import review
from rebuttal.settings import ModelPrice, Settings
from rebuttal.store.clock import utc_now
from rebuttal.store.ledger import Ledger
from rebuttal.store.model import CallKey, Caps, Tokens
from rebuttal.text.positions import Position, Range
from tests.emulator.planted import Planted
from tests.emulator.server import Emulator
from tests.gitrepo import GitRepo
from tests.review.conftest import Door, Open, request_for

SQL = "A customer's name becomes part of the SQL"


async def test_a_dismissed_finding_of_the_debate_comes_back_dismissed(
    open_services: Open, parcels: Path, panel: Emulator
) -> None:
    services = open_services(panel.environment())
    request = request_for(parcels, agreed=True)
    first = await review(request, services, Door())
    (found,) = [one for one in first.report.findings if one.title == SQL]
    await services.dismiss(first.root, found.id, "the name is checked elsewhere")
    again = await review(request, services, Door())
    (found,) = [one for one in again.report.findings if one.id == found.id]
    assert (found.title, found.status) == (SQL, "dismissed")
    for one in again.report.findings:
        await services.dismiss(first.root, one.id, "all of them")
    silent = await review(request, services, Door())
    assert exit_code(silent.report, "low", require_debate=True) == 0


async def test_a_comment_of_the_base_silences_the_debate_too(
    open_services: Open, git_repo: GitRepo, panel: Emulator
) -> None:
    before = "def f(x, y):\n    return x  # rebuttal: ignore[debate:correctness] y is never zero here\n"
    git_repo.commit("base", {"a.py": before})
    git_repo.write("a.py", before.replace("return x ", "return x / y "))
    quote = before.replace("return x ", "return x / y ").splitlines()[1]
    claim = {
        **{"file": "a.py", "side": "new", "quote": quote, "title": "Division by zero", "argument": "y may be 0."},
        **{"category": "correctness", "severity": "high", "certainty": "certain", "fixes": []},
    }
    ruling = {"verdict": "confirmed", "quote": quote, "argument": "Yes.", "severity": "high"}
    panel.script.default = Planted([{"by": ["code-reviewer"], "claim": claim, "ruling": ruling}])
    result = await review(request_for(git_repo.root, agreed=True), open_services(panel.environment()), Door())
    (finding,) = [one for one in result.report.findings if one.source == "debate"]
    assert finding.status == "dismissed"


async def test_ids_are_unique_and_static_ones_stay_when_the_debate_ends(
    open_services: Open, parcels: Path, panel: Emulator
) -> None:
    door = Door()
    services = open_services(panel.environment())
    result = await review(request_for(parcels, agreed=True), services, door)
    (shown,) = door.told(StaticReady)
    static = {one.id for one in shown.findings}
    everything = [one.id for one in (*result.report.findings, *result.report.held_back)]
    assert len(set(everything)) == len(everything)
    assert {one.id for one in result.report.findings if one.source == "static"} <= static
    again = await review(request_for(parcels, agreed=True), services, Door())
    assert [one.id for one in again.report.findings] == [one.id for one in result.report.findings]


TEXT = "def f():\n    go()\n    go()\n"


def finding(line: int, source: str, **changes: object) -> Finding:
    made = Finding(
        id="",
        file="a.py",
        side="new",
        range=Range(Position(line, 4), Position(line, 8)),
        quote="go()",
        title="It goes",
        message="It goes.",
        severity="high",
        category="correctness",
        rule="debate:correctness" if source == "debate" else "ruff:B006",
        source="debate" if source == "debate" else "static",
        raised_by=(),
        verdict="static",
        confidence="certain",
    )
    return evolve(made, **changes)  # type: ignore[arg-type]  # a test's options


def parts_of(static: tuple[Finding, ...], debated: tuple[Finding, ...]) -> Parts:
    diff = FileDiff("a.py", "added", None, TEXT, (Hunk(0, 0, 0, 3),))
    change = Change(Path("/r"), Scope(), "0", "HEAD", "work tree", files=(diff,))
    choice = PanelChoice("small", (), 2, ())
    return Parts(change, Evidence(static, ()), choice, outcome=Outcome(debated, (), (), ()))


def test_a_static_finding_keeps_its_id_when_the_debate_covers_its_like() -> None:
    static = assign_ids((finding(1, "static"), finding(2, "static")), lambda _: "f")
    shown, _ = identified(parts_of(static, (finding(1, "debate"),)))
    assert [(one.source, one.range.start.line) for one in shown] == [("debate", 1), ("static", 2)]
    assert shown[1].id == static[1].id
    assert shown[0].id not in {one.id for one in static}


def test_a_dismissed_finding_of_the_debate_hides_no_static_one() -> None:
    static = assign_ids((finding(1, "static"),), lambda _: "f")
    parts = parts_of(static, (finding(1, "debate"),))
    (debated,) = identified(parts)[0]
    shown, _ = identified(evolve(parts, dismissed={debated.id: utc_now()}))
    assert {(one.source, one.status) for one in shown} == {("static", "open"), ("debate", "dismissed")}


def test_a_file_that_cannot_be_parsed_loses_no_finding() -> None:
    parts = parts_of((), (finding(1, "debate"),))
    (diff,) = parts.change.files
    too_long = evolve(diff, new_text=TEXT * 100_000)
    shown, _ = identified(evolve(parts, change=evolve(parts.change, files=(too_long,))))
    assert [one.source for one in shown] == ["debate"]


async def test_seventy_percent_of_a_cap_reach_the_user(open_services: Open, parcels: Path, panel: Emulator) -> None:
    services = open_services(panel.environment())
    ledger = Ledger(await services.database())
    key = CallKey("earlier", "elsewhere", "opening", "architect", "claude-sonnet-5-5")
    call = await ledger.reserve(key, Decimal("3.6"), Caps())
    await ledger.settle(call.id, Tokens(input=1), Decimal("3.6"))
    door = Door()
    settings = Settings(panel="small", max_cost_per_day=Decimal(5))
    result = await review(request_for(parcels, settings=settings, agreed=True), services, door)
    (warned,) = door.told(BudgetWarned)
    assert isinstance(warned.warning, CapWarning)
    assert (warned.warning.cap, warned.warning.limit) == ("day", Decimal(5))
    assert "of the cap of $5.00 per day is used" in warned.message
    assert warned.message in result.report.notes


def test_an_overrun_says_what_to_check() -> None:
    key = CallKey("review", "repository", "opening", "architect", "claude-sonnet-5-5")
    message = BudgetWarned(OverrunWarning(key, Decimal("0.01"), Decimal("0.02"))).message
    assert all(part in message for part in ("architect", "$0.02", "$0.01", "price"))


async def test_no_more_findings_of_a_debate_are_shown_than_the_settings_say(
    open_services: Open, parcels: Path, panel: Emulator
) -> None:
    few = Settings(panel="small", max_findings=1)
    all_of_it = await review(request_for(parcels, agreed=True), open_services(panel.environment()), Door())
    result = await review(request_for(parcels, settings=few, agreed=True), open_services(panel.environment()), Door())
    (shown,) = [one for one in result.report.findings if one.source == "debate"]
    assert len([one for one in all_of_it.report.findings if one.source == "debate"]) > 1
    assert any(one.trace[-1].text.startswith("At most 1 finding may be shown") for one in result.report.held_back)
    assert all(SEVERITIES.index(shown.severity) <= SEVERITIES.index(one.severity) for one in result.report.held_back)


async def test_a_model_that_has_become_dearer_is_told_before_anything_is_spent(
    open_services: Open, parcels: Path, panel: Emulator
) -> None:
    first = await review(request_for(parcels, agreed=True), open_services(panel.environment()), Door())
    assert first.report.cost.spent > 0
    book = {model: ModelPrice(*map(Decimal, ("8", "40", "10", "16", "0.8"))) for model in first.report.cost.by_model}
    door, settings = Door(), Settings(panel="small", prices=book, max_cost=Decimal(5))
    again = request_for(parcels, settings=settings, agreed=True, fresh=True)
    second = await review(again, open_services(panel.environment()), door)
    dearer = [one for one in door.told(BudgetWarned) if isinstance(one.warning, PriceWarning)]
    assert {one.warning.model for one in dearer if isinstance(one.warning, PriceWarning)} == set(book)
    assert all(one.message in second.report.notes for one in dearer)
