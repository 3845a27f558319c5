"""What the changed text shows by itself: syntax, leftovers, removed guards."""
