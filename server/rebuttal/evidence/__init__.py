"""The static panel: facts about the changed lines that cost no tokens."""
