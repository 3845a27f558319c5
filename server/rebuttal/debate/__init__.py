"""The engine: a panel argues about a change. Pure: speakers, clock and context come through arguments."""
