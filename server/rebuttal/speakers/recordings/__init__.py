"""Whole debates written to a file and played again: for bug reports and regression tests."""
