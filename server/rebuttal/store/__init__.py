"""What is remembered: the ledger of calls, consent, verdicts, sessions. SQLite; the only room with SQL."""
