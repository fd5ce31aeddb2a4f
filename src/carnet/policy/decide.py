"""The written rule: how AWS decides a request, in the order of its documentation.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html

It is written to be compared with those pages, and keeps no memory. A request is denied unless something allows it; an
explicit deny in any layer wins; if several layers would deny, the first in this order is reported: resource control
policies, service control policies, resource-based or trust policy, identity-based policies, permissions boundary,
session policies, scope down policies, VPC endpoint policies. An implicit deny within one account is attributed to the
resource-based policy only if nothing else could have allowed the request.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import NamedTuple

from msgspec import Struct

from carnet.policy.aws_facts import RCP_SERVICES
from carnet.policy.context_keys import lookup
from carnet.policy.decision import OF_ORGANIZATION, Decision, Layer, StatementRef, Verdict
from carnet.policy.document import Policy
from carnet.policy.patterns import ascii_lower
from carnet.policy.policies import Levels, Policies
from carnet.policy.principals import Named
from carnet.policy.request import WITHOUT_ACCOUNT, PrincipalKind, Request
from carnet.policy.resources import is_arn_of
from carnet.policy.statement import Effect, Statement
from carnet.policy.work import TOO_MUCH_WORK, steps_of, together

RCP_EXEMPT = frozenset(("kms:retiregrant",))
"""Actions of these services, in lower case, on which RCPs have no effect.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html#actions-not-restricted-by-rcps
"""

NEEDS_NO_PERMISSION = frozenset(("sts:getcalleridentity", "sts:getsessiontoken"))
"""Actions, in lower case, that every authenticated caller may perform and no policy can deny.

https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_getsessiontoken.html
"""


LAST_GATES = (Layer.SCOPE_DOWN, Layer.ENDPOINT)
"""The layers that must allow in any case, even if others allow."""

OF_RESOURCE = (Layer.RESOURCE, Layer.TRUST)
"""The layers of the resource's own policies."""


UNWEIGHED = Decision(verdict=Verdict.IMPLICIT_DENY, layer=None, problem=TOO_MUCH_WORK)
"""The decision on a request that would take too much work to decide."""


class Level(NamedTuple):
    """Policies that are evaluated together: a layer, one level of an organization, or one policy of the resource."""

    layer: Layer
    policies: tuple[Policy, ...]
    foreign: bool = False
    """Whether it is a policy of the resource that belongs to another account than the resource."""


class Found(Struct, frozen=True, kw_only=True):
    """The statements of one level that apply to a request."""

    layer: Layer
    policies: tuple[Policy, ...]
    foreign: bool
    denies: tuple[Statement, ...]
    allows: tuple[Statement, ...]

    @property
    def verdict(self) -> Verdict:
        if self.denies:
            return Verdict.EXPLICIT_DENY
        return Verdict.ALLOWED if self.allows else Verdict.IMPLICIT_DENY


def decide(request: Request, policies: Policies, *, rcp_services: frozenset[str] = RCP_SERVICES) -> Decision:
    """Whether `policies` allow `request`; `rcp_services` are the prefixes of the services that RCPs control."""
    if is_too_much(request, policies, rcp_services):
        return UNWEIGHED
    return judge(request, policies, tuple(gather(request, policies, rcp_services)))


def is_too_much(request: Request, policies: Policies, rcp_services: frozenset[str]) -> bool:
    """Whether a decision would take more work than is allowed, so that the request is denied instead."""
    if needs_no_permission(request):
        return False
    levels = _levels(request, policies, rcp_services)
    statements = (one for level in levels for policy in level.policies for one in policy.statements)
    covering = (steps_of(one) for one in statements if one.actions.matches(request.action))
    return together(covering).are_too_many(partial(lookup, request.context))


def gather(request: Request, policies: Policies, rcp_services: frozenset[str]) -> Iterator[Found]:
    """The layers that take part in the decision, in the order in which they are reported."""
    if needs_no_permission(request):
        return
    bounded = policies.boundary is not None
    for level in _levels(request, policies, rcp_services):
        applying = [
            statement
            for policy in level.policies
            for statement in policy.statements
            if statement.applies(request, bounded=bounded)
        ]
        yield Found(
            layer=level.layer,
            policies=level.policies,
            foreign=level.foreign,
            denies=tuple(statement for statement in applying if statement.effect is Effect.DENY),
            allows=tuple(statement for statement in applying if statement.effect is Effect.ALLOW),
        )


def judge(request: Request, policies: Policies, layers: tuple[Found, ...]) -> Decision:
    """Decide by the statements that were found in the layers."""
    if needs_no_permission(request):
        return Decision(verdict=Verdict.ALLOWED, layer=None)
    return _explicit_deny(layers) or _closed_gate(layers, *OF_ORGANIZATION) or _decide_grant(request, policies, layers)


def under_rcps(action: str, rcp_services: frozenset[str]) -> bool:
    """Whether RCPs control `action`, which is in lower case."""
    return action.partition(":")[0] in rcp_services and action not in RCP_EXEMPT


def needs_no_permission(request: Request) -> bool:
    """Whether the action is open to every caller that has credentials."""
    return request.principal.kind is not PrincipalKind.ANONYMOUS and ascii_lower(request.action) in NEEDS_NO_PERMISSION


def _levels(request: Request, policies: Policies, rcp_services: frozenset[str]) -> Iterator[Level]:
    for layer, levels in _organization_levels(request, policies, rcp_services):
        yield from (Level(layer, level) for level in levels)
    owner = policies.owner(request)
    for layer in OF_RESOURCE:
        for one in policies.resource:
            if one.layer is layer and one.policy is not None:
                yield Level(layer, (one.policy,), foreign=one.account not in ("", owner))
    if request.principal.kind not in WITHOUT_ACCOUNT:
        yield from _own_levels(request, policies)
    yield from (Level(Layer.ENDPOINT, (policy,)) for policy in policies.endpoint)


def _organization_levels(
    request: Request, policies: Policies, rcp_services: frozenset[str]
) -> Iterator[tuple[Layer, Levels]]:
    """RCPs and SCPs. They must allow at every level, and do not apply to service-linked roles.

    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html
    """
    if request.principal.service_linked:
        return
    if under_rcps(ascii_lower(request.action), rcp_services):
        yield Layer.RCP, policies.rcp
    if request.principal.kind not in WITHOUT_ACCOUNT:
        yield Layer.SCP, policies.scp


def _own_levels(request: Request, policies: Policies) -> Iterator[Level]:
    """The policies that the principal brings along.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session
    """
    yield Level(Layer.IDENTITY, policies.identity)
    if policies.boundary is not None and request.principal.kind is not PrincipalKind.ROOT:
        yield Level(Layer.BOUNDARY, (policies.boundary,))
    session = policies.session
    if session is None and request.principal.kind is PrincipalKind.FEDERATED_USER:
        # Without a session policy the session of GetFederationToken may use nothing of its user's permissions.
        # https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
        session = ()
    if session is not None:
        yield Level(Layer.SESSION, session)
    yield from (Level(Layer.SCOPE_DOWN, (policy,)) for policy in policies.scope_down)


def _explicit_deny(layers: Iterable[Found]) -> Decision | None:
    denying = [found for found in layers if found.denies]
    if not denying:
        return None
    layer = denying[0].layer
    statements = [statement for found in denying if found.layer is layer for statement in found.denies]
    return Decision(verdict=Verdict.EXPLICIT_DENY, layer=layer, statements=_refs(statements))


def _closed_gate(layers: Iterable[Found], *gates: Layer) -> Decision | None:
    """The implicit deny of the first of `gates` without an Allow."""
    for found in layers:
        if found.layer in gates and not found.allows:
            return _implicit_deny(found.layer)
    return None


def _decide_grant(request: Request, policies: Policies, layers: tuple[Found, ...]) -> Decision:
    """The decision of the resource's and the principal's policies, after the organization's have allowed; then of the
    layers that must allow in any case.

    A scope down policy limits what a resource's policy grants the caller, too: the session may never do more.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetScopedCredentials.html
    https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
    """
    decision = _both_sides(request, policies, layers)
    return (_closed_gate(layers, *LAST_GATES) or decision) if decision.allowed else decision


def _both_sides(request: Request, policies: Policies, layers: tuple[Found, ...]) -> Decision:
    of_resource = policies.consenting_layer
    named, trusting = _closest(request, _allows(layers, of_resource))
    if request.principal.kind in WITHOUT_ACCOUNT:
        return _allowed_by(of_resource, trusting) if trusting else _implicit_deny(of_resource)
    same_account = policies.owner(request) == request.principal.account
    if same_account and named is Named.DIRECTLY:
        # Not limited by an implicit deny of the identity-based policies, the boundary or the session policies.
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html
        # Exception: assuming a role, which the caller's boundary must allow even if the trust policy names the caller.
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-trust-policy.html
        closed = _closed_gate(layers, Layer.BOUNDARY) if policies.trust else None
        return closed or _allowed_by(of_resource, trusting)
    if named is Named.NOT and (not same_account or _only_resource_trusts(request, policies)):
        return _implicit_deny(of_resource)
    # A policy of the same account that names the role, or the user of a federated session, stands in for the
    # identity-based policies, under the boundary and the session policies as they are.
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session
    # The root user has every permission of its account.
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user.html
    own = _allows(layers, Layer.IDENTITY)
    by_role = same_account and named is Named.ROLE
    if not own and not by_role and request.principal.kind is not PrincipalKind.ROOT:
        return _implicit_deny(Layer.IDENTITY)
    granted = _allowed_by(Layer.IDENTITY, own) if own else _allowed_by(of_resource if trusting else None, trusting)
    return _closed_gate(layers, Layer.BOUNDARY, Layer.SESSION) or granted


def _closest(request: Request, statements: tuple[Statement, ...]) -> tuple[Named, tuple[Statement, ...]]:
    """How closely the statements name the caller, and those that name it so."""
    names = [statement.names(request, bounded=False) for statement in statements]
    closest = max(names, default=Named.NOT)
    return closest, tuple(statement for statement, named in zip(statements, names, strict=True) if named is closest)


def _only_resource_trusts(request: Request, policies: Policies) -> bool:
    """Whether access is possible only through the resource's own policy, which may delegate to the account's policies.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-trust-policy.html
    https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
    """
    if policies.trust:
        return True
    service = ascii_lower(request.action.partition(":")[0])
    return service == "kms" and is_arn_of(request.resource, "kms", "key")


def _allows(layers: Iterable[Found], layer: Layer) -> tuple[Statement, ...]:
    """Whether a layer allows, and by which statements. A resource's policy in another account than the resource does
    not give the owner's consent."""
    return tuple(
        statement for found in layers if found.layer is layer and not found.foreign for statement in found.allows
    )


def _allowed_by(layer: Layer | None, statements: Iterable[Statement]) -> Decision:
    return Decision(verdict=Verdict.ALLOWED, layer=layer, statements=_refs(statements))


def _implicit_deny(layer: Layer) -> Decision:
    return Decision(verdict=Verdict.IMPLICIT_DENY, layer=layer)


def _refs(statements: Iterable[Statement]) -> tuple[StatementRef, ...]:
    return tuple(statement.ref for statement in statements)
