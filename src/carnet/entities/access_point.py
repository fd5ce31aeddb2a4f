"""Access points of buckets: names of their own for a bucket, each with a policy and with switches.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from carnet.base.partitions import DEFAULT_PARTITION
from carnet.entities.entity import Tags
from carnet.entities.public_access_block import PublicAccessBlock
from carnet.entities.role import PrincipalIds

ALIAS_END = "-s3alias"
"""No bucket has a name that ends so."""
_MOST_OF_NAME = 20
"""How much of its name an access point's alias begins with: aliases have at most 63 characters."""


def access_point_arn(partition: str, region: str, account: str, name: str) -> str:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-naming.html"""
    return f"arn:{partition}:s3:{region}:{account}:accesspoint/{name}"


def access_point_alias(name: str, drawn: str) -> str:
    """The alias of a new access point; `drawn` are 34 lower-case letters and digits.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-naming.html#access-points-alias
    """
    return f"{name[:_MOST_OF_NAME]}-{drawn}{ALIAS_END}"


@dataclass(frozen=True, kw_only=True, slots=True)
class AccessPoint:
    """An access point. INVARIANT: it is of a bucket of `bucket_account`, and of no other's that gets the name later."""

    partition: str = DEFAULT_PARTITION
    account: str
    region: str
    name: str
    alias: str
    bucket: str
    """Its name."""
    bucket_account: str
    created: datetime
    vpc: str | None = None
    """The VPC that requests have to come from; None if they may come from anywhere."""
    block: PublicAccessBlock
    policy: str | None = None
    """As it was written, but for its principals (`services.bound_principals`)."""
    principal_ids: PrincipalIds = field(default_factory=dict[str, str])
    tags: Tags = field(default_factory=dict[str, str])

    @property
    def arn(self) -> str:
        return access_point_arn(self.partition, self.region, self.account, self.name)

    @property
    def origin(self) -> str:
        """As `s3:AccessPointNetworkOrigin` has it."""
        return "Internet" if self.vpc is None else "VPC"

    def resource(self, of_bucket: str) -> str:
        """The ARN by which policies know what a request asks for through it; `of_bucket` is the one in the bucket."""
        _, slash, key = of_bucket.partition("/")
        return f"{self.arn}/object/{key}" if slash else self.arn
