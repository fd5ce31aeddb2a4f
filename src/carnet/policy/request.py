"""The request to decide on: a principal wants to perform an action on a resource, in a context."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct, field

Value = str | tuple[str, ...]
"""A condition key's value: a text for a single-valued key, a tuple for a multivalued one (even with one element)."""

Values = Mapping[str, Value]
"""Condition key, spelled as AWS documents it (`aws:SourceIp`), to its value. A key that the request does not have is
absent, never empty."""


class PrincipalKind(StrEnum):
    """The kinds of principals that policies distinguish."""

    # Enum's own is a Python function, and engines look things up by kind.
    __hash__ = str.__hash__

    ANONYMOUS = "anonymous"
    ROOT = "root"
    USER = "user"
    ROLE_SESSION = "assumed-role"
    FEDERATED_USER = "federated-user"
    WEB_IDENTITY = "web-identity"
    SAML = "saml"
    SERVICE = "service"


WITHOUT_ACCOUNT = frozenset(
    (PrincipalKind.ANONYMOUS, PrincipalKind.SERVICE, PrincipalKind.WEB_IDENTITY, PrincipalKind.SAML)
)
"""Principals that belong to no account. They have no policies of their own."""


PRINCIPAL_TYPES = {
    PrincipalKind.ANONYMOUS: "Anonymous",
    PrincipalKind.ROOT: "Account",
    PrincipalKind.USER: "User",
    PrincipalKind.ROLE_SESSION: "AssumedRole",
    PrincipalKind.FEDERATED_USER: "FederatedUser",
}
"""The values of `aws:PrincipalType`; principals of other kinds have none.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#principaltable
"""

ANONYMOUS_ID = "anonymous"
"""The `aws:userid` of an anonymous caller."""


class Principal(Struct, frozen=True, kw_only=True):
    """The principal of a request.

    For users, root and federated users, `aws:PrincipalArn` and the Principal element compare `arn`; a role session has
    its session ARN here and its role's ARN in `role_arn`. A principal has at most one of `role_arn` and `user_arn`.
    """

    kind: PrincipalKind
    arn: str = ""
    account: str = ""
    id: str = ""
    """`aws:userid`: AIDA..., AROA...:session, account:name, or the account id for root."""
    role_arn: str = ""
    role_id: str = ""
    user_arn: str = ""
    """For a federated user, the IAM user that asked for the session. A policy may name it, as it may name a session's
    role."""
    user_id: str = ""
    provider: str = ""
    """The service principal (`lambda.amazonaws.com`) or identity provider (ARN, `cognito-identity.amazonaws.com`)."""
    canonical_user: str = ""
    """The canonical user id of the principal's account. Policies of Amazon S3 may name it."""
    service_linked: bool = False
    """Whether it is a session of a real service-linked role. SCPs and RCPs do not apply to it."""

    @property
    def issuer_arn(self) -> str:
        """The ARN of the role or the user whose session the principal is; empty if it is no session."""
        return self.role_arn or self.user_arn

    @property
    def issuer_id(self) -> str:
        """The unique id of that role or user."""
        return self.role_id or self.user_id


class Context(Struct, frozen=True, kw_only=True):
    """The condition keys of a request, in three namespaces.

    INVARIANT: a key of the principal's namespace (aws:Principal*, aws:userid, aws:MultiFactorAuth*, ...) is read from
    `principal` only, and a key of the resource's namespace (aws:Resource*) from `resource` only. So nothing that a
    caller sends can replace what the server knows.

    Both implementations of the decision treat a list like a tuple. The engine does not remember results for lists, so
    tuples are faster.
    """

    principal: Values = field(default_factory=dict[str, Value])
    request: Values = field(default_factory=dict[str, Value])
    resource: Values = field(default_factory=dict[str, Value])


class Request(Struct, frozen=True, kw_only=True):
    """One request to decide on. `resource` is an ARN, or `*` for an action that has no resource."""

    principal: Principal
    action: str
    resource: str
    resource_account: str = ""
    """The account that owns the resource; empty if it is the principal's own."""
    context: Context = field(default_factory=Context)
