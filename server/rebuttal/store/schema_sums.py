"""Sums over the calls, kept by triggers in the transaction that changes a call: what a reservation or a report costs
does not depend on how long the ledger is, and no code path can forget them.

`balances` is what caps are held against. `spending` is what reports are made of: calls that are settled or assumed, by
all that they are grouped by. What is under way is not in it, so that a reservation need not wait for it; the few calls
that are have an index of their own (`calls_under_way`).
"""

from __future__ import annotations

_BALANCES = """
CREATE TABLE balances (
    scope TEXT NOT NULL CHECK (scope IN ('review', 'day', 'month', 'repository')),
    name TEXT NOT NULL,                                -- of a repository: its month before it, as 2026-11 <repository>
    held INTEGER NOT NULL CHECK (held >= 0),
    final INTEGER NOT NULL CHECK (final >= 0),
    PRIMARY KEY (scope, name)
) WITHOUT ROWID
"""

_SUMS = (
    *("calls", "overrun", "settled", "assumed", "input", "cache_write", "cache_read", "output", "cache_write_1h"),
    *("cache_expected", "cache_met", "cache_saved"),
)
_KEYS = ("day", "repository", "phase", "seat", "model", "missed")
_SPENDING = """
CREATE TABLE spending (
    day TEXT NOT NULL,
    repository TEXT NOT NULL,
    phase TEXT NOT NULL,
    seat TEXT NOT NULL,
    model TEXT NOT NULL,
    missed TEXT NOT NULL,                              -- calls.cache_missed
    calls INTEGER NOT NULL,                            -- settled and assumed
    overrun INTEGER NOT NULL,                          -- those that cost more than was set aside for them
    settled INTEGER NOT NULL,                          -- nano-dollars
    assumed INTEGER NOT NULL,                          -- nano-dollars
    input INTEGER NOT NULL,
    cache_write INTEGER NOT NULL,
    cache_read INTEGER NOT NULL,
    output INTEGER NOT NULL,
    cache_write_1h INTEGER NOT NULL,
    cache_expected INTEGER NOT NULL,
    cache_met INTEGER NOT NULL,                        -- of the tokens expected, those that were read: call by call
    cache_saved INTEGER NOT NULL,                      -- nano-dollars; may be negative
    PRIMARY KEY (day, repository, phase, seat, model, missed)
) WITHOUT ROWID
"""


def _balances(row: str) -> str:
    """The balances that a call counts in, as values."""
    names = {
        "review": f"{row}.review",
        "day": f"{row}.day",
        "month": f"{row}.month",
        "repository": f"{row}.month || ' ' || {row}.repository",
    }
    return ", ".join(f"('{scope}', {name}, {row}.held, {row}.final)" for scope, name in names.items())


def _difference(scope: str, name: str) -> str:
    return f"""
    UPDATE balances SET held = held + NEW.held - OLD.held, final = final + NEW.final - OLD.final
        WHERE scope = '{scope}' AND name = {name};"""


def _share(row: str) -> str:
    """What one call adds to `spending`, in the order of its columns."""
    keys = ", ".join(f"{row}.{name}" for name in (*_KEYS[:-1], "cache_missed"))
    tokens = ", ".join(f"{row}.{name}" for name in _SUMS[4:9])
    return f"""{keys}, 1, CASE WHEN {row}.held > {row}.reserved THEN 1 ELSE 0 END,
        CASE {row}.state WHEN 'settled' THEN {row}.held ELSE 0 END,
        CASE {row}.state WHEN 'assumed' THEN {row}.held ELSE 0 END, {tokens}, {row}.cache_expected,
        CASE WHEN {row}.cache_read < {row}.cache_expected THEN {row}.cache_read ELSE {row}.cache_expected END,
        {row}.cache_saved"""


_COUNTS = "IN ('settled', 'assumed')"
_COLUMNS = ", ".join((*_KEYS, *_SUMS))


def _merged(sign: str) -> str:
    """`sign`: + to add what a call has, - to take it back."""
    sums = ", ".join(f"{name} = spending.{name} {sign} excluded.{name}" for name in _SUMS)
    return f"ON CONFLICT ({', '.join(_KEYS)}) DO UPDATE SET {sums}"


SUMS: tuple[str, ...] = (
    "DROP TRIGGER calls_insert",
    "DROP TRIGGER calls_update",
    "DROP TRIGGER calls_keys",
    "DROP TABLE balances",
    _BALANCES,
    *(
        f"INSERT INTO balances (scope, name, held, final) SELECT '{scope}', {name}, sum(held), sum(final)"
        f" FROM calls GROUP BY {name}"
        for scope, name in (
            *(("review", "review"), ("day", "day"), ("month", "month")),
            ("repository", "month || ' ' || repository"),
        )
    ),
    _SPENDING,
    f"INSERT INTO spending ({_COLUMNS}) SELECT {', '.join((*_KEYS[:-1], 'cache_missed'))}, count(*),"
    " sum(CASE WHEN held > reserved THEN 1 ELSE 0 END), sum(CASE state WHEN 'settled' THEN held ELSE 0 END),"
    " sum(CASE state WHEN 'assumed' THEN held ELSE 0 END), sum(input), sum(cache_write), sum(cache_read), sum(output),"
    " sum(cache_write_1h), sum(cache_expected),"
    " sum(CASE WHEN cache_read < cache_expected THEN cache_read ELSE cache_expected END), sum(cache_saved)"
    f" FROM calls WHERE state {_COUNTS} GROUP BY {', '.join((*_KEYS[:-1], 'cache_missed'))}",
    f"""
    CREATE TRIGGER calls_insert AFTER INSERT ON calls BEGIN
        INSERT INTO balances (scope, name, held, final) VALUES {_balances("NEW")}
        ON CONFLICT (scope, name) DO UPDATE
            SET held = balances.held + excluded.held, final = balances.final + excluded.final;
    END
    """,
    f"""
    CREATE TRIGGER calls_update AFTER UPDATE ON calls BEGIN
        {_difference("review", "NEW.review")}
        {_difference("day", "NEW.day")}
        {_difference("month", "NEW.month")}
        {_difference("repository", "NEW.month || ' ' || NEW.repository")}
    END
    """,
    """
    CREATE TRIGGER calls_keys BEFORE UPDATE OF review, repository, day, month ON calls BEGIN
        SELECT RAISE(ABORT, 'a call stays with its review, its repository and its day');
    END
    """,
    f"""
    CREATE TRIGGER spending_insert AFTER INSERT ON calls WHEN NEW.state {_COUNTS} BEGIN
        INSERT INTO spending ({_COLUMNS}) VALUES ({_share("NEW")}) {_merged("+")};
    END
    """,
    # A call that counted is in the table: there is always a row to take it from.
    f"""
    CREATE TRIGGER spending_taken_back BEFORE UPDATE ON calls WHEN OLD.state {_COUNTS} BEGIN
        INSERT INTO spending ({_COLUMNS}) VALUES ({_share("OLD")}) {_merged("-")};
    END
    """,
    f"""
    CREATE TRIGGER spending_update AFTER UPDATE ON calls WHEN NEW.state {_COUNTS} BEGIN
        INSERT INTO spending ({_COLUMNS}) VALUES ({_share("NEW")}) {_merged("+")};
    END
    """,
)
"""Statements of one migration: the balances anew with those of repositories, and the table of what was spent."""
