"""Benchmarks: each module prints a table. `python -m bench` runs all and rewrites bench/RESULTS.md."""
