"""Sums over the calls, kept by triggers in the transaction that changes a call: what a reservation or a report costs
does not depend on how long the ledger is, and no code path can forget them.

`balances` is what caps are held against. `spending` is what reports are made of: calls that are settled or assumed, by
all that they are grouped by. What is under way is not in it, so that a reservation need not write it; the few calls
that are have an index of their own (`calls_under_way`).
"""

from __future__ import annotations

_BALANCES = """
CREATE TABLE balances (
    scope TEXT NOT NULL CHECK (scope IN ('review', 'day', 'month', 'repository')),
    name TEXT NOT NULL,                                -- of a repository with its month before it: 2026-11 <repository>
    held INTEGER NOT NULL CHECK (held >= 0),
    final INTEGER NOT NULL CHECK (final >= 0),
    PRIMARY KEY (scope, name)
) WITHOUT ROWID
"""

_BALANCES_SO_FAR = """
INSERT INTO balances (scope, name, held, final)
SELECT 'review', review, sum(held), sum(final) FROM calls GROUP BY review
UNION ALL SELECT 'day', day, sum(held), sum(final) FROM calls GROUP BY day
UNION ALL SELECT 'month', month, sum(held), sum(final) FROM calls GROUP BY month
UNION ALL SELECT 'repository', month || ' ' || repository, sum(held), sum(final) FROM calls GROUP BY month, repository
"""

_BALANCE_INSERT = """
CREATE TRIGGER calls_insert AFTER INSERT ON calls BEGIN
    INSERT INTO balances (scope, name, held, final) VALUES
        ('review', NEW.review, NEW.held, NEW.final),
        ('day', NEW.day, NEW.held, NEW.final),
        ('month', NEW.month, NEW.held, NEW.final),
        ('repository', NEW.month || ' ' || NEW.repository, NEW.held, NEW.final)
    ON CONFLICT (scope, name) DO UPDATE SET
        held = balances.held + excluded.held, final = balances.final + excluded.final;
END
"""

_BALANCE_UPDATE = """
CREATE TRIGGER calls_update AFTER UPDATE ON calls BEGIN
    UPDATE balances SET held = held + NEW.held - OLD.held, final = final + NEW.final - OLD.final
        WHERE scope = 'review' AND name = NEW.review;
    UPDATE balances SET held = held + NEW.held - OLD.held, final = final + NEW.final - OLD.final
        WHERE scope = 'day' AND name = NEW.day;
    UPDATE balances SET held = held + NEW.held - OLD.held, final = final + NEW.final - OLD.final
        WHERE scope = 'month' AND name = NEW.month;
    UPDATE balances SET held = held + NEW.held - OLD.held, final = final + NEW.final - OLD.final
        WHERE scope = 'repository' AND name = NEW.month || ' ' || NEW.repository;
END
"""

_BALANCE_KEYS = """
CREATE TRIGGER calls_keys BEFORE UPDATE OF review, repository, day, month, who ON calls BEGIN
    SELECT RAISE(ABORT, 'a call stays with its review, its repository, its day and its user');
END
"""

_SPENDING = """
CREATE TABLE spending (
    day TEXT NOT NULL,
    repository TEXT NOT NULL,
    phase TEXT NOT NULL,
    seat TEXT NOT NULL,
    model TEXT NOT NULL,
    missed TEXT NOT NULL,                              -- calls.cache_missed
    who TEXT NOT NULL,
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
    PRIMARY KEY (day, repository, phase, seat, model, missed, who)
) WITHOUT ROWID
"""

_SPENDING_SO_FAR = """
INSERT INTO spending
SELECT day, repository, phase, seat, model, cache_missed, who,
    count(*), sum(CASE WHEN held > reserved THEN 1 ELSE 0 END),
    sum(CASE state WHEN 'settled' THEN held ELSE 0 END), sum(CASE state WHEN 'assumed' THEN held ELSE 0 END),
    sum(input), sum(cache_write), sum(cache_read), sum(output), sum(cache_write_1h), sum(cache_expected),
    sum(CASE WHEN cache_read < cache_expected THEN cache_read ELSE cache_expected END), sum(cache_saved)
FROM calls WHERE state IN ('settled', 'assumed') GROUP BY day, repository, phase, seat, model, cache_missed, who
"""

_SPENDING_INSERT = """
CREATE TRIGGER spending_insert AFTER INSERT ON calls WHEN NEW.state IN ('settled', 'assumed') BEGIN
    INSERT INTO spending VALUES (
        NEW.day, NEW.repository, NEW.phase, NEW.seat, NEW.model, NEW.cache_missed, NEW.who,
        1, CASE WHEN NEW.held > NEW.reserved THEN 1 ELSE 0 END,
        CASE NEW.state WHEN 'settled' THEN NEW.held ELSE 0 END, CASE NEW.state WHEN 'assumed' THEN NEW.held ELSE 0 END,
        NEW.input, NEW.cache_write, NEW.cache_read, NEW.output, NEW.cache_write_1h, NEW.cache_expected,
        CASE WHEN NEW.cache_read < NEW.cache_expected THEN NEW.cache_read ELSE NEW.cache_expected END, NEW.cache_saved
    ) ON CONFLICT (day, repository, phase, seat, model, missed, who) DO UPDATE SET
        calls = spending.calls + 1, overrun = spending.overrun + excluded.overrun,
        settled = spending.settled + excluded.settled, assumed = spending.assumed + excluded.assumed,
        input = spending.input + excluded.input, cache_write = spending.cache_write + excluded.cache_write,
        cache_read = spending.cache_read + excluded.cache_read, output = spending.output + excluded.output,
        cache_write_1h = spending.cache_write_1h + excluded.cache_write_1h,
        cache_expected = spending.cache_expected + excluded.cache_expected,
        cache_met = spending.cache_met + excluded.cache_met, cache_saved = spending.cache_saved + excluded.cache_saved;
END
"""

_SPENDING_UPDATE = _SPENDING_INSERT.replace("spending_insert AFTER INSERT ON", "spending_update AFTER UPDATE ON")
"""What a call is after a change is added, as if it were new; what it was before is taken back first."""

_SPENDING_TAKEN_BACK = """
CREATE TRIGGER spending_taken_back BEFORE UPDATE ON calls WHEN OLD.state IN ('settled', 'assumed') BEGIN
    UPDATE spending SET
        calls = calls - 1, overrun = overrun - CASE WHEN OLD.held > OLD.reserved THEN 1 ELSE 0 END,
        settled = settled - CASE OLD.state WHEN 'settled' THEN OLD.held ELSE 0 END,
        assumed = assumed - CASE OLD.state WHEN 'assumed' THEN OLD.held ELSE 0 END,
        input = input - OLD.input, cache_write = cache_write - OLD.cache_write,
        cache_read = cache_read - OLD.cache_read, output = output - OLD.output,
        cache_write_1h = cache_write_1h - OLD.cache_write_1h, cache_expected = cache_expected - OLD.cache_expected,
        cache_met = cache_met
            - CASE WHEN OLD.cache_read < OLD.cache_expected THEN OLD.cache_read ELSE OLD.cache_expected END,
        cache_saved = cache_saved - OLD.cache_saved
    WHERE day = OLD.day AND repository = OLD.repository AND phase = OLD.phase AND seat = OLD.seat
        AND model = OLD.model AND missed = OLD.cache_missed AND who = OLD.who;
END
"""

SUMS: tuple[str, ...] = (
    "DROP TRIGGER calls_insert",
    "DROP TRIGGER calls_update",
    "DROP TRIGGER calls_keys",
    "DROP TABLE balances",
    _BALANCES,
    _BALANCES_SO_FAR,
    _BALANCE_INSERT,
    _BALANCE_UPDATE,
    _BALANCE_KEYS,
    _SPENDING,
    _SPENDING_SO_FAR,
    _SPENDING_INSERT,
    _SPENDING_UPDATE,
    _SPENDING_TAKEN_BACK,
    # Those that the user may release: few, and asked for by every report.
    "CREATE INDEX calls_assumed ON calls (review) WHERE state = 'assumed'",
)
"""Statements of one migration: the balances anew with those of repositories, and the table of what was spent."""
