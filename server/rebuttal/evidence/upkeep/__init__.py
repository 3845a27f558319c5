"""What a change should have brought along, or made worse: one module per kind."""
