"""Rows of MFA devices. Seeds and public keys are sealed before they get here."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Row, Table
from sqlalchemy.schema import SchemaItem

from carnet.entities.mfa_device import MfaDevice, MfaKind
from carnet.entities.user import User
from carnet.store.codec import read_moment
from carnet.store.entity_type import EntityType, Sealed, entity_fields, one
from carnet.store.schema import METADATA, named_entity, optional_text, text


def proof_columns() -> tuple[SchemaItem, ...]:
    """What every kind of device has for the codes that it makes or the challenges that it signs."""
    return (
        Column("sealed_seed", LargeBinary, nullable=False),
        Column("drift", Integer, nullable=False),
        Column("last_step", BigInteger, nullable=False),
        Column("failures", Integer, nullable=False),
        Column("failed", BigInteger, nullable=True),
        optional_text("credential_id"),
    )


def device_fields(row: Row[Any]) -> dict[str, Any]:
    """The members of `MfaDevice`, from the columns of a table of devices."""
    return {
        **entity_fields(row),
        "kind": MfaKind(row.kind),
        "holder": row.holder,
        "enabled": read_moment(row.enabled) if row.enabled is not None else None,
        "sealed_seed": row.sealed_seed,
        "drift": row.drift,
        "last_step": row.last_step,
        "failures": row.failures,
        "failed": read_moment(row.failed) if row.failed is not None else None,
        "credential_id": row.credential_id,
        "sign_count": row.sign_count,
    }


TABLE = Table(
    "mfa_devices",
    METADATA,
    *named_entity(),
    text("kind"),
    optional_text("holder"),
    Column("enabled", BigInteger, nullable=True),
    *proof_columns(),
    Column("sign_count", BigInteger, nullable=False, server_default="0"),
    Index("ix_mfa_devices_credential_id", "credential_id", unique=True),
)


def from_row(row: Row[Any]) -> MfaDevice:
    return MfaDevice(**device_fields(row))


MFA_DEVICES = EntityType(
    entity=MfaDevice,
    kind="MFA device",
    table=TABLE,
    from_row=from_row,
    sealed=Sealed("sealed_seed", lambda device: (device.sealed_seed,)),
    installation_name=attrgetter("credential_id"),
    decides=True,  # an entrance that asks for a code if there is a device must not miss one that it cannot read
    references={"holder": one(User, "holder")},
)
