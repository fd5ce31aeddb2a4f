"""Rows of the permission statements of AWS Sign-In."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import Row, Table

from carnet.entities.permission_statement import PermissionStatement
from carnet.store.codec import read_moment
from carnet.store.entity_type import EntityType
from carnet.store.schema import METADATA, moment, optional_text, own_id, owning_account, text

TABLE = Table(
    "permission_statements",
    METADATA,
    own_id(),
    owning_account(),
    text("client_token"),
    moment("created"),
    optional_text("source_ip"),
    optional_text("source_vpc"),
    optional_text("signin_source_vpce"),
    optional_text("console_source_vpce"),
    optional_text("vpc_source_ip"),
    optional_text("requested_region"),
    optional_text("excluded_principal"),
)


def from_row(row: Row[Any]) -> PermissionStatement:
    return PermissionStatement(
        id=row.id,
        account=row.account,
        client_token=row.client_token,
        created=read_moment(row.created),
        source_ip=row.source_ip,
        source_vpc=row.source_vpc,
        signin_source_vpce=row.signin_source_vpce,
        console_source_vpce=row.console_source_vpce,
        vpc_source_ip=row.vpc_source_ip,
        requested_region=row.requested_region,
        excluded_principal=row.excluded_principal,
    )


PERMISSION_STATEMENTS = EntityType(
    entity=PermissionStatement,
    kind="permission statement",
    table=TABLE,
    from_row=from_row,
    decides=True,
    name_of=attrgetter("id"),
    unique_name=None,
    order=attrgetter("created", "id"),
)
