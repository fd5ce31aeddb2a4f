"""The result of a decision: never a bare boolean."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Verdict(StrEnum):
    """AWS's three answers, in the words of the policy simulator."""

    ALLOWED = "allowed"
    EXPLICIT_DENY = "explicitDeny"
    IMPLICIT_DENY = "implicitDeny"


_ALLOWED = Verdict.ALLOWED  # in Python 3.11 a member is found far slower through its class


class Layer(StrEnum):
    """The kinds of policy, by the names that AWS's denial sentences use."""

    IDENTITY = "identity-based policy"
    RESOURCE = "resource-based policy"
    TRUST = "role trust policy"
    BOUNDARY = "permissions boundary"
    SESSION = "session policy"
    SCOPE_DOWN = "scope down policy"
    SCP = "service control policy"
    RCP = "resource control policy"
    ENDPOINT = "VPC endpoint policy"


OF_ORGANIZATION = (Layer.RCP, Layer.SCP)
"""The policies of organizations."""


class StatementRef(Struct, frozen=True, kw_only=True):
    """A reference to one statement of one policy, by which a person finds it."""

    policy: str
    """The policy's ARN, or for an inline policy `user/alice/inline-name`; what the parser was told as `source`."""
    index: int
    """Position among the policy's statements, from 0."""
    sid: str = ""
    line: int = 0
    column: int = 0
    """Where the statement begins in the document's text, from 1; 0 if the document was not given as text."""


class Decision(Struct, frozen=True, kw_only=True):
    """A verdict and what determined it.

    Allowed: the layer and the Allow statements that granted. Explicit deny: the layer and its Deny statements that
    matched. Implicit deny: the layer that held no matching Allow, and no statement.
    """

    verdict: Verdict
    layer: Layer | None
    statements: tuple[StatementRef, ...] = ()
    problem: str = ""
    """Why the request was denied without evaluating policies, implicitly and by no layer; empty for every other
    decision."""

    @property
    def allowed(self) -> bool:
        return self.verdict is _ALLOWED
