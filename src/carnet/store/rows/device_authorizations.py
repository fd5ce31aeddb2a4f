"""Rows of devices that ask persons for leave. The store sees neither of their codes."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import Index, Row, Table, UniqueConstraint

from carnet.entities.device_authorization import DeviceAuthorization, DeviceState
from carnet.store.codec import read_moment, read_strings
from carnet.store.entity_type import EntityType, one
from carnet.store.expiry import past_end
from carnet.store.schema import METADATA, own_id, owning_account, text
from carnet.store.schema import moment as moment_column

TABLE = Table(
    "device_authorizations",
    METADATA,
    own_id(),
    owning_account(),
    text("instance"),
    text("user_code"),
    text("client"),
    text("client_name"),
    text("scopes"),
    text("network"),
    text("address"),
    text("user_agent"),
    moment_column("created"),
    moment_column("expires"),
    text("state"),
    text("holder"),
    text("sign_in"),
    UniqueConstraint("user_code"),
    Index(None, "expires"),
)


def from_row(row: Row[Any]) -> DeviceAuthorization:
    return DeviceAuthorization(
        id=row.id,
        account=row.account,
        instance=row.instance,
        user_code=row.user_code,
        client=row.client,
        client_name=row.client_name,
        scopes=read_strings(row.scopes),
        network=row.network,
        address=row.address,
        user_agent=row.user_agent,
        created=read_moment(row.created),
        expires=read_moment(row.expires),
        state=DeviceState(row.state),
        holder=row.holder,
        sign_in=row.sign_in,
    )


expired = past_end(TABLE, from_row)
"""Some of those whose time is over."""


DEVICE_AUTHORIZATIONS = EntityType(
    entity=DeviceAuthorization,
    kind="device authorization",
    table=TABLE,
    from_row=from_row,
    decides=False,  # no decision of a policy depends on one; one that cannot be read gives no leave
    name_of=attrgetter("id"),
    unique_name=None,
    installation_name=attrgetter("user_code"),
    order=attrgetter("created", "id"),
    references={"network": one(DeviceAuthorization, "network")},  # not what it refers to, but what it is counted by
)
