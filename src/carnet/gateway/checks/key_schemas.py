"""Which attribute is the partition key of a table of Amazon DynamoDB, or of one of its indexes.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DescribeTable.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carnet.gateway.checks.check import Members
from carnet.gateway.checks.enquiry import Enquiry
from carnet.gateway.checks.lookups import LookupFailed

_INDEXES = ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")


async def partition_key(enquiry: Enquiry, arn: str) -> str:
    """The attribute's name; `arn` is of a table or an index. Raises LookupFailed, and as `Enquiry.members`."""
    table, _, index = arn.partition("/index/")
    told = await enquiry.members("DescribeTable", {"TableName": table.partition(":table/")[2]})
    described = told.get("Table")
    found = _hash_key(described if not index else _index(described, index))
    if found is None:
        raise LookupFailed("the upstream does not tell the key schema of the table")
    return found


def _index(described: Any, name: str) -> Any:
    if not isinstance(described, Mapping):
        return None
    indexes = [one for kind in _INDEXES for one in described.get(kind) or ()]
    return next((one for one in indexes if one.get("IndexName") == name), None)


def _hash_key(described: Any) -> str | None:
    schema: list[Members] = (described.get("KeySchema") or []) if isinstance(described, Mapping) else []
    names = [one.get("AttributeName") for one in schema if one.get("KeyType") == "HASH"]
    return names[0] if len(names) == 1 and isinstance(names[0], str) else None
