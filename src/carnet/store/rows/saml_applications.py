"""Rows of the SAML side of applications. Private keys are sealed before they get here."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import Column, Integer, Row, Table

from carnet.entities.saml_application import SamlApplication
from carnet.store.codec import RowValues, json_text, read_pairs, read_strings, strings
from carnet.store.entity_type import EntityType, Sealed
from carnet.store.rows.saml_signing_keys import read_keys, written_keys
from carnet.store.schema import METADATA, own_id, owning_account, text

TABLE = Table(
    "saml_applications",
    METADATA,
    own_id(),
    owning_account(),
    text("acs_urls"),
    text("audience"),
    text("subject"),
    text("subject_format"),
    text("attributes"),
    text("relay_state"),
    Column("session_seconds", Integer, nullable=False),
    text("request_certificate"),
    text("keys"),
)


def to_row(one: SamlApplication) -> RowValues:
    return {
        "id": one.id,
        "account": one.account,
        "acs_urls": strings(one.acs_urls),
        "audience": one.audience,
        "subject": one.subject,
        "subject_format": one.subject_format,
        "attributes": json_text(dict(one.attributes)),
        "relay_state": one.relay_state,
        "session_seconds": one.session_seconds,
        "request_certificate": one.request_certificate,
        "keys": written_keys(one.keys),
    }


def from_row(row: Row[Any]) -> SamlApplication:
    return SamlApplication(
        id=row.id,
        account=row.account,
        acs_urls=read_strings(row.acs_urls),
        audience=row.audience,
        subject=row.subject,
        subject_format=row.subject_format,
        attributes=read_pairs(row.attributes),
        relay_state=row.relay_state,
        session_seconds=row.session_seconds,
        request_certificate=row.request_certificate,
        keys=read_keys(row.keys),
    )


SAML_APPLICATIONS = EntityType(
    entity=SamlApplication,
    kind="SAML side of an application",
    table=TABLE,
    from_row=from_row,
    to_row=to_row,
    sealed=Sealed("keys", lambda one: (key.sealed for key in one.keys)),
    decides=False,  # of one that cannot be read, nobody is told anything
    name_of=attrgetter("id"),
    unique_name=None,
    installation_name=attrgetter("id"),
    order=attrgetter("id"),
)
