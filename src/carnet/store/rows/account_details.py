"""Rows of the details of accounts."""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import Row, Table

from carnet.entities.account_details import AccountDetails
from carnet.store.codec import RowValues, columns, json_text
from carnet.store.entity_type import EntityType
from carnet.store.schema import METADATA, own_id, owning_account, text

TABLE = Table(
    "account_details",
    METADATA,
    own_id(),
    owning_account(),
    text("contact"),
    text("alternate_contacts"),
    text("regions"),
)


def to_row(details: AccountDetails) -> RowValues:
    return columns(
        {
            "id": details.id,
            "account": details.account,
            "contact": json_text(dict(details.contact)),
            "alternate_contacts": json_text({kind: dict(one) for kind, one in details.alternate_contacts.items()}),
            "regions": json_text(sorted(details.regions)),
        }
    )


def from_row(row: Row[Any]) -> AccountDetails:
    return AccountDetails(
        account=row.account,
        contact=orjson.loads(row.contact),
        alternate_contacts=orjson.loads(row.alternate_contacts),
        regions=frozenset(orjson.loads(row.regions)),
    )


ACCOUNT_DETAILS = EntityType(
    entity=AccountDetails,
    kind="account details",
    table=TABLE,
    to_row=to_row,
    from_row=from_row,
    decides=False,
    name_of=lambda details: details.account,
    unique_name=None,
    order=lambda details: details.account,
)
