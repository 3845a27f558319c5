"""Findings: anchors, identity, life cycle, fixes, and reports as text, JSON and SARIF."""
