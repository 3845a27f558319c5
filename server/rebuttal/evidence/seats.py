"""Ids of the seats that own a finding of the static panel, so that the panel reads as one."""

from __future__ import annotations

CODE = "code-reviewer"
SECURITY = "security-analyst"
ARCHITECT = "architect"
PERFORMANCE = "performance-expert"
DATABASE = "database"
DOCUMENTATION = "documentation"
