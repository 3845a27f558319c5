"""The tables, version by version. A migration is never edited once released: a new one is added.

Only what SQLite 3.24 knows (no generated columns, no STRICT, no RETURNING): Python 3.11 still ships on systems that
link that old a library.
"""

from __future__ import annotations

from rebuttal.store.schema_sums import SUMS

_CALLS = """
CREATE TABLE calls (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    review TEXT NOT NULL,
    repository TEXT NOT NULL,
    phase TEXT NOT NULL,
    seat TEXT NOT NULL,
    model TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('reserved', 'settled', 'assumed', 'released')),
    reserved INTEGER NOT NULL CHECK (reserved >= 0),   -- nano-dollars: the worst case, as set aside
    held INTEGER NOT NULL CHECK (held >= 0),           -- nano-dollars: what counts against the caps now
    final INTEGER NOT NULL CHECK (final IN (0, held)), -- nano-dollars: what of it stands: settled or assumed
    input INTEGER NOT NULL DEFAULT 0,
    cache_write INTEGER NOT NULL DEFAULT 0,
    cache_read INTEGER NOT NULL DEFAULT 0,
    output INTEGER NOT NULL DEFAULT 0,
    cache_write_1h INTEGER NOT NULL DEFAULT 0,
    started_at TEXT NOT NULL,                          -- UTC, ISO 8601
    settled_at TEXT,
    day TEXT NOT NULL,                                 -- where the user lives: 2026-11-22
    month TEXT NOT NULL,                               -- 2026-11
    owner TEXT NOT NULL,                               -- see store/owner.py
    process INTEGER NOT NULL
)
"""

_BALANCES = """
CREATE TABLE balances (
    scope TEXT NOT NULL CHECK (scope IN ('review', 'day', 'month')),
    name TEXT NOT NULL,
    held INTEGER NOT NULL CHECK (held >= 0),
    final INTEGER NOT NULL CHECK (final >= 0),
    PRIMARY KEY (scope, name)
) WITHOUT ROWID
"""

# Sums are kept by triggers, in the transaction that changes a call: a reservation costs the same however long the
# ledger is, and no code path can forget them.
_BALANCE_INSERT = """
CREATE TRIGGER calls_insert AFTER INSERT ON calls BEGIN
    INSERT INTO balances (scope, name, held, final) VALUES
        ('review', NEW.review, NEW.held, NEW.final),
        ('day', NEW.day, NEW.held, NEW.final),
        ('month', NEW.month, NEW.held, NEW.final)
    ON CONFLICT (scope, name) DO UPDATE SET held = held + excluded.held, final = final + excluded.final;
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
END
"""

_BALANCE_KEYS = """
CREATE TRIGGER calls_keys BEFORE UPDATE OF review, day, month ON calls BEGIN
    SELECT RAISE(ABORT, 'a call stays with its review and its day');
END
"""

_NO_DELETE = """
CREATE TRIGGER calls_delete BEFORE DELETE ON calls BEGIN
    SELECT RAISE(ABORT, 'what was spent is never forgotten');
END
"""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        _CALLS,
        "CREATE INDEX calls_by_review ON calls (review)",
        "CREATE INDEX calls_by_day ON calls (day)",
        "CREATE INDEX calls_under_way ON calls (owner) WHERE state = 'reserved'",
        _BALANCES,
        _BALANCE_INSERT,
        _BALANCE_UPDATE,
        _BALANCE_KEYS,
        _NO_DELETE,
        """
        CREATE TABLE consents (
            repository TEXT NOT NULL,
            host TEXT NOT NULL,
            given_at TEXT NOT NULL,
            PRIMARY KEY (repository, host)
        ) WITHOUT ROWID
        """,
        "CREATE TABLE secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
        """
        CREATE TABLE dismissals (
            repository TEXT NOT NULL,
            finding TEXT NOT NULL,
            reason TEXT NOT NULL,
            dismissed_at TEXT NOT NULL,
            expires_at TEXT,
            PRIMARY KEY (repository, finding)
        ) WITHOUT ROWID
        """,
    ),
    (
        # Files that git did not track when the user agreed to send them, by a digest of their path.
        """
        CREATE TABLE consented_files (
            repository TEXT NOT NULL,
            host TEXT NOT NULL,
            file TEXT NOT NULL,
            PRIMARY KEY (repository, host, file)
        ) WITHOUT ROWID
        """,
    ),
    (
        # What models counted against what was expected: sums by model, newer calls weighing more (token_usage.py).
        """
        CREATE TABLE token_usage (
            model TEXT PRIMARY KEY,
            calls INTEGER NOT NULL,
            weight REAL NOT NULL,
            inverse REAL NOT NULL,
            inverse_squared REAL NOT NULL,
            ratio REAL NOT NULL,
            ratio_inverse REAL NOT NULL,
            last_at TEXT NOT NULL                           -- UTC, ISO 8601
        ) WITHOUT ROWID
        """,
    ),
    (
        # The hunks of the last review of a scope, as digests (reviews.py).
        """
        CREATE TABLE last_reviews (
            repository TEXT NOT NULL,
            scope TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('static', 'debate')),
            at TEXT NOT NULL,                               -- UTC, ISO 8601
            made_by TEXT NOT NULL,
            hunks TEXT NOT NULL,                            -- one a line
            PRIMARY KEY (repository, scope, kind)
        ) WITHOUT ROWID
        """,
        "CREATE INDEX last_reviews_by_age ON last_reviews (at)",
    ),
    (
        # Debates that were cut short: what was said, redacted as it was sent, compressed (unfinished.py).
        """
        CREATE TABLE unfinished (
            repository TEXT NOT NULL,
            key TEXT NOT NULL,
            at TEXT NOT NULL,                               -- UTC, ISO 8601
            body BLOB NOT NULL,
            PRIMARY KEY (repository, key)
        ) WITHOUT ROWID
        """,
        "CREATE INDEX unfinished_by_age ON unfinished (at)",
    ),
    (
        # What the prompt cache did for each call, beside its tokens (CacheUse).
        "ALTER TABLE calls ADD COLUMN cache_expected INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE calls ADD COLUMN cache_saved INTEGER NOT NULL DEFAULT 0",  # nano-dollars; may be negative
        "ALTER TABLE calls ADD COLUMN cache_missed TEXT NOT NULL DEFAULT ''",
    ),
    (
        # Sweeps: batches that the service was given, and what came back, redacted as it was sent (sweeps.py).
        """
        CREATE TABLE sweeps (
            id TEXT PRIMARY KEY,
            repository TEXT NOT NULL,
            host TEXT NOT NULL,
            made_at TEXT NOT NULL,                          -- UTC, ISO 8601
            ended_at TEXT,
            state TEXT NOT NULL CHECK (state IN ('open', 'done', 'canceled')),
            job TEXT NOT NULL,                              -- JSON: what is reviewed, and how
            owner TEXT NOT NULL                             -- see store/owner.py
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE sweep_batches (
            sweep TEXT NOT NULL REFERENCES sweeps (id) ON DELETE CASCADE,
            number INTEGER NOT NULL,
            batch TEXT,                                     -- the service's id
            newest TEXT NOT NULL,                           -- the newest batch that the service had before
            stage TEXT NOT NULL CHECK (stage IN ('intended', 'sent', 'ended', 'void')),
            at TEXT NOT NULL,
            PRIMARY KEY (sweep, number)
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE sweep_turns (
            custom_id TEXT NOT NULL UNIQUE,
            sweep TEXT NOT NULL REFERENCES sweeps (id) ON DELETE CASCADE,
            number INTEGER NOT NULL,
            change TEXT NOT NULL,
            turn TEXT NOT NULL,
            call INTEGER NOT NULL,                          -- calls.id
            stage TEXT NOT NULL CHECK (stage IN ('sent', 'answered', 'unbilled', 'lost')),
            body BLOB
        )
        """,
        "CREATE INDEX sweep_turns_by_batch ON sweep_turns (sweep, number)",
    ),
    (
        # Debates as they were expected and as they went, to expect the next ones by (debates.py).
        """
        CREATE TABLE debates (
            review TEXT PRIMARY KEY,
            repository TEXT NOT NULL,
            at TEXT NOT NULL,                               -- UTC, ISO 8601
            panel TEXT NOT NULL,
            protocol TEXT NOT NULL,
            profile TEXT NOT NULL,
            seats INTEGER NOT NULL,
            rounds INTEGER NOT NULL,                        -- that the panel has at most
            files INTEGER NOT NULL,
            lines INTEGER NOT NULL,                         -- of the changed hunks, both sides
            shared_tokens INTEGER NOT NULL,                 -- base tokens of the shared part
            expected INTEGER NOT NULL,                      -- nano-dollars
            at_most INTEGER,                                -- nano-dollars; NULL: no cap
            state TEXT NOT NULL CHECK (state IN ('open', 'whole', 'cut', 'failed')),
            claims INTEGER NOT NULL DEFAULT 0               -- distinct ones that were argued about
        ) WITHOUT ROWID
        """,
        "CREATE INDEX debates_by_age ON debates (at)",
        # What was planned for each: what was made of it is told by `calls`.
        """
        CREATE TABLE planned_calls (
            review TEXT NOT NULL REFERENCES debates (review) ON DELETE CASCADE,
            phase TEXT NOT NULL,
            seat TEXT NOT NULL,
            model TEXT NOT NULL,
            calls REAL NOT NULL,                            -- expected: need not be whole
            prompt INTEGER NOT NULL,                        -- tokens of all of them, as shown
            output INTEGER NOT NULL,
            expected INTEGER NOT NULL,                      -- nano-dollars, of all of them
            assumed_calls REAL NOT NULL,                    -- by the documented assumptions, before learning
            assumed_input INTEGER NOT NULL,
            assumed_write INTEGER NOT NULL,
            assumed_read INTEGER NOT NULL,
            assumed_output INTEGER NOT NULL,
            PRIMARY KEY (review, phase, seat, model)
        ) WITHOUT ROWID
        """,
        # Rounds of argument: what each settled, and for how much.
        """
        CREATE TABLE debate_rounds (
            review TEXT NOT NULL REFERENCES debates (review) ON DELETE CASCADE,
            round INTEGER NOT NULL,
            before REAL NOT NULL,                           -- dissent, 0 to 1
            after REAL NOT NULL,
            so_far INTEGER NOT NULL,                        -- nano-dollars that the debate had cost before it
            cost INTEGER NOT NULL,                          -- nano-dollars of the round
            PRIMARY KEY (review, round)
        ) WITHOUT ROWID
        """,
        # What was shown to the user, by the seats that raised it, and what became of it (fates.py).
        """
        CREATE TABLE raised (
            repository TEXT NOT NULL,
            finding TEXT NOT NULL,
            seat TEXT NOT NULL,
            review TEXT NOT NULL,                           -- the first that showed it
            model TEXT NOT NULL,                            -- that the seat spoke with; '' where it is not known
            category TEXT NOT NULL,
            severity TEXT NOT NULL,
            at TEXT NOT NULL,                               -- UTC, ISO 8601
            day TEXT NOT NULL,                              -- where the user lives, as in calls
            scope TEXT NOT NULL,                            -- a digest: of the scope, its branch and its base
            file TEXT NOT NULL,                             -- a digest of its path
            marks TEXT NOT NULL,                            -- digests of lines, to tell whether they were edited
            fate TEXT NOT NULL CHECK (fate IN ('open', 'accepted', 'dismissed')),
            fate_at TEXT,
            reason TEXT NOT NULL DEFAULT '',
            PRIMARY KEY (repository, finding, seat)
        ) WITHOUT ROWID
        """,
        "CREATE INDEX raised_by_day ON raised (day)",
        # What was paid for the examination of claims, by the seats that made them.
        """
        CREATE TABLE examined (
            review TEXT NOT NULL,
            seat TEXT NOT NULL,
            model TEXT NOT NULL,                            -- that the seat spoke with when it made them
            repository TEXT NOT NULL,
            day TEXT NOT NULL,                              -- where the user lives, as in calls
            amount INTEGER NOT NULL,                        -- nano-dollars, settled and assumed
            PRIMARY KEY (review, seat, model)
        ) WITHOUT ROWID
        """,
        "CREATE INDEX examined_by_day ON examined (day)",
        # What repositories are called, for people: the name of their folder, never its path (repositories.py).
        """
        CREATE TABLE repositories (
            repository TEXT PRIMARY KEY,
            name TEXT NOT NULL
        ) WITHOUT ROWID
        """,
        # What the last review of each scope found, redacted and without fixes, to be listed (last_findings.py).
        """
        CREATE TABLE last_findings (
            repository TEXT NOT NULL,
            scope TEXT NOT NULL,                            -- a digest: of the scope, its branch and its base
            kind TEXT NOT NULL CHECK (kind IN ('static', 'debate')),
            title TEXT NOT NULL,                            -- the scope as the user names it
            at TEXT NOT NULL,                               -- UTC, ISO 8601
            body BLOB NOT NULL,
            PRIMARY KEY (repository, scope, kind)
        ) WITHOUT ROWID
        """,
        # Who, where several users share the store; "" in a user's own.
        "ALTER TABLE calls ADD COLUMN who TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE dismissals ADD COLUMN who TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE sweeps ADD COLUMN who TEXT NOT NULL DEFAULT ''",
        # Balances of repositories too, and the table that reports are made of (schema_sums.py).
        *SUMS,
        # For what the last sixty minutes cost (pace.py).
        "CREATE INDEX calls_by_time ON calls (started_at)",
    ),
    (
        # Which finding was dismissed first, where its file was renamed since: they are restored together. '': this one.
        "ALTER TABLE dismissals ADD COLUMN origin TEXT NOT NULL DEFAULT ''",
        # Files and folders that had other names (renames.py).
        """
        CREATE TABLE renamed_files (
            repository TEXT NOT NULL,
            old TEXT NOT NULL,                              -- relative to the root
            new TEXT NOT NULL,
            at TEXT NOT NULL,                               -- UTC, ISO 8601
            PRIMARY KEY (repository, old, new)
        ) WITHOUT ROWID
        """,
        # The commit up to which it is known what commits renamed.
        """
        CREATE TABLE renamed_until (
            repository TEXT PRIMARY KEY,
            head TEXT NOT NULL
        ) WITHOUT ROWID
        """,
    ),
)

VERSION = len(MIGRATIONS)
