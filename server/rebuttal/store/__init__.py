"""What is remembered: the ledger of calls, consent, verdicts, sessions. SQLite, or PostgreSQL where a team shares it;
the only room with SQL."""
