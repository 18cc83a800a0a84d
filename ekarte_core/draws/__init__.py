"""Draws: winners from a seed and a list, and the two documents that prove them."""
