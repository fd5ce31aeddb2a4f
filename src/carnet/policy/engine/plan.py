"""Where the engine looks for an action, worked out once for the policies that apply."""

from __future__ import annotations

from carnet.policy.decide import NEEDS_NO_PERMISSION
from carnet.policy.engine.resource_index import ResourceIndex
from carnet.policy.policies import Policies
from carnet.policy.request import WITHOUT_ACCOUNT, Principal, PrincipalKind
from carnet.policy.work import together


class Plan:
    """For one action, and the policies that a kind of principal is under: where to look, and what is known already."""

    __slots__ = ("free", "index", "kind", "of_kms", "outsider", "root", "service_linked", "simple", "weight")

    def __init__(self, index: ResourceIndex, principal: Principal, action: str, policies: Policies) -> None:
        self.index = index
        self.weight = 1 + sum(policy.parts for policy in (*(policies.session or ()), *policies.scope_down))
        """Of session policies a caller may make any number; they live as long as what is remembered of them."""
        kind = self.kind = principal.kind
        self.service_linked = principal.service_linked
        self.outsider = kind in WITHOUT_ACCOUNT
        self.root = kind is PrincipalKind.ROOT
        self.free = kind is not PrincipalKind.ANONYMOUS and action in NEEDS_NO_PERMISSION
        """Whether the action needs no permission."""
        self.of_kms = action.partition(":")[0] == "kms"
        """Whether the resource may be a KMS key."""
        self.simple = not (self.outsider or self.root or self.free or self.of_kms)
        """Whether within one account the principal's own layers decide, unless the resource has a policy."""


class Route:
    """A plan as it is found by the very objects that it was made for: they are told apart faster than compared."""

    __slots__ = (
        "bounded",
        "dear",
        "free",
        "index",
        "kind",
        "plan",
        "policies",
        "service_linked",
        "side",
        "simple",
        "trust",
    )

    def __init__(self, plan: Plan, side: ResourceIndex | None, policies: Policies) -> None:
        self.policies = policies
        """INVARIANT: as long as they are held here, no other object has the id by which they are found."""
        self.plan, self.index, self.kind, self.service_linked = plan, plan.index, plan.kind, plan.service_linked
        self.side = side
        """The statements of the resource's policy; None if none covers the action."""
        self.trust = policies.trust
        self.simple = (
            plan.simple and side is None and not self.trust and not any(one.account for one in policies.resource)
        )
        """Whether within one account the principal's own layers decide."""
        self.free = plan.free
        steps = plan.index.steps if side is None else together((plan.index.steps, side.steps))
        self.dear = None if self.free or steps.are_few else steps
        """What a decision takes, if a request can make that too much."""
        self.bounded = policies.boundary is not None

    def is_for(self, policies: Policies) -> bool:
        """Whether another object holds the very same policies."""
        own = self.policies
        return (
            own.identity is policies.identity
            and own.boundary is policies.boundary
            and own.session is policies.session
            and own.scope_down == policies.scope_down
            and (own.resource is policies.resource or own.resource == policies.resource)
            and own.endpoint is policies.endpoint
            and own.scp is policies.scp
            and own.rcp is policies.rcp
        )
