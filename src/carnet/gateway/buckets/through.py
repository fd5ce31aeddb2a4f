"""Requests through an access point: the access point has to permit them, and so has its bucket.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html

Policies of the caller name the resource by the ARN of the access point, bucket policies by the ARN of the bucket. If
the bucket is in the caller's account, it is enough that the caller's own policies allow the request on the access
point. The policy of a bucket in another account has to allow it, too, and may delegate to access points
(`s3:DataAccessPointAccount`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from msgspec.structs import replace

from carnet.access.authorize import Check, Decided
from carnet.access.documents import everything_allowed
from carnet.access.request_context import resource_keys
from carnet.directory.snapshot import Snapshot
from carnet.entities.access_point import AccessPoint
from carnet.entities.public_access_block import EVERYTHING_BLOCKED, PublicAccessBlock
from carnet.gateway.buckets.access_point_policies import own_block, policies_of_access_point
from carnet.gateway.buckets.access_points import with_arn
from carnet.policy.compile import Engine
from carnet.policy.decision import Verdict
from carnet.policy.policies import Policies, ResourcePolicy
from carnet.policy.request import Context, Principal, PrincipalKind, Request, Value

_OWNER = "s3:ResourceAccount"
_RESOURCE_TAG, _TAG = "aws:ResourceTag/", "s3:AccessPointTag/"
TAGS_TOLD = frozenset((f"{_RESOURCE_TAG}${{TagKey}}", f"{_TAG}${{TagKey}}"))
"""Keys, as the reference lists them, that are known of an access point."""


class Through(NamedTuple):
    """The access point that a request names instead of the bucket."""

    access_point: str
    """Its ARN. INVARIANT: the access point is looked up where it is decided, at one revision with all else."""
    account: str
    resource: str
    """The ARN of what is asked for, as the access point has it."""


def through(point: AccessPoint, resource: str) -> Through:
    """The access point of a request for something in its bucket, whose ARN is `resource`."""
    return Through(point.arn, point.account, point.resource(resource))


def keys_of(point: AccessPoint) -> dict[str, Value]:
    """The condition keys of an access point, for checks on it and on its bucket."""
    return {
        "s3:AccessPointNetworkOrigin": point.origin,
        "s3:DataAccessPointAccount": point.account,
        "s3:DataAccessPointArn": point.arn,
    }


def tags_of(point: AccessPoint) -> dict[str, Value]:
    """The condition keys of the access point's tags."""
    return {f"{prefix}{key}": value for prefix in (_RESOURCE_TAG, _TAG) for key, value in point.tags.items()}


def block_through(snapshot: Snapshot, through: Through) -> PublicAccessBlock:
    """The Block Public Access settings that apply to a bucket for requests through the access point, beside its own."""
    point = with_arn(snapshot, through.access_point)
    return own_block(snapshot, point) if point is not None else EVERYTHING_BLOCKED


def on_access_point(snapshot: Snapshot, through: Through, principal: Principal, of_bucket: Check) -> Check:
    """What a check on a bucket, or on what is in it, asks of the access point. One that is gone denies everything."""
    point, keys = with_arn(snapshot, through.access_point), of_bucket.keys
    return Check(
        action=of_bucket.action,
        resource=through.resource,
        resource_account=through.account,
        keys={**keys, _OWNER: through.account} if _OWNER in keys else keys,
        resource_keys={**_without_tags(of_bucket.resource_keys), **(tags_of(point) if point is not None else {})},
        policies=(
            policies_of_access_point(snapshot, point, principal)
            if point is not None
            else (ResourcePolicy(policy=None, account=through.account),)
        ),
    )


def _without_tags(of_bucket: Mapping[str, Value]) -> Mapping[str, Value]:
    """What look-ups have told of the bucket and of what is in it: the tags of the resource are another's."""
    return {key: value for key, value in of_bucket.items() if not key.startswith(_RESOURCE_TAG)}


def permitted(
    engine: Engine,
    snapshot: Snapshot,
    of_point: Decided,
    of_bucket: Decided,
    refuse_unknown: Callable[[Request, Policies], None],
) -> Decided:
    """Whether the bucket permits what its access point does; `of_bucket` is the decision on the bucket alone.

    `refuse_unknown` raises if a decision depends on what is not known of the request.
    """
    if of_bucket.decision.verdict is not Verdict.IMPLICIT_DENY:
        return of_bucket
    request, policies = _caller_alone(snapshot, of_point, of_bucket)
    refuse_unknown(request, policies)
    if policies.session or policies.scope_down:
        engine_of_caller = engine.for_sessions(request.principal.account)
    else:
        engine_of_caller = engine
    if not engine_of_caller.decide(request, policies).allowed:
        return of_bucket
    consented = _bucket_policies_for(of_bucket)
    decision = engine.decide(of_bucket.request, consented)
    return Decided(check=of_bucket.check, request=of_bucket.request, policies=consented, decision=decision)


def _bucket_policies_for(of_bucket: Decided) -> Policies:
    """The policies on the bucket, for a caller whose own account allows the request on the access point."""
    federated = of_bucket.request.principal.kind is PrincipalKind.FEDERATED_USER
    unrestricted = everything_allowed("what the caller may do on the access point")
    return replace(
        of_bucket.policies,
        identity=(unrestricted,),
        attached=(),
        boundary=None,
        session=(unrestricted,) if federated else None,
        scope_down=(),
        scp=(),
        scp_attached=(),
    )


def _caller_alone(snapshot: Snapshot, of_point: Decided, of_bucket: Decided) -> tuple[Request, Policies]:
    """What is asked of the caller's account: whether it allows this on the access point.

    The question is about a resource of the bucket's account.

    INVARIANT: conditions on the account of the resource see the account of the bucket, so that an access point of
    one's own on the bucket of another account evades none of them. For a bucket of another account, the policy of an
    access point in the caller's account counts as well as the caller's policies; for a bucket of the caller's
    account, only the caller's policies count.
    """
    request, principal = of_point.request, of_point.request.principal
    bucket = of_bucket.request.resource_account
    counts = principal.account == request.resource_account != bucket
    keys = request.context.request
    asked = Request(
        principal=principal,
        action=request.action,
        resource=request.resource,
        resource_account=principal.account,
        context=Context(
            principal=request.context.principal,
            request={**keys, _OWNER: bucket} if _OWNER in keys else keys,
            resource={**of_point.check.resource_keys, **resource_keys(snapshot, bucket)},
        ),
    )
    policies = of_point.policies
    return asked, replace(policies, resource=policies.resource if counts else (), rcp=(), rcp_attached=())
