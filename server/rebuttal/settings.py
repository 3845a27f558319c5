"""Wire options -> resolved settings, and who may change what.

Two kinds of source. The user's own (REBUTTAL_HOME/config.toml, REBUTTAL_* environment, command line) may
set anything. Others (LSP, `.rebuttal.toml`, `pyproject.toml [tool.rebuttal]`) may only narrow: a hostile
workspace must not raise a cap, redirect a key or agree to sending. A value that is wrong is left out with a
problem for the user; the valid rest applies.
"""

from __future__ import annotations

import os
import reprlib
from collections.abc import Callable, Iterable, Mapping
from decimal import ROUND_FLOOR, Decimal, InvalidOperation
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from attrs import evolve, field, frozen

PANELS = ("auto", "static", "small", "medium", "large")
PROFILES = ("frugal", "balanced", "thorough")
PROTOCOLS = ("crossfire", "council", "solo")
ON_SAVE = ("off", "static", "debate")
FAIL_ON = ("critical", "high", "medium", "low", "never")

MOST_MONEY = 1_000_000
MOST_TOKENS = 1_000_000
"""The longest prompt that any current model takes."""

MOST_GLOBS = 1000

MOST_FINDINGS = 1000
"""More than anybody reads."""

_NANO = Decimal("1e-9")

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
    max_findings: int = 20
    """How many findings of a debate are shown; those beyond, which are less severe, are held back."""
    ignore: tuple[str, ...] = ()
    """Globs of files that are not reviewed, as lines of `.gitignore` without negation."""
    rules_on: tuple[str, ...] = ()
    """Rules of the static panel, or groups of them, that speak though they are off by default."""
    rules_off: tuple[str, ...] = ()
    """Those that do not speak, whatever else says."""
    trusted: tuple[str, ...] = ()
    """Folders of repositories whose own linters may be run, which is code of theirs, and whose own seats and templates
    are heard."""
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
        amount = Decimal(str(value).strip())
    except (InvalidOperation, ValueError):  # ValueError: more digits than Python turns into text
        raise ValueError("must be an amount in US dollars, such as 0.50") from None
    if not amount.is_finite() or amount < 0:
        raise ValueError("must be an amount of zero dollars or more")
    if amount > MOST_MONEY:
        raise ValueError(f"must be an amount of {MOST_MONEY} dollars or less")
    # The ledger counts in billionths; down, for a cap rounded up would not be the cap. Plain digits, no exponent.
    text = f"{amount.quantize(_NANO, ROUND_FLOOR):f}"
    return Decimal(text.rstrip("0").rstrip("."))


def _count(least: int, most: int) -> Parser:
    def parse(value: Any) -> int:
        try:
            number = int(str(value))
        except ValueError:
            raise ValueError("must be a whole number") from None
        if not least <= number <= most:
            raise ValueError(f"must be between {least} and {most}")
        return number

    return parse


def _globs(value: Any) -> tuple[str, ...]:
    """A list of globs; in the environment one text, with commas between them."""
    given = value.split(",") if isinstance(value, str) else value
    if not isinstance(given, list | tuple) or not all(isinstance(one, str) for one in given):
        raise ValueError('must be a list of globs, such as ["docs/**"]')
    globs = tuple(dict.fromkeys(one.strip() for one in given if one.strip()))
    if any(one.startswith(("!", "#")) or "\n" in one for one in globs):
        raise ValueError("must be a list of globs without ! or #: an exception belongs in .rebuttalignore")
    if len(globs) > MOST_GLOBS:
        raise ValueError(f"must be a list of at most {MOST_GLOBS} globs")
    return globs


def _rules(value: Any) -> tuple[str, ...]:
    """A list of rules or groups of them; in the environment one text, with commas between them."""
    given = value.split(",") if isinstance(value, str) else value
    if not isinstance(given, list | tuple) or not all(isinstance(one, str) for one in given):
        raise ValueError('must be a list of rules, such as ["structure:test-removed", "upkeep"]')
    if len(given) > MOST_GLOBS:
        raise ValueError(f"must be a list of at most {MOST_GLOBS} rules")
    return tuple(dict.fromkeys(one.strip() for one in given if one.strip()))


def _folders(value: Any) -> tuple[str, ...]:
    """A list of folders; in the environment one text, parted as the PATH is."""
    given = value.split(os.pathsep) if isinstance(value, str) else value
    if not isinstance(given, list | tuple) or not all(isinstance(one, str) for one in given):
        raise ValueError('must be a list of folders, such as ["~/work"]')
    folders = [Path(one.strip()) for one in given if one.strip()]
    try:
        folders = [one.expanduser() for one in folders]
    except RuntimeError:
        raise ValueError("must be a list of folders named in full") from None
    if not all(one.is_absolute() for one in folders):
        raise ValueError("must be a list of folders named in full")
    return tuple(str(one) for one in folders)


def trusts(settings: Settings, root: Path) -> bool:
    """Whether the user trusts the repository at `root`: it is one of the folders named, or lies in one."""
    real = root.resolve()
    return any(real.is_relative_to(Path(one).resolve()) for one in settings.trusted)


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
    "context_tokens": _count(0, MOST_TOKENS),
    "minimum_severity": _choice("critical", "high", "medium", "low"),
    "max_findings": _count(1, MOST_FINDINGS),
    "ignore": _globs,
    "rules_on": _rules,
    "rules_off": _rules,
    "trusted": _folders,
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
_ADDED = frozenset({"ignore", "rules_on", "rules_off"})
_FREE = frozenset({"fail_on", "protocol", "minimum_severity"})
_SMALLER = frozenset(
    {"max_cost", "max_cost_per_day", "max_cost_per_month", "ask_above", "context_tokens", "max_findings"}
)


_CONFIG_ONLY = "may only be set in your own config file"
_OWN_ONLY = "may only be set in your own config file, the environment or on the command line"


def widen(settings: Settings, values: Mapping[str, Any], source: str) -> tuple[Settings, list[Problem]]:
    """Apply values of one of the user's own sources. None is no value."""
    changes: dict[str, Any] = {}
    problems: list[Problem] = []
    for key, value in values.items():
        parsed = _parse(key, value, source, problems)
        if parsed is not None:
            changes[key] = parsed
    return evolve(settings, **changes), problems


def narrow(settings: Settings, values: Mapping[str, Any], source: str) -> tuple[Settings, list[Problem]]:
    """Apply values of a source that is not the user's own: what would widen is left out, with a problem.

    None is no value: editors send it for what is not set.
    """
    changes: dict[str, Any] = {}
    problems: list[Problem] = []
    for key, value in values.items():
        if key == "prices":
            problems.append(Problem(key, f"{source}: {key} was left out: it {_CONFIG_ONLY}"))
            continue
        parsed = _parse(key, value, source, problems)
        if parsed is None:
            continue
        if key in _ADDED:
            # To review less is to narrow, and a rule more costs nothing; what was asked for already stays so.
            changes[key] = tuple(dict.fromkeys((*getattr(settings, key), *parsed)))
        elif _narrows(key, getattr(settings, key), parsed):
            changes[key] = parsed
        else:
            problems.append(Problem(key, f"{source}: {key} = {_shown(value)} was left out: it {_OWN_ONLY}"))
    return evolve(settings, **changes), problems


def _parse(key: str, value: Any, source: str, problems: list[Problem]) -> Any:
    if value is None:
        return None
    parser = _PARSERS.get(key)
    if parser is None:
        near = get_close_matches(key.lower(), _PARSERS, n=1)
        hint = f": did you mean {near[0]}?" if near else ""
        problems.append(Problem(key, f"{source}: there is no setting {_shown(key)}{hint}"))
        return None
    try:
        return parser(value)
    except ValueError as error:
        problems.append(Problem(key, f"{source}: {key} = {_shown(value)} was left out: it {error}"))
        return None


def _shown(value: Any) -> str:
    """A value in a message: what a hostile source gives may be long."""
    try:
        return reprlib.repr(value)
    except ValueError:
        return "a number of thousands of digits"


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
    """Where config, store and logs live: REBUTTAL_HOME, else the platform's folder for a user's data.

    Raises SettingsError for a REBUTTAL_HOME that names no folder.
    """
    if named := environment.get("REBUTTAL_HOME"):
        try:
            return Path(named).expanduser()
        except RuntimeError as error:
            raise SettingsError(f"REBUTTAL_HOME={named} cannot be used ({error}): name a folder in full") from None
    from platformdirs import user_data_path

    return user_data_path("rebuttal", appauthor=False)


def user_settings(
    environment: Mapping[str, str], command_line: Mapping[str, Any] | None = None
) -> tuple[Settings, list[Problem]]:
    """The user's own settings: defaults, then config.toml, then REBUTTAL_*, then the command line.

    Raises SettingsError when config.toml cannot be read or is no TOML.
    """
    path = home(environment) / "config.toml"
    table = _toml(path)
    prices, problems = _prices(table.pop("prices", {}), str(path))
    settings = Settings(prices=prices)
    variables = {key: text for key in _PARSERS if (text := environment.get("REBUTTAL_" + key.upper(), "").strip())}
    sources: Iterable[tuple[str, Mapping[str, Any]]] = (
        (str(path), table),
        ("environment", variables),
        ("command line", command_line or {}),
    )
    for source, values in sources:
        settings, more = widen(settings, values, source)
        problems += more
    return settings, problems + _misspelt(environment)


def _misspelt(environment: Mapping[str, str]) -> list[Problem]:
    """Variables that look like a setting and are none: a cap that does not bind would be found on the bill."""
    known = {"REBUTTAL_" + key.upper() for key in _PARSERS}
    others = (name for name in environment if name.startswith("REBUTTAL_") and name not in known)
    return [
        Problem(name, f"environment: there is no setting {name}: did you mean {near[0]}?")
        for name in sorted(others)
        if (near := get_close_matches(name, known, n=1, cutoff=0.85))
    ]


def _prices(table: Any, source: str) -> tuple[dict[str, ModelPrice], list[Problem]]:
    """`[prices."<model>"]` tables: dollars per million tokens, `input` and `output` at least."""
    if not isinstance(table, dict):
        return {}, [Problem("prices", f'{source}: prices was left out: it must be tables such as [prices."my-model"]')]
    prices: dict[str, ModelPrice] = {}
    problems: list[Problem] = []
    for model, entry in table.items():
        try:
            prices[model] = _price(entry)
        except ValueError as error:
            problems.append(Problem("prices", f"{source}: the price of {_shown(model)} was left out: {error}"))
    return prices, problems


_PRICE_KEYS = ("input", "output", "cache_write", "cache_write_1h", "cache_read")


def _price(entry: Any) -> ModelPrice:
    if not isinstance(entry, dict) or not {"input", "output"} <= entry.keys():
        raise ValueError("it must have input and output, in dollars per million tokens")
    if unknown := sorted(entry.keys() - set(_PRICE_KEYS)):
        raise ValueError(f"{_shown(unknown[0])} is none of {', '.join(_PRICE_KEYS)}")
    given: dict[str, Decimal] = {}
    for key, value in entry.items():
        try:
            given[key] = _money(value)
        except ValueError as error:
            raise ValueError(f"{key} {error}") from None
    plain = given["input"]
    # What is not given is priced so that a reservation is never too small: writes at the API's usual multiples of
    # plain input, reads without a discount.
    defaults = {"cache_write": plain * Decimal("1.25"), "cache_write_1h": plain * 2, "cache_read": plain}
    return ModelPrice(**{**defaults, **given})


def repository_values(text: str, source: str) -> tuple[dict[str, Any], list[Problem]]:
    """What `.rebuttal.toml`, or the table `[tool.rebuttal]` of `pyproject.toml`, asks for: values for `narrow`.

    `source` is the file's path in the repository. A file that is no TOML gives a problem and no values.
    """
    import tomllib

    try:
        table: Any = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError: no TOML, or a number of thousands of digits
        return {}, [Problem("", f"{source} was left out: it is no TOML ({_shown(str(error))})")]
    if source.rpartition("/")[2] == "pyproject.toml":
        tools = table.get("tool")
        table = tools.get("rebuttal", {}) if isinstance(tools, dict) else {}
    if not isinstance(table, dict):
        return {}, [Problem("", f"{source} was left out: tool.rebuttal must be a table")]
    return table, []


def repository_settings(read: Callable[[str], str | None], settings: Settings) -> tuple[Settings, list[Problem]]:
    """Narrow by what the repository itself asks for. `read` gives a file's text, in the BASE of the change."""
    problems: list[Problem] = []
    for source in ("pyproject.toml", ".rebuttal.toml"):
        text = read(source)
        if text is None or (source == "pyproject.toml" and "rebuttal" not in text):
            continue
        values, more = repository_values(text, source)
        settings, refused = narrow(settings, values, source)
        problems += more + refused
    return settings, problems


def _toml(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        # utf-8-sig: some editors on Windows begin a file with a byte order mark.
        return tomllib.loads(path.read_text("utf-8-sig"), parse_float=Decimal)
    except FileNotFoundError:
        return {}
    except NotADirectoryError:
        raise SettingsError(f"{path.parent} is no folder: set REBUTTAL_HOME to one") from None
    except (OSError, ValueError) as error:  # ValueError: no UTF-8, no TOML, or a number of thousands of digits
        raise SettingsError(f"{path} cannot be read ({error}): mend it or move it away") from None


def has_key(environment: Mapping[str, str]) -> bool:
    """Whether the user has given a key for the API (as the SDK reads it from the environment)."""
    return any(environment.get(name, "").strip() for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"))


def endpoint_host(environment: Mapping[str, str]) -> str:
    """The host (and port, where one is named) that a review would be sent to: what the user agrees to.

    Without user name or password. Raises SettingsError for an ANTHROPIC_BASE_URL that names no host.
    """
    from urllib.parse import urlsplit

    base = environment.get("ANTHROPIC_BASE_URL") or "https://api.anthropic.com"
    try:
        parts = urlsplit(base)
        scheme, host, port = parts.scheme.lower(), parts.hostname, parts.port
    except ValueError:
        scheme, host, port = "", None, None
    if not host:
        raise SettingsError("ANTHROPIC_BASE_URL names no host: give it in full, such as https://api.anthropic.com")
    if scheme not in ("http", "https"):
        raise SettingsError(
            "ANTHROPIC_BASE_URL is no http or https address: correct it, such as https://api.anthropic.com"
        )
    host = f"[{host}]" if ":" in host else host
    return host if port is None else f"{host}:{port}"


def process_environment() -> dict[str, str]:
    """This process's environment, read once at the door and passed on."""
    return dict(os.environ)
