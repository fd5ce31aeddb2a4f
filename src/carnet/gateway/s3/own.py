"""The requests that no upstream gets: about policies, ACLs, owners, and Block Public Access.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carnet.gateway.buckets.acl import ACL_MEMBERS
from carnet.gateway.buckets.bucket_operations import OF_ENCRYPTION
from carnet.gateway.buckets.bucket_tags import READS_TAGS
from carnet.gateway.buckets.kept_buckets import ANSWERED_HERE

KEPT_HERE = (ANSWERED_HERE - {READS_TAGS}) | {"GetObjectAcl", "ListBuckets", "PutObjectAcl"}
"""Operations that are never sent on."""
DECIDED_ALWAYS = (KEPT_HERE | OF_ENCRYPTION | {"CreateBucket", "DeleteBucket"}) - {"GetBucketEncryption"}
"""Operations that are refused if nothing allows them, also where others are only recorded: they change what is kept."""


def without_acl(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """The input without the ACL of the new object."""
    return {name: value for name, value in given.items() if name not in ACL_MEMBERS}
