"""The language server, from its parts up to a real process."""
