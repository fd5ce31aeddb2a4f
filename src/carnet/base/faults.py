"""What can go wrong with a request, in words that know no wire.

Each AWS service has one table from every kind of fault to its error code (`services/*/service.py`); the HTTP status
comes from the service's model. The message is AWS's own sentence.
"""

from __future__ import annotations

from collections.abc import Mapping


class Fault(Exception):
    """A request that cannot be met, and why: `message` is what the caller is told.

    `members` are further members of the service's error, by the model's names, such as the Reason of Organizations'
    ConstraintViolationException.
    """

    def __init__(self, message: str, members: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.members = members or {}

    def __init_subclass__(cls) -> None:
        # INVARIANT: every kind is in this file, so that a service's table can be checked for all of them.
        if Fault in cls.__bases__ and cls.__module__ != __name__:
            raise TypeError(f"{cls.__name__} is no kind of fault: derive it from one")


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


class Unsent(Unavailable):
    """A message was not sent, for a reason that lies elsewhere; nothing was changed, and a retry may succeed."""


class Refused(Fault):
    """One service's own error which no fault above says: `code` is that service's error code."""

    def __init__(self, code: str, message: str, members: Mapping[str, object] | None = None) -> None:
        super().__init__(message, members)
        self.code = code


FAULTS: frozenset[type[Fault]] = frozenset(Fault.__subclasses__()) - {Refused}
"""The kinds of faults that each service has a code for."""
