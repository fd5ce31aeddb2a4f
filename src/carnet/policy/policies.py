"""The policies that apply to one request, by kind.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#access_policy-types
"""

from __future__ import annotations

from dataclasses import dataclass

from carnet.policy.document import Policy

Levels = tuple[tuple[Policy, ...], ...]
"""The policies attached to the root, to each organizational unit on the way, and to the account: each must allow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """What a decision considers. An absent kind is an absent layer; a layer without policies allows nothing.

    INVARIANT: frozen, for the engine knows it again by its identity.
    """

    identity: tuple[Policy, ...] = ()
    """Those of the user and its groups, or of the role."""
    boundary: Policy | None = None
    """A boundary that is set and gone is a policy without an Allow."""
    session: tuple[Policy, ...] | None = None
    """What the session was narrowed with; each adds to what the session may use of the identity's permissions."""
    resource: Policy | None = None
    """The policy of the requested resource."""
    trust: bool = False
    """The resource is a role to be assumed and `resource` its trust policy."""
    endpoint: tuple[Policy, ...] = ()
    """Of each VPC endpoint that the request came through."""
    scp: Levels = ()
    """Of the principal's account; empty where it is in no organization or is the management account."""
    rcp: Levels = ()
    """Of the resource's account; empty where it is in no organization or is the management account."""
