"""Rows of permission sets."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import Row, Table, UniqueConstraint

from carnet.entities.permission_set import PermissionSet, PolicyReference
from carnet.store.codec import RowValues, columns, json_text, read_moment, read_objects, read_pairs, read_strings
from carnet.store.entity_type import EntityType
from carnet.store.schema import METADATA, moment, optional_text, own_id, owning_account, text

TABLE = Table(
    "permission_sets",
    METADATA,
    own_id(),
    owning_account(),
    text("instance"),
    text("partition"),
    text("name"),
    optional_text("description"),
    moment("created"),
    text("session_duration"),
    optional_text("relay_state"),
    text("managed"),
    text("customer"),
    optional_text("inline"),
    # At most one of the two.
    optional_text("boundary_managed"),
    optional_text("boundary_customer"),
    text("tags"),
    UniqueConstraint("instance", "name"),
)
_AS_THEY_ARE = (
    *("id", "account", "instance", "partition", "name", "description", "created", "session_duration", "relay_state"),
    *("managed", "inline", "tags"),
)


def to_row(one: PermissionSet) -> RowValues:
    boundary = one.boundary
    return {
        **columns({name: getattr(one, name) for name in _AS_THEY_ARE}),
        "customer": json_text([reference._asdict() for reference in one.customer]),
        "boundary_managed": boundary if isinstance(boundary, str) else None,
        "boundary_customer": json_text([boundary._asdict()]) if isinstance(boundary, PolicyReference) else None,
    }


def from_row(row: Row[Any]) -> PermissionSet:
    return PermissionSet(
        id=row.id,
        account=row.account,
        instance=row.instance,
        partition=row.partition,
        name=row.name,
        description=row.description,
        created=read_moment(row.created),
        session_duration=row.session_duration,
        relay_state=row.relay_state,
        managed=read_strings(row.managed),
        customer=_references(row.customer),
        inline=row.inline,
        boundary=row.boundary_managed if row.boundary_customer is None else _references(row.boundary_customer)[0],
        tags=read_pairs(row.tags),
    )


def _references(text: str) -> tuple[PolicyReference, ...]:
    return tuple(PolicyReference(**one) for one in read_objects(text))


PERMISSION_SETS = EntityType(
    entity=PermissionSet,
    kind="permission set",
    table=TABLE,
    from_row=from_row,
    to_row=to_row,
    decides=False,
    unique_name=attrgetter("unique_name"),
    order=attrgetter("id"),
)
