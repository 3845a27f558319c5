"""Planted changes: what the static panel finds of them, and on near misses that look alike."""

from bench.plants.report import section

__all__ = ["section"]
