"""Where a team's store is: `REBUTTAL_STORE_URL`, taken apart. It holds a password, which no message may show."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

from attrs import field, frozen

from rebuttal.store.model import StoreError

VARIABLE = "REBUTTAL_STORE_URL"
_FORM = f"give {VARIABLE} as postgresql://user:password@host/database, special characters of the password as %40 for @"


@frozen
class Address:
    """Where the server is, and how to connect to it."""

    name: str
    """For messages: host, port and database; no user, no password."""
    parameters: Mapping[str, str] = field(repr=False)
    """For libpq, as the address gives them."""

    @classmethod
    def of(cls, url: str) -> Address:
        """Raises StoreError where it is no address, and where what speaks to servers is not installed."""
        if not url.startswith(("postgresql://", "postgres://")):
            raise StoreError(f"{VARIABLE} is no address of a PostgreSQL server: {_FORM}")
        psycopg = driver()
        try:
            parsed = psycopg.conninfo.conninfo_to_dict(url)
        except psycopg.Error:
            # libpq's message may quote what it could not read: a part of the password.
            raise StoreError(f"{VARIABLE} cannot be read as an address: {_FORM}") from None
        parameters = {key: str(value) for key, value in parsed.items()}
        host, port, database = (parameters.get(key, "") for key in ("host", "port", "dbname"))
        # A password with an @ or a / that is not written in percent form ends up in one of these.
        if any("@" in text for text in (host, database)) or not all(one.isdigit() for one in port.split(",") if one):
            raise StoreError(f"{VARIABLE} cannot be read as an address: {_FORM}")
        return cls(f"the store at {_place(host, port)}/{database or 'postgres'}", parameters)


def _place(host: str, port: str) -> str:
    hosts = [f"[{one}]" if ":" in one else one for one in host.split(",")]
    ports = port.split(",")
    if len(ports) != len(hosts):
        ports = ports[:1] * len(hosts)
    return ",".join(
        f"{one or 'localhost'}:{to}" if to else one or "localhost" for one, to in zip(hosts, ports, strict=True)
    )


def is_local(host: str) -> bool:
    """Whether nothing but this machine lies on the way to it."""
    if not host or host.startswith(("/", "@")) or host == "localhost":
        return True  # a socket of this machine, or its own name
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def driver() -> Any:
    """psycopg. Raises StoreError where it is not installed."""
    try:
        import psycopg
    except ImportError:
        raise StoreError(
            "REBUTTAL_STORE_URL is set, but what speaks to PostgreSQL is missing: install it with "
            "`pip install 'rebuttal[postgres]'`"
        ) from None
    return psycopg
