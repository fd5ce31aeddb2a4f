"""What can go wrong with a request, in words that know no wire.

Each AWS service has one table from fault to its error code (`services/*/errors.py`); the HTTP status comes from the
service's model. The message is AWS's own sentence.
"""

from __future__ import annotations

from typing import Any


class Fault(Exception):
    """A request that cannot be met, and why: `message` is what the caller is told."""

    decided: tuple[Any, ...] = ()
    """What had been decided by then (`access.authorize.Decided`), for the audit."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class AlreadyExists(Fault):
    """The name or id is taken."""


class Missing(Fault):
    """What the request names does not exist."""


class InUse(Fault):
    """Something still refers to what is to be deleted."""


class Malformed(Fault):
    """A policy document breaks the policy grammar."""


class Invalid(Fault):
    """A parameter has a value that its shape allows and its meaning does not."""


class TooMany(Fault):
    """A quota would be exceeded."""


class Unmodifiable(Fault):
    """It is there, and not for this caller to change."""


class Denied(Fault):
    """The policies do not allow it."""


class Unavailable(Fault):
    """The store cannot be reached or is too busy; nothing was changed, and a retry may succeed."""


class Refused(Fault):
    """One service's own error which no fault above says: `code` is that service's error code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
