"""Wire options -> resolved settings, and who may change what.

Two kinds of source. The user's own (REBUTTAL_HOME/config.toml, REBUTTAL_* environment, command line) may
set anything. Others (LSP, `.rebuttal.toml`, `pyproject.toml [tool.rebuttal]`) may only narrow: a hostile
workspace must not raise a cap, redirect a key or agree to sending. A value that is wrong is left out with a
problem for the user; the valid rest applies. But a cap that the user got wrong is one of zero dollars.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from attrs import evolve

from rebuttal.settings.model import Origin, Problem, Settings, SettingsError
from rebuttal.settings.schema import SCHEMA
from rebuttal.settings.values import PARSERS, model_table, price_table, shown, worth_table

_ORDERED = {row.key: row.order for row in SCHEMA if row.others == "ordered"}
"""Narrow first: another source may move towards the front, never towards the back."""
_ADDED = frozenset(row.key for row in SCHEMA if row.others == "added")
_FREE = frozenset(row.key for row in SCHEMA if row.others == "free")
_SMALLER = frozenset(row.key for row in SCHEMA if row.others == "smaller")
_TABLES = frozenset(row.key for row in SCHEMA if row.others == "config")
_CAPS = frozenset(row.key for row in SCHEMA if row.cap)
_WHERE = tuple(row.key for row in SCHEMA if row.where)
"""Where reviews are sent."""

_PRICE_LIST = "prices.json"
"""In REBUTTAL_HOME: what `rebuttal prices --update` fetched."""
_CONFIG_ONLY = "may only be set in your own config file"
_OWN_ONLY = "may only be set in your own config file, the environment or on the command line"


def widen(settings: Settings, values: Mapping[str, Any], source: str) -> tuple[Settings, list[Problem]]:
    """Apply values of one of the user's own sources. None is no value; a wrong cap is one of zero dollars."""
    changes: dict[str, Any] = {}
    problems: list[Problem] = []
    for key, value in values.items():
        wrong = len(problems)
        parsed = _parse(key, value, source, problems)
        if parsed is not None:
            changes[key] = parsed
        elif key in _CAPS and len(problems) > wrong:
            # Without it, more would be spent than the user wants: how much that is nobody can tell.
            changes[key] = Decimal(0)
            said = problems.pop().message.replace("was left out: it", "is no cap: it")
            problems.append(Problem(key, f"{said}; nothing is sent until it is mended"))
    return _changed(settings, changes, Origin(source, is_own=True)), problems


def narrow(settings: Settings, values: Mapping[str, Any], source: str) -> tuple[Settings, list[Problem]]:
    """Apply values of a source that is not the user's own: what would widen is left out, with a problem.

    None is no value: editors send it for what is not set.
    """
    changes: dict[str, Any] = {}
    problems: list[Problem] = []
    for key, value in values.items():
        if key in _TABLES:
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
            problems.append(Problem(key, f"{source}: {key} = {shown(value)} was left out: it {_OWN_ONLY}"))
    return _changed(settings, changes, Origin(source, is_own=False)), problems


def _changed(settings: Settings, changes: Mapping[str, Any], origin: Origin) -> Settings:
    # Who says what stands already has not set it.
    new = [key for key, value in changes.items() if origin.is_own or value != getattr(settings, key)]
    return evolve(settings, **changes, origins={**settings.origins, **dict.fromkeys(new, origin)})


def _parse(key: str, value: Any, source: str, problems: list[Problem]) -> Any:
    if value is None:
        return None
    parser = PARSERS.get(key)
    if parser is None:
        near = get_close_matches(key.lower(), (*PARSERS, *_TABLES), n=1)
        hint = f": did you mean {near[0]}?" if near else ""
        problems.append(Problem(key, f"{source}: there is no setting {shown(key)}{hint}"))
        return None
    try:
        return parser(value)
    except ValueError as error:
        problems.append(Problem(key, f"{source}: {key} = {shown(value)} was left out: it {error}"))
        return None


def _narrows(key: str, current: Any, wanted: Any) -> bool:
    if wanted == current or key in _FREE:
        return True
    if key in _SMALLER:
        return current is None or bool(wanted <= current)
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

    Raises SettingsError when config.toml cannot be read or is no TOML, and where a value is wrong that says where
    reviews are sent: without it they would go to the Claude API.
    """
    path = home(environment) / "config.toml"
    table = _toml(path)
    prices, problems = price_table(table.pop("prices", {}), str(path))
    models, more_problems = model_table(table.pop("models", {}), str(path))
    worth, worth_problems = worth_table(table.pop("worth", {}), str(path))
    problems += more_problems + worth_problems
    settings = Settings(prices=prices, models=models, worth=worth, price_list=path.parent / _PRICE_LIST)
    variables = {key: text for key in PARSERS if (text := environment.get("REBUTTAL_" + key.upper(), "").strip())}
    sources: Iterable[tuple[str, Mapping[str, Any]]] = (
        (str(path), table),
        ("environment", variables),
        ("command line", command_line or {}),
    )
    for source, values in sources:
        _require_where(values, source)
        settings, more = widen(settings, values, source)
        problems += more
    return settings, problems + _misspelt(environment)


def _require_where(values: Mapping[str, Any], source: str) -> None:
    for key in _WHERE:
        if values.get(key) is None:
            continue
        try:
            PARSERS[key](values[key])
        except ValueError as error:
            # The value is not shown: an address may hold a password.
            raise SettingsError(f"{source}: {key} {error}") from None


def _misspelt(environment: Mapping[str, str]) -> list[Problem]:
    """Variables that look like a setting and are none: a cap that does not bind would be found on the bill, and so
    would a budget that is not shared."""
    known = {"REBUTTAL_" + key.upper() for key in PARSERS} | {"REBUTTAL_HOME", "REBUTTAL_STORE_URL"}
    others = (name for name in environment if name.startswith("REBUTTAL_") and name not in known)
    return [
        Problem(name, f"environment: there is no setting {name}: did you mean {near[0]}?")
        for name in sorted(others)
        if (near := get_close_matches(name, known, n=1, cutoff=0.85))
    ]


def repository_values(text: str, source: str) -> tuple[dict[str, Any], list[Problem]]:
    """What `.rebuttal.toml`, or the table `[tool.rebuttal]` of `pyproject.toml`, asks for: values for `narrow`.

    `source` is the file's path in the repository. A file that is no TOML gives a problem and no values.
    """
    import tomllib

    try:
        table: Any = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError: no TOML, or a number of thousands of digits
        return {}, [Problem("", f"{source} was left out: it is no TOML ({shown(str(error))})")]
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
