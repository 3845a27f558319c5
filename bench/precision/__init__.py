"""Precision of the static panel on real changes, by labels that people gave."""

from bench.precision.show import section

__all__ = ["section"]
