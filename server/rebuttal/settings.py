"""Wire options -> resolved settings, and who may change what.

Two kinds of source. The user's own (REBUTTAL_HOME/config.toml, REBUTTAL_* environment, command line) may
set anything. Others (LSP, `.rebuttal.toml`, `pyproject.toml [tool.rebuttal]`) may only narrow: a hostile
workspace must not raise a cap, redirect a key or agree to sending. A value that is wrong is left out with a
problem for the user; the valid rest applies.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from attrs import evolve, field, frozen

PANELS = ("auto", "static", "small", "medium", "large")
PROFILES = ("frugal", "balanced", "thorough")
PROTOCOLS = ("crossfire", "council", "solo")
ON_SAVE = ("off", "static", "debate")
FAIL_ON = ("critical", "high", "medium", "low", "never")

PanelChoice = Literal["auto", "static", "small", "medium", "large"]


class SettingsError(Exception):
    """The user's own settings cannot be read; the message is one sentence that says what to do (exit code 2)."""


@frozen
class ModelPrice:
    """The user's own price of a model, in US dollars per million tokens."""

    input: Decimal
    output: Decimal
    cache_write: Decimal
    """Kept for five minutes."""
    cache_write_1h: Decimal
    cache_read: Decimal


@frozen
class Settings:
    """Resolved settings. Money in US dollars."""

    panel: str = "auto"
    profile: str = "balanced"
    protocol: str = "crossfire"
    on_save: str = "static"
    fail_on: str = "high"
    max_cost: Decimal = Decimal("1.00")
    """Hard cap of one review."""
    max_cost_per_day: Decimal = Decimal("5.00")
    max_cost_per_month: Decimal = Decimal("50.00")
    ask_above: Decimal = Decimal("0.25")
    """An editor asks again, each time, when a review is expected to cost more."""
    context_tokens: int = 8000
    """How many tokens of slices a reviewer sees besides the change itself."""
    minimum_severity: str = "low"
    model_haiku: str = "claude-haiku-5-5"
    model_sonnet: str = "claude-sonnet-5-5"
    model_opus: str = "claude-opus-5-5"
    prices: Mapping[str, ModelPrice] = field(factory=dict, hash=False)
    """By model; only from the user's config.toml."""


@frozen
class Problem:
    """A setting that was left out, and why, in words for the user."""

    key: str
    message: str


Parser = Callable[[Any], Any]


def _choice(*allowed: str) -> Parser:
    def parse(value: Any) -> str:
        if value not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}")
        return str(value)

    return parse


def _money(value: Any) -> Decimal:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        raise ValueError("must be an amount in US dollars, such as 0.50") from None
    if not amount.is_finite() or amount < 0:
        raise ValueError("must be an amount of zero dollars or more")
    return amount


def _positive(value: Any) -> int:
    try:
        number = int(str(value))
    except ValueError:
        raise ValueError("must be a whole number") from None
    if number < 0:
        raise ValueError("must be zero or more")
    return number


def _name(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be a name")
    return value.strip()


_PARSERS: dict[str, Parser] = {
    "panel": _choice(*PANELS),
    "profile": _choice(*PROFILES),
    "protocol": _choice(*PROTOCOLS),
    "on_save": _choice(*ON_SAVE),
    "fail_on": _choice(*FAIL_ON),
    "max_cost": _money,
    "max_cost_per_day": _money,
    "max_cost_per_month": _money,
    "ask_above": _money,
    "context_tokens": _positive,
    "minimum_severity": _choice("critical", "high", "medium", "low"),
    "model_haiku": _name,
    "model_sonnet": _name,
    "model_opus": _name,
}

_ORDERED: dict[str, tuple[str, ...]] = {
    # Narrow first: another source may move towards the front, never towards the back.
    "panel": ("static", "small", "medium", "large"),
    "profile": ("frugal", "balanced", "thorough"),
    "on_save": ("off", "static", "debate"),
}
_FREE = frozenset({"fail_on", "protocol", "minimum_severity"})
_SMALLER = frozenset({"max_cost", "max_cost_per_day", "max_cost_per_month", "ask_above", "context_tokens"})


def widen(settings: Settings, values: Mapping[str, Any], source: str) -> tuple[Settings, list[Problem]]:
    """Apply values of one of the user's own sources."""
    changes: dict[str, Any] = {}
    problems: list[Problem] = []
    for key, value in values.items():
        parsed = _parse(key, value, source, problems)
        if parsed is not None:
            changes[key] = parsed
    return evolve(settings, **changes), problems


def narrow(settings: Settings, values: Mapping[str, Any], source: str) -> tuple[Settings, list[Problem]]:
    """Apply values of a source that is not the user's own: what would widen is left out, with a problem."""
    changes: dict[str, Any] = {}
    problems: list[Problem] = []
    for key, value in values.items():
        parsed = _parse(key, value, source, problems)
        if parsed is None:
            continue
        if _narrows(key, getattr(settings, key), parsed):
            changes[key] = parsed
        else:
            reason = "may only be set in your own config file, the environment or on the command line"
            problems.append(Problem(key, f"{source}: {key} = {value!r} was left out: it {reason}"))
    return evolve(settings, **changes), problems


def _parse(key: str, value: Any, source: str, problems: list[Problem]) -> Any:
    parser = _PARSERS.get(key)
    if parser is None:
        near = get_close_matches(key, _PARSERS, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        problems.append(Problem(key, f"{source}: unknown setting {key!r}{hint}"))
        return None
    try:
        return parser(value)
    except ValueError as error:
        problems.append(Problem(key, f"{source}: {key} = {value!r} was left out: it {error}"))
        return None


def _narrows(key: str, current: Any, wanted: Any) -> bool:
    if wanted == current or key in _FREE:
        return True
    if key in _SMALLER:
        return bool(wanted <= current)
    if key == "panel" and "auto" in (current, wanted):
        # `auto` may pick any panel: naming one narrows it, going back to it would widen.
        return bool(current == "auto")
    order = _ORDERED.get(key)
    return order is not None and order.index(wanted) <= order.index(current)


def home(environment: Mapping[str, str]) -> Path:
    """Where config, store and logs live: REBUTTAL_HOME, else the platform's folder for a user's data."""
    if named := environment.get("REBUTTAL_HOME"):
        return Path(named).expanduser()
    from platformdirs import user_data_path

    return user_data_path("rebuttal", appauthor=False)


def user_settings(
    environment: Mapping[str, str], command_line: Mapping[str, Any] | None = None
) -> tuple[Settings, list[Problem]]:
    """The user's own settings: defaults, then config.toml, then REBUTTAL_*, then the command line.

    Raises SettingsError when config.toml cannot be read or is no TOML.
    """
    settings, problems = Settings(), list[Problem]()
    path = home(environment) / "config.toml"
    variables = {key: environment[name] for key in _PARSERS if (name := "REBUTTAL_" + key.upper()) in environment}
    sources: Iterable[tuple[str, Mapping[str, Any]]] = (
        (str(path), _toml(path)),
        ("environment", variables),
        ("command line", command_line or {}),
    )
    for source, values in sources:
        settings, more = widen(settings, values, source)
        problems += more
    return settings, problems


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path} cannot be read ({error}): mend it or move it away") from None


def has_key(environment: Mapping[str, str]) -> bool:
    """Whether the user has given a key for the API (as the SDK reads it from the environment)."""
    return bool(environment.get("ANTHROPIC_API_KEY") or environment.get("ANTHROPIC_AUTH_TOKEN"))


def endpoint_host(environment: Mapping[str, str]) -> str:
    """The host that a review would be sent to: what the user agrees to."""
    from urllib.parse import urlsplit

    base = environment.get("ANTHROPIC_BASE_URL") or "https://api.anthropic.com"
    return urlsplit(base).netloc or base


def process_environment() -> dict[str, str]:
    """This process's environment, read once at the door and passed on."""
    return dict(os.environ)
