"""The buckets behind the gateway: whose each is, and who else may use it.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingBucket.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from carnet.base.partitions import DEFAULT_PARTITION
from carnet.entities.entity import Tags
from carnet.entities.public_access_block import PublicAccessBlock
from carnet.entities.role import PrincipalIds

DEFAULT_REGION = "us-east-1"
"""Where a bucket is whose CreateBucket names no location constraint."""


class BucketState(StrEnum):
    PENDING = "pending"
    """Its name is taken; whether the upstream has made it is not known yet."""
    OWNED = "owned"


class ObjectOwnership(StrEnum):
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html"""

    ENFORCED = "BucketOwnerEnforced"
    """The bucket has no ACL but its owner's, and neither have its objects."""
    PREFERRED = "BucketOwnerPreferred"
    WRITER = "ObjectWriter"
    NONE = ""
    """Somebody has taken the setting away: as WRITER."""


class AclPermission(StrEnum):
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#permissions"""

    FULL_CONTROL = "FULL_CONTROL"
    READ = "READ"
    READ_ACP = "READ_ACP"
    WRITE = "WRITE"
    WRITE_ACP = "WRITE_ACP"


@dataclass(frozen=True, kw_only=True, slots=True)
class Grant:
    """One grant of an ACL."""

    grantee: str
    """The id of an account, or the URI of a group that Amazon S3 has."""
    permission: AclPermission


Acl = tuple[Grant, ...]


def bucket_arn(partition: str, name: str) -> str:
    return f"arn:{partition}:s3:::{name}"


@dataclass(frozen=True, kw_only=True, slots=True)
class DefaultKey:
    """The key of AWS KMS for what is written to a bucket by requests that do not say what encrypts it."""

    key: str
    """Its ARN, or its id if it is of the account and the Region of the bucket: as it was given.

    Empty for the key aws/s3."""
    bucket_key: bool
    """Whether objects are encrypted by a key of the bucket, which that one encrypts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bucket:
    """A bucket. INVARIANT: no two in a partition have one name, for its ARN is its id."""

    partition: str = DEFAULT_PARTITION
    name: str
    account: str
    """The account that owns it, and every object in it that no `ObjectAcl` gives another owner."""
    region: str
    created: datetime
    state: BucketState
    upstream: str
    """The name of the upstream that has it."""
    ownership: ObjectOwnership
    block: PublicAccessBlock | None
    acl: Acl
    policy: str | None = None
    """As it was written, but for its principals (`services.bound_principals`)."""
    principal_ids: PrincipalIds = field(default_factory=dict[str, str])
    default_key: DefaultKey | None = None
    """INVARIANT: no upstream is told of it. Each write names it, so that what is decided on is what encrypts."""

    tags: Tags | None = None
    """None if they were put before tags were kept here: the upstream has them."""
    abac: bool = False
    """Whether its tags meet conditions (`aws:ResourceTag`, `s3:BucketTag`) on it and on what is in it."""

    @property
    def arn(self) -> str:
        return bucket_arn(self.partition, self.name)
