"""Rows of the ACLs of objects, of those that have another than the default: a row a version."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import Row, Table

from carnet.entities.bucket import Bucket
from carnet.entities.object_acl import ObjectAcl, UploadKey
from carnet.store.codec import RowValues, columns, json_text, read_moment, read_pairs
from carnet.store.entity_type import EntityType, one
from carnet.store.rows.acls import acl_written, read_acl
from carnet.store.schema import METADATA, moment, optional_text, own_id, owning_account, text

_TEXTS = ("object", "version", "upload", "etag", "owner")
TABLE = Table(
    "object_acls",
    METADATA,
    own_id(),
    owning_account(),
    *map(text, _TEXTS),
    text("acl"),
    moment("set_at"),
    optional_text("upload_key"),
)


def to_row(kept: ObjectAcl) -> RowValues:
    named = {name: getattr(kept, name) for name in ("id", "account", *_TEXTS)}
    key = None if kept.key is None else json_text({"arn": kept.key.arn, "context": kept.key.context})
    return columns({**named, "acl": acl_written(kept.acl), "set_at": kept.set, "upload_key": key})


def from_row(row: Row[Any]) -> ObjectAcl:
    named = {name: getattr(row, name) for name in ("account", *_TEXTS)}
    key = None if row.upload_key is None else _read_key(row.upload_key)
    return ObjectAcl(**named, acl=read_acl(row.acl), key=key, set=read_moment(row.set_at))


def _read_key(written: str) -> UploadKey:
    told = read_pairs(written)
    return UploadKey(arn=told["arn"], context=told["context"])


OBJECT_ACLS = EntityType(
    entity=ObjectAcl,
    kind="ACL of an object",
    table=TABLE,
    to_row=to_row,
    from_row=from_row,
    decides=True,
    name_of=attrgetter("object"),
    unique_name=None,
    order=attrgetter("set", "id"),
    references={"bucket": one(Bucket, "bucket"), "object": one(Bucket, "object")},
)
