"""Rows of what people in identity stores sign in with: passwords, MFA devices, and leave to set a password."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, Row, Table, UniqueConstraint

from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.entities.mfa_device import MfaKind
from carnet.entities.person_invitation import PersonInvitation
from carnet.entities.person_mfa_device import PersonMfaDevice
from carnet.entities.person_password import PersonPassword
from carnet.store.codec import read_moment
from carnet.store.entity_type import EntityType, Sealed, entity_fields, one
from carnet.store.schema import METADATA, named_entity, optional_text, own_id, owning_account, text
from carnet.store.schema import moment as moment_column

PASSWORDS = Table(
    "person_passwords",
    METADATA,
    own_id(),
    owning_account(),
    Column("sealed_hashes", LargeBinary, nullable=False),
    moment_column("created"),
    moment_column("changed"),
    Column("reset_required", Boolean, nullable=False),
    Column("max_session_seconds", BigInteger, nullable=True),
)
DEVICES = Table(
    "person_mfa_devices",
    METADATA,
    *named_entity(),
    text("kind"),
    text("holder"),
    moment_column("enabled"),
    Column("sealed_seed", LargeBinary, nullable=False),
    Column("drift", Integer, nullable=False),
    Column("last_step", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("failed", BigInteger, nullable=True),
    optional_text("credential_id"),
    Column("sign_count", BigInteger, nullable=False),
    Index("ix_person_mfa_devices_credential_id", "credential_id", unique=True),
)
INVITATIONS = Table(
    "person_invitations",
    METADATA,
    own_id(),
    owning_account(),
    text("digest"),
    Column("remove_mfa", Boolean, nullable=False),
    moment_column("created"),
    moment_column("expires"),
    UniqueConstraint("digest"),
)


def _password(row: Row[Any]) -> PersonPassword:
    return PersonPassword(
        id=row.id,
        account=row.account,
        sealed_hashes=row.sealed_hashes,
        created=read_moment(row.created),
        changed=read_moment(row.changed),
        reset_required=row.reset_required,
        max_session_seconds=row.max_session_seconds,
    )


def _device(row: Row[Any]) -> PersonMfaDevice:
    return PersonMfaDevice(
        **entity_fields(row),
        kind=MfaKind(row.kind),
        holder=row.holder,
        enabled=read_moment(row.enabled),
        sealed_seed=row.sealed_seed,
        drift=row.drift,
        last_step=row.last_step,
        failures=row.failures,
        failed=read_moment(row.failed) if row.failed is not None else None,
        credential_id=row.credential_id,
        sign_count=row.sign_count,
    )


def _invitation(row: Row[Any]) -> PersonInvitation:
    return PersonInvitation(
        id=row.id,
        account=row.account,
        digest=row.digest,
        remove_mfa=row.remove_mfa,
        created=read_moment(row.created),
        expires=read_moment(row.expires),
    )


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
