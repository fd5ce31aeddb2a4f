"""Rows of the policies of resources behind the gateway."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import Row, Table

from carnet.entities.resource_based_policy import ResourceBasedPolicy
from carnet.store.codec import read_moment, read_pairs
from carnet.store.entity_type import EntityType
from carnet.store.schema import METADATA, moment, own_id, owning_account, text

TABLE = Table(
    "resource_based_policies",
    METADATA,
    own_id("arn"),
    owning_account(),
    text("document"),
    text("principal_ids"),
    moment("changed"),
)


def from_row(row: Row[Any]) -> ResourceBasedPolicy:
    return ResourceBasedPolicy(
        arn=row.arn,
        account=row.account,
        document=row.document,
        principal_ids=read_pairs(row.principal_ids),
        changed=read_moment(row.changed),
    )


RESOURCE_BASED_POLICIES = EntityType(
    entity=ResourceBasedPolicy,
    kind="resource-based policy",
    table=TABLE,
    from_row=from_row,
    decides=True,
    key_column="arn",
    name_of=attrgetter("arn"),
    unique_name=None,
    order=attrgetter("arn"),
)
