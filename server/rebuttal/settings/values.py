"""One value of a setting, from what a file, a variable or an editor says; and the tables of config.toml."""

from __future__ import annotations

import os
import re
import reprlib
from collections.abc import Callable
from decimal import ROUND_FLOOR, Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rebuttal.settings.model import CATEGORIES, MOST_GLOBS, MOST_MONEY, ModelNote, ModelPrice, Problem
from rebuttal.settings.schema import SCHEMA, Kind, Row

_NANO = Decimal("1e-9")
_LEAST_RATE = Decimal("0.000001")
_CURRENCIES = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF "
    "CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD "
    "HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD "
    "MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN "
    "PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY "
    "TTD TWD TZS UAH UGX USD UYI UYU UZS VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG"
)
"""ISO 4217's codes of money that is in use."""

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


def _rate(value: Any) -> Decimal:
    try:
        rate = Decimal(str(value).strip())
    except (InvalidOperation, ValueError):
        raise ValueError("must be a number, such as 0.92: units of your currency for one US dollar") from None
    if not rate.is_finite() or not _LEAST_RATE <= rate <= MOST_MONEY:
        raise ValueError(f"must be between 0.000001 and {MOST_MONEY} units of your currency for one US dollar")
    return rate


def _currency(value: Any) -> str:
    code = str(value).strip().upper()
    if code not in _CURRENCIES.split():
        raise ValueError("must be the ISO code of a currency, such as EUR")
    return code


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


def _switch(value: Any) -> bool:
    """True or false; in the environment as a word."""
    switched = {"true": True, "on": True, "1": True, "false": False, "off": False, "0": False}.get(str(value).lower())
    if switched is None:
        raise ValueError("must be true or false")
    return switched


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


def _seats(value: Any) -> tuple[str, ...]:
    """A list of seats by id, or by the name that people read; in the environment one text, with commas between them."""
    given = value.split(",") if isinstance(value, str) else value
    if not isinstance(given, list | tuple) or not all(isinstance(one, str) for one in given):
        raise ValueError('must be a list of seats, such as ["documentation"]')
    if len(given) > MOST_GLOBS:
        raise ValueError(f"must be a list of at most {MOST_GLOBS} seats")
    ids = ("-".join(one.lower().split()) for one in given)
    return tuple(dict.fromkeys(one for one in ids if one))


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


def _name(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be a name")
    return value.strip()


def _label(value: Any) -> str:
    """A part of a host's name: nothing in it may lead to another host."""
    name = _name(value)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]{0,62}", name):
        raise ValueError("must be letters, digits and -")
    return name


def _address(value: Any) -> str:
    address = _name(value).rstrip("/")
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        usable = usable and not (parts.query or parts.fragment)
    except ValueError:
        usable = False
    if not usable or any(c.isspace() for c in address):
        raise ValueError("must be an http or https address, such as http://127.0.0.1:11434")
    if "@" in address:
        raise ValueError("must be without user and password: credentials come from the environment")
    return address


_PARSERS: dict[Kind, Parser] = {
    "switch": _switch,
    "money": _money,
    "rate": _rate,
    "currency": _currency,
    "globs": _globs,
    "rules": _rules,
    "seats": _seats,
    "folders": _folders,
    "name": _name,
    "label": _label,
    "address": _address,
}


def _parser(row: Row) -> Parser:
    if row.kind == "choice":
        return _choice(*row.words)
    return _count(row.least, row.most) if row.kind == "count" else _PARSERS[row.kind]


PARSERS: dict[str, Parser] = {row.key: _parser(row) for row in SCHEMA if row.kind != "table"}


def shown(value: Any) -> str:
    """A value in a message: what a hostile source gives may be long."""
    try:
        return reprlib.repr(value)
    except ValueError:
        return "a number of thousands of digits"


def price_table(table: Any, source: str) -> tuple[dict[str, ModelPrice], list[Problem]]:
    """`[prices."<model>"]` tables: dollars per million tokens, `input` and `output` at least."""
    if not isinstance(table, dict):
        return {}, [Problem("prices", f'{source}: prices was left out: it must be tables such as [prices."my-model"]')]
    prices: dict[str, ModelPrice] = {}
    problems: list[Problem] = []
    for model, entry in table.items():
        try:
            prices[model] = _price(entry)
        except ValueError as error:
            problems.append(Problem("prices", f"{source}: the price of {shown(model)} was left out: {error}"))
    return prices, problems


_PRICE_KEYS = ("input", "output", "cache_write", "cache_write_1h", "cache_read")


def _price(entry: Any) -> ModelPrice:
    if not isinstance(entry, dict) or not {"input", "output"} <= entry.keys():
        raise ValueError("it must have input and output, in dollars per million tokens")
    if unknown := sorted(entry.keys() - set(_PRICE_KEYS)):
        raise ValueError(f"{shown(unknown[0])} is none of {', '.join(_PRICE_KEYS)}")
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


def worth_table(table: Any, source: str) -> tuple[dict[str, Decimal], list[Problem]]:
    """The table `[worth]`: dollars by category."""
    if not isinstance(table, dict):
        return {}, [
            Problem("worth", f"{source}: worth was left out: it must be a table [worth], such as security = 500")
        ]
    worth: dict[str, Decimal] = {}
    problems: list[Problem] = []
    for category, value in table.items():
        try:
            if category not in CATEGORIES:
                raise ValueError(f"is none of {', '.join(CATEGORIES)}")
            worth[category] = _money(value)
        except ValueError as error:
            told = f"{source}: the worth of {shown(category)} was left out: it {error}"
            problems.append(Problem("worth", told))
    return worth, problems


def model_table(table: Any, source: str) -> tuple[dict[str, ModelNote], list[Problem]]:
    """`[models."<model>"]` tables: `like`, `context`, `max_output`."""
    if not isinstance(table, dict):
        return {}, [Problem("models", f'{source}: models was left out: it must be tables such as [models."my-model"]')]
    notes: dict[str, ModelNote] = {}
    problems: list[Problem] = []
    for model, entry in table.items():
        try:
            notes[model] = _note(entry)
        except ValueError as error:
            problems.append(Problem("models", f"{source}: what is said of {shown(model)} was left out: {error}"))
    return notes, problems


def _note(entry: Any) -> ModelNote:
    parsers: dict[str, Parser] = {"like": _name, "context": _count(1, 100_000_000), "max_output": _count(1, 10_000_000)}
    if not isinstance(entry, dict):
        raise ValueError(f"it must be a table with {', '.join(parsers)}")
    if unknown := sorted(entry.keys() - set(parsers)):
        raise ValueError(f"{shown(unknown[0])} is none of {', '.join(parsers)}")
    said: dict[str, Any] = {}
    for key, value in entry.items():
        try:
            said[key] = parsers[key](value)
        except ValueError as error:
            raise ValueError(f"{key} {error}") from None
    return ModelNote(**said)
