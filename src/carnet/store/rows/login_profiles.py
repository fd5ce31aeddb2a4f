"""Rows of login profiles. The hashes are sealed before they get here."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, LargeBinary, Row, Table
from sqlalchemy.schema import SchemaItem

from carnet.entities.login_profile import LoginProfile
from carnet.entities.user import User
from carnet.store.codec import read_moment
from carnet.store.entity_type import EntityType, Sealed, one
from carnet.store.schema import METADATA, own_id, owning_account
from carnet.store.schema import moment as moment_column


def password_columns() -> tuple[SchemaItem, ...]:
    """What every kind of password has."""
    return (
        own_id(),
        owning_account(),
        Column("sealed_hashes", LargeBinary, nullable=False),
        moment_column("created"),
        moment_column("changed"),
        Column("reset_required", Boolean, nullable=False),
        Column("max_session_seconds", BigInteger, nullable=True),
    )


def password_fields(row: Row[Any]) -> dict[str, Any]:
    """The members of `LoginProfile`, from the columns of `password_columns`."""
    return {
        "id": row.id,
        "account": row.account,
        "sealed_hashes": row.sealed_hashes,
        "created": read_moment(row.created),
        "changed": read_moment(row.changed),
        "reset_required": row.reset_required,
        "max_session_seconds": row.max_session_seconds,
    }


TABLE = Table("login_profiles", METADATA, *password_columns())


def from_row(row: Row[Any]) -> LoginProfile:
    return LoginProfile(**password_fields(row))


LOGIN_PROFILES = EntityType(
    entity=LoginProfile,
    kind="login profile",
    table=TABLE,
    from_row=from_row,
    sealed=Sealed("sealed_hashes", lambda profile: (profile.sealed_hashes,)),
    decides=False,  # no decision of a policy depends on one; a password that cannot be read opens nothing
    name_of=attrgetter("id"),
    unique_name=None,
    order=attrgetter("created", "id"),
    references={"owner": one(User, "id")},
)
