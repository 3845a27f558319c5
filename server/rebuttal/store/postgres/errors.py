"""What PostgreSQL or the way to it says, as one sentence that says what to do, without a secret of the address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from rebuttal.store.model import StoreError

_REFUSED = (
    # What libpq and the server say, in English; servers that speak otherwise get the last sentence.
    (("password authentication failed", "no password supplied", "authentication failed", "role \""),
     "refuses the user or the password of REBUTTAL_STORE_URL: correct them"),
    (("database \"",), "has no such database: create it, or correct REBUTTAL_STORE_URL"),
    (("pg_hba.conf",), "lets nobody in from here this way: ask who runs it, or ask for TLS with ?sslmode=require"),
    (("ssl", "certificate", "tls"),
     "and this machine agree on no encryption as its sslmode asks for it: see the certificates and sslmode"),
    (("too many clients", "remaining connection slots", "too many connections"),
     "has no connection left: end some, or raise its max_connections"),
    (("starting up", "shutting down", "recovery mode"), "is just starting or stopping: try again in a moment"),
    (("could not translate host name", "failed to resolve", "name or service not known"),
     "has a name that is not known here: correct the host in REBUTTAL_STORE_URL"),
)  # fmt: skip
_NAMES = re.compile(r'"[^"]*"')
_AWAY = "cannot be reached: see that it runs and that REBUTTAL_STORE_URL names it; until then nothing is spent"

_ADVICE = {
    "55P03": "is being written by others for too long: try again",
    "57014": "took too long: try again",
    "53100": "cannot grow because the server's disk is full: make room there and try again",
    "53300": "has no connection left: end some, or raise its max_connections",
    "25006": "is read-only: give REBUTTAL_STORE_URL the primary server",
    "42501": "does not give this role the rights it needs: see docs/team.md for how roles are made",
    "3F000": "has no schema `rebuttal`: see docs/team.md for how it is made",
}
"""By SQLSTATE (PostgreSQL, appendix A)."""


def unreachable(name: str, said: str) -> str:
    """Why no connection came about. What libpq said is looked at, never shown: it may hold parts of the address."""
    # Names are taken out: a host that is called after TLS has no trouble with it.
    text = _NAMES.sub('""', said.lower())
    for phrases, advice in _REFUSED:
        if any(phrase in text for phrase in phrases):
            return f"{name} {advice}"
    return f"{name} {_AWAY}"


@contextmanager
def explained(name: str) -> Iterator[None]:
    """Turn what the server says in a session into a StoreError."""
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        state = error.sqlstate or ""
        what = error.diag.message_primary or type(error).__name__
        advice = _ADVICE.get(state, f"cannot be used ({what}): run rebuttal doctor")
        raise StoreError(f"{name} {advice}") from error
