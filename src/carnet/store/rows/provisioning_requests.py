"""Rows of what became of requests to assign and to provision permission sets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, Index, Row, Table, select

from carnet.entities.account_assignment import PrincipalType
from carnet.entities.permission_set import PermissionSet
from carnet.entities.provisioning_request import TOLD, ProvisioningRequest, RequestKind
from carnet.store.codec import read_moment
from carnet.store.databases.backend import Backend
from carnet.store.entity_type import EntityType, one
from carnet.store.schema import METADATA, moment, optional_text, own_id, owning_account, text

TABLE = Table(
    "provisioning_requests",
    METADATA,
    own_id(),
    owning_account(),
    text("instance"),
    text("kind"),
    text("permission_set"),
    optional_text("target"),
    optional_text("principal_type"),
    optional_text("principal"),
    optional_text("failure"),
    moment("created"),
    Index(None, "created"),
)
_TOLD = TOLD // timedelta(microseconds=1)


def from_row(row: Row[Any]) -> ProvisioningRequest:
    return ProvisioningRequest(
        id=row.id,
        account=row.account,
        instance=row.instance,
        kind=RequestKind(row.kind),
        permission_set=row.permission_set,
        target=row.target,
        principal_type=None if row.principal_type is None else PrincipalType(row.principal_type),
        principal=row.principal,
        failure=row.failure,
        created=read_moment(row.created),
    )


def expired(connection: Connection, backend: Backend, limit: int) -> Iterator[ProvisioningRequest]:
    """Some of those that are told of no longer, by the database's clock."""
    return map(from_row, connection.execute(select(TABLE).where(TABLE.c.created <= backend.now - _TOLD).limit(limit)))


PROVISIONING_REQUESTS = EntityType(
    entity=ProvisioningRequest,
    kind="provisioning request",
    table=TABLE,
    from_row=from_row,
    decides=False,
    name_of=attrgetter("id"),
    unique_name=None,
    order=attrgetter("id"),
    references={"permission_set": one(PermissionSet, "permission_set"), "kind": one(RequestKind, "kind")},
)
