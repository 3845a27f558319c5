"""Is everything here that a review needs? Nothing is sent but a question for the models' list."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from attrs import evolve, frozen

from rebuttal.budget.currency import money_of
from rebuttal.review.cached import cache_of_last_days
from rebuttal.review.services import Services
from rebuttal.review.threads import in_thread
from rebuttal.settings import (
    Settings,
    endpoint_host,
    endpoint_url,
    has_key,
    home,
    is_local,
    is_loopback,
    repository_settings,
    trusts,
    user_settings,
    what_lacks,
)
from rebuttal.store.currency import Money
from rebuttal.store.model import Totals
from rebuttal.text.hidden import written_out
from rebuttal.text.words import counted

if TYPE_CHECKING:
    from rebuttal.evidence.linting.repository import Standing
    from rebuttal.review.own_prompts import OwnPrompts
    from rebuttal.speakers.roster import Roster

State = Literal["ok", "warning", "failed"]
_SHOWN = 8
"""Models of a server that are named."""
OLD_PRICES = 120
"""Days after which the prices' age is worth a warning."""


@frozen
class Check:
    """One line of the doctor: what was looked at, how it is, and what to do."""

    name: str
    state: State
    message: str


async def checks(where: Path, services: Services, trusted: Sequence[str] = ()) -> list[Check]:
    """The installation, and the repository at `where`. Whatever a check fails of is its result: it raises nothing.

    `trusted`: folders that the user trusts besides those of the settings."""
    settings, environment = services.settings, services.environment
    settings = evolve(settings, trusted=(*settings.trusted, *trusted))
    told = await _several("settings", lambda: _settings(environment))
    told += [
        await _guarded("git", _git),
        await _guarded("grammars", _grammars),
        await _guarded("ruff", _ruff),
        await _guarded("store", lambda: _store(services)),
        *([await _guarded("team", lambda: _team(services))] if services.stores.is_shared else []),
        await _guarded("budget", lambda: _budget(where, services)),
        await _guarded("prices", lambda: _prices(settings)),
        await _guarded("tokens", lambda: _tokens(services, settings)),
        await _guarded("cache", lambda: _cache(services)),
        await _guarded("key", lambda: _key(environment, settings)),
        *_tracing(environment),
        *await _several("models", lambda: _models(environment, settings, _today())),
    ]
    repository = partial(_repository, where, environment, settings)
    return told + await _several("linters", lambda: in_thread(repository))


async def _settings(environment: Mapping[str, str]) -> list[Check]:
    _, problems = await in_thread(partial(user_settings, environment))
    return [Check("settings", "warning", problem.message) for problem in problems]


async def _guarded(name: str, check: Callable[[], Awaitable[Check]]) -> Check:
    try:
        return await check()
    except Exception as error:  # a check that fails is a result, whatever it failed of
        return Check(name, "failed", str(error) or type(error).__name__)


async def _several(name: str, check: Callable[[], Awaitable[list[Check]]]) -> list[Check]:
    try:
        return await check()
    except Exception as error:  # as above
        return [Check(name, "failed", str(error) or type(error).__name__)]


async def _git() -> Check:
    from rebuttal.change.version import git_version

    return Check("git", "ok", await asyncio.to_thread(git_version))


async def _grammars() -> Check:
    from rebuttal.text.languages import Language
    from rebuttal.text.parsing import syntax_errors

    names = get_args(Language)
    for language in names:
        await asyncio.to_thread(syntax_errors, "", language)
    return Check("grammars", "ok", ", ".join(names))


async def _ruff() -> Check:
    from rebuttal.evidence.linting.ruff import ruff_version, run_command

    return Check("ruff", "ok", await asyncio.to_thread(ruff_version, run_command))


def _repository(where: Path, environment: Mapping[str, str], settings: Settings) -> list[Check]:
    """What the repository brings along, and the user's own: linters, seats and templates."""
    from rebuttal.change.model import ChangeError, Scope
    from rebuttal.change.read import read_change
    from rebuttal.evidence.linting.repository import describe
    from rebuttal.review.own_prompts import own_prompts

    try:
        with read_change(where, Scope()) as reading:
            trusted = trusts(settings, reading.repository.root)
            linters = _linters(describe(reading.repository, environment), trusted=trusted)
            asked, _ = repository_settings(reading.repository.old.read, settings)
            own = own_prompts(home(environment), reading.repository.old, trusted=trusted)
            return linters + _own(own, asked.seats_off)
    except ChangeError as error:
        linters = [Check("linters", "ok", f"besides ruff none was looked for: {error}")]
        return linters + _own(own_prompts(home(environment), None, trusted=False), settings.seats_off)


def _linters(found: Sequence[Standing], *, trusted: bool) -> list[Check]:
    """The linters that the repository configures for itself: whether each is installed, and would be run."""

    def check(one: Standing) -> Check:
        if one.installed is None:
            return Check("linters", "warning", f"{one.name} is configured ({one.config}) but not installed")
        what = "is run" if trusted else "is run with --trust, or once `trusted` in config.toml names this folder"
        return Check("linters", "ok", f"{one.name} ({one.config}, {one.installed}) {what}")

    return [check(one) for one in found] or [Check("linters", "ok", "this repository configures none besides ruff")]


def _own(own: OwnPrompts, off: Sequence[str]) -> list[Check]:
    """Seats and templates that are not the package's: how many, and what is wrong with any; seats that are off."""
    from rebuttal.debate.panel.seating import misnamed

    seats, templates = counted(len(own.seats), "seat"), counted(len(own.templates), "template")
    some = f"{seats} and {templates} of your own" if own.seats or own.templates else "the package's seats and templates"
    told = [Check("panel", "warning", problem) for problem in (*own.problems, *misnamed(off, own.seats))]
    if off:
        told.insert(0, Check("panel", "ok", f"not asked, by seats_off: {', '.join(map(written_out, off))}"))
    return [Check("panel", "ok", some), *(Check("panel", "ok", one) for one in own.replaced), *told]


async def _store(services: Services) -> Check:
    if services.stores.is_shared:
        await services.stores.own()
        return Check("store", "ok", f"{services.home}, for what is yours alone")
    return Check("store", "ok", f"{services.home}, {_spent(await services.totals(), money_of(services.settings))}")


async def _team(services: Services) -> Check:
    """The store that a team shares."""
    database, totals = await services.database(), await services.totals()
    told = f"{database.name}, as {database.who}; all who share it: {_spent(totals, money_of(services.settings))}"
    if not await database.is_encrypted():
        todo = "add ?sslmode=verify-full to REBUTTAL_STORE_URL, for anybody on the way can read it"
        return Check("team", "warning", f"{told}; the connection is not encrypted: {todo}")
    return Check("team", "ok", told)


def _spent(totals: Totals, money: Money) -> str:
    return f"{money(totals.day)} spent today, {money(totals.month)} this month"


async def _budget(where: Path, services: Services) -> Check:
    """Where spending stands by all caps, those of the repository too, and in which currency it is told."""
    from rebuttal.budget.standing import standing_of
    from rebuttal.store.pace import Pace

    root, settings = await in_thread(partial(_bound_by, where, services.settings))
    money = money_of(settings)
    hours = await Pace(await services.database()).hours()
    now = standing_of(settings, await services.totals(root), hours, repository=root is not None)
    told = now.words or now.why
    if money.is_converted:
        told += f" Amounts are shown in {money.currency}, {money.rate:f} for one US dollar as your settings say."
    elif settings.currency != "USD":
        todo = "set exchange_rate to its units for one US dollar"
        return Check(
            "budget", "warning", f"{told} Amounts are shown in US dollars and not in {money.currency}: {todo}."
        )
    return Check("budget", "ok" if now.state == "spending" else "warning", told)


def _bound_by(where: Path, settings: Settings) -> tuple[Path | None, Settings]:
    """The repository at `where`, and the settings as it narrows them; None where there is none."""
    from rebuttal.change.model import ChangeError, Scope
    from rebuttal.change.read import read_change

    try:
        with read_change(where, Scope()) as reading:
            return reading.repository.root, repository_settings(reading.repository.old.read, settings)[0]
    except ChangeError:
        return None, settings


async def _prices(settings: Settings) -> Check:
    from rebuttal.budget.prices import PriceBook, prices_age
    from rebuttal.speakers.roster import Roster

    age = await asyncio.to_thread(prices_age, None, settings.price_list)
    book, names = PriceBook.of(settings), [model.id for model in Roster.of(settings).known()]
    book.check()
    unknown = [name for name in names if not book.knows(name)]
    if unknown:
        return Check("prices", "failed", f"no price is known for {', '.join(unknown)}: give one in config.toml")
    told = f"{age.words} (rebuttal prices shows them)"
    if unused := [name for name in settings.prices if name not in names]:
        named = ", ".join(f'[prices."{name}"]' for name in unused)
        return Check("prices", "warning", f"{told}; {named} is used for none of {', '.join(names)}")
    state: State = "ok"
    if age.days > OLD_PRICES:
        state, told = "warning", f"{told}; rebuttal prices --update fetches newer ones"
    if is_local(settings):
        plain = PriceBook()
        free = [name for name in names if name not in settings.prices and not plain.knows(name)]
        if free:
            told += (
                f"; {', '.join(free)} counts as local and free: if it is passed on to a paid service, give its price"
            )
    return Check("prices", state, told)


async def _tokens(services: Services, settings: Settings) -> Check:
    from rebuttal.budget.tokenizers import described

    # Counting shows that the ranks are there and whole.
    await asyncio.to_thread(services.counter.count, "x")
    tokenizers = await services.tokenizers()
    lines = described({model: tokenizers.of(model) for model in _models_of(settings)})
    return Check("tokens", "ok", "; ".join(lines))


async def _cache(services: Services) -> Check:
    well, told = await cache_of_last_days(services)
    return Check("cache", "ok" if well else "warning", told)


async def _key(environment: Mapping[str, str], settings: Settings) -> Check:
    if lacking := what_lacks(environment, settings):
        return Check("key", "warning", f"only the static panel runs: {lacking}")
    found = "found" if settings.endpoint == "anthropic" else settings.endpoint
    told = f"{found}; reviews would be sent to {endpoint_host(environment, settings)}"
    url = endpoint_url(environment, settings)
    if url.lower().startswith("http:") and not is_loopback(url):
        return Check("key", "warning", f"{told}, which is not encrypted: use https, for anybody on the way can read it")
    return Check("key", "ok", told)


def _tracing(environment: Mapping[str, str]) -> list[Check]:
    """Told only where the user has configured an exporter of spans."""
    from rebuttal.speakers.tracing import is_wanted, lacks_extra

    if not is_wanted(environment):
        return []
    if lacks_extra():
        todo = "install it with `pip install 'rebuttal[tracing]'`"
        return [Check("tracing", "warning", f"an exporter is configured, but what sends spans is missing: {todo}")]
    return [Check("tracing", "ok", "spans of calls are sent to the exporter that OTEL_* configures, without contents")]


async def _models(environment: Mapping[str, str], settings: Settings, today: date) -> list[Check]:
    """Whether the models of the settings are served, what the service says of models otherwise than we do, and which
    of them end soon."""
    from rebuttal.speakers.catalogue import nears_its_end
    from rebuttal.speakers.roster import Roster

    roster = Roster.of(settings)
    soon = [
        *(Check("models", "failed", told) for told in _unknown(roster)),
        *(Check("models", "warning", said) for model in roster.known() if (said := nears_its_end(model, today))),
    ]
    if not has_key(environment, settings):
        lacks = "there is no key" if settings.endpoint == "anthropic" else "the endpoint is not set up"
        return [Check("models", "warning", f"not asked: {lacks}"), *soon]
    from rebuttal.speakers.served import NoList, NotServed, served_models

    try:
        served = await served_models(environment, settings)
    except NotServed as error:
        state: State = "ok" if isinstance(error, NoList) else "failed"
        return [Check("models", state, str(error)), *soon]
    missing = [name for name in roster.names() if name not in served.names]
    first = Check("models", "ok", ", ".join(roster.names()))
    if missing and settings.endpoint == "anthropic":
        first = Check("models", "failed", f"{', '.join(missing)}: not served to this key; change the model settings")
    elif missing:
        there = sorted(one.id for one in served.models)
        some = ", ".join(there[:_SHOWN]) + (", ..." if len(there) > _SHOWN else "") or "none"
        said = f"{', '.join(missing)}: not among the models there ({some}); change the model settings"
        first = Check("models", "failed", said)
    return [first, *(Check("models", "warning", line) for line in served.news()), *soon]


def _unknown(roster: Roster) -> Iterator[str]:
    """What is wrong with the names of models, where nobody knows which they mean."""
    from rebuttal.speakers.catalogue import UnknownModel

    for tier in roster.models:
        try:
            roster.model(tier)
        except UnknownModel as error:
            yield f"{error} (model_{tier})"


def _models_of(settings: Settings) -> tuple[str, ...]:
    from rebuttal.speakers.roster import Roster

    roster = Roster.of(settings)
    return tuple(dict.fromkeys(roster.id(tier) for tier in roster.models))


def _today() -> date:
    return datetime.now(UTC).date()
