"""What keeps buckets from being public: of one bucket, and of all that an account has.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class PublicAccessBlock:
    """The four switches. A bucket is held to its own and to those of its owner's account."""

    block_public_acls: bool = False
    """Public ACLs are refused when they are put."""
    ignore_public_acls: bool = False
    """What ACLs grant to everybody counts for nothing."""
    block_public_policy: bool = False
    """Public policies are refused when they are put."""
    restrict_public_buckets: bool = False
    """A public policy allows nobody but the owner's account and services of AWS."""

    def with_(self, other: PublicAccessBlock) -> PublicAccessBlock:
        """What is on in either."""
        return PublicAccessBlock(
            block_public_acls=self.block_public_acls or other.block_public_acls,
            ignore_public_acls=self.ignore_public_acls or other.ignore_public_acls,
            block_public_policy=self.block_public_policy or other.block_public_policy,
            restrict_public_buckets=self.restrict_public_buckets or other.restrict_public_buckets,
        )


NO_BLOCK = PublicAccessBlock()
EVERYTHING_BLOCKED = PublicAccessBlock(
    block_public_acls=True, ignore_public_acls=True, block_public_policy=True, restrict_public_buckets=True
)


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountPublicAccess:
    """The switches of an account, which has none until somebody sets them."""

    account: str
    block: PublicAccessBlock

    @property
    def id(self) -> str:
        """An account has one of them at most."""
        return self.account
