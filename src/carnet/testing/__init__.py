"""Assertions about policies, for the tests of those who write policies. Needs no test framework.

    from carnet.testing import assert_allowed, assert_denied

pytest finds the same two as fixtures (`plugin.py`).
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from carnet.testing.assertions import assert_allowed, assert_denied
    from carnet.testing.doubtful import UnknownAction
    from carnet.testing.question import Document, Documents, Levels, Question
else:

    def __getattr__(name):
        """Import the engine for whoever asks for a name: pytest imports this package wherever Carnet is installed."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from carnet.testing import assertions, doubtful, question

        return getattr(next(module for module in (assertions, question, doubtful) if hasattr(module, name)), name)


__all__ = ["Document", "Documents", "Levels", "Question", "UnknownAction", "assert_allowed", "assert_denied"]
