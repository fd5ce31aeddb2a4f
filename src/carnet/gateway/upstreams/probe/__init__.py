"""Measures which operations an upstream really supports, and writes the result as a profile."""
