"""How good reviews are: a corpus of changes with known defects, what of them is found, and at what cost."""
