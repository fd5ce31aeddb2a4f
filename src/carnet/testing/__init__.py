"""Assertions about policies, for the tests of those who write policies. Needs no test framework.

    from carnet.testing import assert_allowed, assert_denied

pytest finds the same two as fixtures (`plugin.py`).
"""

from carnet.testing.assertions import assert_allowed, assert_denied
from carnet.testing.question import Document, Documents, Levels, Question

__all__ = ["Document", "Documents", "Levels", "Question", "assert_allowed", "assert_denied"]
