"""What was spent, told to people and programs: one frozen report, written as text, JSON, CSV or a page."""
