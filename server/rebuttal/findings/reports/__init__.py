"""A review's outcome as text for people, JSON for programs and SARIF for other tools."""
