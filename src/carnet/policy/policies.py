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
"""The policies attached to the root, to each organizational unit on the path, and to the account. Each level must
allow."""

Attached = tuple[tuple[str, ...], ...]
"""For explanations: how each policy of `Levels` is attached (`DenyRegions, attached to root r-ab12`); empty if not
known.
"""


class ResourcePolicy(Struct, frozen=True, kw_only=True):
    """One policy of the requested resource: a bucket policy, a key policy, a role's trust policy."""

    policy: Policy | None
    """None if the resource has no policy but needs one: a role that was deleted."""
    layer: Layer = Layer.RESOURCE
    """What the policy is called: `Layer.RESOURCE`, or `Layer.TRUST` for the trust policy of a role to be assumed."""
    account: str = ""
    """The account that the policy belongs to; empty if it is the one that owns the resource."""


class Policies(Struct, frozen=True, kw_only=True):
    """All policies that a decision considers. If a kind is absent, so is the layer; a layer without policies allows
    nothing.

    INVARIANT: it is frozen, because the engine recognizes it by its identity.
    """

    identity: tuple[Policy, ...] = ()
    """The policies of the user and its groups, or of the role."""
    attached: tuple[str, ...] = ()
    """For explanations: how each policy of `identity` is attached (`attached to group admins`); empty if not known."""
    boundary: Policy | None = None
    """A boundary that is set but was deleted is a policy without an Allow."""
    session: tuple[Policy, ...] | None = None
    """The session policies. Together they limit which of the identity's permissions the session may use."""
    scope_down: tuple[Policy, ...] = ()
    """The scope down policies of the session, in the order in which they were set. Each must allow, in any case."""
    resource: tuple[ResourcePolicy, ...] = ()
    """The policies of the requested resource. A Deny in any of them denies; an Allow in any is the resource's
    consent."""
    endpoint: tuple[Policy, ...] = ()
    """The policy of each VPC endpoint that the request came through."""
    scp: Levels = ()
    """The SCPs of the principal's account; empty if it is in no organization or is the management account."""
    rcp: Levels = ()
    """The RCPs of the resource's account; empty if it is in no organization or is the management account."""
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
        """The layer whose Allow is the resource's consent."""
        return Layer.TRUST if self.trust else Layer.RESOURCE

    def owner(self, request: Request) -> str:
        """The account of the requested resource: that of the request, else that of the resource's policies, else the
        principal's.

        Empty if the request does not say it, and the policies belong to several accounts: then none of them counts as
        the owner's.
        """
        if request.resource_account:
            return request.resource_account
        places = {one.account for one in self.resource if one.account}
        return "" if len(places) > 1 else next(iter(places), request.principal.account)
