"""How buckets are made that say nothing of it."""

from __future__ import annotations

from enum import StrEnum


class NewBuckets(StrEnum):
    CURRENT = "current"
    """As AWS makes them since April 2023: without ACLs, and with public access blocked.

    https://aws.amazon.com/about-aws/whats-new/2022/12/amazon-s3-automatically-enable-block-public-access-disable-access-control-lists-buckets-april-2023/
    """
    LEGACY = "legacy"
    """As before: objects are of who writes them, and nothing is blocked."""
