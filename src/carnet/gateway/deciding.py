"""Decides the checks of a request, one after the other, at one revision of the directory."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache, partial
from types import MappingProxyType
from typing import NamedTuple

from msgspec.structs import replace

from carnet.access import authorize as access
from carnet.access.authorize import Decided
from carnet.access.gather import NOBODYS, carried_by
from carnet.access.request_context import anonymous_context, caller_context
from carnet.audit.steps import Arrived
from carnet.directory.snapshot import Snapshot
from carnet.entities.object_acl import ObjectAcl
from carnet.entities.public_access_block import NO_BLOCK
from carnet.gateway.buckets.through import TAGS_TOLD, Through, block_through, on_access_point, permitted
from carnet.gateway.checks.check import Check, Sought, SoughtBy
from carnet.gateway.keys.grants import grant_policies
from carnet.gateway.policies.resource_policies import policies_of
from carnet.identity.caller import AccountCaller, Anonymous
from carnet.policy.compile import Engine
from carnet.policy.patterns import ascii_lower
from carnet.policy.policies import Policies, ResourcePolicy
from carnet.policy.request import Context, Principal, Request, Value
from carnet.policy.unknown_keys import IsUnknown, deciding_keys
from carnet.services.execution import Execution

_LONGEST_NAMES = 200
_OPEN = re.compile(r"\$\{.*|<key>|(?<=/)tag-key$")
"""How the Service Authorization Reference writes a part of a name that is open."""
_THROUGH = "kms:ViaService"
_TELLS_CALLED_VIA = "dynamodb."
"""The only service here that AWS lists for aws:CalledVia."""
_CALLED_VIA_DYNAMODB: Mapping[str, Value] = {
    "aws:CalledVia": ("dynamodb.amazonaws.com",),
    "aws:CalledViaFirst": "dynamodb.amazonaws.com",
    "aws:CalledViaLast": "dynamodb.amazonaws.com",
}


class Resolved(NamedTuple):
    """A check whose resource is known."""

    check: Check
    resource: str
    account: str
    keys: Mapping[str, Value] = MappingProxyType({})
    """The condition keys of the resource that look-ups have found; `Check.unknown` no longer has them."""
    acl: ObjectAcl | None = None
    """The ACL of an object, if it is not the default; `account` is then the object's owner."""
    through: Through | None = None
    """The access point that the request names; `resource` is that of the bucket."""
    instead: tuple[ResourcePolicy, ...] | None = None
    """The policies that decide in place of the resource's own."""
    replica_of: str | None = None
    """The ARN of the secret that the resource is a replica of. INVARIANT: its policy is the replica's."""

    @property
    def holder(self) -> str:
        """The account under which the upstream has the resource: for an object that of the bucket, whoever owns the
        object."""
        return self.account if self.acl is None else self.acl.account


class NotKnown(Exception):
    """The policies use condition keys whose values are not known for the request, so that no decision is made. `keys`
    are these, in lower case."""

    def __init__(self, check: Check, keys: Iterable[str]) -> None:
        self.keys = frozenset(map(ascii_lower, keys))
        names = ", ".join(sorted(self.keys))
        super().__init__(
            f"policies have conditions on what is not known of a request for {check.action}: {names[:_LONGEST_NAMES]}"
        )


def decide(
    execution: Execution,
    snapshot: Snapshot,
    caller: AccountCaller | Anonymous,
    arrived: Arrived,
    resolved: Iterable[Resolved],
) -> list[Decided]:
    """The decisions on the checks, up to and including the first denial.

    Raises NotKnown, and Unavailable if an organization cannot be read.
    """
    parts = execution.parts
    policies, context = _caller_policies_and_keys(snapshot, caller, arrived)
    made: list[Decided] = []
    for one in resolved:
        decide_check = partial(
            _decide_one, parts.engine, snapshot, caller.principal, policies, _context_of(context, one.check)
        )
        found = _resource_policies(snapshot, one, caller) if one.instead is None else one.instead
        asked = _access_check(one, caller, found)
        if one.through is None:
            made.append(decide_check(one.check, asked))
        else:
            of_point = on_access_point(snapshot, one.through, caller.principal, asked)
            made += _decide_through_point(parts.engine, snapshot, one.check, of_point, asked, decide_check)
        if not isinstance(caller, Anonymous):
            parts.last_used.note_attempt((caller.principal, one.check.action, arrived.time, caller.region))
        if not made[-1].decision.allowed:
            break
    return made


def _context_of(context: Context, check: Check) -> Context:
    """The context of the request, with the keys of aws:ViaAWSService and aws:CalledVia for a check that a service makes
    on behalf of the caller, such as the use of a key.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-viaawsservice
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-calledvia
    """
    if _THROUGH not in check.keys:
        return context
    told: dict[str, Value] = {"aws:ViaAWSService": "true"}
    if str(check.keys[_THROUGH]).startswith(_TELLS_CALLED_VIA):
        told |= _CALLED_VIA_DYNAMODB
    return replace(context, request={**context.request, **told})


def _access_check(one: Resolved, caller: AccountCaller | Anonymous, found: tuple[ResourcePolicy, ...]) -> access.Check:
    check, resource, account, told, *_ = one
    return access.Check(
        action=check.action,
        resource=resource,
        resource_account=account,
        keys=check.keys,
        resource_keys=told,
        shown=_name_in_denial(one, caller),
        by_ciphertext=check.by_ciphertext,
        policies=found,
    )


def _decide_one(
    engine: Engine,
    snapshot: Snapshot,
    principal: Principal,
    policies: Policies,
    context: Context,
    check: Check,
    asked: access.Check,
) -> Decided:
    """The decision on one check. Raises NotKnown."""
    decided = access.authorize(engine, snapshot, principal, policies, context, asked)
    _refuse_unknown(check, decided.request, decided.policies)
    return decided


def _refuse_unknown(check: Check, request: Request, policies: Policies) -> None:
    if missing := deciding_keys(request, policies, among(check.unknown)):
        raise NotKnown(check, missing)


def _decide_through_point(
    engine: Engine,
    snapshot: Snapshot,
    check: Check,
    of_point: access.Check,
    of_bucket: access.Check,
    decide_check: Callable[[Check, access.Check], Decided],
) -> list[Decided]:
    """The decision on the access point and, if it allows the request, on its bucket. Raises NotKnown."""
    on_point = replace(check, unknown=check.unknown - TAGS_TOLD)
    decided = decide_check(on_point, of_point)
    if not decided.decision.allowed:
        return [decided]
    refuse_unknown = partial(_refuse_unknown, on_point)
    return [decided, permitted(engine, snapshot, decided, decide_check(check, of_bucket), refuse_unknown)]


def _resource_policies(
    snapshot: Snapshot, one: Resolved, caller: AccountCaller | Anonymous
) -> tuple[ResourcePolicy, ...]:
    """The policies of the resource, with the grants on a key that allow the caller the action."""
    block = block_through(snapshot, one.through) if one.through is not None else NO_BLOCK
    arn = one.replica_of or one.resource
    found = policies_of(snapshot, arn, one.account, caller.principal, one.check.action, one.acl, block)
    return (*found, *grant_policies(snapshot, one.check, one.resource, one.account, caller.principal))


def _name_in_denial(one: Resolved, caller: AccountCaller | Anonymous) -> str | None:
    """What a denial names in place of the ARN: for a key of another account, the name that the caller has used.

    A caller who is denied is not told which key an alias of another account belongs to. An access point is always
    named.
    """
    sought = one.check.resource
    if one.check.shown is not None:
        return one.check.shown
    if isinstance(sought, Sought) and sought.by is SoughtBy.KMS_ALIAS and one.account != caller.principal.account:
        return sought.text
    return one.through.resource if one.through is not None else None


def _caller_policies_and_keys(
    snapshot: Snapshot, caller: AccountCaller | Anonymous, arrived: Arrived
) -> tuple[Policies, Context]:
    """The policies that apply to the caller, none if it is anonymous, and the context of its request."""
    if isinstance(caller, Anonymous):
        policies, keys = NOBODYS
        return policies, anonymous_context(keys, caller, arrived.http, arrived.time)
    policies, keys = carried_by(snapshot, caller.credential)
    return policies, caller_context(keys, caller, arrived.http, arrived.time)


@lru_cache(1024)
def among(keys: frozenset[str]) -> IsUnknown:
    """Whether a condition key is one of `keys`, some of which have an open end (`aws:ResourceTag/${TagKey}`)."""
    names = [_OPEN.split(ascii_lower(key)) for key in keys]
    whole = {parts[0] for parts in names if len(parts) == 1}
    open_ = tuple([parts[0] for parts in names if len(parts) > 1])
    return lambda key: ascii_lower(key) in whole or ascii_lower(key).startswith(open_)
