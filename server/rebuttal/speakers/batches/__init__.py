"""Turns of many debates, answered over message batches at half the price."""
