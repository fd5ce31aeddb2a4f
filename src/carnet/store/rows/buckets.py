"""Rows of buckets, and of what keeps the buckets of an account from being public."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

import orjson
from sqlalchemy import Row, Table

from carnet.entities.bucket import Bucket, BucketState, DefaultKey, ObjectOwnership
from carnet.entities.public_access_block import AccountPublicAccess, PublicAccessBlock
from carnet.store.codec import RowValues, columns, json_text, read_moment, read_pairs
from carnet.store.entity_type import EntityType
from carnet.store.rows.acls import acl_written, read_acl
from carnet.store.schema import METADATA, moment, optional_text, own_id, owning_account, text

TABLE = Table(
    "buckets",
    METADATA,
    own_id("arn"),
    owning_account(),
    text("partition"),
    text("name"),
    text("region"),
    moment("created"),
    text("state"),
    text("upstream"),
    text("ownership"),
    optional_text("block"),
    text("acl"),
    optional_text("policy"),
    text("principal_ids"),
    optional_text("default_key"),
    optional_text("tags"),
    optional_text("abac"),
)
OF_ACCOUNTS = Table("account_public_access", METADATA, own_id(), owning_account(), text("block"))
_OF_KEY = {"key": str, "bucket_key": bool}
_ABAC = "Enabled"
_SWITCHES = ("block_public_acls", "ignore_public_acls", "block_public_policy", "restrict_public_buckets")


def to_row(bucket: Bucket) -> RowValues:
    return columns(
        {
            "arn": bucket.arn,
            "account": bucket.account,
            "partition": bucket.partition,
            "name": bucket.name,
            "region": bucket.region,
            "created": bucket.created,
            "state": bucket.state,
            "upstream": bucket.upstream,
            "ownership": bucket.ownership,
            "block": None if bucket.block is None else block_written(bucket.block),
            "acl": acl_written(bucket.acl),
            "policy": bucket.policy,
            "principal_ids": bucket.principal_ids,
            "default_key": None if bucket.default_key is None else _key_written(bucket.default_key),
            "tags": None if bucket.tags is None else json_text(dict(bucket.tags)),
            "abac": _ABAC if bucket.abac else None,
        }
    )


def from_row(row: Row[Any]) -> Bucket:
    return Bucket(
        partition=row.partition,
        name=row.name,
        account=row.account,
        region=row.region,
        created=read_moment(row.created),
        state=BucketState(row.state),
        upstream=row.upstream,
        ownership=ObjectOwnership(row.ownership),
        block=None if row.block is None else read_block(row.block),
        acl=read_acl(row.acl),
        policy=row.policy,
        principal_ids=read_pairs(row.principal_ids),
        default_key=None if row.default_key is None else _read_key(row.default_key),
        tags=None if row.tags is None else read_pairs(row.tags),
        abac=_read_abac(row.abac),
    )


def _read_abac(written: str | None) -> bool:
    if written not in (None, _ABAC):
        raise ValueError("not the ABAC status of a bucket")
    return written is not None


def _key_written(key: DefaultKey) -> str:
    return json_text({name: getattr(key, name) for name in _OF_KEY})


def _read_key(written: str) -> DefaultKey:
    value = orjson.loads(written)
    if type(value) is not dict or {name: type(one) for name, one in value.items()} != _OF_KEY:
        raise ValueError("not the key of a bucket")
    return DefaultKey(key=value["key"], bucket_key=value["bucket_key"])


def block_written(block: PublicAccessBlock) -> str:
    return json_text({name: getattr(block, name) for name in _SWITCHES})


def read_block(written: str) -> PublicAccessBlock:
    value = orjson.loads(written)
    if (
        type(value) is not dict
        or value.keys() != set(_SWITCHES)
        or not all(type(one) is bool for one in value.values())
    ):
        raise ValueError("not the four switches")
    return PublicAccessBlock(**{name: value[name] for name in _SWITCHES})


BUCKETS = EntityType(
    entity=Bucket,
    kind="bucket",
    table=TABLE,
    to_row=to_row,
    from_row=from_row,
    decides=True,
    key_column="arn",
    unique_name=None,
    installation_name=attrgetter("arn"),
    order=attrgetter("name"),
)
ACCOUNT_PUBLIC_ACCESS = EntityType(
    entity=AccountPublicAccess,
    kind="account public access block",
    table=OF_ACCOUNTS,
    to_row=lambda one: columns({"id": one.id, "account": one.account, "block": block_written(one.block)}),
    from_row=lambda row: AccountPublicAccess(account=row.account, block=read_block(row.block)),
    decides=True,
    name_of=attrgetter("account"),
    unique_name=None,
    order=attrgetter("account"),
)
