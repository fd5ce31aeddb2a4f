"""Decides a request to Amazon S3: the checks that it needs, the owners of the resources, and the decision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from msgspec.structs import replace

from carnet.access.authorize import Decided
from carnet.access.denial import denial_sentence
from carnet.directory.snapshot import Snapshot
from carnet.entities.access_point import AccessPoint
from carnet.gateway.buckets.acl_policies import BY_OBJECT_ACL
from carnet.gateway.buckets.default_key import MAKES, named_by_default
from carnet.gateway.buckets.object_acls import in_force, likely, with_acl
from carnet.gateway.buckets.owners import owned_bucket
from carnet.gateway.buckets.owners import resolved as with_owner
from carnet.gateway.buckets.through import keys_of, through
from carnet.gateway.checks.check import Check, Refusal, Sought
from carnet.gateway.checks.mapping import mapped
from carnet.gateway.checks.services import kms
from carnet.gateway.deciding import NotKnown, Resolved, decide
from carnet.gateway.s3.arriving import REQUEST_KEYS
from carnet.gateway.s3.call import READS, S3Call
from carnet.gateway.s3.decrypting import of_parts
from carnet.gateway.s3.faults import DENIED, S3Fault, not_implemented, unsigned_key
from carnet.gateway.s3.key_aliases import refuse_missing, with_key
from carnet.gateway.s3.retention import REMAINING_DAYS, remaining_days
from carnet.gateway.s3.tags import OF_OBJECT, with_object_tags
from carnet.gateway.upstreams.configured import UpstreamSettings
from carnet.policy.decision import Verdict
from carnet.services.execution import Execution

_BY_ACL = {
    **dict.fromkeys(("CopyObject", "GetObject", "GetObjectAttributes", "HeadObject", "UploadPartCopy"), READS),
    **dict.fromkeys(("GetObjectAcl", "PutObjectAcl"), BY_OBJECT_ACL - READS),
}
"""Actions of operations that the ACL of an object may allow, for the upstream tells which object it is."""
_OWNER = "s3:ResourceAccount"
_OF_TLS = frozenset(("s3:TlsVersion",))
"""What a request without TLS does not have."""
_PRINCIPAL_ORG, _RESOURCE_ORG = "aws:PrincipalOrgID", "aws:ResourceOrgID"
_SHORT = "Access Denied"
_OVERRIDES = frozenset(
    (
        *("ResponseCacheControl", "ResponseContentDisposition", "ResponseContentEncoding"),
        *("ResponseContentLanguage", "ResponseContentType", "ResponseExpires"),
    )
)
"""Parameters that set headers of the answer, which only signed requests may have: by them, anybody could write a link
that shows a public object as a web page.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
"""
_UNSIGNED_OVERRIDES = "Request specific response headers cannot be used for anonymous GET requests."


async def needed(execution: Execution, call: S3Call, given: Mapping[str, Any]) -> tuple[Resolved, ...]:
    """The checks that an input needs, each with the account that owns its resource.

    Raises S3Fault, Refused for a bucket that nobody owns, and as `with_key`.
    """
    literal = call.exchange.settings.profile.literal_keys
    checks = mapped("s3", call.operation.name, given, call.scope, literal_keys=literal)
    if isinstance(checks, Refusal):
        raise S3Fault(checks.code, checks.message)
    if call.is_anonymous and not _OVERRIDES.isdisjoint(given):
        raise S3Fault("InvalidRequest", _UNSIGNED_OVERRIDES)
    snapshot = execution.directory.snapshot
    if call.operation.name in MAKES:
        checks = _with_default_key(snapshot, call, given, checks)
    resolved = []
    for check in checks:
        if isinstance(check.resource, Sought):
            resolved.append(await with_key(call, _with_request_keys(call, check), check.resource))
            continue
        resolved.append(_resolve(snapshot, call, check, call.point_of(check)))
    call.owner = resolved[0].account
    resolved += of_parts(snapshot, call, given)
    if call.is_anonymous and any(one.check.type == kms.KEY for one in resolved):
        raise unsigned_key()
    return tuple([_by_acl(snapshot, one) if is_by_acl(call, one) else one for one in resolved])


def _resolve(snapshot: Snapshot, call: S3Call, check: Check, point: AccessPoint | None) -> Resolved:
    """A check with its owner, and with the access point that it is asked through. Raises Refused as `with_owner`."""
    one = _with_owner_key(with_owner(snapshot, _with_request_keys(call, check)))
    if point is None:
        return one
    check = replace(one.check, keys={**one.check.keys, **keys_of(point)})
    return one._replace(check=check, through=through(point, one.resource))


def _with_default_key(
    snapshot: Snapshot, call: S3Call, given: Mapping[str, Any], checks: tuple[Check, ...]
) -> tuple[Check, ...]:
    """The checks, and those on the key of the bucket's default encryption as if the request had named it.

    INVARIANT: what the call has `by_default` is sent on, so that no later default takes the place of what is decided.
    Condition keys of Amazon S3 tell what the request names, and no default.
    """
    assert isinstance(checks[0].resource, str), "objects are named by their ARNs"
    call.by_default = named_by_default(owned_bucket(snapshot, checks[0].resource), given)
    if not call.by_default:
        return checks
    settings = call.exchange.settings
    refuse_untold(settings)
    literal = settings.profile.literal_keys
    named = mapped("s3", call.operation.name, {**given, **call.by_default}, call.scope, literal_keys=literal)
    if isinstance(named, Refusal):
        raise S3Fault(named.code, named.message)
    return (*(one for one in checks if one.type != kms.KEY), *(one for one in named if one.type == kms.KEY))


def refuse_untold(settings: UpstreamSettings) -> None:
    """Raises S3Fault for an upstream of which nobody would know whose permission it takes to read what is written."""
    if not settings.profile.tells_keys:
        raise not_implemented(f"{settings.name} is not known to tell which key of AWS KMS has encrypted an object")


def is_by_acl(call: S3Call, one: Resolved) -> bool:
    """Whether the ACL of the object may allow the request."""
    return one.check.action in _BY_ACL.get(call.operation.name, ())


def _by_acl(snapshot: Snapshot, one: Resolved) -> Resolved:
    """The check, by the ACL that the object is likely to have: the upstream's answer tells which it has (`s3.acls`)."""
    kept = in_force(snapshot, one.resource)
    if not kept:
        return one
    version = one.check.keys.get("s3:versionid")
    of_object = likely(kept, version if isinstance(version, str) else None)
    return with_acl(one, of_object, owned_bucket(snapshot, one.resource))


def _with_request_keys(call: S3Call, check: Check) -> Check:
    told = REQUEST_KEYS if call.head.secure else REQUEST_KEYS | _OF_TLS
    keys = {**check.keys, **call.keys, **(remaining_days(call) if REMAINING_DAYS in check.unknown else {})}
    return replace(check, keys=keys, unknown=check.unknown.difference(told, keys, (REMAINING_DAYS,)))


def _with_owner_key(one: Resolved) -> Resolved:
    """With the account that owns the bucket, if it is a check that has the key."""
    check = one.check
    if _OWNER not in check.unknown:
        return one
    return one._replace(
        check=replace(check, keys={**check.keys, _OWNER: one.account}, unknown=check.unknown - {_OWNER})
    )


async def allowed(execution: Execution, call: S3Call, resolved: tuple[Resolved, ...]) -> None:
    """Raises S3Fault if the request is not allowed, unless what is sent to the upstream is only recorded.

    An object is not known yet to be of another account than its bucket, if it is likely: either may allow it here.
    """
    resolved, made = await _decide_with_tags(execution, call, resolved)
    if not made[-1].decision.allowed and any(map(_is_anothers, resolved)):
        resolved, made = await _decide_with_tags(execution, call, _as_of_bucket(execution.directory.snapshot, resolved))
    _note_decisions(call, resolved, made)


async def allowed_by(execution: Execution, call: S3Call, resolved: Iterable[Resolved]) -> None:
    """As `allowed`, once the upstream has told which object the request is about."""
    again, made = await _decide_with_tags(execution, call, resolved)
    _note_decisions(call, again, made)


def _note_decisions(call: S3Call, resolved: tuple[Resolved, ...], made: list[Decided]) -> None:
    call.needs = resolved
    call.decided += made
    if not made[-1].decision.allowed and call.binds:
        raise denial(made[-1])
    refuse_missing(call)


def _is_anothers(one: Resolved) -> bool:
    """Whether the object belongs to another account than its bucket."""
    return one.acl is not None and one.acl.owner != one.acl.account


def _as_of_bucket(snapshot: Snapshot, resolved: Iterable[Resolved]) -> tuple[Resolved, ...]:
    return tuple(
        with_acl(one, None, owned_bucket(snapshot, one.resource)) if one.acl is not None else one for one in resolved
    )


async def decided(execution: Execution, call: S3Call, resolved: Iterable[Resolved]) -> list[Decided]:
    """Every check up to the first that is denied. The tags of objects are looked up if a policy asks for them.

    Raises NotKnown, LookupFailed, and Unavailable.
    """
    return (await _decide_with_tags(execution, call, resolved))[1]


async def _decide_with_tags(
    execution: Execution, call: S3Call, resolved: Iterable[Resolved]
) -> tuple[tuple[Resolved, ...], list[Decided]]:
    """The checks with what was looked up, and `decided`."""
    asked = tuple(resolved)
    snapshot = execution.directory.snapshot
    try:
        return asked, await call.deciding(partial(_decide, execution, snapshot, call, asked))
    except NotKnown as unknown:
        if not any(key.startswith(OF_OBJECT) for key in unknown.keys):
            raise
        told = tuple([await with_object_tags(call, one) for one in asked])
    return told, await call.deciding(partial(_decide, execution, snapshot, call, told))


def _decide(execution: Execution, snapshot: Snapshot, call: S3Call, asked: tuple[Resolved, ...]) -> list[Decided]:
    """INVARIANT: what denies something in a bucket denies it of objects that another account owns, too."""
    for one in _as_of_bucket(snapshot, filter(_is_anothers, asked)):
        *_, made = decide(execution, snapshot, call.caller, call.arrived, (one,))
        if made.decision.verdict is Verdict.EXPLICIT_DENY:
            return [made]
    return decide(execution, snapshot, call.caller, call.arrived, asked)


def needed_by(
    execution: Execution, call: S3Call, operation: str, given: Mapping[str, Any], point: AccessPoint | None
) -> tuple[Resolved, ...]:
    """What another operation would need, on what the request names. Raises Refused as `with_owner`."""
    literal = call.exchange.settings.profile.literal_keys
    checks = mapped("s3", operation, given, call.scope, literal_keys=literal)
    assert not isinstance(checks, Refusal), "it is on what the request names, which could be read"
    snapshot = execution.directory.snapshot
    return tuple([_resolve(snapshot, call, check, point) for check in checks])


async def refuse_unless_listed(execution: Execution, call: S3Call, bucket: str, point: AccessPoint | None) -> None:
    """Whether an object is there is told to those who may list its bucket. Raises S3Fault for others.

    `bucket` is an ARN, `point` the access point through which the object is asked for. What the policies ask for and is
    not known is a denial. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    """
    asked = needed_by(execution, call, "HeadBucket", {"Bucket": bucket.rpartition(":")[2]}, point)
    try:
        *_, told = await decided(execution, call, asked)
    except NotKnown:
        raise S3Fault(DENIED, _SHORT) from None
    if not told.decision.allowed:
        call.decided.append(told)
        raise denial(told)


def denial(last: Decided) -> S3Fault:
    """The error for a denial. Only callers of the resource's account or organization are told who, what and why.

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
