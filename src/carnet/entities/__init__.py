"""What exists: one frozen dataclass and its own rules per file."""
