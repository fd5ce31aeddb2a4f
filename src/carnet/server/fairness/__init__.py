"""Whose turn it is, and who is told to come back later."""
