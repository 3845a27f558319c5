"""Text as editors and models see it: positions, tokens, parsing and symbols, secret patterns, redaction."""
