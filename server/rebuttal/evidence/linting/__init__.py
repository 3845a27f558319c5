"""What linters say of the change: ruff, which is built in, and what the repository itself configures."""
