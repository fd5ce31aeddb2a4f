"""What a user or the root user uploads to prove something by: certificates and public keys, in the same rows."""

from __future__ import annotations

from operator import attrgetter
from typing import Any, TypeVar

from sqlalchemy import Boolean, Column, Row, Table
from sqlalchemy.schema import SchemaItem

from carnet.entities.signing_certificate import SigningCertificate
from carnet.entities.ssh_public_key import SshPublicKey
from carnet.entities.user import User
from carnet.store.codec import read_moment
from carnet.store.entity_type import EntityType, one
from carnet.store.schema import METADATA, moment, own_id, owning_account, text

U = TypeVar("U", SigningCertificate, SshPublicKey)


def upload_table(name: str, *constraints: SchemaItem) -> Table:
    """A table of uploads, with constraints that say who may have the same fingerprint."""
    return Table(
        name,
        METADATA,
        own_id(),
        owning_account(),
        text("owner"),
        Column("active", Boolean, nullable=False),
        text("body"),
        text("fingerprint"),
        moment("created"),
        *constraints,
    )


def upload_type(entity: type[U], *, kind: str, table: Table) -> EntityType[U]:
    """The kind of entity whose rows are in such a table."""

    def from_row(row: Row[Any]) -> U:
        return entity(
            id=row.id,
            account=row.account,
            owner=row.owner,
            active=row.active,
            body=row.body,
            fingerprint=row.fingerprint,
            created=read_moment(row.created),
        )

    return EntityType(
        entity=entity,
        kind=kind,
        table=table,
        from_row=from_row,
        decides=False,
        name_of=attrgetter("id"),
        unique_name=None,
        order=attrgetter("created", "id"),
        references={"owner": one(User, "owner")},
    )
