"""Endpoints besides the Claude API: what they call the models, their clients, and how to go without what they lack."""
