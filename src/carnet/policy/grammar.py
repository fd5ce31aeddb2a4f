"""What each type of policy may and must hold.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

from enum import Enum, StrEnum

from msgspec import Struct

from carnet.policy.sentences import INVALID_JSON, SYNTAX_ERRORS


class Grammar(StrEnum):
    """The types of policy that differ in their grammar."""

    IDENTITY = "identity"
    """Inline policies, and whatever is evaluated as an identity-based policy."""
    MANAGED = "managed"
    """Managed policies when they are saved: they must be of version 2012-10-17."""
    BOUNDARY = "boundary"
    SESSION = "session"
    TRUST = "trust"
    RESOURCE = "resource"
    ENDPOINT = "endpoint"
    SCP = "scp"
    RCP = "rcp"


class Need(Enum):
    """Whether an element must, may or must not stand in a statement."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    FORBIDDEN = "forbidden"


class Rules(Struct, frozen=True, kw_only=True):
    """The grammar of one type of policy."""

    principal: Need = Need.FORBIDDEN
    not_principal: bool = False
    resource: Need = Need.REQUIRED
    version_2012: bool = False
    """Whether the older version, which has no variables, is refused."""
    iam: bool = False
    """Whether IAM itself checks Sid, characters, resources and action vendors."""
    completes_arns: bool = False
    """Whether an ARN with too few fields has `*` for those that are missing, or is refused."""
    no_json: str = INVALID_JSON
    """What is said of a text that is no JSON, or has characters that IAM does not store."""
    organizations: bool = False
    """Whether every violation gets the one sentence of AWS Organizations."""


_IDENTITY = Rules(iam=True, completes_arns=True, no_json=SYNTAX_ERRORS)
_RESOURCE = Rules(principal=Need.REQUIRED, not_principal=True, resource=Need.OPTIONAL)

RULES = {
    Grammar.IDENTITY: _IDENTITY,
    Grammar.MANAGED: Rules(iam=True, version_2012=True, completes_arns=True, no_json=SYNTAX_ERRORS),
    Grammar.BOUNDARY: _IDENTITY,
    Grammar.SESSION: Rules(iam=True),
    Grammar.TRUST: Rules(principal=Need.REQUIRED, resource=Need.FORBIDDEN, iam=True),
    Grammar.RESOURCE: _RESOURCE,
    Grammar.ENDPOINT: _RESOURCE,
    Grammar.SCP: Rules(version_2012=True, organizations=True),
    Grammar.RCP: Rules(principal=Need.REQUIRED, version_2012=True, organizations=True),
}
