"""Measures what an upstream really does, and writes it down as a profile."""
