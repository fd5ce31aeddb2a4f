"""Rows of delegation requests, which belong to the installation: two accounts have to do with each."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import Boolean, Column, Integer, LargeBinary, Row, Table, UniqueConstraint

from carnet.entities.account import Account
from carnet.entities.delegation_request import Approver, DelegationRequest, DelegationState
from carnet.entities.scope import ScopeKind
from carnet.store.codec import RowValues, columns, read_moment
from carnet.store.entity_type import EntityType, one
from carnet.store.schema import METADATA, moment, optional_text, own_id, text

_PLAIN = (
    "id",
    "requestor",
    "requestor_name",
    "workflow",
    "owner_account",
    "owner",
    "owner_id",
    "description",
    "message",
    "template",
    "parameters",
    "policy",
    "channel",
    "redirect_url",
    "session_seconds",
    "only_owner_sends",
    "notes",
    "rejection",
)
"""Columns that hold the attribute of their name as it is."""

TABLE = Table(
    "delegation_requests",
    METADATA,
    own_id(),
    text("requestor"),
    text("requestor_name"),
    text("workflow"),
    optional_text("owner_account"),
    optional_text("owner"),
    optional_text("owner_id"),
    optional_text("approver_id"),
    optional_text("approver_arn"),
    Column("approver_session", LargeBinary, nullable=True),
    text("description"),
    optional_text("message"),
    text("template"),
    text("parameters"),
    text("policy"),
    text("channel"),
    optional_text("redirect_url"),
    Column("session_seconds", Integer, nullable=False),
    Column("only_owner_sends", Boolean, nullable=False),
    text("state"),
    optional_text("notes"),
    optional_text("rejection"),
    moment("created"),
    moment("updated"),
    UniqueConstraint("requestor", "workflow"),
)


def to_row(request: DelegationRequest) -> RowValues:
    approver = request.approver
    return columns(
        {
            **{name: getattr(request, name) for name in _PLAIN},
            "approver_id": None if approver is None else approver.id,
            "approver_arn": None if approver is None else approver.arn,
            "approver_session": None if approver is None else approver.session,
            "state": request.state,
            "created": request.created,
            "updated": request.updated,
        }
    )


def from_row(row: Row[Any]) -> DelegationRequest:
    approver = None
    if row.approver_id is not None:
        approver = Approver(id=row.approver_id, arn=row.approver_arn, session=row.approver_session)
    return DelegationRequest(
        **{name: getattr(row, name) for name in _PLAIN},
        approver=approver,
        state=DelegationState(row.state),
        created=read_moment(row.created),
        updated=read_moment(row.updated),
    )


DELEGATION_REQUESTS = EntityType(
    entity=DelegationRequest,
    kind="delegation request",
    table=TABLE,
    to_row=to_row,
    from_row=from_row,
    decides=False,  # a request that cannot be read delegates nothing
    scope_kind=ScopeKind.INSTALLATION,
    scope_column=None,
    name_of=attrgetter("id"),
    unique_name=None,
    installation_name=attrgetter("id"),
    order=attrgetter("created", "id"),
    references={"owner_account": one(Account, "owner_account"), "requestor": one(Account, "requestor")},
)
