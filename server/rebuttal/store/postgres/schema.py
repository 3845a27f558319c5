"""The tables of `schema.py` as PostgreSQL writes them: one list of migrations serves both, and cannot drift apart.

Migrations keep to what this translates (tests/store runs all of them on a real server): types, keys, triggers on one
table whose bodies are plain statements. What is personal is not kept on a server that a team shares.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rebuttal.store.schema import MIGRATIONS, VERSION

PERSONAL = frozenset(
    {
        *("consents", "consented_files", "secrets", "token_usage"),
        *("last_reviews", "last_findings", "unfinished", "renamed_files", "renamed_until"),
    }
)
"""Tables that stay in the user's own file: what they agreed to, their secret, the state of their work tree. What models
count is learned there too: it is the same for all, and not worth a wait for the server after each call."""

_TYPES = (
    # Text is ordered by its code points, as SQLite does: by a locale, ranges of names and days would differ.
    (re.compile(r"\bTEXT\b"), 'TEXT COLLATE "C"'),
    (re.compile(r"\bINTEGER PRIMARY KEY AUTOINCREMENT\b"), "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"),
    (re.compile(r"\bINTEGER\b"), "BIGINT"),
    (re.compile(r"\bREAL\b"), "DOUBLE PRECISION"),
    (re.compile(r"\bBLOB\b"), "BYTEA"),
    (re.compile(r"\) WITHOUT ROWID\s*$"), ")"),
)
_COMMENT = re.compile(r"--[^\n]*")
_NAMED = re.compile(r"\s*(?:CREATE TABLE|ALTER TABLE|DROP TABLE|CREATE (?:UNIQUE )?INDEX \w+ ON)\s+(\w+)")
_TRIGGER = re.compile(
    r"\s*CREATE TRIGGER (?P<name>\w+) (?P<when>BEFORE|AFTER) (?P<what>INSERT|UPDATE|DELETE)(?P<of> OF [\w, ]+)?"
    r" ON (?P<table>\w+)(?: WHEN (?P<only>.+?))? BEGIN(?P<body>.*)END\s*$",
    re.DOTALL,
)
_DROP_TRIGGER = re.compile(r"\s*DROP TRIGGER (\w+)\s*$")
_ABORT = re.compile(r"SELECT RAISE\(ABORT, ('[^']*')\)")
_ROWID = re.compile(r"(CREATE TABLE \w+ \()(.*\)\s*)$", re.DOTALL)


def statements(version: int) -> Iterator[str]:
    """The statements that lead from `version` to the one after it."""
    for statement in MIGRATIONS[version]:
        yield from translated(statement)


def translated(statement: str) -> Iterator[str]:
    """One statement of a migration; nothing where it is about what is personal."""
    if found := _TRIGGER.match(statement):
        yield from _trigger(found)
    elif found := _DROP_TRIGGER.match(statement):
        # The trigger goes with its function.
        yield f"DROP FUNCTION {found[1]} CASCADE"
    else:
        text = _COMMENT.sub("", statement)
        named = _NAMED.match(text)
        if named and named[1] in PERSONAL:
            return
        if named and "CREATE TABLE" in text and "WITHOUT ROWID" not in text and "AUTOINCREMENT" not in text:
            # What SQLite counts unasked, and rows are put in order by.
            text = _ROWID.sub(r"\1 rowid BIGINT GENERATED ALWAYS AS IDENTITY, \2", text)
        for pattern, ours in _TYPES:
            text = pattern.sub(ours, text)
        yield text


def _trigger(found: re.Match[str]) -> Iterator[str]:
    body = _ABORT.sub(r"RAISE EXCEPTION \1", found["body"]).rstrip()
    row = "OLD" if found["what"] == "DELETE" else "NEW"
    yield f"CREATE FUNCTION {found['name']}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN {row}; END $$"
    only = f" WHEN ({found['only']})" if found["only"] else ""
    yield (
        f"CREATE TRIGGER {found['name']} {found['when']} {found['what']}{found['of'] or ''} ON {found['table']}"
        f" FOR EACH ROW{only} EXECUTE FUNCTION {found['name']}()"
    )


__all__ = ["PERSONAL", "VERSION", "statements", "translated"]
