"""Access control lists of buckets and objects: reading those in requests, and answering them.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from carnet.base.canonical_users import account_of, canonical_user_id
from carnet.base.faults import Refused
from carnet.entities.bucket import Acl, AclPermission, Grant, ObjectOwnership
from carnet.gateway.s3_sentences import XML_MALFORMED

EVERYBODY = "http://acs.amazonaws.com/groups/global/AllUsers"
AUTHENTICATED = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
_LOG_DELIVERY = "http://acs.amazonaws.com/groups/s3/LogDelivery"
GROUPS = frozenset((EVERYBODY, AUTHENTICATED, _LOG_DELIVERY))
_PUBLIC = frozenset((EVERYBODY, AUTHENTICATED))
MOST_GRANTS = 100
BUCKET_OWNER_FULL_CONTROL = "bucket-owner-full-control"
_BUCKET_OWNER = "the bucket's owner"
"""Stands for an account in the canned ACLs that name it: of a bucket it is the owner itself."""
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
    "bucket-owner-read": ((_BUCKET_OWNER, AclPermission.READ),),
    BUCKET_OWNER_FULL_CONTROL: ((_BUCKET_OWNER, AclPermission.FULL_CONTROL),),
    "public-read": ((EVERYBODY, AclPermission.READ),),
    "public-read-write": ((EVERYBODY, AclPermission.READ), (EVERYBODY, AclPermission.WRITE)),
    "authenticated-read": ((AUTHENTICATED, AclPermission.READ),),
    "log-delivery-write": ((_LOG_DELIVERY, AclPermission.WRITE), (_LOG_DELIVERY, AclPermission.READ_ACP)),
}
"""What they grant beside all to the owner.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl
"""


def asked_ownership(given: str | None) -> ObjectOwnership | None:
    """The Object Ownership setting of that name; None if there is none."""
    return ObjectOwnership(given) if given and given in frozenset(ObjectOwnership) else None


def private(owner: str) -> Acl:
    """The default ACL: full control for the owning account."""
    return (Grant(grantee=owner, permission=AclPermission.FULL_CONTROL),)


def is_public(acl: Acl) -> bool:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status"""
    return any(grant.grantee in _PUBLIC for grant in acl)


def asked_acl(members: Mapping[str, Any], owner: str, bucket_owner: str | None = None) -> Acl | None:
    """The ACL that a request sets, by a canned one, by grants in its headers or in its body; None if it sets none.

    `owner` owns what gets the ACL: a bucket, or an object in a bucket of `bucket_owner`. Raises Refused.
    """
    canned, body = members.get("ACL"), members.get("AccessControlPolicy")
    headers = {name: members[name] for name in _HEADERS if members.get(name) is not None}
    if canned is not None and headers:
        raise Refused("InvalidRequest", "Specifying both Canned ACLs and Header Grants is not allowed")
    if body is not None and (canned is not None or headers):
        raise Refused("UnexpectedContent", "This request does not support content")
    if canned is not None:
        return _of_canned(canned, owner, bucket_owner or owner)
    if headers:
        return _without_duplicates(
            [grant for name, value in headers.items() for grant in _of_header(_HEADERS[name], value)]
        )
    return _of_body(body, owner) if body is not None else None


def required_acl(members: Mapping[str, Any], owner: str, bucket_owner: str | None = None) -> Acl:
    """The ACL that a request sets, as `asked_acl` reads it. Raises Refused if it sets none."""
    acl = asked_acl(members, owner, bucket_owner)
    if acl is None:
        raise Refused("MissingSecurityHeader", "Your request was missing a required header")
    return acl


def _of_canned(canned: str, owner: str, bucket_owner: str) -> Acl:
    if canned not in _CANNED:
        raise Refused("InvalidArgument", "Invalid canned ACL")
    named = ((bucket_owner if who == _BUCKET_OWNER else who, what) for who, what in _CANNED[canned])
    return (*private(owner), *(Grant(grantee=who, permission=what) for who, what in named if who != owner))


def _of_header(permission: AclPermission, value: str) -> Iterator[Grant]:
    for part in value.split(","):
        found = _GRANTEE.fullmatch(part)
        if found is None:
            raise Refused("InvalidArgument", "Argument format not recognized")
        yield Grant(grantee=_grantee({"id": "ID", "uri": "URI"}.get(found[1], ""), found[2]), permission=permission)


def _of_body(body: Mapping[str, Any], owner: str) -> Acl:
    if (body.get("Owner") or {}).get("ID") != canonical_user_id(owner):
        raise Refused("AccessDenied", "Access Denied")
    return _without_duplicates([_of_element(one) for one in body.get("Grants") or ()])


def _of_element(grant: Mapping[str, Any]) -> Grant:
    grantee, permission = grant.get("Grantee") or {}, grant.get("Permission")
    named = {"CanonicalUser": "ID", "Group": "URI"}.get(grantee.get("Type", ""), "")
    if permission not in frozenset(AclPermission):
        raise _malformed_acl()
    return Grant(grantee=_grantee(named, str(grantee.get(named, ""))), permission=AclPermission(permission))


def _grantee(named: str, value: str) -> str:
    """The account's id or the group in a request's grant."""
    if named == "URI":
        if value not in GROUPS:
            raise Refused("InvalidArgument", "Invalid group uri")
        return value
    if named != "ID":
        raise Refused("NotImplemented", "Grantees are named by the canonical ids of accounts, or are groups.")
    account = account_of(value)
    if account is None:
        raise Refused("InvalidArgument", "Invalid id")
    return account


def _without_duplicates(grants: list[Grant]) -> Acl:
    if len(grants) > MOST_GRANTS:
        raise _malformed_acl()
    return tuple(dict.fromkeys(grants))


def _malformed_acl() -> Refused:
    return Refused("MalformedACLError", XML_MALFORMED)


def acl_without_ownership() -> Refused:
    return Refused(
        "InvalidBucketAclWithObjectOwnership",
        "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
    )


def shown_acl(acl: Acl, owner: str) -> dict[str, Any]:
    """The members of an answer that shows the ACL."""
    return {"Owner": {"ID": canonical_user_id(owner)}, "Grants": [_grant_members(grant) for grant in acl]}


def _grant_members(grant: Grant) -> dict[str, Any]:
    if grant.grantee in GROUPS:
        return {"Grantee": {"Type": "Group", "URI": grant.grantee}, "Permission": grant.permission.value}
    return {
        "Grantee": {"Type": "CanonicalUser", "ID": canonical_user_id(grant.grantee)},
        "Permission": grant.permission.value,
    }


def without_public(acl: Acl) -> Acl:
    """The ACL without its public grants."""
    return tuple([grant for grant in acl if grant.grantee not in _PUBLIC])
