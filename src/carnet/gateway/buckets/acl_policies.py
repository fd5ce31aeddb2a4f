"""Converts access control lists to policies.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#acl-access-policy-permission-mapping
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from carnet.base.arns import root_arn
from carnet.entities.bucket import Acl, AclPermission, Bucket, Grant
from carnet.gateway.buckets.acl import AUTHENTICATED, EVERYBODY, GROUPS

_Mapping = Mapping[AclPermission, tuple[str, ...]]
_ON_BUCKET: _Mapping = {
    AclPermission.READ: ("s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:ListBucketVersions"),
    AclPermission.READ_ACP: ("s3:GetBucketAcl",),
    AclPermission.WRITE_ACP: ("s3:PutBucketAcl",),
}
_IN_BUCKET: _Mapping = {AclPermission.WRITE: ("s3:PutObject",)}
"""What a grant of a bucket's ACL allows."""
_ON_OBJECT: _Mapping = {
    AclPermission.READ: ("s3:GetObject", "s3:GetObjectVersion"),
    AclPermission.READ_ACP: ("s3:GetObjectAcl", "s3:GetObjectVersionAcl"),
    AclPermission.WRITE_ACP: ("s3:PutObjectAcl", "s3:PutObjectVersionAcl"),
}
"""What a grant of an object's ACL allows."""
BY_OBJECT_ACL = frozenset(action for actions in _ON_OBJECT.values() for action in actions)
"""Actions that the ACL of an object may allow."""


def acl_document(bucket: Bucket, acl: Acl) -> str | None:
    """The ACL of a bucket as a policy of the bucket; None if it allows nobody anything."""
    return _document(acl, bucket.partition, {bucket.arn: _ON_BUCKET, f"{bucket.arn}/*": _IN_BUCKET})


def object_acl_document(partition: str, acl: Acl) -> str | None:
    """The ACL of an object as a policy that is asked about this object alone: what a key holds is no pattern.

    None if it allows nobody anything.
    """
    return _document(acl, partition, {"*": _ON_OBJECT})


def _document(acl: Acl, partition: str, mappings: Mapping[str, _Mapping]) -> str | None:
    """INVARIANT: a document without statements is none: it could not be understood, and would deny everything."""
    statements = [one for grant in acl for one in _statements(grant, partition, mappings)]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}) if statements else None


def _statements(grant: Grant, partition: str, mappings: Mapping[str, _Mapping]) -> Iterator[dict[str, Any]]:
    who = _principal(partition, grant.grantee)
    full = grant.permission is AclPermission.FULL_CONTROL
    for resource, mapping in mappings.items():
        actions = [one for each in mapping.values() for one in each] if full else mapping.get(grant.permission)
        if who is not None and actions:
            yield {"Effect": "Allow", **who, "Action": actions, "Resource": resource}


def _principal(partition: str, grantee: str) -> dict[str, Any] | None:
    """The principal of a grant; None for the group by which S3 delivers logs, which has no members here."""
    if grantee == EVERYBODY:
        return {"Principal": "*"}
    if grantee == AUTHENTICATED:
        return {"Principal": "*", "Condition": {"Null": {"aws:PrincipalAccount": "false"}}}
    return {"Principal": {"AWS": root_arn(partition, grantee)}} if grantee not in GROUPS else None
