"""What no upstream is told of: policies, ACLs, who owns objects, what keeps a bucket from being public, whose it is.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carnet.entities.bucket import Bucket, ObjectOwnership
from carnet.gateway.kept_buckets import ANSWERED_HERE
from carnet.gateway.s3.faults import S3Fault, not_implemented

KEPT_HERE = ANSWERED_HERE | {"GetObjectAcl", "ListBuckets", "PutObjectAcl"}
"""Operations that are never sent on."""
DECIDED_ALWAYS = KEPT_HERE | {"CreateBucket", "DeleteBucket"}
"""Operations that are refused if nothing allows them, also where others are only recorded: they change what is kept."""
_ACL = "ACL"
_GRANTS = ("GrantFullControl", "GrantRead", "GrantReadACP", "GrantWrite", "GrantWriteACP")
_OF_OWNER = ("bucket-owner-full-control",)
_PRIVATE = (*_OF_OWNER, "private")


def without_acl(given: Mapping[str, Any], bucket: Bucket) -> Mapping[str, Any]:
    """The input without the ACL of the object that is made. Raises S3Fault for an ACL that would mean something."""
    grants = any(name in given for name in _GRANTS)
    if bucket.ownership is ObjectOwnership.ENFORCED:
        if grants or given.get(_ACL, *_OF_OWNER) not in _OF_OWNER:
            raise S3Fault("AccessControlListNotSupported", "The bucket does not allow ACLs")
    elif grants or given.get(_ACL, *_OF_OWNER) not in _PRIVATE:
        raise not_implemented("ACLs of objects are not kept here")
    return {name: value for name, value in given.items() if name != _ACL}
