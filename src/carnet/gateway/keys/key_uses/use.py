"""What a service does with a key of AWS KMS in the name of its caller, who needs the permission.

https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping

from msgspec import Struct

from carnet.gateway.checks.enquiry import Enquiry
from carnet.gateway.deciding import Resolved
from carnet.gateway.keys.known_keys import KnownKeys
from carnet.policy.request import Value

DECRYPT, DATA_KEY, ENCRYPT = "kms:Decrypt", "kms:GenerateDataKey", "kms:Encrypt"
DESCRIBE, GRANT = "kms:DescribeKey", "kms:CreateGrant"
WRITES = (DATA_KEY, DECRYPT)


class KeyUse(Struct, frozen=True, kw_only=True):
    """The use of a key by a service."""

    key: str
    """As the request or the resource names it: an id or an alias of the account of the resource, or an ARN."""
    actions: tuple[str, ...]
    context: Mapping[str, str]
    """The encryption context."""
    keys: Mapping[str, Value] = {}
    """Further condition keys."""
    unknown: frozenset[str] = frozenset()
    """Condition keys that nothing tells."""


Uses = Callable[[Enquiry, Resolved, KnownKeys], AsyncIterator[KeyUse]]
"""The uses of keys that an allowed check implies. May raise NotFound, LookupFailed and WireError, and what
`Enquiry.members` raises."""


def granted(*operations: str, **keys: str) -> Mapping[str, Value]:
    """The condition keys of a grant that a service makes for itself.

    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-grant-is-for-aws-resource
    """
    return {"kms:GrantIsForAWSResource": "true", "kms:GrantOperations": operations, **keys}
