"""Access control lists of buckets.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from carnet.base.arns import root_arn
from carnet.base.canonical_users import account_of, canonical_user_id
from carnet.base.faults import Refused
from carnet.entities.bucket import Acl, AclPermission, Bucket, Grant, ObjectOwnership

EVERYBODY = "http://acs.amazonaws.com/groups/global/AllUsers"
AUTHENTICATED = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
_LOG_DELIVERY = "http://acs.amazonaws.com/groups/s3/LogDelivery"
_GROUPS = frozenset((EVERYBODY, AUTHENTICATED, _LOG_DELIVERY))
_PUBLIC = frozenset((EVERYBODY, AUTHENTICATED))
MOST_GRANTS = 100
_HEADERS = {
    "GrantFullControl": AclPermission.FULL_CONTROL,
    "GrantRead": AclPermission.READ,
    "GrantReadACP": AclPermission.READ_ACP,
    "GrantWrite": AclPermission.WRITE,
    "GrantWriteACP": AclPermission.WRITE_ACP,
}
ACL_MEMBERS = frozenset(("ACL", "AccessControlPolicy", *_HEADERS))
_GRANTEE = re.compile(r'\s*(id|uri|emailAddress)\s*=\s*"?([^",]*)"?\s*', re.ASCII)
_CANNED: Mapping[str, tuple[tuple[str, AclPermission], ...]] = {
    "private": (),
    "bucket-owner-read": (),
    "bucket-owner-full-control": (),
    "public-read": ((EVERYBODY, AclPermission.READ),),
    "public-read-write": ((EVERYBODY, AclPermission.READ), (EVERYBODY, AclPermission.WRITE)),
    "authenticated-read": ((AUTHENTICATED, AclPermission.READ),),
    "log-delivery-write": ((_LOG_DELIVERY, AclPermission.WRITE), (_LOG_DELIVERY, AclPermission.READ_ACP)),
}
"""What they grant beside all to the owner.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl
"""


def asked_ownership(given: str | None) -> ObjectOwnership | None:
    """The setting of that name; None if there is none."""
    return ObjectOwnership(given) if given and given in frozenset(ObjectOwnership) else None


def private(owner: str) -> Acl:
    """The ACL of what nobody has given one: all to the owning account."""
    return (Grant(grantee=owner, permission=AclPermission.FULL_CONTROL),)


def is_public(acl: Acl) -> bool:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status"""
    return any(grant.grantee in _PUBLIC for grant in acl)


def asked_acl(members: Mapping[str, Any], owner: str) -> Acl | None:
    """The ACL that a request sets, by a canned one, by grants in its headers or in its body; None if it sets none.

    Raises Refused.
    """
    canned, body = members.get("ACL"), members.get("AccessControlPolicy")
    headers = {name: members[name] for name in _HEADERS if members.get(name) is not None}
    if canned is not None and headers:
        raise Refused("InvalidRequest", "Specifying both Canned ACLs and Header Grants is not allowed")
    if body is not None and (canned is not None or headers):
        raise Refused("UnexpectedContent", "This request does not support content")
    if canned is not None:
        return _of_canned(canned, owner)
    if headers:
        return _checked([grant for name, value in headers.items() for grant in _of_header(_HEADERS[name], value)])
    return _of_body(body, owner) if body is not None else None


def _of_canned(canned: str, owner: str) -> Acl:
    if canned not in _CANNED:
        raise Refused("InvalidArgument", "Invalid canned ACL")
    return (*private(owner), *(Grant(grantee=who, permission=what) for who, what in _CANNED[canned]))


def _of_header(permission: AclPermission, value: str) -> Iterator[Grant]:
    for part in value.split(","):
        found = _GRANTEE.fullmatch(part)
        if found is None:
            raise Refused("InvalidArgument", "Argument format not recognized")
        yield Grant(grantee=_grantee({"id": "ID", "uri": "URI"}.get(found[1], ""), found[2]), permission=permission)


def _of_body(body: Mapping[str, Any], owner: str) -> Acl:
    if (body.get("Owner") or {}).get("ID") != canonical_user_id(owner):
        raise Refused("AccessDenied", "Access Denied")
    return _checked([_of_element(one) for one in body.get("Grants") or ()])


def _of_element(grant: Mapping[str, Any]) -> Grant:
    grantee, permission = grant.get("Grantee") or {}, grant.get("Permission")
    named = {"CanonicalUser": "ID", "Group": "URI"}.get(grantee.get("Type", ""), "")
    if permission not in frozenset(AclPermission):
        raise _malformed()
    return Grant(grantee=_grantee(named, str(grantee.get(named, ""))), permission=AclPermission(permission))


def _grantee(named: str, value: str) -> str:
    """An account's id or a group, from how the request names it."""
    if named == "URI":
        if value not in _GROUPS:
            raise Refused("InvalidArgument", "Invalid group uri")
        return value
    if named != "ID":
        raise Refused("NotImplemented", "Grantees are named by the canonical ids of accounts, or are groups.")
    account = account_of(value)
    if account is None:
        raise Refused("InvalidArgument", "Invalid id")
    return account


def _checked(grants: list[Grant]) -> Acl:
    if len(grants) > MOST_GRANTS:
        raise _malformed()
    return tuple(dict.fromkeys(grants))


def _malformed() -> Refused:
    return Refused(
        "MalformedACLError", "The XML you provided was not well-formed or did not validate against our published schema"
    )


def acl_without_ownership() -> Refused:
    return Refused(
        "InvalidBucketAclWithObjectOwnership",
        "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
    )


def shown_acl(acl: Acl, owner: str) -> dict[str, Any]:
    """The members of an answer that has the ACL."""
    return {"Owner": {"ID": canonical_user_id(owner)}, "Grants": [_shown(grant) for grant in acl]}


def _shown(grant: Grant) -> dict[str, Any]:
    if grant.grantee in _GROUPS:
        return {"Grantee": {"Type": "Group", "URI": grant.grantee}, "Permission": grant.permission.value}
    return {
        "Grantee": {"Type": "CanonicalUser", "ID": canonical_user_id(grant.grantee)},
        "Permission": grant.permission.value,
    }


def without_public(acl: Acl) -> Acl:
    """What is left of an ACL if its public grants count for nothing."""
    return tuple([grant for grant in acl if grant.grantee not in _PUBLIC])


_OF_BUCKET: Mapping[AclPermission, tuple[str, ...]] = {
    AclPermission.READ: ("s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:ListBucketVersions"),
    AclPermission.READ_ACP: ("s3:GetBucketAcl",),
    AclPermission.WRITE_ACP: ("s3:PutBucketAcl",),
}
_OF_OBJECTS: Mapping[AclPermission, tuple[str, ...]] = {AclPermission.WRITE: ("s3:PutObject",)}
"""What a grant of a bucket's ACL allows.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#acl-access-policy-permission-mapping
"""


def acl_document(bucket: Bucket, acl: Acl) -> str:
    """The ACL of a bucket as a policy of it."""
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [one for grant in acl for one in _statements(bucket, grant)]}
    )


def _statements(bucket: Bucket, grant: Grant) -> Iterator[dict[str, Any]]:
    who = _principal(bucket.partition, grant.grantee)
    full = grant.permission is AclPermission.FULL_CONTROL
    for resource, mapping in ((bucket.arn, _OF_BUCKET), (f"{bucket.arn}/*", _OF_OBJECTS)):
        actions = [one for each in mapping.values() for one in each] if full else mapping.get(grant.permission)
        if who is not None and actions:
            yield {"Effect": "Allow", **who, "Action": actions, "Resource": resource}


def _principal(partition: str, grantee: str) -> dict[str, Any] | None:
    """Whom a grant names; None for the group by which S3 delivers logs, of which nobody is here."""
    if grantee == EVERYBODY:
        return {"Principal": "*"}
    if grantee == AUTHENTICATED:
        return {"Principal": "*", "Condition": {"Null": {"aws:PrincipalAccount": "false"}}}
    return {"Principal": {"AWS": root_arn(partition, grantee)}} if grantee not in _GROUPS else None
