"""The files in which a repository tells reviewers its rules."""

from __future__ import annotations

GUIDELINES = ("REVIEW.md", "AGENTS.md", "CLAUDE.md", ".cursorrules", ".github/copilot-instructions.md")
