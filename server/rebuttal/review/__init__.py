"""One review from scope to findings; the only room that knows all the others."""
