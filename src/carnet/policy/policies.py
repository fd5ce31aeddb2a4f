"""The policies that apply to one request, by kind.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#access_policy-types
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from msgspec import Struct

from carnet.policy.decision import Layer
from carnet.policy.document import Policy
from carnet.policy.request import Request

Levels = tuple[tuple[Policy, ...], ...]
"""The policies attached to the root, to each organizational unit on the way, and to the account: each must allow."""

Attached = tuple[tuple[str, ...], ...]
"""How each policy of `Levels` comes there (`DenyRegions, attached to root r-ab12`), to explain it; empty if not known.
"""


class ResourcePolicy(Struct, frozen=True, kw_only=True):
    """One policy of the requested resource: a bucket policy, a key policy, a role's trust policy."""

    policy: Policy | None
    """None if the resource has none and one is needed: a role that is gone."""
    layer: Layer = Layer.RESOURCE
    """What the policy is called: `Layer.RESOURCE`, or `Layer.TRUST` for the trust policy of a role to be assumed."""
    account: str = ""
    """The account that the policy lies in; empty: the one that owns the resource."""


class Policies(Struct, frozen=True, kw_only=True):
    """What a decision considers. An absent kind is an absent layer; a layer without policies allows nothing.

    INVARIANT: frozen, for the engine knows it again by its identity.
    """

    identity: tuple[Policy, ...] = ()
    """Those of the user and its groups, or of the role."""
    attached: tuple[str, ...] = ()
    """How each of `identity` comes to the principal (`attached to group admins`), to explain it; empty if not known."""
    boundary: Policy | None = None
    """A boundary that is set and gone is a policy without an Allow."""
    session: tuple[Policy, ...] | None = None
    """What the session was narrowed with; each adds to what the session may use of the identity's permissions."""
    scope_down: tuple[Policy, ...] = ()
    """What the session was scoped down with, step by step: each must allow, whatever else does."""
    resource: tuple[ResourcePolicy, ...] = ()
    """Those of the requested resource. A Deny of any denies; an Allow of any is the resource's consent."""
    endpoint: tuple[Policy, ...] = ()
    """Of each VPC endpoint that the request came through."""
    scp: Levels = ()
    """Of the principal's account; empty if it is in no organization or is the management account."""
    rcp: Levels = ()
    """Of the resource's account; empty if it is in no organization or is the management account."""
    scp_attached: Attached = ()
    rcp_attached: Attached = ()

    def every(self) -> Iterator[Policy]:
        """All policies of all kinds."""
        yield from (*self.identity, *(self.session or ()), *self.scope_down, *self.endpoint)
        yield from chain(*self.scp, *self.rcp)
        for one in (self.boundary, *(one.policy for one in self.resource)):
            if one is not None:
                yield one

    @property
    def trust(self) -> bool:
        """Whether the resource is a role to be assumed, so that nothing but a trust policy can allow."""
        return any(one.layer is Layer.TRUST for one in self.resource)

    @property
    def consenting_layer(self) -> Layer:
        """What the policies are called whose Allow is the resource's consent."""
        return Layer.TRUST if self.trust else Layer.RESOURCE

    def owner(self, request: Request) -> str:
        """The account of the requested resource: as the request says, else as its policies do, else the principal's.

        Empty if the request says nothing, and the policies lie in several accounts: then none of them is its owner's.
        """
        if request.resource_account:
            return request.resource_account
        places = {one.account for one in self.resource if one.account}
        return "" if len(places) > 1 else next(iter(places), request.principal.account)
