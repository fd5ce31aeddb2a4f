"""Periodic work: what a process does again and again, and what only one process does at a time."""
