"""Rows of applications of IAM Identity Center, and of their assignments."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import Boolean, Column, Row, Table

from carnet.entities.account_assignment import PrincipalType
from carnet.entities.sso_application import ApplicationAssignment, SsoApplication
from carnet.store.codec import RowValues, columns, json_text, read_moment, read_object, read_pairs
from carnet.store.entity_type import EntityType, one
from carnet.store.schema import METADATA, moment, optional_text, own_id, owning_account, text

TABLE = Table(
    "sso_applications",
    METADATA,
    own_id(),
    owning_account(),
    text("instance"),
    text("partition"),
    text("application_account"),
    text("provider"),
    text("name"),
    optional_text("description"),
    text("portal"),
    text("status"),
    moment("created"),
    optional_text("client_token"),
    Column("assignment_required", Boolean, nullable=False),
    text("scopes"),
    text("grants"),
    text("methods"),
    text("background_sessions"),
    text("tags"),
)
ASSIGNMENTS_TABLE = Table(
    "sso_application_assignments",
    METADATA,
    own_id(),
    owning_account(),
    text("instance"),
    text("application"),
    text("principal_type"),
    text("principal"),
    moment("created"),
)
_AS_THEY_ARE = (
    *("id", "account", "instance", "partition", "application_account", "provider", "name", "description", "status"),
    *("created", "client_token", "assignment_required", "background_sessions", "tags"),
)
_OBJECTS = ("portal", "scopes", "grants", "methods")


def to_row(one: SsoApplication) -> RowValues:
    return {
        **columns({name: getattr(one, name) for name in _AS_THEY_ARE}),
        **{name: json_text(getattr(one, name)) for name in _OBJECTS},
    }


def from_row(row: Row[Any]) -> SsoApplication:
    return SsoApplication(
        id=row.id,
        account=row.account,
        instance=row.instance,
        partition=row.partition,
        application_account=row.application_account,
        provider=row.provider,
        name=row.name,
        description=row.description,
        portal=read_object(row.portal),
        status=row.status,
        created=read_moment(row.created),
        client_token=row.client_token,
        assignment_required=row.assignment_required,
        scopes=read_object(row.scopes),
        grants=read_object(row.grants),
        methods=read_object(row.methods),
        background_sessions=row.background_sessions,
        tags=read_pairs(row.tags),
    )


def assignment_from_row(row: Row[Any]) -> ApplicationAssignment:
    return ApplicationAssignment(
        account=row.account,
        instance=row.instance,
        application=row.application,
        principal_type=PrincipalType(row.principal_type),
        principal=row.principal,
        created=read_moment(row.created),
    )


SSO_APPLICATIONS = EntityType(
    entity=SsoApplication,
    kind="application of Identity Center",
    table=TABLE,
    from_row=from_row,
    to_row=to_row,
    decides=False,
    name_of=attrgetter("id"),
    unique_name=None,
    order=attrgetter("id"),
    references={"client_token": one(SsoApplication, "client_token")},
)
APPLICATION_ASSIGNMENTS = EntityType(
    entity=ApplicationAssignment,
    kind="application assignment",
    table=ASSIGNMENTS_TABLE,
    from_row=assignment_from_row,
    decides=False,
    name_of=attrgetter("id"),
    unique_name=None,
    order=attrgetter("id"),
    references={
        "principal": one(PrincipalType, "principal"),
        "application": one(SsoApplication, "application"),
    },
)
