"""Rows of what became of requests to create an account in an organization."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import Row, Table

from carnet.entities.create_account_status import CreateAccountFailure, CreateAccountStatus
from carnet.entities.scope import ScopeKind
from carnet.store.codec import read_moment
from carnet.store.entity_type import EntityType
from carnet.store.schema import METADATA, moment, optional_text, own_id, owning_organization, text

TABLE = Table(
    "create_account_statuses",
    METADATA,
    own_id(),
    owning_organization(),
    text("account_name"),
    moment("requested"),
    # Without a foreign key: the status is told of an account that is gone, too.
    optional_text("account"),
    optional_text("failure"),
)


def from_row(row: Row[Any]) -> CreateAccountStatus:
    return CreateAccountStatus(
        id=row.id,
        organization=row.organization,
        account_name=row.account_name,
        requested=read_moment(row.requested),
        account=row.account,
        failure=None if row.failure is None else CreateAccountFailure(row.failure),
    )


CREATE_ACCOUNT_STATUSES = EntityType(
    entity=CreateAccountStatus,
    kind="account creation status",
    table=TABLE,
    from_row=from_row,
    decides=False,
    scope_kind=ScopeKind.ORGANIZATION,
    scope_column="organization",
    name_of=attrgetter("id"),
    unique_name=None,
    order=attrgetter("id"),
)
