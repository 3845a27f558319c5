"""Who answers for a seat: Claude, or a recording. The only room that knows the Claude SDK."""
