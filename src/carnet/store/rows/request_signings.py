"""Rows of what signs authentication requests."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import Row, Table

from carnet.entities.request_signing import RequestSigning
from carnet.store.codec import RowValues
from carnet.store.entity_type import EntityType, Sealed
from carnet.store.rows.saml_signing_keys import read_keys, written_keys
from carnet.store.schema import METADATA, own_id, owning_account, text

TABLE = Table("request_signings", METADATA, own_id(), owning_account(), text("keys"))


def to_row(one: RequestSigning) -> RowValues:
    return {"id": one.id, "account": one.account, "keys": written_keys(one.keys)}


def from_row(row: Row[Any]) -> RequestSigning:
    return RequestSigning(id=row.id, account=row.account, keys=read_keys(row.keys))


REQUEST_SIGNINGS = EntityType(
    entity=RequestSigning,
    kind="signing of authentication requests",
    table=TABLE,
    from_row=from_row,
    to_row=to_row,
    sealed=Sealed("keys", lambda one: (key.sealed for key in one.keys)),
    decides=False,  # without it, a provider that wants signatures refuses
    name_of=attrgetter("id"),
    unique_name=None,
    order=attrgetter("id"),
)
