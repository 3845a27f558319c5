"""Which file is missing: one file of each multi-file commit is hidden, and asked for from the others."""
