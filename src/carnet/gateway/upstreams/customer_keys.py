"""Keys that customers send with a request (SSE-C): a store is sent none that it ignores.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerSideEncryptionCustomerKeys.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CUSTOMER_KEY = ("SSECustomerAlgorithm", "SSECustomerKey", "SSECustomerKeyMD5")
"""The members of a request that has one."""
OF_SOURCE = "CopySource"
"""What the names of the same members begin with if the key is that of the source of a copy."""
_MEMBERS = (*CUSTOMER_KEY, *(f"{OF_SOURCE}{name}" for name in CUSTOMER_KEY))


def has_customer_key(given: Mapping[str, Any]) -> bool:
    """Whether an input of Amazon S3 says anything of such a key. Empty headers say nothing."""
    return any(given.get(name) for name in _MEMBERS)
