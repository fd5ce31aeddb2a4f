"""The ids by which Amazon S3 calls accounts.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/finding-canonical-user-id.html
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

from carnet.base.arns import ACCOUNT_ID

_DIGITS = 12


@lru_cache(4096)
def canonical_user_id(account: str) -> str:
    """64 hexadecimal digits, the same in every installation. They begin with the account's id, and are no secret."""
    return account + hashlib.sha256(f"canonical user {account}".encode()).hexdigest()[_DIGITS:]


def account_of(canonical_user: str) -> str | None:
    """The account of such an id; None for what is none."""
    account = canonical_user[:_DIGITS]
    return account if ACCOUNT_ID.fullmatch(account) and canonical_user_id(account) == canonical_user else None
