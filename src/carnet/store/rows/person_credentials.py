"""Rows of what people in identity stores sign in with: passwords, MFA devices, and leave to set a password."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Row, Table

from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.entities.person_invitation import PersonInvitation
from carnet.entities.person_mfa_device import PersonMfaDevice
from carnet.entities.person_password import PersonPassword
from carnet.store.entity_type import EntityType, Sealed, one
from carnet.store.rows.login_profiles import password_columns, password_fields
from carnet.store.rows.mfa_devices import device_fields, proof_columns
from carnet.store.rows.root_resets import leave_columns, leave_fields
from carnet.store.schema import METADATA, named_entity, text
from carnet.store.schema import moment as moment_column

PASSWORDS = Table("person_passwords", METADATA, *password_columns())
DEVICES = Table(
    "person_mfa_devices",
    METADATA,
    *named_entity(),
    text("kind"),
    text("holder"),
    moment_column("enabled"),
    *proof_columns(),
    Column("sign_count", BigInteger, nullable=False),
    Index("ix_person_mfa_devices_credential_id", "credential_id", unique=True),
)
INVITATIONS = Table("person_invitations", METADATA, *leave_columns())


def _password(row: Row[Any]) -> PersonPassword:
    return PersonPassword(**password_fields(row))


def _device(row: Row[Any]) -> PersonMfaDevice:
    return PersonMfaDevice(**device_fields(row))


def _invitation(row: Row[Any]) -> PersonInvitation:
    return PersonInvitation(id=row.id, **leave_fields(row))


PERSON_PASSWORDS = EntityType(
    entity=PersonPassword,
    kind="password of a person",
    table=PASSWORDS,
    from_row=_password,
    sealed=Sealed("sealed_hashes", lambda password: (password.sealed_hashes,)),
    decides=False,  # one that cannot be read opens nothing
    name_of=attrgetter("id"),
    unique_name=None,
    order=attrgetter("created", "id"),
    references={"person": one(IdentityStoreUser, "id")},
)
PERSON_MFA_DEVICES = EntityType(
    entity=PersonMfaDevice,
    kind="MFA device of a person",
    table=DEVICES,
    from_row=_device,
    sealed=Sealed("sealed_seed", lambda device: (device.sealed_seed,)),
    installation_name=attrgetter("credential_id"),
    decides=True,  # an entrance that asks for a code if there is a device must not miss one that it cannot read
    references={"holder": one(IdentityStoreUser, "holder")},
)
PERSON_INVITATIONS = EntityType(
    entity=PersonInvitation,
    kind="invitation of a person",
    table=INVITATIONS,
    from_row=_invitation,
    decides=False,  # one that cannot be read gives no leave
    name_of=attrgetter("id"),
    unique_name=None,
    installation_name=attrgetter("digest"),
    order=attrgetter("created", "id"),
    references={"person": one(IdentityStoreUser, "id")},
)
