"""What else a reviewer must see: ranked, symbol-sized slices, packed to a token budget and redacted."""
