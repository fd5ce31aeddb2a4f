"""What the readers of requests raise among themselves."""

from __future__ import annotations


class Unreadable(Exception):
    """Something in a request is not what its shape says. The text is for the caller."""
