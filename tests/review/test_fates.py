"""What reviews have shown, and what became of it: real git, a debate with the emulator, edits, another review."""

from __future__ import annotations

import sqlite3
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rebuttal.budget.returns import Returns, returns
from rebuttal.change.identity import repository_id
from rebuttal.change.model import Scope
from rebuttal.findings.model import Finding
from rebuttal.review.again import ask_again
from rebuttal.review.fates import WITHDRAWN, saved
from rebuttal.review.listing import listed
from rebuttal.review.request import Answer, Result
from rebuttal.review.run import review
from rebuttal.review.services import Services
from rebuttal.settings import Settings
from rebuttal.store.debates import Debates
from rebuttal.store.fates import Counts, Raised
from tests.emulator.planted import Planted
from tests.emulator.server import Emulator
from tests.gitrepo import GitRepo
from tests.review.conftest import Door, Open, request_for

BASE = "def total(prices):\n    return sum(prices)\n"
CHANGE = (
    BASE + "\n\ndef average(prices):\n    found = len(prices)\n    return total(prices) / found\n"
    "\n\ndef spread(prices):\n    return max(prices) - min(prices)\n"
)
QUOTE = "    return total(prices) / found"
TITLE = "Division by zero for an empty cart"
STATIC = Settings(panel="static")


def plant(quote: str = QUOTE, *by: str, fixes: list[dict[str, str]] | None = None) -> dict[str, Any]:
    claim = {
        **{"file": "cart.py", "side": "new", "quote": quote, "title": TITLE, "argument": "prices may be empty."},
        **{"category": "correctness", "severity": "high", "certainty": "certain", "fixes": fixes or []},
    }
    ruling = {"verdict": "confirmed", "quote": quote, "argument": "Yes.", "severity": "high"}
    return {"by": list(by or ("code-reviewer",)), "claim": claim, "ruling": ruling}


@pytest.fixture
def cart(git_repo: GitRepo) -> GitRepo:
    git_repo.commit("base", {"cart.py": BASE, "other.py": "x = 1\n"})
    git_repo.write("cart.py", CHANGE)
    return git_repo


@pytest.fixture
def finders(emulator: Emulator) -> Emulator:
    emulator.script.default = Planted([plant()])
    return emulator


async def debated(services: Services, repo: GitRepo, **options: Any) -> Result:
    result = await review(request_for(repo.root, agreed=True, **options), services, Door())
    assert not result.report.degraded
    return result


def the_only_one(result: Result) -> Finding:
    """What the debate has found."""
    (finding,) = [one for one in result.report.findings if one.source == "debate"]
    return finding


async def looked(services: Services, repo: GitRepo, **options: Any) -> Counts:
    """What is known once a review that costs nothing has been held."""
    await review(request_for(repo.root, settings=STATIC, **options), services, Door())
    return await counts(services)


async def counts(services: Services) -> Counts:
    return await (await services.fates()).counts()


async def raised(services: Services) -> tuple[Raised, ...]:
    return (await (await services.fates()).outlay()).raised


async def brought(services: Services) -> Returns:
    return returns(await (await services.fates()).outlay(), Settings(defect_worth=Decimal(100)))


async def test_a_finding_is_recorded_once_for_each_seat_however_often_it_is_shown(
    open_services: Open, cart: GitRepo, emulator: Emulator
) -> None:
    emulator.script.default = Planted([plant(QUOTE, "code-reviewer", "architect")])
    services = open_services(emulator.environment())
    result = await debated(services, cart)
    finding = the_only_one(result)
    await debated(services, cart)
    found = await raised(services)
    assert {(one.seat, one.finding, one.fate) for one in found} == {
        ("architect", finding.id, "open"),
        ("code-reviewer", finding.id, "open"),
    }
    assert all("claude-" in one.model and one.repository == repository_id(cart.root) for one in found)


async def test_the_money_of_a_debate_is_shared_out_to_the_last_billionth(
    open_services: Open, cart: GitRepo, finders: Emulator
) -> None:
    services = open_services(finders.environment())
    result = await debated(services, cart)
    made = await brought(services)
    assert made.total.cost == result.report.cost.spent + result.report.cost.assumed > 0
    assert made.unshared == 0
    assert sum(one.cost for one in made.by_seat) == made.total.cost
    (finder,) = [one for one in made.by_seat if one.shown]
    examination = sum(
        (one.spent for phase, one in result.report.cost.by_phase.items() if phase != "opening"), Decimal(0)
    )
    assert (finder.key, finder.examined) == ("code-reviewer", examination)
    assert examination > 0
    (repository,) = made.by_repository
    assert repository.name == cart.root.name


async def test_an_edit_of_the_quoted_line_is_acting_upon_it(
    open_services: Open, cart: GitRepo, finders: Emulator
) -> None:
    services = open_services(finders.environment())
    await debated(services, cart)
    cart.write("cart.py", "# prices\n" + CHANGE)
    assert await looked(services, cart) == Counts(open=1)
    cart.write("cart.py", CHANGE.replace("/ found", "/ max(found, 1)"))
    assert await looked(services, cart) == Counts(accepted=1)
    assert (await brought(services)).total.worth == 100
    cart.write("cart.py", CHANGE)
    assert await looked(services, cart) == Counts(open=1)


async def test_a_fix_that_keeps_the_quoted_line_is_acting_upon_it(
    open_services: Open, cart: GitRepo, emulator: Emulator
) -> None:
    guarded = "    if not found:\n        return 0\n" + QUOTE
    fix = {"file": "cart.py", "quote": QUOTE, "replacement": guarded}
    emulator.script.default = Planted([plant(fixes=[fix])])
    services = open_services(emulator.environment())
    await debated(services, cart)
    cart.write("cart.py", CHANGE.replace(QUOTE, guarded))
    assert await looked(services, cart) == Counts(accepted=1)


async def test_a_mended_line_that_is_committed_is_acted_upon(
    open_services: Open, cart: GitRepo, finders: Emulator
) -> None:
    services = open_services(finders.environment())
    await debated(services, cart)
    cart.commit("mended", {"cart.py": CHANGE.replace("/ found", "/ max(found, 1)")})
    cart.write("other.py", "x = 2\n")
    assert await looked(services, cart) == Counts(accepted=1)


async def test_committing_what_was_found_is_not_acting_upon_it(
    open_services: Open, cart: GitRepo, finders: Emulator
) -> None:
    services = open_services(finders.environment())
    await debated(services, cart)
    cart.commit("as it is")
    cart.write("other.py", "x = 2\n")
    assert await looked(services, cart) == Counts(open=1)


async def test_stashing_the_change_or_another_branch_is_not_acting_upon_it(
    open_services: Open, cart: GitRepo, finders: Emulator
) -> None:
    services = open_services(finders.environment())
    await debated(services, cart)
    cart.git("stash", "-q")
    cart.write("cart.py", BASE.replace("sum(prices)", "sum(prices, 0)"))
    cart.write("other.py", "x = 2\n")
    assert await looked(services, cart) == Counts(open=1)
    cart.git("checkout", "-q", "-f", "-b", "elsewhere")
    cart.write("cart.py", CHANGE.replace("/ found", "/ 2"))
    assert await looked(services, cart) == Counts(open=1)
    cart.git("checkout", "-q", "-f", "main")
    cart.git("stash", "pop", "-q")
    assert await looked(services, cart) == Counts(open=1)
    assert await looked(services, cart, scope=Scope("staged")) == Counts(open=1)


async def test_deleting_the_file_is_not_acting_upon_what_was_found_in_it(
    open_services: Open, cart: GitRepo, finders: Emulator
) -> None:
    services = open_services(finders.environment())
    await debated(services, cart)
    cart.remove("cart.py")
    assert await looked(services, cart) == Counts(open=1)


async def test_a_debate_that_does_not_say_it_again_has_not_made_it_mended(
    open_services: Open, cart: GitRepo, finders: Emulator
) -> None:
    services = open_services(finders.environment())
    await debated(services, cart)
    finders.script.default = Planted([])
    cart.write("cart.py", CHANGE + "\n\nCURRENCY = 'EUR'\n")
    again = await debated(services, cart)
    assert not [one for one in again.report.findings if one.source == "debate"]
    assert await counts(services) == Counts(open=1)


async def test_a_finding_that_is_dismissed_counts_as_that_until_it_is_restored(
    open_services: Open, cart: GitRepo, finders: Emulator
) -> None:
    services = open_services(finders.environment())
    result = await debated(services, cart)
    finding = the_only_one(result)
    await services.dismiss(result.root, finding.id, "false positive")
    assert [(one.fate, one.reason) for one in await raised(services)] == [("dismissed", "false positive")]
    await debated(services, cart)
    assert await counts(services) == Counts(dismissed=1)
    assert await services.restore(result.root, finding.id)
    assert await counts(services) == Counts(open=1)


async def test_a_comment_that_silences_it_dismisses_it(open_services: Open, cart: GitRepo, finders: Emulator) -> None:
    services = open_services(finders.environment())
    await debated(services, cart)
    silenced = CHANGE.replace("/ found", "/ found  # rebuttal: ignore[debate:correctness] never empty")
    cart.git("stash", "-q")
    cart.commit("silenced", {"cart.py": silenced.replace("total(prices) /", "sum(prices) /")})
    cart.write("cart.py", CHANGE)
    finders.script.default = Planted([plant()])
    result = await debated(services, cart)
    assert [one.status for one in result.report.findings if one.source == "debate"] == ["dismissed"]
    assert [(one.fate, one.reason) for one in await raised(services)] == [
        ("dismissed", "silenced by a comment in the code")
    ]


async def test_a_replay_and_a_measurement_record_nothing(
    open_services: Open, cart: GitRepo, finders: Emulator, tmp_path: Path
) -> None:
    services, tape = open_services(finders.environment()), tmp_path / "tape.jsonl"
    await debated(services, cart, counts=False, record=tape)
    assert await counts(services) == Counts()
    replayed = await review(request_for(cart.root, agreed=True, replay=tape), services, Door())
    assert [one for one in replayed.report.findings if one.source == "debate"]
    assert await counts(services) == Counts()


async def test_a_replay_undoes_nothing(open_services: Open, cart: GitRepo, finders: Emulator, tmp_path: Path) -> None:
    services, tape = open_services(finders.environment()), tmp_path / "tape.jsonl"
    await debated(services, cart, record=tape)
    fates, repository = await services.fates(), repository_id(cart.root)
    await fates.accept(repository, [one.finding for one in await raised(services)])
    await review(request_for(cart.root, agreed=True, replay=tape), services, Door())
    assert await counts(services) == Counts(accepted=1)


async def test_what_cannot_be_recorded_fails_no_review(
    open_services: Open, cart: GitRepo, finders: Emulator, tmp_path: Path
) -> None:
    services = open_services(finders.environment())
    await services.database()
    with sqlite3.connect(tmp_path / "rebuttal" / "rebuttal.sqlite3") as other:
        other.execute("DROP TABLE raised")
    result = await debated(services, cart)
    assert [one.title for one in result.report.findings if one.source == "debate"] == [TITLE]


async def test_what_another_review_undid_meanwhile_stays_undone(
    open_services: Open, cart: GitRepo, finders: Emulator
) -> None:
    """A debate takes minutes: the finding may be mended, and saved, before it ends."""
    services = open_services(finders.environment())
    await debated(services, cart)

    class Busy(Door):
        async def agree(self, question: Any) -> Any:
            await mend()
            return await super().agree(question)

    async def mend() -> None:
        cart.write("cart.py", CHANGE.replace("/ found", "/ max(found, 1)"))
        await saved(services, cart.root, "cart.py", [one.finding for one in await raised(services)])

    await review(request_for(cart.root), services, Busy(Answer(agree=True)))
    assert await counts(services) == Counts(accepted=1)


async def test_saving_an_edited_file_tells_what_was_acted_upon_in_any_scope(
    open_services: Open, cart: GitRepo, finders: Emulator
) -> None:
    services = open_services(finders.environment())
    cart.git("checkout", "-q", "-b", "feature")
    cart.commit("the change", {"cart.py": CHANGE})
    result = await debated(services, cart, scope=Scope("branch"), base="main", include_working=True)
    finding = the_only_one(result)

    async def save(text: str, file: str = "cart.py") -> Counts:
        cart.write("cart.py", text)
        await saved(services, cart.root, file, [finding.id])
        return await counts(services)

    mended = CHANGE.replace("/ found", "/ max(found, 1)")
    assert await save("# prices\n" + CHANGE) == Counts(open=1)
    assert await save(mended, "../cart.py") == Counts(open=1)
    assert await save(mended, "gone.py") == Counts(open=1)
    assert await save(BASE) == Counts(open=1)
    assert await save(mended) == Counts(accepted=1)
    assert await save(CHANGE) == Counts(open=1)


async def test_the_store_keeps_neither_code_nor_paths(
    open_services: Open, cart: GitRepo, finders: Emulator, tmp_path: Path
) -> None:
    services = open_services(finders.environment())
    await debated(services, cart)
    with sqlite3.connect(tmp_path / "rebuttal" / "rebuttal.sqlite3") as other:
        rows = str(other.execute("SELECT * FROM raised").fetchall())
    assert "cart" not in rows
    assert "prices" not in rows
    assert '"company":["' in rows


@pytest.mark.parametrize("protocol", ["council", "solo", "crossfire"])
async def test_whatever_the_protocol_the_money_adds_up(
    open_services: Open, cart: GitRepo, finders: Emulator, protocol: str
) -> None:
    services = open_services(finders.environment())
    settings = Settings(panel="small", protocol=protocol)
    result = await review(request_for(cart.root, settings=settings, agreed=True), services, Door())
    made = await brought(services)
    assert made.total.cost == result.report.cost.spent + result.report.cost.assumed > 0
    assert sum(one.cost for one in made.by_seat) + made.unshared == made.total.cost
    assert made.unshared == 0


@pytest.mark.parametrize("stands", [True, False])
async def test_a_finding_withdrawn_when_asked_again_does_not_count_for_its_seat_as_if_it_stood(
    open_services: Open, cart: GitRepo, finders: Emulator, *, stands: bool
) -> None:
    services = open_services(finders.environment())
    result = await debated(services, cart)
    finding = the_only_one(result)
    before = await brought(services)
    history = await Debates(await services.database()).history()
    if not stands:
        finders.script.default = Planted([])  # whoever is asked now refutes everything
    came = await ask_again(request_for(cart.root, agreed=True), services, Door(), finding, "It is never empty.")
    assert came.decided
    assert came.cost.spent > 0
    assert await counts(services) == (Counts(open=1) if stands else Counts(dismissed=1))
    assert [one.reason for one in await raised(services)] == ["" if stands else WITHDRAWN]
    made = await brought(services)
    (then,), (now,) = ([one for one in some.by_seat if one.shown] for some in (before, made))
    # All of it is an examination of what that seat claimed: nothing is left that nobody answers for.
    assert now.examined == then.examined + came.cost.spent
    assert made.unshared == 0
    # And nothing by which a whole debate would be expected.
    assert await Debates(await services.database()).history() == history
    listing = await listed(services, cart.root)
    assert [one.status for one in listing.findings if one.source == "debate"] == ["open" if stands else "held_back"]


async def test_a_debate_that_shows_a_withdrawn_finding_anew_opens_it_again(
    open_services: Open, cart: GitRepo, finders: Emulator
) -> None:
    services = open_services(finders.environment())
    result = await debated(services, cart)
    finding = the_only_one(result)
    finders.script.default = Planted([])
    await ask_again(request_for(cart.root, agreed=True), services, Door(), finding, "")
    assert await counts(services) == Counts(dismissed=1)
    finders.script.default = Planted([plant()])
    await debated(services, cart)
    assert await counts(services) == Counts(open=1)


async def test_a_finding_that_stood_when_it_was_asked_about_once_more_stayed_withdrawn(
    open_services: Open, cart: GitRepo, finders: Emulator
) -> None:
    services = open_services(finders.environment())
    result = await debated(services, cart)
    finding = the_only_one(result)
    finders.script.default = Planted([])
    request = request_for(cart.root, agreed=True)
    withdrawn = (await ask_again(request, services, Door(), finding, "")).finding
    assert await counts(services) == Counts(dismissed=1)
    finders.script.default = Planted([plant()])
    came = await ask_again(request, services, Door(), withdrawn, "It is empty at first.")
    assert came.finding.status == "open"
    assert await counts(services) == Counts(open=1)
    listing = await listed(services, cart.root)
    assert [one.status for one in listing.findings if one.source == "debate"] == ["open"]
