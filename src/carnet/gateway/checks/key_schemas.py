"""The key attributes of an Amazon DynamoDB table, or of one of its indexes.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DescribeTable.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from carnet.gateway.checks.check import Members
from carnet.gateway.checks.enquiry import Enquiry
from carnet.gateway.checks.lookups import LookupFailed

_INDEXES = ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")


class KeySchema(Struct, frozen=True, kw_only=True):
    """The attributes' names."""

    partition: str
    sort: str | None


async def key_schema(enquiry: Enquiry, arn: str) -> KeySchema:
    """`arn` is of a table or an index. Raises LookupFailed, and as `Enquiry.members`.

    A table is described once for each call, however many statements name it.
    """
    table, _, index = arn.partition("/index/")
    known = enquiry.call.described
    if table not in known:
        known[table] = await enquiry.members("DescribeTable", {"TableName": table.partition(":table/")[2]})
    described = known[table].get("Table")
    of = described if not index else _index(described, index)
    partition, sort = _keys(of, "HASH"), _keys(of, "RANGE")
    if len(partition) != 1 or len(sort) > 1:
        raise LookupFailed("the upstream does not tell the key schema of the table")
    return KeySchema(partition=partition[0], sort=sort[0] if sort else None)


def _index(described: Any, name: str) -> Any:
    if not isinstance(described, Mapping):
        return None
    indexes = [one for kind in _INDEXES for one in described.get(kind) or ()]
    return next((one for one in indexes if one.get("IndexName") == name), None)


def _keys(described: Any, kind: str) -> list[str]:
    schema: list[Members] = (described.get("KeySchema") or []) if isinstance(described, Mapping) else []
    names = [one.get("AttributeName") for one in schema if one.get("KeyType") == kind]
    return [name for name in names if isinstance(name, str)]
