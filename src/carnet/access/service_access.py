"""Decides what an AWS service may do on somebody's behalf: deliver to a queue, invoke a function, assume a role.

A service has no policies of its own. The resource's policy decides, by the source on whose behalf the service acts
(`aws:SourceArn`).
https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
"""

from __future__ import annotations

from msgspec import Struct, structs

from carnet.access.authorize import Check, Decided, authorize
from carnet.directory.organization_view import organization_in
from carnet.directory.snapshot import Snapshot
from carnet.policy.compile import Engine
from carnet.policy.policies import Policies
from carnet.policy.request import Context, Principal, PrincipalKind, Value, Values

_NOBODYS = Policies()


class Source(Struct, frozen=True, kw_only=True):
    """The account and the resource on whose behalf a service acts."""

    account: str
    arn: str | None = None
    """A topic, a function, a bucket; None if it acts for no particular resource."""


def decide_for_service(
    engine: Engine, snapshot: Snapshot, service: str, source: Source, check: Check, request: Values
) -> Decided:
    """Whether a service principal (`sns.amazonaws.com`) is allowed a check; `request` holds the condition keys of the
    request that makes the service act. Raises Unavailable if an organization cannot be read."""
    keys: dict[str, Value] = {**check.keys, "aws:SourceAccount": source.account}
    if source.arn is not None:
        keys["aws:SourceArn"] = source.arn
    org_path = snapshot.org_path_of(source.account)
    if org_path is not None:
        keys |= {"aws:SourceOrgID": organization_in(org_path), "aws:SourceOrgPaths": (org_path,)}
    context = Context(
        principal={"aws:PrincipalIsAWSService": "true", "aws:PrincipalServiceName": service}, request=request
    )
    principal = Principal(kind=PrincipalKind.SERVICE, provider=service)
    return authorize(engine, snapshot, principal, _NOBODYS, context, structs.replace(check, keys=keys))
