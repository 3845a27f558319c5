"""Rebuttal: a panel of reviewers argues about the change you are making; what survives becomes a finding."""

__version__ = "0.1.0"
