"""Decides a request to Amazon S3: what it needs, whose that is, and what the policies say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from carnet.access.authorize import Decided
from carnet.access.denial import denial_sentence
from carnet.gateway.buckets import resolved as with_owner
from carnet.gateway.check import Check, Refusal, Sought
from carnet.gateway.deciding import NotKnown, Resolved, decide
from carnet.gateway.mapping import mapped
from carnet.gateway.s3.arriving import REQUEST_KEYS
from carnet.gateway.s3.call import S3Call
from carnet.gateway.s3.faults import DENIED, S3Fault, not_implemented
from carnet.gateway.s3.tags import OF_OBJECT, with_object_tags
from carnet.gateway.services.s3_names import BUCKET
from carnet.services.execution import Execution

_PRINCIPAL_ORG, _RESOURCE_ORG = "aws:PrincipalOrgID", "aws:ResourceOrgID"
_SHORT = "Access Denied"


def needed(execution: Execution, call: S3Call, given: Mapping[str, Any]) -> tuple[Resolved, ...]:
    """What an input needs, and the accounts that own it. Raises S3Fault, and Refused for a bucket nobody owns."""
    literal = call.exchange.settings.profile.literal_keys
    checks = mapped("s3", call.operation.name, given, call.scope, literal_keys=literal)
    if isinstance(checks, Refusal):
        raise S3Fault(checks.code, checks.message)
    snapshot = execution.directory.snapshot
    resolved = []
    for check in checks:
        if isinstance(check.resource, Sought):
            raise not_implemented("the KMS key is named by an alias, and not by its id")
        resolved.append(with_owner(snapshot, _with_request_keys(call, check)))
    call.owner = resolved[0].account
    return tuple(resolved)


def _with_request_keys(call: S3Call, check: Check) -> Check:
    return replace(check, keys={**check.keys, **call.keys}, unknown=check.unknown - REQUEST_KEYS - call.keys.keys())


async def allowed(execution: Execution, call: S3Call, resolved: tuple[Resolved, ...]) -> None:
    """Raises S3Fault if the request is not allowed, unless what is sent to the upstream is only recorded."""
    call.decided += await decided(execution, call, resolved)
    if not call.decided[-1].decision.allowed and call.binds:
        raise denial(call.decided[-1])


async def decided(execution: Execution, call: S3Call, resolved: Iterable[Resolved]) -> list[Decided]:
    """Every check up to the first that is denied. The tags of objects are looked up if a policy asks for them.

    Raises NotKnown, LookupFailed, and Unavailable.
    """
    asked = list(resolved)
    snapshot = execution.directory.snapshot
    try:
        return decide(execution, snapshot, call.caller, call.arrived, asked)
    except NotKnown as unknown:
        if not any(key.startswith(OF_OBJECT) for key in unknown.keys):
            raise
        told = [await with_object_tags(call, one) for one in asked]
    return decide(execution, snapshot, call.caller, call.arrived, told)


async def refuse_unless_listed(execution: Execution, call: S3Call, bucket: str) -> None:
    """Whether an object is there is told to those who may list its bucket. Raises S3Fault for others.

    `bucket` is an ARN. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    """
    listing = Check(action="s3:ListBucket", resource=bucket, account=None, type=BUCKET)
    (told,) = await decided(execution, call, (with_owner(execution.directory.snapshot, listing),))
    if not told.decision.allowed:
        call.decided.append(told)
        raise denial(told)


def denial(last: Decided) -> S3Fault:
    """What is told of a denial: who, what and why only to callers of the account or of its organization.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html
    """
    request = last.request
    organization = request.context.principal.get(_PRINCIPAL_ORG)
    within = request.principal.account == request.resource_account or (
        organization is not None and organization == request.context.resource.get(_RESOURCE_ORG)
    )
    if not within:
        return S3Fault(DENIED, _SHORT)
    shown = last.check.shown or last.check.resource
    return S3Fault(DENIED, denial_sentence(last).replace(f" on resource: {shown}", f' on resource: "{shown}"'))
