"""Decides whether a caller may do one action on one resource, at one revision of the directory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from msgspec import Struct, field

from carnet.access.organization_policies import bound
from carnet.access.request_context import resource_keys
from carnet.access.resource_policies import fail_closed
from carnet.directory.memo import RecentOfPolicies
from carnet.directory.snapshot import Snapshot
from carnet.policy.compile import Engine
from carnet.policy.context_keys import RESOURCE_ACCOUNT
from carnet.policy.decision import Decision
from carnet.policy.policies import Policies, ResourcePolicy
from carnet.policy.request import Context, Principal, Request, Value

_JOINED_ROOM = 4_096


class Check(Struct, frozen=True, kw_only=True):
    """One action on one resource that a caller needs to be allowed.

    `keys` are the condition keys that the operation adds to the request's (aws:RequestTag/..., iam:PolicyARN, ...),
    `resource_keys` those that the resource brings (aws:ResourceTag/...).
    """

    action: str
    resource: str
    resource_account: str
    keys: Mapping[str, Value] = field(default_factory=dict[str, Value])
    resource_keys: Mapping[str, Value] = field(default_factory=dict[str, Value])
    policies: tuple[ResourcePolicy, ...] = ()
    """The policies of the resource, from the account that it belongs to: for sts:AssumeRole and similar actions, the
    trust policy.

    A policy that cannot be read is a `ResourcePolicy` without a policy.
    """
    shown: str | None = None
    """The resource that a denial names, if AWS shows something other than the ARN; empty if AWS shows none."""
    by_ciphertext: bool = False
    """Whether the resource, a key of AWS KMS, is known from a ciphertext only. Then a denial does not name the key."""


class Decided(Struct, frozen=True, kw_only=True):
    """A check, the policies that applied, and the decision: all that an explanation needs."""

    check: Check
    request: Request
    policies: Policies
    decision: Decision


def authorize(
    engine: Engine, snapshot: Snapshot, principal: Principal, carried: Policies, context: Context, check: Check
) -> Decided:
    """Decide on one check by the policies that apply: those that the caller brings along, those of the resource, and
    those of the organizations that both are in. Raises Unavailable if an organization cannot be read.

    `context` holds the condition keys of the caller, of the request, and of a resource in the caller's account. The
    check's own keys are added.
    """
    request = Request(
        principal=principal,
        action=check.action,
        resource=check.resource,
        resource_account=check.resource_account,
        context=_with_check(snapshot, context, check),
    )
    policies = bound(snapshot, principal, check.resource_account, carried)
    if check.policies:
        policies = _with_resource(policies, check.policies)
    if policies.session or policies.scope_down:
        engine = engine.for_sessions(principal.account)
    return Decided(check=check, request=request, policies=policies, decision=engine.decide(request, policies))


def _with_check(snapshot: Snapshot, context: Context, check: Check) -> Context:
    own = check.resource_account == context.resource.get(RESOURCE_ACCOUNT)
    if own and not check.keys and not check.resource_keys:
        return context
    every = context.resource if own else resource_keys(snapshot, check.resource_account)
    return Context(
        principal=context.principal,
        request={**check.keys, **context.request},
        resource={**every, **check.resource_keys} if check.resource_keys else every,
    )


class _Joined(NamedTuple):
    """INVARIANT: the object that it was made of is kept alive with it, so that no other object gets the id by which it
    is found."""

    own: Policies
    all: Policies


_joined: RecentOfPolicies[tuple[int, tuple[ResourcePolicy, ...]], _Joined] = RecentOfPolicies(_JOINED_ROOM)


def _with_resource(carried: Policies, found: tuple[ResourcePolicy, ...]) -> Policies:
    """INVARIANT: returns the same object for the same `carried` and `found` as long as it is in use, so that the engine
    and the log of decisions recognize it; not if the session has policies of its own."""
    if carried.session is not None or carried.scope_down:
        return _join(carried, found)
    key = (id(carried), found)
    known = _joined.get(key) or _joined.put(key, _Joined(carried, _join(carried, found)))
    return known.all


def _join(carried: Policies, found: tuple[ResourcePolicy, ...]) -> Policies:
    readable = tuple([policy if policy.policy is not None else fail_closed(policy) for policy in found])
    return Policies(
        identity=carried.identity,
        boundary=carried.boundary,
        session=carried.session,
        scope_down=carried.scope_down,
        resource=readable,
        endpoint=carried.endpoint,
        scp=carried.scp,
        rcp=carried.rcp,
        scp_attached=carried.scp_attached,
        rcp_attached=carried.rcp_attached,
    )
